#include "domain/pgp.h"

#include "core/digest.h"
#include "core/text.h"

#include <stdlib.h>

enum { FIELDS = 12, TYPE = 0, VALIDITY = 1, BITS = 2, FIELD_USER = 9, CAPABILITIES = 11, PACKETS = 256, SHOWN = 200 };

/* Armoured, or by the tag of its first packet (RFC 4880, 4.2 and 4.3). gpg would start an agent for one. */
static bool is_secret(struct view text)
{
	unsigned char first = (unsigned char)text.p[0];

	return memmem(text.p, text.n, "PRIVATE KEY BLOCK", 17) || (first & 0xfc) == 0x94 || first == 0xc5;
}

int pgp_read_file(struct pgp_key *key, struct arena *a, const struct host *host, const char *path, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(PGP_KEY_MAX);
	AUTO(err) struct err why = {0};

	if (host_read_file(host, path, &text, &why) < 0)
		return err_set(e, ERR_USAGE, 0, "%s", why.text);
	if (view_trim(buf_bytes(&text)).n == 0)
		return err_set(e, ERR_USAGE, 0, "'%s' is empty", path);
	if (is_secret(buf_bytes(&text))) {
		buf_wipe(&text);
		return err_set(e, ERR_USAGE, 0, "'%s' is a secret key: only the public one may leave its owner", path);
	}
	*key = (struct pgp_key){ .path = arena_text(a, path), .given = view_of(arena_view(a, buf_bytes(&text)), text.n) };
	return 0;
}

/*
 * With "always" in place of "direct" gpg 2.2 does not say of a key that has expired or was revoked what it is, but ends: it looks
 * for a trust database then, which only another model makes.
 */
static void ask(struct request *rq, const struct pgp_key *key, const char *home, const char *how, const char *label)
{
	const char *argv[] = { "gpg", "--batch", "--no-options", "--no-tty", "--no-autostart", "--homedir", home, "--no-keyring", "--trust-model",
	                       "direct", "--no-auto-check-trustdb", "--with-colons", how, NULL };

	request_child(rq, argv);
	rq->input = key->given;
	rq->label = label;
}

void pgp_ask_show(struct request *rq, const struct pgp_key *key, const char *home)
{
	ask(rq, key, home, "--show-keys", "gpg:show-keys");
}

void pgp_ask_bytes(struct request *rq, const struct pgp_key *key, const char *home)
{
	ask(rq, key, home, "--dearmor", "gpg:dearmor");
}

/* What gpg says went wrong, in one line. */
static const char *complaint(struct arena *a, const struct reply *reply)
{
	struct view rest = view_trim(buf_bytes(&reply->talk)), line = view_cut(&rest, '\n');

	if (line.n > SHOWN)
		line.n = SHOWN;
	return line.n ? arena_view(a, line) : arena_printf(a, "gpg ended with %d", reply->status);
}

/* ---- what it is ---- */

struct record {
	struct view fields[FIELDS];
};

static struct record record_of(struct view line)
{
	struct record r = {0};

	for (size_t i = 0; i < FIELDS && line.p; i++)
		r.fields[i] = view_cut(&line, ':');
	return r;
}

/* Lower-case capabilities are of the record itself, capital ones of the whole key. */
static bool can(const struct record *r, char capability)
{
	struct view v = r->fields[CAPABILITIES];

	return v.n && memchr(v.p, capability, v.n);
}

static bool spoiled(const struct record *r)
{
	struct view v = r->fields[VALIDITY];

	return v.n && strchr("irend", v.p[0]);
}

static const char *what_is_wrong(const struct record *r)
{
	struct view v = r->fields[VALIDITY];

	switch (v.n ? v.p[0] : '-') {
	case 'r':
		return "it was revoked";
	case 'e':
		return "it has expired";
	case 'i':
	case 'd':
	case 'n':
		return "gpg does not take it for valid";
	}
	return can(r, 'E') ? NULL : "nothing can be encrypted to it";
}

static void take_bits(struct pgp_key *key, struct arena *a, const struct record *r)
{
	int64_t bits = can(r, 'e') && !spoiled(r) ? strtoll(arena_view(a, r->fields[BITS]), NULL, 10) : 0;

	if (bits > key->bits)
		key->bits = bits;
}

static void take_record(struct pgp_key *key, struct arena *a, const struct record *r, size_t *keys)
{
	struct view type = r->fields[TYPE];

	if (view_is(type, "sec")) {
		key->wrong = "it is a secret key: only the public one may leave its owner";
	} else if (view_is(type, "pub")) {
		if (++*keys == 1 && !key->wrong)
			key->wrong = what_is_wrong(r);
		take_bits(key, a, r);
	} else if (view_is(type, "sub")) {
		take_bits(key, a, r);
	} else if (view_is(type, "fpr") && !key->fingerprint) {
		key->fingerprint = arena_view(a, r->fields[FIELD_USER]);
	} else if (view_is(type, "uid") && !key->user && r->fields[FIELD_USER].n) {
		key->user = arena_view(a, r->fields[FIELD_USER]);
	}
}

void pgp_read_colons(struct pgp_key *key, struct arena *a, struct view text)
{
	size_t keys = 0;

	while (text.p) {
		struct record r = record_of(view_cut(&text, '\n'));

		take_record(key, a, &r, &keys);
	}
	if (key->wrong)
		return;
	if (keys == 0)
		key->wrong = "there is no public key in it";
	else if (keys > 1)
		key->wrong = arena_printf(a, "there are %zu keys in it: one is wanted", keys);
	else if (text_empty(key->fingerprint) || key->bits <= 0)
		key->wrong = "gpg does not say what can be encrypted to";
}

void pgp_hear_show(struct pgp_key *key, struct arena *a, const struct reply *reply)
{
	if (reply->status)
		key->wrong = complaint(a, reply);
	else
		pgp_read_colons(key, a, buf_bytes(&reply->body));
}

void pgp_hear_bytes(struct pgp_key *key, struct arena *a, const struct reply *reply)
{
	AUTO(buf) struct buf text = BUF_MAX(2 * PGP_KEY_MAX);

	if (reply->status || reply->body.n == 0) {
		key->wrong = complaint(a, reply);
		return;
	}
	base64_print(&text, buf_bytes(&reply->body));
	key->base64 = arena_text(a, buf_str(&text));
}

/* A session key under the public key, and the data beside headers and a digest (RFC 4880, 5.1 and 5.13). */
size_t pgp_message_max(const struct pgp_key *key, size_t bytes)
{
	return (size_t)key->bits / 8 + bytes + PACKETS;
}
