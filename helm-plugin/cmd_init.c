#include "commands.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "cli/session.h"
#include "core/text.h"
#include "domain/init.h"
#include "formats/json.h"

struct init_flags {
	struct text_list custody, copies, recipients, root_recipients, pgp_keys, share_keys, share_readers;
	struct init_options options;
	struct boot_options boot;
	bool show_root_token;
};

static const struct init_flags defaults = { .options = { .shares = 5, .threshold = 3 } };

static const struct opt rows[] = {
	LIST(struct init_flags, custody, 0, "custody", "WHERE", "where the keys go: secretsmanager, ssm, s3, file or pgp; may be given again"),
	TEXT(struct init_flags, options.custody_key, 0, "custody-kms-key", "KEY",
	     "KMS key that encrypts them there and in the spool; not the seal key"),
	TEXT(struct init_flags, options.bucket, 0, "custody-bucket", "BUCKET", "with s3: the bucket, with versioning and no public access"),
	LIST(struct init_flags, copies, 0, "custody-replica", "REGION=KEY",
	     "with secretsmanager: a copy in another region, under a key of its own; may be given again"),
	FILE_NAME(struct init_flags, options.folder, 0, "out", "DIR", "with file and pgp: the folder for the files"),
	LIST(struct init_flags, recipients, 0, "recipient", "TO",
	     "with file: whom they are encrypted to, age1... or a file with a PGP key; may be given again"),
	LIST(struct init_flags, root_recipients, 0, "root-recipient", "TO",
	     "with file: whom the root token is encrypted to (default: as --recipient); may be given again"),
	LIST(struct init_flags, pgp_keys, 0, "pgp-key", "FILE", "with pgp: the public key that Vault encrypts a share to; one for each"),
	FILE_NAME(struct init_flags, options.root_pgp_key, 0, "root-pgp-key", "FILE", "with pgp: the public key for the root token"),
	FLAG(struct init_flags, options.split, 0, "split", "each recovery key is an entry of its own, for a principal of its own"),
	LIST(struct init_flags, share_readers, 0, "share-reader", "ARN", "with --split: who alone is to read a share; one for each"),
	LIST(struct init_flags, share_keys, 0, "share-kms-key", "KEY", "with --split: the KMS key of a share; one for each"),
	INT(struct init_flags, options.shares, 0, "shares", "N", 1, 255, "into how many recovery keys (default 5)"),
	INT(struct init_flags, options.threshold, 0, "threshold", "N", 1, 255, "how many of them are needed (default 3)"),
	FLAG(struct init_flags, options.start_over, 0, "start-over",
	     "back up, empty and initialise anew a table that an init ruined; its name is to be typed"),
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

	o->options.custody = o->custody.at;
	o->options.copies = o->copies.at;
	o->options.recipients = o->recipients.at;
	o->options.root_recipients = o->root_recipients.at;
	o->options.pgp_keys = o->pgp_keys.at;
	o->options.share_keys = o->share_keys.at;
	o->options.share_readers = o->share_readers.at;
	if (o->show_root_token && !app->out_tty) {
		err_also(e, ERR_USAGE, "--show-root-token: the output is no terminal");
		err_hint(e, "the root token is read from custody");
	}
	if (init_check_options(&o->options, &why) < 0)
		err_append(e, &why);
	if (init_check_files(&o->options, &app->host, &why) < 0)
		err_append(e, &why);
	return session_check(app, &o->boot, e);
}

/* What is done to a Vault that an init of before left useless: said, and where it was asked for, asked. */
static int consent_over(struct session *s, const struct init_world *in, struct err *e)
{
	const char *table = in->facts.table;

	if (in->over.kind == OVER_ASKED)
		return ask_name(s->app, e, table, "this backs up and empties the table '%s' (%zu items), whose Vault nobody can open",
		                table, in->items.n);
	if (in->over.kind == OVER_AGAIN)
		talk_printf(s->app, "the reply of the init of %s was lost, and the table '%s' holds nothing but what it left: it is "
		            "emptied and Vault initialised anew", in->note.since ? in->note.since : in->spool.since, table);
	else if (in->options.start_over)
		talk_printf(s->app, "there is nothing to start over: Vault is not initialised, and its table is empty");
	return 0;
}

/* The pods that this run or one before took down come back whatever happened. */
static int bring_back(struct session *s, struct init_world *in, struct err *e)
{
	return in->boot.options.vault_addr ? 0 : session_loop_over(s, in, init_revive_rows, INIT_REVIVE_ROWS, false, e);
}

static int do_work(struct session *s, struct init_world *in, struct err *e)
{
	AUTO(err) struct err ignored = {0};
	size_t n;
	const struct step *table = init_table(&s->app->mem, &n);

	if (session_loop_over(s, in, table, n, false, e) == 0)
		return init_finish(in, e);
	if (in->over.down && bring_back(s, in, &ignored) < 0)
		err_hint(e, "the pods are down: run init again, which brings them back first");
	return -1;
}

