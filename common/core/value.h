/*
 * One tree for JSON, YAML, XML, INI and HCL: nothing above formats/ knows which
 * it was. A tree lives in the arena it was made in; maps keep the order of
 * appearance and hold each name once.
 *
 * Looking things up: value_get takes one name as it is; value_at takes a path
 * of names and list indexes, "cluster.identity.oidc.issuer" or "items.0.name"
 * (a name that holds a dot is reached with value_get). Both give NULL for what
 * is absent, and take NULL for an absent tree, so that look-ups can be chained.
 *
 * value_text and its kin are for what must be there: the error names the path,
 * the mark, and what stood there instead.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include "core/arena.h"
#include "core/err.h"

#include <stdint.h>

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_REAL,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP
};

struct mark {
	const char *file;      /* NULL: not from a file */
	unsigned line, column; /* from 1; 0: unknown */
};

struct value {
	enum value_type type;
	unsigned room;    /* of a list or map: for how many items there is memory */
	struct mark mark; /* where it stood */
	size_t n;         /* bytes of a text; items of a list or map */
	union {
		bool truth;
		int64_t integer;
		double real;
		const char *text; /* terminated; may hold zeros before its end */
		struct value **items;
	};
	const char **names;      /* of a map, in order of appearance */
	struct mark *name_marks; /* of a map, where each name stood; NULL: unknown */
};

/* A value of its own in the arena, without a mark. */
struct value *value_new_null(struct arena *a);
struct value *value_new_bool(struct arena *a, bool truth);
struct value *value_new_int(struct arena *a, int64_t integer);
struct value *value_new_real(struct arena *a, double real);
struct value *value_new_text(struct arena *a, const char *text); /* copies; NULL gives VALUE_NULL */
struct value *value_new_view(struct arena *a, struct view text); /* copies */
struct value *value_new_list(struct arena *a);
struct value *value_new_map(struct arena *a);
struct value *value_copy(struct arena *a, const struct value *v); /* deep; NULL gives NULL */

/* Room for n more items of a list or map, where their number is known: else it doubles. */
void value_reserve(struct arena *a, struct value *v, size_t n);

/* Appends item to list, gives item. */
struct value *value_push(struct arena *a, struct value *list, struct value *item);

/* Sets name (copied) in map, replacing what stood there in its place; gives item. */
struct value *value_set(struct arena *a, struct value *map, const char *name, struct value *item);
void value_set_text(struct arena *a, struct value *map, const char *name, const char *text);
void value_set_int(struct arena *a, struct value *map, const char *name, int64_t integer);
void value_set_bool(struct arena *a, struct value *map, const char *name, bool truth);

/* Sets along a path of names ("server.ha.config"), making the maps that are absent. */
void value_put(struct arena *a, struct value *map, const char *path, struct value *item);

/*
 * For readers: appends name (copied) without looking whether it is there, which
 * would make a long map slow; at may be NULL. value_twice then gives the index of
 * the first name that stood before already, or map->n, in n log n steps.
 */
struct value *value_add(struct arena *a, struct value *map, const char *name, const struct mark *at,
						struct value *item);
size_t value_twice(const struct value *map);

/* Takes name out of map; false when it was not there. */
bool value_unset(struct value *map, const char *name);

const struct value *value_get(const struct value *map, const char *name);
const struct value *value_at(const struct value *v, const char *path);

/*
 * What must be there, of this type: else ERR_CONFIG where the tree has a file's
 * marks, ERR_REMOTE where it has none. An int is also taken for a real, and a
 * whole real for an int. path NULL or "" is v itself.
 */
MUST_CHECK int value_text(const struct value *v, const char *path, const char **out, struct err *e);
MUST_CHECK int value_int(const struct value *v, const char *path, int64_t *out, struct err *e);
MUST_CHECK int value_real(const struct value *v, const char *path, double *out, struct err *e);
MUST_CHECK int value_bool(const struct value *v, const char *path, bool *out, struct err *e);
MUST_CHECK int value_list(const struct value *v, const char *path, const struct value **out,
						  struct err *e);
MUST_CHECK int value_map(const struct value *v, const char *path, const struct value **out,
						 struct err *e);

/* What may be absent, or of another type: then the default. */
const char *value_text_or(const struct value *v, const char *path, const char *otherwise);
int64_t value_int_or(const struct value *v, const char *path, int64_t otherwise);
bool value_bool_or(const struct value *v, const char *path, bool otherwise);

/* Items of a list or map at path; 0 for anything else. */
size_t value_count(const struct value *v, const char *path);

/*
 * Equal in type and content: maps in any order, lists in order, 1 and 1.0 alike.
 * NULL only equals NULL.
 */
bool value_same(const struct value *a, const struct value *b);

/* "a map", "a text" ...: for messages. Never NULL. */
const char *value_type_name(enum value_type type);

/* "file:line:column: ", or as much of it as is known, "" when nothing is. In the arena. */
const char *mark_text(struct arena *a, const struct mark *m);

/* err_set and err_also with the mark in front of the text. Return -1. */
int mark_err(struct err *e, enum err_kind kind, const struct mark *m, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
int mark_err_also(struct err *e, enum err_kind kind, const struct mark *m, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#endif
