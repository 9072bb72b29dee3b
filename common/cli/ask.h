/*
 * Questions on the terminal. Answers are read from /dev/tty, not from standard
 * input, which may hold a document. --yes answers them all.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/app.h"

/*
 * 0: go on. -1: ERR_GUARD when the answer is no; ERR_USAGE, with --yes as hint,
 * when nobody can be asked; ERR_STOPPED when interrupted.
 */
MUST_CHECK int ask_yes(struct app *app, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * For what cannot be had back: what is about to happen is told, and the name must be typed, which --yes does not do. 0: it
 * was. -1: ERR_GUARD when something else was, or nobody can be asked; ERR_STOPPED.
 */
MUST_CHECK int ask_name(struct app *app, struct err *e, const char *name, const char *fmt, ...) PRINTF_LIKE(4, 5);

/*
 * One line, appended to out without its end, typed without echo; out is the caller's to wipe. ERR_USAGE: there is no
 * terminal, or it was closed; ERR_STOPPED when interrupted.
 */
MUST_CHECK int ask_hidden(struct app *app, struct buf *out, struct err *e, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
