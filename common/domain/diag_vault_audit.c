/* vault: the audit devices, which only a token may read. The token is read where it is used, and kept nowhere. */
#include "domain/diag_vault.h"

#include "core/text.h"

enum { TOKEN_MAX = 4096 };

/* Where a token may be, in this order; the environment's own holds it, the others name a file. */
static int read_token(const struct diag *d, struct buf *out, struct err *e)
{
	const char *given = host_env(d->host, "VAULT_TOKEN");
	AUTO(text) char *path = NULL;

	if (!d->options.token_file && given) {
		buf_text(out, given);
		return 0;
	}
	path = host_path(d->host, d->options.token_file ? d->options.token_file : "~/.vault-token");
	if (host_read_file(d->host, path, out, e) == 0)
		return buf_whole(out, "the token", e);
	if (e->kind == ERR_ABSENT && !d->options.token_file)
		err_set(e, ERR_AUTH, 0, "takes a token of Vault's, and there is none");
	err_hint(e, "give one by VAULT_TOKEN or ~/.vault-token; its policy must allow read and sudo on sys/audit");
	return -1;
}

static const struct vault_server *active_server(const struct diag *d)
{
	const struct diag_vault *v = diag_vault(d);

	for (size_t i = 0; v && i < v->n; i++)
		if (v->at[i].health_read && v->at[i].health.status == VAULT_ACTIVE)
			return &v->at[i];
	return NULL;
}

bool vault_audit_due(const void *world, size_t item)
{
	const struct diag *d = world;

	(void)item;
	return d->options.token_given && active_server(d) != NULL;
}

/* To a server that nobody has verified goes no token. */
static int verified_tls(const struct diag *d, struct request *rq, struct tls **out, struct err *e)
{
	const char *path = host_env(d->host, "VAULT_CACERT"), *name = host_env(d->host, "VAULT_TLS_SERVER_NAME");
	AUTO(buf) struct buf pem = BUF_MAX(1 << 20);

	*out = NULL;
	if (!vault_by_tls(d))
		return 0;
	if (!path) {
		err_set(e, ERR_AUTH, 0, "the token is sent only to a Vault whose certificate is verified");
		err_hint(e, "name its authority by VAULT_CACERT, and the name in it by VAULT_TLS_SERVER_NAME");
		return -1;
	}
	if (host_read_file(d->host, path, &pem, e) < 0)
		return err_while(e, "VAULT_CACERT");
	*out = ARENA_NEW(d->mem, struct tls);
	(*out)->ca_pem = view_of(arena_view(d->mem, buf_bytes(&pem)), pem.n);
	(*out)->server_name = name ? name : "127.0.0.1";
	(void)rq;
	return 0;
}

int vault_ask_audit(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct diag *d = world;
	struct buf token = BUF_MAX(TOKEN_MAX);
	struct tls *tls;
	struct view text;
	int result = -1;

	(void)item;
	if (read_token(d, &token, e) == 0 && verified_tls(d, rq, &tls, e) == 0) {
		text = view_trim(buf_bytes(&token));
		result = kube_ask_pod(&active_server(d)->port, rq, "GET", tls ? "https" : "http", "/v1/sys/audit", tls, e);
	}
	if (result == 0)
		request_header(rq, "X-Vault-Token", arena_view(&rq->mem, text));
	buf_wipe(&token);
	return result;
}

enum heard vault_hear_audit(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct diag *d = world;
	struct diag_vault *v = diag_part(d, DIAG_VAULT, sizeof(*v));
	const struct value *body;

	(void)item;
	if (vault_read(d->mem, reply, &body, e) < 0) {
		if (e->kind == ERR_DENIED)
			err_hint(e, "read and sudo on sys/audit in Vault");
		err_while(e, "reading the audit devices");
		return HEARD_REFUSED;
	}
	return value_map(body, "data", &v->audit, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}
