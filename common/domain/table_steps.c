/* The table: Vault's storage, and the lock under which the key is made. */
#include "domain/steps.h"

#include "core/text.h"

int ask_table(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &dynamodb_describe_table, params_of(&rq->mem, "TableName", w->want.names.table, NULL), e);
}

static const char *schema_name(const struct value *table, const char *key_type)
{
	const struct value *schema = value_get(table, "KeySchema");

	for (size_t i = 0; schema && schema->type == VALUE_LIST && i < schema->n; i++)
		if (text_same(value_text_or(schema->items[i], "KeyType", ""), key_type))
			return value_text_or(schema->items[i], "AttributeName", "");
	return "";
}

static double number_or(const struct value *v, const char *path, double otherwise)
{
	const struct value *n = value_at(v, path);

	if (!n)
		return otherwise;
	return n->type == VALUE_REAL ? n->real : n->type == VALUE_INT ? (double)n->integer : otherwise;
}

/* From TableDescription; what was learnt elsewhere (tags, PITR, made) stays. */
static int read_table(struct have_table *t, const struct value *table, struct err *e)
{
	if (value_text(table, "TableArn", &t->arn, e) < 0 || value_text(table, "TableStatus", &t->status, e) < 0)
		return -1;
	t->presence = PRESENT;
	t->hash_key = schema_name(table, "HASH");
	t->range_key = schema_name(table, "RANGE");
	/* Absent for tables that were always provisioned (API_TableDescription). */
	t->billing = value_text_or(table, "BillingModeSummary.BillingMode", "PROVISIONED");
	t->sse_key = value_text_or(table, "SSEDescription.KMSMasterKeyArn", NULL);
	t->created_ms = (int64_t)(number_or(table, "CreationDateTime", 0) * 1000);
	t->deletion_protection = value_bool_or(table, "DeletionProtectionEnabled", false);
	return 0;
}

static enum heard check_table(const struct world *w, struct err *e)
{
	const struct have_table *t = &w->table;
	const struct tagged *marked = NULL;
	enum heard heard;

	if (!text_same(t->hash_key, "Path") || !text_same(t->range_key, "Key"))
		return hear_guard(e, "choose another name with --dynamodb-table-name",
		                  "the table '%s' is no table of Vault's: its key is '%s', '%s' and not 'Path', 'Key'",
		                  w->want.names.table, t->hash_key, t->range_key);
	if (text_same(t->status, "DELETING"))
		return hear_guard(e, "run again when it is gone", "the table '%s' is being deleted", w->want.names.table);
	if (text_starts(t->status, "INACCESSIBLE"))
		return hear_guard(e, "enable the KMS key that encrypts the table", "the table '%s' cannot be read: %s",
		                  w->want.names.table, t->status);
	heard = tagged_in_use(w, "dynamodb", "table/", &marked, e);
	(void)marked;
	return heard;
}

enum heard hear_table(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_describe_table, reply, "ResourceNotFoundException", &answer, e,
	                            "reading the table '%s'", w->want.names.table);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		w->table.presence = ABSENT;
		return HEARD_DONE;
	}
	if (read_table(&w->table, value_get(answer.body, "Table"), e) < 0)
		return HEARD_UNSURE;
	return check_table(w, e);
}

bool table_tags_unread(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->table.presence == PRESENT && !w->table.tags;
}

int ask_table_tags(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &dynamodb_list_tags_of_resource, params_of(&rq->mem, "ResourceArn", w->table.arn, NULL), e);
}

/* The claim tells whether a table whose CreateTable got no reply was made by this run after all. */
enum heard hear_table_tags(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_list_tags_of_resource, reply, NULL, &answer, e,
	                            "reading the tags of the table '%s'", w->want.names.table);
	const struct value *tags;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	tags = tags_from_list(w->mem, value_get(answer.body, "Tags"));
	heard = check_ours(w, tags, "table", w->want.names.table, e);
	if (heard != HEARD_DONE)
		return heard;
	w->table.tags = tags;
	if (!w->table.made && w->claim && text_same(claim_of_table(w), w->claim))
		claim_take_table(w);
	return HEARD_DONE;
}

/* Whether it holds anything matters only where a key would be made beside it. */
bool table_items_matter(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->table.presence == PRESENT && !w->table.made && key_absent(w) && !w->want.given_key &&
	       !text_same(w->table.status, "CREATING");
}

int ask_table_items(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "TableName", w->want.names.table, NULL);

	(void)item;
	value_set_int(&rq->mem, params, "Limit", 1);
	value_set_bool(&rq->mem, params, "ConsistentRead", true);
	value_set_text(&rq->mem, params, "Select", "COUNT");
	return aws_ask(w->aws, rq, &dynamodb_scan, params, e);
}

enum heard hear_table_items(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_scan, reply, NULL, &answer, e, "looking whether the table '%s' is empty",
	                            w->want.names.table);
	int64_t count;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_int(answer.body, "Count", &count, e) < 0)
		return HEARD_UNSURE;
	w->table.holds_items = count > 0;
	return HEARD_DONE;
}

