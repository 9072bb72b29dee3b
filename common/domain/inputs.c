#include "domain/inputs.h"

#include "core/text.h"
#include "domain/names.h"
#include "formats/hcl.h"
#include "formats/json.h"
#include "formats/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { CONFIG_FILE_MAX = 1 << 20 };

static const char *nearest_key(const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (; n < n_input_keys && n < COUNT_OF(names); n++)
		names[n] = input_keys[n].name;
	return text_nearest(name, names, n);
}

static void refuse(struct err *e, const char *from, const char *key, const char *fmt, const char *what)
{
	AUTO(text) char *text = xasprintf(fmt, what);

	err_also(e, ERR_CONFIG, "%s: '%s' %s", from, key, text);
}

static bool parse_bool(const char *text, bool *out)
{
	*out = text_same(text, "true");
	return *out || text_same(text, "false");
}

static bool parse_int(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return !errno && end != text && !*end;
}

/* AWS: keys 1..128, values 0..256, letters, digits, spaces and _.:/=+-@ (IAM's set, the narrowest of the four services). */
static bool tag_text_ok(const char *text, size_t max)
{
	if (strlen(text) > max)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(" _.:/=+-@", *text))
			return false;
	return true;
}

static void check_tag(const char *from, const char *key, const char *value, struct err *e)
{
	if (!*key || !tag_text_ok(key, 128) || !tag_text_ok(value, 256))
		err_also(e, ERR_CONFIG, "%s: the tag '%s' is not one that AWS takes", from, key);
	else if (text_starts(key, "aws:") || text_starts(key, TAG_PREFIX) || text_same(key, "ManagedBy"))
		err_also(e, ERR_CONFIG, "%s: the tag '%s' is reserved", from, key);
}

static bool has_text(const struct value *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i]->text, text))
			return true;
	return false;
}

static void take_one(struct inputs *in, size_t i, struct value *list, const char *text, const char *from, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (input_keys[i].check && input_keys[i].check(text, &why) < 0)
		err_also(e, ERR_CONFIG, "%s: '%s' %s: '%s'", from, input_keys[i].name, why.text, text);
	else if (!has_text(list, text))
		value_push(in->mem, list, value_new_text(in->mem, text));
}

/* "a,b" */
static void take_words(struct inputs *in, size_t i, struct value *list, const char *text, const char *from, struct err *e)
{
	struct view rest = view_text(text);

	while (rest.p)
		take_one(in, i, list, arena_view(in->mem, view_trim(view_cut(&rest, ','))), from, e);
}

static void take_value(struct inputs *in, size_t i, struct value *v, const char *from)
{
	in->at[i] = (struct input){ .value = v, .from = arena_text(in->mem, from), .given = true };
}

/* Takes one scalar given as text: from a flag, the environment, or a file's scalar. */
static void take_text(struct inputs *in, size_t i, const char *text, const char *from, struct err *e)
{
	const struct input_key *key = &input_keys[i];
	AUTO(err) struct err why = {0};
	struct value *v = NULL;
	int64_t number;
	bool truth;

	switch (key->type) {
	case KEY_BOOL:
		if (!parse_bool(text, &truth)) {
			refuse(e, from, key->name, "must be true or false, not '%s'", text);
			return;
		}
		v = value_new_bool(in->mem, truth);
		break;
	case KEY_INT:
		if (!parse_int(text, &number)) {
			refuse(e, from, key->name, "must be a whole number, not '%s'", text);
			return;
		}
		if (number < key->min || number > key->max) {
			err_also(e, ERR_CONFIG, "%s: '%s' must be %lld to %lld, not %s", from, key->name,
			         (long long)key->min, (long long)key->max, text);
			return;
		}
		v = value_new_int(in->mem, number);
		break;
	case KEY_LIST:
		v = value_new_list(in->mem);
		take_words(in, i, v, text, from, e);
		break;
	default:
		for (const char *const *w = key->words; w; w++) {
			if (!*w) {
				refuse(e, from, key->name, "is not one of its words: '%s'", text);
				err_hint(e, "one of: %s, %s", key->words[0], key->words[1]);
				return;
			}
			if (text_same(*w, text))
				break;
		}
		if (!*text) {
			refuse(e, from, key->name, "is empty%s", "");
			return;
		}
		if (key->check && key->check(text, &why) < 0) {
			err_also(e, ERR_CONFIG, "%s: '%s' %s: '%s'", from, key->name, why.text, text);
			if (why.hint)
				err_hint(e, "%s", why.hint);
			return;
		}
		v = value_new_text(in->mem, text);
	}
	take_value(in, i, v, from);
}

