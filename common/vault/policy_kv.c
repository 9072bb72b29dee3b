#include "vault/policy_hcl.h"

#include "core/text.h"

/*
 * What stands behind the mount in a path of KV version 2 (hashicorp/vault-plugin-secrets-kv, backend.go). Lists are an
 * operation of metadata alone (path_metadata.go has one, path_data.go none).
 */
static const char *const segments[] = { "data", "metadata", "delete", "undelete", "destroy", "subkeys", "config" };

/* What of the path lies below the mount: "data/app" of "secret/data/app". NULL: nothing does. */
static const char *below(const char *path, const char *mount)
{
	size_t n = strlen(mount);

	return text_starts(path, mount) && path[n] == '/' ? path + n + 1 : NULL;
}

/* The first segment is one of version 2, or may be one since it has a wildcard, or is not there. */
static bool is_of_version_2(struct view first)
{
	if (!first.n || memchr(first.p, '*', first.n) || view_is(first, "+"))
		return true;
	for (size_t i = 0; i < COUNT_OF(segments); i++)
		if (view_is(first, segments[i]))
			return true;
	return false;
}

static void tell_missing_segment(struct arena *a, const struct policy_rule *rule, const struct policy_kv *kv,
                                 const char *rest, struct err *wrong)
{
	mark_err_also(wrong, ERR_CONFIG, &rule->mark, "the path '%s' grants nothing: '%s' is KV version 2", rule->path, kv->path);
	if (rule->capabilities & ~(unsigned)POLICY_LIST)
		err_hint(wrong, "write '%s'%s", arena_printf(a, "%s/data/%s", kv->path, rest), rule->capabilities & POLICY_LIST ?
		         arena_printf(a, ", and '%s/metadata/%s' for the lists", kv->path, rest) : "");
	else
		err_hint(wrong, "write '%s/metadata/%s'", kv->path, rest);
}

static void check_version_2(struct arena *a, const struct policy_rule *rule, const struct policy_kv *kv, const char *rest,
                            struct err *wrong, struct err *doubtful)
{
	struct view tail = view_text(rest), first = view_cut(&tail, '/');

	if (!is_of_version_2(first)) {
		tell_missing_segment(a, rule, kv, rest, wrong);
		return;
	}
	if (!view_is(first, "data") || !(rule->capabilities & POLICY_LIST))
		return;
	if (rule->capabilities == POLICY_LIST)
		mark_err_also(wrong, ERR_CONFIG, &rule->mark, "the path '%s' grants nothing: KV version 2 has no list there",
		              rule->path);
	else
		mark_err_also(doubtful, ERR_CONFIG, &rule->mark, "list has no effect on '%s'", rule->path);
	err_hint(rule->capabilities == POLICY_LIST ? wrong : doubtful, "KV version 2 lists at '%s/metadata/%.*s'", kv->path,
	         (int)tail.n, tail.p);
}

/* On version 1 "data" and "metadata" are names of secrets like any other. */
static void check_version_1(const struct policy_rule *rule, const struct policy_kv *kv, const char *rest,
                            struct err *doubtful)
{
	if (!text_starts(rest, "data/") && !text_starts(rest, "metadata/"))
		return;
	mark_err_also(doubtful, ERR_CONFIG, &rule->mark, "'%s' is KV version 1, where '%s' leads to a secret of that name",
	              kv->path, rule->path);
	err_hint(doubtful, "write '%s/%s'", kv->path, strchr(rest, '/') + 1);
}

void policy_kv_traps(struct arena *a, const struct policy *policy, const struct policy_kv *mounts, size_t n,
                     struct err *wrong, struct err *doubtful)
{
	for (size_t i = 0; i < policy->n; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		for (size_t k = 0; k < n; k++) {
			const char *rest = below(rule->path, mounts[k].path);

			if (!rest || rule->capabilities & POLICY_DENY)
				continue;
			if (mounts[k].version == 2)
				check_version_2(a, rule, &mounts[k], rest, wrong, doubtful);
			else
				check_version_1(rule, &mounts[k], rest, doubtful);
		}
	}
}
