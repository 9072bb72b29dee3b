#include "domain/configure_reader.h"

#include "core/text.h"
#include "formats/iso8601.h"

enum { NAMES_MAX = 40 };

const char *const reader_mount_token_types[] = { "default-service", "default-batch", "service", "batch", NULL };
const char *const reader_visibilities[] = { "unauth", "hidden", NULL };
const char *const reader_token_types[] = { "default", "default-service", "default-batch", "service", "batch", NULL };

void reader_wrong_type(struct reader *r, const struct value *v, const char *name, const char *must)
{
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must be %s, not %s", name, must, value_type_name(v->type));
}

/* ---- names ---- */

static const char *all_of(struct arena *a, const char *const *known, size_t n)
{
	AUTO(buf) struct buf all = BUF_MAX(4096);

	for (size_t k = 0; k < n; k++)
		buf_printf(&all, "%s%s", k ? ", " : "", known[k]);
	return arena_text(a, buf_str(&all));
}

void reader_unknown(struct reader *r, const struct value *map, size_t i, const char *const *known, size_t n)
{
	const char *nearest = text_nearest(map->names[i], known, n);

	mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "unknown key '%s'", map->names[i]);
	if (nearest)
		err_hint(r->e, "did you mean '%s'?", nearest);
	else
		err_hint(r->e, "known here: %s", all_of(r->a, known, n));
}

bool reader_known(struct reader *r, const struct mark *mark, const char *name, const char *const *known, size_t n,
                  const char *what)
{
	const char *nearest = text_nearest(name, known, n);

	for (size_t i = 0; i < n; i++)
		if (text_same(known[i], name))
			return true;
	mark_err_also(r->e, ERR_CONFIG, mark, "the file has no %s '%s'", what, name);
	if (nearest)
		err_hint(r->e, "did you mean '%s'?", nearest);
	return false;
}

static void check_names(struct reader *r, const struct value *map, const struct field *fields, size_t n)
{
	const char *known[NAMES_MAX];

	for (size_t i = 0; i < n; i++)
		known[i] = fields[i].name;
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (k < n && !text_same(map->names[i], known[k]))
			k++;
		if (k == n)
			reader_unknown(r, map, i, known, n);
	}
}

/* Paths and names go into addresses as they are: nothing in them that would need encoding, or that leads elsewhere. */
static bool name_is_plain(const char *name, bool slashes)
{
	size_t n = strlen(name);

	if (n == 0 || n > 200 || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@")])
		return false;
	return name[0] != '/' && name[0] != '.' && name[n - 1] != '/' && !strstr(name, "//") && !strstr(name, "/.") &&
	    !strstr(name, "..") && (slashes || !strchr(name, '/'));
}

bool reader_name(struct reader *r, const struct value *map, size_t i, bool slashes, const char *what)
{
	if (name_is_plain(map->names[i], slashes))
		return true;
	mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "'%s' is no name of %s", map->names[i], what);
	return false;
}

void reader_small(struct reader *r, const struct mark *mark, const char *name, const char *what)
{
	for (const char *c = name; *c; c++)
		if (*c >= 'A' && *c <= 'Z') {
			mark_err_also(r->e, ERR_CONFIG, mark, "the %s '%s' must be written in small letters, as Vault keeps it", what,
			              name);
			return;
		}
}

/* ---- fields ---- */

/* Without zeros in it. */
static bool is_whole_text(const struct value *v)
{
	return v->type == VALUE_TEXT && *v->text && strlen(v->text) == v->n;
}

static bool push_text(struct reader *r, struct value *list, const struct value *v, const struct field *f)
{
	if (v->type != VALUE_TEXT) {
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must hold texts, not %s", f->name, value_type_name(v->type));
		return false;
	}
	if (!is_whole_text(v)) {
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must hold no empty text", f->name);
		return false;
	}
	if (f->type == FIELD_PEMS)
		value_push(r->a, list, value_new_view(r->a, view_trim(view_text(v->text))))->mark = v->mark;
	else
		value_push(r->a, list, value_copy(r->a, v));
	return true;
}

struct value *reader_texts(struct reader *r, const struct value *v, const struct field *f)
{
	struct value *list = value_new_list(r->a);

