#include "aws/policy_match.h"

#include "aws/policy_eval.h"
#include "core/text.h"

#include <ctype.h>

size_t policy_list_n(const struct value *v)
{
	if (!v)
		return 0;
	return v->type == VALUE_LIST ? v->n : 1;
}

const struct value *policy_list_item(const struct value *v, size_t i)
{
	return v->type == VALUE_LIST ? v->items[i] : v;
}

/* Past one character of UTF-8. */
static size_t next_character(struct view text, size_t at)
{
	at++;
	while (at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static bool same_byte(char a, char b, bool any_case)
{
	return any_case ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* One step of the pattern against text at `at`: where both go on, or false. */
static bool step(struct view pattern, size_t *p, struct view text, size_t *t, bool any_case)
{
	if (*p >= pattern.n || *t >= text.n)
		return false;
	if (pattern.p[*p] == '?') {
		(*p)++;
		*t = next_character(text, *t);
		return true;
	}
	if ((unsigned char)pattern.p[*p] == POLICY_LITERAL && *p + 1 < pattern.n)
		(*p)++;
	if (!same_byte(pattern.p[*p], text.p[*t], any_case))
		return false;
	(*p)++;
	(*t)++;
	return true;
}

/* Only the last '*' is ever tried anew: the earlier ones already have the shortest run that works. */
bool policy_glob_view(struct view pattern, struct view text, bool any_case)
{
	size_t p = 0, t = 0, star = pattern.n, from = 0;
	bool starred = false;

	while (t < text.n || p < pattern.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			from = t;
			starred = true;
			continue;
		}
		if (step(pattern, &p, text, &t, any_case))
			continue;
		if (!starred || from >= text.n)
			return false;
		from = next_character(text, from);
		t = from;
		p = star;
	}
	return true;
}

bool policy_glob(const char *pattern, const char *text, bool any_case)
{
	return policy_glob_view(view_text(pattern), view_text(text), any_case);
}

/* IAM Reference, ARN condition operators: each of the six components is checked apart. */
bool policy_arn_like(struct view pattern, struct view text)
{
	enum { CUTS = 5 };

	if (view_is(pattern, "*"))
		return true;
	for (size_t i = 0; i < CUTS; i++) {
		struct view have = text, want = pattern;

		if (!memchr(pattern.p, ':', pattern.n) || !memchr(text.p, ':', text.n))
			return false;
		want = view_cut(&pattern, ':');
		have = view_cut(&text, ':');
		if (!policy_glob_view(want, have, false))
			return false;
	}
	return policy_glob_view(pattern, text, false);
}

const struct value *policy_context_get(const struct value *context, struct view key)
{
	for (size_t i = 0; context && context->type == VALUE_MAP && i < context->n; i++)
		if (strlen(context->names[i]) == key.n && strncasecmp(context->names[i], key.p, key.n) == 0)
			return context->items[i];
	return NULL;
}

static void put_literal(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '*' || text.p[i] == '?')
			buf_char(out, (char)POLICY_LITERAL);
		buf_char(out, text.p[i]);
	}
}

/* What stands between the braces. */
static bool put_variable(struct buf *out, struct view inside, const struct value *context)
{
	struct view rest = inside, key = view_trim(view_cut(&rest, ',')), other = view_trim(rest);
	const struct value *got;

	if (!rest.p && key.n == 1 && strchr("*?$", key.p[0])) {
		put_literal(out, key);
		return true;
	}
	got = policy_context_get(context, key);
	if (policy_list_n(got) == 1 && policy_list_item(got, 0)->type == VALUE_TEXT) {
		got = policy_list_item(got, 0);
		put_literal(out, view_of(got->text, got->n));
		return true;
	}
	if (other.n < 2 || other.p[0] != '\'' || other.p[other.n - 1] != '\'')
		return false;
	put_literal(out, view_of(other.p + 1, other.n - 2));
	return true;
}

bool policy_fill(struct buf *out, struct view text, const struct value *context)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *end = i + 2 < text.n && text.p[i] == '$' && text.p[i + 1] == '{'
		                  ? memchr(text.p + i + 2, '}', text.n - i - 2) : NULL;

		if (!end || end == text.p + i + 2) {
			buf_char(out, text.p[i]);
			continue;
		}
		if (!put_variable(out, view_of(text.p + i + 2, (size_t)(end - text.p) - i - 2), context))
			return false;
		i = (size_t)(end - text.p);
	}
	return !out->full;
}

void policy_unmark(struct buf *filled)
{
	size_t n = 0;

	for (size_t i = 0; i < filled->n; i++)
		if ((unsigned char)filled->p[i] != POLICY_LITERAL)
			filled->p[n++] = filled->p[i];
	if (filled->p)
		buf_cut(filled, n);
}
