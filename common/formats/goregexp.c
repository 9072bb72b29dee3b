#include "formats/goregexp_code.h"

#include "core/text.h"

#include <ctype.h>

/* An atom gives one instruction, a repetition two more, a group or an alternative two. */
enum { CODE_MAX = 3 * GOREGEXP_SOURCE_MAX, DEPTH_MAX = 20 };

struct parser {
	const char *p, *start;
	struct goregexp *re;
	const char *flaw;         /* the first one */
	size_t flaw_at;
	int depth;
};

static bool fail(struct parser *s, const char *flaw)
{
	if (!s->flaw) {
		s->flaw = flaw;
		s->flaw_at = (size_t)(s->p - s->start);
	}
	return false;
}

static struct re_code *emit(struct parser *s, enum re_op op, int first, int second)
{
	struct re_code *c = &s->re->code[s->re->n++];

	*c = (struct re_code){ .op = op, .first = first, .second = second };
	return c;
}

/* Room for one instruction in front of the block from `at` on. */
static struct re_code *insert(struct parser *s, int at, enum re_op op, int first, int second)
{
	struct re_code *c = &s->re->code[at];

	memmove(c + 1, c, (size_t)(s->re->n - at) * sizeof(*c));
	s->re->n++;
	*c = (struct re_code){ .op = op, .first = first, .second = second };
	return c;
}

/* ---- sets ---- */

static void set_add(unsigned char *set, int c)
{
	set[c >> 3] |= (unsigned char)(1 << (c & 7));
}

static bool in_class(char class, int c)
{
	switch (class) {
	case 'd': return isdigit(c);
	case 'w': return isalnum(c) || c == '_';
	default: return c && strchr("\t\n\f\r ", c);
	}
}

/* \d, \W and the like. */
static bool add_class(unsigned char *set, char letter)
{
	char class = (char)tolower((unsigned char)letter);

	if (!letter || !strchr("dws", class))
		return false;
	for (int c = 0; c < 128; c++)
		if (in_class(class, c) == (class == letter))
			set_add(set, c);
	return true;
}

/* A character, escaped or not, within a set or outside; -1: none that we read. */
static int literal(struct parser *s)
{
	int c = (unsigned char)*s->p;

	if (c == '\\') {
		c = (unsigned char)s->p[1];
		if (!ispunct(c))
			return -1;
		s->p++;
	}
	if (c < ' ' || c >= 127)
		return -1;
	s->p++;
	return c;
}

static bool set_item(struct parser *s, unsigned char *set)
{
	int from, to;

	if (*s->p == '\\' && add_class(set, s->p[1])) {
		s->p += 2;
		return true;
	}
	if (*s->p == '[' && s->p[1] == ':')
		return fail(s, "classes in words are not read here");
	from = to = literal(s);
	if (from >= 0 && *s->p == '-' && s->p[1] != ']') {
		s->p++;
		to = literal(s);
	}
	if (from < 0 || to < from)
		return fail(s, "a set that is not read here");
	for (int c = from; c <= to; c++)
		set_add(set, c);
	return true;
}

static bool parse_set(struct parser *s)
{
	struct re_code *c = emit(s, RE_SET, 0, 0);
	bool others = *s->p == '^';

	s->p += others;
	do {
		if (!set_item(s, c->set))
			return false;
	} while (*s->p && *s->p != ']');
	if (!*s->p)
		return fail(s, "a set without its ']'");
	s->p++;
	for (size_t i = 0; others && i < sizeof(c->set); i++)
		c->set[i] = (unsigned char)~c->set[i];
	return false;
}

/* ---- the grammar: each gives whether it may be empty ---- */

static bool parse_alternatives(struct parser *s);

static bool parse_group(struct parser *s)
{
	bool captures = s->p[0] != '?', empty;
	int slot = 2 * s->re->groups;

	if (!captures && s->p[1] != ':')
		return fail(s, "flags and names of groups are not read here");
	if (++s->depth > DEPTH_MAX || (captures && s->re->groups == GOREGEXP_GROUPS_MAX))
		return fail(s, "too many groups");
	s->p += captures ? 0 : 2;
	s->re->groups += captures;
	if (captures)
		emit(s, RE_SAVE, slot, 0);
	empty = parse_alternatives(s);
	if (captures)
		emit(s, RE_SAVE, slot + 1, 0);
	if (*s->p != ')')
		return fail(s, "a group without its ')'");
	s->p++;
	s->depth--;
	return empty;
}

