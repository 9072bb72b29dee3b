#include "core/value.h"

#include "core/text.h"

#include <limits.h>

static struct value *value_new(struct arena *a, enum value_type type)
{
	struct value *v = ARENA_NEW(a, struct value);

	v->type = type;
	return v;
}

struct value *value_new_null(struct arena *a)
{
	return value_new(a, VALUE_NULL);
}

struct value *value_new_bool(struct arena *a, bool truth)
{
	struct value *v = value_new(a, VALUE_BOOL);

	v->truth = truth;
	return v;
}

struct value *value_new_int(struct arena *a, int64_t integer)
{
	struct value *v = value_new(a, VALUE_INT);

	v->integer = integer;
	return v;
}

struct value *value_new_real(struct arena *a, double real)
{
	struct value *v = value_new(a, VALUE_REAL);

	v->real = real;
	return v;
}

struct value *value_new_text(struct arena *a, const char *text)
{
	return text ? value_new_view(a, view_text(text)) : value_new_null(a);
}

struct value *value_new_view(struct arena *a, struct view text)
{
	struct value *v = value_new(a, VALUE_TEXT);

	v->text = arena_view(a, text);
	v->n = text.n;
	return v;
}

struct value *value_new_list(struct arena *a)
{
	return value_new(a, VALUE_LIST);
}

struct value *value_new_map(struct arena *a)
{
	return value_new(a, VALUE_MAP);
}

static void *grown(struct arena *a, const void *old, size_t size, size_t n, size_t room)
{
	void *p = arena_alloc_array(a, size, room);

	if (n)
		memcpy(p, old, size * n);
	return p;
}

void value_reserve(struct arena *a, struct value *v, size_t n)
{
	size_t room = v->n + n;

	if (room > UINT_MAX)
		out_of_memory();
	if (room <= v->room)
		return;
	v->room = (unsigned)room;
	v->items = grown(a, v->items, sizeof(*v->items), v->n, room);
	if (v->type != VALUE_MAP)
		return;
	v->names = grown(a, v->names, sizeof(*v->names), v->n, room);
	if (v->name_marks)
		v->name_marks = grown(a, v->name_marks, sizeof(*v->name_marks), v->n, room);
}

static void make_room(struct arena *a, struct value *v)
{
	if (v->n == v->room)
		value_reserve(a, v, v->n < 4 ? 4 : v->n);
}

struct value *value_push(struct arena *a, struct value *list, struct value *item)
{
	make_room(a, list);
	return list->items[list->n++] = item;
}

struct value *value_add(struct arena *a, struct value *map, const char *name, const struct mark *at,
						struct value *item)
{
	make_room(a, map);
	if (at && !map->name_marks)
		map->name_marks = arena_alloc_array(a, sizeof(*at), map->room);
	if (map->name_marks)
		map->name_marks[map->n] = at ? *at : (struct mark){ 0 };
	map->names[map->n] = arena_text(a, name);
	return map->items[map->n++] = item;
}

static size_t find(const struct value *map, const char *name)
{
	size_t i = 0;

	while (i < map->n && strcmp(map->names[i], name) != 0)
		i++;
	return i;
}

struct value *value_set(struct arena *a, struct value *map, const char *name, struct value *item)
{
	size_t i = find(map, name);

	if (i == map->n)
		return value_add(a, map, name, NULL, item);
	return map->items[i] = item;
}

void value_set_text(struct arena *a, struct value *map, const char *name, const char *text)
{
	value_set(a, map, name, value_new_text(a, text));
}

void value_set_int(struct arena *a, struct value *map, const char *name, int64_t integer)
{
	value_set(a, map, name, value_new_int(a, integer));
}

void value_set_bool(struct arena *a, struct value *map, const char *name, bool truth)
{
	value_set(a, map, name, value_new_bool(a, truth));
}

void value_put(struct arena *a, struct value *map, const char *path, struct value *item)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		const char *name = arena_view(a, view_of(path, (size_t)(dot - path)));
		size_t i = find(map, name);

		if (i < map->n && map->items[i]->type == VALUE_MAP)
			map = map->items[i];
		else
			map = value_set(a, map, name, value_new_map(a));
		path = dot + 1;
	}
	value_set(a, map, path, item);
}

bool value_unset(struct value *map, const char *name)
{
	size_t i = find(map, name), behind;

	if (i == map->n)
		return false;
	behind = --map->n - i;
	memmove(map->items + i, map->items + i + 1, behind * sizeof(*map->items));
	memmove(map->names + i, map->names + i + 1, behind * sizeof(*map->names));
	if (map->name_marks)
		memmove(map->name_marks + i, map->name_marks + i + 1, behind * sizeof(*map->name_marks));
	return true;
}

static struct value *copy_items(struct arena *a, struct value *copy, const struct value *v)
{
	copy->n = copy->room = 0;
	copy->items = NULL;
	copy->names = NULL;
	copy->name_marks = NULL;
	value_reserve(a, copy, v->n);
	for (size_t i = 0; i < v->n; i++) {
		struct value *item = value_copy(a, v->items[i]);

		if (v->type == VALUE_LIST)
			value_push(a, copy, item);
		else
			value_add(a, copy, v->names[i], v->name_marks ? &v->name_marks[i] : NULL, item);
	}
	return copy;
}

struct value *value_copy(struct arena *a, const struct value *v)
{
	struct value *copy;

	if (!v)
		return NULL;
	copy = ARENA_NEW(a, struct value);
	*copy = *v;
	if (v->type == VALUE_LIST || v->type == VALUE_MAP)
		return copy_items(a, copy, v);
	if (v->type == VALUE_TEXT)
		copy->text = arena_view(a, view_of(v->text, v->n));
	return copy;
}

static int by_name(const void *a, const void *b, void *names)
{
	const char *const *name = names;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = strcmp(name[i], name[j]);

	return order ? order : i < j ? -1 : 1;
}

size_t value_twice(const struct value *map)
{
	size_t *order = xcalloc(map->n, sizeof(*order)), first = map->n;

	for (size_t i = 0; i < map->n; i++)
		order[i] = i;
	qsort_r(order, map->n, sizeof(*order), by_name, map->names);
	for (size_t i = 1; i < map->n; i++)
		if (order[i] < first && strcmp(map->names[order[i - 1]], map->names[order[i]]) == 0)
			first = order[i];
	free(order);
	return first;
}
