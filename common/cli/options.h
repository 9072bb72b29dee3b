/*
 * Options as rows of a const table, from which parsing, help, completion and
 * README.md's lists come.
 *
 * A row names a field of the struct that the parsed values are put into, so
 * that a table is plain data and help needs no run of the command:
 *
 *	struct plan_options { bool exit_code; const char *colour; };
 *
 *	static const struct opt plan_rows[] = {
 *		FLAG(struct plan_options, exit_code, 0, "exit-code", "exit 3 when something would change"),
 *		OPT_END
 *	};
 *
 * The compiler refuses a field of the wrong type: FLAG bool; TEXT and CHOICE
 * const char *; INT int64_t; DURATION int64_t (milliseconds); LIST struct
 * text_list. Absent options leave the field as it was.
 *
 * Written as pflag has it, since helm and kubectl do: --name=value, --name
 * value, -nVALUE, -n VALUE, -n=VALUE, -abc for flags, --flag=false, and -- ends
 * the options. Options and words may be mixed. Unlike pflag, a word that starts
 * with a dash is no value of the option before it unless written with '=': helm
 * drops empty words, and then the next option would be taken for the value. A
 * later value replaces an earlier one, LIST collects. All problems of one
 * command line are reported together (err_also), each ERR_USAGE.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "core/value.h"
#include "domain/inputs.h"

#include <stddef.h>

struct text_list {
	const char **at;   /* in the arena; NULL-terminated once there is one */
	size_t n;
};

/* Appends the text itself, not a copy. */
void text_list_add(struct arena *a, struct text_list *list, const char *text);

/* What word was likely meant for: the nearest by text_nearest, else the only one that it is the start of; or NULL. */
const char *text_list_nearest(const struct text_list *list, const char *word);

enum opt_kind {
	OPT_NONE,
	OPT_FLAG, OPT_TEXT, OPT_INT, OPT_DURATION, OPT_LIST, OPT_CHOICE,
	OPT_INPUT,      /* an input key: into the map of inputs */
	OPT_PASS,       /* kept in order, for helm */
	OPT_IGNORED,    /* helm has seen to it already, and leaves it in our argv */
	OPT_REFUSED     /* help says why */
};

enum {
	OPT_HIDDEN = 1 << 0,   /* not in help and completion */
	OPT_HELM_3 = 1 << 1,   /* OPT_PASS: only this major knows it; none of both: any does */
	OPT_HELM_4 = 1 << 2,
	OPT_FILES  = 1 << 3    /* completed with file names */
};

struct opt {
	enum opt_kind kind;
	char letter;               /* 0: none */
	const char *name;          /* without dashes */
	const char *metavar;       /* NULL: takes no value */
	const char *help;
	const char *bare;          /* the value when none is written, which then needs '='; NULL: a value is needed */
	const char *const *words;  /* CHOICE: the only ones, NULL-terminated */
	int64_t min, max;          /* INT, when they differ */
	unsigned flags;
	size_t at;                 /* offset of the field */
	const struct input_key *key;  /* OPT_INPUT */
};

#define OPT_FIELD(s, f, type) (offsetof(s, f) + 0 * sizeof((type *){ &((s *)0)->f }))
#define FLAG(s, f, c, n, h) \
	{ .kind = OPT_FLAG, .letter = (c), .name = (n), .help = (h), .bare = "true", \
	  .at = OPT_FIELD(s, f, bool) }
#define TEXT(s, f, c, n, v, h) \
	{ .kind = OPT_TEXT, .letter = (c), .name = (n), .metavar = (v), .help = (h), \
	  .at = OPT_FIELD(s, f, const char *) }
#define FILE_NAME(s, f, c, n, v, h) \
	{ .kind = OPT_TEXT, .letter = (c), .name = (n), .metavar = (v), .help = (h), .flags = OPT_FILES, \
	  .at = OPT_FIELD(s, f, const char *) }
#define INT(s, f, c, n, v, lo, hi, h) \
	{ .kind = OPT_INT, .letter = (c), .name = (n), .metavar = (v), .help = (h), .min = (lo), .max = (hi), \
	  .at = OPT_FIELD(s, f, int64_t) }
#define DURATION(s, f, c, n, h) \
	{ .kind = OPT_DURATION, .letter = (c), .name = (n), .metavar = "TIME", .help = (h), \
	  .at = OPT_FIELD(s, f, int64_t) }
#define LIST(s, f, c, n, v, h) \
	{ .kind = OPT_LIST, .letter = (c), .name = (n), .metavar = (v), .help = (h), \
	  .at = OPT_FIELD(s, f, struct text_list) }
#define CHOICE(s, f, c, n, v, w, h) \
	{ .kind = OPT_CHOICE, .letter = (c), .name = (n), .metavar = (v), .words = (w), .help = (h), \
	  .at = OPT_FIELD(s, f, const char *) }
/* May stand without a value, which then is b: --dry-run, --dry-run=server. */
#define CHOICE_OR_BARE(s, f, c, n, v, w, b, h) \
	{ .kind = OPT_CHOICE, .letter = (c), .name = (n), .metavar = (v), .words = (w), .bare = (b), .help = (h), \
	  .at = OPT_FIELD(s, f, const char *) }
#define REFUSED(n, v, why) \
	{ .kind = OPT_REFUSED, .name = (n), .metavar = (v), .help = (why), .flags = OPT_HIDDEN }
#define OPT_END { .kind = OPT_NONE }

/* A table with the struct that its fields are in. */
struct opt_group {
	const char *title;         /* heading in help */
	const struct opt *rows;    /* up to OPT_END */
	void *base;                /* NULL: only to be described */
};

enum { OPT_GROUPS_MAX = 12 };

/* An option kept for helm. */
struct passed {
	const struct opt *opt;
	const char *value;         /* NULL: stood without one */
};

/* What a command line came to; all of it in the arena, texts borrowed from argv. */
struct parsed {
	struct text_list words;    /* what is no option, before -- */
	struct text_list rest;     /* what follows -- */
	struct value *inputs;      /* map: key to text, tags to a list of texts; mark.file is the flag */
	struct passed *passed;
	size_t n_passed;
	bool help;                 /* -h or --help was there: then nothing else matters */
};

struct opt_parser {
	struct arena *mem;
	const struct opt_group *groups;
	size_t n_groups;
	const char *help_command;  /* for hints: "helm vault-aws plan --help" */
};

/* argv: the words to parse, without program and command. out->help set: 0, and problems do not matter. */
MUST_CHECK int options_parse(const struct opt_parser *p, int argc, char *const *argv,
                             struct parsed *out, struct err *e);

/* Index of the first word that is neither an option nor the value of one; argc when there is none before --. */
int options_first_word(const struct opt_group *groups, size_t n, int argc, char *const *argv);

/* Go's ParseBool, which pflag uses: 1 t T true TRUE True and their opposites. */
bool option_bool(const char *text, bool *out);

/* The rows of input_keys as options (--a-b for a_b), in the arena. */
const struct opt *options_of_inputs(struct arena *a);

/* By long name (n bytes) or letter; NULL: no group has it. group (may be NULL) gets where it was. */
const struct opt *options_find(const struct opt_group *groups, size_t n, struct view name,
                               const struct opt_group **group);
const struct opt *options_find_letter(const struct opt_group *groups, size_t n, char letter,
                                      const struct opt_group **group);

#endif
