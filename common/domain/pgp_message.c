#include "domain/pgp_message.h"

#include "core/digest.h"
#include "core/text.h"

enum { MESSAGE_MAX = 128 << 10, ARGS_MAX = 64, SHOWN = 200 };

#define WHAT_TO_INSTALL "install GnuPG: the package 'gnupg' has it"

int pgp_place_key(struct pgp_key *key, struct arena *a, const struct host *host, const char *home, const char *run,
                  struct err *e)
{
	key->placed = arena_printf(a, "%s/%s-%s.pgp", home, run, key->fingerprint);
	if (host_write_file(host, key->placed, key->given, 0600, e) < 0)
		return err_while(e, "giving gpg the key '%s'", key->path);
	return 0;
}

void pgp_forget_key(const struct pgp_key *key, const struct host *host)
{
	AUTO(err) struct err ignored = {0};

	if (key->placed && host_remove_file(host, key->placed, &ignored) < 0)
		err_release(&ignored);
}

void pgp_tidy(const struct host *host, const char *home)
{
	static const char *const names[] = { "note", "trustdb.gpg" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO(text) char *path = xasprintf("%s/%s", home, names[i]);
		AUTO(err) struct err ignored = {0};

		if (host_remove_file(host, path, &ignored) < 0)
			err_release(&ignored);
	}
}

void pgp_ask_message(struct request *rq, struct pgp_key *const *to, size_t n, const char *home, struct view plain)
{
	const char *argv[ARGS_MAX] = {
		"gpg", "--batch", "--no-options", "--no-tty", "--no-autostart", "--homedir", home, "--no-keyring", "--trust-model", "always",
		"--no-auto-check-trustdb", "--no-random-seed-file", "--disable-dirmngr", "--output", "-", "--encrypt",
	};
	size_t at = 0;

	while (argv[at])
		at++;
	for (size_t i = 0; i < n && at + 3 < ARGS_MAX; i++) {
		argv[at++] = "--recipient-file";
		argv[at++] = to[i]->placed;
	}
	request_child(rq, argv);
	rq->input = view_of(arena_view(&rq->mem, plain), plain.n);
	rq->label = "gpg:encrypt";
}

/* The last line is the one that says why. */
static struct err *refuse(struct err *e, enum err_kind kind, const struct reply *reply)
{
	struct view rest = view_trim(buf_bytes(&reply->talk)), line = rest;

	while (rest.p && rest.n)
		line = view_cut(&rest, '\n');
	if (line.n > SHOWN)
		line.n = SHOWN;
	if (line.n)
		err_set(e, kind, 0, "%.*s", (int)line.n, line.p);
	else
		err_set(e, kind, 0, "gpg ended with %d", reply->status);
	return e;
}

/* It begins with a session key for one of the recipients (RFC 4880, 5.1): packet 1, of the old or the new format. */
static bool is_message(struct view bytes)
{
	unsigned char first = bytes.n ? (unsigned char)bytes.p[0] : 0;

	return (first & 0xfc) == 0x84 || first == 0xc1;
}

int pgp_hear_message(struct arena *a, const struct reply *reply, const char **message, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(2 * MESSAGE_MAX);

	if (reply->status) {
		refuse(e, ERR_REMOTE, reply);
		return -1;
	}
	if (!is_message(buf_bytes(&reply->body)))
		return err_set(e, ERR_REMOTE, 0, "gpg made no message");
	base64_print(&text, buf_bytes(&reply->body));
	if (buf_whole(&text, "the message of gpg", e) < 0)
		return -1;
	*message = arena_text(a, buf_str(&text));
	return 0;
}

void pgp_ask_open(struct request *rq, struct view message)
{
	static const char *const argv[] = { "gpg", "--batch", "--quiet", "--output", "-", "--decrypt", NULL };

	request_child(rq, argv);
	rq->input = message;
	rq->body_max = MESSAGE_MAX;
	rq->label = "gpg:decrypt";
}

int pgp_hear_open(const struct reply *reply, struct secret *plain, struct err *e)
{
	if (reply->status) {
		refuse(e, ERR_DENIED, reply);
		return -1;
	}
	secret_release(plain);
	secret_set(plain, buf_bytes(&reply->body));
	return 0;
}

void pgp_tell_missing(struct err *e)
{
	AUTO(err) struct err why = {0};

	err_move(&why, e);
	err_set(e, ERR_USAGE, 0, "gpg is needed (%s)", why.text);
	err_hint(e, WHAT_TO_INSTALL);
}
