#include "domain/recover_note.h"

#include "core/text.h"
#include "domain/hear.h"
#include "formats/iso8601.h"
#include "formats/json.h"

enum { NOTE_MAX = 8192 };

static const char *const stages[] = { [NOTE_BEGUN] = "begun", [NOTE_STARTED] = "started", [NOTE_GIVING] = "giving" };

/* Cluster and region are not always known: a Vault by address, and shares that are typed. */
static const char *note_path(struct arena *a, const struct host *host, const struct want *want, const char *what)
{
	const char *state = host_env(host, "XDG_STATE_HOME");
	AUTO(text) char *base = state ? xstrdup(state) : host_path(host, "~/.local/state");

	return arena_printf(a, "%s/helm-vault-aws/%s/%s-%s-%s-%s.json", base, what, want->region ? want->region : "",
	                    want->cluster ? want->cluster : "", want->namespace_, want->release);
}

int note_read(struct recover_note *out, struct arena *a, const struct host *host, const struct want *want, const char *what,
              struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(NOTE_MAX);
	struct recover_note n = { .path = note_path(a, host, want, what) };
	const char *word;
	struct value *tree;

	*out = n;
	if (host_read_file(host, n.path, &text, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -1;
		err_release(e);
		return 0;
	}
	if (va_json_parse(a, buf_bytes(&text), n.path, &tree, e) < 0 || value_text(tree, "stage", &word, e) < 0 ||
	    value_text(tree, "since", &n.since, e) < 0)
		return err_while(e, "the note of an earlier run");
	for (size_t i = NOTE_BEGUN; i < COUNT_OF(stages); i++)
		if (text_same(word, stages[i]))
			n.stage = (enum note_stage)i;
	n.nonce = value_text_or(tree, "nonce", NULL);
	if (n.stage == NOTE_NONE || (n.stage > NOTE_BEGUN && !n.nonce))
		return err_set(e, ERR_CONFIG, 0, "'%s' is no note of an earlier run", n.path);
	*out = n;
	return 0;
}

int note_write(struct recover_note *n, struct arena *a, const struct host *host, enum note_stage stage, const char *nonce,
               struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(NOTE_MAX);
	char now[ISO8601_TEXT];

	if (stage == NOTE_BEGUN) {
		iso8601_print(host_wall_ms(host), now);
		n->since = arena_text(a, now);
	}
	va_json_print(&text, params_of(a, "stage", stages[stage], "since", n->since, "nonce", nonce, NULL), true);
	if (buf_whole(&text, "the note", e) < 0 || host_write_file(host, n->path, buf_bytes(&text), 0600, e) < 0)
		return err_while(e, "writing down how far this is");
	n->stage = stage;
	n->nonce = nonce;
	return 0;
}

int note_remove(struct recover_note *n, const struct host *host, struct err *e)
{
	n->stage = NOTE_NONE;
	return host_remove_file(host, n->path, e);
}
