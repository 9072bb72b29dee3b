/* OpenPGP keys as gpg describes them: which will do, and why others will not. */
#include "domain/pgp_message.h"

#include "core/text.h"
#include "fake/host.h"
#include "unit/unit.h"

#define FPR "fpr:::::::::EBE6B6F7ED4F6F2359C6F07A2587C74FE5087C9B:\n"
#define UID "uid:-::::1795521580::EF55::Ops One <ops1@example.invalid>::::::::::0:\n"
#define SUB(validity, bits) "sub:" validity ":" bits ":1:AA:1795521580::::::e::::::23:\nfpr:::::::::00:\n"

static const struct {
	const char *text;
	int64_t bits;
	const char *wrong;           /* NULL: it will do */
} cases[] = {
	{ "tru::1:1:2:3:1:5\npub:-:2048:1:25:1795521580:::-:::scESC::::::23::0:\n" FPR UID SUB("-", "3072"), 3072, NULL },
	{ "pub:-:255:22:25:1795521580:::-:::scESC::::::23::0:\n" FPR UID SUB("r", "4096") SUB("-", "255"), 255, NULL },
	{ "pub:-:2048:1:25:1795521580:::-:::escESC::::::23::0:\n" FPR UID, 2048, NULL },
	{ "pub:-:2048:1:25:1795521580:::-:::scSC::::::23::0:\n" FPR UID, 0, "nothing can be encrypted to it" },
	{ "pub:r:2048:1:25:1795521580:::-:::scESC::::::23::0:\n" FPR UID SUB("r", "2048"), 0, "it was revoked" },
	{ "pub:e:2048:1:25:1:2::-:::scESC::::::23::0:\n" FPR UID SUB("e", "2048"), 0, "it has expired" },
	{ "sec:-:2048:1:25:1795521580:::-:::scESC:::#:::23::0:\n" FPR UID, 0, "it is a secret key" },
	{ "pub:-:2048:1:25:1:::-:::scESC:::\n" FPR SUB("-", "2048") "pub:-:2048:1:26:1:::-:::scESC:::\n" FPR, 2048, "there are 2 keys" },
	{ "", 0, "there is no public key in it" },
	{ "pub", 0, "nothing can be encrypted to it" },
	{ "pub:-:x:1:25:1:::-:::eE:\n" FPR, 0, "gpg does not say" },
};

static void keys_are_judged_by_what_gpg_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct pgp_key key = { .path = "k" };

		pgp_read_colons(&key, &a, view_text(cases[i].text));
		if ((cases[i].wrong == NULL) != (key.wrong == NULL) || (key.wrong && !strstr(key.wrong, cases[i].wrong)))
			fail_msg("case %zu: %s", i, key.wrong ? key.wrong : "it will do");
		if (key.wrong)
			continue;
		assert_int_equal(key.bits, cases[i].bits);
		assert_string_equal(key.fingerprint, "EBE6B6F7ED4F6F2359C6F07A2587C74FE5087C9B");
	}
}

static void what_gpg_complains_of_is_said(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct reply reply = { .status = 2, .body = BUF_MAX(100), .talk = BUF_MAX(1000) };
	struct pgp_key key = { .path = "k" }, other = { .path = "k" };

	(void)state;
	buf_text(&reply.talk, "gpg: no valid OpenPGP data found.\ngpg: Total number processed: 0\n");
	pgp_hear_show(&key, &a, &reply);
	assert_string_equal(key.wrong, "gpg: no valid OpenPGP data found.");
	buf_cut(&reply.talk, 0);
	pgp_hear_bytes(&other, &a, &reply);
	assert_string_equal(other.wrong, "gpg ended with 2");
	reply_release(&reply);
}

static void bytes_are_base64_for_vault(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct reply reply = { .body = BUF_MAX(100) };
	struct pgp_key key = { .path = "k" };

	(void)state;
	buf_text(&reply.body, "abc\xff");
	pgp_hear_bytes(&key, &a, &reply);
	assert_string_equal(key.base64, "YWJj/w==");
	assert_null(key.wrong);
	reply_release(&reply);
}

