#include "commands.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/text.h"
#include "domain/listener.h"
#include "formats/iso8601.h"

struct tls_options {
	bool if_due, wait, new_authority, forget;
};

static const struct tls_options defaults = { .wait = true };

static const struct opt rows[] = {
	FLAG(struct tls_options, if_due, 0, "if-due", "with renew: only what ends in less than 45 days, or is not as it must be"),
	FLAG(struct tls_options, wait, 0, "wait", "with renew: wait until every server shows the new certificate (default true)"),
	FLAG(struct tls_options, new_authority, 0, "new-ca", "with renew: a new authority too, signed also by the present one"),
	FLAG(struct tls_options, forget, 0, "forget-ca", "with renew: no longer vouch by authorities before the present one"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

/* ---- status ---- */

struct status {
	struct table table;
	bool amiss;
};

static const char *state_of(struct arena *a, const struct err *problems, int64_t left, bool shown)
{
	AUTO(buf) struct buf out = BUF_MAX(16 << 10);

	for (const struct err *one = problems; one && one->kind; one = one->more)
		buf_printf(&out, "%s%s", out.n ? "; " : "", one->text);
	if (!out.n && left < LISTENER_WARN_DAYS)
		buf_printf(&out, "ends soon: renew it");
	if (!shown)
		buf_printf(&out, "%sshows another certificate than the Secret's", out.n ? "; " : "");
	return out.n ? arena_text(a, buf_str(&out)) : NULL;
}

static void add_row(const struct session *s, struct status *to, const char *where, const char *chain, const char *authorities,
                    const char *const *names, bool shown)
{
	struct arena *a = &s->app->mem;
	struct value *row = value_push(a, to->table.rows, value_new_map(a));
	struct certificate list[X509_CHAIN_MAX];
	AUTO(err) struct err problems = {0}, why = {0};
	char until[ISO8601_TEXT] = "";
	const char *state;
	int64_t left;
	size_t n = 0;

	listener_judge(chain, authorities, names, host_wall_ms(&s->app->host), &left, &problems);
	value_set_text(a, row, "where", where);
	if (chain && x509_read(a, view_text(chain), list, &n, &why) == 0) {
		iso8601_print(list[0].not_after_s * 1000, until);
		value_set_text(a, row, "issuer", list[0].issuer);
		value_set_text(a, row, "fingerprint", list[0].fingerprint);
	}
	value_set_text(a, row, "until", until);
	value_set_int(a, row, "days", left);
	state = state_of(a, &problems, left, shown);
	value_set_bool(a, row, "good", !state);
	value_set_text(a, row, "state", state ? state : "good");
	to->amiss |= state != NULL;
}

static void add_silent(struct arena *a, struct status *to, const struct shown *s)
{
	struct value *row = value_push(a, to->table.rows, value_new_map(a));

	value_set_text(a, row, "where", s->pod);
	value_set_text(a, row, "until", "");
	value_set_bool(a, row, "good", false);
	value_set_text(a, row, "state", s->why ? s->why : "shows no certificate");
	to->amiss = true;
}

static void fill_status(const struct session *s, struct status *to)
{
	const struct world *w = &s->world;
	const struct listener *l = w->listener;
	struct arena *a = &s->app->mem;
	const char *full = l->fullname, *ns = w->want.namespace_, *one;
	const char *const names[] = { "127.0.0.1", arena_printf(a, "%s.%s.svc", full, ns),
		                          arena_printf(a, "%s-active.%s.svc", full, ns), NULL };

	add_row(s, to, arena_printf(a, "Secret %s/%s", ns, w->want.tls_secret), l->leaf.chain, l->leaf.authorities, names, true);
	for (size_t i = 0; l->leaf.authorities && (one = x509_pem_at(a, view_text(l->leaf.authorities), i)); i++)
		add_row(s, to, i ? "authority before" : "authority", one, one, NULL, true);
	for (size_t i = 0; i < l->n_shown; i++) {
		if (!l->shown[i].chain)
			add_silent(a, to, &l->shown[i]);
		else
			add_row(s, to, l->shown[i].pod, l->shown[i].chain, l->leaf.authorities, names, listener_shows_it(l, &l->shown[i], a));
	}
}

static int status(struct session *s, struct err *e)
{
	static const struct column columns[] = {
		{ .name = "where", .title = "WHERE" }, { .name = "until", .title = "UNTIL" },
		{ .name = "days", .title = "DAYS", .flags = COLUMN_RIGHT }, { .name = "state", .title = "STATE" },
		{ .name = "issuer", .title = "ISSUER", .flags = COLUMN_WIDE }, { .name = NULL },
	};
	struct world *w = &s->world;
	struct status found = { { columns, value_new_list(&s->app->mem) }, false };

	w->listener->mode = TLS_UNKNOWN;
	if (session_loop(s, listener_status_steps, n_listener_status_steps, false, e) < 0)
		return -1;
	if (w->listener->n_shown && w->listener->plain) {
		talk_printf(s->app, "listener: %s", listener_summary(&w->want, TLS_OFF, &s->app->mem));
		return table_print(s->app, &found.table, e);
	}
	if (w->listener->leaf.presence != PRESENT) {
		err_set(e, ERR_ABSENT, 0, "there is no Secret '%s/%s' with a certificate", w->want.namespace_, w->want.tls_secret);
		err_hint(e, "name the release and its namespace (--release, -n); helm vault-aws install --tls makes it");
		return -1;
	}
	fill_status(s, &found);
	if (table_print(s->app, &found.table, e) < 0)
		return -1;
	return found.amiss ? EXIT_PENDING : 0;
}

/* ---- renew ---- */

/* What is there says who renews it; only ours is ours. */
static int check_renewable(const struct session *s, const struct tls_options *o, bool *nothing, struct err *e)
{
	const struct world *w = &s->world;
	const struct listener *l = w->listener;
	const char *ns = w->want.namespace_, *name = w->want.tls_secret;

	*nothing = l->mode == TLS_CERT_MANAGER && o->if_due;
	if (*nothing) {
		talk_printf(s->app, "the Certificate '%s/%s' is cert-manager's, which renews it", ns, l->leaf.manager);
		return 0;
	}
	if (l->mode == TLS_CERT_MANAGER) {
		err_set(e, ERR_GUARD, 0, "the Certificate '%s/%s' is cert-manager's, which renews it", ns, l->leaf.manager);
		err_hint(e, "to have it renewed now: cmctl renew -n %s %s", ns, l->leaf.manager);
		return -1;
	}
	if (l->leaf.presence == PRESENT || l->authority.presence == PRESENT)
		return 0;
	err_set(e, ERR_ABSENT, 0, "there is neither a certificate ('%s/%s') nor an authority of ours", ns, name);
	err_hint(e, "name the release and its namespace (--release, -n); helm vault-aws install --tls makes them");
	return -1;
}

static int report_renewed(struct session *s, const char *why, struct err *e)
{
	struct app *app = s->app;
	const struct world *w = &s->world;
	const struct listener *l = w->listener;
	bool changed = listener_renewed(l), authority = listener_authority_renewed(l);
	struct value *out = value_new_map(&app->mem);
	struct certificate chain[X509_CHAIN_MAX];
	char until[ISO8601_TEXT];
	size_t n;

	if (x509_read(&app->mem, view_text(l->leaf.chain), chain, &n, e) < 0)
		return -1;
	iso8601_print(chain[0].not_after_s * 1000, until);
	value_set_text(&app->mem, out, "secret", arena_printf(&app->mem, "%s/%s", w->want.namespace_, w->want.tls_secret));
	value_set_bool(&app->mem, out, "changed", changed);
	value_set_bool(&app->mem, out, "new_authority", authority);
	value_set_text(&app->mem, out, "until", until);
	value_set_int(&app->mem, out, "servers", (int64_t)l->n_shown);
	if (!app_format_is(app, "table"))
		return app_print_value(app, out, e);
	if (!changed)
		fprintf(app->out, "nothing is due: the certificate lasts until %s\n", until);
	else
		fprintf(app->out, "renewed (%s): the certificate lasts until %s\n", why, until);
	if (changed && l->n_shown)
		fprintf(app->out, "%zu servers show it\n", l->n_shown);
	if (authority)
		fputs("the authority is new: clients that keep a copy of ca.crt (VAULT_CACERT, the stores of 'eso') need the new one before "
		      "the old one is forgotten\n", app->out);
	return 0;
}

static int renew(struct session *s, const struct tls_options *o, struct err *e)
{
	struct world *w = &s->world;
	struct listener *l = w->listener;
	const char *why, *authority_why;
	bool nothing;

	l->renew = !o->if_due;
	l->new_authority = o->new_authority;
	l->forget = o->forget;
	if (session_loop(s, listener_renew_steps, n_listener_renew_steps, true, e) < 0 || check_renewable(s, o, &nothing, e) < 0)
		return -1;
	if (nothing)
		return 0;
	authority_why = listener_authority_due(w);
	why = authority_why ? "with its authority" : listener_due(w);
	if (authority_why && l->authority.presence == PRESENT)
		talk_printf(s->app, "authority of '%s': a new one (%s)", w->want.release, authority_why);
	if (l->new_authority && ask_yes(s->app, e, "make a new authority?") < 0)
		return -1;
	if (l->forget && ask_yes(s->app, e, "forget the authorities before the present one? who trusts only them will not come in") < 0)
		return -1;
	if (session_loop(s, listener_renew_steps, n_listener_renew_steps, false, e) < 0)
		return -1;
	if (o->wait && listener_renewed(l) && session_loop(s, listener_shown_steps, n_listener_shown_steps, false, e) < 0)
		return -1;
	return report_renewed(s, why, e);
}

/* ---- the run ---- */

static int check_words(const struct app *app, const struct tls_options *o, const char **word, struct err *e)
{
	static const char *const words[] = { "status", "renew" };
	const struct { const char *name; bool given; } own[] = {
		{ "if-due", o->if_due }, { "wait", !o->wait }, { "new-ca", o->new_authority }, { "forget-ca", o->forget },
	};
	const char *near;

	*word = app->line.words.n ? app->line.words.at[0] : "";
	near = text_nearest(*word, words, COUNT_OF(words));
	if (!near || !text_same(near, *word)) {
		if (**word)
			err_set(e, ERR_USAGE, 0, "'tls' knows no '%s'", *word);
		else
			err_set(e, ERR_USAGE, 0, "'tls' takes a word");
		if (near && **word)
			err_hint(e, "did you mean '%s'?", near);
		else
			err_hint(e, "tls status, or tls renew");
		return -1;
	}
	for (size_t i = 0; i < COUNT_OF(own) && text_same(*word, "status"); i++)
		if (own[i].given)
			err_also(e, ERR_USAGE, "'--%s' says nothing to 'status'", own[i].name);
	return e->kind ? -1 : 0;
}

static int run(struct app *app, struct err *e)
{
	const struct tls_options *o = app->options;
	struct listener listener = {0};
	struct session s = {0};
	const char *word;
	int result = check_words(app, o, &word, e);

	if (session_check(app, NULL, e) < 0 || result < 0)
		return -1;
	result = session_open(&s, app, SESSION_KUBE | SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET, e);
	if (result == 0) {
		if (s.world.want.tls == TLS_OFF)
			s.world.want.tls = TLS_AUTO;
		listener_init(&listener, &s.world.want);
		if (listener.mode == TLS_AUTO)
			listener.mode = TLS_OWN;
		s.world.listener = &listener;
		result = text_same(word, "status") ? status(&s, e) : renew(&s, o, e);
	}
	listener_release(&listener);
	session_close(&s);
	return result;
}

const struct command cmd_tls = {
	.name = "tls", .group = "Vault", .args = "status | renew",
	.summary = "look at the certificate of Vault's listener, and renew it",
	.details = "status shows the certificate in the Secret, who vouches for it, and what every server shows: its end, its "
	           "names and whether it leads to ca.crt; exit 3 when something is amiss or ends within 30 days.\n\n"
	           "renew makes a new key and certificate by the authority in the Secret <release>-ca and writes them into "
	           "<release>-tls; the servers take them up by themselves, without an end of any connection, and it waits until "
	           "each shows the new one. With --if-due it does so 45 days before the end, which is for a timer: it needs no "
	           "rights but get and patch of these two Secrets, and with --wait=false asks nothing else. Certificates of "
	           "cert-manager, or of a Secret of yours, are renewed by their makers.\n\n"
	           "With --new-ca the authority is made anew. The present one signs it too, so that clients which know only "
	           "that one go on; --forget-ca ends this when all have the new ca.crt.",
	.examples = "helm vault-aws tls status\n"
	            "helm vault-aws tls renew --if-due\n"
	            "helm vault-aws tls renew --new-ca --yes\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES, .words_max = 1, .formats = formats,
	.rows = rows, .options_size = sizeof(struct tls_options), .defaults = &defaults, .run = run,
};
