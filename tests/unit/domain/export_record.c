/* The record of an export: what of it is wrong, and what it does not cover. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/export_record.h"
#include "fake/host.h"

#define NOW 1790000000000
#define FILE_DIGEST "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"   /* of "hello" */
#define LISTING     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char RECORD[] =
    "{\"format\": \"helm-vault-aws-export/1\", \"vault\": \"c1\", \"mount\": \"attic\", \"time\": \"2026-09-21T14:13:20Z\",\n"
    " \"paths\": 2, \"listing\": \"" LISTING "\", \"file\": \"attic.age\", \"sha256\": \"" FILE_DIGEST "\", \"later\": [1]}";

struct scene {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct export_record record;
	struct export_subject now;
};

static void scene_open(struct scene *s)
{
	AUTO(err) struct err e = { 0 };

	*s = (struct scene){ .machine.wall_ms = NOW, .now = { .vault = "c1", .mount = "attic", .paths = 2, .listing = LISTING } };
	s->host = fake_host(&s->machine);
	assert_int_equal(host_write_file(&s->host, "/x/attic.age", view_text("hello"), 0600, &e), 0);
	assert_int_equal(host_write_file(&s->host, "/x/attic.json", view_text(RECORD), 0600, &e), 0);
	assert_int_equal(export_record_read(&s->mem, &s->host, "/x/attic.json", &s->record, &e), 0);
}

static void scene_close(struct scene *s)
{
	fake_host_release(&s->machine);
	arena_release(&s->mem);
}
SCOPE_END(scene, struct scene, scene_close(v))

static void a_fresh_one_covers(void **state)
{
	AUTO(scene) struct scene s = { 0 };
	AUTO(err) struct err e = { 0 };

	(void)state;
	scene_open(&s);
	if (export_record_covers(&s.record, &s.host, &s.now, &e) < 0)
		fail_msg("%s", e.text);
	s.machine.wall_ms = NOW + EXPORT_AGE_MS;
	assert_int_equal(export_record_covers(&s.record, &s.host, &s.now, &e), 0);
	s.machine.wall_ms++;
	assert_int_equal(export_record_covers(&s.record, &s.host, &s.now, &e), -1);
	assert_int_equal(e.kind, ERR_GUARD);
	assert_non_null(strstr(e.text, "60 minutes old"));
}

static unsigned problems(const struct err *e)
{
	unsigned n = 0;

	for (const struct err *p = e; p && p->kind; p = p->more)
		n++;
	return n;
}

static void all_that_stands_against_it_is_told(void **state)
{
	AUTO(scene) struct scene s = { 0 };
	AUTO(err) struct err e = { 0 }, ignored = { 0 };

	(void)state;
	scene_open(&s);
	s.now = (struct export_subject){ .vault = "c2", .mount = "cellar", .paths = 3 };
	s.machine.wall_ms = NOW - 120000;
	assert_int_equal(host_write_file(&s.host, "/x/attic.age", view_text("other"), 0600, &ignored), 0);
	assert_int_equal(export_record_covers(&s.record, &s.host, &s.now, &e), -1);
	assert_int_equal(problems(&e), 5);
}

static void a_missing_file_or_another_listing_is_not_enough(void **state)
{
	AUTO(scene) struct scene s = { 0 };
	AUTO(err) struct err e = { 0 }, other = { 0 }, ignored = { 0 };

	(void)state;
	scene_open(&s);
	s.now.listing[0] ^= 1;
	assert_int_equal(export_record_covers(&s.record, &s.host, &s.now, &e), -1);
	assert_non_null(strstr(e.text, "other paths"));
	s.now.listing[0] ^= 1;
	assert_int_equal(host_remove_file(&s.host, "/x/attic.age", &ignored), 0);
	assert_int_equal(export_record_covers(&s.record, &s.host, &s.now, &other), -1);
	assert_non_null(strstr(other.text, "attic.age"));
}

static void every_wrong_key_has_its_place(void **state)
{
	static const struct { const char *text; unsigned n; } wrong[] = {
		{ "[]", 1 }, { "{}", 8 }, { "{\"format\": \"x/1\", \"paths\": \"2\", \"time\": \"noon\", \"sha256\": \"ABC\"}", 8 },
	};
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(err) struct err e = { 0 };
		struct export_record r;

		assert_int_equal(export_record_parse(&a, view_text(wrong[i].text), "f", &r, &e), -1);
		assert_int_equal(problems(&e), wrong[i].n);
		for (const struct err *p = &e; p; p = p->more) {
			assert_int_equal(p->kind, ERR_CONFIG);
			assert_true(text_starts(p->text, "f:1:"));
		}
	}
}

static void a_listing_does_not_depend_on_the_order(void **state)
{
	const char *one[] = { "b/c", "a", "B" }, *two[] = { "a", "B", "b/c" };
	char first[SHA256_HEX], second[SHA256_HEX], none[SHA256_HEX];

	(void)state;
	export_listing(one, COUNT_OF(one), first);
	export_listing(two, COUNT_OF(two), second);
	export_listing(NULL, 0, none);
	assert_string_equal(first, second);
	/* printf 'B\na\nb/c\n' | sha256sum, and of nothing */
	assert_string_equal(first, "43962f7f8694ee0efdc74be5a7f7855fe6b0b20c9fdec22cf519da3ae34de201");
	assert_string_equal(none, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_one_covers),
		cmocka_unit_test(all_that_stands_against_it_is_told),
		cmocka_unit_test(a_missing_file_or_another_listing_is_not_enough),
		cmocka_unit_test(every_wrong_key_has_its_place),
		cmocka_unit_test(a_listing_does_not_depend_on_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
