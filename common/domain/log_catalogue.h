/*
 * What Vault prints when something is wrong with it: line, cause, fix. The rows
 * are facts recorded fault by fault from Vault 1.21, with the older words of
 * 1.14 beside them; tests hold every recorded line against them.
 *
 * A record is what Vault said at once: a line with the lines that belong to it,
 * joined by blanks. Vault's log is hclog text, where a value of several lines
 * becomes a block ("  error=", then "  | ..." each); what ends the process is
 * printed without time and level on the other stream, and may stand in the middle
 * of a block.
 */
#ifndef DOMAIN_LOG_CATALOGUE_H
#define DOMAIN_LOG_CATALOGUE_H

#include "core/arena.h"

#include <stdint.h>

enum log_kind {
	LOG_NORMAL,   /* looks like trouble and is none */
	LOG_GOOD,     /* what was wrong before it is over */
	LOG_STOPS,    /* ends the process, or leaves it closed: counts while the server does not serve */
	LOG_RUNS      /* comes while it serves: counts while it is fresh */
};

struct log_row {
	const char *id;
	enum log_kind kind;
	const char *pattern;  /* '*' stands for any bytes, letters for either case; anywhere in the record */
	const char *cause;    /* NULL: LOG_NORMAL and LOG_GOOD need none */
	const char *fix;      /* lines to paste, with {namespace} {pod} {release} ... in them; NULL: none */
};

extern const struct log_row log_rows[];
extern const size_t n_log_rows;

enum {
	LOG_RECORDS_MAX = 1000,
	LOG_RECORD_MAX = 2048     /* bytes of one; what is longer is cut */
};

struct log_record {
	int64_t at_ms;            /* when the kubelet took it; 0: not known */
	const char *text;
	const struct log_row *row; /* NULL: nothing that we know */
};

/*
 * Within the first LOG_RECORD_MAX bytes. Steps over them once a piece: no pattern can take long. A piece has 128 bytes at
 * most.
 */
bool log_matches(const char *pattern, struct view text);

/* The first row that matches; the more special ones stand first. NULL: none. */
const struct log_row *log_find(struct view record);

/*
 * Cuts a container's log into records, oldest first, and finds their rows. Each
 * line begins with the kubelet's time (timestamps=true): what has another one
 * behind it is of Vault's log, what has none came on the other stream. Past LOG_RECORDS_MAX
 * the oldest are left out.
 */
size_t log_read(struct arena *a, struct view log, struct log_record **out);

#endif
