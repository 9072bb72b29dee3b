#include "fuzz/fuzz.h"

#include "core/digest.h"

static void print_and_read(struct view bytes)
{
	AUTO(buf) struct buf coded = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(buf) struct buf back = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };

	base64_print(&coded, bytes);
	must(coded.n == (bytes.n + 2) / 3 * 4);
	must(base64_parse(&back, buf_bytes(&coded), &e) == 0);
	must(view_same(bytes, buf_bytes(&back)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(buf) struct buf plain = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };

	print_and_read(view_of(data, n));
	if (taken(base64_parse(&plain, view_of(data, n), &e), &e))
		print_and_read(buf_bytes(&plain));
	return 0;
}
