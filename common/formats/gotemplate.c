#include "formats/gotemplate_run.h"

#include "core/text.h"

/* ---- flaws ---- */

void *template_flaw(struct template_run *run, size_t at, const char *fmt, ...)
{
	struct template_flaws *flaws = run->flaws;
	va_list ap;

	if (flaws->n == GOTEMPLATE_FLAWS_MAX)
		return NULL;
	va_start(ap, fmt);
	flaws->at[flaws->n++] = (struct template_flaw){ at, arena_vprintf(run->mem, fmt, ap), NULL };
	va_end(ap);
	return NULL;
}

void *template_hint(struct template_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	run->flaws->at[run->flaws->n - 1].hint = arena_vprintf(run->mem, fmt, ap);
	va_end(ap);
	return NULL;
}

/* ---- actions ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* text/template/parse/lex.go: an action with its trim markers, as it stands in the text. */
struct action {
	size_t at;                    /* of its {{ */
	size_t body, end;             /* what is within; */
	size_t next;                  /* behind its }} */
	bool trim_left, trim_right, comment;
};

/* Behind the text or the character in quotes that starts at `at`; the text's end where it does not end. */
static size_t skip_quoted(struct view text, size_t at)
{
	char quote = text.p[at++];

	while (at < text.n && text.p[at] != quote)
		at += text.p[at] == '\\' && quote != '`' ? 2 : 1;
	return at < text.n ? at + 1 : text.n;
}

static bool find_end(struct view text, struct action *a)
{
	const char *close;
	size_t at = a->body;

	if (a->comment) {
		close = memmem(text.p + at + 2, text.n - at - 2, "*/", 2);
		if (!close)
			return false;
		at = (size_t)(close - text.p) + 2;
	}
	while (at + 1 < text.n && !(text.p[at] == '}' && text.p[at + 1] == '}'))
		at = strchr("\"`'", text.p[at]) && text.p[at] ? skip_quoted(text, at) : at + 1;
	if (at + 1 >= text.n)
		return false;
	a->end = at;
	a->next = at + 2;
	if (at >= a->body + 2 && text.p[at - 1] == '-' && is_space(text.p[at - 2])) {
		a->trim_right = true;
		a->end = at - 2;
	}
	return true;
}

/* The next action at or behind `at`; 0 there is none, -1 it does not end. */
static int find_action(struct view text, size_t at, struct action *a)
{
	const char *open = memmem(text.p + at, text.n - at, "{{", 2);

	if (!open)
		return 0;
	*a = (struct action){ .at = (size_t)(open - text.p) };
	a->body = a->at + 2;
	if (a->body + 1 < text.n && text.p[a->body] == '-' && is_space(text.p[a->body + 1])) {
		a->trim_left = true;
		a->body += 2;
	}
	a->comment = view_starts(view_of(text.p + a->body, text.n - a->body), "/*");
	return find_end(text, a) ? 1 : -1;
}

/* Text between two actions. */
static void put_text(struct template_run *run, size_t from, size_t to, bool trim_left, bool trim_right)
{
	while (trim_left && from < to && is_space(run->text.p[from]))
		from++;
	while (trim_right && to > from && is_space(run->text.p[to - 1]))
		to--;
	if (!run->dead)
		buf_view(run->out, view_of(run->text.p + from, to - from));
}

/* ---- if, else, end ---- */

struct branch {
	size_t at;
	bool dead_around, taken, last;    /* last: its else was there */
};

struct branches {
	struct branch at[GOTEMPLATE_DEPTH_MAX];
	size_t n;
};

static void condition(struct template_run *run, struct branch *b)
{
	const struct value *v = template_pipeline(run);
	bool now = v && !run->dead && template_truth(v);

	run->dead = b->dead_around || b->taken || !now;
	b->taken |= now || !v;
}

/* NULL with a flaw: too deep. */
static struct branch *begin(struct template_run *run, struct branches *all)
{
	struct branch *b = &all->at[all->n];

	if (all->n == GOTEMPLATE_DEPTH_MAX) {
		run->dead = true;
		return template_flaw(run, run->token_at, "more than %d levels of if", GOTEMPLATE_DEPTH_MAX);
	}
	*b = (struct branch){ .at = run->token_at, .dead_around = run->dead };
	all->n++;
	return b;
}

