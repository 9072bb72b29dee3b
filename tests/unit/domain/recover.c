/* recover: options, shares and their places, sets of shares, notes. */
#include "domain/recover.h"

#include "core/text.h"
#include "unit/domain/fixture.h"
#include "unit/unit.h"

#define SHARE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- options ---- */

static void every_problem_of_the_options_is_said(void **state)
{
	static const char *const nobody[] = { "age1x", NULL };
	const struct recover_options o = { .custody = "secretmanager", .keys_from = "file", .folder = "d", .recipients = nobody };
	const struct recover_options f = { .custody = "file", .recipients = nobody, .stores = true };
	AUTO(err) struct err e = {0}, why = {0};
	AUTO(fake_host) struct fake_host machine = {0};
	struct host host = fake_host(&machine);

	(void)state;
	assert_int_equal(recover_check_options(&o, &host, &e), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_int_equal(err_count(&e), 3);
	assert_non_null(strstr(e.hint, "did you mean 'secretsmanager'?"));
	assert_non_null(strstr(e.more->text, "--keys-from: there is no 'file'"));
	assert_int_equal(recover_check_options(&f, &host, &why), -1);
	assert_int_equal(err_count(&why), 3);
	assert_non_null(strstr(why.text, "--out DIR is missing"));
	assert_non_null(strstr(why.more->text, "--identity FILE is missing"));
}

static void what_custody_cannot_do_is_said(void **state)
{
	static const char *const key[] = { "ops.asc", NULL }, *const none[] = { "none.asc", NULL };
	static const char *const mixed[] = { "ops.asc", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", NULL };
	static const struct {
		struct recover_options o;
		const char *says;
	} cases[] = {
		{ { .custody = "ssm", .stores = true }, "--custody ssm: a new value cannot lie there beside the valid one" },
		{ { .custody = "s3", .bucket = "b", .stores = true }, "--custody s3: a new value cannot lie there" },
		{ { .custody = "pgp" }, "--custody pgp: gpg alone opens what is there" },
		{ { .custody = "s3" }, "--custody s3: --custody-bucket is missing" },
		{ { .custody = "ssm", .bucket = "b" }, "--custody-bucket goes with --custody s3" },
		{ { .custody = "file", .folder = "gpg", .recipients = none, .stores = true }, "--recipient: reading 'none.asc'" },
		{ { .custody = "file", .folder = "gpg", .recipients = mixed, .stores = true }, "do not go together" },
		{ { .custody = "file", .folder = "empty" }, "--custody file: --identity FILE is missing" },
	};
	static const struct recover_options fine[] = {
		{ .custody = "ssm" }, { .custody = "s3", .bucket = "b" }, { .stores = true }, { .custody = "secretsmanager", .stores = true },
		{ .custody = "file", .folder = "gpg" }, { .custody = "file", .folder = "gpg", .recipients = key, .stores = true },
		{ .custody = "file", .folder = "each" },
	};
	AUTO(fake_host) struct fake_host machine = {0};
	struct host host = fake_host(&machine);

	(void)state;
	fake_host_file(&machine, "gpg/recovery-keys.pgp", "m");
	fake_host_file(&machine, "each/recovery-key-3.pgp", "m");
	fake_host_file(&machine, "ops.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = {0};

		assert_int_equal(recover_check_options(&cases[i].o, &host, &e), -1);
		assert_int_equal(err_exit_code(&e), 2);
		assert_int_equal(err_count(&e), 1);
		assert_non_null(strstr(e.text, cases[i].says));
	}
	for (size_t i = 0; i < COUNT_OF(fine); i++) {
		AUTO(err) struct err e = {0};

		assert_int_equal(recover_check_options(&fine[i], &host, &e), 0);
	}
}

/* ---- shares ---- */

static void an_entry_gives_its_shares(void **state)
{
	struct recover_shares s = {0};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(shares_of_entry(&s, view_text("{\"recovery_threshold\":2,\"recovery_keys\":[\"" SHARE "\",\""
	                                               "6sre7NUHdacDmDJiPkfeWGhx7Lln1AkA7LxwgGIlUaYk\"]}"), "the entry", &e), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.threshold, 2);
	assert_string_equal(share_place(&a, &s, 1), "share 2 of 2 in 'the entry'");
	shares_release(&s);
}

static void entries_of_one_share_are_named(void **state)
{
	struct recover_shares s = {0};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0}, messages = {0};

	(void)state;
	assert_int_equal(shares_of_part(&s, &a, view_text("{\"recovery_threshold\":2,\"recovery_keys\":[\"" SHARE "\"]}"), "here/key-2", &e), 0);
	assert_int_equal(shares_of_part(&s, &a, view_text("{\"recovery_keys\":[\"" SHARE "\"]}"), "here/key-3", &e), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(share_place(&a, &s, 1), "'here/key-3'");
	assert_string_equal(s.from, "here/key-2, key-3");
	assert_int_equal(shares_of_part(&s, &a, view_text("{\"encryption\":\"pgp\",\"recovery_keys_base64\":[\"x\"]}"), "here/key-4", &messages), -1);
	assert_non_null(strstr(messages.text, "'here/key-4' are messages of PGP's"));
	shares_release(&s);
}

static void what_is_no_share_is_said_by_its_place(void **state)
{
	struct recover_shares s = {0};
	AUTO(err) struct err e = {0}, none = {0}, begun = {0};

	(void)state;
	assert_int_equal(shares_of_entry(&s, view_text("{\"recovery_keys\":[\"" SHARE "\",\"0123\",7,\"no:share\"]}"), "it", &e), -1);
	assert_int_equal(err_count(&e), 3);
	assert_non_null(strstr(e.text, "share 2 of 4 in 'it'"));
	assert_null(strstr(e.text, "0123"));
	assert_null(strstr(e.more->more->text, "no:share"));
	shares_release(&s);
	assert_int_equal(shares_of_entry(&s, view_text("hvs.secret"), "it", &none), -1);
	assert_null(strstr(none.text, "hvs."));
	assert_int_equal(shares_of_entry(&s, view_text("{\"helm-vault-aws-init\":\"0123456789abcdef0123456789abcdef\"}"), "it", &begun), -1);
	assert_int_equal(begun.kind, ERR_ABSENT);
}

/* ---- sets of shares ---- */

struct fed {
	struct given g;
	struct boot boot;
	struct recover_shares shares;
	struct feed feed;
	bool wrong[SHARES_MAX];
	size_t held[SHARES_MAX], n_held;
	unsigned requests;
};

static void fed_init(struct fed *f, size_t shares, int64_t required)
{
	*f = (struct fed){ .shares.from = "custody" };
	given_init(&f->g);
	f->boot = (struct boot){ .mem = &f->g.mem, .host = &f->g.host };
	for (size_t i = 0; i < shares; i++) {
		AUTO(err) struct err e = {0};

		assert_int_equal(shares_add(&f->shares, view_text(SHARE), &e), 0);
	}
	feed_begin(&f->feed, "/v1/sys/unseal", NULL, &f->shares, required, 0);
}

/* As Vault: a set is judged when its last share is there. */
static enum heard give_one(struct fed *f, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct reply reply = { .status = 200, .body = BUF_MAX(4096) };
	const struct value *body;
	enum heard heard;
	bool right = true;

	f->held[f->n_held++] = f->feed.pick[f->feed.given];
	f->requests++;
	if (f->n_held == f->feed.required) {
		for (size_t i = 0; i < f->n_held; i++)
			right &= !f->wrong[f->held[i]];
		f->n_held = 0;
		reply.status = right ? 200 : 400;
		buf_text(&reply.body, right ? "{\"sealed\":false}" : "{\"errors\":[\"they do not match\"]}");
	} else {
		buf_text(&reply.body, "{\"sealed\":true}");
	}
	heard = feed_hear(&f->feed, &f->boot, &a, &reply, &body, e, "unsealing");
	buf_release(&reply.body);
	return heard;
}

static enum heard give_all(struct fed *f, struct err *e)
{
	enum heard heard;

	do
		heard = give_one(f, e);
	while (heard == HEARD_MORE);
	return heard;
}

static void fed_release(struct fed *f)
{
	shares_release(&f->shares);
	given_release(&f->g);
}

static void one_wrong_share_is_found(void **state)
{
	(void)state;
	for (size_t wrong = 0; wrong < 5; wrong++) {
		AUTO(err) struct err e = {0};
		struct fed f;
		size_t found[SHARES_MAX];

		fed_init(&f, 5, 3);
		f.wrong[wrong] = true;
		assert_int_equal(give_all(&f, &e), HEARD_DONE);
		if (wrong < 3) {
			assert_int_equal(feed_wrong(&f.feed, found), 1);
			assert_int_equal(found[0], wrong);
		} else {
			assert_int_equal(feed_wrong(&f.feed, found), 0);
		}
		fed_release(&f);
	}
}

static void no_share_is_called_wrong_without_proof(void **state)
{
	AUTO(err) struct err e = {0};
	struct fed f;
	size_t found[SHARES_MAX];

	(void)state;
	fed_init(&f, 5, 3);
	f.wrong[0] = f.wrong[1] = true;
	assert_int_equal(give_all(&f, &e), HEARD_DONE);
	for (size_t i = feed_wrong(&f.feed, found); i > 0; i--)
		assert_true(f.wrong[found[i - 1]]);
	fed_release(&f);
}

static void where_no_set_is_taken_that_is_said(void **state)
{
	AUTO(err) struct err e = {0}, many = {0};
	struct fed f, g;

	(void)state;
	fed_init(&f, 3, 3);
	f.wrong[1] = true;
	assert_int_equal(give_all(&f, &e), HEARD_REFUSED);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "the shares 1, 2, 3 in 'custody' together"));
	fed_release(&f);
	fed_init(&g, 12, 6);
	for (size_t i = 0; i < 12; i++)
		g.wrong[i] = true;
	assert_int_equal(give_all(&g, &many), HEARD_REFUSED);
	assert_int_equal(g.feed.n_failed, FEED_SETS_MAX);
	fed_release(&g);
}

