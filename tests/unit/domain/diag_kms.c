/* The steps of kms and dynamodb: what they ask, and what they make of recorded replies. */
#include "unit/unit.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/diag_irsa_part.h"
#include "domain/diag_kms.h"
#include "fake/host.h"
#include "formats/json.h"

#define ARN "arn:aws:kms:us-east-1:111122223333:key/9e2c7aec-ab72-4f46-83d5-d3ca48132bd4"

struct run {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct diag d;
	struct diag_irsa irsa;
	struct aws aws;
};

static void run_init(struct run *r)
{
	static const char pods[] = "{\"items\":[]}";
	AUTO(err) struct err e = { 0 };
	struct value *list;

	*r = (struct run){ 0 };
	r->files.wall_ms = INT64_C(1795501789000);
	r->host = fake_host(&r->files);
	r->aws = (struct aws){ .host = &r->host, .region = "us-east-1", .partition = "aws", .dns_suffix = "amazonaws.com",
	                       .mem = &r->mem };
	r->aws.creds.key_id = (char *)"AKIDEXAMPLE";
	secret_set(&r->aws.creds.secret_key, view_text("not-a-secret"));
	r->d = (struct diag){ .mem = &r->mem, .host = &r->host, .aws = &r->aws, .config_presence = DIAG_PRESENT,
	                      .release = { .name = "vault", .namespace_ = "vault", .fullname = "vault" },
	                      .facts = { .table = "t", .storage_region = "us-east-1", .key_id = ARN, .seal_region = "us-east-1" } };
	assert_int_equal(va_json_parse(&r->mem, view_text(pods), NULL, &list, &e), 0);
	assert_int_equal(pod_list_read(&r->d.pods, &r->mem, list, &e), 0);
	r->irsa.trial_open = true;
	r->irsa.trial = r->aws;
	r->irsa.trial.creds = (struct credentials){ .key_id = (char *)"ASIAEXAMPLE" };
	secret_set(&r->irsa.trial.creds.secret_key, view_text("not-one-either"));
	r->d.part[DIAG_IRSA] = &r->irsa;
}

static void run_release(struct run *r)
{
	diag_kms_release(&r->d);
	secret_release(&r->aws.creds.secret_key);
	secret_release(&r->irsa.trial.creds.secret_key);
	fake_host_release(&r->files);
	arena_release(&r->mem);
}
SCOPE_END(run, struct run, run_release(v))

static const struct step *step_named(const char *name)
{
	for (size_t i = 0; i < DIAG_KMS_STEPS; i++)
		if (text_same(diag_kms_steps[i].name, name))
			return &diag_kms_steps[i];
	for (size_t i = 0; i < DIAG_DYNAMODB_STEPS; i++)
		if (text_same(diag_dynamodb_steps[i].name, name))
			return &diag_dynamodb_steps[i];
	fail_msg("there is no step '%s'", name);
	return NULL;
}

/* The body that the step sends, in the run's arena. */
static const struct value *asked(struct run *r, const char *name, size_t item)
{
	struct request rq = { 0 };
	AUTO(err) struct err e = { 0 };
	const struct step *s = step_named(name);
	struct value *body = NULL;

	assert_true(!s->due || s->due(&r->d, item));
	if (s->before && s->before(&r->d, item, &e) < 0)
		fail_msg("%s", e.text);
	if (s->ask(&r->d, item, &rq, &e) < 0 || va_json_parse(&r->mem, rq.body, NULL, &body, &e) < 0)
		fail_msg("%s", e.text);
	request_release(&rq);
	return body;
}

static enum heard hear(struct run *r, const char *name, size_t item, int status, const char *body)
{
	struct reply reply = { .status = status, .head = BUF_MAX(4096), .body = BUF_MAX(1 << 20) };
	AUTO(err) struct err e = { 0 };
	enum heard heard;

	buf_text(&reply.head, "Date: Tue, 24 Nov 2026 06:29:50 GMT\n");
	buf_text(&reply.body, body);
	heard = step_named(name)->hear(&r->d, item, &reply, &e);
	assert_int_equal(heard == HEARD_DONE || heard == HEARD_MORE, e.text == NULL);
	reply_release(&reply);
	return heard;
}