static void begin_if(struct template_run *run, struct branches *all)
{
	struct branch *b = begin(run, all);

	template_next(run);
	if (b)
		condition(run, b);
}

/* What is outside may have an end of its own: until then nothing is carried out. */
static void begin_outside(struct template_run *run, struct branches *all, bool block)
{
	struct branch *b;

	template_flaw(run, run->token_at, "'%.*s' is not rendered here", (int)run->word.n, run->word.p);
	b = block ? begin(run, all) : NULL;
	if (!b)
		return;
	b->taken = true;
	run->dead = true;
}

static void begin_else(struct template_run *run, struct branches *all)
{
	struct branch *b = all->n ? &all->at[all->n - 1] : NULL;

	if (!b || b->last) {
		template_flaw(run, run->token_at, "an else without its if");
		return;
	}
	template_next(run);
	run->dead = b->dead_around || b->taken;
	if (run->token == TOKEN_NAME && view_is(run->word, "if")) {
		template_next(run);
		condition(run, b);
		return;
	}
	b->last = true;
	if (run->token != TOKEN_END && run->token != TOKEN_WRONG)
		template_flaw(run, run->token_at, "nothing but 'if' can follow else");
}

static void end_if(struct template_run *run, struct branches *all)
{
	if (!all->n) {
		template_flaw(run, run->token_at, "an end without its if");
		return;
	}
	run->dead = all->at[--all->n].dead_around;
	template_next(run);
	if (run->token != TOKEN_END && run->token != TOKEN_WRONG)
		template_flaw(run, run->token_at, "nothing can follow end");
}

/* Words of Go's that we leave out; NULL: it is none. */
static const char *outside(struct view word)
{
	static const char *const words[] = { "range", "with", "define", "block", "template", "break", "continue" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (view_is(word, words[i]))
			return words[i];
	return NULL;
}

static bool has_end(const char *word)
{
	return strchr("rwd", *word) || text_same(word, "block");
}

static void put_pipeline(struct template_run *run)
{
	size_t at = run->token_at;
	const struct value *v = template_pipeline(run);

	if (v && !run->dead)
		template_print(run, run->out, v, at);
}

static void act(struct template_run *run, const struct action *a, struct branches *all)
{
	struct view word;

	run->at = a->body;
	run->end = a->end;
	template_next(run);
	word = run->token == TOKEN_NAME ? run->word : view_text("");
	if (view_is(word, "if"))
		begin_if(run, all);
	else if (view_is(word, "else"))
		begin_else(run, all);
	else if (view_is(word, "end"))
		end_if(run, all);
	else if (outside(word))
		begin_outside(run, all, has_end(outside(word)));
	else if (run->token == TOKEN_END)
		template_flaw(run, a->at, "an action without a command");
	else if (run->token != TOKEN_WRONG)
		put_pipeline(run);
}

/* Of a comment nothing but white space may stand behind its end. */
static void check_comment(struct template_run *run, const struct action *a)
{
	if (!view_ends(view_of(run->text.p + a->body, a->end - a->body), "*/"))
		template_flaw(run, a->at, "a comment that does not end where its action ends");
}

bool gotemplate_render(struct arena *mem, struct view text, const struct value *dot, struct buf *out,
                       struct template_flaws *flaws)
{
	struct template_run run = {
		.mem = mem, .text = text, .dot = dot ? dot : value_new_map(mem), .out = out, .flaws = flaws, .dead = !dot,
	};
	struct branches all = { .n = 0 };
	struct action a;
	size_t at = 0, flawed = flaws->n;
	bool trim = false;
	int found;

	while ((found = find_action(text, at, &a)) > 0) {
		put_text(&run, at, a.at, trim, a.trim_left);
		if (a.comment)
			check_comment(&run, &a);
		else
			act(&run, &a, &all);
		at = a.next;
		trim = a.trim_right;
	}
	if (found < 0)
		template_flaw(&run, a.at, "an action that does not end");
	else
		put_text(&run, at, text.n, trim, false);
	for (size_t i = 0; i < all.n && found >= 0; i++)
		template_flaw(&run, all.at[i].at, "an if without its end");
	return flaws->n == flawed;
}
