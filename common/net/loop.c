/* Rows: what starts, what ends, and when to leave. */
#include "net/loop.h"

#include "core/text.h"

#include <signal.h>

int64_t course_now(const struct course *c)
{
	return c->loop->transport->ops->now_ms(c->loop->transport->self);
}

void course_stir(struct course *c)
{
	for (size_t g = 0; g < c->n; g++)
		c->lanes[g].dirty = true;
}

static void tell(const struct run *run)
{
	const struct loop *l = run->course->loop;

	if (l->tell)
		l->tell(l->to, run->graph, run->step, run->track);
}

void run_awaits(struct run *run, const struct err *what)
{
	struct track *t = run->track;

	if (text_same(t->err.text, what->text))
		return;
	err_release(&t->err);
	err_copy(&t->err, what);
	tell(run);
}

static void end_row(struct run *run, enum step_state state)
{
	struct track *t = run->track;

	t->end_ms = course_now(run->course);
	if (t->state == STEP_WAITING)
		t->start_ms = t->end_ms;
	t->state = state;
	err_move(&t->err, &run->err);
	run->course->open--;
	run->lane->open--;
	run->lane->dirty = true;
	tell(run);
}

/* ---- items ---- */

static void item_failed(struct run *run)
{
	struct course *c = run->course;

	run->failed = true;
	if (run->step->may_fail || c->failed)
		return;
	c->failed = true;
	c->failed_ms = course_now(c);
	course_stir(c);
	if (c->first.kind)
		return;
	err_copy(&c->first, &run->err);
	err_while(&c->first, "%s", run->step->name);
}

void run_item_ended(struct run *run, struct slot *slot, enum item_end end, struct err *why)
{
	if (slot->depth > run->track->depth)
		run->track->depth = slot->depth;
	run->depth_free = slot->depth;
	err_release(&slot->why);
	slot->state = SLOT_FREE;
	run->n_used--;
	run->lane->dirty = true;
	if (why && why->kind && !run->failed && (end == ITEM_FAILED || !run->err.kind))
		err_move(&run->err, why);
	run->done |= end == ITEM_DONE;
	run->left |= end == ITEM_LEFT;
	if (end == ITEM_FAILED)
		item_failed(run);
}

static bool item_due(const struct run *run, size_t item)
{
	return !run->step->due || run->step->due(run->graph->world, item);
}

static bool may_begin(const struct run *run)
{
	const struct course *c = run->course;

	return !c->halted && !(c->failed && run->step->change);
}

/* Begins items in the free slots. */
static void begin_items(struct run *run, int64_t now)
{
	for (size_t i = 0; i < run->n_slots && run->next_item < run->n_items; i++) {
		if (run->slots[i].state != SLOT_FREE)
			continue;
		while (run->next_item < run->n_items && !item_due(run, run->next_item))
			run->next_item++;
		if (run->next_item < run->n_items)
			slot_begin(&run->slots[i], run, run->next_item++, now);
	}
}

/* ---- rows ---- */

enum readiness { NEEDS_OPEN, NEEDS_MET, NEEDS_LOST };

static enum readiness needs_of(const struct run *run, unsigned *depth)
{
	enum readiness ready = NEEDS_MET;

	*depth = 0;
	for (size_t i = 0; i < run->n_needs; i++) {
		const struct track *t = run->needs[i].track;

		if (t->state == STEP_LEFT || (t->state == STEP_FAILED && !run->needs[i].step->may_fail))
			return NEEDS_LOST;
		if (t->state == STEP_WAITING || t->state == STEP_RUNNING)
			ready = NEEDS_OPEN;
		if (t->depth > *depth)
			*depth = t->depth;
	}
	return ready;
}

static size_t items_max(const struct step *s)
{
	if (!s->abreast)
		return STEP_ITEMS_IN_FLIGHT;
	return s->abreast < STEP_ITEMS_MAX ? s->abreast : STEP_ITEMS_MAX;
}

static void start_row(struct run *run, int64_t now)
{
	const struct step *s = run->step;
	struct course *c = run->course;

	run->n_items = s->count ? s->count(run->graph->world) : 1;
	while (run->next_item < run->n_items && !item_due(run, run->next_item))
		run->next_item++;
	if (run->next_item == run->n_items) {
		end_row(run, STEP_NOT_DUE);
		return;
	}
	if (s->change && c->loop->plan_only) {
		end_row(run, STEP_PLANNED);
		return;
	}
	if (!may_begin(run)) {
		end_row(run, STEP_LEFT);
		return;
	}
	run->n_slots = run->n_items - run->next_item;
	if (run->n_slots > items_max(s))
		run->n_slots = items_max(s);
	run->slots = xcalloc(run->n_slots, sizeof(*run->slots));
	run->depth_free = run->track->depth;
	run->track->start_ms = now;
	run->track->state = STEP_RUNNING;
	tell(run);
}

