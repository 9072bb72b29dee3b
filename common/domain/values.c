#include "domain/values.h"

#include "core/text.h"
#include "domain/vault_config.h"

/* Vault takes AWS_REGION and AWS_DEFAULT_REGION for KMS before the seal stanza's region, either by chance where they differ. */
void values_set_key_region(struct arena *a, struct value *environment, const char *region)
{
	value_set_text(a, environment, "AWS_REGION", region);
	value_set_text(a, environment, "AWS_DEFAULT_REGION", region);
}

/*
 * Vault reads its certificate again at SIGHUP, and the kubelet puts a new one into the pod's folder within a minute or
 * so. This looks every ten seconds, beside the server and with its own rights, so that nobody needs the right to run
 * something in Vault's pods; whoever changes the Secret (we, cert-manager, a user) need not know of it. pidof alone
 * would find the probes' `vault status` too.
 */
static const char watch[] =
	"(seen=$(cat " TLS_FOLDER "/tls.crt)\n"
	"while sleep 10; do\n"
	"  now=$(cat " TLS_FOLDER "/tls.crt) && [ -n \"$now\" ] && [ \"$now\" != \"$seen\" ] || continue\n"
	"  for p in $(pidof vault); do\n"
	"    case \"$(tr '\\0' ' ' </proc/$p/cmdline)\" in \"vault server \"*) kill -HUP \"$p\" && seen=$now ;; esac\n"
	"  done\n"
	"done) </dev/null >/dev/null 2>&1 &\n";

/* The chart's probes, ports and VAULT_ADDR follow tlsDisable; the rest is the Secret's way into the pods. */
static void put_tls(struct arena *a, struct value *values, struct value *environment, const struct want *want)
{
	struct value *volumes = value_new_list(a), *mounts = value_new_list(a), *start = value_new_list(a), *volume, *mount;
	bool named = strstr(want->release, "vault");

	value_put(a, values, "global.tlsDisable", value_new_bool(a, false));
	value_set_text(a, environment, "VAULT_CACERT", TLS_FOLDER "/ca.crt");
	volume = value_push(a, volumes, value_new_map(a));
	value_set_text(a, volume, "name", "tls");
	value_put(a, volume, "secret.secretName", value_new_text(a, want->tls_secret));
	value_put(a, volume, "secret.defaultMode", value_new_int(a, 0440));
	value_put(a, values, "server.volumes", volumes);
	mount = value_push(a, mounts, value_new_map(a));
	value_set_text(a, mount, "name", "tls");
	value_set_text(a, mount, "mountPath", TLS_FOLDER);
	value_set_bool(a, mount, "readOnly", true);
	value_put(a, values, "server.volumeMounts", mounts);
	value_push(a, start, value_new_text(a, "/bin/sh"));
	value_push(a, start, value_new_text(a, "-c"));
	value_push(a, start, value_new_text(a, watch));
	value_put(a, values, "server.postStart", start);
	/* Where a client is sent on to the active server, it meets a name that the certificate has; an IP it could not have. */
	value_put(a, values, "server.ha.apiAddr",
	          value_new_text(a, arena_printf(a, "https://$(VAULT_K8S_POD_NAME).%s%s-internal.%s.svc:8200", want->release,
	                                         named ? "" : "-vault", want->namespace_)));
}

struct value *values_make(struct arena *a, const struct want *want, const char *key_arn, const char *role_arn)
{
	struct value *values = value_new_map(a), *account, *annotations, *environment, *storage;
	const char *key_region = arn_region(a, key_arn);

	value_put(a, values, "injector.enabled", value_new_bool(a, want->injector));
	value_put(a, values, "server.image.tag", value_new_text(a, want->image_tag));

	account = value_new_map(a);
	value_put(a, values, "server.serviceAccount", account);
	value_set_bool(a, account, "create", true);
	value_set_text(a, account, "name", want->service_account);
	annotations = value_set(a, account, "annotations", value_new_map(a));
	value_set_text(a, annotations, "eks.amazonaws.com/role-arn", role_arn);

	/* The IRSA webhook's AWS_REGION beats the storage stanza; this one beats the webhook's. */
	environment = value_new_map(a);
	value_put(a, values, "server.extraEnvironmentVars", environment);
	value_set_text(a, environment, "AWS_DYNAMODB_REGION", want->region);
	if (key_region && !text_same(key_region, want->region))
		values_set_key_region(a, environment, key_region);
	value_set_text(a, environment, "AWS_STS_REGIONAL_ENDPOINTS", "regional");

	if (want->tls != TLS_OFF)
		put_tls(a, values, environment, want);
	value_put(a, values, "server.ha.enabled", value_new_bool(a, true));
	value_put(a, values, "server.ha.replicas", value_new_int(a, want->replicas));
	value_put(a, values, "server.ha.config", value_new_text(a, vault_config_print(a, want, key_arn)));
	if (want->audit_storage) {
		storage = value_new_map(a);
		value_put(a, values, "server.auditStorage", storage);
		value_set_bool(a, storage, "enabled", true);
		value_set_text(a, storage, "size", want->audit_storage);
		if (want->audit_storage_class)
			value_set_text(a, storage, "storageClass", want->audit_storage_class);
	}
	if (want->network_policy)
		value_put(a, values, "server.networkPolicy", values_network_policy(a, want));
	return values;
}

int outputs_make(const struct world *w, struct value **out, struct err *e)
{
	struct arena *a = w->mem;
	struct value *outputs = value_new_map(a), *config;

	if (w->key.presence != PRESENT)
		err_also(e, ERR_ABSENT, "the seal key '%s' does not exist yet", w->want.names.alias);
	if (w->table.presence != PRESENT)
		err_also(e, ERR_ABSENT, "the table '%s' does not exist yet", w->want.names.table);
	if (w->role.presence != PRESENT)
		err_also(e, ERR_ABSENT, "the role '%s' does not exist yet", w->want.names.role);
	if (e->kind) {
		err_hint(e, "make them with: helm vault-aws apply");
		return -1;
	}
	value_set_text(a, outputs, "kms_key_id", w->key.id);
	value_set_text(a, outputs, "kms_key_arn", w->key.arn);
	value_set_text(a, outputs, "dynamodb_table_name", w->want.names.table);
	value_set_text(a, outputs, "dynamodb_table_arn", w->table.arn);
	value_set_text(a, outputs, "iam_role_arn", w->role.arn);
	value_set_text(a, outputs, "iam_role_name", w->want.names.role);
	config = value_set(a, outputs, "vault_config", value_new_map(a));
	value_set_text(a, config, "namespace", w->want.namespace_);
	value_set_text(a, config, "service_account", w->want.service_account);
	value_set_text(a, config, "region", w->want.region);
	value_set(a, config, "values", values_make(a, &w->want, w->key.arn, w->role.arn));
	*out = outputs;
	return 0;
}
