#include "fuzz/fuzz.h"

#include "formats/iso8601.h"

/* What was read, printed, reads as the same second. */
static void print_and_read(int64_t ms)
{
	AUTO(err) struct err e = { 0 };
	char text[ISO8601_TEXT], amz[AMZ_DATE_TEXT];
	int64_t back;

	iso8601_print(ms, text);
	amz_date_print(ms, amz);
	must(strlen(text) == strlen("2026-11-24T05:36:24Z") && strlen(amz) == AMZ_DATE_TEXT - 1);
	must(iso8601_parse(view_text(text), &back, &e) == 0);
	/* An offset may lead out of the years 0 to 9999, where printing stops. */
	if (ms >= INT64_C(-62167219200000) && ms <= INT64_C(253402300799999))
		must(back <= ms && ms - back < 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(err) struct err e = { 0 };
	struct view text = view_of(data, n);
	int64_t ms;

	if (taken(iso8601_parse(text, &ms, &e), &e))
		print_and_read(ms);
	if (taken(http_date_parse(text, &ms, &e), &e))
		print_and_read(ms);
	if (taken(duration_parse(text, &ms, &e), &e))
		must(ms >= 0);
	return 0;
}
