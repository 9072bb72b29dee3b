/* The spool: what is written is read back, sealed, and never written over by another run. */
#include "domain/spool.h"

#include "unit/domain/fixture.h"
#include "unit/unit.h"

#define TOKEN "hvs.5ec2e75ec2e7"

static const struct want want = { .cluster = "prod", .region = "eu-central-1", .namespace_ = "vault", .release = "vault" };

static struct spool new_spool(struct given *g)
{
	struct spool s;

	fake_host_env(&g->files, "XDG_STATE_HOME", "/state");
	assert_int_equal(spool_new(&s, &g->mem, &g->host, &want, spool_path(&g->mem, &g->host, &want), &g->e), 0);
	s.table = "prod-vault";
	s.kms_key = "arn:aws:kms:eu-central-1:111122223333:key/custody";
	s.data_key = "QUFBQQ==";
	return s;
}

static void hold(struct secret *key, struct secret *values)
{
	unsigned char bytes[32] = { 7 };

	secret_set(key, view_of(bytes, sizeof(bytes)));
	secret_set(&values[CUSTODY_RECOVERY_KEYS], view_text("{\"recovery_keys\":[\"5ec2e7\"]}"));
	secret_set(&values[CUSTODY_ROOT_TOKEN], view_text(TOKEN));
}

static void let_go(struct secret *key, struct secret *values)
{
	secret_release(key);
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&values[i]);
}

static void each_stage_is_read_back(void **state)
{
	AUTO(given) struct given g;
	struct spool s, back;
	unsigned mode = 0;

	(void)state;
	given_init(&g);
	s = new_spool(&g);
	assert_string_equal(s.path, "/state/helm-vault-aws/init/eu-central-1-prod-vault-vault.json");
	assert_int_equal(spool_read(&back, &g.mem, &g.host, s.path, &g.e), 0);
	assert_int_equal(back.stage, SPOOL_NONE);
	for (enum spool_stage stage = SPOOL_PREPARED; stage <= SPOOL_BEGUN; stage++) {
		assert_int_equal(spool_write(&s, &g.mem, &g.host, stage, &g.e), 0);
		assert_int_equal(spool_read(&back, &g.mem, &g.host, s.path, &g.e), 0);
		assert_int_equal(back.stage, stage);
		assert_string_equal(back.id, s.id);
		assert_string_equal(back.data_key, s.data_key);
	}
	assert_non_null(fake_host_content(&g.files, s.path, &mode));
	assert_int_equal(mode, 0600);
	assert_int_equal(spool_remove(&s, &g.mem, &g.host, &g.e), 0);
	assert_null(fake_host_content(&g.files, s.path, NULL));
}

static void the_keys_are_sealed(void **state)
{
	AUTO(given) struct given g;
	struct secret key = {0}, values[CUSTODY_VALUES] = {{0}}, out[CUSTODY_VALUES] = {{0}}, none = {0};
	struct spool s, back;

	(void)state;
	given_init(&g);
	s = new_spool(&g);
	hold(&key, values);
	assert_int_equal(spool_seal(&s, &g.mem, &g.host, &key, values, &g.e), 0);
	assert_int_equal(spool_write(&s, &g.mem, &g.host, SPOOL_KEYS, &g.e), 0);
	assert_null(strstr(fake_host_content(&g.files, s.path, NULL), "5ec2e7"));
	assert_int_equal(spool_read(&back, &g.mem, &g.host, s.path, &g.e), 0);
	assert_int_equal(back.stage, SPOOL_KEYS);
	assert_int_equal(spool_open(&back, &key, out, &g.e), 0);
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		assert_true(secret_same(&values[i], &out[i]));
	assert_int_equal(spool_write(&s, &g.mem, &g.host, SPOOL_BEGUN, &g.e), -1);   /* by another process of the same run */
	assert_int_equal(g.e.kind, ERR_GUARD);
	err_release(&g.e);
	assert_int_equal(spool_write(&s, &g.mem, &g.host, SPOOL_KEYS, &g.e), 0);
	back.id = "00000000000000000000000000000000";
	assert_int_equal(spool_open(&back, &key, out, &g.e), -1);
	assert_int_equal(g.e.kind, ERR_CONFIG);
	assert_int_equal(spool_open(&s, &none, out, &g.e), -1);
	let_go(&key, values);
	let_go(&key, out);
}

