/*
 * One table that prints as aligned text, JSON and YAML. Its rows are maps, so
 * that a cell keeps its type for the machine forms; columns say which of the
 * names people see and under which title.
 *
 *	static const struct column columns[] = {
 *		{ "name", "RESOURCE" }, { "arn", "ARN", COLUMN_WIDE }, { NULL }
 *	};
 *	struct table t = { columns, value_new_list(mem) };
 *	struct value *row = value_push(mem, t.rows, value_new_map(mem));
 *	value_set_text(mem, row, "name", "alias/prod-vault-unseal");
 *	return table_print(app, &t, e);
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/app.h"

enum {
	COLUMN_WIDE  = 1 << 0,   /* only with -o wide */
	COLUMN_RIGHT = 1 << 1    /* numbers */
};

enum paint { PAINT_PLAIN, PAINT_GOOD, PAINT_BAD, PAINT_WARN, PAINT_FAINT, PAINT_BOLD };

struct column {
	const char *name;        /* in a row's map; NULL ends the table */
	const char *title;
	unsigned flags;
	enum paint (*paint)(const struct value *cell);  /* NULL: plain */
};

struct table {
	const struct column *columns;
	struct value *rows;      /* a list of maps; names without a column are for the machine forms alone */
};

/* As -o says: json and yaml the list of rows, else text. An empty table prints its titles. */
MUST_CHECK int table_print(struct app *app, const struct table *t, struct err *e);

/* The text form, appended to out. color: with ANSI codes. */
void table_text(struct buf *out, const struct table *t, bool wide, bool color);

/* "\033[32m" and so on; "" for plain, and for everything without color. */
const char *paint_on(enum paint paint, bool color);
const char *paint_off(enum paint paint, bool color);

#endif
