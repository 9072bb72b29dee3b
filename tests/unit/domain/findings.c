#include "unit/unit.h"

#include "core/value.h"
#include "domain/check.h"

static struct findings *two(struct arena *a)
{
	struct findings *f = ARENA_NEW(a, struct findings);

	f->at = ARENA_ARRAY(a, struct finding, 2);
	f->n = 2;
	f->at[0] = (struct finding){ .check = check_find("kms-key"), .mem = a, .verdict = VERDICT_FAIL };
	found(&f->at[0], "the key '%s' is gone", "k");
	evidence(&f->at[0], "region", "%s", "here");
	evidence(&f->at[0], arena_text(a, "state"), "%s", "there");
	fix(&f->at[0], "mend %d", 1);
	f->at[1] = (struct finding){
		.check = check_find("dynamodb-table"), .mem = a, .verdict = VERDICT_UNKNOWN, .cause = "x", .blocked_by = check_find("config"),
		.right = arena_text(a, "a:B"),
	};
	f->count[VERDICT_FAIL] = f->count[VERDICT_UNKNOWN] = 1;
	f->root = &f->at[0];
	return f;
}

/* Under the sanitizers each piece of the first arena is an allocation of its own: whatever is borrowed would show. */
static void a_copy_borrows_nothing(void **state)
{
	struct arena before = ARENA_INIT;
	AUTO(arena) struct arena a = ARENA_INIT;
	struct findings copy;

	(void)state;
	findings_copy(&a, two(&before), &copy);
	arena_release(&before);
	assert_int_equal(copy.n, 2);
	assert_ptr_equal(copy.root, &copy.at[0]);
	assert_text(copy.at[0].cause, "the key 'k' is gone");
	assert_text(copy.at[0].fix, "mend 1");
	assert_text(copy.at[0].evidence->name, "region");
	assert_text(copy.at[0].evidence->next->name, "state");
	assert_text(copy.at[0].evidence->next->text, "there");
	assert_null(copy.at[0].evidence->next->next);
	assert_null(copy.at[0].right);
	assert_text(copy.at[1].right, "a:B");
	assert_text(copy.at[1].blocked_by->id, "config");
	assert_null(copy.at[1].evidence);
	found(&copy.at[1], "lives in the new %s", "arena");
	assert_text(copy.at[1].cause, "lives in the new arena");
}

static void the_tree_has_checks_and_summary(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *root = value_new_map(&a);
	const struct value *first, *second;

	(void)state;
	findings_put(&a, root, two(&a));
	first = value_at(root, "checks.0");
	second = value_at(root, "checks.1");
	assert_text(value_text_or(root, "summary.root", NULL), "kms-key");
	assert_int_equal(value_int_or(root, "summary.unknown", -1), 1);
	assert_int_equal(value_int_or(root, "summary.pass", -1), 0);
	assert_text(value_text_or(first, "verdict", NULL), "fail");
	assert_text(value_text_or(first, "evidence.1.value", NULL), "there");
	assert_non_null(value_get(first, "remedy"));
	assert_null(value_get(second, "remedy"));
	assert_null(value_get(second, "fix"));
	assert_text(value_text_or(second, "right", NULL), "a:B");
	assert_text(value_text_or(second, "blocked_by", NULL), "config");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_borrows_nothing),
		cmocka_unit_test(the_tree_has_checks_and_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