static void take_tag(struct inputs *in, struct value *tags, const char *pair, const char *from, struct err *e)
{
	struct view rest = view_text(pair), key = view_cut(&rest, '=');
	const char *name = arena_view(in->mem, key);

	if (!rest.p) {
		err_also(e, ERR_CONFIG, "%s: '%s' is no tag (KEY=VALUE)", from, pair);
		return;
	}
	check_tag(from, name, arena_view(in->mem, rest), e);
	value_set(in->mem, tags, name, value_new_view(in->mem, rest));
}

/* Of a flag that may be repeated: tags, or texts. */
static void take_repeated(struct inputs *in, size_t i, const struct value *given, const char *from, struct err *e)
{
	bool tags = input_keys[i].type == KEY_TAGS;
	struct value *all = tags ? value_new_map(in->mem) : value_new_list(in->mem);

	for (size_t k = 0; k < given->n; k++)
		if (tags)
			take_tag(in, all, given->items[k]->text, from, e);
		else
			take_words(in, i, all, given->items[k]->text, from, e);
	take_value(in, i, all, from);
}

static void take_flags(struct inputs *in, const struct value *flags, struct err *e)
{
	for (size_t f = 0; flags && f < flags->n; f++) {
		const struct value *v = flags->items[f];
		int i = input_key_find(flags->names[f]);
		const char *from = v->mark.file ? v->mark.file : flags->names[f];

		if (i < 0)
			continue;   /* options of the command line are checked by cli/ */
		if (v->type == VALUE_TEXT) {
			take_text(in, (size_t)i, v->text, from, e);
		} else if (v->type == VALUE_LIST) {
			take_repeated(in, (size_t)i, v, from, e);
		}
	}
}

static void take_environment(struct inputs *in, const struct host *host, struct err *e)
{
	for (size_t i = 0; i < n_input_keys; i++) {
		char *name = arena_printf(in->mem, "VAULT_AWS_%s", input_keys[i].name);
		const char *text;

		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		text = host_env(host, name);
		if (!text || in->at[i].value)
			continue;
		if (input_keys[i].type == KEY_TAGS) {
			struct value *tags = value_new_map(in->mem);
			struct view rest = view_text(text);

			while (rest.p)
				take_tag(in, tags, arena_view(in->mem, view_cut(&rest, ',')), name, e);
			take_value(in, i, tags, name);
		} else {
			take_text(in, i, text, name, e);
		}
	}
}

static const char *place(struct inputs *in, const struct mark *m, const char *file)
{
	if (!m || !m->line)
		return file;
	return arena_printf(in->mem, "%s:%u:%u", file, m->line, m->column);
}

static void take_file_tags(struct inputs *in, size_t i, const struct value *v, const char *file, struct err *e)
{
	struct value *tags = value_new_map(in->mem);

	for (size_t k = 0; k < v->n; k++) {
		const struct value *item = v->items[k];
		const char *from = place(in, v->name_marks ? &v->name_marks[k] : &item->mark, file);

		if (item->type != VALUE_TEXT) {
			err_also(e, ERR_CONFIG, "%s: the tag '%s' must be a text, not %s", from, v->names[k],
			         value_type_name(item->type));
			continue;
		}
		check_tag(from, v->names[k], item->text, e);
		value_set_text(in->mem, tags, v->names[k], item->text);
	}
	take_value(in, i, tags, place(in, &v->mark, file));
}

