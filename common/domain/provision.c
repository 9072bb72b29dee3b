#include "domain/provision.h"

#include "core/text.h"
#include "domain/install.h"
#include "domain/steps.h"

/*
 * Such a table was made by a run that did not get to its end: it does not name its key yet, or the note about its key
 * is still here. What is not as wanted was then never set, and setting it is no change.
 */
static bool unfinished(const struct world *w)
{
	const char *claim = claim_of_table(w);

	return claim && (!value_get(w->table.tags, TAG_KEY) || text_same(claim, w->noted_claim));
}

bool provision_may_change(const struct world *w)
{
	return w->consent || unfinished(w);
}

unsigned provision_modifications(const struct world *w)
{
	if (unfinished(w))
		return 0;
	return (unsigned)(!w->role.made && role_trust_differs(w)) + (unsigned)(!w->role.made && role_policy_differs(w)) +
	       (unsigned)(!w->collector.made && collector_trust_differs(w)) +
	       (unsigned)(!w->collector.made && collector_policy_differs(w)) +
	       (unsigned)(!w->key.made && key_rotation_differs(w)) + (unsigned)(!w->table.made && table_pitr_differs(w)) +
	       (unsigned)(!w->table.made && table_protection_differs(w));
}

bool provision_held(const struct world *w)
{
	return !w->consent && (provision_modifications(w) > 0 || (w->install && w->install->set_replaced));
}

static bool is_ours_of(const struct world *w, const struct tagged *t, const char *service)
{
	AUTO(err) struct err why = {0};
	struct arn arn;

	return world_tags_are_ours(w, t->tags) && arn_parse(w->mem, t->arn, &arn, &why) == 0 && text_same(arn.service, service);
}

static int guard_table(const struct world *w, struct err *e)
{
	static const struct {
		const char *service, *what;
	} remains[] = { { "secretsmanager", "a secret in custody" }, { "backup", "a backup" }, { "kms", "a seal key" } };
	const char *table = w->want.names.table;

	if (w->key.presence == PRESENT && !w->want.given_key) {
		err_set(e, ERR_GUARD, 0, "the table '%s' is gone, but its seal key '%s' is there", table, w->key.arn);
		err_hint(e, "restore the table from a backup, or start anew under other names with --name-prefix");
		return -1;
	}
	if (w->table.backups) {
		err_set(e, ERR_GUARD, 0, "the table '%s' is gone, but there are %zu backups of it ('%s')", table, w->table.backups,
		        w->table.backup);
		err_hint(e, "restore one of them, or start anew under other names with --name-prefix");
		return -1;
	}
	for (const struct tagged *t = w->tagged; t; t = t->next)
		for (size_t i = 0; i < COUNT_OF(remains); i++) {
			if (!is_ours_of(w, t, remains[i].service) || (i == 2 && !world_tags_are_live(t->tags)))
				continue;
			err_set(e, ERR_GUARD, 0, "the table '%s' is gone, but there is %s of it: '%s'", table, remains[i].what, t->arn);
			err_hint(e, "restore the table, or start anew under other names with --name-prefix");
			return -1;
		}
	return 0;
}

int provision_guard(const struct world *w, struct err *e)
{
	if (w->table.presence == ABSENT && guard_table(w, e) < 0)
		return -1;
	if (w->table.presence == PRESENT && w->table.holds_items && key_absent(w) && !w->want.given_key) {
		err_set(e, ERR_GUARD, 0, "the table '%s' holds data, but its seal key is not to be found", w->want.names.table);
		err_hint(e, "name the key that sealed it with --kms-key-id; a new key could never read this data");
		return -1;
	}
	return 0;
}

