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

#endif
