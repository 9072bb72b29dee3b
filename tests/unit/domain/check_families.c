/* Laws that every row of every family keeps: what the tables name exists, and stands where it must. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check.h"

static bool is_family_of(const char *id, const struct check_family *family)
{
	size_t n = strlen(family->name);

	return strncmp(id, family->name, n) == 0 && id[n] == '-';
}

static bool step_stands_before(size_t family, size_t row, const char *name)
{
	for (size_t f = 0; f <= family; f++)
		for (size_t i = 0; i < (f == family ? row : check_families[f]->n_steps); i++)
			if (text_same(check_families[f]->steps[i].name, name))
				return true;
	return false;
}

static bool step_exists(const char *name)
{
	return step_stands_before(n_check_families - 1, check_families[n_check_families - 1]->n_steps, name);
}

static size_t place_of(const char *id)
{
	size_t i = 0;

	while (check_at(i) && !text_same(check_at(i)->id, id))
		i++;
	return i;
}

static void test_checks(void **state)
{
	const struct check *c;

	(void)state;
	for (size_t i = 0; (c = check_at(i)); i++) {
		if (place_of(c->id) != i)
			fail_msg("two checks are called '%s'", c->id);
		if (check_family_of(c) != check_families[0] && !is_family_of(c->id, check_family_of(c)))
			fail_msg("'%s' does not begin with its family's name", c->id);
		if (text_empty(c->title) || text_empty(c->decides) || text_empty(c->remedy) || text_empty(c->reference) || !c->judge)
			fail_msg("'%s' lacks title, decides, remedy, reference or judge", c->id);
		if (text_ends(c->title, ".") || text_ends(c->remedy, "."))
			fail_msg("'%s' has a text with a full stop", c->id);
		for (const char *const *need = c->needs; need && *need; need++)
			if (place_of(*need) >= i)
				fail_msg("'%s' needs '%s', which is no earlier check", c->id, *need);
		for (const char *const *read = c->reads; read && *read; read++)
			if (!step_exists(*read))
				fail_msg("'%s' reads '%s', which is no step", c->id, *read);
	}
}

static void test_steps(void **state)
{
	(void)state;
	for (size_t f = 0; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_steps; i++) {
			const struct step *s = &check_families[f]->steps[i];

			if (step_stands_before(f, i, s->name))
				fail_msg("two steps are called '%s'", s->name);
			if (!s->ask || !s->hear || !s->may_fail)
				fail_msg("'%s' lacks ask, hear or may_fail", s->name);
			if (s->change || s->settle)
				fail_msg("'%s' changes something", s->name);
			for (const char *const *need = s->needs; need && *need; need++)
				if (!step_stands_before(f, i, *need))
					fail_msg("'%s' needs '%s', which is no earlier step", s->name, *need);
		}
}

/* Every step is there for some check. */
static void test_no_idle_step(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	const struct check_choice all = { .proof = true, .from_pod = true };
	size_t n, rows = 0;
	bool *chosen;

	(void)state;
	assert_int_equal(checks_choose(&a, &all, &chosen, &e), 0);
	checks_steps(&a, chosen, &n);
	for (size_t f = 0; f < n_check_families; f++)
		rows += check_families[f]->n_steps;
	assert_int_equal(n, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_idle_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