static bool parse_literal(struct parser *s)
{
	struct re_code *c = emit(s, RE_SET, 0, 0);
	int byte;

	if (*s->p == '\\' && add_class(c->set, s->p[1])) {
		s->p += 2;
		return false;
	}
	byte = literal(s);
	if (byte < 0)
		return fail(s, "a character or escape that is not read here");
	set_add(c->set, byte);
	return false;
}

static bool parse_atom(struct parser *s)
{
	struct re_code *c;

	switch (*s->p++) {
	case '(':
		return parse_group(s);
	case '[':
		return parse_set(s);
	case '^':
		emit(s, RE_BEGIN, 0, 0);
		return true;
	case '$':
		emit(s, RE_END, 0, 0);
		return true;
	case '.':
		c = emit(s, RE_SET, 0, 0);
		memset(c->set, 0xff, sizeof(c->set));
		c->set['\n' >> 3] &= (unsigned char)~(1 << ('\n' & 7));
		return false;
	case '*': case '+': case '?': case '{': case '}':
		s->p--;
		return fail(s, "a repetition that is not read here");
	default:
		s->p--;
		return parse_literal(s);
	}
}

static void repeat(struct parser *s, int at, char sign, bool lazy)
{
	int n = s->re->n - at, past = sign == '*' ? n + 2 : n + 1;

	if (sign == '+') {
		emit(s, RE_SPLIT, lazy ? 1 : -n, lazy ? -n : 1);
		return;
	}
	insert(s, at, RE_SPLIT, lazy ? past : 1, lazy ? 1 : past);
	if (sign == '*')
		emit(s, RE_JUMP, -(n + 1), 0);
}

static bool parse_repeated(struct parser *s)
{
	int at = s->re->n;
	bool empty = parse_atom(s);
	char sign = *s->p;

	if (s->flaw || !sign || !strchr("*+?{", sign))
		return empty;
	if (sign == '{')
		return fail(s, "counted repetitions are not read here");
	if (empty && sign != '?')
		return fail(s, "a repetition of what may be empty is not read here");
	s->p++;
	repeat(s, at, sign, *s->p == '?');
	s->p += *s->p == '?';
	if (*s->p && strchr("*+?{", *s->p))
		return fail(s, "a repetition of a repetition");
	return empty || sign != '+';
}

static bool parse_sequence(struct parser *s)
{
	bool empty = true;

	while (!s->flaw && *s->p && *s->p != '|' && *s->p != ')')
		empty &= parse_repeated(s);
	return empty;
}

static bool parse_alternatives(struct parser *s)
{
	int at = s->re->n, jump;
	bool empty = parse_sequence(s);

	if (s->flaw || *s->p != '|')
		return empty;
	s->p++;
	insert(s, at, RE_SPLIT, 1, s->re->n - at + 2);
	jump = s->re->n;
	emit(s, RE_JUMP, 0, 0);
	if (++s->depth > DEPTH_MAX)
		return fail(s, "too many alternatives");
	empty |= parse_alternatives(s);
	s->depth--;
	s->re->code[jump].first = s->re->n - jump;
	return empty;
}

const struct goregexp *goregexp_compile(struct arena *mem, const char *source, size_t *at, const char **flaw)
{
	struct parser s = { .p = source, .start = source, .re = ARENA_NEW(mem, struct goregexp) };

	s.re->groups = 1;
	if (strlen(source) > GOREGEXP_SOURCE_MAX) {
		fail(&s, "an expression that is too long");
	} else {
		s.re->code = ARENA_ARRAY(mem, struct re_code, CODE_MAX + 3);
		emit(&s, RE_SAVE, 0, 0);
		parse_alternatives(&s);
		if (!s.flaw && *s.p)
			fail(&s, "a ')' without its group");
		emit(&s, RE_SAVE, 1, 0);
		emit(&s, RE_MATCH, 0, 0);
	}
	*at = s.flaw_at;
	*flaw = s.flaw;
	return s.flaw ? NULL : s.re;
}
