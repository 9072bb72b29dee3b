#include "unit/unit.h"

#include "core/text.h"
#include "core/value.h"

static struct value *sample(struct arena *a)
{
	struct value *root = value_new_map(a), *list = value_new_list(a);

	value_set_text(a, root, "name", "prod");
	value_set_int(a, root, "count", 3);
	value_set_bool(a, root, "on", true);
	value_set(a, root, "real", value_new_real(a, 1.5));
	value_push(a, list, value_new_text(a, "first"));
	value_push(a, list, value_new_null(a));
	value_set(a, root, "list", list);
	value_put(a, root, "server.ha.config", value_new_text(a, "x"));
	return root;
}

static void paths_lead_through_maps_and_lists(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *root = sample(&a);

	(void)state;
	assert_string_equal(value_text_or(root, "server.ha.config", NULL), "x");
	assert_string_equal(value_text_or(root, "list.0", NULL), "first");
	assert_int_equal(value_at(root, "list.1")->type, VALUE_NULL);
	assert_null(value_at(root, "list.2"));
	assert_null(value_at(root, "list.x"));
	assert_null(value_at(root, "list.-1"));
	assert_null(value_at(root, "list."));
	assert_null(value_at(root, "name.below"));
	assert_null(value_at(NULL, "a.b"));
	assert_ptr_equal(value_at(root, ""), root);
	assert_null(value_get(root, "server.ha"));
	assert_null(value_get(NULL, "x"));
	assert_int_equal(value_count(root, "list"), 2);
	assert_int_equal(value_count(root, "name"), 0);
	assert_int_equal(value_count(root, "absent"), 0);
}

static void maps_keep_order_and_hold_each_name_once(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *map = value_new_map(&a);

	(void)state;
	for (int i = 0; i < 100; i++)
		value_set_int(&a, map, arena_printf(&a, "k%d", i), i);
	value_set_text(&a, map, "k50", "replaced");
	assert_int_equal(map->n, 100);
	assert_string_equal(map->names[50], "k50");
	assert_string_equal(value_text_or(map, "k50", ""), "replaced");
	assert_true(value_unset(map, "k0"));
	assert_false(value_unset(map, "k0"));
	assert_int_equal(map->n, 99);
	assert_string_equal(map->names[0], "k1");
	assert_int_equal(value_int_or(map, "k99", -1), 99);
	value_set_int(&a, map, "k0", 7);
	assert_string_equal(map->names[99], "k0");
}

static void room_may_be_made_before_and_is_no_limit(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *map = value_new_map(&a), *list = value_new_list(&a);
	struct mark mark = { .line = 7, .column = 1 };
	size_t used;

	(void)state;
	value_reserve(&a, map, 3);
	value_reserve(&a, list, 3);
	used = a.used;
	for (int i = 0; i < 3; i++)
		value_push(&a, list, list);
	assert_int_equal(a.used, used);
	for (int i = 0; i < 40; i++) {
		mark.column = (unsigned)i;
		value_add(&a, map, arena_printf(&a, "k%d", i), &mark, value_new_int(&a, i));
		value_push(&a, list, map);
	}
	assert_int_equal(list->n, 43);
	assert_ptr_equal(list->items[2], list);
	assert_ptr_equal(list->items[42], map);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(map->items[i]->integer, i);
		assert_int_equal(map->name_marks[i].column, i);
	}
}

static void put_replaces_what_is_no_map(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *root = sample(&a);

	(void)state;
	value_put(&a, root, "name.inner", value_new_int(&a, 1));
	assert_int_equal(value_int_or(root, "name.inner", 0), 1);
	value_put(&a, root, "server.ha.replicas", value_new_int(&a, 3));
	assert_string_equal(value_text_or(root, "server.ha.config", ""), "x");
}

static void what_must_be_there_says_what_was_instead(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *root = sample(&a);
	const char *text = "untouched";
	const struct value *v = NULL;
	int64_t n;
	double real;
	bool truth;

	(void)state;
	assert_int_equal(value_text(root, "name", &text, &e), 0);
	assert_string_equal(text, "prod");
	assert_int_equal(value_int(root, "count", &n, &e) + value_bool(root, "on", &truth, &e), 0);
	assert_true(n == 3 && truth);
	assert_int_equal(value_real(root, "count", &real, &e), 0);
	assert_true(real == 3.0);
	assert_int_equal(value_list(root, "list", &v, &e) + value_map(root, "server", &v, &e), 0);
	assert_int_equal(value_int(root, "real", &n, &e), -1);
	assert_int_equal(value_text(root, "count", &text, &e), -1);
	assert_string_equal(text, "prod");
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_string_equal(e.text, "'count' must be a text, not an integer");
	assert_int_equal(value_text(root, "server.ha.nothing", &text, &e), -1);
	assert_string_equal(e.text, "'server.ha.nothing' is missing");
	assert_int_equal(value_map(NULL, "x", &v, &e), -1);
	assert_string_equal(e.text, "'x' is missing");
}

