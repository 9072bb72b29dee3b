/*
 * credential_process: a program of the user's that prints credentials as JSON.
 * It is run without a shell, its line split as a shell would split it. Facts:
 * AWS SDKs and Tools Reference Guide, feature-process-credentials.
 */
#include "aws/chain.h"
#include "aws/words.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"

#include <inttypes.h>

enum { PROCESS_TIMEOUT_MS = 300000 }; /* it may ask its user something */

struct process_world {
	const char *const *argv;
	const char *profile;
	struct credentials *out;
};

static int ask_process(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct process_world *w = world;

	(void)item;
	(void)e;
	request_child(rq, w->argv);
	rq->label = "credential_process";
	rq->timeout_ms = PROCESS_TIMEOUT_MS;
	rq->input_shared = true;
	rq->out = rq->talk = CHILD_CAPTURED;
	return 0;
}

/* The parser's own text could quote what it stumbled over, so it is not shown. */
static int read_output(struct process_world *w, struct arena *mem, const struct reply *reply,
					   struct err *e)
{
	AUTO(text) char *source = xasprintf("credential_process of the profile '%s'", w->profile);
	const char *key_id, *secret_key, *token, *expires;
	int64_t version, expires_ms = 0;
	struct value *v;

	if (va_json_parse(mem, buf_bytes(&reply->body), NULL, &v, e) < 0)
		return err_set(e, ERR_AUTH, 0, "it did not print JSON");
	if (value_int(v, "Version", &version, e) < 0)
		return -1;
	if (version != 1)
		return err_set(e, ERR_AUTH, 0, "it printed Version %" PRId64 ", and 1 is what is known",
					   version);
	if (value_text(v, "AccessKeyId", &key_id, e) < 0 ||
		value_text(v, "SecretAccessKey", &secret_key, e) < 0)
		return -1;
	token = value_text_or(v, "SessionToken", NULL);
	expires = value_text_or(v, "Expiration", NULL);
	if (expires && iso8601_parse(view_text(expires), &expires_ms, e) < 0)
		return err_while(e, "Expiration");
	return credentials_fill(w->out, key_id, view_text(secret_key), view_text(token), expires_ms,
							source, e);
}

static enum heard hear_process(void *world, size_t item, const struct reply *reply, struct err *e)
{
	AUTO(wiped_arena) struct arena mem = ARENA_INIT;
	struct process_world *w = world;
	struct view talk = view_trim(buf_bytes(&reply->talk));

	(void)item;
	if (reply->status != 0) {
		err_set(e, ERR_AUTH, reply->status, "it ended with status %d%s%.*s", reply->status,
				talk.n ? ": " : "", (int)talk.n, talk.n ? talk.p : "");
		return HEARD_REFUSED;
	}
	if (read_output(w, &mem, reply, e) < 0) {
		e->kind = ERR_AUTH;
		return HEARD_REFUSED;
	}
	return HEARD_DONE;
}

int find_process(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	static const struct step row = { .name = "credential_process",
									 .ask = ask_process,
									 .hear = hear_process };
	const char *command = chain_get(c, "credential_process");
	AUTO(wiped_arena) struct arena mem = ARENA_INIT;
	struct process_world w = { .profile = c->profile, .out = out };
	struct loop loop = {
		.transport = c->transport, .host = c->aws->host, .max_attempts = 1, .to = &w
	};

	if (!command) {
		buf_printf(why, "none in '%s'", c->profile);
		return 0;
	}
	if (words_split(&w.argv, &mem, command, e) < 0)
		return err_while(e, "credential_process of the profile '%s'", c->profile);
	if (loop_ask(&loop, &row, &w, e) < 0)
		return err_while(e, "running '%s' for the profile '%s'", w.argv[0], c->profile);
	return 1;
}
