#include "unit/cli/program.h"

#include "cli/table.h"

static enum paint by_state(const struct value *cell)
{
	return text_same(cell->text, "gone") ? PAINT_BAD : PAINT_GOOD;
}

static const struct column columns[] = {
	{ .name = "name", .title = "NAME" },
	{ .name = "items", .title = "ITEMS", .flags = COLUMN_RIGHT },
	{ .name = "arn", .title = "ARN", .flags = COLUMN_WIDE },
	{ .name = "state", .title = "STATE", .paint = by_state },
	{ .name = NULL }
};

static struct table two_rows(struct arena *a)
{
	struct table t = { columns, value_new_list(a) };
	struct value *row = value_push(a, t.rows, value_new_map(a));

	value_set_text(a, row, "name", "tablé");
	value_set_int(a, row, "items", 5);
	value_set_text(a, row, "arn", "arn:x");
	value_set_text(a, row, "state", "there");
	row = value_push(a, t.rows, value_new_map(a));
	value_set_text(a, row, "name", "表格");
	value_set_int(a, row, "items", 12345678);
	value_set_bool(a, row, "ours", true);
	value_set_text(a, row, "state", "gone");
	return t;
}

static void aligned_by_what_is_seen(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	struct table t = two_rows(&a);

	(void)state;
	table_text(&out, &t, false, false);
	assert_string_equal(buf_str(&out), "NAME       ITEMS   STATE\n"
	                                   "tablé          5   there\n"
	                                   "表格    12345678   gone\n");
	buf_cut(&out, 0);
	table_text(&out, &t, true, false);
	assert_string_equal(buf_str(&out), "NAME       ITEMS   ARN     STATE\n"
	                                   "tablé          5   arn:x   there\n"
	                                   "表格    12345678           gone\n");
}

static void colors_do_not_move_columns(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	struct table t = two_rows(&a);

	(void)state;
	table_text(&out, &t, false, true);
	assert_non_null(strstr(buf_str(&out), "\n表格    12345678   \033[31mgone\033[0m\n"));
	assert_non_null(strstr(buf_str(&out), "tablé          5   \033[32mthere\033[0m\n"));
}

static void an_empty_table_has_titles(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	struct table t = { columns, value_new_list(&a) };

	(void)state;
	table_text(&out, &t, false, false);
	assert_string_equal(buf_str(&out), "NAME   ITEMS   STATE\n");
}

static const char *printed_as(struct program *p, const char *format)
{
	AUTO(err) struct err e = { 0 };
	struct table t;

	program_open(p);
	p->app.format = format;
	t = two_rows(&p->app.mem);
	assert_int_equal(table_print(&p->app, &t, &e), 0);
	fflush(p->app.out);
	return p->out;
}

static void the_same_rows_for_machines(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_string_equal(printed_as(&p, "json"),
		"[\n"
		"  {\n    \"name\": \"tablé\",\n    \"items\": 5,\n    \"arn\": \"arn:x\",\n    \"state\": \"there\"\n  },\n"
		"  {\n    \"name\": \"表格\",\n    \"items\": 12345678,\n    \"ours\": true,\n    \"state\": \"gone\"\n  }\n"
		"]\n");
	assert_non_null(strstr(printed_as(&p, "yaml"), "items: 12345678\n"));
	assert_true(text_starts(printed_as(&p, "table"), "NAME       ITEMS"));
	assert_non_null(strstr(printed_as(&p, "wide"), "ARN"));
}

static void cells_cannot_steer_the_terminal(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	struct table t = { columns, value_new_list(&a) };

	(void)state;
	value_set_text(&a, value_push(&a, t.rows, value_new_map(&a)), "name", "a\033]0;x\007\nb");
	table_text(&out, &t, false, false);
	assert_non_null(strstr(buf_str(&out), "\na?]0;x? b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_by_what_is_seen),
		cmocka_unit_test(colors_do_not_move_columns),
		cmocka_unit_test(an_empty_table_has_titles),
		cmocka_unit_test(the_same_rows_for_machines),
		cmocka_unit_test(cells_cannot_steer_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
