/* Versions: their order, and what the table says of them. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/version_table.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void versions_are_ordered_by_number(void **state)
{
	static const struct { const char *a, *b; int order; } cases[] = {
		{ "1.14.2", "1.14.2", 0 },  { "1.9.10", "1.14.2", -1 }, { "1.14", "1.14.0", 0 },      { "2.0.0", "1.99.99", 1 },
		{ "v1.21.1", "1.21.1", 0 }, { "1.21.1+ent", "1.21.1", 0 }, { "1.21.0-rc1", "1.21.0", -1 }, { "1.21.0", "1.21.0-rc1", 1 },
		{ "1.021.1", "1.21.1", 0 }, { "", "1", -1 },            { "garbage", "", 0 },
		{ "1.99999999999999999999", "1.100000000000000000000", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (sign(version_compare(cases[i].a, cases[i].b)) != cases[i].order)
			fail_msg("%s against %s: %d", cases[i].a, cases[i].b, version_compare(cases[i].a, cases[i].b));
}

static enum version_weight worst(const char *product, const char *version)
{
	enum version_weight w = VERSION_NOTE;

	for (const struct version_row *r = NULL; (r = version_next(product, version, r));)
		w = r->weight > w ? r->weight : w;
	return w;
}

static void the_table_knows_the_bad_ones(void **state)
{
	static const struct { const char *product, *version; enum version_weight weight; } cases[] = {
		{ "vault", "1.14.0", VERSION_BREAKS }, { "vault", "1.14.1", VERSION_BREAKS }, { "vault", "1.14.2", VERSION_WARNS },
		{ "vault", "1.13.4", VERSION_WARNS },  { "vault", "1.21.1", VERSION_NOTE },   { "vault", "2.0.4", VERSION_NOTE },
		{ "chart", "0.26.1", VERSION_WARNS },  { "chart", "0.34.1", VERSION_NOTE },   { "eso", "0.1.0", VERSION_NOTE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (worst(cases[i].product, cases[i].version) != cases[i].weight)
			fail_msg("%s %s", cases[i].product, cases[i].version);
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_version_rows; i++) {
		const struct version_row *r = &version_rows[i];

		assert_true(r->product && !text_empty(r->text) && !text_empty(r->reference) && (r->from || r->before));
		if (r->from && r->before)
			assert_true(version_compare(r->from, r->before) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered_by_number),
		cmocka_unit_test(the_table_knows_the_bad_ones),
		cmocka_unit_test(rows_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
