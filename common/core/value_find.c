/* Looking into value trees, and errors about them; value.c makes and changes them. */
#include "core/text.h"
#include "core/value.h"

const struct value *value_get(const struct value *map, const char *name)
{
	if (!map || map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->names[i], name) == 0)
			return map->items[i];
	return NULL;
}

static const struct value *item_by_view(const struct value *v, struct view name)
{
	size_t index = 0;

	if (v->type == VALUE_MAP) {
		for (size_t i = 0; i < v->n; i++)
			if (view_is(name, v->names[i]))
				return v->items[i];
		return NULL;
	}
	if (v->type != VALUE_LIST || name.n == 0 || name.n > 9)
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(name.p[i] - '0');
	}
	return index < v->n ? v->items[index] : NULL;
}

const struct value *value_at(const struct value *v, const char *path)
{
	struct view rest = view_text(path);

	if (rest.n == 0)
		return v;
	while (v && rest.p)
		v = item_by_view(v, view_cut(&rest, '.'));
	return v;
}

/* The deepest part of path that is there: where the rest of it is missing. */
static const struct value *nearest_there(const struct value *v, const char *path)
{
	struct view rest = view_text(path);

	while (v && rest.p) {
		const struct value *below = item_by_view(v, view_cut(&rest, '.'));

		if (!below)
			break;
		v = below;
	}
	return v;
}

static int refuse(const struct value *root, const struct value *found, const char *path,
				  const char *wanted, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *there = found ? found : nearest_there(root, path);
	enum err_kind kind = there && there->mark.file ? ERR_CONFIG : ERR_REMOTE;
	const char *where = there ? mark_text(&a, &there->mark) : "";

	if (!found)
		return err_set(e, kind, 0, "%s'%s' is missing", where, path ? path : "");
	if (text_empty(path))
		return err_set(e, kind, 0, "%sthis must be %s, not %s", where, wanted,
					   value_type_name(found->type));
	return err_set(e, kind, 0, "%s'%s' must be %s, not %s", where, path, wanted,
				   value_type_name(found->type));
}

/* A real that is a whole number and fits; 2^63 itself does not. */
static bool real_is_int(double real)
{
	return real >= -0x1p63 && real < 0x1p63 && (double)(int64_t)real == real;
}

static bool read_int(const struct value *v, int64_t *out)
{
	if (v && v->type == VALUE_INT)
		*out = v->integer;
	else if (v && v->type == VALUE_REAL && real_is_int(v->real))
		*out = (int64_t)v->real;
	else
		return false;
	return true;
}

static const struct value *at_of_type(const struct value *v, const char *path, enum value_type type)
{
	v = value_at(v, path);
	return v && v->type == type ? v : NULL;
}

/* What is at path, of this type; else NULL and the error. */
static const struct value *must_find(const struct value *v, const char *path, enum value_type type,
									 struct err *e)
{
	const struct value *found = value_at(v, path);

	if (found && found->type == type)
		return found;
	refuse(v, found, path, value_type_name(type), e);
	return NULL;
}

int value_text(const struct value *v, const char *path, const char **out, struct err *e)
{
	const struct value *found = must_find(v, path, VALUE_TEXT, e);

	if (found)
		*out = found->text;
	return found ? 0 : -1;
}

int value_int(const struct value *v, const char *path, int64_t *out, struct err *e)
{
	const struct value *found = value_at(v, path);

	return read_int(found, out) ? 0 : refuse(v, found, path, value_type_name(VALUE_INT), e);
}

int value_real(const struct value *v, const char *path, double *out, struct err *e)
{
	const struct value *found = value_at(v, path);

	if (found && found->type == VALUE_INT)
		*out = (double)found->integer;
	else if (found && found->type == VALUE_REAL)
		*out = found->real;
	else
		return refuse(v, found, path, value_type_name(VALUE_REAL), e);
	return 0;
}

int value_bool(const struct value *v, const char *path, bool *out, struct err *e)
{
	const struct value *found = must_find(v, path, VALUE_BOOL, e);

	if (found)
		*out = found->truth;
	return found ? 0 : -1;
}

