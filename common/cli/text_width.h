/*
 * Text on a terminal: how many columns it takes, and making it safe. Widths by
 * Unicode 15 (combining marks 0, East Asian wide and emoji 2), without locale.
 */
#ifndef CLI_TEXT_WIDTH_H
#define CLI_TEXT_WIDTH_H

#include "core/buf.h"

/* Columns of a text; bytes that are no UTF-8 count one each. */
size_t text_columns(struct view text);

/* Appends what fits into so many columns, cut at a character; "..." marks a cut when there is room. */
void text_fit(struct buf *out, struct view text, size_t columns);

/* Appends text with control characters (C0, DEL, C1) and broken UTF-8 as '?', tabs and newlines as spaces. */
void text_safe(struct buf *out, struct view text);

/*
 * Appends text broken at spaces into lines that end before `columns`; newlines stay. The first line starts
 * at column `indent`, where the caller is; later ones get that many spaces.
 */
void text_wrap(struct buf *out, const char *text, size_t columns, size_t indent);

#endif
