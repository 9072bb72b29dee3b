/* Whether an init is started over: by what the notes, the table, custody and the servers tell; and every reason at once. */
#include "domain/init.h"

#include "unit/domain/fixture.h"
#include "unit/unit.h"

#define ID    "0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffff"

struct found {
	const char *what;
	bool asked, initialized, flag, foreign;
	enum spool_stage spool;
	enum begun_stage note;
	const char *note_id;
	enum custody_state keys;
	size_t unsealed;
	enum init_over_kind want;    /* OVER_NONE: refused, and says why */
	const char *says;
};

static const struct found cases[] = {
	{ "lost here", .initialized = true, .spool = SPOOL_BEGUN, .note = BEGUN_LOST, .note_id = ID, .want = OVER_AGAIN },
	{ "lost here, tag taken off", .initialized = true, .spool = SPOOL_BEGUN, .want = OVER_AGAIN },
	{ "lost elsewhere", .initialized = true, .note = BEGUN_LOST, .note_id = ID, .want = OVER_AGAIN },
	{ "begun elsewhere", .initialized = true, .note = BEGUN_BEGUN, .note_id = ID, .want = OVER_AGAIN },
	{ "killed half-way", .note = BEGUN_BEGUN, .note_id = ID, .want = OVER_AGAIN },
	{ "lost, and asked for", .asked = true, .initialized = true, .spool = SPOOL_BEGUN, .unsealed = 3, .want = OVER_ASKED },
	{ "lost, and used since", .initialized = true, .spool = SPOOL_BEGUN, .foreign = true, .says = "what no fresh init writes" },
	{ "lost, and used, asked", .asked = true, .initialized = true, .spool = SPOOL_BEGUN, .foreign = true,
	  .says = "what no fresh init writes" },
	{ "keys elsewhere", .initialized = true, .note = BEGUN_KEYS, .note_id = ID, .says = "whose spool has the keys" },
	{ "keys elsewhere, asked", .asked = true, .initialized = true, .flag = true, .note = BEGUN_KEYS, .note_id = ID,
	  .says = "the keys are in the spool of the machine" },
	{ "two machines", .initialized = true, .spool = SPOOL_BEGUN, .note = BEGUN_BEGUN, .note_id = OTHER,
	  .says = "another one from here" },
	{ "never called from here", .initialized = true, .spool = SPOOL_PREPARED, .says = "by somebody else" },
	{ "ruined", .initialized = true, .flag = true, .says = "refused half-way" },
	{ "ruined, not shown as initialised", .flag = true, .says = "is not empty" },
	{ "ruined, asked", .asked = true, .initialized = true, .flag = true, .want = OVER_ASKED },
	{ "ruined, asked, unsealed", .asked = true, .initialized = true, .flag = true, .unsealed = 1, .says = "1 of its servers" },
	{ "ruined, asked, used", .asked = true, .initialized = true, .flag = true, .foreign = true, .says = "what no fresh init writes" },
	{ "somebody's, asked", .asked = true, .initialized = true, .says = "nothing shows that it is ruined" },
	{ "root token alone in custody", .asked = true, .initialized = true, .flag = true, .keys = CUSTODY_HOLDS,
	  .says = "custody holds" },
};

static void add_item(struct given *g, struct init_world *in, const char *key)
{
	struct value *item = value_new_map(&g->mem);

	value_put(&g->mem, item, "Path.S", value_new_text(&g->mem, "core"));
	value_put(&g->mem, item, "Key.S", value_new_text(&g->mem, key));
	fresh_items_add(&in->items, &g->mem, item);
}

static void fill(struct given *g, struct init_world *in, struct world *w, const struct found *f)
{
	*w = (struct world){ .mem = &g->mem, .host = &g->host, .inputs = &g->in };
	assert_int_equal(GIVE_ALL(g, NULL), 0);
	assert_int_equal(want_fill(&g->mem, &g->in, &w->want, &g->e), 0);
	*in = (struct init_world){ .world = w, .options = { .start_over = f->asked }, .in_aws = true };
	in->boot = (struct boot){ .mem = &g->mem, .host = &g->host, .want = &w->want };
	in->boot.status = (struct vault_seal_status){ .initialized = f->initialized, .type = "awskms", .version = "1.21.1" };
	in->spool = (struct spool){ .stage = f->spool, .path = "/spool", .id = f->spool ? ID : NULL, .since = "then" };
	in->note = (struct begun_tag){ .stage = f->note, .id = f->note_id, .since = "2026-11-24T12:00:00Z" };
	in->stores[0] = (struct custody_store){ .kind = custody_kind_of("secretsmanager"), .want = &w->want };
	in->n_stores = 1;
	in->entries = custody_entries(&g->mem, 5, false, &in->n_entries);
	in->n_items = in->n_entries;
	in->items_kept = ARENA_ARRAY(&g->mem, struct init_item, in->n_items);
	for (size_t i = 0; i < in->n_items; i++)
		in->items_kept[i] = (struct init_item){ .store = &in->stores[0], .entry = &in->entries[i], .have = { .ours = true } };
	in->items_kept[in->n_items - 1].have.state = f->keys;     /* the root token's */
	in->facts.table = "prod-vault";
	in->over.unsealed = f->unsealed;
	add_item(g, in, "keyring");
	if (f->flag)
		add_item(g, in, "seal-initialization-flag");
	if (f->foreign)
		add_item(g, in, "of-somebody");
}

static bool said(const struct err *e, const char *words)
{
	for (; e && e->text; e = e->more)
		if (strstr(e->text, words))
			return true;
	return false;
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
		result = init_over_decide(&in, &e);
		if (in.over.kind != f->want || (result == 0) != (f->says == NULL))
			fail_msg("%s: kind %d: %s", f->what, in.over.kind, e.text ? e.text : "");
		if (f->says && (err_exit_code(&e) != 4 || !said(&e, f->says)))
			fail_msg("%s: '%s' is not said: %s", f->what, f->says, e.text);
	}
}

/* Every reason in one run. */
static void all_reasons_are_told(void **state)
{
	static const struct found all = { "all", .asked = true, .initialized = true, .foreign = true, .keys = CUSTODY_HOLDS,
	                                  .unsealed = 2 };
	AUTO(given) struct given g;
	AUTO(err) struct err e = {0};
	struct init_world in;
	struct world w;

	(void)state;
	given_init(&g);
	fill(&g, &in, &w, &all);
	in.boot.options.vault_addr = "https://vault.example";
	assert_int_equal(init_over_decide(&in, &e), -1);
	assert_int_equal(err_count(&e), 6);
	assert_true(said(&e, "2 of its servers are unsealed") && said(&e, "its pods have to go down first"));
}

/* Another machine's run is gone on with under its own id, which custody's placeholders have. */
static void the_id_is_the_notes(void **state)
{
	struct init_world in = { .note = { .stage = BEGUN_LOST, .id = OTHER, .since = "then" } };
	const char *since = NULL;

	(void)state;
	assert_string_equal(init_over_run(&in, &since), OTHER);
	assert_string_equal(since, "then");
	in.note.stage = BEGUN_KEYS;
	assert_null(init_over_run(&in, &since));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_decides),
		cmocka_unit_test(all_reasons_are_told),
		cmocka_unit_test(the_id_is_the_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
