/* Between options.c, which walks the command line, and options_store.c, which takes the values. */
#ifndef CLI_OPTIONS_PRIVATE_H
#define CLI_OPTIONS_PRIVATE_H

#include "cli/options.h"

/* Puts text (NULL: the option stood bare) where the row says. A problem is added to e. */
void option_store(struct arena *mem, struct parsed *out, const struct opt_group *group,
                  const struct opt *opt, const char *text, struct err *e);

#endif
