#include "formats/yaml.h"

#include "core/text.h"
#include "formats/cursor.h"
#include "formats/yaml_word.h"

#include <inttypes.h>
#include <yaml.h>

SCOPE_END(event, yaml_event_t, yaml_event_delete(v))

struct anchor {
	const char *name;
	const struct value *value; /* NULL while the node itself is being read */
};

struct reader {
	yaml_parser_t parser;
	struct view text;
	struct arena *a;
	const char *file;
	struct anchor *anchors; /* in order of appearance; a later one of the same name counts */
	size_t n_anchors;
	size_t nodes; /* made so far, copies by aliases among them */
	struct err *e;
};

static void reader_release(struct reader *r)
{
	yaml_parser_delete(&r->parser);
	free(r->anchors);
}
SCOPE_END(reader, struct reader, reader_release(v))

static struct value *read_node(struct reader *r, const yaml_event_t *event, size_t depth);

static struct mark mark_of(const struct reader *r, const yaml_mark_t *m)
{
	return (struct mark){ r->file, (unsigned)m->line + 1, (unsigned)m->column + 1 };
}

static int refuse(struct reader *r, const struct mark *mark, const char *why)
{
	return mark_err(r->e, ERR_CONFIG, mark, "%s", why);
}

static int refuse_event(struct reader *r, const yaml_event_t *event, const char *why)
{
	struct mark mark = mark_of(r, &event->start_mark);

	return refuse(r, &mark, why);
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	const yaml_parser_t *p = &r->parser;
	struct mark mark;

	if (yaml_parser_parse(&r->parser, event))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		out_of_memory();
	if (p->error == YAML_READER_ERROR)
		mark = cursor_mark_of(r->text, r->file, p->problem_offset);
	else
		mark = mark_of(r, &p->problem_mark);
	return mark_err(r->e, ERR_CONFIG, &mark, "%s%s%s", p->context ? p->context : "",
					p->context ? ": " : "", p->problem ? p->problem : "this is no YAML");
}

static struct value *count_node(struct reader *r, const yaml_event_t *event, struct value *v)
{
	if (v && ++r->nodes > YAML_NODES_MAX) {
		refuse_event(r, event, "too many values");
		return NULL;
	}
	if (v)
		v->mark = mark_of(r, &event->start_mark);
	return v;
}

static bool tag_is(const yaml_char_t *tag, const char *name)
{
	return tag && text_starts((const char *)tag, "tag:yaml.org,2002:") &&
		   strcmp((const char *)tag + strlen("tag:yaml.org,2002:"), name) == 0;
}

/* A tag only confirms what a word is; the one that changes it is !!str (and !). */
static bool tag_fits(const yaml_char_t *tag, enum value_type type)
{
	return (tag_is(tag, "int") && type == VALUE_INT) ||
		   (tag_is(tag, "bool") && type == VALUE_BOOL) ||
		   (tag_is(tag, "null") && type == VALUE_NULL) ||
		   (tag_is(tag, "float") && (type == VALUE_REAL || type == VALUE_INT));
}

static struct value *scalar_value(struct reader *r, const yaml_event_t *event)
{
	const yaml_char_t *tag = event->data.scalar.tag;
	struct view word = view_of(event->data.scalar.value, event->data.scalar.length);
	struct value *v;

	if (tag_is(tag, "str") || (tag && strcmp((const char *)tag, "!") == 0) ||
		(!tag && !event->data.scalar.plain_implicit))
		return value_new_view(r->a, word);
	v = yaml_word_value(r->a, word);
	if (!tag || tag_fits(tag, v->type))
		return v;
	refuse_event(r, event, "this tag does not fit here");
	return NULL;
}

