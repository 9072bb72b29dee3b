/* hardening: what would be better, though nothing is broken. One check a part, and one score over all of them. */
#include "domain/check_hardening.h"
#include "domain/diag_base.h"
#include "domain/diag_cluster.h"
#include "domain/diag_custody.h"
#include "domain/diag_kms.h"
#include "domain/diag_vault.h"
#include "domain/fix.h"
#include "domain/netpol.h"

#include "core/text.h"
#include "formats/json.h"

#define JUDGE(name) static enum verdict name(const struct diag *d, struct finding *f)

enum { API_PORT = 8200, EXCESS_SHOWN = 10 };

/* Hardened, or worth knowing. Not a warning: the release works, and some of this is decided elsewhere. */
static enum verdict part(struct finding *f, bool hardened, const char *yes, const char *no)
{
	found(f, "%s", hardened ? yes : no);
	return hardened ? VERDICT_PASS : VERDICT_INFO;
}

/* ---- Vault ---- */

/* "1", "true", true: as Vault reads booleans (go-secure-stdlib/parseutil). */
static bool says_true(const char *text)
{
	return text && (text_same_nocase(text, "true") || text_same_nocase(text, "t") || text_same(text, "1"));
}

JUDGE(judge_tls)
{
	return part(f, !says_true(d->facts.tls_disable), "the listener has TLS",
	            "the listener has no TLS: tokens and secrets cross the cluster's network in the open");
}

/* The setting `ui` at the top of the configuration; NULL: not said, and off. */
static const char *ui_setting(const struct diag *d, struct arena *a)
{
	struct view rest = view_text(d->config);
	struct value *root;
	AUTO(err) struct err e = {0};

	if (view_starts(view_trim(rest), "{")) {
		if (va_json_parse(a, rest, "Vault's configuration", &root, &e) < 0)
			return NULL;
		return value_bool_or(root, "ui", false) ? "true" : value_text_or(root, "ui", NULL);
	}
	while (rest.p) {
		struct view line = view_trim(view_cut(&rest, '\n')), name = view_trim(view_cut(&line, '='));

		if (line.p && view_is(name, "ui")) {
			line = view_trim(line);
			return arena_view(a, line.n > 1 && *line.p == '"' ? view_of(line.p + 1, line.n - 2) : line);
		}
	}
	return NULL;
}

JUDGE(judge_ui)
{
	return part(f, !says_true(ui_setting(d, f->mem)), "the web interface is off", "the web interface is on: one more way in");
}

JUDGE(judge_audit)
{
	const struct diag_vault *v = diag_vault(d);

	if (!v || !v->audit)
		return not_applicable(f, "takes a token for Vault that may read sys/audit");
	return part(f, value_count(v->audit, NULL) > 0, "an audit device is on",
	    "no audit device is on: nobody can say later who read what");
}

JUDGE(judge_root_token)
{
	(void)d;
	return not_applicable(f, "only Vault's own list of tokens tells, which takes a token with sudo: vault list "
	    "auth/token/accessors");
}

JUDGE(judge_recovery_keys)
{
	const struct diag_custody *custody = diag_custody(d);
	const char *unread = NULL;

	if (!diag_custody_named(d))
		return not_applicable(f, "entries of custody are named after the cluster, whose name is not known (--cluster-name)");
	for (size_t i = 0; i < CUSTODY_SEEN; i++) {
		const struct custody_seen *seen = &custody->seen[i];

		if (seen->entry) {
			found(f, "'%s' is in %s", seen->entry, diag_custody_kinds[i].what);
			return VERDICT_PASS;
		}
		if (seen->read < CUSTODY_SEEN_ENTRIES && !unread)
			unread = diag_custody_kinds[i].right;
	}
	if (unread)
		return unknown(f, unread, "whether there are recovery keys in Secrets Manager or Parameter Store was not read");
	found(f, "neither Secrets Manager nor Parameter Store has recovery keys of this release: a bucket or files may");
	return VERDICT_INFO;
}

