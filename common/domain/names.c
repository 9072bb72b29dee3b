#include "domain/names.h"

#include "core/digest.h"
#include "core/text.h"

const char *names_rewritten_word(const char *text)
{
	static const char *const words[] = { "HOST_IP", "POD_IP", "HOSTNAME", "API_ADDR", "TRANSIT_ADDR", "RAFT_ADDR" };

	for (size_t i = 0; text && i < COUNT_OF(words); i++)
		if (strstr(text, words[i]))
			return words[i];
	return NULL;
}

const char *names_fit(struct arena *a, const char *name, size_t max)
{
	char digest[SHA256_HEX];

	if (strlen(name) <= max)
		return arena_text(a, name);
	sha256_hex(view_text(name), digest);
	return arena_printf(a, "%.*s-%.8s", (int)(max - 9), name, digest);
}

const char *role_name_of_arn(const char *arn)
{
	const char *slash = arn ? strrchr(arn, '/') : NULL;

	return slash ? slash + 1 : arn;
}

static void refuse_word(const char *what, const char *name, struct err *e)
{
	const char *word = names_rewritten_word(name);

	if (!word)
		return;
	err_also(e, ERR_CONFIG, "%s '%s' holds the word '%s', which the chart's start script replaces", what, name, word);
	err_hint(e, "choose another with --name-prefix");
}

static const struct value *make_tags(struct arena *a, const struct inputs *in, const char *namespace_, const char *release)
{
	const struct value *given = inputs_tags(in);
	struct value *tags = value_new_map(a);

	if (inputs_text(in, "environment"))
		value_set_text(a, tags, "Environment", inputs_text(in, "environment"));
	for (size_t i = 0; i < given->n; i++)
		value_set_text(a, tags, given->names[i], given->items[i]->text);
	value_set_text(a, tags, "ManagedBy", MANAGED_BY);
	value_set_text(a, tags, TAG_CLUSTER, inputs_text(in, "cluster_name"));
	value_set_text(a, tags, TAG_NAMESPACE, namespace_);
	value_set_text(a, tags, TAG_RELEASE, release);
	return tags;
}

void names_choose(struct arena *a, const struct inputs *in, const char *cluster, const char *region, struct names *out)
{
	const char *prefix = inputs_text(in, "name_prefix");
	const char *table = inputs_text(in, "dynamodb_table_name"), *role = inputs_text(in, "iam_role_name");

	if (!prefix)
		prefix = arena_printf(a, "%s-vault", cluster);
	out->alias = arena_printf(a, "alias/%s",
	                          names_fit(a, arena_printf(a, "%s-unseal", prefix), ALIAS_NAME_MAX - strlen("alias/")));
	out->table = table ? table : names_fit(a, prefix, TABLE_NAME_MAX);
	out->collector_role = names_fit(a, arena_printf(a, "%s-audit-%s", prefix, region), ROLE_NAME_MAX);
	out->collector = NULL;
	out->log_group = names_fit(a, arena_printf(a, "/vault/%s/audit", prefix), LOG_GROUP_MAX);
	out->role = role ? role : names_fit(a, arena_printf(a, "%s-%s", prefix, region), ROLE_NAME_MAX);
}

int names_make(struct arena *a, const struct inputs *in, const char *region, const char *namespace_,
               const char *release, struct names *out, struct err *e)
{
	enum { OUR_TAGS = 7 };   /* live, claim, key and role besides the four of make_tags; aws: ones are not counted */

	names_choose(a, in, inputs_text(in, "cluster_name"), region, out);
	out->collector = names_fit(a, arena_printf(a, "%s-audit-collector", release), OBJECT_NAME_MAX);
	out->tags = make_tags(a, in, namespace_, release);
	refuse_word("the table's name", out->table, e);
	if (out->tags->n + OUR_TAGS > TAGS_MAX)
		err_also(e, ERR_CONFIG, "'tags' has too many: AWS takes %d a resource, of which we need %d", TAGS_MAX, OUR_TAGS + 4);
	return e->kind ? -1 : 0;
}
