#include "commands.h"

#include "cli/errors.h"
#include "cli/session.h"
#include "core/text.h"
#include "domain/init.h"
#include "formats/json.h"

struct init_flags {
	struct text_list custody, copies, recipients;
	struct init_options options;
	struct boot_options boot;
	bool show_root_token;
};

static const struct init_flags defaults = { .options = { .shares = 5, .threshold = 3 } };

static const struct opt rows[] = {
	LIST(struct init_flags, custody, 0, "custody", "WHERE", "where the keys go: secretsmanager or file; may be given again"),
	TEXT(struct init_flags, options.custody_key, 0, "custody-kms-key", "KEY",
	     "KMS key that encrypts them there and in the spool; not the seal key"),
	LIST(struct init_flags, copies, 0, "custody-replica", "REGION=KEY",
	     "a copy in another region, under a key of its own; may be given again"),
	FILE_NAME(struct init_flags, options.folder, 0, "out", "DIR", "with file: the folder for recovery-keys.age and root-token.age"),
	LIST(struct init_flags, recipients, 0, "recipient", "AGE", "with file: whom they are encrypted to (age1...); may be given again"),
	INT(struct init_flags, options.shares, 0, "shares", "N", 1, 255, "into how many recovery keys (default 5)"),
	INT(struct init_flags, options.threshold, 0, "threshold", "N", 1, 255, "how many of them are needed (default 3)"),
	FLAG(struct init_flags, show_root_token, 0, "show-root-token", "print the root token too; on a terminal only"),
	TEXT(struct init_flags, boot.vault_addr, 0, "vault-addr", "URL",
	     "ask Vault there (default VAULT_ADDR, then by port-forward)"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

/* Every problem of the command line and of the inputs in one go, before anybody is asked. */
static int check(struct app *app, struct init_flags *o, struct err *e)
{
	AUTO(err) struct err why = {0};
	struct inputs inputs;

	o->options.custody = o->custody.at;
	o->options.copies = o->copies.at;
	o->options.recipients = o->recipients.at;
	if (o->show_root_token && !app->out_tty) {
		err_also(e, ERR_USAGE, "--show-root-token: the output is no terminal");
		err_hint(e, "the root token is read from custody");
	}
	if (init_check_options(&o->options, &why) < 0)
		err_append(e, &why);
	if (!e->kind)
		return 0;
	if (app_inputs(app, &inputs, &why) < 0)
		err_append(e, &why);
	else
		inputs_release(&inputs);
	return -1;
}

static int work(struct session *s, struct init_world *in, struct err *e)
{
	struct arena *a = &s->app->mem;
	size_t n;
	const struct step *table = boot_table(a, init_find_rows, n_init_find_rows, &n);

	if (session_loop_over(s, in, table, n, false, e) < 0 || init_decide(in, e) < 0)
		return -1;
	if (in->plan == INIT_FRESH && in->boot.options.vault_addr)
		talk_printf(s->app, "no cluster is asked: the nine actions that Vault needs are proved with the credentials used here");
	if (in->plan == INIT_STORE)
		talk_printf(s->app, "the init that began at %s is finished from '%s'", in->spool.since, in->spool.path);
	table = init_table(a, &n);
	if (session_loop_over(s, in, table, n, false, e) < 0)
		return -1;
	return init_finish(in, e);
}

static void print_policy(struct app *app, const struct value *policy)
{
	AUTO(buf) struct buf text = BUF_MAX(4096);

	if (!policy)
		return;
	va_json_print(&text, policy, false);
	fprintf(app->out, "\nresource policy that leaves reading to you alone (aws secretsmanager put-resource-policy):\n  %s\n",
	        buf_str(&text));
}

static void print_text(struct app *app, const struct init_world *in, const struct value *report)
{
	const struct value *list = value_get(report, "custody");

	if (in->plan == INIT_DONE)
		fprintf(app->out, "Vault is initialised already, and its keys are in custody\n");
	else if (in->plan == INIT_STORE)
		fprintf(app->out, "Vault was initialised; its keys are in custody now and were read back\n");
	else
		fprintf(app->out, "Vault is initialised: %lld recovery keys, of which %lld are needed, are in custody and were read back\n",
		        (long long)in->options.shares, (long long)in->options.threshold);
	for (size_t i = 0; i < list->n; i++)
		fprintf(app->out, "\n%s: %s\n  %s\n", value_text_or(list->items[i], "entry", ""),
		        value_text_or(list->items[i], "name", ""), value_text_or(list->items[i], "read", ""));
	for (size_t i = 0; i < value_count(report, "copies"); i++)
		fprintf(app->out, "%s%s", i ? ", " : "\ncopies in ", value_get(report, "copies")->items[i]->text);
	fputs(value_count(report, "copies") ? "\n" : "", app->out);
	print_policy(app, value_get(report, "resource_policy"));
	fprintf(app->out, "\nRecovery keys allow a new root token and a rekey. They cannot unseal: that takes the KMS key\n"
	        "'%s', and without it this Vault's data is lost.\n", in->seal_key.arn);
}

static void print_root_token(struct app *app, const struct init_world *in)
{
	const struct secret *token = &in->values[CUSTODY_ROOT_TOKEN];

	if (secret_held(token))
		fprintf(app->out, "\nroot token: %s\n", secret_expose(token).p);
	else
		talk_printf(app, "the root token is not at hand any more: read it from custody");
}

static int report(struct session *s, struct init_world *in, const struct init_flags *o, struct err *e)
{
	struct value *v = init_report(in, &s->app->mem);

	if (!app_format_is(s->app, "table"))
		return app_print_value(s->app, v, e);
	print_text(s->app, in, v);
	if (o->show_root_token)
		print_root_token(s->app, in);
	return 0;
}

static int run(struct app *app, struct err *e)
{
	struct init_flags *o = app->options;
	struct init_world in = {0};
	struct session s;
	bool direct;
	int result;

	if (check(app, o, e) < 0)
		return -1;
	direct = o->boot.vault_addr || host_env(&app->host, "VAULT_ADDR");
	result = session_open(&s, app, SESSION_RELEASE | (direct ? 0 : SESSION_KUBE), e);
	if (result == 0)
		result = init_prepare(&in, &s.world, &o->boot, &o->options, e);
	if (result == 0)
		result = work(&s, &in, e);
	if (result == 0)
		result = report(&s, &in, o, e);
	init_release(&in);
	session_close(&s);
	return result;
}

const struct command cmd_init = {
	.name = "init", .group = "Vault", .args = "",
	.summary = "initialise Vault once, and take its keys into custody",
	.details = "Proves first, as Vault's own role and from outside the pods, the nine actions that Vault needs: an init that is "
	           "refused half-way ruins the table or loses the keys. Proves that custody takes and gives back, then calls "
	           "sys/init once on one server, seals its answer into a file before anything else, stores it, reads it back, "
	           "removes the file, and waits until every server is unsealed and one is active.\n\n"
	           "Killed at any point, run it again: it finishes, or says what is there. Keys in custody are never written over. "
	           "Recovery keys and root token are entries of their own:\n\n"
	           "helm-vault-aws/CLUSTER/NAMESPACE/RELEASE/recovery-keys and .../root-token in Secrets Manager, "
	           "recovery-keys.age and root-token.age in the folder of --out, encrypted by age. Where both are named both must "
	           "take them.\n\n"
	           "With --vault-addr no cluster is asked, and the proof is made with the credentials used here.",
	.examples = "helm vault-aws init --custody secretsmanager --custody-kms-key alias/vault-custody\n"
	            "helm vault-aws init --custody secretsmanager --custody-kms-key alias/vault-custody --shares 3 --threshold 2\n"
	            "helm vault-aws init --custody file --out ./vault-keys --recipient age1...\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats,
	.rows = rows, .options_size = sizeof(struct init_flags), .defaults = &defaults, .run = run,
};