JUDGE(judge_digest)
{
	const char *image = value_text_or(d->release.statefulset, "spec.template.spec.containers.0.image", "");

	for (size_t i = 0; i < d->pods.n; i++) {
		const char *id = value_text_or(d->pods.at[i].object, "status.containerStatuses.0.imageID", NULL);

		if (id) {
			evidence(f, "runs", "%s", id);
			break;
		}
	}
	return part(f, strstr(image, "@sha256:") != NULL, "the image is named by its digest",
	            "the image is named by a tag, which its registry may move");
}

/* ---- the cluster ---- */

JUDGE(judge_network)
{
	struct net_end server = {
		.namespace_ = d->release.namespace_, .labels = value_at(d->release.statefulset, "spec.template.metadata.labels"),
		.pod = value_at(d->release.statefulset, "spec.template"),
	}, anybody = { .outside = true };
	struct net_flow flow = { NET_INGRESS, "TCP", API_PORT };

	if (!diag_cluster(d)->policies.read)
		return not_applicable(f, "the network policies were not read");
	return part(f, netpol_may(f->mem, diag_cluster(d)->policies.items, &server, &flow, &anybody, NULL) != NETPOL_OPEN,
	            "a network policy says who may reach the servers",
	            "no network policy: every pod of the cluster may reach the servers");
}

/* ---- key and table ---- */

JUDGE(judge_rotation)
{
	if (!diag_kms(d)->rotation)
		return not_applicable(f, "whether the key is rotated was not read");
	return part(f, value_bool_or(diag_kms(d)->rotation, "KeyRotationEnabled", false), "the seal key is rotated",
	    "the seal key is not rotated");
}

JUDGE(judge_deletion_window)
{
	if (!d->key)
		return not_applicable(f, "the key was not read");
	found(f, "how long a deletion of the key waits is chosen when it is scheduled: 7 to 30 days, and 30 when nothing is said");
	return VERDICT_SKIP;
}

JUDGE(judge_pitr)
{
	const char *status = value_text_or(diag_dynamodb(d)->backups, "PointInTimeRecoveryDescription.PointInTimeRecoveryStatus", NULL);

	if (!status)
		return not_applicable(f, "the table's backups were not read");
	return part(f, text_same(status, "ENABLED"), "point-in-time recovery is on",
	    "point-in-time recovery is off: a bad write cannot be taken back");
}

JUDGE(judge_protection)
{
	if (!d->table)
		return not_applicable(f, "the table was not read");
	return part(f, value_bool_or(d->table, "DeletionProtectionEnabled", false), "the table is protected against deletion",
	            "the table is not protected against deletion");
}

/* ---- least privilege ---- */

static bool is_wanted_action(const char *action, const char *service)
{
	for (size_t i = 0; i < DIAG_ACTIONS; i++)
		if (text_same_nocase(diag_actions[i], action) && (!service || text_starts(diag_actions[i], service)))
			return true;
	return false;
}

static size_t list_n(const struct value *v)
{
	return !v ? 0 : v->type == VALUE_LIST ? v->n : 1;
}

static const char *list_at(const struct value *v, size_t i)
{
	return value_text_or(v->type == VALUE_LIST ? v->items[i] : v, "", "");
}

static void excess(struct finding *f, size_t *n, const char *document, const char *what)
{
	if ((*n)++ < EXCESS_SHOWN)
		evidence(f, document, "%s", what);
}

static void look_at_statement(const struct diag *d, struct finding *f, const char *document, const struct value *s, size_t *n)
{
	const struct value *actions = value_get(s, "Action"), *resources = value_get(s, "Resource");
	const char *key = diag_key_arn(d, f->mem), *table = diag_table_arn(d, f->mem);

	if (!text_same(value_text_or(s, "Effect", ""), "Allow"))
		return;
	if (value_get(s, "NotAction") || value_get(s, "NotResource"))
		excess(f, n, document, "allows all but what a list says (NotAction, NotResource)");
	for (size_t i = 0; i < list_n(actions); i++)
		if (!is_wanted_action(list_at(actions, i), NULL))
			excess(f, n, document, arena_printf(f->mem, "action %s", list_at(actions, i)));
	for (size_t i = 0; i < list_n(resources); i++) {
		const char *resource = list_at(resources, i);

		/* The key that wraps the stored root key stays allowed beside a new one until the seal has moved. */
		if (!text_same(resource, key) && !text_same(resource, table) &&
		    !(text_starts(resource, "arn:") && strstr(resource, ":kms:") && !strchr(resource, '*')))
			excess(f, n, document, arena_printf(f->mem, "resource %s", resource));
	}
}

