#include "unit/unit.h"

#include "core/scope.h"
#include "formats/iso8601.h"

static void times_in_their_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-24T05:36:24Z", 1795498584000 },
		{ "2026-11-24T05:36:24.25Z", 1795498584250 },
		{ "2026-11-24T05:36:24.1239999Z", 1795498584123 },
		{ "2026-11-24T06:36:24+01:00", 1795498584000 },
		{ "2026-11-24T00:06:24-0530", 1795498584000 },
		{ "2024-02-29T23:59:59Z", 1709251199000 },
		{ "1969-12-31T23:59:59Z", -1000 },
		{ "0000-01-01T00:00:00Z", -62167219200000 },
		{ "9999-12-31T23:59:59Z", 253402300799000 },
	};
	AUTO(err) struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ms;

		if (iso8601_parse(view_text(rows[i].text), &ms, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void what_is_no_time(void **state)
{
	static const char *const rows[] = { "",
										"2026-11-24",
										"2026-11-24T05:36:24",
										"2026-02-29T00:00:00Z",
										"2026-13-01T00:00:00Z",
										"2026-00-01T00:00:00Z",
										"2026-11-31T00:00:00Z",
										"2026-11-24T24:00:00Z",
										"2026-11-24T05:60:24Z",
										"2026-11-24T05:36:60Z",
										"2026-11-24T05:36:24.Z",
										"2026-11-24T05:36:24ZZ",
										"2026-11-24T05:36:24+1:00",
										"2026-11-24T05:36:24+24:00",
										"+026-11-24T05:36:24Z",
										"2100-02-29T00:00:00Z" };
	AUTO(err) struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ms = 42;

		assert_int_equal(iso8601_parse(view_text(rows[i]), &ms, &e), -1);
		assert_int_equal(ms, 42);
		assert_true(e.kind == ERR_CONFIG && e.text);
	}
}

/* Every day of 400 years, against the days before it. */
static void printing_is_reading_backwards(void **state)
{
	AUTO(err) struct err e = { 0 };
	char text[ISO8601_TEXT], amz[AMZ_DATE_TEXT];
	int64_t back;

	(void)state;
	for (int64_t day = -146097; day <= 146097; day++) {
		int64_t ms = day * 86400000 + 86399000;

		iso8601_print(ms, text);
		assert_int_equal(iso8601_parse(view_text(text), &back, &e), 0);
		assert_int_equal(back, ms);
	}
	iso8601_print(1795498584999, text);
	amz_date_print(1795498584999, amz);
	assert_string_equal(text, "2026-11-24T05:36:24Z");
	assert_string_equal(amz, "20261124T053624Z");
	iso8601_print(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
	iso8601_print(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	iso8601_print(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void dates_of_http(void **state)
{
	static const char *const broken[] = { "",
										  "Tue, 24 Nov 2026 05:36:24",
										  "Tue, 24 nov 2026 05:36:24 GMT",
										  "Tue, 31 Nov 2026 05:36:24 GMT",
										  "Tuesday, 24-Nov-26 05:36:24 GMT",
										  "Tue Nov 24 05:36:24 2026",
										  "Tue, 24 Nov 2026 05:36:24 GMT!" };
	AUTO(err) struct err e = { 0 };
	int64_t ms;

	(void)state;
	assert_int_equal(http_date_parse(view_text("Tue, 24 Nov 2026 05:36:24 GMT"), &ms, &e), 0);
	assert_int_equal(ms, 1795498584000);
	assert_int_equal(http_date_parse(view_text(" Tue, 24 Nov 2026 05:36:24 GMT\r\n"), &ms, &e), 0);
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		assert_int_equal(http_date_parse(view_text(broken[i]), &ms, &e), -1);
		assert_int_equal(e.kind, ERR_REMOTE);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },           { "90", 90000 },  { "90s", 90000 },    { "5m", 300000 },
		{ "1h30m", 5400000 }, { "500ms", 500 }, { "1.5h", 5400000 }, { "0.001s", 1 },
		{ "1m1s1ms", 61001 }, { "0s", 0 },      { "0.0001s", 0 },
	};
	static const char *const broken[] = { "",
										  "s",
										  "1x",
										  "-1",
										  "+1",
										  "-1s",
										  "1 s",
										  "1.5",
										  "1h30",
										  "1us",
										  "1ns",
										  "1d",
										  "..s",
										  "99999999999999999999",
										  "9223372036854775807",
										  "9999999999999h",
										  "1e3s" };
	AUTO(err) struct err e = { 0 };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (duration_parse(view_text(rows[i].text), &ms, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(ms, rows[i].ms);
	}
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		if (duration_parse(view_text(broken[i]), &ms, &e) == 0)
			fail_msg("'%s' was taken", broken[i]);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_their_forms),
		cmocka_unit_test(what_is_no_time),
		cmocka_unit_test(printing_is_reading_backwards),
		cmocka_unit_test(dates_of_http),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
