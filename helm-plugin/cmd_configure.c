#include "commands.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "cli/session.h"
#include "cli/table.h"
#include "configure_data.h"
#include "configure_print.h"
#include "core/text.h"
#include "domain/configure.h"
#include "formats/json.h"
#include "formats/yaml.h"

struct configure_options {
	const char *file, *token_file, *vault_addr, *example;
	const char *prune_data, *export, *custody_bucket;
	bool dry_run, prune, revoke_root;
};

static const char *const examples[] = { "page", "people", NULL };

static const struct opt rows[] = {
	FILE_NAME(struct configure_options, file, 'f', "file", "FILE", "what Vault shall hold: YAML or JSON (-: standard input)"),
	CHOICE_OR_BARE(struct configure_options, example, 0, "example", "OF", examples, "page",
	               "print such a file, and do nothing: the page's set-up, or =people"),
	FLAG(struct configure_options, dry_run, 0, "dry-run", "show what would change, and change nothing"),
	FLAG(struct configure_options, prune, 0, "prune", "remove what an earlier run made and the file has no more"),
	TEXT(struct configure_options, prune_data, 0, "prune-data", "MOUNT", "remove this secrets engine and all that it holds"),
	FILE_NAME(struct configure_options, export, 0, "export", "FILE", "the record of an export of it, younger than an hour"),
	FLAG(struct configure_options, revoke_root, 0, "revoke-root", "revoke the root token, once the operator can do all of it"),
	FILE_NAME(struct configure_options, token_file, 0, "token-file", "FILE", "a token of Vault's (else VAULT_TOKEN, ~/.vault-token)"),
	TEXT(struct configure_options, custody_bucket, 0, "custody-bucket", "BUCKET", "look there too for the root token that init left"),
	TEXT(struct configure_options, vault_addr, 0, "vault-addr", "URL", "ask Vault there, without a port-forward (else VAULT_ADDR)"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

/* All of one run. */
struct run {
	struct app *app;
	const struct configure_options *options;
	struct session s;
	struct configure w;
	struct config_changes changes;
	bool done;                   /* the changes were carried out, and verified */
	bool as_operator;            /* logged in for this run alone */
};

/* ---- the file ---- */

static int read_text(struct app *app, const char *file, struct buf *out, struct err *e)
{
	char piece[4096];
	size_t n;

	if (!text_same(file, "-"))
		return host_read_file(&app->host, file, out, e);
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_put(out, piece, n);
	return ferror(stdin) ? err_set(e, ERR_CONFIG, 0, "cannot read standard input") : 0;
}

static int read_file(struct run *r, struct err *e)
{
	const char *file = r->options->file, *name = text_same(file, "-") ? "standard input" : file;
	AUTO(buf) struct buf text = BUF_MAX(CONFIGURE_FILE_MAX);
	AUTO(err) struct err warnings = { 0 };
	struct arena *a = &r->app->mem;
	struct value *tree;
	struct view body;
	int result;

	if (!file) {
		err_set(e, ERR_USAGE, 0, "'configure' takes a file with what Vault shall hold (-f FILE)");
		err_hint(e, "%s configure --example prints one", r->app->cli->program);
		return -1;
	}
	if (read_text(r->app, file, &text, e) < 0 || buf_whole(&text, "the file", e) < 0) {
		e->kind = ERR_CONFIG;
		return -1;
	}
	body = view_trim(buf_bytes(&text));
	result = view_starts(body, "{") ? va_json_parse(a, buf_bytes(&text), name, &tree, e) :
	    va_yaml_parse(a, buf_bytes(&text), name, &tree, e);
	if (result < 0)
		return -1;
	result = configure_read(a, tree, &r->w.config, &warnings, e);
	configure_resolve(&r->app->host, &r->w.config, e);
	if (e->kind)
		result = -1;
	warnings_print(r->app, &warnings);
	return result;
}

/* ---- what is told ---- */

/* "it holds data, 3 paths at its top" */
static const char *why_kept(const struct run *r, const struct dropped *d)
{
	return d->counted ? arena_printf(&r->app->mem, "%s, %zu %s at its top", d->kept, d->paths, d->paths == 1 ? "path" : "paths") :
	    d->kept;
}

static void tell_dropped(const struct run *r)
{
	for (size_t i = 0; i < r->w.n_dropped; i++) {
		const struct dropped *d = &r->w.dropped[i];
		const char *kind = config_kind_name(d->kind);

		if (d->removed)
			continue;
		if (d->kept)
			warning_printf(r->app, "the %s '%s', made by an earlier run, is in the file no more, and stays: %s", kind, d->name,
			               why_kept(r, d));
		else if (!configure_removes(&r->w, d))
			warning_printf(r->app, "the %s '%s', made by an earlier run, is in the file no more; --prune removes it", kind,
			               d->name);
	}
}

static struct value *dropped_value(const struct run *r)
{
	struct arena *a = &r->app->mem;
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < r->w.n_dropped; i++) {
		const struct dropped *d = &r->w.dropped[i];
		struct value *row = value_push(a, list, value_new_map(a));

		value_set_text(a, row, "kind", config_kind_name(d->kind));
		value_set_text(a, row, "name", d->mount ? arena_printf(a, "%s/%s", d->mount, d->name) : d->name);
		value_set_text(a, row, "kept", d->kept);
		if (d->counted)
			value_set_int(a, row, "paths", (int64_t)d->paths);
		value_set_bool(a, row, "removed", d->removed);
	}
	return list;
}

static void print_plan(const struct run *r)
{
	if (!app_format_is(r->app, "table"))
		return;
	for (size_t i = 0; i < r->changes.n; i++)
		configure_print_change(r->app, &r->changes.at[i]);
	if (r->changes.n == 0)
		fprintf(r->app->out, "nothing to do: Vault holds what the file says\n");
	else if (r->options->dry_run)
		fprintf(r->app->out, "%zu %s; nothing was changed\n", r->changes.n, r->changes.n == 1 ? "change" : "changes");
	fflush(r->app->out);
}

static int report(struct run *r, struct err *e)
{
	struct arena *a = &r->app->mem;
	struct value *out = value_new_map(a);

	if (app_format_is(r->app, "table")) {
		if (r->done)
			fprintf(r->app->out, "Vault holds what the file says%s\n", r->w.probe_mount ?
			        "; a value was written, read and destroyed" : "");
		if (r->w.root_gone)
			fprintf(r->app->out, "the root token is revoked: a look-up with it is refused\n");
		return 0;
	}
	value_set(a, out, "changes", configure_changes_value(a, &r->changes));
	value_set(a, out, "dropped", dropped_value(r));
	value_set_bool(a, out, "applied", r->done);
	value_set_bool(a, out, "root_revoked", r->w.root_gone);
	return app_print_value(r->app, out, e);
}

/* ---- the tables ---- */

static int loop(struct run *r, const struct step *steps, size_t n, struct err *e)
{
	return session_loop_boot(&r->s, &r->w.boot, steps, n, e);
}

/* The reads, and further rows beside them, behind those that find Vault. */
static int read_with(struct run *r, const struct step *more, size_t n, struct err *e)
{
	struct arena *a = &r->app->mem;
	struct step *own = ARENA_ARRAY(a, struct step, n_configure_reads + n);
	const struct step *all;
	size_t total;

	memcpy(own, configure_reads, n_configure_reads * sizeof(*own));
	if (n)
		memcpy(own + n_configure_reads, more, n * sizeof(*own));
	all = boot_table(a, own, n_configure_reads + n, &total);
	configure_forget(&r->w);
	return loop(r, all, total, e);
}

/* Read again, Vault must hold what the file says. */
static int compare_again(struct run *r, const char *who, struct err *e)
{
	struct config_changes left;

	if (configure_compare(&r->w, e) < 0)
		return -1;
	left = configure_changes(&r->w);
	if (left.n == 0)
		return 0;
	return err_set(e, ERR_REMOTE, 0, "%s still finds %zu to change, the %s '%s' among them", who, left.n, left.at[0].kind,
	               left.at[0].name);
}

/* Vault is looked for anew: that the way to it was cut may be why the run failed. */
static void unlock(struct run *r)
{
	AUTO(err) struct err why = { 0 };
	size_t total;
	const struct step *all = boot_table(&r->app->mem, configure_unlock, n_configure_unlock, &total);

	if (loop(r, all, total, &why) < 0)
		warning_printf(r->app, "this run's claim stays for two minutes: %s", why.text);
}

static int write_all(struct run *r, struct err *e)
{
	r->w.consent = true;
	if (loop(r, configure_writes, n_configure_writes, e) == 0)
		return 0;
	if (r->w.locked && e->kind != ERR_STOPPED)
		unlock(r);
	return -1;
}

static int verify(struct run *r, struct err *e)
{
	if (read_with(r, configure_probe, n_configure_probe, e) < 0)
		return -1;
	if (r->w.probe_mount && !r->w.probe_right)
		return err_set(e, ERR_REMOTE, 0, "the value that was written into '%s' came back as another", r->w.probe_mount);
	if (compare_again(r, "the look at what was written", e) < 0)
		return -1;
	r->done = true;
	return 0;
}

/* ---- logins ---- */

static int login_as_operator(struct run *r, struct err *e)
{
	size_t total;
	const struct step *all = boot_table(&r->app->mem, configure_login, n_configure_login, &total);

	return loop(r, all, total, e);
}

static int take_operator(struct run *r, struct err *e)
{
	if (!r->w.config.operator_account)
		return err_set(e, ERR_AUTH, 0, "no login as '" CONFIGURE_OPERATOR "': the file has no 'operator'");
	if (!r->w.boot.kube && session_login_kube(&r->s, e) < 0)
		return err_while(e, "no login as '" CONFIGURE_OPERATOR "'");
	r->w.boot.kube = &r->s.kube;
	if (login_as_operator(r, e) < 0)
		return -1;
	configure_become_operator(&r->w);
	r->as_operator = true;
	r->w.boot.token_from = "the operator's login";
	talk_printf(r->app, "logged in as '" CONFIGURE_OPERATOR "'");
	return 0;
}

/* The root token that `init` left in custody, as long as Vault takes it. */
static int take_custody(struct run *r, struct err *e)
{
	size_t total;
	const struct step *all = boot_table(&r->app->mem, configure_look_up, n_configure_look_up, &total);

	if (session_custody_token(&r->s, &r->w.boot, e) < 0)
		return -1;
	if (loop(r, all, total, e) == 0)
		return 0;
	secret_release(&r->w.boot.token);
	return -1;
}

/* As given; else the operator's, which an earlier run has made, or what is in custody. To revoke that, it comes first. */
static int find_token(struct run *r, struct err *e)
{
	int (*const ways[])(struct run *, struct err *) = { take_operator, take_custody };
	bool custody_first = r->options->revoke_root;

	if (boot_find_token(&r->w.boot, e) == 0)
		return 0;
	if (r->options->token_file || e->kind != ERR_AUTH)
		return -1;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		AUTO(err) struct err why = { 0 };

		if (ways[custody_first ? 1 - i : i](r, &why) == 0) {
			err_release(e);
			return 0;
		}
		if (why.kind == ERR_STOPPED) {
			err_move(e, &why);
			return -1;
		}
		err_append(e, &why);
	}
	return -1;
}

