/* Numbers as the formats of this folder write them; none depends on a locale that is not "C". */
#ifndef FORMATS_NUMBER_H
#define FORMATS_NUMBER_H

#include "core/buf.h"

#include <stdint.h>

/* An optional sign, then digits of the base (2 to 16). False: something else, or too large. */
bool number_int(struct view text, unsigned base, int64_t *out);

/*
 * [sign] digits [. digits] [e [sign] digits]; digits may lack on one side of the
 * point. False when it is something else, or too large for a double.
 */
bool number_real(struct view text, double *out);

/* Length of the number of JSON (RFC 8259, section 6) at the start of text; 0: there is none. */
size_t number_json(struct view text);

/*
 * The fewest digits that give the same double again, always with a point, so
 * that every reader takes it for a real. real must be finite.
 */
void number_print_real(struct buf *out, double real);

#endif
