#include "cmd_install.h"
#include "commands.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/upgrade.h"

/* No release needs so many: it would be a circle. */
enum { ROUNDS_MAX = 500 };

static const struct opt rows[] = {
	INSTALL_ROWS("replace the pods that are of before, and wait for each (default true)",
	             "how long to wait for each step of that (default 5m)"),
	FILE_NAME(struct install_options, token_file, 0, "token-file", "FILE",
	          "token that may have the active server step down (default VAULT_TOKEN; without one it is ended at once)"),
	OPT_END
};

struct upgrading {
	struct session *s;
	struct upgrade u;
	struct value *replaced;          /* names of pods */
};

/* ---- the rounds ---- */

static int read_round(struct upgrading *g, struct err *e)
{
	upgrade_forget(&g->u);
	if (session_loop_over(g->s, &g->u, upgrade_reads, UPGRADE_READS, false, e) < 0)
		return -1;
	return upgrade_judge(&g->u, e);
}

static void tell_move(struct upgrading *g, struct upgrade_move move)
{
	const struct roll *r = &g->u.roll;
	const char *name = move.pod < r->boot.pods.n ? r->boot.pods.at[move.pod].name : "";

	if (move.step == UPGRADE_STEP_DOWN)
		talk_printf(g->s->app, "%s: steps down", name);
	else if (move.step == UPGRADE_RESTART)
		talk_printf(g->s->app, "%s: replaced%s", name, r->pods[move.pod].active ? ", the active one" : "");
	if (move.step == UPGRADE_RESTART)
		value_push(&g->s->app->mem, g->replaced, value_new_text(&g->s->app->mem, name));
}

static int rounds(struct upgrading *g, struct err *e)
{
	for (size_t i = 0; i < ROUNDS_MAX; i++) {
		struct upgrade_move move = upgrade_next(&g->u);
		const struct step *steps;
		size_t n;

		if (move.step == UPGRADE_DONE)
			return 0;
		tell_move(g, move);
		steps = upgrade_table(&g->u, move, &n);
		if (session_loop_over(g->s, &g->u, steps, n, false, e) < 0 || read_round(g, e) < 0)
			return -1;
	}
	return err_set(e, ERR_BUG, 0, "the pods are not of the present template after %d moves", ROUNDS_MAX);
}

/* ---- the question ---- */

/* 1: go on. 0: the pods are left as they are. Where the set was replaced it was asked before. */
static int confirm(struct upgrading *g, struct err *e)
{
	struct app *app = g->s->app;
	const struct value *pods = upgrade_plan(&g->u, &app->mem);

	if (upgrade_pending(&g->u) == 0)
		return 1;
	for (size_t i = 0; i < pods->n; i++)
		fprintf(app->talk, "%zu. %s (%s): %s\n", i + 1, value_text_or(pods->items[i], "name", ""),
		        value_text_or(pods->items[i], "state", ""), value_text_or(pods->items[i], "then", ""));
	if (g->s->world.install->set_replaced || ask_yes(app, e, "replace these pods, one by one?") == 0)
		return 1;
	if (e->kind == ERR_STOPPED)
		return -1;
	warning_printf(app, "%zu pods go on as they are, of the release before: the same again, with --yes, replaces them",
	               upgrade_pending(&g->u));
	err_release(e);
	return 0;
}

/* ---- the run ---- */

/* What install's own waiting would have found out. */
static void take_state(struct upgrading *g)
{
	struct install *in = g->s->world.install;
	const struct roll *r = &g->u.roll;

	in->pods = r->boot.pods;
	for (size_t i = 0; i < r->boot.pods.n; i++) {
		in->answering += r->pods[i].answers;
		in->initialized_read |= r->pods[i].answers;
		in->initialized |= r->pods[i].answers && r->pods[i].status.initialized;
	}
}

static int replace_pods(struct upgrading *g, struct err *e)
{
	int go_on;

	if (read_round(g, e) < 0 || (go_on = confirm(g, e)) < 0)
		return -1;
	if (go_on && rounds(g, e) < 0)
		return -1;
	if (go_on)
		take_state(g);
	return go_on ? 0 : EXIT_PENDING;
}

static struct boot_options options_of(const struct app *app)
{
	return (struct boot_options){ .token_file = ((const struct install_options *)app->options)->token_file };
}

static bool has_token(const struct app *app)
{
	return options_of(app).token_file || host_env(&app->host, "VAULT_TOKEN");
}

static int then(struct session *s, struct value *told, struct err *e)
{
	const struct install_options *o = s->app->options;
	struct boot_options boot = options_of(s->app);
	struct upgrading g = { .s = s };
	const struct install *in = s->world.install;
	int result;

	if (in->dry_run) {
		if (in->set_replaced)
			talk_printf(s->app, "the StatefulSet '%s' would be replaced (audit volumes: %s -> %s), and then its pods, one by one",
			            in->fullname, in->volumes_before, in->volumes_then);
		return 0;
	}
	if (!o->wait) {
		talk_printf(s->app, "the pods go on as they are: without --wait=false the same replaces them");
		return 0;
	}
	g.replaced = value_set(&s->app->mem, told, "pods_replaced", value_new_list(&s->app->mem));
	result = upgrade_init(&g.u, &s->world, &boot, e);
	if (result == 0 && has_token(s->app))
		result = boot_find_token(&g.u.roll.boot, e);
	if (result == 0)
		result = replace_pods(&g, e);
	boot_release(&g.u.roll.boot);
	return result;
}

/* A token that cannot be read is said before anything is done. */
static int run(struct app *app, struct err *e)
{
	struct boot tried = { .mem = &app->mem, .host = &app->host, .options = options_of(app) };
	int result = has_token(app) ? boot_find_token(&tried, e) : 0;

	secret_release(&tried.token);
	return result < 0 ? -1 : install_run(app, true, then, e);
}

const struct command cmd_upgrade = {
	.name = "upgrade", .group = "Install", .args = "[RELEASE] [CHART]",
	.summary = "install anew over a release that is there, then replace its pods one by one",
	.details = "Does what install does, with the same options: give it what install was given. Where there is no release it "
	           "refuses. The chart leaves running pods as they are, so they are replaced here, after a question: standbys "
	           "first, each waited for until it is unsealed again, then the active one, which steps down before where a token "
	           "is given. An older Vault than the one that runs is refused.\n\n"
	           "With --audit-storage on a release without it the StatefulSet is deleted with its pods left running, made anew "
	           "with the volumes, and the pods are replaced from the first on: Kubernetes gives no volume to those after one "
	           "that lacks it. Killed at any instant, the same again goes on from there.",
	.examples = "helm vault-aws upgrade --environment production --audit-storage 10Gi --token-file token\n"
	            "helm vault-aws upgrade --environment production --image-tag 1.21.2 --yes\n"
	            "helm vault-aws upgrade --environment production --audit-storage 10Gi --dry-run\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES | TAKES_HELM | TAKES_REST, .words_max = 2, .formats = install_formats,
	.rows = rows, .options_size = sizeof(struct install_options), .defaults = &install_defaults, .run = run,
};
