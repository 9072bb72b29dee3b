/* The world of init before anybody is asked: names, custodies and their entries, what is on this machine. */
#include "domain/init.h"

#include "core/text.h"
#include "domain/pgp_message.h"

static int check_names(const struct want *want, struct err *e)
{
	if (!want->cluster || !want->region) {
		err_also(e, ERR_USAGE, "%s is not known, and custody is named after the cluster",
		         want->cluster ? "the region" : "the cluster's name");
		err_hint(e, "--cluster-name NAME --region REGION");
	}
	return e->kind ? -1 : 0;
}

/* Without a cluster at hand nobody tells what Vault uses: what it would be called. */
static void assume_facts(struct init_world *in)
{
	const struct want *want = in->boot.want;
	const char *given = arn_region(in->boot.mem, want->given_key), *key_region = given ? given : want->region;

	in->facts = (struct vault_facts){
		.storage = "dynamodb", .table = want->names.table, .storage_region = want->region, .seal = "awskms",
		.seal_region = key_region, .key_id = want->given_key ? want->given_key : want->names.alias,
	};
	in->key_aws = aws_in_region(in->boot.aws, key_region);
	in->table_aws = aws_in_region(in->boot.aws, want->region);
}

static int take_copies(struct init_world *in, struct err *e)
{
	const char *home = in->boot.want->region;

	for (size_t i = 0; in->options.copies && in->options.copies[i] && i < INIT_COPIES_MAX; i++) {
		struct custody_copy *copy = &in->copies[in->n_copies];

		if (init_read_copy(in->options.copies[i], in->boot.mem, copy, e) < 0)
			return -1;
		if (text_same(copy->region, home))
			return err_set(e, ERR_USAGE, 0, "--custody-replica: '%s' is where custody is anyway", home);
		in->copy_aws[in->n_copies++] = aws_in_region(in->boot.aws, copy->region);
	}
	return 0;
}

/* ---- what is kept in AWS ---- */

static void take_entries(struct init_world *in)
{
	const struct init_options *o = &in->options;

	in->entries = custody_entries(in->boot.mem, (size_t)o->shares, o->split, &in->n_entries);
	for (size_t i = 0; o->split && i + 1 < in->n_entries; i++)
		in->entries[i].reader = o->share_readers ? o->share_readers[i] : NULL;
	if (o->split && o->share_keys)
		in->share_keys = ARENA_ARRAY(in->boot.mem, struct init_key, in->n_entries - 1);
}

/* Secrets Manager's entries come first: its copies have their numbers. */
static void take_stores(struct init_world *in)
{
	for (size_t i = 0; i < CUSTODY_KINDS; i++)
		if (custody_in_aws(&custody_kinds[i]) && init_chosen(&in->options, custody_kinds[i].word))
			in->stores[in->n_stores++] = (struct custody_store){
				.kind = &custody_kinds[i], .want = in->boot.want, .aws = in->boot.aws, .bucket = in->options.bucket,
			};
	in->in_aws = in->n_stores > 0;
	in->n_items = in->n_stores * in->n_entries;
	in->items_kept = ARENA_ARRAY(in->boot.mem, struct init_item, in->n_items + 1);
	for (size_t i = 0; i < in->n_items; i++)
		in->items_kept[i] = (struct init_item){
			.store = &in->stores[i / in->n_entries], .entry = &in->entries[i % in->n_entries],
		};
}

int init_check_size(const struct init_world *in, size_t bytes, struct err *e)
{
	for (size_t i = 0; i < in->n_stores; i++) {
		const struct custody_kind *kind = in->stores[i].kind;

		if (!kind->max || bytes <= kind->max)
			continue;
		err_also(e, ERR_USAGE, "--custody %s: an entry would have up to %zu bytes, and no more than %zu go in", kind->word,
		         bytes, kind->max);
		err_hint(e, "fewer --shares, or --split: each share is then an entry of its own");
	}
	return e->kind ? -1 : 0;
}

/* PGP messages are as long as their keys: init_check_pgp. */
static int check_sizes(const struct init_world *in, struct err *e)
{
	size_t largest;

	if (in->options.pgp_keys)
		return 0;
	if (custody_largest(in->boot.want, in->entries, in->n_entries, (size_t)in->options.shares, INIT_SHARE_BYTES, false, &largest,
	                    e) < 0)
		return -1;
	return init_check_size(in, largest, e);
}

/* ---- what is kept in files ---- */

/* gpg looks at each once, however many files are encrypted to it. */
static struct pgp_key *key_at(struct init_world *in, const char *option, const char *path, struct err *e)
{
	struct pgp_key *key = &in->pgp[in->n_keys];

	for (size_t i = in->n_pgp; i < in->n_keys; i++)
		if (text_same(in->pgp[i].path, path))
			return &in->pgp[i];
	if (custody_file_read_key(key, in->boot.mem, in->boot.host, option, path, e) < 0)
		return NULL;
	in->n_keys++;
	return key;
}

