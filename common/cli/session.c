#include "cli/session.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/boot_custody.h"
#include "domain/plan.h"
#include "domain/workflow.h"

/* The namespace: the input where it was given, else helm's -n, else the default; two that differ are refused. */
static int find_namespace(struct session *s, struct err *e)
{
	const struct input *in = inputs_at(&s->inputs, "vault_namespace");
	const struct helm_env *helm = &s->app->helm;
	const char *own = s->kube_open ? s->kube.context_namespace : NULL;
	bool chosen = helm->namespace_ && (helm->namespace_flag || (!text_same(helm->namespace_, own) &&
	                                                            !text_same(helm->namespace_, "default")));

	if (!chosen)
		return 0;
	if (!in->given) {
		inputs_find(&s->inputs, "vault_namespace", helm->namespace_, "helm's --namespace");
		return 0;
	}
	if (text_same(in->value->text, helm->namespace_))
		return 0;
	err_set(e, ERR_USAGE, 0, "two namespaces: '%s' (%s) and '%s' (helm's --namespace)", in->value->text, in->from,
	        helm->namespace_);
	err_hint(e, "give one of them");
	return -1;
}

/* kubeconfig: needed, or only asked for names. */
static int open_kube(struct session *s, unsigned needs, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (kube_open(&s->kube, &s->app->host, &s->app->mem, &s->app->kube, &why) == 0) {
		s->kube_open = true;
		return 0;
	}
	if (!(needs & SESSION_KUBE) && why.kind == ERR_ABSENT)
		return 0;
	err_move(e, &why);
	return -1;
}

static void find_names(struct session *s, struct kube_eks *eks)
{
	if (!s->kube_open)
		return;
	*eks = kube_find_eks(&s->kube, &s->app->mem);
	inputs_find(&s->inputs, "cluster_name", eks->cluster, eks->from);
	inputs_find(&s->inputs, "region", eks->region, eks->from);
	inputs_find(&s->inputs, "account", eks->account, eks->from);
}

static int open_aws(struct session *s, const struct kube_eks *eks, struct err *e)
{
	struct aws_flags flags = { .profile = s->app->profile, .region = inputs_text(&s->inputs, "region") };

	/* The kubeconfig's profile is what makes kubectl work here, so it is the next best word after ours. */
	if (!flags.profile && !host_env(&s->app->host, "AWS_PROFILE") && !host_env(&s->app->host, "AWS_ACCESS_KEY_ID"))
		flags.profile = eks->profile;
	if (aws_open(&s->aws, &s->app->host, &s->app->mem, &flags, e) < 0)
		return -1;
	if (!flags.region)
		inputs_find(&s->inputs, "region", s->aws.region, "AWS's own settings");
	return 0;
}

/* What was found and not said: one line a source. */
static void tell_found(struct session *s)
{
	static const char *const names[] = { "cluster_name", "region", "account" };
	const char *ambient = host_env(&s->app->host, "AWS_REGION");
	const struct input *first = NULL;
	AUTO(buf) struct buf line = BUF_MAX(4096);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct input *in = inputs_at(&s->inputs, names[i]);

		if (!in->value || in->given)
			continue;
		if (first && !text_same(first->from, in->from)) {
			talk_printf(s->app, "%s (%s)", buf_str(&line), first->from);
			buf_cut(&line, 0);
		}
		buf_printf(&line, "%s%s %s", line.n ? ", " : "", names[i], in->value->text);
		first = in;
	}
	if (first)
		talk_printf(s->app, "%s (%s)", buf_str(&line), first->from);
	if (ambient && !text_same(ambient, s->world.want.region))
		warning_printf(s->app, "AWS_REGION is '%s', but the region is '%s' (%s)", ambient, s->world.want.region,
		               inputs_at(&s->inputs, "region")->from);
}