/* As a table of Vault 1.21 holds them; the ciphertext is another. */
static void what_vault_stores_is_read(void **state)
{
	AUTO(run) struct run r;
	AUTO(buf) struct buf item = BUF_MAX(4096), blob = BUF_MAX(4096);
	const struct stored *s;

	(void)state;
	run_init(&r);
	s = diag_stored(&r.d);
	assert_false(s->read);
	assert_int_equal(hear(&r, "stored.read", 0, 200, "{\"Item\":{\"Key\":{\"S\":\"seal-config\"},\"Path\":{\"S\":\"core\"},\"Value\":{\"B\":"
	     "\"eyJ0eXBlIjoiYXdza21zIiwic2VjcmV0X3NoYXJlcyI6MSwic2VjcmV0X3RocmVzaG9sZCI6MSwicGdwX2tleXMiOm51bGwsIm5vbmNlIjoiIiw"
	     "iYmFja3VwIjpmYWxzZSwic3RvcmVkX3NoYXJlcyI6MSwibmFtZSI6IiJ9\"}}}"), HEARD_DONE);
	buf_put(&blob, "\x0a\x03" "abc" "\x12\x02" "iv" "\x2a\x4f\x08\x01\x1a\x4b", 15);
	buf_text(&blob, ARN);
	buf_text(&item, "{\"Item\":{\"Value\":{\"B\":\"");
	base64_print(&item, buf_bytes(&blob));
	buf_text(&item, "\"}}}");
	assert_int_equal(hear(&r, "stored.read", 1, 200, buf_str(&item)), HEARD_DONE);
	assert_int_equal(hear(&r, "stored.read", 2, 200, "{\"Item\":{\"Path\":{\"S\":\"core\"},\"Key\":{\"S\":\"_lock\"},\"Value\":{\"B\":"
	     "\"MzdkMmU1ZjUtMGEzZS03ZTAzLTAxMjMtZDc1Mjc5Mjg2YWVk\"},\"Identity\":{\"B\":\"YQ==\"},\"Expires\":{\"N\":\"1795501795757059802\"}}}"),
	     HEARD_DONE);
	s = diag_stored(&r.d);
	assert_true(s->read && s->sealed_config && s->root_key && s->lock && !s->root_key_foreign);
	assert_text(s->seal_type, "awskms");
	assert_int_equal(s->n_keys, 1);
	assert_text(s->keys[0], ARN);
	assert_text(s->lock_holder, "37d2e5f5-0a3e-7e03-0123-d75279286aed");
	assert_int_equal(s->lock_expires_ms, INT64_C(1795501795757));
	assert_int_equal(s->aws_ms, INT64_C(1795501790000));
	assert_int_equal(s->our_ms, INT64_C(1795501789000));
}

static void what_is_not_stored_is_not_there(void **state)
{
	AUTO(run) struct run r;
	const struct stored *s;

	(void)state;
	run_init(&r);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(hear(&r, "stored.read", i, 200, "{}"), HEARD_DONE);
	s = diag_stored(&r.d);
	assert_true(s->read && !s->sealed_config && !s->root_key && !s->lock && !s->table_absent);
	assert_int_equal(hear(&r, "stored.read", 1, 200, "{\"Item\":{\"Value\":{\"B\":\"AAAA\"}}}"), HEARD_DONE);
	assert_true(s->root_key_foreign && !s->n_keys);
	assert_int_equal(hear(&r, "stored.read", 0, 400, "{\"__type\":\"x#ResourceNotFoundException\"}"), HEARD_DONE);
	assert_true(s->table_absent && !s->read);
	assert_int_equal(hear(&r, "stored.read", 0, 400, "{\"__type\":\"x#AccessDeniedException\"}"), HEARD_REFUSED);
}

static void grants_come_in_pages(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	assert_null(value_get(asked(&r, "key.grants", 0), "Marker"));
	assert_int_equal(hear(&r, "key.grants", 0, 200, "{\"Grants\":[{\"GrantId\":\"a\"}],\"Truncated\":true,\"NextMarker\":\"m\"}"),
	                 HEARD_MORE);
	assert_false(diag_kms(&r.d)->grants_read);
	assert_text(value_text_or(asked(&r, "key.grants", 0), "Marker", NULL), "m");
	assert_int_equal(hear(&r, "key.grants", 0, 200, "{\"Grants\":[{\"GrantId\":\"b\"}],\"Truncated\":false}"), HEARD_DONE);
	assert_true(diag_kms(&r.d)->grants_read);
	assert_int_equal(diag_kms(&r.d)->grants->n, 2);
}

