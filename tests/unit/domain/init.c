/* init: the options, all problems at once; and what is decided from what was found. */
#include "domain/init.h"

#include "unit/domain/fixture.h"
#include "unit/unit.h"

static const char *const custody[] = { "secretsmanager", NULL };
static const struct init_options good = { .custody = custody, .custody_key = "alias/c", .shares = 5, .threshold = 3 };

static void options_are_checked_all_at_once(void **state)
{
	static const char *const wrong[] = { "secretmanager", "vault", NULL };
	struct init_options o = { .custody = wrong, .shares = 0, .threshold = 3 };
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(init_check_options(&o, &e), -1);
	assert_int_equal(err_count(&e), 4);
	assert_non_null(strstr(e.more->more->text, "--shares: 0"));
	assert_non_null(strstr(e.hint, "did you mean 'secretsmanager'?"));
	assert_int_equal(err_exit_code(&e), 2);
}

static void no_custody_names_the_choices(void **state)
{
	struct init_options o = good;
	AUTO(err) struct err e = {0};

	(void)state;
	o.custody = NULL;
	assert_int_equal(init_check_options(&o, &e), -1);
	assert_int_equal(err_count(&e), 1);
	assert_non_null(strstr(e.hint, "--custody secretsmanager"));
}

/* A whole set of options, and the problems that are said of it. */
struct option_case {
	const char *what;
	struct init_options o;
	const char *says[6];
};

#define LIST_OF(...) (const char *const[]){ __VA_ARGS__, NULL }
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
#define ROLE "arn:aws:iam::111122223333:role/"

