#include "formats/gotemplate_run.h"

#include "core/text.h"

#include <ctype.h>

enum { ARGS_MAX = 20 };

/* ---- words ---- */

/* Go takes letters beyond ASCII too: those of keys with them are reached by index. */
static size_t word_length(const struct template_run *run, size_t at)
{
	size_t n = 0;

	while (at + n < run->end && (isalnum((unsigned char)run->text.p[at + n]) || run->text.p[at + n] == '_'))
		n++;
	return n;
}

static void wrong(struct template_run *run, const char *what)
{
	run->token = TOKEN_WRONG;
	template_flaw(run, run->token_at, "%s", what);
}

static void take_word(struct template_run *run, enum template_token token, size_t skip)
{
	size_t n = word_length(run, run->at + skip);

	run->word = view_of(run->text.p + run->at + skip, n);
	run->at += skip + n;
	run->token = token;
	if (run->at < run->end && !strchr(" \t\r\n.|()", run->text.p[run->at])) {
		run->token_at = run->at;
		wrong(run, "this character cannot follow a name");
		template_hint(run, "a key with other characters than letters and digits: index . \"KEY\"");
	}
}

static void take_quoted(struct template_run *run)
{
	size_t from = run->at, at = from + 1;
	char quote = run->text.p[from];

	while (at < run->end && run->text.p[at] != quote)
		at += run->text.p[at] == '\\' && quote == '"' ? 2 : 1;
	run->at = at < run->end ? at + 1 : run->end;
	run->value = at < run->end ? template_unquote(run->mem, view_of(run->text.p + from, run->at - from)) : NULL;
	run->token = TOKEN_VALUE;
	if (!run->value)
		wrong(run, "a text in quotes that Go does not take");
}

static void take_number(struct template_run *run)
{
	size_t from = run->at, n = run->text.p[from] == '-';
	int64_t number = 0;

	while (from + n < run->end && !strchr(" \t\r\n|()", run->text.p[from + n]))
		n++;
	run->at = from + n;
	for (size_t i = run->text.p[from] == '-'; i < n; i++) {
		if (!isdigit((unsigned char)run->text.p[from + i]) || n > 9) {
			wrong(run, "this number is not read here");
			template_hint(run, "up to 8 decimal digits");
			return;
		}
		number = 10 * number + (run->text.p[from + i] - '0');
	}
	if (n > 1 && run->text.p[from] == '0')
		wrong(run, "a number with a leading zero is octal");
	else if (run->text.p[from] == '-' && n == 1)
		wrong(run, "'-' is no number");
	else
		run->token = TOKEN_VALUE;
	run->value = value_new_int(run->mem, run->text.p[from] == '-' ? -number : number);
}

static void take_dollar(struct template_run *run)
{
	run->token = TOKEN_DOT;
	run->at++;
	if (word_length(run, run->at) || (run->at < run->end && run->text.p[run->at] == ':'))
		wrong(run, "variables are not rendered here");
}

static void take_sign(struct template_run *run, char c)
{
	run->at++;
	if (c == '(')
		run->token = TOKEN_OPEN;
	else if (c == ')')
		run->token = TOKEN_CLOSE;
	else if (c == '|')
		run->token = TOKEN_PIPE;
	else
		wrong(run, "this character is not read here");
}

void template_next(struct template_run *run)
{
	size_t before = run->at;
	char c;

	while (run->at < run->end && strchr(" \t\r\n", run->text.p[run->at]) && run->text.p[run->at])
		run->at++;
	run->spaced = run->at > before;
	run->token_at = run->at;
	if (run->at >= run->end) {
		run->token = TOKEN_END;
		return;
	}
	c = run->text.p[run->at];
	if (c == '.' && word_length(run, run->at + 1)) {
		take_word(run, TOKEN_FIELD, 1);
	} else if (c == '.') {
		run->token = TOKEN_DOT;
		run->at++;
	} else if (c == '$') {
		take_dollar(run);
	} else if (c == '"' || c == '`') {
		take_quoted(run);
	} else if (isdigit((unsigned char)c) || c == '-' || c == '+') {
		take_number(run);
	} else if (isalpha((unsigned char)c) || c == '_') {
		take_word(run, TOKEN_NAME, 0);
	} else {
		take_sign(run, c);
	}
}

/* ---- operands ---- */

