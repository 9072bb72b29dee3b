/* The options of init: which go with which custody, all problems at once. */
#include "domain/init.h"

#include "core/text.h"

enum { SHARES_MAX = 255 };       /* vault, shamir.go: parts cannot exceed 255 */

bool init_chosen(const struct init_options *o, const char *kind)
{
	for (size_t i = 0; o->custody && o->custody[i]; i++)
		if (text_same(o->custody[i], kind))
			return true;
	return false;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static bool any_in_aws(const struct init_options *o)
{
	for (size_t i = 0; o->custody && o->custody[i]; i++) {
		const struct custody_kind *kind = custody_kind_of(o->custody[i]);

		if (kind && custody_in_aws(kind))
			return true;
	}
	return false;
}

/* ---- the kinds ---- */

static void hint_choices(struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(2048);

	for (size_t i = 0; i < CUSTODY_KINDS; i++)
		buf_printf(&text, "%s--custody %s (%s)", i ? ", " : "", custody_kinds[i].word, custody_kinds[i].where);
	err_hint(e, "%s", buf_str(&text));
}

static void check_word(const char *word, struct err *e)
{
	const char *words[CUSTODY_KINDS], *nearest;

	if (custody_kind_of(word))
		return;
	for (size_t i = 0; i < CUSTODY_KINDS; i++)
		words[i] = custody_kinds[i].word;
	nearest = text_nearest(word, words, CUSTODY_KINDS);
	err_also(e, ERR_USAGE, "--custody: there is no custody '%s'", word);
	if (nearest)
		err_hint(e, "did you mean '%s'?", nearest);
	else
		hint_choices(e);
}

static void check_twice(const char *option, const char *const *list, struct err *e)
{
	for (size_t i = 1; list && list[0] && list[i]; i++)
		for (size_t k = 0; k < i; k++)
			if (text_same(list[i], list[k])) {
				err_also(e, ERR_USAGE, "%s: '%s' is given twice", option, list[i]);
				break;
			}
}

static void check_custody(const struct init_options *o, struct err *e)
{
	if (count(o->custody) == 0) {
		err_also(e, ERR_USAGE, "where shall the recovery keys go? they are never printed, and --custody was not given");
		hint_choices(e);
		return;
	}
	for (size_t i = 0; o->custody[i]; i++)
		check_word(o->custody[i], e);
	check_twice("--custody", o->custody, e);
}

/* ---- what goes with which of them, and what each needs ---- */

/* The kinds that an option goes with, as one text: "secretsmanager, ssm or s3". */
static const char *const in_aws[] = { "secretsmanager", "ssm", "s3", NULL };
static const char *const in_files[] = { "file", "pgp", NULL };
static const char *const in_secrets[] = { "secretsmanager", NULL }, *const in_bucket[] = { "s3", NULL };
static const char *const for_age[] = { "file", NULL }, *const for_pgp[] = { "pgp", NULL };

struct rule {
	const char *option;
	bool given;
	const char *const *kinds;
	bool needed;
	const char *hint;                /* how it is given */
};

static bool all_known(const struct init_options *o)
{
	for (size_t i = 0; i < count(o->custody); i++)
		if (!custody_kind_of(o->custody[i]))
			return false;
	return count(o->custody) > 0;
}

static void check_rule(const struct rule *r, const struct init_options *o, struct err *e)
{
	AUTO(buf) struct buf all = BUF_MAX(256);
	const char *chosen = NULL;

	for (size_t i = 0; r->kinds[i]; i++) {
		buf_printf(&all, "%s%s", i == 0 ? "" : r->kinds[i + 1] ? ", " : " or ", r->kinds[i]);
		if (!chosen && init_chosen(o, r->kinds[i]))
			chosen = r->kinds[i];
	}
	if (r->given && !chosen && all_known(o)) {
		err_also(e, ERR_USAGE, "%s goes with --custody %s", r->option, buf_str(&all));
	} else if (r->needed && chosen && !r->given) {
		err_also(e, ERR_USAGE, "--custody %s: %s is missing", chosen, r->option);
		err_hint(e, "%s", r->hint);
	}
}

static void check_rules(const struct init_options *o, struct err *e)
{
	const struct rule rules[] = {
		{ "--custody-kms-key", !text_empty(o->custody_key), in_aws, true,
		  "--custody-kms-key KEY: an id, ARN or alias, not the seal key's" },
		{ "--custody-replica", count(o->copies), in_secrets, false, NULL },
		{ "--custody-bucket", !text_empty(o->bucket), in_bucket, true, "--custody-bucket BUCKET, with versioning on" },
		{ "--out", !text_empty(o->folder), in_files, true, "--out DIR, the folder that the files go to" },
		{ "--recipient", count(o->recipients), for_age, true, "age-keygen prints one: --recipient age1...; or --recipient FILE with a public key of PGP's" },
		{ "--root-recipient", count(o->root_recipients), for_age, o->split, "--root-recipient age1... or FILE: whom the root token goes to" },
		{ "--pgp-key", count(o->pgp_keys), for_pgp, true, "--pgp-key FILE for each of the shares: gpg --armor --export NAME" },
		{ "--root-pgp-key", !text_empty(o->root_pgp_key), for_pgp, true, "--root-pgp-key FILE: whom the root token goes to" },
		{ "--share-kms-key", count(o->share_keys), in_aws, false, NULL },
		{ "--share-reader", count(o->share_readers), in_aws, false, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		check_rule(&rules[i], o, e);
}

/* ---- shares ---- */

static void check_number(const char *option, const char *const *list, const struct init_options *o, struct err *e)
{
	size_t n = count(list);

	if (n && n != (size_t)o->shares)
		err_also(e, ERR_USAGE, "%s: %zu were given for %lld shares: one for each is needed", option, n, (long long)o->shares);
}

static void check_arn(const char *text, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err why = {0};
	struct arn arn;

	if (arn_parse(&a, text, &arn, &why) < 0 || !(text_same(arn.service, "iam") || text_same(arn.service, "sts")))
		err_also(e, ERR_USAGE, "--share-reader: '%s' is no ARN of a user or role", text);
}

/* Each share goes to somebody else, or the entries are only more of the same. */
static void check_split(const struct init_options *o, struct err *e)
{
	if (!o->split) {
		if (count(o->share_keys) || count(o->share_readers))
			err_also(e, ERR_USAGE, "--share-kms-key and --share-reader go with --split");
		return;
	}
	check_number("--share-kms-key", o->share_keys, o, e);
	check_number("--share-reader", o->share_readers, o, e);
	check_twice("--share-kms-key", o->share_keys, e);
	check_twice("--share-reader", o->share_readers, e);
	for (size_t i = 0; i < count(o->share_readers); i++)
		check_arn(o->share_readers[i], e);
	if (any_in_aws(o) && !count(o->share_keys) && !count(o->share_readers)) {
		err_also(e, ERR_USAGE, "--split: each share goes to another principal, and none was named");
		err_hint(e, "--share-reader ARN for each share, in their order, or --share-kms-key KEY, or both");
	}
	if (init_chosen(o, "file")) {
		check_number("--recipient", o->recipients, o, e);
		check_twice("--recipient", o->recipients, e);
	}
	if (count(o->copies))
		err_also(e, ERR_USAGE, "--custody-replica and --split do not go together: the copies would be under one key");
	if (o->threshold < 2)
		err_also(e, ERR_USAGE, "--split: with --threshold %lld each share alone is enough", (long long)o->threshold);
}

static void check_shares(const struct init_options *o, struct err *e)
{
	if (o->shares < 1 || o->shares > SHARES_MAX)
		err_also(e, ERR_USAGE, "--shares: %lld is not from 1 to %d", (long long)o->shares, SHARES_MAX);
	if (o->threshold < 1 || o->threshold > o->shares)
		err_also(e, ERR_USAGE, "--threshold: %lld is not from 1 to the %lld shares", (long long)o->threshold,
		         (long long)o->shares);
	else if (o->threshold == 1 && o->shares > 1)
		err_also(e, ERR_USAGE, "--threshold: 1 of %lld shares would make each of them enough; Vault takes 2 or more",
		         (long long)o->shares);
}

/* ---- copies ---- */

/* "REGION=KEY": a copy under a key of the region's own, since the account's default key lets everybody in. */
int init_read_copy(const char *text, struct arena *a, struct custody_copy *out, struct err *e)
{
	struct view rest = view_text(text), region = view_cut(&rest, '=');

	if (region.n == 0 || !rest.p || rest.n == 0) {
		err_also(e, ERR_USAGE, "--custody-replica: '%s' is not REGION=KEY", text);
		return -1;
	}
	if (out)
		*out = (struct custody_copy){ arena_view(a, region), arena_view(a, rest) };
	return 0;
}

static void check_copies(const struct init_options *o, struct err *e)
{
	size_t n = 0;

	for (; o->copies && o->copies[n]; n++) {
		size_t region = strcspn(o->copies[n], "=") + 1;

		if (init_read_copy(o->copies[n], NULL, NULL, e) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (strncmp(o->copies[i], o->copies[n], region) == 0)
				err_also(e, ERR_USAGE, "--custody-replica: '%.*s' is named twice", (int)region - 1, o->copies[n]);
	}
	if (n > INIT_COPIES_MAX)
		err_also(e, ERR_USAGE, "--custody-replica: %zu are more than %d", n, INIT_COPIES_MAX);
}

/* A recipient that cannot be is said here; how many there must be, elsewhere. */
static void check_recipients(const char *option, const char *const *list, const struct init_options *o, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (!init_chosen(o, "file") || !count(list) || custody_file_recipients(option, list, NULL, &why) == 0)
		return;
	err_hint(&why, "age-keygen prints one: %s age1...; or %s FILE with a public key of PGP's", option, option);
	err_append(e, &why);
}

static void check_keys(const char *option, const char *const *list, const struct host *host, struct arena *a, struct err *e)
{
	AUTO(err) struct err why = {0};
	struct pgp_key key;

	for (size_t i = 0; list && list[i]; i++)
		if (!custody_recipient_is_age(list[i]) && custody_file_read_key(&key, a, host, option, list[i], &why) < 0)
			err_append(e, &why);
}

int init_check_files(const struct init_options *o, const struct host *host, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	size_t n = init_chosen(o, "pgp") ? count(o->pgp_keys) : 0;

	for (size_t i = 0; i <= n; i++) {
		const char *path = i < n ? o->pgp_keys[i] : init_chosen(o, "pgp") ? o->root_pgp_key : NULL;
		AUTO(err) struct err why = {0};
		struct pgp_key key;

		if (path && pgp_read_file(&key, &a, host, path, &why) < 0)
			err_also(e, ERR_USAGE, "%s: %s", i < n ? "--pgp-key" : "--root-pgp-key", why.text);
	}
	if (init_chosen(o, "file")) {
		check_keys("--recipient", o->recipients, host, &a, e);
		check_keys("--root-recipient", o->root_recipients, host, &a, e);
	}
	return e->kind ? -1 : 0;
}

int init_check_options(const struct init_options *o, struct err *e)
{
	check_custody(o, e);
	check_rules(o, e);
	if (o->bucket)
		custody_check_bucket(o->bucket, e);
	check_copies(o, e);
	check_recipients("--recipient", o->recipients, o, e);
	check_recipients("--root-recipient", o->root_recipients, o, e);
	check_shares(o, e);
	if (init_chosen(o, "pgp")) {
		check_number("--pgp-key", o->pgp_keys, o, e);
		check_twice("--pgp-key", o->pgp_keys, e);
	}
	check_split(o, e);
	return e->kind ? -1 : 0;
}
