#include "formats/goregexp_code.h"

#include "core/text.h"

#include <ctype.h>

enum { SLOTS = 2 * GOREGEXP_GROUPS_MAX + 2, UNSET = -1 };

/*
 * All ways in the order of preference, none twice: a place in the code at a place in the text that failed once fails again
 * (as RE2's bitstate.cc has it). What a way had saved is put back when it fails.
 */
struct job {
	int pc, at;               /* pc UNSET: slot is to be `at` again */
	int slot;
};

struct matcher {
	const struct goregexp *re;
	const char *text;
	int n;
	unsigned char *seen;
	struct job *jobs;
	size_t n_jobs, room;
	int slots[SLOTS];
};

static void push(struct matcher *m, struct job job)
{
	if (m->n_jobs == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->jobs = xrealloc(m->jobs, m->room * sizeof(*m->jobs));
	}
	m->jobs[m->n_jobs++] = job;
}

static bool first_time(struct matcher *m, int pc, int at)
{
	size_t bit = (size_t)pc * (size_t)(m->n + 1) + (size_t)at;
	bool seen = m->seen[bit >> 3] >> (bit & 7) & 1;

	m->seen[bit >> 3] |= (unsigned char)(1 << (bit & 7));
	return !seen;
}

static bool holds(const unsigned char *set, int c)
{
	return set[c >> 3] >> (c & 7) & 1;
}

/* One way until it fails or matches. */
static bool follow(struct matcher *m, int pc, int at)
{
	while (first_time(m, pc, at)) {
		const struct re_code *c = &m->re->code[pc];

		switch (c->op) {
		case RE_MATCH:
			return true;
		case RE_SET:
			if (at == m->n || !holds(c->set, m->text[at]))
				return false;
			at++;
			pc++;
			break;
		case RE_SPLIT:
			push(m, (struct job){ pc + c->second, at, 0 });
			pc += c->first;
			break;
		case RE_JUMP:
			pc += c->first;
			break;
		case RE_SAVE:
			push(m, (struct job){ UNSET, m->slots[c->first], c->first });
			m->slots[c->first] = at;
			pc++;
			break;
		case RE_BEGIN:
		case RE_END:
			if (at != (c->op == RE_BEGIN ? 0 : m->n))
				return false;
			pc++;
			break;
		}
	}
	return false;
}

static bool match_at(struct matcher *m, int at)
{
	m->n_jobs = 0;
	push(m, (struct job){ 0, at, 0 });
	while (m->n_jobs) {
		struct job job = m->jobs[--m->n_jobs];

		if (job.pc == UNSET)
			m->slots[job.slot] = job.at;
		else if (follow(m, job.pc, job.at))
			return true;
	}
	return false;
}

static bool match_from(struct matcher *m, int from)
{
	memset(m->seen, 0, (size_t)m->re->n * (size_t)(m->n + 1) / 8 + 1);
	for (int at = from; at <= m->n; at++) {
		for (size_t i = 0; i < SLOTS; i++)
			m->slots[i] = UNSET;
		if (match_at(m, at))
			return true;
	}
	return false;
}

static struct matcher matcher(const struct goregexp *re, const char *text)
{
	int n = (int)strlen(text);

	return (struct matcher){ .re = re, .text = text, .n = n, .seen = xcalloc((size_t)re->n * (size_t)(n + 1) / 8 + 1, 1) };
}

static void release(struct matcher *m)
{
	free(m->seen);
	free(m->jobs);
}

bool goregexp_takes(const char *text)
{
	size_t n = 0;

	while (text[n] && (unsigned char)text[n] < 0x80)
		n++;
	return !text[n] && n <= GOREGEXP_TEXT_MAX;
}

bool goregexp_match(const struct goregexp *re, const char *text)
{
	struct matcher m = matcher(re, text);
	bool is = match_from(&m, 0);

	release(&m);
	return is;
}

/* ---- replacing ---- */

static void put_group(const struct matcher *m, struct view name, struct buf *out)
{
	int group = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (!isdigit((unsigned char)name.p[i]) || group > GOREGEXP_GROUPS_MAX)
			return;                          /* no group is called so: nothing, as in Go */
		group = 10 * group + name.p[i] - '0';
	}
	if (group < m->re->groups && m->slots[2 * group] != UNSET)
		buf_put(out, m->text + m->slots[2 * group], (size_t)(m->slots[2 * group + 1] - m->slots[2 * group]));
}

/* What $ is in front of, by regexp.extract: bytes taken; 0: the $ stands for itself. */
static size_t put_dollar(const struct matcher *m, const char *p, struct buf *out)
{
	bool brace = *p == '{';
	size_t n = 0;

	if (*p == '$') {
		buf_char(out, '$');
		return 1;
	}
	while (isalnum((unsigned char)p[brace + n]) || p[brace + n] == '_')
		n++;
	if (!n || (brace && p[1 + n] != '}'))
		return 0;
	put_group(m, view_of(p + brace, n), out);
	return n + (brace ? 2 : 0);
}

static void expand(const struct matcher *m, const char *target, struct buf *out)
{
	while (*target) {
		size_t n = *target == '$' ? put_dollar(m, target + 1, out) : 0;

		if (!n)
			buf_char(out, *target);
		target += n + 1;
	}
}

/* As regexp.replaceAll goes on: an empty match right behind another is none. */
void goregexp_replace(const struct goregexp *re, const char *text, const char *target, struct buf *out)
{
	struct matcher m = matcher(re, text);
	int last = 0, from = 0;

	while (from <= m.n && match_from(&m, from)) {
		buf_put(out, text + last, (size_t)(m.slots[0] - last));
		if (m.slots[1] > last || m.slots[0] == 0)
			expand(&m, target, out);
		last = m.slots[1];
		from = from + 1 > last ? from + 1 : last;
	}
	buf_text(out, text + last);
	release(&m);
}
