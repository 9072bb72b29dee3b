/* UTF-8 as Unicode has it (table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "core/view.h"

#include <stdint.h>

/* Bytes of the character at the start of rest (1 to 4), which goes to *out unless out is NULL; 0
 * when there is none. */
size_t utf8_next(struct view rest, uint32_t *out);

/* Offset of the first byte that is no UTF-8; text.n when all is well. */
size_t utf8_fault(struct view text);

#endif