/* ---- the end of the root token ---- */

static int not_proven(struct err *e)
{
	e->kind = ERR_GUARD;
	err_while(e, "the root token stays, since no other login is proven");
	return -1;
}

/* With the operator's token: the plan again, what it may write, and the way to another root token. */
static int prove_operator(struct run *r, struct err *e)
{
	if (read_with(r, configure_rights, n_configure_rights, e) < 0 || compare_again(r, "the operator", e) < 0)
		return -1;
	return r->w.denied ? err_set(e, ERR_DENIED, 0, "the operator may not write '%s'", r->w.denied) : 0;
}

static int revoke_root(struct run *r, struct err *e)
{
	AUTO(err) struct err why = { 0 };
	int result;

	if (!r->w.token_is_root) {
		talk_printf(r->app, "the token of %s is no root token: nothing to revoke", r->w.boot.token_from);
		return 0;
	}
	if (!r->w.boot.kube)
		return err_set(e, ERR_GUARD, 0, "the root token stays: the operator's login takes a cluster");
	if (login_as_operator(r, e) < 0)
		return not_proven(e);
	configure_become_operator(&r->w);
	result = prove_operator(r, e);
	if (loop(r, configure_logout, n_configure_logout, &why) < 0)
		warning_printf(r->app, "the operator's login was not ended: %s", why.text);
	configure_become_first(&r->w);
	if (result < 0)
		return not_proven(e);
	if (ask_yes(r->app, e, "revoke the root token?") < 0 || loop(r, configure_revoke, n_configure_revoke, e) < 0)
		return -1;
	return r->w.root_gone ? 0 : err_set(e, ERR_REMOTE, 0, "the root token was revoked, but Vault still takes it");
}