	list->mark = v->mark;
	if (v->type == VALUE_TEXT) {
		if (!push_text(r, list, v, f))
			return NULL;
	} else if (v->type == VALUE_LIST) {
		for (size_t i = 0; i < v->n; i++)
			if (!push_text(r, list, v->items[i], f))
				return NULL;
	} else {
		reader_wrong_type(r, v, f->name, "a list of texts");
		return NULL;
	}
	if (list->n || f->flags & FIELD_MAY_BE_EMPTY)
		return list;
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must not be empty", f->name);
	return NULL;
}

static struct value *ttl_of(struct reader *r, const struct value *v, const char *name)
{
	AUTO(err) struct err why = { 0 };
	int64_t ms = 0;

	if (v->type == VALUE_INT && v->integer >= 0)
		return value_new_int(r->a, v->integer);
	if (v->type == VALUE_TEXT && duration_parse(view_text(v->text), &ms, &why) == 0 && ms >= 0 && ms % 1000 == 0)
		return value_new_int(r->a, ms / 1000);
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must be a time such as 24h, 30m or 3600 (seconds)", name);
	return NULL;
}

static struct value *number_of(struct reader *r, const struct value *v, const struct field *f)
{
	if (f->type == FIELD_COUNT && v->type == VALUE_INT && v->integer >= 0 && v->integer <= INT32_MAX)
		return value_new_int(r->a, v->integer);
	if (f->type == FIELD_VERSION && v->type == VALUE_INT && (v->integer == 1 || v->integer == 2))
		return value_new_text(r->a, v->integer == 1 ? "1" : "2");
	mark_err_also(r->e, ERR_CONFIG, &v->mark, f->type == FIELD_COUNT ? "'%s' must be a number, 0 or more" :
	              "'%s' must be 1 or 2", f->name);
	return NULL;
}

static struct value *choice_of(struct reader *r, const struct value *v, const struct field *f)
{
	size_t n = 0;

	while (f->choices[n])
		n++;
	for (size_t i = 0; v->type == VALUE_TEXT && i < n; i++)
		if (text_same(v->text, f->choices[i]))
			return value_new_text(r->a, v->text);
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must be one of %s", f->name, all_of(r->a, f->choices, n));
	if (v->type == VALUE_TEXT && text_nearest(v->text, f->choices, n))
		err_hint(r->e, "did you mean '%s'?", text_nearest(v->text, f->choices, n));
	return NULL;
}

/* Claims may have several values each. */
static struct value *map_field(struct reader *r, const struct value *v, const struct field *f)
{
	struct value *out = value_new_map(r->a);

	if (v->type != VALUE_MAP || v->n == 0) {
		reader_wrong_type(r, v, f->name, "a map that is not empty");
		return NULL;
	}
	for (size_t i = 0; i < v->n; i++) {
		struct value *item = NULL;

		if (f->type == FIELD_CLAIMS && v->items[i]->type == VALUE_LIST)
			item = reader_texts(r, v->items[i], &(struct field){ v->names[i], FIELD_TEXTS, 0, NULL });
		else if (is_whole_text(v->items[i]))
			item = value_copy(r->a, v->items[i]);
		else
			reader_wrong_type(r, v->items[i], v->names[i], "a text that is not empty");
		if (item)
			value_set(r->a, out, v->names[i], item);
	}
	return out;
}

static struct value *text_of(struct reader *r, const struct value *v, const struct field *f)
{
	if (v->type == VALUE_NULL && f->flags & FIELD_MAY_BE_NULL)
		return value_new_text(r->a, "");
	if (is_whole_text(v) && f->type == FIELD_PEM)
		return value_new_view(r->a, view_trim(view_text(v->text)));
	if (is_whole_text(v))
		return value_copy(r->a, v);
	reader_wrong_type(r, v, f->name, "a text that is not empty");
	return NULL;
}

static struct value *field_value(struct reader *r, const struct value *v, const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXTS:
	case FIELD_PEMS:
		return reader_texts(r, v, f);
	case FIELD_TTL:
		return ttl_of(r, v, f->name);
	case FIELD_COUNT:
	case FIELD_VERSION:
		return number_of(r, v, f);
	case FIELD_CHOICE:
		return choice_of(r, v, f);
	case FIELD_MAP:
	case FIELD_CLAIMS:
		return map_field(r, v, f);
	case FIELD_BOOL:
		if (v->type == VALUE_BOOL)
			return value_new_bool(r->a, v->truth);
		reader_wrong_type(r, v, f->name, "true or false");
		return NULL;
	default:
		return text_of(r, v, f);
	}
}

/* ---- secrets ---- */

