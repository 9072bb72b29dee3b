/* dynamodb: the table that the pods ask for: where, what and how it is, and what it has to bear. */
#include "domain/check_kms.h"

#include "core/text.h"

#include <inttypes.h>

/* Each standby asks for the lock every second, which is a write even when refused; the active node renews every 5 s. */
#define STANDBY_WRITES 1.0
#define ACTIVE_WRITES 0.2

enum {
	LATELY_S = 600,                      /* throttled since then: now */
	MANY_ITEMS = 1000000,                /* the order in which failover was seen to take minutes */
	LARGE_ITEM_BYTES = 100 << 10,        /* on average, of 400 KB that an item may hold */
};

static const char *table_word(const struct diag *d, struct finding *f)
{
	return arena_printf(f->mem, "--region %s --table-name %s", shell_word(f->mem, diag_table_region(d)),
	                    shell_word(f->mem, diag_table_name(d)));
}

static const char *region_variable(const struct diag *d)
{
	static const char *const names[] = { "AWS_DYNAMODB_REGION", "AWS_REGION", "AWS_DEFAULT_REGION" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!text_empty(diag_setting(d, names[i])))
			return names[i];
	return NULL;
}

JUDGE(judge_table_region)
{
	const char *home = d->facts.storage_region, *region = diag_table_region(d), *variable = region_variable(d);
	const struct diag_dynamodb *p = diag_dynamodb(d);

	if (!home || text_same(home, region)) {
		found(f, "the table is looked for in %s", region);
		return VERDICT_PASS;
	}
	evidence(f, "storage stanza", "%s", home);
	evidence(f, variable ? variable : "region", "%s", region);
	if (p->elsewhere_read)
		evidence(f, "in the stanza's region", "%s", p->elsewhere ? value_text_or(p->elsewhere, "TableArn", "") : "not there");
	if (d->table && !(p->elsewhere_read && p->elsewhere)) {
		found(f, "%s=%s of the pods wins over the storage stanza's region %s; the table is there", variable, region, home);
		return VERDICT_WARN;
	}
	if (d->table)
		found(f, "%s=%s of the pods wins over the storage stanza's region %s, and there is a table '%s' in both: Vault uses the "
		         "one in %s", variable, region, home, diag_table_name(d), region);
	else
		found(f, "%s=%s of the pods wins over the storage stanza's region %s, and the table is not there", variable, region, home);
	fix_setting(d, f, "AWS_DYNAMODB_REGION", home);
	fix_restart(d, f);
	return VERDICT_FAIL;
}

/* As `helm vault-aws apply` makes it, so that it goes on from there; only where no backup could be restored instead. */
static void fix_absent(const struct diag *d, struct finding *f)
{
	const struct diag_dynamodb *p = diag_dynamodb(d);
	const char *region = shell_word(f->mem, diag_table_region(d)), *name = shell_word(f->mem, diag_table_name(d));

	if (p->last_backup_arn) {
		evidence(f, "newest backup", "%s, %s", p->last_backup, ago(f->mem, p->last_backup_ms, host_wall_ms(d->host)));
		fix(f, "aws dynamodb restore-table-from-backup --region %s --target-table-name %s --backup-arn %s", region, name,
		    shell_word(f->mem, p->last_backup_arn));
	} else {
		fix(f, "aws dynamodb create-table --region %s --table-name %s --attribute-definitions "
		       "AttributeName=Path,AttributeType=S AttributeName=Key,AttributeType=S --key-schema "
		       "AttributeName=Path,KeyType=HASH AttributeName=Key,KeyType=RANGE --billing-mode PAY_PER_REQUEST "
		       "--deletion-protection-enabled", region, name);
	}
	fix(f, "aws dynamodb wait table-exists --region %s --table-name %s", region, name);
	fix_restart(d, f);
}

JUDGE(judge_table)
{
	const char *name = diag_table_name(d), *region = diag_table_region(d);

	evidence(f, "table", "%s", name);
	evidence(f, "region", "%s", region);
	if (!d->table && d->assumed)
		return unknown_assumed(f, "table", name, "dynamodb-table-name");
	if (!d->table) {
		found(f, "the table '%s' does not exist in %s", name, region);
		fix_absent(d, f);
		return VERDICT_FAIL;
	}
	found(f, "'%s' is there", value_text_or(d->table, "TableArn", name));
	return VERDICT_PASS;
}

static const char *schema_name(const struct value *table, const char *key_type)
{
	const struct value *schema = value_get(table, "KeySchema");

	for (size_t i = 0; schema && schema->type == VALUE_LIST && i < schema->n; i++)
		if (text_same(value_text_or(schema->items[i], "KeyType", ""), key_type))
			return value_text_or(schema->items[i], "AttributeName", "");
	return "";
}

