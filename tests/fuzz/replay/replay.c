/* Runs a fuzz target over files, or over all files of folders, where there is no libFuzzer. */
#include "core/host.h"
#include "core/text.h"

#include <dirent.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned replay(const struct host *host, const char *path)
{
	AUTO(buf) struct buf content = BUF_MAX(64 << 20);
	AUTO(err) struct err e = { 0 };
	AUTO(text) char *exact = NULL;

	if (host_read_file(host, path, &content, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	/* No byte more than there is, so that the sanitizers see what reads behind the end. */
	exact = xmalloc(content.n);
	memcpy(exact, buf_str(&content), content.n);
	LLVMFuzzerTestOneInput((const uint8_t *)exact, content.n);
	return 1;
}

static unsigned replay_folder(const struct host *host, const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	if (!dir)
		return replay(host, path);
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		AUTO(text) char *file = xasprintf("%s/%s", path, d->d_name);

		if (d->d_name[0] != '.')
			n += replay(host, file);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	const struct host host = host_system();
	unsigned n = 0;

	for (int i = 1; i < argc; i++)
		n += replay_folder(&host, argv[i]);
	printf("%u inputs\n", n);
	return n ? 0 : 1; /* a corpus that is not found proves nothing */
}
