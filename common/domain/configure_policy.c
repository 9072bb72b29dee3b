#include "domain/configure.h"

#include "core/text.h"
#include "vault/policy_hcl.h"

const char configure_example[] =
    "# The set-up of the page, and what lets others repeat it without the root token.\n"
    "#   helm vault-aws configure -f FILE\n"
    "kv:\n"
    "  secret:\n"
    "    version: 2\n"
    "\n"
    "kubernetes:\n"
    "  kubernetes:\n"
    "    # Vault reads the authority and its own token in its pod, again and again.\n"
    "    kubernetes_host: https://kubernetes.default.svc\n"
    "    roles:\n"
    "      app:\n"
    "        bound_service_account_names: [app]\n"
    "        bound_service_account_namespaces: [default]\n"
    "        audience: vault\n"
    "        token_policies: [app-policy]\n"
    "        token_ttl: 24h\n"
    "\n"
    "policies:\n"
    "  app-policy: |\n"
    "    # KV version 2 reads below data/ and lists below metadata/.\n"
    "    path \"secret/data/app/*\" {\n"
    "      capabilities = [\"read\"]\n"
    "    }\n"
    "    path \"secret/metadata/app/*\" {\n"
    "      capabilities = [\"list\", \"read\"]\n"
    "    }\n"
    "\n"
    "audit:\n"
    "  stdout:\n"
    "    type: file\n"
    "    file_path: stdout\n"
    "\n"
    "# The role vault-operator, which may do all of this again, and reads no secret.\n"
    "operator:\n"
    "  service_account: vault-operator\n";

/* ---- the operator's own ---- */

/*
 * Repeating a file takes writing policies and roles by any name, so that it may grow. It can give itself more (whoever
 * writes policies can), but each such step stands in the audit log; it reads no secret. sys/auth, sys/audit and their like
 * ask for sudo (Vault 1.14, vault/logical_system_paths.go). sys/generate-root takes a token from Vault 2.x on.
 */
const char *configure_operator_policy(struct arena *a, const struct config *c)
{
	AUTO(buf) struct buf out = BUF_MAX(POLICY_TEXT_MAX);

	buf_text(&out,
	    "# Written by helm vault-aws configure: what it takes to repeat its file.\n"
	    "path \"sys/mounts\" { capabilities = [\"read\"] }\n"
	    "path \"sys/mounts/*\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
	    "path \"sys/auth\" { capabilities = [\"read\"] }\n"
	    "path \"sys/auth/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"sudo\"] }\n"
	    "path \"sys/audit\" { capabilities = [\"read\", \"sudo\"] }\n"
	    "path \"sys/audit/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"sudo\"] }\n"
	    "path \"sys/policies/acl\" { capabilities = [\"list\"] }\n"
	    "path \"sys/policies/acl/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n"
	    "path \"sys/generate-root/attempt\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"sudo\"] }\n"
	    "path \"sys/generate-root/update\" { capabilities = [\"create\", \"update\", \"sudo\"] }\n"
	    "path \"" CONFIGURE_MOUNT "/data/configure\" { capabilities = [\"create\", \"read\", \"update\"] }\n");
	for (size_t i = 0; i < c->lists[CONFIG_AUTH].n; i++) {
		const char *mount = c->lists[CONFIG_AUTH].at[i].name;

		buf_printf(&out, "path \"auth/%s/config\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
		           "path \"auth/%s/role/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n", mount, mount);
	}
	for (size_t i = 0; i < c->lists[CONFIG_KV].n; i++) {
		const struct config_item *kv = &c->lists[CONFIG_KV].at[i];

		if (text_same(value_text_or(kv->want, "version", NULL), "2"))
			buf_printf(&out, "path \"%s/data/vault-aws-probe/*\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
			           "path \"%s/metadata/vault-aws-probe/*\" { capabilities = [\"delete\"] }\n", kv->name, kv->name);
	}
	return arena_text(a, buf_str(&out));
}

/* ---- checks ---- */

static struct policy_kv *mounts_of(struct arena *a, const struct config *c)
{
	const struct config_list *list = &c->lists[CONFIG_KV];
	struct policy_kv *mounts = ARENA_ARRAY(a, struct policy_kv, list->n);

	for (size_t i = 0; i < list->n; i++)
		mounts[i] = (struct policy_kv){ list->at[i].name,
		                                text_same(value_text_or(list->at[i].want, "version", NULL), "1") ? 1 : 2 };
	return mounts;
}

static void check_policy(struct arena *a, const struct config *c, const struct config_item *item,
                         const struct policy_kv *mounts, struct err *warnings, struct err *e)
{
	AUTO(err) struct err wrong = { 0 };
	const struct value *text = value_get(item->want, "policy");
	const char *at = mark_text(a, &text->mark);
	const char *file = arena_printf(a, "%spolicy '%s'", at, item->name);
	struct policy policy;

	if (policy_hcl_parse(a, view_of(text->text, text->n), file, &policy, &wrong) == 0)
		policy_kv_traps(a, &policy, mounts, c->lists[CONFIG_KV].n, &wrong, warnings);
	err_append(e, &wrong);
}

/* A policy that Vault has by itself. */
static bool is_built_in(const char *name)
{
	return text_same(name, "default") || text_same(name, "root");
}

static void check_named_policies(const struct config *c, const struct config_item *role, struct err *e)
{
	const struct value *named = value_get(role->want, "token_policies");
	const struct config_list *list = &c->lists[CONFIG_POLICY];
	const char *known[CONFIGURE_ITEMS_MAX];

	for (size_t i = 0; i < list->n; i++)
		known[i] = list->at[i].name;
	for (size_t i = 0; named && i < named->n; i++) {
		const char *name = named->items[i]->text, *nearest;

		if (is_built_in(name) || config_find(c, CONFIG_POLICY, NULL, name))
			continue;
		nearest = text_nearest(name, known, list->n);
		mark_err_also(e, ERR_CONFIG, &named->items[i]->mark, "the role '%s' names the policy '%s', which the file does not "
		              "have", role->name, name);
		if (nearest)
			err_hint(e, "did you mean '%s'?", nearest);
		else
			err_hint(e, "write it below 'policies'");
	}
}

void configure_check_policies(struct arena *a, const struct config *c, struct err *warnings, struct err *e)
{
	const struct policy_kv *mounts = mounts_of(a, c);

	for (size_t i = 0; i < c->lists[CONFIG_POLICY].n; i++)
		check_policy(a, c, &c->lists[CONFIG_POLICY].at[i], mounts, warnings, e);
	for (size_t i = 0; i < c->lists[CONFIG_ROLE].n; i++)
		check_named_policies(c, &c->lists[CONFIG_ROLE].at[i], e);
}
