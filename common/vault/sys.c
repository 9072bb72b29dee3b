#include "vault/sys.h"

#include "core/text.h"
#include "formats/json.h"

enum { ERRORS_SHOWN = 300 };

static int parse(struct arena *a, const struct reply *reply, const struct value **out, struct err *e)
{
	struct value *v = NULL;

	if (buf_whole(&reply->body, "Vault's reply", e) < 0)
		return -1;
	if (reply->body.n > 0 && va_json_parse(a, buf_bytes(&reply->body), NULL, &v, e) < 0) {
		e->kind = ERR_REMOTE;
		e->status = reply->status;
		return err_while(e, "what came (%d) is no answer of Vault's", reply->status);
	}
	*out = v;
	return 0;
}

/* {"errors": ["...", ...]} on one line. */
static const char *errors_of(struct arena *a, const struct value *v)
{
	const struct value *list = value_get(v, "errors");
	AUTO(buf) struct buf out = BUF_MAX(ERRORS_SHOWN);

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++) {
		struct view text = view_text(value_text_or(list->items[i], "", ""));

		if (text.n > ERRORS_SHOWN / 2)
			text.n = ERRORS_SHOWN / 2;
		buf_text(&out, i ? "; " : ": ");
		buf_view(&out, text);
	}
	for (char *c = out.p; c && *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return arena_text(a, buf_str(&out));
}

int vault_read(struct arena *a, const struct reply *reply, const struct value **out, struct err *e)
{
	const struct value *v = NULL;
	enum err_kind kind = reply->status == 403 ? ERR_DENIED : reply->status == 404 ? ERR_ABSENT : ERR_REMOTE;

	if (parse(a, reply, &v, e) < 0)
		return -1;
	if (reply->status < 200 || reply->status > 299)
		return err_set(e, kind, reply->status, "Vault says %d%s", reply->status, errors_of(a, v));
	*out = v;
	return 0;
}

int vault_seal_status_read(struct arena *a, const struct reply *reply, struct vault_seal_status *out, struct err *e)
{
	const struct value *v = NULL;
	struct vault_seal_status s = { 0 };

	if (vault_read(a, reply, &v, e) < 0 || value_bool(v, "initialized", &s.initialized, e) < 0 ||
	    value_bool(v, "sealed", &s.sealed, e) < 0)
		return -1;
	s.migration = value_bool_or(v, "migration", false);
	s.recovery_seal = value_bool_or(v, "recovery_seal", false);
	s.threshold = value_int_or(v, "t", 0);
	s.shares = value_int_or(v, "n", 0);
	s.progress = value_int_or(v, "progress", 0);
	s.nonce = value_text_or(v, "nonce", "");
	s.type = value_text_or(v, "type", NULL);
	s.storage_type = value_text_or(v, "storage_type", NULL);
	s.version = value_text_or(v, "version", NULL);
	s.cluster_id = value_text_or(v, "cluster_id", NULL);
	*out = s;
	return 0;
}

int vault_health_read(struct arena *a, const struct reply *reply, struct vault_health *out, struct err *e)
{
	const struct value *v = NULL;
	struct vault_health h = { .status = reply->status };

	if (parse(a, reply, &v, e) < 0)
		return -1;
	if (!value_get(v, "initialized"))
		return err_set(e, ERR_REMOTE, reply->status, "Vault says %d%s", reply->status, errors_of(a, v));
	if (value_bool(v, "initialized", &h.initialized, e) < 0 || value_bool(v, "sealed", &h.sealed, e) < 0)
		return -1;
	h.standby = value_bool_or(v, "standby", false);
	h.version = value_text_or(v, "version", NULL);
	h.cluster_id = value_text_or(v, "cluster_id", NULL);
	h.server_time_s = value_int_or(v, "server_time_utc", 0);
	*out = h;
	return 0;
}

int vault_leader_read(struct arena *a, const struct reply *reply, struct vault_leader *out, struct err *e)
{
	const struct value *v = NULL;
	struct vault_leader l = { 0 };

	if (vault_read(a, reply, &v, e) < 0 || value_bool(v, "ha_enabled", &l.ha_enabled, e) < 0)
		return -1;
	l.is_self = value_bool_or(v, "is_self", false);
	l.address = value_text_or(v, "leader_address", NULL);
	if (text_empty(l.address))
		l.address = NULL;
	*out = l;
	return 0;
}

bool vault_wants_tls(const struct reply *reply)
{
	return reply->status == 400 && view_starts(buf_bytes(&reply->body), "Client sent an HTTP request to an HTTPS server");
}