static void a_secret_key_is_read_by_nobody(void **state)
{
	static const struct {
		const char *text, *says;     /* says NULL: it is taken */
	} files[] = {
		{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", NULL }, { "\x99\x01\x0d", NULL }, { "\xc6\x33", NULL },
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "is a secret key" }, { "\x95\x01", "is a secret key" },
		{ "\xc5\x01", "is a secret key" }, { " \n", "is empty" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(fake_host) struct fake_host machine = {0};
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct host host = fake_host(&machine);
		struct pgp_key key;
		int result;

		fake_host_file(&machine, "k", files[i].text);
		result = pgp_read_file(&key, &a, &host, "k", &e);
		if ((result == 0) != (files[i].says == NULL) || (files[i].says && !strstr(e.text, files[i].says)))
			fail_msg("file %zu: %s", i, e.text ? e.text : "it is taken");
		assert_int_equal(err_exit_code(&e), files[i].says ? 2 : 0);
	}
}

/* ---- messages ---- */

static bool has_argument(const struct request *rq, const char *text)
{
	for (size_t i = 0; rq->argv[i]; i++)
		if (text_same(rq->argv[i], text))
			return true;
	return false;
}

static void what_is_encrypted_goes_through_a_pipe(void **state)
{
	AUTO(fake_host) struct fake_host machine = {0};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct host host = fake_host(&machine);
	struct pgp_key keys[] = { { .path = "a", .fingerprint = "AA", .given = { "one", 3 } },
	                          { .path = "b", .fingerprint = "BB", .given = { "two", 3 } } };
	struct pgp_key *to[] = { &keys[0], &keys[1] };
	struct request rq = {0};
	unsigned mode;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_int_equal(pgp_place_key(&keys[i], &a, &host, "/gpg", "run", &e), 0);
	assert_string_equal(fake_host_content(&machine, "/gpg/run-BB.pgp", &mode), "two");
	assert_int_equal(mode, 0600);
	pgp_ask_message(&rq, to, COUNT_OF(to), "/gpg", view_text("5ec2e7"));
	assert_true(view_is(rq.input, "5ec2e7"));
	assert_null(rq.env_set);
	assert_true(has_argument(&rq, "/gpg/run-AA.pgp") && has_argument(&rq, "/gpg/run-BB.pgp"));
	assert_true(has_argument(&rq, "--no-autostart") && has_argument(&rq, "--no-keyring") && has_argument(&rq, "--disable-dirmngr"));
	for (size_t i = 0; rq.argv[i]; i++)
		assert_null(strstr(rq.argv[i], "5ec2e7"));
	request_release(&rq);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		pgp_forget_key(&keys[i], &host);
	assert_null(machine.files);
}

static void what_gpg_answers_is_a_message_or_not(void **state)
{
	static const struct {
		int status;
		const char *body, *talk, *says;  /* says NULL: it is one */
	} answers[] = {
		{ 0, "\x84\x5e", "", NULL }, { 0, "\x85\x01", "", NULL }, { 0, "\xc1\x5e", "", NULL },
		{ 0, "", "", "gpg made no message" }, { 0, "plain", "", "gpg made no message" },
		{ 2, "\x84", "gpg: a.asc: skipped: Unusable public key\ngpg: [stdin]: encryption failed: Unusable public key\n",
		  "gpg: [stdin]: encryption failed: Unusable public key" },
		{ 2, "", "", "gpg ended with 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct reply reply = { .status = answers[i].status, .body = BUF_MAX(100), .talk = BUF_MAX(1000) };
		const char *message;
		int result;

		buf_text(&reply.body, answers[i].body);
		buf_text(&reply.talk, answers[i].talk);
		result = pgp_hear_message(&a, &reply, &message, &e);
		if ((result == 0) != (answers[i].says == NULL) || (answers[i].says && !text_same(e.text, answers[i].says)))
			fail_msg("case %zu: %s", i, e.text ? e.text : "it is one");
		reply_release(&reply);
	}
}

static void what_gpg_opens_is_a_secret(void **state)
{
	AUTO(secret) struct secret plain = {0};
	AUTO(err) struct err e = {0};
	struct request rq = {0};
	struct reply reply = { .body = BUF_MAX(100), .talk = BUF_MAX(1000) };

	(void)state;
	pgp_ask_open(&rq, view_text("\x84..."));
	assert_true(view_is(rq.input, "\x84...") && has_argument(&rq, "--decrypt"));
	buf_text(&reply.body, "5ec2e7");
	assert_int_equal(pgp_hear_open(&reply, &plain, &e), 0);
	assert_true(view_is(secret_expose(&plain), "5ec2e7"));
	reply.status = 2;
	buf_text(&reply.talk, "gpg: encrypted with 255-bit ECDH key\ngpg: decryption failed: No secret key\n");
	assert_int_equal(pgp_hear_open(&reply, &plain, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_string_equal(e.text, "gpg: decryption failed: No secret key");
	request_release(&rq);
	reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_judged_by_what_gpg_says),
		cmocka_unit_test(what_gpg_complains_of_is_said),
		cmocka_unit_test(bytes_are_base64_for_vault),
		cmocka_unit_test(a_secret_key_is_read_by_nobody),
		cmocka_unit_test(what_is_encrypted_goes_through_a_pipe),
		cmocka_unit_test(what_gpg_answers_is_a_message_or_not),
		cmocka_unit_test(what_gpg_opens_is_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