/* ---- the run ---- */

/* What the file names in Secrets Manager, before anything is written; all that is not there at once. */
static int fetch_secrets(struct run *r, struct err *e)
{
	if (!configure_asks_aws(&r->w))
		return 0;
	if (session_login_aws(&r->s, e) < 0)
		return -1;
	r->w.boot.aws = &r->s.aws;
	if (loop(r, configure_secrets, n_configure_secrets, e) < 0)
		return -1;
	if (!r->w.unresolved.kind)
		return 0;
	err_move(e, &r->w.unresolved);
	return -1;
}

static struct boot_options boot_options_of(const struct configure_options *o)
{
	return (struct boot_options){ .token_file = o->token_file, .vault_addr = o->vault_addr, .custody_bucket = o->custody_bucket };
}

/* Every problem of the file, of an export's record, of the options and of the inputs, before anybody is asked. */
static int check(struct run *r, struct prune_data *data, struct err *e)
{
	const struct boot_options boot = boot_options_of(r->options);
	bool read = read_file(r, e) == 0;
	AUTO(err) struct err why = { 0 };

	if (prune_data_check(data, r->app, read ? &r->w.config : NULL, &why) < 0)
		err_append(e, &why);
	if (read && r->options->revoke_root && !r->w.config.operator_account)
		err_also(e, ERR_CONFIG, "'--revoke-root' takes another way in: the file has no 'operator'");
	return session_check(r->app, &boot, e);
}

