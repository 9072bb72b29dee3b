/* What the table holds and which note it carries; and the note around the one call. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "formats/iso8601.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { IN_CHANGE_S = 60 };

/* ---- the items: a consistent read, since the table's own count is hours old ---- */

int init_ask_items(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "TableName", in->facts.table, "ProjectionExpression", "#p, #k, #v", NULL);

	(void)item;
	value_set(&rq->mem, params, "ExpressionAttributeNames", params_of(&rq->mem, "#p", "Path", "#k", "Key", "#v", "Value", NULL));
	value_set_bool(&rq->mem, params, "ConsistentRead", true);
	value_set_int(&rq->mem, params, "Limit", FRESH_ITEMS_MAX);
	return aws_ask(&in->table_aws, rq, &dynamodb_scan, params, e);
}

enum heard init_read_items(struct init_world *in, const struct reply *reply, struct fresh_items *out, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_scan, reply, NULL, &answer, e, "looking what the table '%s' holds",
	                            in->facts.table);
	const struct value *items;

	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "Items", &items, e) < 0)
		return HEARD_UNSURE;
	*out = (struct fresh_items){0};
	for (size_t i = 0; i < items->n; i++)
		fresh_items_add(out, in->boot.mem, items->items[i]);
	out->more |= value_get(answer.body, "LastEvaluatedKey") != NULL;
	return HEARD_DONE;
}

enum heard init_hear_items(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;

	(void)item;
	return init_read_items(in, reply, &in->items, e);
}

/* ---- the note ---- */

static const char *table_arn(const struct init_world *in, struct arena *a)
{
	const struct world *w = in->world;

	return arena_printf(a, "arn:%s:dynamodb:%s:%s:table/%s", w->partition ? w->partition : "aws", in->facts.storage_region,
	                    w->caller_account, in->facts.table);
}

int init_ask_note(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct init_world *in = world;

	(void)item;
	return aws_ask(&in->table_aws, rq, &dynamodb_list_tags_of_resource,
	               params_of(&rq->mem, "ResourceArn", table_arn(in, &rq->mem), "NextToken", in->note_page, NULL), e);
}

enum heard init_hear_note(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_list_tags_of_resource, reply, NULL, &answer, e,
	                            "reading the tags of the table '%s'", in->facts.table);

	struct begun_tag note;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (begun_tag_read(&note, in->boot.mem, tags_from_list(in->boot.mem, value_get(answer.body, "Tags")), e) < 0)
		return HEARD_REFUSED;
	in->note_page = note.stage == BEGUN_NONE ? value_text_or(answer.body, "NextToken", NULL) : NULL;
	if (in->note_page)
		return HEARD_MORE;
	in->note = note;
	return HEARD_DONE;
}

int init_ask_tag(const struct init_world *in, struct request *rq, enum begun_stage stage, const char *since, struct err *e)
{
	struct begun_tag tag = { .stage = stage, .id = in->spool.id, .since = since };
	struct value *params = params_of(&rq->mem, "ResourceArn", table_arn(in, &rq->mem), NULL);

	value_set(&rq->mem, params, "Tags", tags_to_list(&rq->mem, params_of(&rq->mem, TAG_BEGUN, begun_tag_print(&rq->mem, &tag),
	                                                                     NULL), "Key", "Value"));
	return aws_ask(&in->table_aws, rq, &dynamodb_tag_resource, params, e);
}

static enum heard hear_change(struct init_world *in, const struct aws_op *op, const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, op, reply, "ResourceInUseException", &answer, e,
	                            "noting on the table '%s' how far init is", in->facts.table);

	if (heard != HEARD_DONE || answer.ok)
		return heard;
	err_set(e, ERR_LATE, 0, "the table '%s' is being changed", in->facts.table);
	return HEARD_NOT_YET;
}

enum heard init_hear_tag(void *world, size_t item, const struct reply *reply, struct err *e)
{
	(void)item;
	return hear_change(world, &dynamodb_tag_resource, reply, e);
}

/* By AWS's clock, which all machines share. */
static void print_now(const struct init_world *in, char out[ISO8601_TEXT])
{
	iso8601_print(host_wall_ms(in->boot.host) + (in->world->server_clock ? in->world->server_ahead_ms : 0), out);
}

DUE(begin_due)
{
	const struct init_world *in = world;

	(void)item;
	return in->plan == INIT_FRESH && !in->sent;
}

ASK(ask_begin)
{
	const struct init_world *in = world;
	char now[ISO8601_TEXT];

	(void)item;
	print_now(in, now);
	return init_ask_tag(in, rq, BEGUN_BEGUN, now, e);
}

DUE(mark_due)
{
	const struct init_world *in = world;

	(void)item;
	return in->sent && !in->taken;
}

ASK(ask_mark)
{
	const struct init_world *in = world;
	char now[ISO8601_TEXT];

	(void)item;
	print_now(in, now);
	return init_ask_tag(in, rq, in->lost ? BEGUN_LOST : BEGUN_KEYS, now, e);
}

/* After the spool: whoever finds the one without the other knows that the keys are in custody. */
DUE(end_due)
{
	const struct init_world *in = world;

	(void)item;
	if (in->plan == INIT_DONE)
		return in->note.stage != BEGUN_NONE;
	return in->taken || (init_all_verified(in) && (in->sent || in->note.stage != BEGUN_NONE));
}

ASK(ask_end)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "ResourceArn", table_arn(in, &rq->mem), NULL);

	(void)item;
	value_push(&rq->mem, value_set(&rq->mem, params, "TagKeys", value_new_list(&rq->mem)), value_new_text(&rq->mem, TAG_BEGUN));
	return aws_ask(&in->table_aws, rq, &dynamodb_untag_resource, params, e);
}

HEAR(hear_end)
{
	(void)item;
	return hear_change(world, &dynamodb_untag_resource, reply, e);
}

const struct step init_note_begin = {
	.name = "note.begin", .change = "note on the table that init begins", .needs = NEEDS("vault.look"), .due = begin_due,
	.patience_s = IN_CHANGE_S, .ask = ask_begin, .hear = init_hear_tag,
};
/* Custody does not wait for it: it tells other machines where the keys are. */
const struct step init_note_mark = {
	.name = "note.mark", .change = "note on the table where the keys are", .needs = NEEDS("vault.init"), .due = mark_due,
	.patience_s = IN_CHANGE_S, .ask = ask_mark, .hear = init_hear_tag, .may_fail = true,
};
const struct step init_note_end = {
	.name = "note.end", .change = "take the note off the table", .needs = NEEDS("note.mark", "custody.copies", "files.make"), .due = end_due,
	.patience_s = IN_CHANGE_S, .ask = ask_end, .hear = hear_end,
};