int ask_pitr(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &dynamodb_describe_continuous_backups,
	               params_of(&rq->mem, "TableName", w->want.names.table, NULL), e);
}

enum heard hear_pitr(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_describe_continuous_backups, reply, "TableNotFoundException", &answer, e,
	                            "reading the PITR of the table '%s'", w->want.names.table);
	const struct value *found;

	(void)item;
	if (heard == HEARD_REFUSED && aws_code_is(&answer, "ContinuousBackupsUnavailableException")) {
		err_release(e);
		w->table.pitr_read = PRESENT;     /* CREATING: it has none, since CreateTable cannot set it */
		return HEARD_DONE;
	}
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	found = value_at(answer.body, "ContinuousBackupsDescription.PointInTimeRecoveryDescription");
	w->table.pitr_read = PRESENT;
	w->table.pitr = text_same(value_text_or(found, "PointInTimeRecoveryStatus", ""), "ENABLED");
	w->table.pitr_days = value_int_or(found, "RecoveryPeriodInDays", 35);
	return HEARD_DONE;
}

/* Backups of a table of this name outlive it, among them the one that DynamoDB itself makes of a deleted table with PITR. */
int ask_backups(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &dynamodb_list_backups,
	               params_of(&rq->mem, "TableName", w->want.names.table, "BackupType", "ALL", NULL), e);
}

enum heard hear_backups(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_list_backups, reply, NULL, &answer, e, "looking for backups of the table '%s'",
	                            w->want.names.table);
	const struct value *list;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "BackupSummaries", &list, e) < 0)
		return HEARD_UNSURE;
	w->table.backups = list->n;
	w->table.backup = list->n ? value_text_or(list->items[0], "BackupName", "") : NULL;
	return HEARD_DONE;
}

bool table_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->table.presence == ABSENT && !provision_held(w);
}

/* It was absent, but something of it is there: another run may have made both while we looked. */
bool table_doubtful(const void *world, size_t item)
{
	const struct world *w = world;
	AUTO(err) struct err why = {0};

	(void)item;
	return w->table.presence == ABSENT && provision_guard(w, &why) < 0;
}

int change_guard(void *world, size_t item, struct err *e)
{
	(void)item;
	return provision_guard(world, e);
}

static void define_attribute(struct arena *a, struct value *params, const char *name, const char *key_type)
{
	struct value *definitions = (struct value *)value_get(params, "AttributeDefinitions");
	struct value *schema = (struct value *)value_get(params, "KeySchema");

	value_push(a, definitions, params_of(a, "AttributeName", name, "AttributeType", "S", NULL));
	value_push(a, schema, params_of(a, "AttributeName", name, "KeyType", key_type, NULL));
}

static const struct value *table_tags(const struct world *w, struct arena *a)
{
	struct value *tags = value_copy(a, w->want.names.tags);

	value_set_text(a, tags, TAG_LIVE, "true");
	value_set_text(a, tags, TAG_CLAIM, w->claim);
	return tags;
}

int ask_create_table(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "TableName", w->want.names.table, NULL), *part;

	(void)item;
	value_set(a, params, "AttributeDefinitions", value_new_list(a));
	value_set(a, params, "KeySchema", value_new_list(a));
	define_attribute(a, params, "Path", "HASH");
	define_attribute(a, params, "Key", "RANGE");
	value_set_text(a, params, "BillingMode", w->want.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
	if (!w->want.on_demand) {
		part = value_set(a, params, "ProvisionedThroughput", value_new_map(a));
		value_set_int(a, part, "ReadCapacityUnits", w->want.read_capacity);
		value_set_int(a, part, "WriteCapacityUnits", w->want.write_capacity);
	}
	if (w->want.table_key) {
		part = value_set(a, params, "SSESpecification", value_new_map(a));
		value_set_bool(a, part, "Enabled", true);
		value_set_text(a, part, "SSEType", "KMS");
		value_set_text(a, part, "KMSMasterKeyId", w->want.table_key);
	}
	value_set_bool(a, params, "DeletionProtectionEnabled", w->want.deletion_protection);
	value_set(a, params, "Tags", tags_to_list(a, table_tags(w, a), "Key", "Value"));
	return aws_ask(w->aws, rq, &dynamodb_create_table, params, e);
}

enum heard hear_created_table(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_create_table, reply, "ResourceInUseException", &answer, e,
	                            "creating the table '%s'", w->want.names.table);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_CONFLICT, answer.status, "the table '%s' exists", w->want.names.table);
		return HEARD_UNSURE;    /* another run, or our own lost one: its tags will tell */
	}
	if (read_table(&w->table, value_get(answer.body, "TableDescription"), e) < 0)
		return HEARD_UNSURE;
	w->table.tags = table_tags(w, w->mem);
	claim_take_table(w);
	return HEARD_DONE;
}

bool table_not_active(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->table.presence == PRESENT && !text_same(w->table.status, "ACTIVE");
}

