#include "cmd_recover.h"
#include "commands.h"

#include "aws/creds.h"
#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/recover_rekey.h"

enum { TYPED_MAX = SHARES_MAX * (SHARE_TEXT_MAX + 2) };

static const struct opt rows[] = {
	TEXT(struct recover_flags, recover.custody, 0, "custody", "WHERE",
	     "where keys and root token are kept: secretsmanager (default), file, or to be read alone ssm, s3"),
	TEXT(struct recover_flags, recover.bucket, 0, "custody-bucket", "BUCKET", "with s3: the bucket"),
	TEXT(struct recover_flags, recover.keys_from, 0, "keys-from", "WHERE",
	     "key shares that are typed: terminal, or - for lines on standard input"),
	FILE_NAME(struct recover_flags, recover.folder, 0, "out", "DIR",
	          "with file: the folder of recovery-keys.age and root-token.age, or .pgp"),
	LIST(struct recover_flags, identities, 0, "identity", "FILE", "with file: what opens .age, by age-keygen; may be given again"),
	LIST(struct recover_flags, recipients, 0, "recipient", "TO",
	     "with file: whom new ones are encrypted to, age1... or a file with a PGP key; may be given again"),
	TEXT(struct recover_flags, recover.custody_key, 0, "custody-kms-key", "KEY",
	     "KMS key of an entry that is not there yet; not the seal key"),
	FLAG(struct recover_flags, restart_pods, 0, "restart-pods",
	     "unseal: without shares, by KMS, each sealed pod restarted after a question"),
	INT(struct recover_flags, shares, 0, "shares", "N", 1, 255, "rekey: into how many shares (default: as many as now)"),
	INT(struct recover_flags, threshold, 0, "threshold", "N", 1, 255, "rekey: how many of them are needed (default: as now)"),
	FLAG(struct recover_flags, cancel, 0, "cancel", "end what is under way in Vault, whoever began it, after a question"),
	FLAG(struct recover_flags, replace, 0, "replace", "generate-root: also where the token in custody is valid, after a question"),
	FLAG(struct recover_flags, show_root_token, 0, "show-root-token", "generate-root: print it too; on a terminal only"),
	TEXT(struct recover_flags, seal.to, 0, "to", "SEAL", "seal-migrate: awskms or shamir"),
	TEXT(struct recover_flags, seal.to_key, 0, "to-key", "KEY", "seal-migrate: the KMS key (id, ARN or alias) to wrap the root key"),
	TEXT(struct recover_flags, seal.to_region, 0, "to-region", "REGION",
	     "seal-migrate: where that key is, unless its ARN says so (default: where the present one is)"),
	FILE_NAME(struct recover_flags, recover.boot.token_file, 0, "token-file", "FILE",
	          "token for Vault (default VAULT_TOKEN; rotate: then ~/.vault-token, then custody)"),
	TEXT(struct recover_flags, recover.boot.vault_addr, 0, "vault-addr", "URL",
	     "ask Vault there (default VAULT_ADDR, then by port-forward)"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

/* ---- what the subcommands share ---- */

int recover_open(struct session *s, struct app *app, const struct recover_flags *flags, struct recover *r, bool shares,
                 struct err *e)
{
	bool direct = flags->recover.boot.vault_addr || host_env(&app->host, "VAULT_ADDR");
	unsigned needs = SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET | (direct ? 0 : SESSION_KUBE);

	if (session_open(s, app, needs, e) < 0 || recover_init(r, &s->world, &flags->recover, shares, e) < 0)
		return -1;
	return recover_wants_aws(r) ? session_login_aws(s, e) : 0;
}

int recover_given_token(struct recover *r, struct err *e)
{
	if (!r->boot.options.token_file && !host_env(r->boot.host, "VAULT_TOKEN"))
		return 0;
	return boot_find_token(&r->boot, e);
}

static int read_lines(struct buf *out, struct err *e)
{
	char piece[512];
	size_t n;

	/* Else a copy of it would stay in the stream's own memory. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_put(out, piece, n);
	wipe(piece, sizeof(piece));
	return ferror(stdin) ? err_set(e, ERR_USAGE, 0, "cannot read standard input") : buf_whole(out, "standard input", e);
}

int recover_type_shares(struct app *app, struct recover *r, int64_t needed, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(TYPED_MAX);
	bool terminal = text_same(r->reader->word, "terminal");

	if (!recover_is_typed(r))
		return 0;
	if (!terminal && read_lines(&text, e) < 0)
		return -1;
	for (int64_t i = 0; terminal && i < needed; i++) {
		if (ask_hidden(app, &text, e, "key share %lld of %lld (is not shown): ", (long long)i + 1, (long long)needed) < 0)
			return -1;
		buf_char(&text, '\n');
	}
	return recover_take_lines(r, buf_bytes(&text), terminal ? "the terminal" : "standard input", e);
}

static int run_loop(void *to, void *world, const struct step *steps, size_t n, struct err *e)
{
	return session_loop_over(to, world, steps, n, false, e);
}

static int run_ask(void *to, const char *question, struct err *e)
{
	struct session *s = to;

	return ask_yes(s->app, e, "%s", question);
}

static int run_type(void *to, struct recover *r, int64_t needed, struct err *e)
{
	struct session *s = to;

	return recover_type_shares(s->app, r, needed, e);
}

static void run_tell(void *to, const char *text)
{
	struct session *s = to;

	warning_printf(s->app, "%s", text);
}

struct recover_runner recover_runner_of(struct session *s)
{
	return (struct recover_runner){ .loop = run_loop, .ask = run_ask, .type = run_type, .tell = run_tell, .to = s };
}

int recover_ready(struct session *s, struct recover *r, struct err *e)
{
	if (recover_wants_aws(r) && session_login_aws(s, e) < 0)
		return -1;
	return recover_given_token(r, e);
}

/* ---- the words ---- */

/* What an option is for: a subcommand takes what its row names. */
enum {
	FOR_SHARES = 1 << 0, FOR_NEW = 1 << 1, FOR_UNSEAL = 1 << 2, FOR_ROOT = 1 << 3, FOR_CANCEL = 1 << 4, FOR_REKEY = 1 << 5,
	FOR_SEAL = 1 << 6
};

static const struct {
	const char *name;
	recover_run *run;
	unsigned takes;
} words[] = {
	{ "unseal", recover_unseal, FOR_SHARES | FOR_UNSEAL },
	{ "generate-root", recover_generate_root, FOR_SHARES | FOR_NEW | FOR_ROOT | FOR_CANCEL },
	{ "rekey", recover_rekey, FOR_SHARES | FOR_NEW | FOR_REKEY | FOR_CANCEL },
	{ "rotate", recover_rotate, 0 },
	{ "seal-migrate", recover_seal_migrate, FOR_SHARES | FOR_SEAL },
};

/* An option that would do nothing beside this word is a misunderstanding. */
static void refuse_foreign(const struct recover_flags *o, const char *word, unsigned takes, struct err *e)
{
	const struct {
		const char *name;
		bool given;
		unsigned of;
	} own[] = {
		{ "keys-from", o->recover.keys_from != NULL, FOR_SHARES },
		{ "identity", o->identities.n > 0, FOR_SHARES },
		{ "restart-pods", o->restart_pods, FOR_UNSEAL },
		{ "cancel", o->cancel, FOR_CANCEL },
		{ "shares", o->shares > 0, FOR_REKEY },
		{ "threshold", o->threshold > 0, FOR_REKEY },
		{ "replace", o->replace, FOR_ROOT },
		{ "show-root-token", o->show_root_token, FOR_ROOT },
		{ "to", o->seal.to != NULL, FOR_SEAL },
		{ "to-key", o->seal.to_key != NULL, FOR_SEAL },
		{ "to-region", o->seal.to_region != NULL, FOR_SEAL },
		{ "recipient", o->recipients.n > 0, FOR_NEW },
		{ "custody-kms-key", o->recover.custody_key != NULL, FOR_NEW },
		{ "custody", o->recover.custody != NULL, FOR_SHARES | FOR_NEW },
		{ "custody-bucket", o->recover.bucket != NULL, FOR_SHARES | FOR_NEW },
		{ "out", o->recover.folder != NULL, FOR_SHARES | FOR_NEW },
	};

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (own[i].given && !(own[i].of & takes))
			err_also(e, ERR_USAGE, "'--%s' says nothing to '%s'", own[i].name, word);
}

static size_t find_word(const char *word, struct err *e)
{
	const char *names[COUNT_OF(words)], *near;
	AUTO(buf) struct buf list = BUF_MAX(1024);
	size_t at = 0;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		names[i] = words[i].name;
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	while (at < COUNT_OF(words) && !text_same(word, names[at]))
		at++;
	if (at < COUNT_OF(words))
		return at;
	near = word ? text_nearest(word, names, COUNT_OF(words)) : NULL;
	if (word)
		err_set(e, ERR_USAGE, 0, "'recover' knows no '%s'", word);
	else
		err_set(e, ERR_USAGE, 0, "recover what?");
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	else
		err_hint(e, "one of: %s", buf_str(&list));
	return at;
}

static int run(struct app *app, struct err *e)
{
	struct recover_flags *o = app->options;
	const char *word = app->line.words.n ? app->line.words.at[0] : NULL;
	size_t at = find_word(word, e);
	int result = 0;

	if (at == COUNT_OF(words))
		return -1;
	o->recover.identities = o->identities.at;
	o->recover.recipients = o->recipients.at;
	refuse_foreign(o, word, words[at].takes, e);
	o->recover.stores = words[at].takes & FOR_NEW && !o->cancel;
	if (o->show_root_token && !app->out_tty) {
		err_also(e, ERR_USAGE, "--show-root-token: the output is no terminal");
		err_hint(e, "the root token is read from custody");
	}
	if (o->shares && o->threshold && rekey_check(o->shares, o->threshold, e) < 0)
		err_hint(e, "init's own are 5 and 3");
	if (words[at].takes)
		result = recover_check_options(&o->recover, &app->host, e);
	if (words[at].takes & FOR_SEAL)
		result = recover_check_seal(app, o, e);
	else
		result = session_check(app, &o->recover.boot, e);
	return result < 0 ? -1 : words[at].run(app, o, e);
}

const struct command cmd_recover = {
	.name = "recover", .group = "Vault", .args = "unseal | generate-root | rekey | rotate | seal-migrate",
	.summary = "unseal, make a root token, new recovery keys or a new barrier key, with key shares out of custody",
	.details = "Key shares come from custody, where init has put them: Secrets Manager, Parameter Store, S3, or files "
	           "(--custody file; those of age's are opened with --identity, those for PGP keys by gpg); where each has an entry of its own, from those that may be read. With "
	           "--keys-from terminal they are typed without echo, with --keys-from - they are lines on standard input. They are shown nowhere; a wrong one is named by its place.\n\n"
	           "unseal: every sealed server, each on its own, after Vault was sealed by hand; with a KMS seal recovery keys do "
	           "that too, and so does a restart (--restart-pods, one pod at a time, each asked for).\n\n"
	           "generate-root: a new root token into custody. One there that is still valid is not replaced without --replace.\n\n"
	           "rekey: new recovery keys (unseal keys, with Shamir's seal) in place of the old ones. They are staged in custody and "
	           "read back before Vault takes them for its own, and become the current ones after it: AWSPENDING, AWSCURRENT and "
	           "AWSPREVIOUS in Secrets Manager, NAME.age.pending and NAME.age.previous (or NAME.pgp...) in files. Killed at any point, run it "
	           "again: it finds out which are valid, and finishes.\n\n"
	           "A generation or a rekey of somebody else's is shown and left alone (exit 4); --cancel ends it, after a question.\n\n"
	           "rotate: a new key for the barrier, online: what is written from then on is encrypted with it.\n\n"
	           "seal-migrate: another KMS key wraps Vault's root key (--to-key KEY), or key shares do (--to shamir), or KMS again "
	           "(--to-key KEY): plan, question, the configuration by helm (what stands after -- goes to helm upgrade), then one pod "
	           "after the other, standbys first. A key of another region is reached by way of shares, since a server has KMS seals of one "
	           "region only; a replica of the present multi-Region key is reached at once. Killed at any point, run it again: it reads "
	           "where it stands.",
	.examples = "helm vault-aws recover unseal\n"
	            "helm vault-aws recover unseal --keys-from terminal\n"
	            "helm vault-aws recover generate-root\n"
	            "helm vault-aws recover rekey --shares 5 --threshold 3\n"
	            "helm vault-aws recover rekey --custody file --out ./vault-keys --identity key.txt --recipient age1...\n"
	            "helm vault-aws recover rotate --token-file admin.token\n"
	            "helm vault-aws recover seal-migrate --to-key alias/vault-unseal-2\n"
	            "helm vault-aws recover seal-migrate --to-key alias/vault-unseal --to-region eu-west-1\n"
	            "helm vault-aws recover seal-migrate --to shamir\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES | TAKES_REST, .words_max = 1, .formats = formats,
	.rows = rows, .options_size = sizeof(struct recover_flags), .run = run,
};
