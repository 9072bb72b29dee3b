#include "fault/run.h"

#include "core/text.h"
#include "domain/workflow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct value *flags_of(struct arena *a, const char *const *settings)
{
	struct value *flags = value_new_map(a);

	value_set_text(a, flags, "cluster_name", CLOUD_CLUSTER);
	value_set_text(a, flags, "environment", "production");
	value_set_text(a, flags, "region", CLOUD_REGION);
	for (; settings && *settings; settings++) {
		struct view text = view_text(*settings), name = view_cut(&text, '=');

		value_set_text(a, flags, arena_view(a, name), arena_view(a, text));
	}
	return flags;
}

static void must(int result, const struct err *e)
{
	if (result < 0)
		fail_msg("opening a run: %s", e->text);
}

void run_open(struct run *r, struct fake_cloud *c, struct fake_machine *m, const char *const *settings)
{
	struct aws_flags flags = { .region = CLOUD_REGION };
	struct world *w = &r->world;

	*r = (struct run){ .cloud = c, .machine = m };
	must(inputs_read(&r->inputs, &r->mem, &m->host, flags_of(&r->mem, settings), NULL, view_text(NULL), &r->e), &r->e);
	must(inputs_complete(&r->inputs, &r->e), &r->e);
	must(aws_open(&r->aws, &m->host, &r->mem, &flags, &r->e), &r->e);
	*w = (struct world){ .mem = &r->mem, .host = &m->host, .aws = &r->aws, .inputs = &r->inputs };
	must(want_fill(&r->mem, &r->inputs, &w->want, &r->e), &r->e);
	must(aws_login(&r->aws, &c->transport, &r->e), &r->e);
	must(provision_prepare(w, &r->e), &r->e);
}

void run_close(struct run *r)
{
	graph_release_tracks(&r->graph);
	aws_release(&r->aws);
	inputs_release(&r->inputs);
	err_release(&r->e);
	arena_release(&r->mem);
}

static struct graph new_graph(struct run *r, void *world, const struct step *steps, size_t n)
{
	graph_release_tracks(&r->graph);
	return (struct graph){ .steps = steps, .n = n, .world = world, .tracks = ARENA_ARRAY(&r->mem, struct track, n) };
}

static struct graph workflow_graph(struct run *r)
{
	return new_graph(r, &r->world, workflow_steps, n_workflow_steps);
}

static int run_loop(struct run *r, bool plan_only)
{
	struct loop loop = { .transport = &r->cloud->transport, .host = &r->machine->host, .plan_only = plan_only };

	return loop_run(&loop, &r->graph, 1, &r->e);
}

int run_table(struct run *r, void *world, const struct step *steps, size_t n)
{
	r->graph = new_graph(r, world, steps, n);
	return run_loop(r, false);
}

/* Changes that somebody would have to be asked about are an end that is not well: nobody is here. */
static int finish(struct run *r)
{
	if (provision_finish(&r->world, false, &r->e) < 0)
		return -1;
	if (provision_held(&r->world))
		return err_set(&r->e, ERR_USAGE, 0, "%u changes need consent", provision_modifications(&r->world));
	return 0;
}

int run_apply(struct run *r)
{
	r->graph = workflow_graph(r);
	return run_loop(r, false) < 0 ? -1 : finish(r);
}

int run_plan(struct run *r)
{
	r->world.consent = true;
	r->graph = workflow_graph(r);
	return run_loop(r, true) < 0 ? -1 : provision_finish(&r->world, true, &r->e);
}

int run_both(struct run *a, struct run *b)
{
	struct loop loop = { .transport = &a->cloud->transport, .host = &a->machine->host };
	struct graph graphs[2];
	int result;

	graphs[0] = workflow_graph(a);
	graphs[1] = workflow_graph(b);
	result = loop_run(&loop, graphs, 2, &a->e);
	a->graph = graphs[0];
	b->graph = graphs[1];
	return result < 0 || finish(a) < 0 || finish(b) < 0 ? -1 : 0;
}

void account_init(struct account *a)
{
	fake_cloud_init(&a->cloud);
	fake_machine_init(&a->machine, &a->cloud);
}

void account_release(struct account *a)
{
	fake_machine_release(&a->machine);
	fake_cloud_release(&a->cloud);
}

int apply_once(struct fake_cloud *c, struct fake_machine *m, const char *const *settings, struct err *e)
{
	AUTO(run) struct run r;
	int result;

	run_open(&r, c, m, settings);
	result = run_apply(&r);
	if (e)
		err_move(e, &r.e);
	return result;
}
