/* Steps that a check only looks at, where they can be had: they exist, are asked, and their failure hides nothing. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/diag.h"

static bool step_exists(const char *name)
{
	for (size_t f = 0; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_steps; i++)
			if (text_same(check_families[f]->steps[i].name, name))
				return true;
	return false;
}

static void what_is_used_exists(void **state)
{
	const struct check *c;

	(void)state;
	for (size_t i = 0; (c = check_at(i)); i++)
		for (const char *const *use = c->uses; use && *use; use++)
			if (!step_exists(*use))
				fail_msg("'%s' uses '%s', which is no step", c->id, *use);
}

/* Else --no-proof would hide more than the proofs. */
static void only_proofs_need_proofs(void **state)
{
	const struct check *c;

	(void)state;
	for (size_t i = 0; (c = check_at(i)); i++)
		for (const char *const *need = c->needs; need && *need; need++)
			if (check_find(*need)->proof && !c->proof)
				fail_msg("'%s' needs the proof '%s'", c->id, *need);
}

static const struct step *steps_of(struct arena *a, const char *id, size_t *n)
{
	const char *const only[] = { id, NULL };
	struct check_choice choice = { .only = only, .proof = true };
	AUTO(err) struct err e = { 0 };
	bool *chosen;

	if (checks_choose(a, &choice, &chosen, &e) < 0)
		fail_msg("%s", e.text);
	return checks_steps(a, chosen, n);
}

static void what_is_used_is_asked(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct step *steps;
	bool wrapping = false, grants = false;
	size_t n;

	(void)state;
	steps = steps_of(&a, "kms-wrapping-key", &n);
	for (size_t i = 0; i < n; i++) {
		wrapping = wrapping || text_same(steps[i].name, "key.wrapping");
		grants = grants || text_same(steps[i].name, "key.grants");
	}
	assert_true(wrapping);
	assert_false(grants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_used_exists),
		cmocka_unit_test(only_proofs_need_proofs),
		cmocka_unit_test(what_is_used_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
