#include "net/graph.h"

#include "core/text.h"

static size_t find(const struct step *steps, size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(steps[i].name, name) != 0)
		i++;
	return i;
}

struct track *graph_track(const struct graph *g, const char *name)
{
	size_t i = find(g->steps, g->n, name);

	return i < g->n ? &g->tracks[i] : NULL;
}

unsigned graph_depth(const struct graph *g)
{
	unsigned depth = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->tracks[i].depth > depth)
			depth = g->tracks[i].depth;
	return depth;
}

unsigned graph_sent(const struct graph *g)
{
	unsigned sent = 0;

	for (size_t i = 0; i < g->n; i++)
		sent += g->tracks[i].sent;
	return sent;
}

void graph_release_tracks(struct graph *g)
{
	for (size_t i = 0; i < g->n; i++)
		track_release(&g->tracks[i]);
}

void track_release(struct track *t)
{
	err_release(&t->err);
	*t = (struct track){ 0 };
}

static int check_needs(const struct step *steps, size_t i, struct err *e)
{
	const char *const *need = steps[i].needs;

	for (; need && *need; need++)
		if (find(steps, i, *need) == i)
			return err_set(e, ERR_BUG, 0, "step '%s' needs '%s', which is no earlier row",
			               steps[i].name, *need);
	return 0;
}

/* Settling is reading: the settle row must be a read, and `due` must tell what it found. */
static int check_settle(const struct step *steps, size_t i, struct err *e)
{
	const struct step *s = &steps[i];
	size_t at;

	if (!s->settle)
		return s->settle_s ? err_set(e, ERR_BUG, 0, "step '%s' has settle_s and no settle", s->name)
		                   : 0;
	at = find(steps, i, s->settle);
	if (at == i)
		return err_set(e, ERR_BUG, 0, "step '%s' settles by '%s', which is no earlier row", s->name,
		               s->settle);
	if (steps[at].change)
		return err_set(e, ERR_BUG, 0, "step '%s' settles by '%s', which is a change", s->name,
		               s->settle);
	if (!s->change || !s->due)
		return err_set(e, ERR_BUG, 0, "step '%s' has settle, but no %s", s->name,
		               s->change ? "due" : "change");
	return 0;
}

int graph_check(const struct step *steps, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (text_empty(steps[i].name))
			return err_set(e, ERR_BUG, 0, "step number %zu has no name", i);
		if (find(steps, i, steps[i].name) < i)
			return err_set(e, ERR_BUG, 0, "two steps are called '%s'", steps[i].name);
		if (!steps[i].ask || !steps[i].hear)
			return err_set(e, ERR_BUG, 0, "step '%s' has no %s", steps[i].name,
			               steps[i].ask ? "hear" : "ask");
		if (check_needs(steps, i, e) < 0 || check_settle(steps, i, e) < 0)
			return -1;
	}
	return 0;
}
