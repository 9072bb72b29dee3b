#include "cmd_recover.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/seal_migrate.h"

#define CHART_REPOSITORY "https://helm.releases.hashicorp.com"

/* No release needs so many: it would be a circle. */
enum { ROUNDS_MAX = 500 };

struct migration {
	struct app *app;
	struct session s;
	struct recover recover;          /* the shares' way out of custody */
	struct seal_migrate m;
	bool shares;                     /* are needed */
	size_t moves;
};

/* ---- the options ---- */

int recover_check_seal(struct app *app, const struct recover_flags *flags, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (flags->recover.boot.vault_addr) {
		err_also(e, ERR_USAGE, "'--vault-addr' says nothing to 'seal-migrate', which restarts the pods of a release");
		err_hint(e, "without a cluster: developer.hashicorp.com/vault/docs/concepts/seal, Seal migration");
	}
	if (seal_check_options(&flags->seal, &why) < 0)
		err_append(e, &why);
	return session_check(app, NULL, e);
}

/* The chart's own place where the name is the one of the documentation: helm may have no such repository. */
static struct seal_release release_of(const struct app *app, const struct inputs *in)
{
	const char *chart = inputs_text(in, "chart");
	bool own = text_same(chart, "hashicorp/vault");

	return (struct seal_release){
		.helm_bin = app->helm.bin, .chart = own ? "vault" : chart, .repo = own ? CHART_REPOSITORY : NULL,
		.version = inputs_at(in, "chart_version")->given ? inputs_text(in, "chart_version") : NULL, .rest = app->line.rest.at,
	};
}

/* ---- what is told before ---- */

static void print_pods(struct app *app, const struct value *pods)
{
	for (size_t i = 0; i < pods->n; i++)
		fprintf(app->talk, "%zu. %s (%s): %s\n", i + 1, value_text_or(pods->items[i], "name", ""),
		        value_text_or(pods->items[i], "state", ""), value_text_or(pods->items[i], "then", ""));
}

static bool says(const struct value *plan, const char *name)
{
	const struct value *v = value_get(plan, name);

	return v && v->type == VALUE_BOOL && v->truth;
}

static void print_regions(struct app *app, const struct value *plan)
{
	const char *region = value_text_or(plan, "to_region", NULL);

	if (region)
		fprintf(app->talk, "region         AWS_REGION=%s in the pods, for KMS; the table stays where it is\n", region);
	if (value_get(plan, "by_way_of"))
		fputs("by way of      Shamir, since a server has KMS seals of one region only: first the shares take the seal over, then\n"
		      "               the new key does, each time one pod after the other. In between a server that starts waits for\n"
		      "               shares, and whoever has enough of them can open Vault: nothing unseals by itself\n", app->talk);
}

static void print_plan(struct app *app, const struct value *plan)
{
	const char *key = value_text_or(plan, "to_key", NULL);

	fprintf(app->talk, "seal now       %s%s%s\n", value_text_or(plan, "seal", "?"), value_get(plan, "wrapped_by") ? ", root key wrapped by " : "",
	        value_text_or(plan, "wrapped_by", ""));
	fprintf(app->talk, "seal then      %s%s%s\n", value_text_or(plan, "to", ""), key ? ", root key wrapped by " : "", key ? key : "");
	if (says(plan, "grants"))
		fprintf(app->talk, "role           %s gets the policy '" SEAL_POLICY "' for the new key, and keeps the old one\n",
		        value_text_or(plan, "role", ""));
	else if (key)
		fprintf(app->talk, "role           %s has encrypted and decrypted with the new key\n", value_text_or(plan, "role", ""));
	if (says(plan, "configures"))
		fprintf(app->talk, "configuration  helm upgrade --reuse-values with the new seal; pods go on as they are (OnDelete)\n");
	if (says(plan, "shares"))
		fprintf(app->talk, "shares         out of custody, given to each server by port-forward\n");
	print_regions(app, plan);
	print_pods(app, value_get(plan, "pods"));
}

/* ---- the rounds ---- */

static int read_round(struct migration *g, struct err *e)
{
	const struct step *rows;
	size_t n;

	seal_forget(&g->m);
	rows = seal_reads(g->m.roll.boot.mem, &n);
	if (session_loop_over(&g->s, &g->m, rows, n, false, e) < 0)
		return -1;
	seal_settle(&g->m);
	return seal_judge(&g->m, e);
}

static void tell_move(const struct migration *g, struct seal_move move)
{
	const char *pod = g->m.roll.boot.pods.n > move.pod ? g->m.roll.boot.pods.at[move.pod].name : "";

	if (move.step == SEAL_RESTART)
		talk_printf(g->app, "%s: restarted", pod);
	else if (move.step == SEAL_UNSEAL)
		talk_printf(g->app, "%s: unsealed with shares", pod);
	else if (move.step == SEAL_STEP_DOWN)
		talk_printf(g->app, "%s: steps down", pod);
}

static int rounds(struct migration *g, struct err *e)
{
	for (; g->moves < ROUNDS_MAX; g->moves++) {
		struct seal_move move = seal_next(&g->m);
		const struct step *rows;
		size_t n;

		if (move.step == SEAL_DONE)
			return 0;
		if (move.step == SEAL_GRANT && g->m.granted)
			return seal_proof_verdict(&g->m, e);
		tell_move(g, move);
		rows = seal_table(&g->m, move, &n);
		if (session_loop_over(&g->s, &g->m, rows, n, false, e) < 0 || read_round(g, e) < 0)
			return -1;
	}
	return err_set(e, ERR_BUG, 0, "the seal is not where it shall be after %d moves", ROUNDS_MAX);
}

