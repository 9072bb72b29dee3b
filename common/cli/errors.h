/*
 * Errors, hints and warnings, printed once:
 *
 *	error: vault.yaml:7:3: unknown key 'kms_deletion_windw_days'
 *	hint: did you mean 'kms_deletion_window_days'?
 *
 * With -o json an error is one line of JSON on stderr instead, and stdout stays
 * the answer: {"error":{"kind","status","text","hint","more":[...]}}. Control
 * characters in what others sent never reach the terminal.
 */
#ifndef CLI_ERRORS_H
#define CLI_ERRORS_H

#include "cli/app.h"

/* All problems of e, each with its hint. Nothing when e is empty. */
void errors_print(struct app *app, const struct err *e);
/* The same as warnings; plain text also with -o json. */
void warnings_print(struct app *app, const struct err *e);
/* "warning: ...", "hint: ..." and a bare line, on talk. */
void warning_printf(struct app *app, const char *fmt, ...) PRINTF_LIKE(2, 3);
void hint_printf(struct app *app, const char *fmt, ...) PRINTF_LIKE(2, 3);
void talk_printf(struct app *app, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
