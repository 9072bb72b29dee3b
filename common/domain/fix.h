/* What the fixes of several checks have in common: lines that a shell takes as they stand. */
#ifndef DOMAIN_FIX_H
#define DOMAIN_FIX_H

#include "domain/diag.h"

/* text as one word of a POSIX shell, quoted where it must be. In the arena. */
const char *shell_word(struct arena *a, const char *text);

#endif