/* What a slot does when looked at; gives the time at which it wants to be looked at again. */
static int64_t look_at_slot(struct slot *slot, int64_t now)
{
	const struct course *c;
	int64_t until;

	if (slot->state == SLOT_FREE)   /* it may never have had an item: not all items are due */
		return INT64_MAX;
	c = slot->run->course;
	until = slot_until(slot);
	if (now >= until) {
		slot_leave(slot);
		return INT64_MAX;
	}
	if (slot->state != SLOT_RESTING)
		return until;
	if (slot->next_ms > now)
		return slot->next_ms < until ? slot->next_ms : until;
	if (c->n_renewals == 0)
		slot_send(slot, now);
	return until;
}

static void look_at_items(struct run *run, int64_t now, int64_t *next)
{
	if (may_begin(run) && run->course->n_renewals == 0)
		begin_items(run, now);
	for (size_t i = 0; i < run->n_slots; i++) {
		int64_t again = look_at_slot(&run->slots[i], now);

		if (again < *next)
			*next = again;
	}
	if (run->n_used > 0 || (run->next_item < run->n_items && may_begin(run)))
		return;
	if (run->failed)
		end_row(run, STEP_FAILED);
	else if (run->left || run->next_item < run->n_items)
		end_row(run, STEP_LEFT);
	else
		end_row(run, STEP_DONE);
}

static void look_at_row(struct run *run, int64_t now, int64_t *next)
{
	struct track *t = run->track;

	if (t->state == STEP_WAITING) {
		enum readiness ready = needs_of(run, &t->depth);

		if (ready == NEEDS_LOST || run->course->halted)
			end_row(run, STEP_LEFT);
		else if (ready == NEEDS_MET)
			start_row(run, now);
	}
	if (t->state == STEP_RUNNING)
		look_at_items(run, now, next);
}

/* ---- lanes ---- */

static const struct step *step_of(const struct graph *g, const struct track *t)
{
	return &g->steps[t - g->tracks];
}

static void open_run(struct run *run, struct graph *g, size_t i)
{
	const char *const *names = g->steps[i].needs;
	size_t n = 0;

	run->graph = g;
	run->step = &g->steps[i];
	run->track = &g->tracks[i];
	run->track->run = run;
	if (run->step->settle)
		run->settle = step_of(g, graph_track(g, run->step->settle));
	while (names && names[n])
		n++;
	run->needs = xcalloc(n + 1, sizeof(*run->needs));
	for (; run->n_needs < n; run->n_needs++) {
		struct track *t = graph_track(g, names[run->n_needs]);

		run->needs[run->n_needs] = (struct need){ step_of(g, t), t };
	}
}

static void begin_lane(struct course *c, struct lane *lane)
{
	struct graph *g = lane->graph;

	lane->begun = true;
	lane->runs = xcalloc(g->n + 1, sizeof(*lane->runs));
	for (size_t i = 0; i < g->n; i++) {
		lane->runs[i].course = c;
		lane->runs[i].lane = lane;
		open_run(&lane->runs[i], g, i);
	}
	lane->n = g->n;
}

/* All its rows have ended: of many graphs, few are held at a time. */
static void end_lane(struct lane *lane)
{
	for (size_t i = 0; i < lane->n; i++) {
		lane->runs[i].track->run = NULL;
		err_release(&lane->runs[i].err);
		free(lane->runs[i].slots);
		free(lane->runs[i].needs);
	}
	lane->n = 0;
	free(lane->runs);
	lane->runs = NULL;
}

/* Rows stand after their needs: what ends in a pass is seen in it by those who need it. */
static void look_at_lane(struct course *c, struct lane *lane, int64_t now)
{
	bool was_open = lane->open > 0;

	lane->dirty = false;
	lane->next_ms = INT64_MAX;
	for (size_t i = 0; i < lane->n; i++)
		look_at_row(&lane->runs[i], now, &lane->next_ms);
	if (lane->open)
		return;
	end_lane(lane);
	if (was_open && c->loop->ended)
		c->loop->ended(c->loop->to, lane->graph);
}

/* A course that has been halted ends them all: those that have not begun too. */
static bool may_begin_lane(const struct course *c, size_t begun)
{
	return c->halted || !c->loop->graphs_max || begun < c->loop->graphs_max;
}

