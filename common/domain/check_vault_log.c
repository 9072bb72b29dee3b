/* vault: what the servers' logs say, mapped to cause and fix. */
#include "domain/check_vault.h"

#include "core/text.h"

enum {
	FRESH_MS = 120000,       /* a line of a fault that comes each minute is from within this */
	STEADY_MS = 15000,       /* good news outdates what is older by so much: some faults begin with them, each 2 s */
	SHOWN = 700
};

/* The latest good news of the log; 0: none with a time. */
static int64_t good_ms(const struct server_log *log)
{
	for (size_t i = log->n; i-- > 0;)
		if (log->at[i].row && log->at[i].row->kind == LOG_GOOD)
			return log->at[i].at_ms;
	return 0;
}

/* The latest record of this kind that good news have not outdated; NULL: none. */
static const struct log_record *latest(const struct server_log *log, enum log_kind kind)
{
	int64_t good = good_ms(log);

	for (size_t i = log->n; i-- > 0;) {
		const struct log_record *r = &log->at[i];

		if (r->at_ms && good && r->at_ms + STEADY_MS < good)
			return NULL;
		if (r->row && r->row->kind == kind)
			return r;
	}
	return NULL;
}

static const struct log_record *why_closed(const struct vault_server *s)
{
	const struct log_record *r = latest(&s->log, LOG_STOPS);

	return r ? r : latest(&s->log_before, LOG_STOPS);
}

/* The servers' time, or ours: a kubelet's stamp is compared with it. */
static int64_t now_ms(const struct diag *d, const struct vault_server *s)
{
	return s->health_read && s->health.server_time_s ? s->health.server_time_s * 1000 : host_wall_ms(d->host);
}

static const struct log_record *why_troubled(const struct diag *d, const struct vault_server *s)
{
	const struct log_record *r = latest(&s->log, LOG_RUNS);

	return r && r->at_ms && now_ms(d, s) - r->at_ms < FRESH_MS && r->at_ms >= good_ms(&s->log) ? r : NULL;
}

/* ---- filling in names ---- */

static const char *value_of(const struct diag *d, const struct vault_server *s, struct view name)
{
	const struct { const char *name, *value; } rows[] = {
		{ "namespace", d->release.namespace_ }, { "release", d->release.name }, { "fullname", d->release.fullname },
		{ "pod", s->name }, { "account", d->release.service_account }, { "table", diag_table_name(d) },
		{ "table_region", diag_table_region(d) }, { "key", diag_key_id(d) }, { "key_region", diag_key_region(d) },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (view_is(name, rows[i].name))
			return rows[i].value ? rows[i].value : "";
	return "";
}

/* {name} becomes its value; as a word of a shell where the text is one. */
static const char *filled(const struct diag *d, struct finding *f, const struct vault_server *s, const char *text, bool shell)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 14);
	struct view rest = view_text(text);

	while (rest.p) {
		struct view plain = view_cut(&rest, '{'), name;
		const char *value;

		buf_view(&out, plain);
		if (!rest.p)
			break;
		name = view_cut(&rest, '}');
		value = value_of(d, s, name);
		buf_text(&out, shell ? shell_word(f->mem, value) : value);
	}
	return arena_text(f->mem, buf_str(&out));
}

/* ---- judging ---- */

static void tell(const struct diag *d, struct finding *f, const struct vault_server *s, const struct log_record *r,
                 const char *names)
{
	size_t n = strlen(r->text);

	found(f, "%s: %s", names, filled(d, f, s, r->row->cause, false));
	evidence(f, "line", "%.*s%s", n > SHOWN ? SHOWN : (int)n, r->text, n > SHOWN ? " ..." : "");
	evidence(f, "known as", "%s", r->row->id);
	if (r->row->fix)
		fix(f, "%s", filled(d, f, s, r->row->fix, true));
}

/* Those whose log says this row too, and evidence of what else there is. */
static const char *names_with(const struct diag *d, struct finding *f, const struct log_row *row,
                              const struct log_record *const *records)
{
	const struct diag_vault *v = diag_vault(d);
	const char *names = NULL;

	for (size_t i = 0; i < v->n; i++) {
		if (records[i] && records[i]->row == row)
			names = vault_and(f, names, v->at[i].name);
		else if (records[i])
			evidence(f, v->at[i].name, "%s", records[i]->row->cause);
	}
	return names;
}

/* The most special of the rows, which stands first in the table; false: there is none. */
static bool tell_first(const struct diag *d, struct finding *f, const struct log_record *const *records)
{
	const struct diag_vault *v = diag_vault(d);
	size_t best = v->n;

	for (size_t i = 0; i < v->n; i++)
		if (records[i] && (best == v->n || records[i]->row < records[best]->row))
			best = i;
	if (best == v->n)
		return false;
	tell(d, f, &v->at[best], records[best], names_with(d, f, records[best]->row, records));
	return true;
}

static bool none_read(const struct diag *d, struct finding *f)
{
	const struct diag_vault *v = diag_vault(d);
	const struct vault_server *first = NULL;

	for (size_t i = 0; v && i < v->n; i++) {
		if (v->at[i].log.read || v->at[i].log_before.read)
			return false;
		if (!first && v->at[i].log_why)
			first = &v->at[i];
	}
	unknown(f, first && first->log_why_kind == ERR_DENIED
	               ? arena_printf(f->mem, "get on pods/log in the namespace '%s'", d->release.namespace_) : NULL,
	        "%s", first ? first->log_why : "no container has logged anything yet");
	return true;
}

/*
 * Nobody serves while nobody leads, however unsealed; and what is not initialised has no fault that its log must tell.
 * Where nobody was heard the pod's readiness has to do, which is an unsealed Vault.
 */
static bool open_to_clients(const struct diag *d, const struct vault_server *s)
{
	const struct pod *p = pod_list_find(&d->pods, s->name);

	if (s->health_read || s->seal_read)
		return vault_serves(s) && vault_active(d) != NULL;
	return p && p->ready;
}

JUDGE(judge_vault_log)
{
	const struct diag_vault *v = diag_vault(d);
	const struct log_record *closed[VAULT_SERVERS_MAX] = { 0 }, *troubled[VAULT_SERVERS_MAX] = { 0 };
	size_t normal = 0;

	if (none_read(d, f))
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < v->n; i++) {
		const struct vault_server *s = &v->at[i];

		if (!open_to_clients(d, s))
			closed[i] = why_closed(s);
		troubled[i] = why_troubled(d, s);
		for (size_t k = 0; k < s->log.n; k++)
			normal += s->log.at[k].row && s->log.at[k].row->kind == LOG_NORMAL;
	}
	if (tell_first(d, f, closed))
		return VERDICT_FAIL;
	if (tell_first(d, f, troubled))
		return VERDICT_WARN;
	evidence(f, "normal lines", "%zu that look like trouble and are none", normal);
	found(f, "no known fault in the last %d lines of each log", VAULT_LOG_LINES);
	return VERDICT_PASS;
}