/* What gpg is to make waits for whoever opens the key, and is for one file of one run. */
static void a_file_waits_sealed(void **state)
{
	AUTO(given) struct given g;
	struct secret key = {0}, values[CUSTODY_VALUES] = {{0}}, out = {0};
	struct value *to;
	struct spool s, back;

	(void)state;
	given_init(&g);
	s = new_spool(&g);
	hold(&key, values);
	to = value_new_list(&g.mem);
	value_push(&g.mem, to, value_new_text(&g.mem, "FPR"));
	assert_null(spool_file_key(&s, "a.pgp"));
	assert_null(spool_file_to(&s, "a.pgp"));
	assert_int_equal(spool_seal_file(&s, &g.mem, &g.host, "a.pgp", &key, "d3JhcA==", to, &values[CUSTODY_ROOT_TOKEN], &g.e), 0);
	assert_int_equal(spool_seal_file(&s, &g.mem, &g.host, "b.pgp", &key, "d3JhcA==", to, &values[CUSTODY_ROOT_TOKEN], &g.e), 0);
	value_set_text(&g.mem, s.files, "c.age", "eA==");
	assert_int_equal(spool_write(&s, &g.mem, &g.host, SPOOL_KEYS, &g.e), 0);
	assert_null(strstr(fake_host_content(&g.files, s.path, NULL), "5ec2e7"));
	assert_int_equal(spool_read(&back, &g.mem, &g.host, s.path, &g.e), 0);
	assert_string_equal(spool_file_key(&back, "a.pgp"), "d3JhcA==");
	assert_string_equal(spool_file_to(&back, "a.pgp")->items[0]->text, "FPR");
	assert_null(spool_file_key(&back, "c.age"));
	assert_int_equal(spool_open_file(&back, "a.pgp", &key, &out, &g.e), 0);
	assert_true(secret_same(&out, &values[CUSTODY_ROOT_TOKEN]));
	value_set(&g.mem, back.files, "a.pgp", value_copy(&g.mem, value_get(back.files, "b.pgp")));
	assert_int_equal(spool_open_file(&back, "a.pgp", &key, &out, &g.e), -1);
	assert_int_equal(g.e.kind, ERR_CONFIG);
	let_go(&key, values);
	secret_release(&out);
}

static void another_runs_file_stays(void **state)
{
	AUTO(given) struct given g;
	struct spool first, second;

	(void)state;
	given_init(&g);
	first = new_spool(&g);
	second = new_spool(&g);
	assert_string_not_equal(first.id, second.id);
	assert_int_equal(spool_write(&first, &g.mem, &g.host, SPOOL_BEGUN, &g.e), 0);
	assert_int_equal(spool_write(&second, &g.mem, &g.host, SPOOL_PREPARED, &g.e), -1);
	assert_int_equal(err_exit_code(&g.e), 4);
	assert_int_equal(spool_remove(&second, &g.mem, &g.host, &g.e), -1);
	assert_non_null(strstr(fake_host_content(&g.files, first.path, NULL), first.id));
}

static void what_is_no_spool_is_said_so(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{", "{\"version\":1}", "{\"version\":1,\"stage\":\"done\",\"id\":\"a\",\"cluster\":\"c\",\"namespace\":\"n\","
		"\"release\":\"r\",\"table\":\"t\",\"since\":\"s\",\"kms_key\":\"k\",\"data_key\":\"d\"}",
		"{\"version\":1,\"stage\":\"keys\",\"id\":\"a\",\"cluster\":\"c\",\"namespace\":\"n\","
		"\"release\":\"r\",\"table\":\"t\",\"since\":\"s\",\"kms_key\":\"k\",\"data_key\":\"d\"}",
		"{\"version\":2,\"stage\":\"begun\",\"id\":\"a\",\"cluster\":\"c\",\"namespace\":\"n\","
		"\"release\":\"r\",\"table\":\"t\",\"since\":\"s\",\"kms_key\":\"k\",\"data_key\":\"d\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(given) struct given g;
		struct spool s = { .stage = SPOOL_BEGUN };

		given_init(&g);
		fake_host_file(&g.files, "/spool", texts[i]);
		if (spool_read(&s, &g.mem, &g.host, "/spool", &g.e) == 0)
			fail_msg("taken for a spool: %s", texts[i]);
		assert_non_null(strstr(g.e.text, "the spool of an earlier init"));
		assert_int_equal(s.stage, SPOOL_BEGUN);
	}
}

static void a_spool_that_may_not_be_read_is_a_failure(void **state)
{
	AUTO(given) struct given g;
	struct spool s;

	(void)state;
	given_init(&g);
	fake_host_file(&g.files, "/spool", "{}");
	fake_host_deny(&g.files, "/spool");
	assert_int_equal(spool_read(&s, &g.mem, &g.host, "/spool", &g.e), -1);
	assert_int_equal(g.e.kind, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stage_is_read_back),
		cmocka_unit_test(the_keys_are_sealed),
		cmocka_unit_test(a_file_waits_sealed),
		cmocka_unit_test(another_runs_file_stays),
		cmocka_unit_test(what_is_no_spool_is_said_so),
		cmocka_unit_test(a_spool_that_may_not_be_read_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
