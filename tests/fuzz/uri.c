#include "fuzz/fuzz.h"

#include "formats/uri.h"

static void encode_and_decode(struct view text)
{
	AUTO(buf) struct buf coded = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(buf) struct buf back = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };

	uri_encode(&coded, text, text.n % 2);
	must(uri_decode(&back, buf_bytes(&coded), true, &e) == 0);
	must(view_same(text, buf_bytes(&back)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf plain = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };
	struct uri u;

	encode_and_decode(view_of(data, n));
	taken(uri_decode(&plain, view_of(data, n), false, &e), &e);
	if (taken(uri_parse(&a, arena_view(&a, view_of(data, n)), &u, &e), &e)) {
		must(*u.scheme && *u.host && *u.path == '/' && u.port <= 65535);
		must(!strpbrk(u.host, "@/?# "));
		uri_is_loopback(&u);
	}
	return 0;
}
