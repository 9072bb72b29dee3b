/*
 * A machine held in the hand: files and environment are what the test put
 * there, the clock stands where it was set, random numbers repeat.
 *
 *	AUTO(fake_host) struct fake_host machine = { 0 };
 *	struct host host = fake_host(&machine);
 *
 *	fake_host_env(&machine, "HOME", "/home/ops");
 *	fake_host_file(&machine, "/home/ops/.kube/config", text);
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "core/host.h"

struct fake_file {
	char *path, *content;
	size_t n;
	unsigned mode;
	bool denied;                 /* reading it fails with EACCES */
	struct fake_file *next;
};

struct fake_host {
	struct fake_file *files, *env;   /* an environment variable is a file of that name */
	int64_t wall_ms;
	uint64_t random;                 /* state; random numbers follow from it alone */
	unsigned reads, writes, removes; /* calls so far, the failed ones too */
};

/* Borrows f. */
struct host fake_host(struct fake_host *f);

/* Texts are copied; NULL takes it away. */
void fake_host_env(struct fake_host *f, const char *name, const char *value);
void fake_host_file(struct fake_host *f, const char *path, const char *text);
/* The file is there, but may not be read. */
void fake_host_deny(struct fake_host *f, const char *path);

/* What a file holds now; NULL when there is none. mode (may be NULL): what it was written with, 0 by fake_host_file. */
const char *fake_host_content(const struct fake_host *f, const char *path, unsigned *mode);

void fake_host_release(struct fake_host *f);
SCOPE_END(fake_host, struct fake_host, fake_host_release(v))

#endif
