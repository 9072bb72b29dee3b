/*
 * The flags of `helm upgrade --install` that a user may give to us: which are
 * kept for helm, which only one major knows, which we refuse and why. Those that
 * we carry out ourselves (--wait, --atomic, --rollback-on-failure, --timeout,
 * --dry-run, -o) are not here: they are rows of the commands.
 * Facts: `helm upgrade --help` of 3.21.4 and 4.2.4.
 */
#ifndef CLI_HELM_FLAGS_H
#define CLI_HELM_FLAGS_H

#include "cli/app.h"

extern const struct opt helm_flags[];

/*
 * Appends the kept flags as words for a helm of this major, "--name=value" each,
 * in the order given. ERR_USAGE names every flag that this major does not know.
 */
MUST_CHECK int helm_flags_argv(struct app *app, unsigned major, struct text_list *argv, struct err *e);

/* Last value of a kept flag; "true" when it stood without one; NULL: not given. */
const char *helm_flag_given(const struct app *app, const char *name);

#endif