static int open_run(struct run *r, struct err *e)
{
	const struct configure_options *o = r->options;
	const struct boot_options options = boot_options_of(o);
	bool addressed = o->vault_addr || host_env(&r->app->host, "VAULT_ADDR");
	unsigned needs = SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET;

	/* An address needs no cluster, but for the operator's login, which find_token asks for where it comes to that. */
	if (!addressed || o->revoke_root)
		needs |= SESSION_KUBE;
	if (session_open(&r->s, r->app, needs, e) < 0 || boot_init(&r->w.boot, &r->s.world, &options, e) < 0)
		return -1;
	if (!(needs & SESSION_KUBE))
		r->w.boot.kube = NULL;
	return configure_init(&r->w, e) < 0 || fetch_secrets(r, e) < 0 ? -1 : find_token(r, e);
}

static int apply(struct run *r, struct err *e)
{
	if (r->changes.n == 0)
		return 0;
	if (configure_touches(&r->w) && ask_yes(r->app, e, "change what exists?") < 0)
		return -1;
	return write_all(r, e) < 0 ? -1 : verify(r, e);
}

static int go(struct run *r, struct err *e)
{
	const struct configure_options *o = r->options;
	struct prune_data data = { .mount = o->prune_data, .file = o->export, .dry_run = o->dry_run };

	if (check(r, &data, e) < 0 || open_run(r, e) < 0 || read_with(r, NULL, 0, e) < 0)
		return -1;
	r->w.prune = r->options->prune;
	if (configure_compare(&r->w, e) < 0 || prune_data_allow(&data, &r->s, &r->w, e) < 0)
		return -1;
	if (configure_dropped_data(&r->w) && loop(r, configure_count, n_configure_count, e) < 0)
		return -1;
	r->changes = configure_changes(&r->w);
	tell_dropped(r);
	print_plan(r);
	if (r->options->dry_run)
		return report(r, e);
	if (apply(r, e) < 0 || (r->options->revoke_root && revoke_root(r, e) < 0))
		return -1;
	return report(r, e);
}

/* The token that was made for this run ends with it. */
static void log_out(struct run *r, const struct err *e)
{
	AUTO(err) struct err why = { 0 };

	if (r->as_operator && e->kind != ERR_STOPPED && loop(r, configure_logout, n_configure_logout, &why) < 0)
		warning_printf(r->app, "the operator's login was not ended: %s", why.text);
}

static int run(struct app *app, struct err *e)
{
	struct run r = { .app = app, .options = app->options };
	int result;

	if (r.options->example) {
		fputs(text_same(r.options->example, "people") ? configure_example_people : configure_example, app->out);
		return 0;
	}
	result = go(&r, e);
	log_out(&r, e);
	configure_release(&r.w);
	session_close(&r.s);
	return result;
}

const struct command cmd_configure = {
	.name = "configure", .group = "Vault", .args = "",
	.summary = "make the inside of Vault as a file says: secrets engines, kubernetes auth, policies, roles, audit",
	.details = "Reads Vault and shows what differs, attribute by attribute; makes what is missing, asks before it changes what "
	           "exists (--yes: does not ask), reads all of it again, and writes, reads and destroys a value. Run again it "
	           "only reads.\n\n"
	           "The file is checked as a whole first: unknown keys, policies that Vault would refuse or that grant nothing, "
	           "roles that name a policy the file does not have, secrets that are not where it says (none stands in the file). What earlier runs made is written down in Vault, in the "
	           "secrets engine vault-aws; --prune removes what the file has no more, except secrets engines and what this login "
	           "needs. A secrets engine goes only by --prune-data with the record of a fresh export of it, and with its name "
	           "typed.\n\n"
	           "With 'operator' in the file there is a role, vault-operator, that can do all of this again. --revoke-root "
	           "revokes the root token only after a login with that role has repeated the plan without a change or a denial.",
	.examples = "helm vault-aws configure --example > vault.yaml\n"
	            "helm vault-aws configure --example=people\n"
	            "helm vault-aws configure -n vault -f vault.yaml --dry-run\n"
	            "helm vault-aws configure -n vault -f vault.yaml --yes --revoke-root\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES, .formats = formats,
	.rows = rows, .options_size = sizeof(struct configure_options), .run = run,
};
