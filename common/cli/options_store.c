#include "cli/options_private.h"

#include "core/text.h"
#include "formats/iso8601.h"

#include <errno.h>
#include <inttypes.h>

/* Where an option's value goes to, and how it came. */
struct slot {
	struct arena *mem;
	struct parsed *out;
	const struct opt *opt;
	void *field;
	const char *text;      /* never NULL: the bare value where none was written */
	struct err *problems;
};

bool option_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < COUNT_OF(yes); i++) {
		if (text_same(text, yes[i]) || text_same(text, no[i])) {
			*out = text_same(text, yes[i]);
			return true;
		}
	}
	return false;
}

static void refuse_bool(const struct slot *s)
{
	err_also(s->problems, ERR_USAGE, "option '--%s' is true or false, not '%s'", s->opt->name,
	         s->text);
}

static void store_flag(const struct slot *s)
{
	bool truth;

	if (option_bool(s->text, &truth))
		*(bool *)s->field = truth;
	else
		refuse_bool(s);
}

static void store_text(const struct slot *s)
{
	*(const char **)s->field = s->text;
}

static void store_list(const struct slot *s)
{
	text_list_add(s->mem, s->field, s->text);
}

static void store_int(const struct slot *s)
{
	const struct opt *opt = s->opt;
	char *end;
	int64_t n;

	errno = 0;
	n = strtoll(s->text, &end, 10);
	if (end == s->text || *end || errno)
		err_also(s->problems, ERR_USAGE, "option '--%s' needs a number, not '%s'", opt->name, s->text);
	else if (opt->min != opt->max && (n < opt->min || n > opt->max))
		err_also(s->problems, ERR_USAGE, "option '--%s' is from %" PRId64 " to %" PRId64 ", not %s",
		         opt->name, opt->min, opt->max, s->text);
	else
		*(int64_t *)s->field = n;
}

static void store_duration(const struct slot *s)
{
	AUTO(err) struct err e = { 0 };
	int64_t ms;

	if (duration_parse(view_text(s->text), &ms, &e) == 0) {
		*(int64_t *)s->field = ms;
		return;
	}
	err_also(s->problems, ERR_USAGE, "option '--%s' needs a time, not '%s'", s->opt->name, s->text);
	err_hint(s->problems, "write seconds, or '90s', '5m', '1h30m'");
}

static const char *words_in_line(struct arena *mem, const char *const *words)
{
	const char *line = words[0];

	for (size_t i = 1; words[i]; i++)
		line = arena_printf(mem, words[i + 1] ? "%s, %s" : "%s or %s", line, words[i]);
	return line;
}

static void store_choice(const struct slot *s)
{
	const struct opt *opt = s->opt;
	const char *nearest;
	size_t n = 0;

	for (; opt->words[n]; n++) {
		if (text_same(opt->words[n], s->text)) {
			*(const char **)s->field = s->text;
			return;
		}
	}
	err_also(s->problems, ERR_USAGE, "option '--%s' knows no '%s'", opt->name, s->text);
	nearest = text_nearest(s->text, opt->words, n);
	if (nearest)
		err_hint(s->problems, "did you mean '%s'?", nearest);
	else
		err_hint(s->problems, "it is one of %s", words_in_line(s->mem, opt->words));
}

static void store_input(const struct slot *s)
{
	const char *flag = arena_printf(s->mem, "--%s", s->opt->name);
	const char *key = s->opt->key->name;
	struct value *value, *list;
	bool truth;

	value = value_new_text(s->mem, s->text);
	if (s->opt->key->type == KEY_BOOL) {
		if (!option_bool(s->text, &truth)) {
			refuse_bool(s);
			return;
		}
		value = value_new_text(s->mem, truth ? "true" : "false");
	}
	value->mark.file = flag;
	if (s->opt->key->type != KEY_TAGS && s->opt->key->type != KEY_LIST) {
		value_set(s->mem, s->out->inputs, key, value);
		return;
	}
	list = (struct value *)value_get(s->out->inputs, key);
	if (!list) {
		list = value_set(s->mem, s->out->inputs, key, value_new_list(s->mem));
		list->mark.file = flag;
	}
	value_push(s->mem, list, value);
}

static void store_passed(const struct slot *s, const char *written)
{
	struct parsed *out = s->out;
	struct passed *longer = ARENA_ARRAY(s->mem, struct passed, out->n_passed + 1);

	if (out->n_passed)
		memcpy(longer, out->passed, out->n_passed * sizeof(*longer));
	longer[out->n_passed++] = (struct passed){ s->opt, written };
	out->passed = longer;
}

void option_store(struct arena *mem, struct parsed *out, const struct opt_group *group,
                  const struct opt *opt, const char *text, struct err *e)
{
	struct slot s = { mem, out, opt, NULL, text ? text : opt->bare, e };

	if (group->base)
		s.field = (char *)group->base + opt->at;
	switch (opt->kind) {
	case OPT_FLAG:     store_flag(&s); break;
	case OPT_TEXT:     store_text(&s); break;
	case OPT_INT:      store_int(&s); break;
	case OPT_DURATION: store_duration(&s); break;
	case OPT_LIST:     store_list(&s); break;
	case OPT_CHOICE:   store_choice(&s); break;
	case OPT_INPUT:    store_input(&s); break;
	case OPT_PASS:     store_passed(&s, text); break;
	case OPT_REFUSED:
		err_also(e, ERR_USAGE, "option '--%s' is refused: %s", opt->name, opt->help);
		break;
	case OPT_IGNORED:
	case OPT_NONE:
		break;
	}
}

/* kms_deletion_window_days: kms-deletion-window-days */
static const char *flag_name(struct arena *a, const char *key)
{
	char *name = arena_text(a, key);

	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return name;
}

const struct opt *options_of_inputs(struct arena *a)
{
	struct opt *rows = ARENA_ARRAY(a, struct opt, n_input_keys + 1);

	for (size_t i = 0; i < n_input_keys; i++) {
		const struct input_key *key = &input_keys[i];

		rows[i] = (struct opt){
			.kind = OPT_INPUT,
			.name = flag_name(a, key->name),
			.metavar = key->type == KEY_BOOL ? NULL : key->metavar ? key->metavar : "VALUE",
			.help = key->help,
			.bare = key->type == KEY_BOOL ? "true" : key->bare,
			.words = key->words,
			.key = key,
		};
	}
	return rows;
}