static void fix_privilege(const struct diag *d, struct finding *f, const struct policy_set *set)
{
	const char *wanted = diag_wanted_policy(d, f->mem), *name = "vault-policy";

	if (!wanted)
		return;
	if (set->n_identity == 1 && set->identity[0].name)
		name = set->identity[0].name;
	fix(f, "aws iam put-role-policy --role-name %s --policy-name %s --policy-document %s", shell_word(f->mem, d->role_name),
	    shell_word(f->mem, name), shell_word(f->mem, wanted));
	if (set->n_identity > 1)
		fix(f, "# then take the other policies off the role: aws iam delete-role-policy, aws iam detach-role-policy");
}

JUDGE(judge_privilege)
{
	struct policy_set set;
	size_t n = 0;

	if (!diag_role_policies(d, &set))
		return unknown(f, "iam:ListRolePolicies, iam:GetRolePolicy", "the role's policies were not read");
	for (size_t i = 0; i < set.n_identity; i++)
		for (size_t k = 0; k < policy_statements(set.identity[i].document); k++)
			look_at_statement(d, f, set.identity[i].name, policy_statement(set.identity[i].document, k), &n);
	if (!n) {
		found(f, "the role may do what Vault needs, and nothing else");
		return VERDICT_PASS;
	}
	found(f, "the role may do more than Vault needs, in %zu ways", n);
	fix_privilege(d, f, &set);
	return VERDICT_WARN;
}

/* ---- the score ---- */

static enum verdict judge_score(const struct diag *d, struct finding *f);

#define CHECK(name, sentence, ...) \
	{ .id = "hardening-" name, .title = sentence, .link = LINK_NONE, .needs = NEEDS("config"), __VA_ARGS__ }