static void take_file_list(struct inputs *in, size_t i, const struct value *v, const char *from, const char *file,
                           struct err *e)
{
	struct value *list = value_new_list(in->mem);

	for (size_t k = 0; k < v->n; k++) {
		const struct value *item = v->items[k];
		const char *at = place(in, &item->mark, file);

		if (item->type == VALUE_TEXT)
			take_one(in, i, list, item->text, at, e);
		else
			err_also(e, ERR_CONFIG, "%s: '%s' must be a list of texts, and %s is none", at, input_keys[i].name,
			         value_type_name(item->type));
	}
	take_value(in, i, list, from);
}

static const char *expected(enum key_type type)
{
	static const char *const words[] = {
		[KEY_TEXT] = "a text", [KEY_BOOL] = "true or false", [KEY_INT] = "a whole number", [KEY_TAGS] = "a map of texts",
		[KEY_LIST] = "a list of texts",
	};

	return words[type];
}

static void take_file_value(struct inputs *in, size_t i, const struct value *v, const char *from,
                            const char *file, struct err *e)
{
	static const enum value_type wanted[] = {
		[KEY_TEXT] = VALUE_TEXT, [KEY_BOOL] = VALUE_BOOL, [KEY_INT] = VALUE_INT, [KEY_TAGS] = VALUE_MAP,
		[KEY_LIST] = VALUE_LIST,
	};
	const struct input_key *key = &input_keys[i];

	if (v->type == VALUE_NULL)
		return;      /* a module's variable set to null means its default */
	if (v->type != wanted[key->type]) {
		err_also(e, ERR_CONFIG, "%s: '%s' must be %s, not %s", from, key->name, expected(key->type),
		         value_type_name(v->type));
		if (key->type == KEY_TEXT && v->type != VALUE_LIST && v->type != VALUE_MAP)
			err_hint(e, "write it in quotes");
		return;
	}
	if (key->type == KEY_TAGS)
		take_file_tags(in, i, v, file, e);
	else if (key->type == KEY_LIST)
		take_file_list(in, i, v, from, file, e);
	else if (v->type == VALUE_TEXT)
		take_text(in, i, v->text, from, e);
	else if (v->type == VALUE_BOOL)
		take_text(in, i, v->truth ? "true" : "false", from, e);
	else
		take_text(in, i, arena_printf(in->mem, "%lld", (long long)v->integer), from, e);
}

/* A .tfvars is shared with other modules, so a name that we do not know is only worth a warning there. */
static void take_file(struct inputs *in, const struct value *root, const char *file, bool shared, struct err *e)
{
	for (size_t k = 0; k < root->n; k++) {
		const struct value *v = root->items[k];
		int i = input_key_find(root->names[k]);
		const char *from = place(in, root->name_marks ? &root->name_marks[k] : &v->mark, file);
		struct err *to = shared ? &in->warnings : e;

		if (i < 0) {
			const char *near = nearest_key(root->names[k]);

			err_also(to, ERR_CONFIG, "%s: unknown key '%s'", from, root->names[k]);
			if (near)
				err_hint(to, "did you mean '%s'?", near);
		} else if (!in->at[i].value) {
			take_file_value(in, (size_t)i, v, from, file, e);
		}
	}
}

static int parse_file(struct inputs *in, const char *file, struct view text, struct value **root, struct err *e)
{
	static const struct {
		const char *suffix;
		int (*parse)(struct arena *, struct view, const char *, struct value **, struct err *);
	} kinds[] = {
		{ ".tfvars", hcl_parse }, { ".json", va_json_parse }, { ".yaml", va_yaml_parse }, { ".yml", va_yaml_parse },
		{ "", va_yaml_parse },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_ends(file, kinds[i].suffix))
			return kinds[i].parse(in->mem, text, file, root, e);
	return -1;
}

