/*
 * What a program would otherwise take from the machine behind everybody's back:
 * wall clock, environment, files, random numbers. Passed in, so that a test can
 * hold all of it in its hand. (The network, child processes and the monotonic
 * clock arrive through struct transport.) host_system() is the only real one.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "core/buf.h"

#include <stdint.h>

struct host_ops {
	/* Milliseconds since 1970, UTC. */
	int64_t (*wall_ms)(void *self);
	/* Borrowed; NULL when not set. */
	const char *(*env)(void *self, const char *name);
	/* Appends the whole file to out (whose ceiling bounds it). ERR_ABSENT when there is none;
	 * status is errno. */
	int (*read_file)(void *self, const char *path, struct buf *out, struct err *e);
	/* The same for a file with a secret: ERR_GUARD when its mode lets others than its owner in (status: 0). */
	int (*read_private)(void *self, const char *path, struct buf *out, struct err *e);
	/* Whole or not at all: new file beside it with this mode, fsync, rename. Makes missing folders
	 * with 0700. */
	int (*write_file)(void *self, const char *path, struct view content, unsigned mode,
					  struct err *e);
	/* Removing what is not there is no error. */
	int (*remove_file)(void *self, const char *path, struct err *e);
	int (*random)(void *self, void *out, size_t n, struct err *e);
};

struct host {
	const struct host_ops *ops;
	void *self;
};

/* The machine we run on. Nothing to free. */
struct host host_system(void);

/* Milliseconds since 1970, UTC: what certificates and signatures mean by now. It may jump. */
int64_t host_wall_ms(const struct host *h);
/* NULL when unset or empty: an empty variable counts as unset. */
const char *host_env(const struct host *h, const char *name);
MUST_CHECK int host_read_file(const struct host *h, const char *path, struct buf *out,
							  struct err *e);
MUST_CHECK int host_read_private(const struct host *h, const char *path, struct buf *out,
								 struct err *e);
MUST_CHECK int host_write_file(const struct host *h, const char *path, struct view content,
							   unsigned mode, struct err *e);
MUST_CHECK int host_remove_file(const struct host *h, const char *path, struct err *e);
MUST_CHECK int host_random(const struct host *h, void *out, size_t n, struct err *e);

/* "~" and "~/x" with HOME in front; anything else as it is. Owned by the caller. */
char *host_path(const struct host *h, const char *path);

#endif