static int take_recipients(struct init_world *in, struct custody_file *f, const char *option, const char *const *texts,
                           struct err *e)
{
	f->by = custody_recipients_by(texts);
	custody_file_place_in(f, in->boot.mem, in->options.folder);
	if (custody_file_recipients(option, texts, &f->to, e) < 0)
		return -1;
	for (size_t i = 0; f->by == BY_GPG && texts[i]; i++) {
		f->to.keys[i] = key_at(in, option, texts[i], e);
		if (!f->to.keys[i])
			return -1;
		f->to.n_keys++;
	}
	return 0;
}

static int add_file(struct init_world *in, const struct custody_entry *entry, size_t number, struct err *e)
{
	const struct init_options *o = &in->options;
	const char *one[] = { o->split && !entry->root ? o->recipients[number] : NULL, NULL };
	struct custody_file *f = &in->files[in->n_files++];

	*f = (struct custody_file){ .entry = entry };
	if (one[0] ? take_recipients(in, f, "--recipient", one, e) < 0 :
	    entry->root && o->root_recipients ? take_recipients(in, f, "--root-recipient", o->root_recipients, e) < 0 :
	    take_recipients(in, f, "--recipient", o->recipients, e) < 0)
		return -1;
	return custody_file_find(f, in->boot.host, e);
}

static int add_message(struct init_world *in, const struct custody_entry *entry, struct err *e)
{
	struct custody_file *f = &in->files[in->n_files++];

	*f = (struct custody_file){ .entry = entry, .by = BY_VAULT };
	custody_file_place_in(f, in->boot.mem, in->options.folder);
	return custody_file_find(f, in->boot.host, e);
}

static int take_files(struct init_world *in, struct err *e)
{
	bool file = init_chosen(&in->options, "file"), pgp = init_chosen(&in->options, "pgp");
	size_t n;
	const struct custody_entry *messages = custody_entries(in->boot.mem, (size_t)in->options.shares, true, &n);

	in->in_files = file || pgp;
	in->files = ARENA_ARRAY(in->boot.mem, struct custody_file, in->n_entries + n);
	for (size_t i = 0; file && i < in->n_entries; i++)
		if (add_file(in, &in->entries[i], i, e) < 0)
			return -1;
	for (size_t i = 0; pgp && i < n; i++)
		if (add_message(in, &messages[i], e) < 0)
			return -1;
	return 0;
}

/* All keys that cannot be read at once. */
static int take_pgp(struct init_world *in, struct err *e)
{
	const struct init_options *o = &in->options;
	size_t n = init_chosen(o, "pgp") ? (size_t)o->shares + 1 : 0;

	in->pgp = ARENA_ARRAY(in->boot.mem, struct pgp_key, n + 2 * AGE_RECIPIENTS_MAX);
	in->pgp_home = arena_printf(in->boot.mem, "%s.gpg", spool_path(in->boot.mem, in->boot.host, in->boot.want));
	for (size_t i = 0; i < n; i++) {
		bool root = i + 1 == n;
		const char *option = root ? "--root-pgp-key" : "--pgp-key";
		AUTO(err) struct err why = {0};

		if (pgp_read_file(&in->pgp[i], in->boot.mem, in->boot.host, root ? o->root_pgp_key : o->pgp_keys[i], &why) < 0)
			err_also(e, ERR_USAGE, "%s: %s", option, why.text);
		in->pgp[i].option = option;
	}
	in->n_pgp = in->n_keys = n;
	return e->kind ? -1 : 0;
}

int init_prepare(struct init_world *in, struct world *w, const struct boot_options *boot,
                 const struct init_options *options, struct err *e)
{
	*in = (struct init_world){ .world = w, .options = *options,
	                           .role = { .session = "helm-vault-aws-init", .undone = "nothing was initialised" } };
	if (boot_init(&in->boot, w, boot, e) < 0 || check_names(in->boot.want, e) < 0)
		return -1;
	if (!in->boot.kube && !in->boot.options.vault_addr)
		return err_set(e, ERR_CONFIG, 0, "neither a cluster nor --vault-addr is known");
	assume_facts(in);
	take_entries(in);
	take_stores(in);
	if (take_copies(in, e) < 0 || check_sizes(in, e) < 0 || take_pgp(in, e) < 0 || take_files(in, e) < 0)
		return -1;
	return spool_read(&in->spool, w->mem, w->host, spool_path(w->mem, w->host, in->boot.want), e);
}

void init_release(struct init_world *in)
{
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&in->values[i]);
	for (size_t i = 0; i < in->n_files; i++)
		custody_file_release(&in->files[i]);
	for (size_t i = in->n_pgp; i < in->n_keys; i++)
		pgp_forget_key(&in->pgp[i], in->boot.host);
	if (in->n_keys)
		pgp_tidy(in->boot.host, in->pgp_home);
	secret_release(&in->data_key);
	secret_release(&in->probe);
	vault_role_release(&in->role);
	boot_release(&in->boot);
}
