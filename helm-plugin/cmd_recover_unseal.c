#include "cmd_recover.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/recover_unseal.h"

/* ---- what is told ---- */

/* Of the first server whose shares were tried more than once: custody is the same for all. */
static size_t wrong_shares(const struct unseal_world *w, size_t out[SHARES_MAX])
{
	for (size_t i = 0; i < w->n; i++)
		if (w->servers[i].feed.done && w->servers[i].feed.n_failed)
			return feed_wrong(&w->servers[i].feed, out);
	return 0;
}

static void print_text(struct app *app, const struct unseal_world *w)
{
	for (size_t i = 0; i < w->n; i++)
		fprintf(app->out, "%s %s\n", w->servers[i].name, w->servers[i].was_sealed ? "was sealed, and is unsealed" : "is unsealed");
	if (!w->n_sealed)
		fputs("nothing was sealed\n", app->out);
}

static int report(struct app *app, const struct unseal_world *w, struct err *e)
{
	struct arena *a = &app->mem;
	struct value *out = value_new_map(a), *servers = value_set(a, out, "servers", value_new_list(a)), *wrong;
	size_t at[SHARES_MAX], n = wrong_shares(w, at);

	for (size_t i = 0; i < n; i++)
		warning_printf(app, "%s is wrong: with the others Vault was unsealed", share_place(a, &w->recover.shares, at[i]));
	if (w->n_down)
		warning_printf(app, "%zu of the pods do not run, and were not asked", w->n_down);
	if (app_format_is(app, "table")) {
		print_text(app, w);
		return 0;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct value *row = value_push(a, servers, value_new_map(a));

		value_set_text(a, row, "name", w->servers[i].name);
		value_set_bool(a, row, "was_sealed", w->servers[i].was_sealed);
		value_set_bool(a, row, "sealed", w->servers[i].status.sealed);
	}
	wrong = value_set(a, out, "wrong_shares", value_new_list(a));
	for (size_t i = 0; i < n; i++)
		value_push(a, wrong, value_new_int(a, (int64_t)at[i] + 1));
	value_set_text(a, out, "leader", w->leader);
	return app_print_value(app, out, e);
}

/* ---- the two ways ---- */

static int restart_one(struct session *s, struct unseal_world *w, struct sealed_server *server, struct err *e)
{
	if (ask_yes(s->app, e, "restart the pod '%s', which KMS unseals then?", server->name) < 0)
		return -1;
	w->restarts = server;
	w->gone = w->back = false;
	return session_loop_over(s, w, unseal_restart_rows, UNSEAL_RESTART_ROWS, false, e);
}

static int restart(struct session *s, struct unseal_world *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		struct sealed_server *server = &w->servers[i];

		if (!server->status.sealed)
			continue;
		if (!server->pod)
			return err_set(e, ERR_USAGE, 0, "--restart-pods takes a cluster, not an address of Vault");
		if (!server->status.recovery_seal)
			return err_set(e, ERR_GUARD, 0, "'%s' has the seal '%s': a restart does not unseal it, shares do", server->name,
			               server->status.type ? server->status.type : "?");
		if (restart_one(s, w, server, e) < 0)
			return -1;
	}
	return 0;
}

static const struct vault_seal_status *sealed_status(const struct unseal_world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->servers[i].status.sealed)
			return &w->servers[i].status;
	return NULL;
}

static int give_shares(struct session *s, struct unseal_world *w, struct err *e)
{
	struct recover *r = &w->recover;
	struct recover_runner runner = recover_runner_of(s);

	if (session_loop_over(s, w, recover_share_rows, RECOVER_SHARE_ROWS, false, e) < 0 || recover_read_shares(r, &runner, e) < 0 ||
	    recover_type_shares(s->app, r, sealed_status(w)->threshold, e) < 0) {
		if (sealed_status(w)->recovery_seal && !r->boot.options.vault_addr)
			err_hint(e, "--restart-pods needs no shares: KMS unseals what starts");
		return -1;
	}
	return unseal_begin(w, e);
}

static int work(struct session *s, struct unseal_world *w, const struct recover_flags *flags, struct err *e)
{
	if (session_loop_over(s, w, boot_steps, BOOT_STEPS_N, false, e) < 0 || unseal_find(w, e) < 0 ||
	    session_loop_over(s, w, unseal_status_rows, UNSEAL_STATUS_ROWS, false, e) < 0 || unseal_judge(w, e) < 0)
		return -1;
	if (w->n_sealed && (flags->restart_pods ? restart(s, w, e) : give_shares(s, w, e)) < 0)
		return -1;
	if (session_loop_over(s, w, unseal_rows, UNSEAL_ROWS, false, e) < 0)
		return -1;
	return report(s->app, w, e);
}

int recover_unseal(struct app *app, const struct recover_flags *flags, struct err *e)
{
	struct unseal_world w = {0};
	struct session s;
	int result = recover_open(&s, app, flags, &w.recover, !flags->restart_pods, e);

	if (result == 0)
		result = work(&s, &w, flags, e);
	recover_release(&w.recover);
	session_close(&s);
	return result;
}
