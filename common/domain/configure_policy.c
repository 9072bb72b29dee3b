#include "domain/configure.h"

#include "core/text.h"
#include "vault/policy_hcl.h"

/* ---- the operator's own ---- */

/* A "+" in a path stands for one part of it. */
static void print_method(struct buf *out, const char *mount)
{
	static const char *const parts[] = { "config", "role/*", "users/*" };

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		buf_printf(out, "path \"auth/%s/%s\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n", mount,
		           parts[i]);
}

/*
 * Repeating a file takes writing policies, roles and people by any name, so that it may grow. It can give itself more (whoever
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
	    "path \"" CONFIGURE_MOUNT "/data/configure\" { capabilities = [\"create\", \"read\", \"update\"] }\n"
	    "path \"identity/entity/name/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n"
	    "path \"identity/entity/id\" { capabilities = [\"list\"] }\n"
	    "path \"identity/entity-alias\" { capabilities = [\"create\", \"update\"] }\n"
	    "path \"identity/entity-alias/id/*\" { capabilities = [\"delete\"] }\n"
	    "path \"identity/group/name/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }\n"
	    "path \"identity/group-alias\" { capabilities = [\"create\", \"update\"] }\n");
	for (size_t i = 0; i < c->lists[CONFIG_AUTH].n; i++)
		if (strchr(c->lists[CONFIG_AUTH].at[i].name, '/'))
			print_method(&out, c->lists[CONFIG_AUTH].at[i].name);
	print_method(&out, "+");
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

static void check_named_policies(const struct config *c, const struct config_item *item, struct err *e)
{
	bool own = item->kind == CONFIG_ENTITY || item->kind == CONFIG_GROUP;
	const struct value *named = value_get(item->want, own ? "policies" : "token_policies");
	const struct config_list *list = &c->lists[CONFIG_POLICY];
	const char *known[CONFIGURE_ITEMS_MAX];

	for (size_t i = 0; i < list->n; i++)
		known[i] = list->at[i].name;
	for (size_t i = 0; named && i < named->n; i++) {
		const char *name = named->items[i]->text, *nearest;

		if (is_built_in(name) || config_find(c, CONFIG_POLICY, NULL, name))
			continue;
		nearest = text_nearest(name, known, list->n);
		mark_err_also(e, ERR_CONFIG, &named->items[i]->mark, "the %s '%s' names the policy '%s', which the file does not "
		              "have", config_kind_name(item->kind), item->name, name);
		if (nearest)
			err_hint(e, "did you mean '%s'?", nearest);
		else
			err_hint(e, "write it below 'policies'");
	}
}

void configure_check_policies(struct arena *a, const struct config *c, struct err *warnings, struct err *e)
{
	static const enum config_kind naming[] = { CONFIG_ROLE, CONFIG_USER, CONFIG_ENTITY, CONFIG_GROUP };
	const struct policy_kv *mounts = mounts_of(a, c);

	for (size_t i = 0; i < c->lists[CONFIG_POLICY].n; i++)
		check_policy(a, c, &c->lists[CONFIG_POLICY].at[i], mounts, warnings, e);
	for (size_t k = 0; k < COUNT_OF(naming); k++)
		for (size_t i = 0; i < c->lists[naming[k]].n; i++)
			check_named_policies(c, &c->lists[naming[k]].at[i], e);
}
