#include "domain/diag.h"

#include "core/text.h"

#include <stdarg.h>

const struct check *check_at(size_t i)
{
	for (size_t f = 0; f < n_check_families; f++) {
		if (i < check_families[f]->n_checks)
			return &check_families[f]->checks[i];
		i -= check_families[f]->n_checks;
	}
	return NULL;
}

static size_t index_of(const struct check *check)
{
	size_t i = 0;

	while (check_at(i) != check)
		i++;
	return i;
}

const struct check *check_find(const char *id)
{
	const struct check *c;

	for (size_t i = 0; (c = check_at(i)); i++)
		if (text_same(c->id, id))
			return c;
	return NULL;
}

const struct check_family *check_family_find(const char *name)
{
	for (size_t f = 0; f < n_check_families; f++)
		if (text_same(check_families[f]->name, name))
			return check_families[f];
	return NULL;
}

const struct check_family *check_family_of(const struct check *check)
{
	for (size_t f = 0; f < n_check_families; f++)
		if (check >= check_families[f]->checks && check < check_families[f]->checks + check_families[f]->n_checks)
			return check_families[f];
	return NULL;
}

const char *check_nearest(const char *id)
{
	const char *ids[512];
	size_t n = 0;

	while (n < COUNT_OF(ids) && check_at(n)) {
		ids[n] = check_at(n)->id;
		n++;
	}
	return text_nearest(id, ids, n);
}

static void refuse_unknown(const char *const *ids, struct err *e)
{
	for (; ids && *ids; ids++) {
		const char *near;

		if (check_find(*ids))
			continue;
		near = check_nearest(*ids);
		err_also(e, ERR_USAGE, "there is no check '%s'", *ids);
		if (near)
			err_hint(e, "did you mean '%s'?", near);
		else
			err_hint(e, "kubectl vault-check list");
	}
}

static bool is_among(const char *text, const char *const *list)
{
	for (; list && *list; list++)
		if (text_same(*list, text))
			return true;
	return false;
}

/* Whatever a chosen check needs is run as well: else it would be skipped. */
static void choose_needs(bool *chosen, const struct check *check)
{
	for (const char *const *need = check->needs; need && *need; need++) {
		const struct check *c = check_find(*need);

		if (c && !chosen[index_of(c)]) {
			chosen[index_of(c)] = true;
			choose_needs(chosen, c);
		}
	}
}

int checks_choose(struct arena *a, const struct check_choice *choice, bool **out, struct err *e)
{
	const struct check *c;
	size_t n = 0;
	bool *chosen;

	for (const char *const *name = choice->families; name && *name; name++)
		if (!text_same(*name, "all") && !check_family_find(*name))
			err_also(e, ERR_USAGE, "there is no family of checks '%s'", *name);
	refuse_unknown(choice->only, e);
	refuse_unknown(choice->skip, e);
	if (e->kind)
		return -1;
	while (check_at(n))
		n++;
	chosen = ARENA_ARRAY(a, bool, n);
	for (size_t i = 0; (c = check_at(i)); i++) {
		bool in_family = !choice->families || is_among("all", choice->families) ||
		                 is_among(check_family_of(c)->name, choice->families);

		chosen[i] = choice->only ? is_among(c->id, choice->only) : in_family && (!c->in_pod || choice->from_pod);
	}
	for (size_t i = n; i-- > 0;)
		if (chosen[i])
			choose_needs(chosen, check_at(i));
	for (size_t i = 0; (c = check_at(i)); i++)
		if (is_among(c->id, choice->skip) || (c->proof && !choice->proof))
			chosen[i] = false;
	*out = chosen;
	return 0;
}

static const struct step *step_at(size_t i)
{
	for (size_t f = 0; f < n_check_families; f++) {
		if (i < check_families[f]->n_steps)
			return &check_families[f]->steps[i];
		i -= check_families[f]->n_steps;
	}
	return NULL;
}

static void mark_step(bool *marked, const char *name)
{
	const struct step *s;

	for (size_t i = 0; (s = step_at(i)); i++) {
		if (!text_same(s->name, name) || marked[i])
			continue;
		marked[i] = true;
		for (const char *const *need = s->needs; need && *need; need++)
			mark_step(marked, *need);
		if (s->settle)
			mark_step(marked, s->settle);
	}
}

const struct step *checks_steps(struct arena *a, const bool *chosen, size_t *n)
{
	const struct check *c;
	size_t all = 0;
	struct step *steps;
	bool *marked;

	while (step_at(all))
		all++;
	marked = ARENA_ARRAY(a, bool, all + 1);
	for (size_t i = 0; (c = check_at(i)); i++) {
		for (const char *const *read = chosen[i] ? c->reads : NULL; read && *read; read++)
			mark_step(marked, *read);
		for (const char *const *use = chosen[i] ? c->uses : NULL; use && *use; use++)
			mark_step(marked, *use);
	}
	steps = ARENA_ARRAY(a, struct step, all + 1);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (marked[i])
			steps[(*n)++] = *step_at(i);
	return steps;
}

/* A step that failed, or that could not be asked because one that it needs failed: whose error tells why. */
static const struct track *failed_step(const struct graph *g, const char *name)
{
	const struct track *t = graph_track(g, name);

	if (!t || t->state == STEP_FAILED)
		return t;
	if (t->state == STEP_LEFT) {
		const struct step *s = &g->steps[t - g->tracks];

		for (const char *const *need = s->needs; need && *need; need++) {
			const struct track *deeper = failed_step(g, *need);

			if (deeper)
				return deeper;
		}
		return t;
	}
	return NULL;
}