/* ---- notes ---- */

static void a_note_is_read_as_it_was_written(void **state)
{
	struct given g;
	struct want want = { .region = "r", .cluster = "c", .namespace_ = "n", .release = "v" };
	struct recover_note n, again;
	AUTO(err) struct err e = {0};

	(void)state;
	given_init(&g);
	assert_int_equal(note_read(&n, &g.mem, &g.host, &want, "rekey", &e), 0);
	assert_int_equal(n.stage, NOTE_NONE);
	assert_int_equal(note_write(&n, &g.mem, &g.host, NOTE_BEGUN, NULL, &e), 0);
	assert_int_equal(note_write(&n, &g.mem, &g.host, NOTE_STARTED, "the-nonce", &e), 0);
	assert_int_equal(note_read(&again, &g.mem, &g.host, &want, "rekey", &e), 0);
	assert_int_equal(again.stage, NOTE_STARTED);
	assert_string_equal(again.nonce, "the-nonce");
	assert_string_equal(again.since, n.since);
	assert_int_equal(note_remove(&again, &g.host, &e), 0);
	assert_int_equal(note_read(&n, &g.mem, &g.host, &want, "rekey", &e), 0);
	assert_int_equal(n.stage, NOTE_NONE);
	given_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_of_the_options_is_said),
		cmocka_unit_test(what_custody_cannot_do_is_said),
		cmocka_unit_test(an_entry_gives_its_shares),
		cmocka_unit_test(entries_of_one_share_are_named),
		cmocka_unit_test(what_is_no_share_is_said_by_its_place),
		cmocka_unit_test(one_wrong_share_is_found),
		cmocka_unit_test(no_share_is_called_wrong_without_proof),
		cmocka_unit_test(where_no_set_is_taken_that_is_said),
		cmocka_unit_test(a_note_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
