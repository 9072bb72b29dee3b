#include "examine.h"

#include "core/text.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Clusters at a time: each has some thirty calls at most, its connections, and 2 MiB of what was answered. */
enum { CLUSTERS_MAX = 16 };

static int open_kubes(struct examiner *x, const char *const *contexts, struct err *e)
{
	struct app *app = x->app;
	struct kube **kubes = ARENA_ARRAY(&app->mem, struct kube *, x->n + 1);
	struct err *why = ARENA_ARRAY(&app->mem, struct err, x->n + 1);
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < x->n; i++)
		kubes[i] = &x->at[i].kube;
	if (contexts)
		r = kube_open_contexts(kubes, contexts, x->n, &app->host, &app->mem, &app->kube, why, e);
	else if (kube_open(kubes[0], &app->host, &app->mem, &app->kube, &why[0]) < 0)
		x->at[0].kube_open = false;
	for (size_t i = 0; r == 0 && i < x->n; i++) {
		struct examination *one = &x->at[i];

		err_move(&one->kube_why, &why[i]);
		one->kube_open = !one->kube_why.kind;
		one->context = contexts ? contexts[i] : one->kube_open ? one->kube.context : "";
		if (!one->kube_open)
			continue;
		one->eks = kube_find_eks(&one->kube, &app->mem);
		kubes[n++] = &one->kube;
	}
	if (r < 0)
		return -1;
	kube_login_all(kubes, n, x->transport, why);
	n = 0;
	for (size_t i = 0; i < x->n; i++)
		if (x->at[i].kube_open)
			err_move(&x->at[i].kube_why, &why[n++]);
	return 0;
}

/* The kubeconfig's profile is what makes kubectl work here, so it is the next best word after ours. */
static const char *profile_of(const struct examiner *x, const struct examination *one)
{
	const struct app *app = x->app;

	if (app->profile || host_env(&app->host, "AWS_PROFILE") || host_env(&app->host, "AWS_ACCESS_KEY_ID"))
		return app->profile;
	return one->eks.profile;
}

static const char *region_of(const struct examiner *x, const struct examination *one)
{
	const char *region = inputs_text(&x->inputs, "region");

	return region ? region : one->eks.region;
}

/* An earlier cluster whose credentials are the same. */
static struct examination *same_profile(const struct examiner *x, const struct examination *one)
{
	for (struct examination *other = x->at; other < one; other++)
		if (other->aws_open && other->logged_in == &other->aws && text_same(other->profile, one->profile))
			return other;
	return NULL;
}

static void open_aws(struct examiner *x, struct examination *one)
{
	struct aws_flags flags = { .profile = profile_of(x, one), .region = region_of(x, one) };
	const struct examination *other;

	one->profile = flags.profile;
	other = same_profile(x, one);
	if (other && !text_empty(flags.region)) {
		one->aws = aws_in_region(&other->aws, flags.region);
		one->logged_in = &other->aws;
		err_copy(&one->aws_why, &other->aws_why);
		return;
	}
	if (aws_open(&one->aws, &x->app->host, &x->app->mem, &flags, &one->aws_why) < 0)
		return;
	one->aws_open = true;
	one->logged_in = &one->aws;
	one->aws.user_agent = app_user_agent(x->app);
	if (aws_login(&one->aws, x->transport, &one->aws_why) < 0)
		return;
	if (text_empty(one->aws.region)) {
		err_set(&one->aws_why, ERR_CONFIG, 0, "no AWS region is known");
		err_hint(&one->aws_why, "give it with --region");
	}
}

static void choose_steps(struct examiner *x, bool *chosen)
{
	x->chosen = chosen;
	x->steps = checks_steps(&x->app->mem, chosen, &x->n_steps);
	x->graphs = ARENA_ARRAY(&x->app->mem, struct graph, x->n + 1);
}

/* What is no fault of a cluster. */
static bool stopped(const struct examiner *x, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct examination *one = &x->at[i];
		const struct err *why = one->kube_why.kind == ERR_STOPPED ? &one->kube_why : &one->aws_why;

		if (why->kind == ERR_STOPPED) {
			err_copy(e, why);
			return true;
		}
	}
	return false;
}

int examiner_open(struct examiner *x, struct app *app, const struct check_choice *choice,
                  const struct diag_options *options, const char *const *contexts, struct err *e)
{
	bool *chosen;

	*x = (struct examiner){ .app = app, .options = *options, .n = contexts ? 0 : 1, .many = contexts != NULL };
	if (checks_choose(&app->mem, choice, &chosen, e) < 0 || app_inputs(app, &x->inputs, e) < 0 ||
	    app_transport(app, &x->transport, e) < 0)
		return -1;
	while (contexts && contexts[x->n])
		x->n++;
	x->at = ARENA_ARRAY(&app->mem, struct examination, x->n + 1);
	choose_steps(x, chosen);
	x->whole = !choice->families && !choice->only && !(choice->skip && *choice->skip);
	if (inputs_at(&x->inputs, "release")->given)
		x->options.release = inputs_text(&x->inputs, "release");
	x->options.selector = app->selector;
	x->options.cluster_name = inputs_text(&x->inputs, "cluster_name");
	x->options.region = inputs_text(&x->inputs, "region");
	x->options.inputs = &x->inputs;
	if (open_kubes(x, contexts, e) < 0)
		return -1;
	for (size_t i = 0; i < x->n; i++)
		open_aws(x, &x->at[i]);
	return stopped(x, e) ? -1 : 0;
}

static const void *whose(void *to, const struct graph *g, const struct reply *reply)
{
	struct examiner *x = to;
	const struct examination *one = g >= x->graphs && g < x->graphs + x->n ? &x->at[g - x->graphs] : x->at;

	return kube_refused(reply) ? (const void *)&one->kube : one->logged_in;
}