/* ---- the shares ---- */

/* How many shares there are, and are needed: as any pod says it. */
static struct vault_seal_status seal_status(const struct seal_migrate *m)
{
	for (size_t i = 0; i < m->roll.boot.pods.n; i++)
		if (m->roll.pods[i].answers && m->roll.pods[i].status.threshold > 0)
			return m->roll.pods[i].status;
	return (struct vault_seal_status){ .threshold = 1 };
}

static int read_shares(struct migration *g, struct err *e)
{
	struct recover *r = &g->recover;
	struct recover_runner runner = recover_runner_of(&g->s);
	int64_t needed;

	r->boot.status = seal_status(&g->m);
	needed = r->boot.status.threshold;
	if (session_loop_over(&g->s, r, recover_share_rows, RECOVER_SHARE_ROWS, false, e) < 0 || recover_read_shares(r, &runner, e) < 0 ||
	    recover_type_shares(g->app, r, needed, e) < 0 || recover_enough(r, needed, e) < 0)
		return -1;
	g->m.shares = r->shares.at;
	g->m.n_shares = r->shares.n;
	g->m.shares_from = r->shares.from;
	return 0;
}

/* What custody says of its keys is a word to people: that it could not be changed fails nothing. */
static void describe_shares(struct migration *g)
{
	AUTO(err) struct err why = {0};

	if (recover_wants_aws(&g->recover) && text_same(g->recover.options.custody, "secretsmanager") &&
	    session_loop_over(&g->s, &g->m, seal_custody_rows, SEAL_CUSTODY_ROWS, false, &why) < 0)
		warning_printf(g->app, "%s", why.text);
}

/* ---- what is told at the end ---- */

static void print_shamir(struct app *app)
{
	fputs("Vault is sealed by shares now: what were its recovery keys are its unseal keys, where they are in custody.\n"
	      "A server that starts stays sealed until it gets them: helm vault-aws recover unseal\n"
	      "The way back to KMS: helm vault-aws recover seal-migrate --to-key KEY\n", app->out);
}

static void print_kms(struct app *app, const struct migration *g, const char *old)
{
	fprintf(app->out, "Vault is sealed by KMS: '%s' wraps its root key, and every server is unsealed.\n", g->m.key.arn);
	if (g->shares)
		fputs("What were its unseal keys are its recovery keys now, where they are in custody.\n", app->out);
	fprintf(app->out, "From now on give this key wherever you install: --kms-key-id %s\n", g->m.key.arn);
	if (!old || seal_same_key(old, g->m.key.arn))
		return;
	fprintf(app->out, "The role may still use the old key. When no older copy of the table is to be restored any more:\n"
	        "  helm vault-aws apply --kms-key-id %s\n  the policy '" SEAL_POLICY "' of the role may go then\n"
	        "Keep '%s' as long as a backup of the table from before may be needed: only it opens one.\n", g->m.key.arn, old);
}

static int report(struct migration *g, struct value *plan, const char *old, struct err *e)
{
	struct app *app = g->app;
	struct arena *a = &app->mem;

	describe_shares(g);
	if (app_format_is(app, "table")) {
		if (!g->moves)
			fputs("nothing to do\n", app->out);
		if (seal_wants_shamir(&g->m))
			print_shamir(app);
		else
			print_kms(app, g, old);
		return 0;
	}
	value_set_bool(a, plan, "changed", g->moves > 0);
	value_set_text(a, plan, "seal", g->m.stored.type);
	value_set_text(a, plan, "wrapped_by", g->m.stored.root_key);
	if (old && !seal_same_key(old, g->m.stored.root_key))
		value_set_text(a, plan, "wrapped_before_by", old);
	return app_print_value(app, plan, e);
}

/* ---- the run ---- */

static int work(struct migration *g, struct err *e)
{
	struct value *plan;
	const char *old;

	if (read_round(g, e) < 0)
		return -1;
	old = g->m.stored.root_key;
	plan = seal_plan(&g->m, &g->app->mem);
	g->shares = says(plan, "shares");
	if (says(plan, "done"))
		return report(g, plan, old, e);
	print_plan(g->app, plan);
	if (ask_yes(g->app, e, "change the seal of the release '%s' in this way?", g->m.roll.boot.want->release) < 0)
		return -1;
	if (g->shares && read_shares(g, e) < 0)
		return -1;
	return rounds(g, e) < 0 ? -1 : report(g, plan, old, e);
}

static int open(struct migration *g, const struct recover_flags *flags, struct err *e)
{
	struct seal_release release;

	if (session_open(&g->s, g->app, SESSION_RELEASE | SESSION_KUBE, e) < 0 ||
	    recover_init(&g->recover, &g->s.world, &flags->recover, true, e) < 0)
		return -1;
	release = release_of(g->app, &g->s.inputs);
	if (seal_prepare(&g->m, &g->s.world, &flags->recover.boot, &flags->seal, &release, e) < 0)
		return -1;
	if (!flags->recover.boot.token_file && !host_env(&g->app->host, "VAULT_TOKEN"))
		return 0;
	return boot_find_token(&g->m.roll.boot, e);
}

int recover_seal_migrate(struct app *app, const struct recover_flags *flags, struct err *e)
{
	struct migration g = { .app = app };
	int result = open(&g, flags, e);

	if (result == 0)
		result = work(&g, e);
	seal_release_all(&g.m);
	recover_release(&g.recover);
	session_close(&g.s);
	return result;
}
