/*
 * A tar archive (POSIX.1-1988 ustar), written into a buffer: plain files alone,
 * owned by nobody, mode 0600.
 *
 *	ustar_put(&out, "vault-check/pods.yaml", text, mtime_s);
 *	ustar_end(&out);
 */
#ifndef FORMATS_USTAR_H
#define FORMATS_USTAR_H

#include "core/buf.h"

#include <stdint.h>

/* Of a name that needs no splitting into prefix and name. */
enum { USTAR_NAME_MAX = 100 };

/* Appends one file. A longer name is cut: names are ours. */
void ustar_put(struct buf *out, const char *name, struct view content, int64_t mtime_s);
/* The two empty blocks at the end. */
void ustar_end(struct buf *out);

#endif