static void each_custody_has_options_of_its_own(void **state)
{
	const struct option_case cases[] = {
		{ "file with what is AWS's", { .custody = LIST_OF("file"), .custody_key = "k", .copies = LIST_OF("eu-west-1=k"),
		                               .recipients = LIST_OF("age1x"), .shares = 1, .threshold = 1 },
		  { "--custody-kms-key goes with --custody secretsmanager, ssm or s3", "--custody-replica goes with --custody secretsmanager",
		    "--custody file: --out is missing", "'age1x' is no recipient" } },
		{ "aws with a folder", { .custody = custody, .custody_key = "k", .folder = "keys", .shares = 5, .threshold = 3 },
		  { "--out goes with --custody file or pgp" } },
		{ "s3 alone", { .custody = LIST_OF("s3"), .shares = 5, .threshold = 3 },
		  { "--custody s3: --custody-kms-key is missing", "--custody s3: --custody-bucket is missing" } },
		{ "s3, no bucket's name", { .custody = LIST_OF("s3"), .custody_key = "k", .bucket = "s3://Keys", .shares = 5, .threshold = 3 },
		  { "'s3://Keys' is no name of a bucket" } },
		{ "twice", { .custody = LIST_OF("ssm", "ssm"), .custody_key = "k", .shares = 5, .threshold = 3 },
		  { "--custody: 'ssm' is given twice" } },
		{ "pgp alone", { .custody = LIST_OF("pgp"), .shares = 5, .threshold = 3 },
		  { "--custody pgp: --out is missing", "--custody pgp: --pgp-key is missing", "--custody pgp: --root-pgp-key is missing" } },
		{ "pgp keys and shares", { .custody = LIST_OF("pgp"), .folder = "o", .pgp_keys = LIST_OF("a", "b", "a"), .root_pgp_key = "r",
		                           .shares = 5, .threshold = 3 },
		  { "--pgp-key: 3 were given for 5 shares", "--pgp-key: 'a' is given twice" } },
		{ "split to nobody", { .custody = LIST_OF("ssm"), .custody_key = "k", .split = true, .shares = 3, .threshold = 2 },
		  { "each share goes to another principal, and none was named" } },
		{ "split, one alone is enough", { .custody = LIST_OF("ssm"), .custody_key = "k", .split = true, .shares = 1, .threshold = 1,
		                                  .share_keys = LIST_OF("a") },
		  { "with --threshold 1 each share alone is enough" } },
		{ "split, too few", { .custody = LIST_OF("s3"), .custody_key = "k", .bucket = "keys", .split = true, .shares = 3,
		                      .threshold = 2, .share_keys = LIST_OF("a", "b"), .share_readers = LIST_OF("x", ROLE "a", ROLE "a") },
		  { "--share-kms-key: 2 were given for 3 shares", "--share-reader: '" ROLE "a' is given twice",
		    "--share-reader: 'x' is no ARN of a user or role" } },
		{ "split files", { .custody = LIST_OF("file"), .folder = "o", .split = true, .shares = 3, .threshold = 2,
		                   .recipients = LIST_OF(RECIPIENT) },
		  { "--custody file: --root-recipient is missing", "--recipient: 1 were given for 3 shares" } },
		{ "split with copies", { .custody = custody, .custody_key = "k", .split = true, .shares = 2, .threshold = 2,
		                         .share_keys = LIST_OF("a", "b"), .copies = LIST_OF("eu-west-1=k") },
		  { "--custody-replica and --split do not go together" } },
		{ "no split", { .custody = custody, .custody_key = "k", .shares = 2, .threshold = 2, .share_keys = LIST_OF("a", "b") },
		  { "--share-kms-key and --share-reader go with --split" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = {0};
		const struct err *at = &e;
		size_t n = 0;

		assert_int_equal(init_check_options(&cases[i].o, &e), -1);
		assert_int_equal(err_exit_code(&e), 2);
		for (; cases[i].says[n]; n++, at = at->more)
			if (!at || !strstr(at->text, cases[i].says[n]))
				fail_msg("%s: '%s' is not said: %s", cases[i].what, cases[i].says[n], at ? at->text : "nothing more");
		if (err_count(&e) != n)
			fail_msg("%s: more is said: %s", cases[i].what, at ? at->text : "");
	}
}

static void what_goes_together_goes(void **state)
{
	const struct init_options good_ones[] = {
		{ .custody = LIST_OF("ssm", "s3", "pgp"), .custody_key = "k", .bucket = "vault.keys", .folder = "o",
		  .pgp_keys = LIST_OF("a", "b"), .root_pgp_key = "a", .shares = 2, .threshold = 2 },
		{ .custody = LIST_OF("secretsmanager"), .custody_key = "k", .split = true, .shares = 2, .threshold = 2,
		  .share_readers = LIST_OF(ROLE "a", ROLE "b") },
		{ .custody = LIST_OF("file"), .folder = "o", .recipients = LIST_OF(RECIPIENT), .root_recipients = LIST_OF(RECIPIENT),
		  .shares = 5, .threshold = 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good_ones); i++) {
		AUTO(err) struct err e = {0};

		if (init_check_options(&good_ones[i], &e) < 0)
			fail_msg("%zu: %s", i, e.text);
	}
}

static void copies_are_regions_with_keys(void **state)
{
	static const char *const wrong[] = { "eu-west-1", "=k", "us-east-2=", "eu-west-1=a", "eu-west-1=b", NULL };
	struct init_options o = good;
	AUTO(err) struct err e = {0};

	(void)state;
	o.copies = wrong;
	assert_int_equal(init_check_options(&o, &e), -1);
	assert_int_equal(err_count(&e), 4);
	assert_non_null(strstr(e.text, "'eu-west-1' is not REGION=KEY"));
	assert_non_null(strstr(e.more->more->more->text, "'eu-west-1' is named twice"));
}

static void thresholds_are_vaults_own(void **state)
{
	static const struct {
		int64_t shares, threshold;
		bool fine;
	} cases[] = {
		{ 1, 1, true }, { 2, 2, true }, { 5, 3, true }, { 255, 255, true },
		{ 5, 1, false }, { 5, 6, false }, { 5, 0, false }, { 256, 3, false }, { 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct init_options o = good;
		AUTO(err) struct err e = {0};

		o.shares = cases[i].shares;
		o.threshold = cases[i].threshold;
		if ((init_check_options(&o, &e) == 0) != cases[i].fine)
			fail_msg("%d of %d", (int)o.threshold, (int)o.shares);
	}
}

/* ---- deciding ---- */

struct found {
	const char *what;
	bool initialized;
	enum spool_stage spool;
	enum custody_state keys;
	size_t items;
	enum init_plan want;
	const char *says;            /* NULL: it is decided */
};

static const struct found cases[] = {
	{ "new", false, SPOOL_NONE, CUSTODY_ABSENT, 0, INIT_FRESH, NULL },
	{ "killed while preparing", false, SPOOL_PREPARED, CUSTODY_PREPARED, 0, INIT_FRESH, NULL },
	{ "killed before the call", false, SPOOL_BEGUN, CUSTODY_PREPARED, 0, INIT_FRESH, NULL },
	{ "killed with the keys on disk", true, SPOOL_KEYS, CUSTODY_PREPARED, 12, INIT_STORE, NULL },
	{ "killed before the spool went", true, SPOOL_KEYS, CUSTODY_HOLDS, 12, INIT_STORE, NULL },
	{ "all done", true, SPOOL_NONE, CUSTODY_HOLDS, 12, INIT_DONE, NULL },
	{ "reply lost", true, SPOOL_BEGUN, CUSTODY_PREPARED, 12, INIT_FRESH, NULL },
	{ "begun elsewhere", true, SPOOL_NONE, CUSTODY_PREPARED, 12, INIT_UNDECIDED, "from another machine" },
	{ "done by hand", true, SPOOL_NONE, CUSTODY_ABSENT, 12, INIT_UNDECIDED, "by somebody else" },
	{ "prepared here, done by hand", true, SPOOL_PREPARED, CUSTODY_PREPARED, 12, INIT_UNDECIDED, "by somebody else" },
	{ "table in use", false, SPOOL_NONE, CUSTODY_ABSENT, 2, INIT_UNDECIDED, "it holds 'core/lock', 'logical/x'" },
	{ "keys of another Vault", false, SPOOL_NONE, CUSTODY_HOLDS, 0, INIT_UNDECIDED, "custody holds keys" },
	{ "table emptied", false, SPOOL_KEYS, CUSTODY_ABSENT, 0, INIT_UNDECIDED, "holds keys of an init of the table" },
	{ "entry deleted", false, SPOOL_NONE, CUSTODY_DELETED, 0, INIT_UNDECIDED, "scheduled for deletion" },
};

/* Of an initialised Vault the first of a fresh init's, else what belongs to nobody knows whom. */
static void fill_items(struct given *g, struct fresh_items *items, const struct found *f)
{
	static const char *const fresh[] = { "keyring", "master", "seal-config", "mounts", "auth", "audit", "recovery-key",
	                                     "recovery-config", "local-auth", "local-audit", "local-mounts", "index-header-hmac-key" };
	static const char *const others[] = { "lock", "x" };

	for (size_t i = 0; i < f->items; i++) {
		struct value *item = value_new_map(&g->mem);

		value_put(&g->mem, item, "Path.S", value_new_text(&g->mem, f->initialized || i == 0 ? "core" : "logical"));
		value_put(&g->mem, item, "Key.S", value_new_text(&g->mem, f->initialized ? fresh[i] : others[i]));
		fresh_items_add(items, &g->mem, item);
	}
}

static void fill(struct given *g, struct init_world *in, struct world *w, const struct found *f)
{
	*w = (struct world){ .mem = &g->mem, .host = &g->host, .inputs = &g->in };
	assert_int_equal(GIVE_ALL(g, NULL), 0);
	assert_int_equal(want_fill(&g->mem, &g->in, &w->want, &g->e), 0);
	*in = (struct init_world){ .world = w, .options = good, .in_aws = true };
	in->boot = (struct boot){ .mem = &g->mem, .host = &g->host, .want = &w->want };
	in->boot.status = (struct vault_seal_status){ .initialized = f->initialized, .type = "awskms", .version = "1.21.1" };
	in->spool = (struct spool){ .stage = f->spool, .path = "/spool", .id = "0123456789abcdef0123456789abcdef", .since = "then",
	                            .table = "prod-vault", .sealed = f->spool == SPOOL_KEYS ? "c2VhbGVk" : NULL };
	in->facts.table = "prod-vault";
	in->custody_key.arn = "arn:custody";
	in->seal_key.arn = "arn:seal";
	in->stores[0] = (struct custody_store){ .kind = custody_kind_of("secretsmanager"), .want = &w->want };
	in->n_stores = 1;
	in->entries = custody_entries(&g->mem, 5, false, &in->n_entries);
	in->n_items = in->n_entries;
	in->items_kept = ARENA_ARRAY(&g->mem, struct init_item, in->n_items);
	for (size_t i = 0; i < in->n_items; i++)
		in->items_kept[i] = (struct init_item){ .store = &in->stores[0], .entry = &in->entries[i],
		                                        .have = { .state = f->keys, .ours = true } };
	fill_items(g, &in->items, f);
}

static void what_is_there_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct found *f = &cases[i];
		AUTO(given) struct given g;
		AUTO(err) struct err e = {0};
		struct init_world in;
		struct world w;
		int result;

		given_init(&g);
		fill(&g, &in, &w, f);
		result = init_decide(&in, &e);
		if (in.plan != f->want || (result == 0) != (f->says == NULL))
			fail_msg("%s: plan %d: %s", f->what, in.plan, e.text ? e.text : "");
		if (f->says && (err_exit_code(&e) != 4 || !strstr(e.text, f->says) || !e.hint))
			fail_msg("%s: '%s' is not said: %s", f->what, f->says, e.text);
	}
}

/* Custody in files: what is in the folder decides in place of Secrets Manager, and a spool is finished as it began. */
static void files_decide_too(void **state)
{
	static const struct {
		bool initialized, there, sealed;
		enum spool_stage spool;
		enum init_plan want;
	} with[] = {
		{ false, false, false, SPOOL_NONE, INIT_FRESH },
		{ false, true, false, SPOOL_NONE, INIT_UNDECIDED },
		{ true, true, false, SPOOL_NONE, INIT_DONE },
		{ true, false, false, SPOOL_NONE, INIT_UNDECIDED },
		{ true, false, false, SPOOL_KEYS, INIT_STORE },
		{ true, false, true, SPOOL_KEYS, INIT_UNDECIDED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(with); i++) {
		AUTO(given) struct given g;
		AUTO(err) struct err e = {0};
		struct init_world in;
		struct world w;

		given_init(&g);
		fill(&g, &in, &w, &cases[0]);
		in.in_aws = false;
		in.in_files = true;
		in.custody_key.arn = NULL;
		in.boot.status.initialized = with[i].initialized;
		in.spool.stage = with[i].spool;
		in.spool.sealed = with[i].sealed ? "c2VhbGVk" : NULL;
		in.n_items = in.n_stores = 0;
		in.n_files = in.n_entries;
		in.files = ARENA_ARRAY(&g.mem, struct custody_file, in.n_files);
		in.spool.files = value_new_map(&g.mem);
		for (size_t k = 0; k < in.n_files; k++) {
			in.files[k] = (struct custody_file){ .name = "x.age", .path = "/keys/x.age", .entry = &in.entries[k],
			                                     .there = with[i].there };
			value_set_text(&g.mem, in.spool.files, "x.age", "eA==");
		}
		if ((init_decide(&in, &e) == 0) != (with[i].want != INIT_UNDECIDED) || in.plan != with[i].want)
			fail_msg("case %zu: plan %d: %s", i, in.plan, e.text ? e.text : "");
		assert_int_equal(err_exit_code(&e), with[i].want == INIT_UNDECIDED ? 4 : 0);
	}
}

static void the_seal_key_is_no_custody_key(void **state)
{
	AUTO(given) struct given g;
	AUTO(err) struct err e = {0};
	struct init_world in;
	struct world w;

	(void)state;
	given_init(&g);
	fill(&g, &in, &w, &cases[0]);
	in.custody_key.arn = in.seal_key.arn;
	assert_int_equal(init_decide(&in, &e), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_non_null(strstr(e.text, "is the seal key"));
}

static void a_version_that_cannot_use_its_role_is_refused(void **state)
{
	AUTO(given) struct given g;
	AUTO(err) struct err e = {0};
	struct init_world in;
	struct world w;

	(void)state;
	given_init(&g);
	fill(&g, &in, &w, &cases[0]);
	in.boot.status.version = "1.14.1";
	assert_int_equal(init_decide(&in, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "Vault 1.14.1"));
}

static void every_right_that_lacks_is_named(void **state)
{
	AUTO(err) struct err e = {0};
	struct init_world in = { .role.arn = "arn:aws:iam::111122223333:role/vault" };

	(void)state;
	for (size_t i = 0; i < INIT_ACTIONS; i++)
		in.trials[i] = (struct init_trial){ .asked = true, .allowed = true };
	assert_int_equal(init_proof_verdict(&in, &e), 0);
	in.trials[1] = (struct init_trial){ .asked = true, .said = "AccessDenied: no" };    /* Encrypt: Decrypt cannot be tried */
	in.trials[2] = (struct init_trial){0};
	in.trials[8].allowed = false;
	assert_int_equal(init_proof_verdict(&in, &e), -1);
	assert_int_equal(err_count(&e), 2);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "kms:Encrypt: AccessDenied: no"));
	assert_non_null(strstr(e.more->text, "dynamodb:DeleteItem"));
}

static void nothing_tried_is_no_proof(void **state)
{
	AUTO(err) struct err e = {0};
	struct init_world in = {0};

	(void)state;
	assert_int_equal(init_proof_verdict(&in, &e), -1);
	assert_non_null(strstr(e.text, "it was not tried"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_checked_all_at_once),
		cmocka_unit_test(no_custody_names_the_choices),
		cmocka_unit_test(each_custody_has_options_of_its_own),
		cmocka_unit_test(what_goes_together_goes),
		cmocka_unit_test(copies_are_regions_with_keys),
		cmocka_unit_test(thresholds_are_vaults_own),
		cmocka_unit_test(what_is_there_decides),
		cmocka_unit_test(files_decide_too),
		cmocka_unit_test(the_seal_key_is_no_custody_key),
		cmocka_unit_test(a_version_that_cannot_use_its_role_is_refused),
		cmocka_unit_test(every_right_that_lacks_is_named),
		cmocka_unit_test(nothing_tried_is_no_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
