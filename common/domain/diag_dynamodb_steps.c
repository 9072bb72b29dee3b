/* The steps of the dynamodb family: backups, throttles, the table's own key, and each of the six actions as the role. */
#include "domain/diag_kms.h"

#include "core/text.h"
#include "domain/hear.h"
#include "domain/table_trial.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { BACKUPS_MAX = 10000 };

static struct diag_dynamodb *part(struct diag *d)
{
	return diag_part(d, DIAG_DYNAMODB, sizeof(struct diag_dynamodb));
}

DUE(configured)
{
	const struct diag *d = world;

	(void)item;
	return diag_configured(d);
}

/* ---- the table by the stanza's region ---- */

DUE(table_elsewhere)
{
	const struct diag *d = world;

	return configured(d, item) && d->facts.storage_region && !text_same(d->facts.storage_region, diag_table_region(d));
}

ASK(ask_elsewhere)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, d->facts.storage_region, &dynamodb_describe_table,
	                    params_of(&rq->mem, "TableName", diag_table_name(d), NULL), e);
}

HEAR(hear_elsewhere)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &dynamodb_describe_table, reply, "ResourceNotFoundException", &answer, e,
	                                 "reading the table '%s' in %s", diag_table_name(d), d->facts.storage_region);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	part(d)->elsewhere_read = true;
	part(d)->elsewhere = answer.ok ? value_get(answer.body, "Table") : NULL;
	return HEARD_DONE;
}

/* ---- backups ---- */

ASK(ask_backups)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_table_region(d), &dynamodb_describe_continuous_backups,
	                    params_of(&rq->mem, "TableName", diag_table_name(d), NULL), e);
}

HEAR(hear_backups)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &dynamodb_describe_continuous_backups, reply, "TableNotFoundException", &answer, e,
	                                 "reading the backups of the table '%s'", diag_table_name(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	part(d)->backups_read = true;
	part(d)->backups = answer.ok ? value_get(answer.body, "ContinuousBackupsDescription") : NULL;
	return HEARD_DONE;
}

/* AWS Backup's own are listed too. */
ASK(ask_list)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_table_region(d), &dynamodb_list_backups,
	                    params_of(&rq->mem, "TableName", diag_table_name(d), "BackupType", "ALL", "ExclusiveStartBackupArn",
	                              diag_dynamodb(d)->more_backups, NULL), e);
}

HEAR(hear_list)
{
	struct diag *d = world;
	struct diag_dynamodb *p = part(d);
	struct aws_answer answer;
	const struct value *all;
	enum heard heard = diag_hear_aws(d, &dynamodb_list_backups, reply, "ResourceNotFoundException", &answer, e,
	                                 "listing the backups of the table '%s'", diag_table_name(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	all = answer.ok ? value_get(answer.body, "BackupSummaries") : NULL;
	for (size_t i = 0; all && all->type == VALUE_LIST && i < all->n; i++) {
		int64_t made_ms = diag_stamp_ms(value_get(all->items[i], "BackupCreationDateTime"));

		p->n_backups++;
		if (made_ms < p->last_backup_ms || !text_same(value_text_or(all->items[i], "BackupStatus", ""), "AVAILABLE"))
			continue;
		p->last_backup_ms = made_ms;
		p->last_backup = value_text_or(all->items[i], "BackupName", "");
		p->last_backup_arn = value_text_or(all->items[i], "BackupArn", NULL);
	}
	p->more_backups = answer.ok ? value_text_or(answer.body, "LastEvaluatedBackupArn", NULL) : NULL;
	if (p->more_backups && p->n_backups < BACKUPS_MAX)
		return HEARD_MORE;
	p->list_read = true;
	return HEARD_DONE;
}

/* ---- the key that encrypts the table ---- */

static const char *table_key(const struct diag *d)
{
	return d->table ? value_text_or(d->table, "SSEDescription.KMSMasterKeyArn", NULL) : NULL;
}

DUE(has_table_key)
{
	(void)item;
	return table_key(world) != NULL;
}

ASK(ask_table_key)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_table_region(d), &kms_describe_key, params_of(&rq->mem, "KeyId", table_key(d), NULL), e);
}

HEAR(hear_table_key)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &kms_describe_key, reply, "NotFoundException", &answer, e,
	                                 "reading the key '%s', which encrypts the table", table_key(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	part(d)->key_read = true;
	part(d)->key = answer.ok ? value_get(answer.body, "KeyMetadata") : NULL;
	return HEARD_DONE;
}

