#include "unit/unit.h"

#include "core/host.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	struct host host;
	char path[64];
};

static int folder_make(void **state)
{
	struct folder *f = xcalloc(1, sizeof(*f));

	f->host = host_system();
	strcpy(f->path, "/tmp/unit-host-XXXXXX");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static int folder_remove(void **state)
{
	struct folder *f = *state;
	AUTO(text) char *sub = xasprintf("%s/a/b", f->path);
	AUTO(text) char *above = xasprintf("%s/a", f->path);
	static const char *const files[] = { "a/b/file", "file" };
	AUTO(err) struct err e = { 0 };

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(text) char *path = xasprintf("%s/%s", f->path, files[i]);

		if (host_remove_file(&f->host, path, &e) < 0)
			return -1;
	}
	rmdir(sub);
	rmdir(above);
	rmdir(f->path);
	free(f);
	return 0;
}

static void a_file_is_written_whole_with_its_mode_and_folders(void **state)
{
	const struct folder *f = *state;
	AUTO(text) char *path = xasprintf("%s/a/b/file", f->path);
	AUTO(text) char *folder = xasprintf("%s/a/b", f->path);
	AUTO(buf) struct buf back = BUF_MAX(1 << 20);
	AUTO(err) struct err e = { 0 };
	struct stat st;

	assert_int_equal(host_write_file(&f->host, path, view_text("one"), 0600, &e), 0);
	assert_int_equal(host_write_file(&f->host, path, view_text("second"), 0640, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~0700u, 0);
	buf_text(&back, "> ");
	assert_int_equal(host_read_file(&f->host, path, &back, &e), 0);
	assert_string_equal(buf_str(&back), "> second");
}

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void a_refused_write_leaves_nothing_behind(void **state)
{
	const struct folder *f = *state;
	AUTO(text) char *path = xasprintf("%s/a/b", f->path);
	AUTO(text) char *above = xasprintf("%s/a", f->path);
	AUTO(err) struct err e = { 0 };

	assert_int_equal(mkdir(above, 0700), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	/* A folder stands where the file should go: the rename is refused. */
	assert_int_equal(host_write_file(&f->host, path, view_text("x"), 0600, &e), -1);
	assert_int_equal(e.status, EISDIR);
	assert_int_equal(files_in(above), 1);
	assert_true(text_starts(e.text, "writing '"));
}

static void reading_says_why_not(void **state)
{
	const struct folder *f = *state;
	AUTO(text) char *path = xasprintf("%s/file", f->path);
	AUTO(text) char *below = xasprintf("%s/file/x", f->path);
	AUTO(buf) struct buf small = BUF_MAX(4);
	AUTO(err) struct err e = { 0 };

	assert_int_equal(host_read_file(&f->host, path, &small, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	assert_int_equal(e.status, ENOENT);
	assert_int_equal(host_write_file(&f->host, path, view_text("12345"), 0600, &e), 0);
	assert_int_equal(host_read_file(&f->host, path, &small, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_int_equal(e.status, EFBIG);
	assert_int_equal(small.n, 0);
	assert_int_equal(host_read_file(&f->host, below, &small, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	assert_int_equal(host_read_file(&f->host, f->path, &small, &e), -1);
	assert_int_equal(e.status, EISDIR);
}

static void what_others_may_read_is_no_secret(void **state)
{
	const struct folder *f = *state;
	AUTO(text) char *path = xasprintf("%s/file", f->path);
	static const unsigned open_to_others[] = { 0640, 0604, 0620, 0644, 0777 };
	AUTO(buf) struct buf back = BUF_MAX(100);
	AUTO(err) struct err e = { 0 };

	assert_int_equal(host_read_private(&f->host, path, &back, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	for (size_t i = 0; i < sizeof(open_to_others) / sizeof(*open_to_others); i++) {
		err_release(&e);
		assert_int_equal(host_write_file(&f->host, path, view_text("x"), open_to_others[i], &e), 0);
		assert_int_equal(host_read_private(&f->host, path, &back, &e), -1);
		assert_int_equal(e.kind, ERR_GUARD);
		assert_true(text_starts(e.hint, "chmod 600 '"));
	}
	err_release(&e);
	assert_int_equal(host_write_file(&f->host, path, view_text("secret"), 0600, &e), 0);
	assert_int_equal(host_read_private(&f->host, path, &back, &e), 0);
	assert_string_equal(buf_str(&back), "secret");
}

static void removing_what_is_not_there_is_no_error(void **state)
{
	const struct folder *f = *state;
	AUTO(text) char *path = xasprintf("%s/file", f->path);
	AUTO(err) struct err e = { 0 };

	assert_int_equal(host_remove_file(&f->host, path, &e), 0);
	assert_int_equal(host_write_file(&f->host, path, view_text(""), 0600, &e), 0);
	assert_int_equal(host_remove_file(&f->host, path, &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(host_remove_file(&f->host, f->path, &e), -1);
}

static void environment_clock_and_random(void **state)
{
	const struct folder *f = *state;
	unsigned char one[32], two[32];
	AUTO(err) struct err e = { 0 };
	AUTO(text) char *home = NULL, *below = NULL, *other = NULL;

	setenv("HOME", "/home/user", 1);
	setenv("UNIT_EMPTY", "", 1);
	home = host_path(&f->host, "~");
	below = host_path(&f->host, "~/.aws/config");
	other = host_path(&f->host, "~other/x");
	assert_string_equal(home, "/home/user");
	assert_string_equal(below, "/home/user/.aws/config");
	assert_string_equal(other, "~other/x");
	assert_null(host_env(&f->host, "UNIT_EMPTY"));
	assert_null(host_env(&f->host, "UNIT_NOT_SET"));
	assert_true(host_wall_ms(&f->host) > INT64_C(1700000000000));
	assert_int_equal(host_random(&f->host, one, sizeof(one), &e), 0);
	assert_int_equal(host_random(&f->host, two, sizeof(two), &e), 0);
	assert_memory_not_equal(one, two, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_written_whole_with_its_mode_and_folders,
										folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_refused_write_leaves_nothing_behind, folder_make,
										folder_remove),
		cmocka_unit_test_setup_teardown(reading_says_why_not, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(what_others_may_read_is_no_secret, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(removing_what_is_not_there_is_no_error, folder_make,
										folder_remove),
		cmocka_unit_test_setup_teardown(environment_clock_and_random, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