static void a_key_without_rotation_is_no_failure(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	assert_int_equal(hear(&r, "key.rotation", 0, 400, "{\"__type\":\"UnsupportedOperationException\"}"), HEARD_DONE);
	assert_true(diag_kms(&r.d)->rotation_read && !diag_kms(&r.d)->rotation);
	assert_int_equal(hear(&r, "key.rotation", 0, 400, "{\"__type\":\"AccessDeniedException\"}"), HEARD_REFUSED);
}

static void the_newest_backup_is_found_over_pages(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	assert_int_equal(hear(&r, "backups.list", 0, 200, "{\"BackupSummaries\":["
	     "{\"BackupName\":\"new\",\"BackupArn\":\"arn:2\",\"BackupStatus\":\"AVAILABLE\",\"BackupCreationDateTime\":1795490000.25},"
	     "{\"BackupName\":\"unfinished\",\"BackupStatus\":\"CREATING\",\"BackupCreationDateTime\":1795499999}],"
	     "\"LastEvaluatedBackupArn\":\"arn:1\"}"), HEARD_MORE);
	assert_text(value_text_or(asked(&r, "backups.list", 0), "ExclusiveStartBackupArn", NULL), "arn:1");
	assert_int_equal(hear(&r, "backups.list", 0, 200, "{\"BackupSummaries\":["
	     "{\"BackupName\":\"old\",\"BackupStatus\":\"AVAILABLE\",\"BackupCreationDateTime\":1795000000}]}"), HEARD_DONE);
	assert_text(diag_dynamodb(&r.d)->last_backup, "new");
	assert_text(diag_dynamodb(&r.d)->last_backup_arn, "arn:2");
	assert_int_equal(diag_dynamodb(&r.d)->last_backup_ms, INT64_C(1795490000250));
	assert_int_equal(diag_dynamodb(&r.d)->n_backups, 3);
}

static void metrics_are_summed(void **state)
{
	AUTO(run) struct run r;
	const struct value *body;

	(void)state;
	run_init(&r);
	body = asked(&r, "table.metrics", 0);
	assert_int_equal(value_count(body, "MetricDataQueries"), METRICS);
	assert_text(value_text_or(body, "MetricDataQueries.1.MetricStat.Metric.MetricName", NULL), "WriteThrottleEvents");
	assert_text(value_text_or(body, "MetricDataQueries.2.MetricStat.Metric.Dimensions.1.Value", NULL), "UpdateItem");
	assert_int_equal(value_int_or(body, "StartTime", 0), 1795501789 - 3600);
	assert_int_equal(hear(&r, "table.metrics", 0, 200, "{\"MetricDataResults\":["
	     "{\"Id\":\"m1\",\"Timestamps\":[1795501740,1795501680.0],\"Values\":[2.0,3]},{\"Id\":\"m9\",\"Values\":[7]}]}"), HEARD_DONE);
	assert_true(diag_metric_sum(&r.d, 1, 0) == 5.0);
	assert_true(diag_metric_sum(&r.d, 1, INT64_C(1795501750000)) == 2.0);
	assert_true(diag_metric_sum(&r.d, 0, 0) == 0.0);
}

/* No write of a trial can succeed: two have a condition that contradicts itself, one deletes what is not there. */
static void trials_of_the_table_change_nothing(void **state)
{
	AUTO(run) struct run r;
	const char *item;

	(void)state;
	run_init(&r);
	for (size_t i = 4; i < DIAG_TABLE_ACTIONS; i++) {
		const struct value *body = asked(&r, "trial.table", i);

		assert_text(value_text_or(body, "ConditionExpression", NULL), "attribute_exists(#p) AND attribute_not_exists(#p)");
		assert_null(value_get(body, "UpdateExpression"));
	}
	item = diag_dynamodb(&r.d)->trial_item;
	assert_int_equal(strlen(item), strlen("vault-check-") + 32);
	assert_text(value_text_or(asked(&r, "trial.table", 3), "RequestItems.t.0.DeleteRequest.Key.Path.S", NULL), item);
	assert_text(value_text_or(asked(&r, "trial.table", 1), "Key.Key.S", NULL), item);
	assert_text(value_text_or(asked(&r, "trial.table", 2), "ExpressionAttributeValues.:p.S", NULL), item);
}