/* ---- throttles of the last hour ---- */

static void add_dimension(struct arena *a, struct value *dimensions, const char *name, const char *text)
{
	value_push(a, dimensions, params_of(a, "Name", name, "Value", text, NULL));
}

ASK(ask_metrics)
{
	const struct diag *d = world;
	struct arena *a = &rq->mem;
	struct value *params = value_new_map(a), *queries = value_new_list(a);
	int64_t now_s = host_wall_ms(d->host) / 1000;

	(void)item;
	for (size_t i = 0; i < METRICS; i++) {
		struct value *query = value_push(a, queries, params_of(a, "Id", arena_printf(a, "m%zu", i), NULL));
		struct value *stat = value_set(a, query, "MetricStat", value_new_map(a));
		struct value *metric = value_set(a, stat, "Metric", params_of(a, "Namespace", "AWS/DynamoDB", "MetricName",
		                                                            diag_metrics[i].name, NULL));
		struct value *dimensions = value_set(a, metric, "Dimensions", value_new_list(a));

		add_dimension(a, dimensions, "TableName", diag_table_name(d));
		if (diag_metrics[i].operation)
			add_dimension(a, dimensions, "Operation", diag_metrics[i].operation);
		value_set_int(a, stat, "Period", METRIC_PERIOD_S);
		value_set_text(a, stat, "Stat", "Sum");
	}
	value_set_int(a, params, "StartTime", now_s - METRIC_MINUTES * 60);
	value_set_int(a, params, "EndTime", now_s + METRIC_PERIOD_S);
	value_set(a, params, "MetricDataQueries", queries);
	return diag_ask_aws(d, rq, diag_table_region(d), &cloudwatch_get_metric_data, params, e);
}

HEAR(hear_metrics)
{
	struct diag *d = world;
	struct diag_dynamodb *p = part(d);
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &cloudwatch_get_metric_data, reply, NULL, &answer, e,
	                                 "asking CloudWatch for throttled requests of the table '%s'", diag_table_name(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	p->metrics = value_get(answer.body, "MetricDataResults");
	p->metrics_ms = host_wall_ms(d->host);
	p->metrics_read = true;
	return HEARD_DONE;
}

/* ---- the six actions as the role: what reads finds nothing, what writes cannot succeed ---- */

static size_t count_trial(const void *world)
{
	(void)world;
	return DIAG_TABLE_ACTIONS;
}

DUE(trial_due)
{
	return diag_trial_aws(world) && configured(world, item);
}

static int before_trial(void *world, size_t item, struct err *e)
{
	struct diag *d = world;

	(void)item;
	if (!part(d)->trial_item)
		part(d)->trial_item = table_trial_item(d->mem, d->host, "vault-check", e);
	return part(d)->trial_item ? 0 : -1;
}

ASK(ask_trial)
{
	const struct diag *d = world;
	struct value *params = table_trial_params(&rq->mem, (enum table_trial)item, diag_table_name(d), diag_dynamodb(d)->trial_item);

	return diag_ask_trial(d, rq, diag_table_region(d), table_trial_ops[item], params, e);
}

HEAR(hear_trial)
{
	struct diag *d = world;
	struct aws_answer answer;

	return diag_hear_trial(d, d->mem, table_trial_ops[item], reply, TABLE_TRIAL_HELD_BACK, &part(d)->trial[item], &answer, e);
}

const struct step diag_dynamodb_steps[DIAG_DYNAMODB_STEPS] = {
	{ .name = "table.elsewhere", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = table_elsewhere,
	  .ask = ask_elsewhere, .hear = hear_elsewhere },
	{ .name = "table.backups", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = configured,
	  .ask = ask_backups, .hear = hear_backups },
	{ .name = "backups.list", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = configured,
	  .ask = ask_list, .hear = hear_list },
	{ .name = "table.key", .may_fail = true, .needs = NEEDS("table.read"), .due = has_table_key,
	  .ask = ask_table_key, .hear = hear_table_key },
	{ .name = "table.metrics", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = configured,
	  .ask = ask_metrics, .hear = hear_metrics },
	{ .name = "trial.table", .may_fail = true, .needs = NEEDS("trial.assume", "config.read", "pods.read"), .count = count_trial,
	  .due = trial_due, .before = before_trial, .ask = ask_trial, .hear = hear_trial },
};
