/* A container's log: records have ceilings, hold no control characters, and rows are found by what they hold. */
#include "fuzz/fuzz.h"

#include "domain/log_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct log_record *records;
	size_t count = log_read(&a, view_of(data, n), &records);

	must(count <= LOG_RECORDS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct view text = view_text(records[i].text);

		must(text.n > 0 && text.n <= LOG_RECORD_MAX);
		for (size_t k = 0; k < text.n; k++)
			must((unsigned char)text.p[k] >= ' ' && text.p[k] != 0x7f);
		must(!records[i].row || log_matches(records[i].row->pattern, text));
	}
	return 0;
}
