#include "core/view.h"

bool view_is(struct view v, const char *text)
{
	return view_same(v, view_text(text));
}

bool view_same(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool view_starts(struct view v, const char *prefix)
{
	struct view want = view_text(prefix);

	return v.n >= want.n && view_same(view_of(v.p, want.n), want);
}

bool view_ends(struct view v, const char *suffix)
{
	struct view want = view_text(suffix);

	return v.n >= want.n && (want.n == 0 || memcmp(v.p + (v.n - want.n), want.p, want.n) == 0);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v)
{
	while (v.n && is_space(*v.p)) {
		v.p++;
		v.n--;
	}
	while (v.n && is_space(v.p[v.n - 1]))
		v.n--;
	return v;
}

struct view view_cut(struct view *rest, char at)
{
	struct view piece = *rest;
	const char *hit = rest->n ? memchr(rest->p, at, rest->n) : NULL;

	if (!hit) {
		*rest = view_of(NULL, 0);
		return piece;
	}
	piece.n = (size_t)(hit - rest->p);
	*rest = view_of(hit + 1, rest->n - piece.n - 1);
	return piece;
}