/* Nothing that Kubernetes would have to tell stands in the way of what is assumed instead. */
static bool stands_aside(const struct diag *d, const struct check *c)
{
	return d->assumed && !c->aws_alone;
}

static void skip_for(struct finding *f, const struct check *first)
{
	f->blocked_by = first;
	found(f, "skipped: '%s' comes first", first->id);
}

static bool blocked(const struct diag *d, const struct findings *all, const struct check *c, struct finding *f)
{
	for (const char *const *need = c->needs; need && *need; need++)
		for (size_t i = 0; i < all->n; i++) {
			const struct finding *earlier = &all->at[i];

			if (!text_same(earlier->check->id, *need) || stands_aside(d, earlier->check))
				continue;
			if (earlier->verdict == VERDICT_PASS || earlier->verdict == VERDICT_INFO || earlier->verdict == VERDICT_WARN)
				continue;
			skip_for(f, earlier->blocked_by ? earlier->blocked_by : earlier->check);
			return true;
		}
	return false;
}

/* What is wrong here is what an earlier failure leads to: the first one is named. */
static bool follows(const struct findings *all, const struct check *c, struct finding *f)
{
	for (size_t i = 0; c->follows && i < all->n; i++) {
		const struct finding *earlier = &all->at[i];

		if (earlier->verdict != VERDICT_FAIL || (!is_among(earlier->check->id, c->follows) &&
		                                         !is_among(check_family_of(earlier->check)->name, c->follows)))
			continue;
		skip_for(f, earlier->check);
		return true;
	}
	return false;
}

/* What the release would have told, and is assumed. */
static bool is_assumed(const struct diag *d, const char *step)
{
	static const char *const steps[] = { "config.read", "account.read", "pods.read", NULL };

	return d->assumed && is_among(step, steps);
}

static enum verdict judge(const struct diag *d, const struct graph *g, const struct findings *all, struct finding *f)
{
	const struct check *c = f->check, *release = check_at(0);

	if (stands_aside(d, c) && c != release) {
		skip_for(f, release);
		return VERDICT_SKIP;
	}
	if (blocked(d, all, c, f) || follows(all, c, f))
		return VERDICT_SKIP;
	for (const char *const *read = c->judges_errors ? NULL : c->reads; read && *read; read++) {
		const struct track *t = is_assumed(d, *read) ? NULL : failed_step(g, *read);

		if (t) {
			found(f, "%s", t->err.text ? t->err.text : "was not asked");
			if (t->err.kind == ERR_DENIED && t->err.hint)
				f->right = arena_text(f->mem, t->err.hint);
			return VERDICT_UNKNOWN;
		}
	}
	return c->judge(d, f);
}

void checks_judge(struct arena *a, const struct diag *d, const struct graph *g, const bool *chosen, struct findings *out)
{
	const struct check *c;
	size_t n = 0;

	for (size_t i = 0; check_at(i); i++)
		n += chosen[i];
	*out = (struct findings){ .at = ARENA_ARRAY(a, struct finding, n + 1) };
	for (size_t i = 0; (c = check_at(i)); i++) {
		struct finding *f = &out->at[out->n];

		if (!chosen[i])
			continue;
		*f = (struct finding){ .check = c, .mem = a, .cause = "" };
		f->verdict = judge(d, g, out, f);
		out->count[f->verdict]++;
		if (f->verdict == VERDICT_FAIL && !out->root)
			out->root = f;
		out->n++;
	}
}

int findings_exit_code(const struct findings *f, enum fail_on fail_on)
{
	bool failed = f->count[VERDICT_FAIL] || (fail_on == FAIL_ON_WARN && f->count[VERDICT_WARN]);

	if (failed && fail_on != FAIL_NEVER)
		return 1;
	return f->count[VERDICT_UNKNOWN] && fail_on != FAIL_NEVER ? 3 : 0;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "pass", "info", "warn", "fail", "skip", "unknown" };

	return names[v];
}

static const char *in_arena(struct finding *f, const char *fmt, va_list ap)
{
	return arena_vprintf(f->mem, fmt, ap);
}

void found(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->cause = in_arena(f, fmt, ap);
	va_end(ap);
}

void evidence(struct finding *f, const char *name, const char *fmt, ...)
{
	struct evidence *one = ARENA_NEW(f->mem, struct evidence);
	va_list ap;

	va_start(ap, fmt);
	one->name = name;
	one->text = in_arena(f, fmt, ap);
	va_end(ap);
	if (f->last_evidence)
		f->last_evidence->next = one;
	else
		f->evidence = one;
	f->last_evidence = one;
}

void fix(struct finding *f, const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = in_arena(f, fmt, ap);
	va_end(ap);
	f->fix = f->fix ? arena_printf(f->mem, "%s\n%s", f->fix, line) : line;
}

enum verdict unknown(struct finding *f, const char *right, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->cause = in_arena(f, fmt, ap);
	va_end(ap);
	f->right = arena_text(f->mem, right);
	return VERDICT_UNKNOWN;
}

enum verdict not_applicable(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->cause = in_arena(f, fmt, ap);
	va_end(ap);
	return VERDICT_SKIP;
}