int session_open(struct session *s, struct app *app, unsigned needs, struct err *e)
{
	struct kube_eks eks = {0};
	struct world *w = &s->world;

	*s = (struct session){ .app = app };
	if (app_inputs(app, &s->inputs, e) < 0 || open_kube(s, needs, e) < 0)
		return -1;
	find_names(s, &eks);
	if (find_namespace(s, e) < 0 || open_aws(s, &eks, e) < 0)
		return -1;
	if (!(needs & SESSION_RELEASE) && inputs_complete(&s->inputs, e) < 0)
		return -1;
	*w = (struct world){ .mem = &app->mem, .host = &app->host, .aws = &s->aws, .inputs = &s->inputs, .consent = app->yes };
	if (s->kube_open)
		w->kube = &s->kube;
	if (want_fill(&app->mem, &s->inputs, &w->want, e) < 0 || app_transport(app, &s->transport, e) < 0)
		return -1;
	s->aws.user_agent = app_user_agent(app);
	if (!(needs & SESSION_QUIET))
		tell_found(s);
	if (!(needs & SESSION_NO_AWS) && aws_login(&s->aws, s->transport, e) < 0)
		return -1;
	if (!(needs & (SESSION_QUIET | SESSION_NO_AWS)))
		talk_printf(app, "credentials: %s", s->aws.creds.source);
	if ((needs & SESSION_KUBE) && kube_login(&s->kube, s->transport, e) < 0)
		return -1;
	return needs & SESSION_RELEASE ? 0 : provision_prepare(w, e);
}

static const void *whose(void *to, const struct graph *g, const struct reply *reply)
{
	struct session *s = to;

	(void)g;
	return kube_refused(reply) ? (const void *)&s->kube : &s->aws;
}

static int renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct session *s = to;

	if (login == &s->kube)
		return kube_renew(&s->kube, s->transport, reply, e);
	if (aws_renew(&s->aws, s->transport, reply, e) < 0)
		return -1;
	if (s->aws.skew_ms && !s->skew_told) {
		progress_pause(&s->progress);
		warning_printf(s->app, "the clock here is off by %lld s; Vault's lock in DynamoDB needs clocks that agree",
		               (long long)(s->aws.skew_ms / 1000));
		s->skew_told = true;
	}
	return 0;
}

static void tell(void *to, const struct graph *g, const struct step *step, const struct track *t)
{
	struct session *s = to;

	progress_tell(&s->progress, g, step, t);
}

/*
 * A user wants to see all that failed at once, in the rows' order and not in the order in which replies happened to come.
 * Credentials that are refused are refused everywhere: once is enough.
 */
static void gather_failures(const struct graph *g, struct err *e)
{
	AUTO(err) struct err all = {0};
	bool refused = false;

	if (e->kind == ERR_STOPPED || (e->kind == ERR_LATE && !e->hint))
		return;
	for (size_t i = 0; i < g->n; i++) {
		const struct track *t = &g->tracks[i];
		AUTO(err) struct err copy = {0};

		if (t->state != STEP_FAILED || !t->err.kind || (t->err.kind == ERR_AUTH && refused))
			continue;
		refused |= t->err.kind == ERR_AUTH;
		err_copy(&copy, &t->err);
		err_append(&all, &copy);
	}
	if (all.kind)
		err_move(e, &all);
}

int session_loop(struct session *s, const struct step *steps, size_t n, bool plan_only, struct err *e)
{
	return session_loop_over(s, &s->world, steps, n, plan_only, e);
}

int session_loop_over(struct session *s, void *world, const struct step *steps, size_t n, bool plan_only, struct err *e)
{
	struct loop loop = {
		.transport = s->transport, .host = &s->app->host, .max_attempts = s->aws.max_attempts,
		.plan_only = plan_only, .whose = whose, .renew = renew, .tell = tell, .to = s,
	};
	int result;

	graph_release_tracks(&s->graph);
	s->graph = (struct graph){
		.steps = steps, .n = n, .world = world, .tracks = ARENA_ARRAY(&s->app->mem, struct track, n),
	};
	progress_start(&s->progress, s->app, s->transport);
	result = loop_run(&loop, &s->graph, 1, e);
	progress_end(&s->progress);
	if (s->app->trace)     /* how long the way was, for who measures */
		fprintf(s->app->trace, "= %u requests, at most %u round trips in a row\n", graph_sent(&s->graph), graph_depth(&s->graph));
	if (result < 0)
		gather_failures(&s->graph, e);
	return result;
}

int session_loop_boot(struct session *s, struct boot *b, const struct step *steps, size_t n, struct err *e)
{
	int result = session_loop_over(s, b, steps, n, false, e);

	if (b->tls_note && !s->certificate_told)
		warning_printf(s->app, "%s", b->tls_note);
	s->certificate_told |= b->tls_note != NULL;
	return result;
}

