/* The search by tags of the fake cloud. It sees no roles, as outside us-east-1. */
#include "fake/cloud_service.h"

#include "core/text.h"

struct search {
	struct cloud_ask *ask;
	struct value *rows;
	unsigned skip, left;     /* rows of earlier pages; room on this one */
	bool more;
};

static bool matches(const struct value *tags, const struct value *filter)
{
	const struct value *values = value_get(filter, "Values");
	const char *text = value_text_or(value_get(tags, value_text_or(filter, "Key", "")), "", NULL);

	for (size_t i = 0; text && values && i < values->n; i++)
		if (text_same(values->items[i]->text, text))
			return true;
	return text && (!values || values->n == 0);
}

static void look_at(struct search *s, const char *arn, const struct cloud_tags *tags)
{
	struct fake_cloud *c = s->ask->cloud;
	struct arena *a = s->ask->mem;
	const struct value *filters = value_get(s->ask->in, "TagFilters");
	const struct value *shown = cloud_spread(c, tags->since_ms, c->lags.tags) ? tags->now : tags->before;
	struct value *row;

	for (size_t i = 0; filters && i < filters->n; i++)
		if (!matches(shown, filters->items[i]))
			return;
	if (!shown)
		return;
	if (s->skip) {
		s->skip--;
		return;
	}
	if (!s->left) {
		s->more = true;
		return;
	}
	s->left--;
	row = value_push(a, s->rows, value_new_map(a));
	value_set_text(a, row, "ResourceARN", arn);
	value_set(a, row, "Tags", cloud_tag_rows(a, shown, "Key", "Value"));
}

static void get_resources(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	unsigned asked = (unsigned)value_int_or(ask->in, "ResourcesPerPage", 50);
	unsigned page = c->page && c->page < asked ? c->page : asked;
	unsigned skip = (unsigned)strtoul(value_text_or(ask->in, "PaginationToken", "0"), NULL, 10);
	struct value *body = value_new_map(ask->mem);
	struct search s = { .ask = ask, .skip = skip, .left = page };

	s.rows = value_set(ask->mem, body, "ResourceTagMappingList", value_new_list(ask->mem));
	for (unsigned i = 0; i < c->n_keys; i++)
		look_at(&s, c->keys[i].arn, &c->keys[i].tags);
	for (unsigned i = 0; i < c->n_tables; i++)
		look_at(&s, c->tables[i].arn, &c->tables[i].tags);
	for (unsigned i = 0; i < c->n_others; i++)
		look_at(&s, c->others[i].arn, &c->others[i].tags);
	value_set_text(ask->mem, body, "PaginationToken", s.more ? arena_printf(ask->mem, "%u", skip + page) : "");
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "GetResources", false, get_resources },
};

const struct cloud_service cloud_tagging = {
	.id = "tag",
	.protocol = CLOUD_JSON,
	.mark = "ResourceGroupsTaggingAPI_20170126",
	.errors = "",
	.throttled = "ThrottledException",
	.throttled_status = 400,
	.failed = "InternalServiceException",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
