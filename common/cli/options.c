#include "cli/options.h"

#include "cli/options_private.h"
#include "core/text.h"

struct walk {
	const struct opt_parser *p;
	struct parsed *out;
	struct err *problems;
	int argc, at;
	char *const *argv;
};

void text_list_add(struct arena *a, struct text_list *list, const char *text)
{
	const char **longer = ARENA_ARRAY(a, const char *, list->n + 2);

	if (list->n)
		memcpy(longer, list->at, list->n * sizeof(*longer));
	longer[list->n++] = text;
	list->at = longer;
}

const char *text_list_nearest(const struct text_list *list, const char *word)
{
	const char *nearest = text_nearest(word, list->at, list->n);
	size_t starts = 0;

	for (size_t i = 0; i < list->n && !nearest && *word; i++)
		starts += text_starts(list->at[i], word);
	for (size_t i = 0; i < list->n && starts == 1; i++)
		if (text_starts(list->at[i], word))
			return list->at[i];
	return nearest;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static const struct opt *find(const struct opt_group *groups, size_t n, struct view name,
                              char letter, const struct opt_group **group)
{
	for (size_t g = 0; g < n; g++) {
		for (const struct opt *opt = groups[g].rows; opt && opt->kind; opt++) {
			if (letter ? opt->letter != letter : !view_is(name, opt->name))
				continue;
			if (group)
				*group = &groups[g];
			return opt;
		}
	}
	return NULL;
}

const struct opt *options_find(const struct opt_group *groups, size_t n, struct view name,
                               const struct opt_group **group)
{
	return find(groups, n, name, 0, group);
}

const struct opt *options_find_letter(const struct opt_group *groups, size_t n, char letter,
                                      const struct opt_group **group)
{
	return find(groups, n, (struct view){ 0 }, letter, group);
}

static const char *nearest_option(const struct walk *w, struct view name)
{
	const struct opt_parser *p = w->p;
	struct text_list known = { 0 };

	text_list_add(p->mem, &known, "help");
	for (size_t g = 0; g < p->n_groups; g++)
		for (const struct opt *opt = p->groups[g].rows; opt && opt->kind; opt++)
			if (!(opt->flags & OPT_HIDDEN))
				text_list_add(p->mem, &known, opt->name);
	return text_list_nearest(&known, arena_view(p->mem, name));
}

static void unknown(struct walk *w, const char *written, struct view long_name)
{
	const char *nearest = long_name.n ? nearest_option(w, long_name) : NULL;

	err_also(w->problems, ERR_USAGE, "unknown option '%s'", written);
	if (nearest)
		err_hint(w->problems, "did you mean '--%s'?", nearest);
	else
		err_hint(w->problems, "'%s' lists the options", w->p->help_command);
}

/* Takes the next word as the value of opt, or says that there is none. */
static void store_next(struct walk *w, const struct opt_group *group, const struct opt *opt)
{
	const char *next = w->at + 1 < w->argc ? w->argv[w->at + 1] : NULL;

	if (!next || is_option(next)) {
		err_also(w->problems, ERR_USAGE, "option '--%s' needs a value", opt->name);
		if (next)
			err_hint(w->problems, "a value that starts with a dash, or is empty, is written '--%s=%s'",
			         opt->name, opt->metavar ? opt->metavar : "VALUE");
		return;
	}
	w->at++;
	option_store(w->p->mem, w->out, group, opt, next, w->problems);
}

static void walk_long(struct walk *w, const char *word)
{
	struct view rest = view_text(word + 2), name = view_cut(&rest, '=');
	const struct opt_group *group;
	const struct opt *opt = options_find(w->p->groups, w->p->n_groups, name, &group);

	if (!opt && view_is(name, "help")) {
		w->out->help = true;
	} else if (!opt) {
		unknown(w, arena_printf(w->p->mem, "--%.*s", (int)name.n, name.p), name);
		/* what follows is likely its value: no second problem about the same mistake */
		if (!rest.p && w->at + 1 < w->argc && !is_option(w->argv[w->at + 1]))
			w->at++;
	} else if (rest.p) {
		option_store(w->p->mem, w->out, group, opt, rest.p, w->problems);
	} else if (opt->bare || !opt->metavar) {
		option_store(w->p->mem, w->out, group, opt, NULL, w->problems);
	} else {
		store_next(w, group, opt);
	}
}

static void walk_letters(struct walk *w, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct opt_group *group;
		const struct opt *opt = options_find_letter(w->p->groups, w->p->n_groups, *c, &group);

		if (!opt && *c == 'h') {
			w->out->help = true;
		} else if (!opt) {
			unknown(w, arena_printf(w->p->mem, "-%c", *c), (struct view){ 0 });
			return;
		} else if (c[1] == '=') {
			option_store(w->p->mem, w->out, group, opt, c + 2, w->problems);
			return;
		} else if (opt->bare || !opt->metavar) {
			option_store(w->p->mem, w->out, group, opt, NULL, w->problems);
		} else if (c[1]) {
			option_store(w->p->mem, w->out, group, opt, c + 1, w->problems);
			return;
		} else {
			store_next(w, group, opt);
		}
	}
}

int options_parse(const struct opt_parser *p, int argc, char *const *argv, struct parsed *out,
                  struct err *e)
{
	AUTO(err) struct err problems = { 0 };
	struct walk w = { .p = p, .out = out, .problems = &problems, .argc = argc, .argv = argv };

	*out = (struct parsed){ .inputs = value_new_map(p->mem) };
	for (; w.at < argc; w.at++) {
		const char *word = argv[w.at];

		if (text_same(word, "--"))
			break;
		if (text_starts(word, "--"))
			walk_long(&w, word);
		else if (is_option(word))
			walk_letters(&w, word);
		else
			text_list_add(p->mem, &out->words, word);
	}
	for (w.at++; w.at < argc; w.at++)
		text_list_add(p->mem, &out->rest, argv[w.at]);
	if (out->help || !err_count(&problems))
		return 0;
	err_move(e, &problems);
	return -1;
}

/* Whether the value of this option, if it is one, is the next word. */
static bool takes_next(const struct opt_group *groups, size_t n, const char *word)
{
	const struct opt *opt;

	if (text_starts(word, "--")) {
		opt = options_find(groups, n, view_text(word + 2), NULL);
		return opt && opt->metavar && !opt->bare;
	}
	for (const char *c = word + 1; *c; c++) {
		opt = options_find_letter(groups, n, *c, NULL);
		if (opt && opt->metavar && !opt->bare)
			return !c[1];
	}
	return false;
}

int options_first_word(const struct opt_group *groups, size_t n, int argc, char *const *argv)
{
	for (int i = 0; i < argc && !text_same(argv[i], "--"); i++) {
		if (!is_option(argv[i]))
			return i;
		if (takes_next(groups, n, argv[i]) && i + 1 < argc && !is_option(argv[i + 1]))
			i++;
	}
	return argc;
}