static const char *attribute_type(const struct value *table, const char *name)
{
	const struct value *all = value_get(table, "AttributeDefinitions");

	for (size_t i = 0; all && all->type == VALUE_LIST && i < all->n; i++)
		if (text_same(value_text_or(all->items[i], "AttributeName", ""), name))
			return value_text_or(all->items[i], "AttributeType", "");
	return "S";
}

/* A table's key cannot be changed: the other table is left as it is, and Vault is given another name. */
JUDGE(judge_schema)
{
	const char *hash = schema_name(d->table, "HASH"), *range = schema_name(d->table, "RANGE"), *name;

	evidence(f, "key", "%s, %s", hash, range);
	if (text_same(hash, "Path") && text_same(range, "Key") && text_same(attribute_type(d->table, "Path"), "S") &&
	    text_same(attribute_type(d->table, "Key"), "S")) {
		found(f, "its key is Path and Key, as Vault needs it");
		return VERDICT_PASS;
	}
	found(f, "the table '%s' is no table of Vault's: its key is '%s' and '%s', not the texts 'Path' and 'Key'",
	      diag_table_name(d), hash, range);
	name = d->facts.table && !text_same(d->facts.table, diag_table_name(d)) ? d->facts.table : NULL;
	if (name) {
		fix_setting(d, f, "AWS_DYNAMODB_TABLE", name);
		fix_restart(d, f);
	} else {
		fix(f, "aws dynamodb list-tables --region %s    # which one it should be", shell_word(f->mem, diag_table_region(d)));
	}
	return VERDICT_FAIL;
}

JUDGE(judge_status)
{
	const char *status = value_text_or(d->table, "TableStatus", "");

	evidence(f, "status", "%s", status);
	if (text_same(status, "ACTIVE") || text_same(status, "UPDATING")) {
		found(f, "the table is %s", status);
		return VERDICT_PASS;
	}
	found(f, "the table '%s' is %s", diag_table_name(d), status);
	if (text_same(status, "CREATING"))
		fix(f, "aws dynamodb wait table-exists %s", table_word(d, f));
	return VERDICT_FAIL;
}

static const char *sse_key_state(const struct diag *d)
{
	const struct diag_dynamodb *p = diag_dynamodb(d);

	return p->key ? value_text_or(p->key, "KeyState", "") : "not there";
}

JUDGE(judge_encryption)
{
	const char *arn = value_text_or(d->table, "SSEDescription.KMSMasterKeyArn", NULL), *state;
	const char *region = shell_word(f->mem, diag_table_region(d));

	if (!arn) {
		found(f, "encrypted with a key that AWS owns");
		return VERDICT_PASS;
	}
	if (!diag_dynamodb(d)->key_read)
		return unknown(f, "kms:DescribeKey", "the key '%s', which encrypts the table, could not be read", arn);
	state = sse_key_state(d);
	evidence(f, "key", "%s (%s)", arn, state);
	if (text_same(state, "Enabled")) {
		found(f, "encrypted with '%s'", arn);
		return VERDICT_PASS;
	}
	found(f, "the table is encrypted with the key '%s', which is %s: nothing can be read", arn, state);
	if (text_same(state, "PendingDeletion"))
		fix(f, "aws kms cancel-key-deletion --region %s --key-id %s", region, shell_word(f->mem, arn));
	if (diag_dynamodb(d)->key)
		fix(f, "aws kms enable-key --region %s --key-id %s", region, shell_word(f->mem, arn));
	return VERDICT_FAIL;
}

/* physical/dynamodb/dynamodb.go: the variable wins, and only what strconv.ParseBool takes for true is on. */
JUDGE(judge_ha)
{
	static const char *const on[] = { "1", "t", "T", "TRUE", "true", "True" };
	const char *variable = diag_setting(d, "DYNAMODB_HA_ENABLED"), *text = text_empty(variable) ? d->facts.ha_enabled : variable;

	for (size_t i = 0; i < COUNT_OF(on); i++)
		if (text_same(text, on[i])) {
			found(f, "ha_enabled is on");
			return VERDICT_PASS;
		}
	evidence(f, "ha_enabled", "%s", text ? text : "not set");
	if (d->release.replicas <= 1) {
		found(f, "ha_enabled is off, with one replica");
		return VERDICT_INFO;
	}
	found(f, "ha_enabled is off, and %" PRId64 " replicas write to one table without a lock: that corrupts it",
	      d->release.replicas);
	fix_setting(d, f, "DYNAMODB_HA_ENABLED", "true");
	fix_restart(d, f);
	return VERDICT_FAIL;
}

static bool on_demand(const struct diag *d)
{
	return text_same(value_text_or(d->table, "BillingModeSummary.BillingMode", "PROVISIONED"), "PAY_PER_REQUEST");
}

