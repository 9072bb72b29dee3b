/* How secrets look in a text, whatever stands before them. For redact.c and redact_text.c alone. */
#ifndef DOMAIN_REDACT_SHAPE_H
#define DOMAIN_REDACT_SHAPE_H

#include "core/view.h"

/*
 * Length of the secret that begins at text[at]; 0: none does. Looks at what stands before it too, so at is an offset
 * into the whole text.
 */
size_t redact_shape(struct view text, size_t at);

#endif