static int renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct examiner *x = to;

	for (size_t i = 0; i < x->n; i++) {
		struct examination *one = &x->at[i];

		if (login == &one->kube)
			return kube_renew(&one->kube, x->transport, reply, e);
		if (login == &one->aws)
			return aws_renew(&one->aws, x->transport, reply, e);
	}
	return err_set(e, ERR_AUTH, reply->status, "nobody knows whose credentials were refused");
}

static void tell(void *to, const struct graph *g, const struct step *step, const struct track *t)
{
	struct examiner *x = to;

	progress_tell(&x->progress, g, step, t);
}

static void forget_diagnosis(struct examination *one)
{
	diag_release(&one->diag);
	arena_release(&one->mem);
	one->mem = (struct arena)ARENA_INIT;
	one->diag = (struct diag){0};
}

static void end_round(struct examiner *x, struct examination *one)
{
	graph_release_tracks(&x->graphs[one - x->at]);
	err_release(&one->why);
	forget_diagnosis(one);
	arena_release(&one->kept);
	one->kept = (struct arena)ARENA_INIT;
	one->findings = (struct findings){0};
}

static void begin_round(struct examiner *x, struct examination *one)
{
	struct diag *d = &one->diag;

	end_round(x, one);
	*d = (struct diag){ .mem = &one->mem, .host = &x->app->host, .options = x->options, .eks = one->eks };
	d->crowd = x->n > CLUSTERS_MAX;
	if (one->kube_why.kind)
		err_copy(&d->kube_why, &one->kube_why);
	else
		d->kube = &one->kube;
	if (one->aws_why.kind)
		err_copy(&d->aws_why, &one->aws_why);
	else
		d->aws = &one->aws;
	x->graphs[one - x->at] = (struct graph){
		.steps = x->steps, .n = x->n_steps, .world = d, .tracks = ARENA_ARRAY(&one->kept, struct track, x->n_steps + 1),
	};
}

/* Without a release, or without knowing which, there is nothing to judge: one error instead of fifty "not checked". */
static void end_search(struct examination *one, const struct graph *g)
{
	const struct track *t = graph_track(g, "release.find");

	if (!t || t->state != STEP_FAILED || !one->diag.kube || (t->err.kind != ERR_USAGE && t->err.kind != ERR_ABSENT))
		return;
	err_copy(&one->why, &t->err);
	one->why.kind = ERR_USAGE;
}

/* How long the way was, for who measures: the time of a run is that of its round trips, one after the other. */
static void trace_length(const struct examiner *x, const struct graph *g)
{
	if (x->app->trace)
		fprintf(x->app->trace, "= %u requests, at most %u round trips in a row\n", graph_sent(g), graph_depth(g));
}

/* What was freed lies between what is still used: glibc would keep it all, a tenth of what a hundred clusters take. */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* What a cluster's steps found is judged as soon as they have ended: of a hundred clusters few are held at a time. */
static void ended(void *to, struct graph *g)
{
	struct examiner *x = to;
	struct examination *one = &x->at[g - x->graphs];
	struct findings found;

	trace_length(x, g);
	checks_judge(&one->mem, &one->diag, g, x->chosen, &found);
	end_search(one, g);
	findings_copy(&one->kept, &found, &one->findings);
	chain_read(&one->chain, &one->kept, &one->diag, &one->findings);
	one->release = one->diag.assumed ? NULL : arena_text(&one->kept, one->diag.release.name);
	one->namespace_ = one->diag.assumed ? NULL : arena_text(&one->kept, one->diag.release.namespace_);
	if (!x->many)
		return;
	forget_diagnosis(one);
	if (one->kube_open)
		transport_leave(x->transport, &one->kube);
	give_back_memory();
}

int examiner_loop(struct examiner *x, struct graph *g, struct err *e)
{
	struct loop loop = { .transport = x->transport, .host = &x->app->host, .whose = whose, .renew = renew, .tell = tell, .to = x };

	return loop_run(&loop, g, 1, e);
}

int examiner_run(struct examiner *x, struct err *e)
{
	struct loop loop = {
		.transport = x->transport, .host = &x->app->host, .graphs_max = CLUSTERS_MAX, .whose = whose, .renew = renew, .tell = tell,
		.ended = ended, .to = x,
	};
	int result;

	for (size_t i = 0; i < x->n; i++)
		begin_round(x, &x->at[i]);
	/* Of many clusters the questions of one are under way while the connections of another are made, without this. */
	if (x->whole && !x->many)
		diag_ahead(&x->at->diag, x->transport);
	x->whole = false;        /* a further round has the connections of this one */
	progress_start(&x->progress, x->app, x->transport);
	x->progress.silent = x->progress.silent || x->quiet || x->n > PROGRESS_GRAPHS_MAX;
	result = loop_run(&loop, x->graphs, x->n, e);
	progress_pause(&x->progress);
	/* without a step there was no end of one */
	for (size_t i = 0; result == 0 && i < x->n; i++)
		if (!x->at[i].findings.at)
			ended(x, &x->graphs[i]);
	return result < 0 ? -1 : 0;
}

void examiner_release(struct examiner *x)
{
	for (size_t i = 0; i < x->n && x->at; i++) {
		struct examination *one = &x->at[i];

		end_round(x, one);
		err_release(&one->kube_why);
		err_release(&one->aws_why);
		if (one->kube_open)
			kube_release(&one->kube);
	}
	/* last, since later ones borrow the credentials of earlier ones */
	for (size_t i = 0; i < x->n && x->at; i++)
		if (x->at[i].aws_open)
			aws_release(&x->at[i].aws);
	inputs_release(&x->inputs);
}
