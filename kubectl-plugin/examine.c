#include "examine.h"

#include "core/text.h"

static void open_kube(struct examination *x)
{
	struct diag *d = &x->diag;

	if (kube_open(&x->kube, &x->app->host, &x->app->mem, &x->app->kube, &d->kube_why) < 0)
		return;
	x->kube_open = true;
	d->eks = kube_find_eks(&x->kube, &x->app->mem);
	if (kube_login(&x->kube, x->transport, &d->kube_why) < 0)
		return;
	d->kube = &x->kube;
}

static void open_aws(struct examination *x)
{
	struct diag *d = &x->diag;
	struct aws_flags flags = { .profile = x->app->profile, .region = d->options.region };

	if (!flags.region)
		flags.region = inputs_text(&x->inputs, "region");
	if (!flags.region)
		flags.region = d->eks.region;
	if (!flags.profile && !host_env(&x->app->host, "AWS_PROFILE") && !host_env(&x->app->host, "AWS_ACCESS_KEY_ID"))
		flags.profile = d->eks.profile;
	if (aws_open(&x->aws, &x->app->host, &x->app->mem, &flags, &d->aws_why) < 0)
		return;
	x->aws_open = true;
	x->aws.user_agent = app_user_agent(x->app);
	if (aws_login(&x->aws, x->transport, &d->aws_why) < 0)
		return;
	if (text_empty(x->aws.region)) {
		err_set(&d->aws_why, ERR_CONFIG, 0, "no AWS region is known");
		err_hint(&d->aws_why, "give it with --region");
		return;
	}
	d->aws = &x->aws;
}

/* Which side refused is told by AWS's request id, which only AWS sends. */
static int renew(void *to, const struct reply *reply, struct err *e)
{
	struct examination *x = to;
	AUTO(arena) struct arena a = ARENA_INIT;

	if (reply->status == 401 && !reply_header(reply, &a, "x-amzn-requestid"))
		return kube_renew(&x->kube, x->transport, reply, e);
	return aws_renew(&x->aws, x->transport, reply, e);
}

static void tell(void *to, const struct graph *g, const struct step *step, const struct track *t)
{
	struct examination *x = to;

	progress_tell(&x->progress, g, step, t);
}

static int run(struct examination *x, const bool *chosen, struct err *e)
{
	struct loop loop = { .transport = x->transport, .host = &x->app->host, .renew = renew, .tell = tell, .to = x };
	size_t n;
	const struct step *steps = checks_steps(&x->app->mem, chosen, &n);
	int result;

	x->graph = (struct graph){
		.steps = steps, .n = n, .world = &x->diag, .tracks = ARENA_ARRAY(&x->app->mem, struct track, n + 1),
	};
	progress_start(&x->progress, x->app, x->transport);
	result = loop_run(&loop, &x->graph, 1, e);
	progress_end(&x->progress);
	return result;
}

int examine(struct examination *x, struct app *app, const struct check_choice *choice,
            const struct diag_options *options, struct err *e)
{
	bool *chosen;

	*x = (struct examination){ .app = app };
	x->diag = (struct diag){ .mem = &app->mem, .host = &app->host, .options = *options };
	if (checks_choose(&app->mem, choice, &chosen, e) < 0 || app_inputs(app, &x->inputs, e) < 0 ||
	    app_transport(app, &x->transport, e) < 0)
		return -1;
	if (inputs_at(&x->inputs, "release")->given)
		x->diag.options.release = inputs_text(&x->inputs, "release");
	open_kube(x);
	open_aws(x);
	if (run(x, chosen, e) < 0)
		return -1;
	checks_judge(&app->mem, &x->diag, &x->graph, chosen, &x->findings);
	return 0;
}

void examination_release(struct examination *x)
{
	graph_release_tracks(&x->graph);
	if (x->kube_open)
		kube_release(&x->kube);
	if (x->aws_open)
		aws_release(&x->aws);
	diag_release(&x->diag);
	inputs_release(&x->inputs);
}