static void errors_name_the_place(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *root = sample(&a);
	const char *text;

	(void)state;
	((struct value *)value_at(root, "server.ha"))->mark = (struct mark){ "v.yaml", 7, 3 };
	assert_int_equal(value_text(root, "server.ha", &text, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.text, "v.yaml:7:3: 'server.ha' must be a text, not a map");
	assert_int_equal(value_text(root, "server.ha.role.arn", &text, &e), -1);
	assert_string_equal(e.text, "v.yaml:7:3: 'server.ha.role.arn' is missing");
	assert_string_equal(mark_text(&a, &(struct mark){ "f", 0, 0 }), "f: ");
	assert_string_equal(mark_text(&a, &(struct mark){ NULL, 1, 2 }), "1:2: ");
	assert_string_equal(mark_text(&a, &(struct mark){ 0 }), "");
	mark_err_also(&e, ERR_CONFIG, &(struct mark){ "f", 1, 2 }, "no %s", "good");
	assert_string_equal(e.more->text, "f:1:2: no good");
}

static void whole_reals_are_integers(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	int64_t n = 0;

	(void)state;
	assert_int_equal(value_int(value_new_real(&a, 1.7e9), NULL, &n, &e), 0);
	assert_int_equal(n, 1700000000);
	assert_int_equal(value_int(value_new_real(&a, 0x1p63), NULL, &n, &e), -1);
	assert_int_equal(value_int(value_new_real(&a, 0.0 / 0.0), NULL, &n, &e), -1);
	assert_string_equal(e.text, "this must be an integer, not a number");
}

static void sameness(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *one = sample(&a), *two = value_copy(&a, one), *other = value_new_map(&a);

	(void)state;
	assert_true(value_same(one, two));
	assert_true(value_unset(two, "name"));
	assert_false(value_same(one, two));
	value_set_text(&a, two, "name", "prod"); /* now the last one */
	assert_true(value_same(one, two));
	value_put(&a, two, "server.ha.config", value_new_text(&a, "y"));
	assert_false(value_same(one, two));
	assert_string_equal(value_text_or(one, "server.ha.config", ""), "x");
	assert_true(value_same(NULL, NULL));
	assert_false(value_same(one, NULL));
	assert_true(value_same(value_new_int(&a, 1), value_new_real(&a, 1.0)));
	assert_false(value_same(value_new_int(&a, INT64_MAX), value_new_real(&a, 0x1p63)));
	assert_false(value_same(value_new_int(&a, 0), value_new_bool(&a, false)));
	assert_false(
		value_same(value_new_view(&a, view_of("a\0b", 3)), value_new_view(&a, view_of("a\0c", 3))));
	value_set_text(&a, other, "a", NULL);
	assert_int_equal(value_get(other, "a")->type, VALUE_NULL);
	assert_null(value_copy(&a, NULL));
}

static void twice_gives_the_second_of_the_first_pair(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	static const char *const names[] = { "d", "b", "a", "c", "b", "a" };
	struct value *map = value_new_map(&a);

	(void)state;
	assert_int_equal(value_twice(map), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct mark mark = { "f", (unsigned)i + 1, 1 };

		value_add(&a, map, names[i], &mark, value_new_null(&a));
		assert_int_equal(value_twice(map), i < 4 ? map->n : 4);
	}
	assert_int_equal(map->name_marks[4].line, 5);
	assert_true(value_unset(map, "d"));
	assert_int_equal(map->name_marks[0].line, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_through_maps_and_lists),
		cmocka_unit_test(maps_keep_order_and_hold_each_name_once),
		cmocka_unit_test(room_may_be_made_before_and_is_no_limit),
		cmocka_unit_test(put_replaces_what_is_no_map),
		cmocka_unit_test(what_must_be_there_says_what_was_instead),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(whole_reals_are_integers),
		cmocka_unit_test(sameness),
		cmocka_unit_test(twice_gives_the_second_of_the_first_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