static int read_config(struct inputs *in, const struct host *host, const char *path, struct view stdin_text, struct err *e)
{
	AUTO(buf) struct buf content = BUF_MAX(CONFIG_FILE_MAX);
	bool from_stdin = text_same(path, "-");
	const char *file = from_stdin ? "standard input" : path;
	struct value *root;

	if (text_starts(path, "git::")) {
		err_set(e, ERR_USAGE, 0, "--config '%s': git sources are not read by this version", path);
		err_hint(e, "check the repository out and name the file");
		return -1;
	}
	if (!from_stdin && host_read_file(host, path, &content, e) < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "reading the configuration");
	}
	if (parse_file(in, file, from_stdin ? stdin_text : buf_bytes(&content), &root, e) < 0)
		return -1;
	if (root->type == VALUE_NULL)
		return 0;
	if (root->type != VALUE_MAP)
		return err_set(e, ERR_CONFIG, 0, "%s: must be a map of keys, not %s", file, value_type_name(root->type));
	take_file(in, root, file, text_ends(path, ".tfvars"), e);
	return e->kind ? -1 : 0;
}

static void take_defaults(struct inputs *in)
{
	for (size_t i = 0; i < n_input_keys; i++) {
		AUTO(err) struct err none = {0};

		if (in->at[i].value || !input_keys[i].fallback)
			continue;
		take_text(in, i, input_keys[i].fallback, "default", &none);
		in->at[i].given = false;
	}
}

int inputs_read(struct inputs *in, struct arena *mem, const struct host *host, const struct value *flags,
                const char *config_path, struct view stdin_text, struct err *e)
{
	AUTO(err) struct err all = {0};

	*in = (struct inputs){ .mem = mem, .at = ARENA_ARRAY(mem, struct input, n_input_keys) };
	take_flags(in, flags, &all);
	take_environment(in, host, &all);
	if (config_path) {
		AUTO(err) struct err why = {0};

		if (read_config(in, host, config_path, stdin_text, &why) < 0)
			err_append(&all, &why);
	}
	if (all.kind) {
		err_move(e, &all);
		return -1;
	}
	take_defaults(in);
	return 0;
}

void inputs_find(struct inputs *in, const char *name, const char *text, const char *from)
{
	AUTO(err) struct err none = {0};
	int i = input_key_find(name);

	if (i < 0 || !text || (in->at[i].value && in->at[i].given))
		return;
	take_text(in, (size_t)i, text, from, &none);
	in->at[i].given = false;
}

int inputs_complete(const struct inputs *in, struct err *e)
{
	input_keys_agree(in, e);
	for (size_t i = 0; i < n_input_keys; i++) {
		const struct input_key *key = &input_keys[i];
		AUTO(text) char *flag = NULL;

		if (!(key->flags & KEY_REQUIRED) || in->at[i].value)
			continue;
		flag = xstrdup(key->name);
		for (char *p = flag; *p; p++)
			if (*p == '_')
				*p = '-';
		err_also(e, ERR_CONFIG, "'%s' is missing", key->name);
		err_hint(e, "give --%s %s (%s)", flag, key->metavar, key->help);
	}
	return e->kind ? -1 : 0;
}

const struct input *inputs_at(const struct inputs *in, const char *name)
{
	int i = input_key_find(name);

	if (i < 0)
		abort();     /* a name that no row has: our own mistake */
	return &in->at[i];
}

const char *inputs_text(const struct inputs *in, const char *name)
{
	const struct value *v = inputs_at(in, name)->value;

	return v ? v->text : NULL;
}

bool inputs_bool(const struct inputs *in, const char *name)
{
	const struct value *v = inputs_at(in, name)->value;

	return v && v->truth;
}

int64_t inputs_int(const struct inputs *in, const char *name)
{
	const struct value *v = inputs_at(in, name)->value;

	return v ? v->integer : 0;
}

const struct value *inputs_tags(const struct inputs *in)
{
	const struct value *v = inputs_at(in, "tags")->value;

	return v ? v : value_new_map(in->mem);
}

const struct value *inputs_list(const struct inputs *in, const char *name)
{
	return inputs_at(in, name)->value;
}

void inputs_release(struct inputs *in)
{
	err_release(&in->warnings);
}