/* Looks until nothing moves any more; gives the time at which something wants to. */
static int64_t look_at_all(struct course *c, int64_t now)
{
	int64_t next = INT64_MAX;
	bool moved;

	do {
		size_t begun = 0;

		moved = false;
		next = INT64_MAX;
		for (size_t g = 0; g < c->n; g++) {
			struct lane *lane = &c->lanes[g];

			if (!lane->begun && !may_begin_lane(c, begun))
				break;
			if (!lane->begun)
				begin_lane(c, lane);
			if (lane->dirty || lane->next_ms <= now) {
				look_at_lane(c, lane, now);
				moved = true;
			}
			if (lane->next_ms < next)
				next = lane->next_ms;
			begun += lane->open > 0;
		}
	} while (moved);
	return next;
}

/* ---- stops and the deadline ---- */

/* The first row that is under way; NULL when none is. */
static const struct run *running(const struct course *c)
{
	for (size_t g = 0; g < c->n; g++)
		for (size_t i = 0; i < c->lanes[g].n; i++)
			if (c->lanes[g].runs[i].track->state == STEP_RUNNING)
				return &c->lanes[g].runs[i];
	return NULL;
}

static void say_late(struct course *c)
{
	const struct run *run = running(c);

	err_set(&c->first, ERR_LATE, 0, "time ran out");
	if (run && run->track->err.text)
		err_set(&c->first, ERR_LATE, 0, "time ran out: %s: %s", run->step->name,
		        run->track->err.text);
	else if (run)
		err_set(&c->first, ERR_LATE, 0, "time ran out during '%s'", run->step->name);
}

static void say_stopped(struct course *c, int signal)
{
	if (signal == SIGINT)
		err_set(&c->first, ERR_STOPPED, signal, "interrupted");
	else if (signal == SIGTERM)
		err_set(&c->first, ERR_STOPPED, signal, "terminated");
	else
		err_set(&c->first, ERR_STOPPED, signal, "stopped by signal %d", signal);
}

static void heed_stops(struct course *c, int64_t now)
{
	const struct transport *t = c->loop->transport;
	bool late = c->loop->deadline_ms && now >= c->loop->deadline_ms;
	int signal = 0;
	unsigned stops = t->ops->stops(t->self, &signal);

	if (stops > 1 && !c->leaving) {
		c->leaving = true;
		course_stir(c);
	}
	if (c->halted || (!stops && !late))
		return;
	if (!c->first.kind && stops)
		say_stopped(c, signal);
	else if (!c->first.kind)
		say_late(c);
	c->halted = true;
	c->halted_ms = now;
	course_stir(c);
}

/* ---- a course ---- */

static void run_course(struct course *c)
{
	const struct transport *t = c->loop->transport;

	while (c->open > 0) {
		int64_t now = course_now(c), next;
		struct call *call;

		heed_stops(c, now);
		next = look_at_all(c, now);
		if (c->n_renewals > 0 && c->in_flight == 0) {
			course_renew(c);
			continue;
		}
		if (c->open == 0)
			break;
		if (!c->halted && c->loop->deadline_ms && c->loop->deadline_ms < next)
			next = c->loop->deadline_ms;
		call = t->ops->wait(t->self, next);
		if (call && call->user) {     /* else somebody else's, who sees by its ends_ms that it is over */
			struct slot *slot = call->user;

			slot->run->lane->dirty = true;
			slot_heard(slot, call, course_now(c));
		}
	}
}

static bool ended_well(const struct step *s, const struct track *t)
{
	return t->state != STEP_LEFT && (t->state != STEP_FAILED || s->may_fail);
}

int loop_run(struct loop *l, struct graph *graphs, size_t n, struct err *e)
{
	struct course c = { .loop = l, .n = n, .quota = LOOP_QUOTA };
	bool well = true;

	for (size_t g = 0; g < n; g++)
		if (graph_check(graphs[g].steps, graphs[g].n, e) < 0)
			return -1;
	c.lanes = xcalloc(n + 1, sizeof(*c.lanes));
	for (size_t g = 0; g < n; g++) {
		c.lanes[g] = (struct lane){ .graph = &graphs[g], .open = graphs[g].n, .dirty = true, .next_ms = INT64_MAX };
		c.open += graphs[g].n;
	}
	run_course(&c);
	for (size_t g = 0; g < n; g++)
		for (size_t i = 0; i < graphs[g].n; i++)
			well &= ended_well(&graphs[g].steps[i], &graphs[g].tracks[i]);
	free(c.lanes);
	free(c.renewals);
	if (!well)
		err_move(e, &c.first);
	err_release(&c.first);
	return well ? 0 : -1;
}

int loop_ask(struct loop *l, const struct step *row, void *world, struct err *e)
{
	struct step alone = *row;
	struct track track = { 0 };
	struct graph g = { .steps = &alone, .n = 1, .world = world, .tracks = &track };
	int rc;

	alone.needs = NULL;
	rc = loop_run(l, &g, 1, e);
	track_release(&track);
	return rc;
}