static void fix_on_demand(const struct diag *d, struct finding *f)
{
	fix(f, "aws dynamodb update-table %s --billing-mode PAY_PER_REQUEST", table_word(d, f));
	fix(f, "aws dynamodb wait table-exists %s", table_word(d, f));
}

JUDGE(judge_capacity)
{
	int64_t writes = value_int_or(d->table, "ProvisionedThroughput.WriteCapacityUnits", 0);
	int64_t standbys = d->release.replicas > 1 ? d->release.replicas - 1 : 0;
	double floor = (double)standbys * STANDBY_WRITES + ACTIVE_WRITES;

	if (on_demand(d)) {
		found(f, "billed on demand; the lock alone takes %.1f writes a second", floor);
		return VERDICT_PASS;
	}
	evidence(f, "capacity", "%" PRId64 " reads, %" PRId64 " writes a second",
	         value_int_or(d->table, "ProvisionedThroughput.ReadCapacityUnits", 0), writes);
	evidence(f, "the lock of an idle Vault", "%.1f writes a second with %" PRId64 " replicas", floor, d->release.replicas);
	if ((double)writes < floor) {
		found(f, "%" PRId64 " writes a second are provisioned, and the lock of %" PRId64 " replicas alone takes %.1f", writes,
		      d->release.replicas, floor);
		fix_on_demand(d, f);
		return VERDICT_FAIL;
	}
	if ((double)writes < floor * 4) {
		found(f, "of %" PRId64 " provisioned writes a second the lock alone takes %.1f", writes, floor);
		fix_on_demand(d, f);
		return VERDICT_WARN;
	}
	found(f, "%" PRId64 " writes a second are provisioned, of which the lock takes %.1f", writes, floor);
	return VERDICT_PASS;
}

/* What was throttled before the table got more capacity is over. */
static int64_t last_increase_ms(const struct diag *d)
{
	int64_t demand_ms = diag_stamp_ms(value_at(d->table, "BillingModeSummary.LastUpdateToPayPerRequestDateTime"));
	int64_t more_ms = diag_stamp_ms(value_at(d->table, "ProvisionedThroughput.LastIncreaseDateTime"));

	return demand_ms > more_ms ? demand_ms : more_ms;
}

JUDGE(judge_throttles)
{
	const struct diag_dynamodb *p = diag_dynamodb(d);
	int64_t since_ms = last_increase_ms(d), lately_ms = p->metrics_ms - LATELY_S * 1000;
	double hour = 0, lately = 0;

	/* A period that began before the increase is not told apart from it. */
	if (since_ms)
		since_ms += METRIC_PERIOD_S * 1000;
	for (size_t i = 0; i < METRICS; i++) {
		double sum = diag_metric_sum(d, i, since_ms);

		if (sum > 0)
			evidence(f, diag_metrics[i].name, "%.0f%s%s in the last hour", sum, diag_metrics[i].operation ? " of " : "",
			         diag_metrics[i].operation ? diag_metrics[i].operation : "");
		if (diag_metrics[i].operation)
			continue;
		hour += sum;
		lately += diag_metric_sum(d, i, since_ms > lately_ms ? since_ms : lately_ms);
	}
	if (hour <= 0) {
		found(f, "no request was throttled in the last hour");
		return VERDICT_PASS;
	}
	found(f, "%.0f requests were throttled in the last hour, %.0f of them in the last ten minutes", hour, lately);
	if (!on_demand(d))
		fix_on_demand(d, f);
	return lately > 0 ? VERDICT_FAIL : VERDICT_WARN;
}

JUDGE(judge_protection)
{
	if (value_bool_or(d->table, "DeletionProtectionEnabled", false)) {
		found(f, "protected against deletion");
		return VERDICT_PASS;
	}
	found(f, "one call of DeleteTable is enough to lose the table");
	fix(f, "aws dynamodb update-table %s --deletion-protection-enabled", table_word(d, f));
	return VERDICT_WARN;
}

JUDGE(judge_size)
{
	int64_t items = value_int_or(d->table, "ItemCount", 0), bytes = value_int_or(d->table, "TableSizeBytes", 0);
	int64_t average = items > 0 ? bytes / items : 0;

	found(f, "%" PRId64 " items, %" PRId64 " KiB, as counted within the last six hours", items, bytes / 1024);
	if (average >= LARGE_ITEM_BYTES) {
		found(f, "an item takes %" PRId64 " KiB on average: what grows past 400 KB can no longer be written", average / 1024);
		return VERDICT_WARN;
	}
	if (items >= MANY_ITEMS) {
		found(f, "%" PRId64 " items: a new leader may need minutes to start", items);
		return VERDICT_WARN;
	}
	return VERDICT_INFO;
}