int value_list(const struct value *v, const char *path, const struct value **out, struct err *e)
{
	const struct value *found = must_find(v, path, VALUE_LIST, e);

	if (found)
		*out = found;
	return found ? 0 : -1;
}

int value_map(const struct value *v, const char *path, const struct value **out, struct err *e)
{
	const struct value *found = must_find(v, path, VALUE_MAP, e);

	if (found)
		*out = found;
	return found ? 0 : -1;
}

const char *value_text_or(const struct value *v, const char *path, const char *otherwise)
{
	const struct value *found = at_of_type(v, path, VALUE_TEXT);

	return found ? found->text : otherwise;
}

int64_t value_int_or(const struct value *v, const char *path, int64_t otherwise)
{
	int64_t found;

	return read_int(value_at(v, path), &found) ? found : otherwise;
}

bool value_bool_or(const struct value *v, const char *path, bool otherwise)
{
	const struct value *found = at_of_type(v, path, VALUE_BOOL);

	return found ? found->truth : otherwise;
}

size_t value_count(const struct value *v, const char *path)
{
	const struct value *found = value_at(v, path);

	return found && (found->type == VALUE_LIST || found->type == VALUE_MAP) ? found->n : 0;
}

static bool same_number(const struct value *a, const struct value *b)
{
	const struct value *real = a->type == VALUE_REAL ? a : b, *other = real == a ? b : a;

	if (other->type == VALUE_REAL)
		return real->real == other->real;
	return real_is_int(real->real) && (int64_t)real->real == other->integer;
}

static bool same_map(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->n; i++) {
		/* Most often in the same order; so a long map is compared in one pass. */
		bool aligned = strcmp(a->names[i], b->names[i]) == 0;
		const struct value *other = aligned ? b->items[i] : value_get(b, a->names[i]);

		if (!value_same(a->items[i], other))
			return false;
	}
	return true;
}

static bool is_real(const struct value *v, const struct value *other)
{
	return v->type == VALUE_REAL && (other->type == VALUE_REAL || other->type == VALUE_INT);
}

bool value_same(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	if (is_real(a, b) || is_real(b, a))
		return same_number(a, b);
	if (a->type != b->type || a->n != b->n)
		return false;
	switch (a->type) {
	case VALUE_BOOL:
		return a->truth == b->truth;
	case VALUE_INT:
		return a->integer == b->integer;
	case VALUE_TEXT:
		return memcmp(a->text, b->text, a->n) == 0;
	case VALUE_LIST:
		for (size_t i = 0; i < a->n; i++)
			if (!value_same(a->items[i], b->items[i]))
				return false;
		return true;
	case VALUE_MAP:
		return same_map(a, b);
	default:
		return true;
	}
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",     [VALUE_BOOL] = "true or false", [VALUE_INT] = "an integer",
		[VALUE_REAL] = "a number", [VALUE_TEXT] = "a text",        [VALUE_LIST] = "a list",
		[VALUE_MAP] = "a map",
	};

	return (size_t)type < COUNT_OF(names) ? names[type] : "nothing";
}

const char *mark_text(struct arena *a, const struct mark *m)
{
	if (m->file && m->line)
		return arena_printf(a, "%s:%u:%u: ", m->file, m->line, m->column);
	if (m->file)
		return arena_printf(a, "%s: ", m->file);
	return m->line ? arena_printf(a, "%u:%u: ", m->line, m->column) : "";
}

int mark_err(struct err *e, enum err_kind kind, const struct mark *m, const char *fmt, ...)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(&a, fmt, ap);
	va_end(ap);
	return err_set(e, kind, 0, "%s%s", mark_text(&a, m), text);
}

int mark_err_also(struct err *e, enum err_kind kind, const struct mark *m, const char *fmt, ...)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(&a, fmt, ap);
	va_end(ap);
	return err_also(e, kind, "%s%s", mark_text(&a, m), text);
}