enum heard hear_table_active(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	enum heard heard = hear_table(world, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	if (w->table.presence != PRESENT || !text_same(w->table.status, "ACTIVE")) {
		err_set(e, ERR_LATE, 0, "the table '%s' is not active yet", w->want.names.table);
		return HEARD_NOT_YET;
	}
	return HEARD_DONE;
}

bool table_pitr_differs(const struct world *w)
{
	const struct have_table *t = &w->table;

	if (t->presence != PRESENT || (!t->made && t->pitr_read != PRESENT))
		return false;
	return t->pitr != w->want.pitr || (t->pitr && t->pitr_days != w->want.pitr_days);
}

bool pitr_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	if (w->table.presence == ABSENT)     /* planned */
		return w->want.pitr && !provision_held(w);
	return table_pitr_differs(w) && (w->table.made || provision_may_change(w)) && !provision_held(w);
}

int ask_set_pitr(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "TableName", w->want.names.table, NULL);
	struct value *spec = value_set(&rq->mem, params, "PointInTimeRecoverySpecification", value_new_map(&rq->mem));

	(void)item;
	value_set_bool(&rq->mem, spec, "PointInTimeRecoveryEnabled", w->want.pitr);
	if (w->want.pitr)
		value_set_int(&rq->mem, spec, "RecoveryPeriodInDays", w->want.pitr_days);
	return aws_ask(w->aws, rq, &dynamodb_update_continuous_backups, params, e);
}

enum heard hear_set_pitr(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_update_continuous_backups, reply, "ContinuousBackupsUnavailableException",
	                            &answer, e, "setting the PITR of the table '%s'", w->want.names.table);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_LATE, 0, "AWS is still enabling backups for the new table '%s'", w->want.names.table);
		return HEARD_NOT_YET;
	}
	w->table.pitr_read = PRESENT;
	w->table.pitr = w->want.pitr;
	w->table.pitr_days = w->want.pitr_days;
	return HEARD_DONE;
}

bool table_protection_differs(const struct world *w)
{
	return w->table.presence == PRESENT && w->table.deletion_protection != w->want.deletion_protection;
}

bool protection_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return table_protection_differs(w) && !w->table.made && provision_may_change(w);
}

int ask_set_protection(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "TableName", w->want.names.table, NULL);

	(void)item;
	value_set_bool(&rq->mem, params, "DeletionProtectionEnabled", w->want.deletion_protection);
	return aws_ask(w->aws, rq, &dynamodb_update_table, params, e);
}

enum heard hear_set_protection(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_update_table, reply, "ResourceInUseException", &answer, e,
	                            "setting the deletion protection of the table '%s'", w->want.names.table);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_LATE, 0, "the table '%s' is being changed", w->want.names.table);
		return HEARD_NOT_YET;
	}
	w->table.deletion_protection = w->want.deletion_protection;
	return HEARD_DONE;
}

static const struct value *marks_of(const struct world *w, struct arena *a)
{
	return params_of(a, TAG_LIVE, "true", TAG_KEY, mark_of_key(w), TAG_ROLE, world_role_arn(w), NULL);
}

/* The table's tags name key and role, since a search by tags sees roles in us-east-1 only. */
bool mark_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	if (provision_held(w))
		return false;
	if (w->table.presence != PRESENT || w->key.presence != PRESENT)
		return w->table.presence == ABSENT || w->key.presence == ABSENT;     /* planned */
	return (!text_same(value_text_or(value_get(w->table.tags, TAG_KEY), "", NULL), w->key.arn) && !mark_stays(w)) ||
	       !text_same(value_text_or(value_get(w->table.tags, TAG_ROLE), "", NULL), world_role_arn(w)) ||
	       !world_tags_are_live(w->table.tags);
}

int ask_mark_table(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "ResourceArn", w->table.arn, NULL);

	(void)item;
	if (mark_guard(w, e) < 0)
		return -1;
	value_set(&rq->mem, params, "Tags", tags_to_list(&rq->mem, marks_of(w, &rq->mem), "Key", "Value"));
	return aws_ask(w->aws, rq, &dynamodb_tag_resource, params, e);
}

enum heard hear_tagged_table(struct world *w, const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &dynamodb_tag_resource, reply, "ResourceInUseException", &answer, e,
	                            "tagging the table '%s'", w->want.names.table);

	if (heard != HEARD_DONE || answer.ok)
		return heard;
	err_set(e, ERR_LATE, 0, "the table '%s' is being changed", w->want.names.table);
	return HEARD_NOT_YET;
}

enum heard hear_marked_table(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	enum heard heard = hear_tagged_table(w, reply, e);
	struct value *tags;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	tags = value_copy(w->mem, w->table.tags);
	value_set_text(w->mem, tags, TAG_LIVE, "true");
	value_set_text(w->mem, tags, TAG_KEY, mark_of_key(w));
	value_set_text(w->mem, tags, TAG_ROLE, world_role_arn(w));
	w->table.tags = tags;
	return HEARD_DONE;
}