static const struct check checks[] = {
	CHECK("tls", "the listener has TLS", .reads = NEEDS("config.read"), .judge = judge_tls,
	  .decides = "tls_disable of the listener stanza.", .remedy = "give the listener a certificate",
	  .reference = "Vault, tcp listener"),
	CHECK("ui", "the web interface is off", .reads = NEEDS("config.read"), .judge = judge_ui,
	  .decides = "ui in the configuration.", .remedy = "set ui = false", .reference = "Vault, Configuration, ui"),
	CHECK("audit", "an audit device is on", .reads = NEEDS("config.read"), .uses = NEEDS("vault.audit"), .judge = judge_audit,
	  .decides = "sys/audit, where a token for Vault is given.",
	  .remedy = "vault audit enable file file_path=/vault/audit/audit.log",
	  .reference = "Vault, Audit devices"),
	CHECK("collector", "what is audited is taken away from the nodes", .reads = NEEDS("config.read"),
	  .uses = NEEDS("cluster.daemon-sets", "vault.audit"), .judge = judge_collected,
	  .decides = "A DaemonSet of ours, or one with an image that is known to collect logs, or such a container in the servers' "
	             "pods; where a token for Vault is given, also whether a device writes to stdout.",
	  .remedy = "helm vault-aws install --audit-to cloudwatch", .reference = "Vault, Audit devices"),
	CHECK("root-token", "the root token is revoked", .reads = NEEDS("config.read"), .judge = judge_root_token,
	  .decides = "Not at all from outside: it is told so that it is not forgotten.",
	  .remedy = "vault token revoke -self, with the root token",
	  .reference = "Vault, Production hardening"),
	CHECK("recovery-keys", "the recovery keys are in custody", .aws_alone = true,
	  .uses = NEEDS("custody.secret", "custody.parameter"), .judge = judge_recovery_keys,
	  .decides = "Whether Secrets Manager or Parameter Store has an entry that 'helm vault-aws init' makes for this release; what it "
	             "holds is not read. A bucket or files cannot be seen from here.",
	  .remedy = "keep the recovery keys apart, each with its holder",
	  .reference = "Vault, Seal, Recovery key"),
	CHECK("image", "the image is named by its digest", .reads = NEEDS("pods.read"), .judge = judge_digest,
	  .decides = "Whether the template's image has '@sha256:'.",
	  .remedy = "have TAG@sha256:DIGEST as server.image.tag in the values",
	  .reference = "Kubernetes, Images"),
	CHECK("network", "a network policy says who may reach Vault", .reads = NEEDS("cluster.netpols"), .judge = judge_network,
	  .decides = "Whether any NetworkPolicy selects the servers for ingress.", .remedy = "set server.networkPolicy in the values",
	  .reference = "Kubernetes, Network Policies"),
	CHECK("rotation", "the seal key is rotated", .aws_alone = true, .reads = NEEDS("key.rotation"), .judge = judge_rotation,
	  .decides = "GetKeyRotationStatus.", .remedy = "helm vault-aws apply --kms-enable-key-rotation",
	  .reference = "KMS, Rotating keys"),
	CHECK("deletion-window", "a deletion of the key waits long enough", .aws_alone = true, .reads = NEEDS("key.read"), .judge = judge_deletion_window,
	  .decides = "KMS keeps no such setting: it is said when a deletion is scheduled.",
	  .remedy = "allow nobody kms:ScheduleKeyDeletion in daily work",
	  .reference = "KMS API Reference, ScheduleKeyDeletion"),
	CHECK("pitr", "the table can be taken back in time", .aws_alone = true, .reads = NEEDS("table.backups"), .judge = judge_pitr,
	  .decides = "DescribeContinuousBackups.", .remedy = "helm vault-aws apply --dynamodb-point-in-time-recovery",
	  .reference = "DynamoDB, Point-in-time recovery"),
	CHECK("protection", "the table is protected against deletion", .aws_alone = true, .reads = NEEDS("table.read"), .judge = judge_protection,
	  .decides = "DeletionProtectionEnabled of DescribeTable.", .remedy = "helm vault-aws apply --dynamodb-deletion-protection",
	  .reference = "DynamoDB, Deletion protection"),
	CHECK("privilege", "the role may do no more than it must", .aws_alone = true, .reads = NEEDS("role.policies"), .judge = judge_privilege,
	  .decides = "Every Allow of the role's inline and attached policies against the nine actions that Vault calls, on this "
	             "key and this table.",
	  .remedy = "put the least policy on the role", .reference = "IAM, Security best practices, Apply least-privilege permissions"),
	CHECK("score", "how hardened it is", .reads = NEEDS("config.read"),
	  .uses = NEEDS("pods.read", "cluster.netpols", "cluster.daemon-sets", "key.rotation", "key.read", "table.backups", "table.read",
	  "role.policies", "vault.audit", "custody.secret", "custody.parameter"),
	  .judge = judge_score, .decides = "Counts the parts above that hold, among those that could be seen.",
	  .remedy = "see the parts", .reference = "Vault, Production hardening"),
};

static const char *short_name(const struct check *c)
{
	return c->id + strlen("hardening-");
}

static enum verdict judge_score(const struct diag *d, struct finding *f)
{
	const char *lacking = NULL, *unseen = NULL;
	size_t hold = 0, seen = 0;

	for (size_t i = 0; i + 1 < COUNT_OF(checks); i++) {
		struct finding scratch = { .check = &checks[i], .mem = f->mem, .cause = "" };
		enum verdict v = checks[i].judge(d, &scratch);
		bool hidden = v == VERDICT_SKIP || v == VERDICT_UNKNOWN;
		const char **list = hidden ? &unseen : &lacking;

		seen += !hidden;
		hold += v == VERDICT_PASS;
		if (v != VERDICT_PASS)
			*list = arena_printf(f->mem, "%s%s%s", *list ? *list : "", *list ? ", " : "", short_name(&checks[i]));
	}
	if (unseen)
		evidence(f, "not seen", "%s", unseen);
	found(f, "%zu of %zu parts hold%s%s", hold, seen, lacking ? "; lacking: " : "", lacking ? lacking : "");
	return VERDICT_INFO;
}

const struct check_family hardening_family = {
	.name = "hardening", .title = "Hardening", .checks = checks, .n_checks = COUNT_OF(checks), .steps = diag_custody_steps,
	.n_steps = DIAG_CUSTODY_STEPS,
};