/* Adds the values of v to *nodes; gives how deep it is. */
static size_t weigh(const struct value *v, size_t *nodes)
{
	size_t deepest = 0;

	++*nodes;
	if (v->type != VALUE_LIST && v->type != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < v->n; i++) {
		size_t depth = weigh(v->items[i], nodes);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

/* An alias is a copy, so that one tree can be changed without the other; copies count. */
static struct value *alias_value(struct reader *r, const yaml_event_t *event, size_t depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	size_t i = r->n_anchors;

	while (i > 0 && strcmp(r->anchors[i - 1].name, name) != 0)
		i--;
	if (i == 0 || !r->anchors[i - 1].value) {
		refuse_event(r, event, i ? "this alias holds itself" : "there is no anchor of this name");
		return NULL;
	}
	if (weigh(r->anchors[i - 1].value, &r->nodes) + depth > YAML_DEPTH_MAX) {
		refuse_event(r, event, "nested too deep");
		return NULL;
	}
	if (r->nodes > YAML_NODES_MAX) {
		refuse_event(r, event, "aliases make too many values");
		return NULL;
	}
	return value_copy(r->a, r->anchors[i - 1].value);
}

static struct value *read_list(struct reader *r, size_t depth)
{
	struct value *list = value_new_list(r->a);

	for (;;) {
		AUTO(event) yaml_event_t event = { 0 };
		struct value *item;

		if (next_event(r, &event) < 0)
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return list;
		item = read_node(r, &event, depth);
		if (!item)
			return NULL;
		value_push(r->a, list, item);
	}
}

/* The name that a key gives, as sigs.k8s.io/yaml makes it a name of JSON; NULL with the error. */
static const char *key_name(struct reader *r, const yaml_event_t *event)
{
	const struct value *v;

	if (event->type != YAML_SCALAR_EVENT) {
		refuse_event(r, event, "a name must be a single word or text");
		return NULL;
	}
	v = scalar_value(r, event);
	if (!v)
		return NULL;
	if (v->type == VALUE_BOOL)
		return v->truth ? "true" : "false";
	if (v->type == VALUE_INT)
		return arena_printf(r->a, "%" PRId64, v->integer);
	if (v->type == VALUE_TEXT && strlen(v->text) == v->n)
		return v->text;
	refuse_event(r, event, "a name must be a text; write it in quotes");
	return NULL;
}

static bool is_merge(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.plain_implicit &&
		   strcmp((const char *)event->data.scalar.value, "<<") == 0;
}

static int merge_one(struct reader *r, struct value *map, const struct value *from)
{
	if (from->type != VALUE_MAP)
		return refuse(r, &from->mark, "only maps can be merged");
	if (from->n > YAML_MERGE_MAX)
		return refuse(r, &from->mark, "too many names to merge");
	for (size_t i = 0; i < from->n; i++)
		if (!value_get(map, from->names[i]))
			value_add(r->a, map, from->names[i], &from->name_marks[i], from->items[i]);
	return 0;
}

static int merge_all(struct reader *r, struct value *map, const struct value *from)
{
	if (from->type != VALUE_LIST)
		return merge_one(r, map, from);
	for (size_t i = 0; i < from->n; i++)
		if (merge_one(r, map, from->items[i]) < 0)
			return -1;
	return 0;
}

static struct value *end_map(struct reader *r, struct value *map, const struct value *merge)
{
	size_t twice = value_twice(map);

	if (twice < map->n) {
		mark_err(r->e, ERR_CONFIG, &map->name_marks[twice], "the name '%s' stands here twice",
				 map->names[twice]);
		return NULL;
	}
	return merge && merge_all(r, map, merge) < 0 ? NULL : map;
}

static struct value *read_map(struct reader *r, size_t depth)
{
	struct value *map = value_new_map(r->a), *merge = NULL;

	for (;;) {
		AUTO(event) yaml_event_t key = { 0 };
		AUTO(event) yaml_event_t event = { 0 };
		const char *name = NULL;
		struct mark mark;
		struct value *item;

		if (next_event(r, &key) < 0)
			return NULL;
		if (key.type == YAML_MAPPING_END_EVENT)
			return end_map(r, map, merge);
		mark = mark_of(r, &key.start_mark);
		if (is_merge(&key) && merge) {
			refuse(r, &mark, "the name '<<' stands here twice");
			return NULL;
		}
		if (!is_merge(&key) && !(name = key_name(r, &key)))
			return NULL;
		if (next_event(r, &event) < 0 || !(item = read_node(r, &event, depth)))
			return NULL;
		if (name)
			value_add(r->a, map, name, &mark, item);
		else
			merge = item;
	}
}

static const char *anchor_of(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;

	if (event->type == YAML_SCALAR_EVENT)
		anchor = event->data.scalar.anchor;
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		anchor = event->data.sequence_start.anchor;
	else if (event->type == YAML_MAPPING_START_EVENT)
		anchor = event->data.mapping_start.anchor;
	return (const char *)anchor;
}

static struct value *read_collection(struct reader *r, const yaml_event_t *event, size_t depth)
{
	bool map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

	if (tag && !tag_is(tag, map ? "map" : "seq")) {
		refuse_event(r, event, "this tag does not fit here");
		return NULL;
	}
	if (depth == YAML_DEPTH_MAX) {
		refuse_event(r, event, "nested too deep");
		return NULL;
	}
	return map ? read_map(r, depth + 1) : read_list(r, depth + 1);
}

static struct value *read_node(struct reader *r, const yaml_event_t *event, size_t depth)
{
	const char *anchor = anchor_of(event);
	size_t mine = r->n_anchors;
	struct value *v;

	if (event->type == YAML_ALIAS_EVENT)
		return alias_value(r, event, depth);
	if (anchor && r->n_anchors == YAML_ANCHORS_MAX) {
		refuse_event(r, event, "too many anchors");
		return NULL;
	}
	if (anchor)
		r->anchors[r->n_anchors++] = (struct anchor){ arena_text(r->a, anchor), NULL };
	if (event->type == YAML_SCALAR_EVENT)
		v = scalar_value(r, event);
	else
		v = read_collection(r, event, depth);
	v = count_node(r, event, v);
	if (anchor)
		r->anchors[mine].value = v;
	return v;
}

/* The events around the one document; an empty text is null. */
static struct value *read_document(struct reader *r)
{
	AUTO(event) yaml_event_t stream = { 0 };
	AUTO(event) yaml_event_t start = { 0 };
	AUTO(event) yaml_event_t root = { 0 };
	AUTO(event) yaml_event_t end = { 0 };
	AUTO(event) yaml_event_t next = { 0 };
	struct value *v;

	if (next_event(r, &stream) < 0 || next_event(r, &start) < 0)
		return NULL;
	if (start.type == YAML_STREAM_END_EVENT)
		return count_node(r, &start, value_new_null(r->a));
	if (next_event(r, &root) < 0)
		return NULL;
	v = read_node(r, &root, 0);
	if (!v || next_event(r, &end) < 0 || next_event(r, &next) < 0)
		return NULL;
	if (next.type != YAML_STREAM_END_EVENT) {
		refuse_event(r, &next, "only one document is allowed");
		return NULL;
	}
	return v;
}

int va_yaml_parse(struct arena *a, struct view text, const char *file, struct value **out,
				  struct err *e)
{
	AUTO(reader) struct reader r = { .a = a, .file = arena_text(a, file), .e = e };
	struct value *v;

	if (cursor_check_utf8(text, file, e) < 0)
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		out_of_memory();
	r.text = cursor_at_start(text, file).rest;
	r.anchors = xcalloc(YAML_ANCHORS_MAX, sizeof(*r.anchors));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text.p, r.text.n);
	v = read_document(&r);
	if (!v)
		return -1;
	*out = v;
	return 0;
}