/* Why a held run holds: the changes to what exists, as the plan has them. */
static void tell_modifications(struct session *s)
{
	struct plan plan;

	s->world.consent = true;      /* so that the rows are seen as planned */
	for (size_t i = 0; i < s->graph.n; i++) {
		const struct step *step = &s->graph.steps[i];

		if (step->change && s->graph.tracks[i].state == STEP_NOT_DUE && step->due && step->due(&s->world, 0))
			s->graph.tracks[i].state = STEP_PLANNED;
	}
	plan = plan_make(&s->world, &s->graph);
	s->world.consent = false;
	for (size_t i = 0; i < plan.n; i++) {
		const struct plan_change *c = &plan.changes[i];

		if (!text_same(c->action, "change"))
			continue;
		for (size_t k = 0; k < c->n_attrs; k++)
			talk_printf(s->app, "%s '%s': %s: %s%s%s", c->kind, c->name, c->attrs[k].name,
			            c->attrs[k].old ? c->attrs[k].old : "", c->attrs[k].old ? " -> " : "", c->attrs[k].new);
	}
}

int session_run(struct session *s, bool plan_only, struct err *e)
{
	AUTO(err) struct err warnings = {0};
	struct world *w = &s->world;
	int result;

	if (plan_only)
		w->consent = true;       /* to see the changes; none is carried out */
	result = session_loop(s, workflow_steps, n_workflow_steps, plan_only, e);
	if (result == 0)
		result = provision_finish(w, plan_only, e);
	if (result == 0 && provision_held(w)) {
		tell_modifications(s);
		if (ask_yes(s->app, e, "change these?") < 0)
			return -1;
		w->consent = true;
		result = session_loop(s, workflow_steps, n_workflow_steps, false, e);
		if (result == 0)
			result = provision_finish(w, false, e);
	}
	provision_warnings(w, &warnings);
	warnings_print(s->app, &warnings);
	return result;
}

int session_login_aws(struct session *s, struct err *e)
{
	return s->aws.creds.key_id ? 0 : aws_login(&s->aws, s->transport, e);
}

int session_check(struct app *app, const struct boot_options *boot, struct err *e)
{
	AUTO(err) struct err why = {0};
	struct inputs inputs;

	if (boot && boot_check_options(boot, &app->host, &app->mem, &why) < 0)
		err_append(e, &why);
	if (!e->kind)
		return 0;
	if (app_inputs(app, &inputs, &why) < 0)
		err_append(e, &why);
	else
		inputs_release(&inputs);
	return -1;
}

int session_login_kube(struct session *s, struct err *e)
{
	if (!s->kube_open)
		return err_set(e, ERR_AUTH, 0, "it takes a cluster, and there is no kubeconfig");
	return kube_login(&s->kube, s->transport, e);
}

int session_custody_token(struct session *s, struct boot *b, struct err *e)
{
	struct boot_custody custody;
	int result;

	if (!b->want->cluster || !b->want->region)
		return err_set(e, ERR_AUTH, 0, "custody: neither cluster nor region are known");
	if (session_login_aws(s, e) < 0)
		return err_while(e, "custody");
	b->aws = &s->aws;
	boot_custody_init(&custody, b);
	result = session_loop_over(s, &custody, boot_custody_steps, BOOT_CUSTODY_PLACES, false, e);
	if (result == 0)
		result = boot_custody_take(&custody, e);
	boot_custody_release(&custody);
	if (result == 0)
		talk_printf(s->app, "token: %s", b->token_from);
	return result;
}

int session_find_token(struct session *s, struct boot *b, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (boot_find_token(b, e) == 0)
		return 0;
	if (b->options.token_file || e->kind != ERR_AUTH)
		return -1;
	if (session_custody_token(s, b, &why) == 0) {
		err_release(e);
		return 0;
	}
	if (why.kind == ERR_STOPPED)
		err_release(e);
	err_append(e, &why);
	return -1;
}

void session_close(struct session *s)
{
	graph_release_tracks(&s->graph);
	if (s->world.install)
		install_release(s->world.install);
	if (s->kube_open)
		kube_release(&s->kube);
	aws_release(&s->aws);
	inputs_release(&s->inputs);
}
