/* The tables of all families: what a row names is there, and stands where it must. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check.h"

enum { STEPS_MAX = 512 };

static size_t all_steps(struct step out[STEPS_MAX])
{
	size_t n = 0;

	for (size_t f = 0; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_steps; i++) {
			assert_true(n < STEPS_MAX);
			out[n++] = check_families[f]->steps[i];
		}
	return n;
}

static void assert_steps_exist(const struct check *c, const char *const *names, const struct step *steps, size_t n)
{
	for (; names && *names; names++) {
		size_t i = 0;

		while (i < n && !text_same(steps[i].name, *names))
			i++;
		if (i == n)
			fail_msg("the check '%s' reads the step '%s', which is not there", c->id, *names);
	}
}

static void every_row_is_whole(void **state)
{
	static struct step steps[STEPS_MAX];
	size_t n = all_steps(steps);
	const struct check *c;

	(void)state;
	for (size_t i = 0; (c = check_at(i)); i++) {
		if (!c->id[0] || c->id[strspn(c->id, "abcdefghijklmnopqrstuvwxyz0123456789-")])
			fail_msg("the check '%s' is not in kebab case", c->id);
		if (check_find(c->id) != c)
			fail_msg("the check '%s' is there twice", c->id);
		if (text_empty(c->title) || text_empty(c->decides) || text_empty(c->remedy) || text_empty(c->reference) || !c->judge)
			fail_msg("the check '%s' lacks a text", c->id);
		assert_steps_exist(c, c->reads, steps, n);
		assert_steps_exist(c, c->uses, steps, n);
	}
}

static void a_check_is_named_after_its_family(void **state)
{
	(void)state;
	for (size_t f = 1; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_checks; i++)
			if (!text_starts(check_families[f]->checks[i].id, check_families[f]->name))
				fail_msg("'%s' is of the family '%s'", check_families[f]->checks[i].id, check_families[f]->name);
}

/* What a check needs is judged before it; a proof may need a proof, but nothing else may, or --no-proof would hide it. */
static void needs_stand_earlier(void **state)
{
	const struct check *c;

	(void)state;
	for (size_t i = 0; (c = check_at(i)); i++)
		for (const char *const *need = c->needs; need && *need; need++) {
			size_t at = 0;

			while (at < i && !text_same(check_at(at)->id, *need))
				at++;
			if (at == i)
				fail_msg("'%s' needs '%s', which does not stand before it", c->id, *need);
			if (check_at(at)->proof && !c->proof)
				fail_msg("'%s' needs the proof '%s'", c->id, *need);
		}
}

static void the_steps_are_one_sound_graph(void **state)
{
	static struct step steps[STEPS_MAX];
	size_t n = all_steps(steps);
	AUTO(err) struct err e = { 0 };

	(void)state;
	if (graph_check(steps, n, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < n; i++) {
		if (!steps[i].may_fail)
			fail_msg("the step '%s' would end the run when it fails", steps[i].name);
		if (steps[i].change)
			fail_msg("the step '%s' changes something", steps[i].name);
	}
}

/* One that is only looked at still runs, and what it needs runs with it. */
static void steps_that_are_used_are_asked(void **state)
{
	static const char *const only[] = { "kms-wrapping-key", NULL };
	struct check_choice choice = { .only = only, .proof = true };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	const struct step *steps;
	bool *chosen, found = false;
	size_t n;

	(void)state;
	assert_int_equal(checks_choose(&a, &choice, &chosen, &e), 0);
	steps = checks_steps(&a, chosen, &n);
	for (size_t i = 0; i < n; i++)
		found = found || text_same(steps[i].name, "key.wrapping");
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(a_check_is_named_after_its_family),
		cmocka_unit_test(needs_stand_earlier),
		cmocka_unit_test(the_steps_are_one_sound_graph),
		cmocka_unit_test(steps_that_are_used_are_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