const struct value *template_field(struct template_run *run, const struct value *map, struct view name, size_t at)
{
	const char *text = arena_view(run->mem, name), *near;
	const struct value *v;

	if (run->dead)
		return map;
	if (map->type != VALUE_MAP)
		return template_flaw(run, at, "'.%s' of %s", text, value_type_name(map->type));
	v = value_get(map, text);
	if (v)
		return v;
	template_flaw(run, at, "there is no key '%s'", text);
	near = text_nearest(text, map->names, map->n);
	return near ? template_hint(run, "did you mean '%s'?", near) : NULL;
}

static const struct value *fields(struct template_run *run, const struct value *v)
{
	while (v && run->token == TOKEN_FIELD && !run->spaced) {
		v = template_field(run, v, run->word, run->token_at);
		template_next(run);
	}
	return v && run->token != TOKEN_WRONG ? v : NULL;
}

static const struct value *parentheses(struct template_run *run)
{
	size_t at = run->token_at;
	const struct value *v;

	if (++run->depth > GOTEMPLATE_DEPTH_MAX)
		return template_flaw(run, at, "more than %d levels of parentheses", GOTEMPLATE_DEPTH_MAX);
	template_next(run);
	v = template_pipeline(run);
	run->depth--;
	if (!v)
		return NULL;
	if (run->token != TOKEN_CLOSE)
		return template_flaw(run, at, "a parenthesis that is not closed");
	template_next(run);
	return fields(run, v);
}

static bool is_constant(struct view word)
{
	return view_is(word, "true") || view_is(word, "false");
}

/* A name as an argument is a function without arguments of its own. */
static const struct value *operand(struct template_run *run)
{
	const struct value *v = run->value;
	struct view word = run->word;
	size_t at = run->token_at;

	switch (run->token) {
	case TOKEN_OPEN:
		return parentheses(run);
	case TOKEN_FIELD:
		run->spaced = false;
		return fields(run, run->dot);
	case TOKEN_DOT:
		template_next(run);
		return run->text.p[at] == '$' ? fields(run, run->dot) : run->token == TOKEN_WRONG ? NULL : run->dot;
	case TOKEN_VALUE:
		template_next(run);
		return run->token == TOKEN_WRONG ? NULL : v;
	case TOKEN_NAME:
		template_next(run);
		if (run->token == TOKEN_WRONG)
			return NULL;
		return is_constant(word) ? value_new_bool(run->mem, view_is(word, "true")) : template_call(run, word, at, NULL, 0);
	case TOKEN_WRONG:
		return NULL;
	default:
		return template_flaw(run, at, "a value is missing here");
	}
}

static bool ends_command(const struct template_run *run)
{
	return run->token == TOKEN_END || run->token == TOKEN_CLOSE || run->token == TOKEN_PIPE;
}

/* piped: the last argument, NULL: none. */
static const struct value *function(struct template_run *run, const struct value *piped)
{
	const struct value *args[ARGS_MAX];
	struct view name = run->word;
	size_t at = run->token_at, n = 0;

	template_next(run);
	while (!ends_command(run)) {
		if (run->token != TOKEN_WRONG && (!run->spaced || n == ARGS_MAX - 1))
			return template_flaw(run, run->token_at, n == ARGS_MAX - 1 ? "too many arguments" : "a space is missing here");
		args[n] = operand(run);
		if (!args[n++])
			return NULL;
	}
	if (piped)
		args[n++] = piped;
	return template_call(run, name, at, args, n);
}

static const struct value *command(struct template_run *run, const struct value *piped)
{
	size_t at = run->token_at;
	const struct value *v;

	if (run->token == TOKEN_NAME && !is_constant(run->word))
		return function(run, piped);
	if (piped && run->token != TOKEN_WRONG)
		return template_flaw(run, at, "what follows '|' must be a function");
	v = operand(run);
	if (v && !ends_command(run))
		return template_flaw(run, run->token_at, "a value takes no arguments");
	return v;
}

/* A closing parenthesis is for who opened it to see. */
const struct value *template_pipeline(struct template_run *run)
{
	const struct value *v = command(run, NULL);

	while (v && run->token == TOKEN_PIPE) {
		template_next(run);
		v = command(run, v);
	}
	if (v && run->token == TOKEN_CLOSE && !run->depth)
		return template_flaw(run, run->token_at, "a parenthesis that was not opened");
	return v;
}