static bool is_variable(const char *name)
{
	return *name && !(*name >= '0' && *name <= '9') &&
	    !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

/* What stands there is never part of the message: it may be the secret. */
static struct config_secret *secret_of(struct reader *r, const struct value *v, const char *name)
{
	static const char *const sources[] = { "env", "file", "secretsmanager" };
	static const struct field fields[] = {
		{ "env", FIELD_TEXT, 0, NULL }, { "file", FIELD_TEXT, 0, NULL }, { "secretsmanager", FIELD_TEXT, 0, NULL },
		{ "key", FIELD_TEXT, 0, NULL },
	};
	struct config_secret *s = ARENA_NEW(r->a, struct config_secret);
	size_t before = err_count(r->e), given = 0;
	struct value *map;

	if (v->type != VALUE_MAP) {
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' is a secret, and must not stand here itself", name);
		err_hint(r->e, "say where it is: {env: NAME}, {file: PATH} or {secretsmanager: NAME, key: KEY}");
		return NULL;
	}
	map = reader_fields(r, v, &v->mark, fields, COUNT_OF(fields), NULL);
	*s = (struct config_secret){ .attr = name, .key = value_text_or(map, "key", NULL), .mark = v->mark };
	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (value_get(map, sources[i])) {
			s->source = (enum secret_source)i;
			s->from = value_text_or(map, sources[i], NULL);
			given++;
		}
	if (err_count(r->e) > before)
		return NULL;
	if (given != 1)
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must have one of env, file and secretsmanager", name);
	else if (s->key && s->source != SECRET_MANAGER)
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'key' goes with secretsmanager alone");
	else if (s->source == SECRET_ENV && !is_variable(s->from))
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'env' of '%s' is no name of a variable", name);
	return err_count(r->e) > before ? NULL : s;
}

struct value *reader_fields(struct reader *r, const struct value *map, const struct mark *mark, const struct field *fields,
                            size_t n, struct config_secret **secret)
{
	struct value *out = value_new_map(r->a);

	check_names(r, map, fields, n);
	for (size_t i = 0; i < n; i++) {
		const struct value *v = value_get(map, fields[i].name);
		struct value *item;

		if (!v && fields[i].flags & FIELD_NEEDED)
			mark_err_also(r->e, ERR_CONFIG, mark, "'%s' is missing", fields[i].name);
		if (!v || fields[i].type == FIELD_BELOW)
			continue;
		if (fields[i].type == FIELD_SECRET) {
			*secret = secret_of(r, v, fields[i].name);
			continue;
		}
		item = field_value(r, v, &fields[i]);
		if (item)
			value_set(r->a, out, fields[i].name, item);
	}
	return out;
}

/* ---- items ---- */

struct config_item *reader_item(struct reader *r, enum config_kind kind, const char *name, const struct mark *mark)
{
	struct config_list *list = &r->out->lists[kind];
	struct config_item *item;

	if (list->n == CONFIGURE_ITEMS_MAX) {
		mark_err_also(r->e, ERR_CONFIG, mark, "more than %d of one kind", CONFIGURE_ITEMS_MAX);
		list->n--;
	}
	item = &list->at[list->n++];
	*item = (struct config_item){ .kind = kind, .name = name, .mark = *mark };
	return item;
}

const struct value *reader_map(struct reader *r, const struct value *v, const char *name)
{
	if (v && v->type == VALUE_MAP)
		return v;
	if (!v || v->type == VALUE_NULL)
		return value_new_map(r->a);
	reader_wrong_type(r, v, name, "a map");
	return NULL;
}

void reader_method(struct reader *r, const char *type, const char *name, const struct mark *mark, struct value *fields,
                   struct config_item **settings)
{
	static const struct field tunes[] = { READER_TUNES };
	struct config_item *method;

	if (config_find(r->out, CONFIG_AUTH, NULL, name))
		mark_err_also(r->e, ERR_CONFIG, mark, "the auth method '%s' is there twice", name);
	method = reader_item(r, CONFIG_AUTH, name, mark);
	method->want = value_new_map(r->a);
	value_set_text(r->a, method->want, "type", type);
	for (size_t i = 0; i < COUNT_OF(tunes); i++) {
		const struct value *tune = value_get(fields, tunes[i].name);

		if (tune)
			value_set(r->a, method->want, tunes[i].name, value_copy(r->a, tune));
		value_unset(fields, tunes[i].name);
	}
	if (!settings)
		return;
	*settings = reader_item(r, CONFIG_AUTH_CONFIG, name, mark);
	(*settings)->mount = name;
	(*settings)->want = fields;
}