static int work(struct session *s, struct init_world *in, struct err *e)
{
	size_t n;
	const struct step *table;

	if (in->n_keys && session_loop_over(s, in, init_pgp_rows, INIT_PGP_ROWS, false, e) < 0)
		return -1;
	if (init_check_pgp(in, e) < 0 || bring_back(s, in, e) < 0)
		return -1;
	table = boot_table(&s->app->mem, init_find_rows, n_init_find_rows, &n);
	if (session_loop_boot(s, &in->boot, table, n, e) < 0 || init_decide(in, e) < 0 || consent_over(s, in, e) < 0)
		return -1;
	if (in->plan == INIT_FRESH && in->boot.options.vault_addr)
		talk_printf(s->app, "no cluster is asked: the nine actions that Vault needs are proved with the credentials used here");
	if (in->plan == INIT_STORE)
		talk_printf(s->app, "the init that began at %s is finished from '%s'", in->spool.since, in->spool.path);
	return do_work(s, in, e);
}

/* Entries whose policies are the same, but for the entry, are told once. */
static void print_policy(struct app *app, const struct value *row, const struct value *before)
{
	AUTO(buf) struct buf text = BUF_MAX(4096);
	const struct value *policy = value_get(row, "policy");

	if (!policy || value_same(policy, value_get(before, "policy")))
		return;
	va_json_print(&text, policy, false);
	fprintf(app->out, "  policy that leaves reading it to '%s' alone (%s):\n  %s\n", value_text_or(row, "reader", ""),
	        value_text_or(row, "policy_goes_to", ""), buf_str(&text));
}

static void print_entries(struct app *app, const struct value *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct value *row = list->items[i];

		fprintf(app->out, "\n%s: %s (%s)\n  %s\n", value_text_or(row, "entry", ""), value_text_or(row, "name", ""),
		        value_text_or(row, "custody", ""), value_text_or(row, "read", ""));
		print_policy(app, row, i ? list->items[i - 1] : NULL);
	}
}

/* What whoever opens one entry can do with it. */
static void print_shares(struct app *app, const struct init_world *in)
{
	if (in->n_pgp)
		fprintf(app->out, "Each key was encrypted by Vault to one PGP key: nobody has seen it in clear.\n");
	if (in->options.split)
		fprintf(app->out, "Each entry holds 1 of the %lld recovery keys, and %lld are needed: none is enough alone.\n",
		        (long long)in->options.shares, (long long)in->options.threshold);
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
	if (in->over.backup)
		fprintf(app->out, "the table as it was before is in the backup '%s'\n", in->over.backup);
	print_entries(app, list);
	for (size_t i = 0; i < value_count(report, "copies"); i++)
		fprintf(app->out, "%s%s", i ? ", " : "\ncopies in ", value_get(report, "copies")->items[i]->text);
	fputs(value_count(report, "copies") ? "\n" : "", app->out);
	fputs("\n", app->out);
	print_shares(app, in);
	fprintf(app->out, "Recovery keys allow a new root token and a rekey. They cannot unseal: that takes the KMS key\n"
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
	           "Killed at any point, run it again: it finishes, or says what is there. Where the reply of sys/init itself was lost "
	           "nobody has the keys, and a note (in a file, and as a tag on the table, for other machines) proves that it was ours: "
	           "the next init takes the pods down, makes sure that the table holds nothing but what a fresh init leaves, empties "
	           "it, and initialises anew. --start-over does the same, after a backup and a typed confirmation, with a table that "
	           "an init of anybody's ruined by being refused half-way. Keys in custody are never written over. "
	           "Recovery keys and root token are entries of their own:\n\n"
	           "helm-vault-aws/CLUSTER/NAMESPACE/RELEASE/recovery-keys and .../root-token in Secrets Manager (secretsmanager), "
	           "Parameter Store (ssm) or a bucket (s3); recovery-keys.age and root-token.age in the folder of --out, encrypted by "
	           "age, or .pgp, encrypted by gpg where --recipient names files with PGP keys (file); recovery-key-1.gpg and so on there, as Vault itself encrypts each share to one PGP key (pgp), so that "
	           "nobody sees a share in clear. Where several are named all must take them. With --split each share is an entry of "
	           "its own, .../recovery-key-1 and so on, for a principal of its own: --share-reader, --share-kms-key and --recipient "
	           "are then given once for each share, in their order.\n\n"
	           "With --vault-addr no cluster is asked, and the proof is made with the credentials used here.",
	.examples = "helm vault-aws init --custody secretsmanager --custody-kms-key alias/vault-custody\n"
	            "helm vault-aws init --custody secretsmanager --custody-kms-key alias/vault-custody --shares 3 --threshold 2\n"
	            "helm vault-aws init --custody s3 --custody-bucket vault-keys --custody-kms-key alias/vault-custody\n"
	            "helm vault-aws init --custody file --out ./vault-keys --recipient age1...\n"
	            "helm vault-aws init --custody file --out ./vault-keys --recipient ops-a.asc --recipient ops-b.asc\n"
	            "helm vault-aws init --custody pgp --out ./vault-keys --shares 3 --threshold 2 --pgp-key a.asc --pgp-key b.asc "
	            "--pgp-key c.asc --root-pgp-key ops.asc\n"
	            "helm vault-aws init --custody ssm --custody-kms-key alias/vault-custody --split --shares 3 --threshold 2 "
	            "--share-reader arn:aws:iam::111122223333:role/a --share-reader arn:aws:iam::111122223333:role/b "
	            "--share-reader arn:aws:iam::111122223333:role/c\n"
	            "helm vault-aws init --custody secretsmanager --custody-kms-key alias/vault-custody --start-over\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats,
	.rows = rows, .options_size = sizeof(struct init_flags), .defaults = &defaults, .run = run,
};
