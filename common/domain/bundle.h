/*
 * A support archive: what an examination found and the objects that it looked
 * at, with events and the ends of the logs, without secrets (redact.h). Secrets
 * of Kubernetes are never asked for.
 *
 *	struct bundle b = { .diag = &diag, .findings = &findings };
 *
 *	bundle_prepare(&b);
 *	struct graph g = { bundle_steps, n_bundle_steps, &b, tracks };
 *
 *	... the loop runs g, after the examination's own graph has ended ...
 *	bundle_write(&archive, &b, report, wall_ms);
 *	bundle_release(&b);
 *
 * What could not be had is named in the archive itself, with the reason.
 */
#ifndef DOMAIN_BUNDLE_H
#define DOMAIN_BUNDLE_H

#include "domain/diag.h"

enum {
	BUNDLE_MAX = 64 << 20,         /* of the archive */
	BUNDLE_LOG_LINES = 2000,       /* of each container, */
	BUNDLE_LOG_MAX = 1 << 20       /* and bytes */
};

struct bundle_log {
	struct buf now, before;        /* of the server's container, and of the one before its last start */
	struct err now_why, before_why;
};

struct bundle {
	struct diag *diag;
	const struct findings *findings;
	const struct value *events;    /* NULL: not read */
	struct err events_why;
	struct bundle_log *logs;       /* one a pod */
	size_t n_logs;
};

/* Room for what the steps read, by what the examination found. */
void bundle_prepare(struct bundle *b);

extern const struct step bundle_steps[];
extern const size_t n_bundle_steps;

/*
 * The archive (tar), all its files in one folder named `folder`. report: the texts that go in as they are asked for on
 * a terminal and by programs. ERR_REMOTE when it gets too large.
 */
struct bundle_report {
	const char *text;              /* report.txt */
	const struct value *value;     /* report.json */
};
MUST_CHECK int bundle_write(struct buf *out, const struct bundle *b, const char *folder, const struct bundle_report *report,
                            int64_t wall_ms, struct err *e);

void bundle_release(struct bundle *b);

#endif