void provision_warnings(const struct world *w, struct err *warnings)
{
	const char *billing = w->want.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
	const struct have_table *t = &w->table;

	if (t->presence == PRESENT && !text_same(t->billing, billing))
		err_also(warnings, ERR_CONFLICT, "the table '%s' is billed as %s, not %s; that is left as it is", w->want.names.table,
		         t->billing, billing);
	if (t->presence == PRESENT && w->want.table_key && !text_same(t->sse_key, w->want.table_key))
		err_also(warnings, ERR_CONFLICT, "the table '%s' is encrypted with %s, not with '%s'; that is left as it is",
		         w->want.names.table, t->sse_key ? t->sse_key : "AWS's own key", w->want.table_key);
	if (w->role.presence == PRESENT && !text_same(w->role.boundary, w->want.boundary) && w->want.boundary)
		err_also(warnings, ERR_CONFLICT, "the role '%s' has %s as its permissions boundary, not '%s'; that is left as it is",
		         w->want.names.role, w->role.boundary ? w->role.boundary : "nothing", w->want.boundary);
	if (w->key.presence == PRESENT && !w->want.given_key && w->key.multi_region != w->want.multi_region)
		err_also(warnings, ERR_CONFLICT, "the seal key '%s' is %s key; that cannot be changed", w->key.arn,
		         w->key.multi_region ? "a multi-Region" : "a single-Region");
	if (w->cluster.presence == PRESENT && !text_same(w->cluster.status, "ACTIVE"))
		err_also(warnings, ERR_CONFLICT, "the cluster '%s' is %s", w->want.cluster, w->cluster.status);
}

/* What would do nothing is a misunderstanding. */
static int check_tls_inputs(const struct want *want, struct err *e)
{
	if (want->tls_issuer && want->tls != TLS_CERT_MANAGER)
		err_also(e, ERR_CONFIG, "'tls_issuer' is for 'tls: cert-manager'");
	if (want->tls_renew_image && want->tls != TLS_OWN && want->tls != TLS_AUTO)
		err_also(e, ERR_CONFIG, "'tls_renew_image' is for 'tls: own': others renew their certificates themselves");
	return e->kind ? -1 : 0;
}

int want_fill(struct arena *a, const struct inputs *in, struct want *out, struct err *e)
{
	*out = (struct want){
		.cluster = inputs_text(in, "cluster_name"),
		.environment = inputs_text(in, "environment"),
		.region = inputs_text(in, "region"),
		.account = inputs_text(in, "account"),
		.namespace_ = inputs_text(in, "vault_namespace"),
		.service_account = inputs_text(in, "vault_service_account"),
		.release = inputs_text(in, "release"),
		.role_path = inputs_text(in, "role_path"),
		.boundary = inputs_text(in, "permissions_boundary"),
		.given_key = inputs_text(in, "kms_key_id"),
		.given_issuer = inputs_text(in, "oidc_provider_url"),
		.given_provider = inputs_text(in, "oidc_provider_arn"),
		.create_provider = inputs_bool(in, "create_oidc_provider"),
		.rotation = inputs_bool(in, "kms_enable_key_rotation"),
		.rotation_days = inputs_int(in, "kms_rotation_days"),
		.multi_region = inputs_bool(in, "kms_multi_region"),
		.deletion_window_days = inputs_int(in, "kms_deletion_window_days"),
		.pitr = inputs_bool(in, "dynamodb_point_in_time_recovery"),
		.pitr_days = inputs_int(in, "dynamodb_pitr_days"),
		.deletion_protection = inputs_bool(in, "dynamodb_deletion_protection"),
		.on_demand = text_same(inputs_text(in, "dynamodb_billing"), "on-demand"),
		.read_capacity = inputs_int(in, "dynamodb_read_capacity"),
		.write_capacity = inputs_int(in, "dynamodb_write_capacity"),
		.table_key = inputs_text(in, "dynamodb_kms_key_id"),
		.replicas = inputs_int(in, "replicas"),
		.image_tag = inputs_text(in, "image_tag"),
		.injector = inputs_bool(in, "injector"),
		.audit_storage = inputs_text(in, "audit_storage"),
		.audit_storage_class = inputs_text(in, "audit_storage_class"),
		.audit_to = inputs_text(in, "audit_to"),
		.audit_bucket = inputs_text(in, "audit_bucket"),
		.network_policy = inputs_list(in, "network_policy"),
		.tls = tls_mode_of(inputs_text(in, "tls")),
		.tls_issuer = inputs_text(in, "tls_issuer"),
		.tls_renew_image = inputs_text(in, "tls_renew_image"),
	};
	out->tls_secret = out->tls == TLS_SECRET ? inputs_text(in, "tls") + strlen(TLS_SECRET_PREFIX)
	                                         : arena_printf(a, "%s-tls", out->release);
	if (check_tls_inputs(out, e) < 0)
		return -1;
	if (!out->cluster || !out->region)
		return 0;
	return names_make(a, in, out->region, out->namespace_, out->release, &out->names, e);
}