static void refusals_of_trials_are_answers(void **state)
{
	AUTO(run) struct run r;
	const struct trial *t;

	(void)state;
	run_init(&r);
	assert_int_equal(hear(&r, "trial.table", 4, 400, "{\"__type\":\"x#ConditionalCheckFailedException\",\"message\":\"m\"}"), HEARD_DONE);
	assert_int_equal(hear(&r, "trial.table", 5, 400, "{\"__type\":\"x#AccessDeniedException\",\"Message\":\"not authorized\"}"),
	                 HEARD_DONE);
	t = diag_dynamodb(&r.d)->trial;
	assert_true(t[4].asked && t[4].allowed && t[5].asked && !t[5].allowed && !t[0].asked);
	assert_text(t[5].code, "AccessDeniedException");
	assert_text(t[5].message, "not authorized");
	assert_int_equal(hear(&r, "trial.table", 0, 400, "{\"__type\":\"x#ThrottlingException\"}"), HEARD_BUSY);
	assert_int_equal(hear(&r, "trial.table", 0, 200, "{\"Table"), HEARD_UNSURE);
}

/* Random bytes there and back; a single one that differs shows. */
static void the_round_trip_compares_bytes(void **state)
{
	AUTO(run) struct run r;
	AUTO(buf) struct buf answer = BUF_MAX(1024);
	const char *plain;

	(void)state;
	run_init(&r);
	plain = value_text_or(asked(&r, "trial.key", 1), "Plaintext", "");
	assert_int_equal(strlen(plain), 44);
	assert_int_equal(hear(&r, "trial.key", 1, 200, "{\"CiphertextBlob\":\"AQID\"}"), HEARD_DONE);
	assert_text(value_text_or(asked(&r, "trial.decrypt", 0), "CiphertextBlob", NULL), "AQID");
	buf_printf(&answer, "{\"Plaintext\":\"%s\"}", plain);
	assert_int_equal(hear(&r, "trial.decrypt", 0, 200, buf_str(&answer)), HEARD_DONE);
	assert_true(diag_kms(&r.d)->probe_same);
	buf_cut(&answer, 0);
	buf_printf(&answer, "{\"Plaintext\":\"%c%s\"}", plain[0] == 'A' ? 'B' : 'A', plain + 1);
	assert_int_equal(hear(&r, "trial.decrypt", 0, 200, buf_str(&answer)), HEARD_DONE);
	assert_false(diag_kms(&r.d)->probe_same);
}

static void without_the_role_nothing_is_tried(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	r.irsa.trial_open = false;
	assert_false(step_named("trial.key")->due(&r.d, 0));
	assert_false(step_named("trial.table")->due(&r.d, 0));
	assert_false(step_named("trial.decrypt")->due(&r.d, 0));
}

/* The key's own region is asked only where it is another than the pods'. */
static void elsewhere_is_asked_where_it_differs(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	assert_false(step_named("key.elsewhere")->due(&r.d, 0));
	assert_false(step_named("table.elsewhere")->due(&r.d, 0));
	r.d.facts.seal_region = "eu-west-1";
	assert_text(diag_key_home(&r.d), "us-east-1");
	assert_true(step_named("key.elsewhere")->due(&r.d, 0));
	r.d.facts.key_id = "alias/a";
	assert_text(diag_key_home(&r.d), "eu-west-1");
	assert_null(diag_key_ref(&r.d));
	assert_false(step_named("key.policy")->due(&r.d, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_vault_stores_is_read),
		cmocka_unit_test(what_is_not_stored_is_not_there),
		cmocka_unit_test(grants_come_in_pages),
		cmocka_unit_test(a_key_without_rotation_is_no_failure),
		cmocka_unit_test(the_newest_backup_is_found_over_pages),
		cmocka_unit_test(metrics_are_summed),
		cmocka_unit_test(trials_of_the_table_change_nothing),
		cmocka_unit_test(refusals_of_trials_are_answers),
		cmocka_unit_test(the_round_trip_compares_bytes),
		cmocka_unit_test(without_the_role_nothing_is_tried),
		cmocka_unit_test(elsewhere_is_asked_where_it_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
