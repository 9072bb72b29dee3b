/*
 * The proof that a store's login works, done from here as the operator does it:
 * a token of the store's service account for its audiences, given to its role.
 * It goes to the active server through a port-forward, and where that has TLS
 * only to one that the store's own caBundle verifies. What Vault gives for it is
 * revoked at once. What is refused is an answer, which eso-login judges.
 */
#include "domain/diag_eso.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "vault/sys.h"

enum { BODY_MAX = 64 << 10, CA_MAX = 256 << 10, VAULT_PORT = 8200 };

static struct eso_login *login_at(struct diag *d, size_t item)
{
	return &((struct diag_eso *)diag_part(d, DIAG_ESO, sizeof(struct diag_eso)))->login[item];
}

static const struct eso_login *login_of(const struct diag *d, size_t item)
{
	return &diag_eso(d)->login[item];
}

size_t eso_count_logins(const void *world)
{
	struct eso_store store;
	size_t n = 0;

	while (n < ESO_LOGINS_MAX && eso_store_at(world, n, &store))
		n++;
	return n;
}

bool eso_missed_login(void *world, size_t item, const struct err *why)
{
	struct diag *d = world;
	struct eso_login *login = login_at(d, item);

	if (!login->why)
		login->why = arena_text(d->mem, why->text);
	return true;
}

/* ---- a token of the service account ---- */

/* A mount's path may have slashes; what else would need encoding is none that Vault's own CLI makes. */
static bool is_plain_path(const char *text)
{
	return text && *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")];
}

bool eso_jwt_due(const void *world, size_t item)
{
	struct eso_store store;

	return eso_store_at(world, item, &store) && store.role && store.account && store.account_namespace &&
	    is_plain_path(store.mount);
}

int eso_ask_jwt(const void *world, size_t item, struct request *rq, struct err *e)
{
	struct eso_store store;

	if (!eso_store_at(world, item, &store))
		return err_set(e, ERR_BUG, 0, "there is no store %zu", item);
	return diag_ask_token(world, rq, store.account_namespace, store.account,
	                      value_count(store.audiences, NULL) ? store.audiences : NULL, e);
}

enum heard eso_hear_jwt(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct diag *d = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = d->mem;
	struct kube_answer answer;
	enum heard heard;

	d->mem = &scratch;      /* the answer holds a secret: it does not stay in the run's arena */
	heard = diag_hear_kube(d, reply, &answer, e, "asking for a token of the store's service account");
	d->mem = mem;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		login_at(d, item)->why = arena_printf(d->mem, "cannot get Kubernetes service account: %s", answer.message);
		return HEARD_DONE;
	}
	return kube_read_token(&answer, &login_at(d, item)->jwt, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

/* ---- the login ---- */

bool eso_login_due(const void *world, size_t item)
{
	return secret_held(&login_of(world, item)->jwt);
}

static const char *server_pod(const struct diag *d)
{
	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && text_same(object_label(d->pods.at[i].object, "vault-active"), "true"))
			return d->pods.at[i].name;
	return d->pods.n ? d->pods.at[0].name : NULL;
}

static int trust(struct diag *d, const struct eso_store *store, struct tls *out, struct err *e)
{
	const char *bundle = value_text_or(store->object, "spec.provider.vault.caBundle", NULL);
	struct buf pem = BUF_MAX(CA_MAX);
	struct uri server;
	int result = -1;

	if (!bundle)
		err_set(e, ERR_AUTH, 0, "the store keeps its authority in a Secret or ConfigMap, so the server cannot be verified "
		    "from here");
	else if (uri_parse(d->mem, store->server, &server, e) == 0 && base64_parse(&pem, view_text(bundle), e) == 0) {
		out->ca_pem = view_of(arena_view(d->mem, buf_bytes(&pem)), pem.n);
		out->server_name = server.host;
		result = 0;
	}
	buf_release(&pem);
	return result;
}

int eso_prepare_login(void *world, size_t item, struct err *e)
{
	struct diag *d = world;
	struct eso_login *login = login_at(d, item);
	struct eso_store store;
	const char *pod = server_pod(d);

	if (!pod || !eso_store_at(d, item, &store))
		return err_set(e, ERR_ABSENT, 0, "there is no pod of Vault to log in to");
	kube_pod_port_init(&login->port, d->mem, d->kube, d->release.namespace_, pod, VAULT_PORT);
	return text_starts(store.server, "https:") ? trust(d, &store, &login->tls, e) : 0;
}

static int ask_vault(const struct diag *d, size_t item, struct request *rq, const char *path, struct err *e)
{
	const struct eso_login *login = login_of(d, item);
	bool tls = login->tls.ca_pem.n > 0;

	return kube_ask_pod(&login->port, rq, "POST", tls ? "https" : "http", path, tls ? &login->tls : NULL, e);
}

int eso_ask_login(const void *world, size_t item, struct request *rq, struct err *e)
{
	AUTO(wiped) struct buf body = BUF_MAX(BODY_MAX);
	struct eso_store store;

	if (!eso_store_at(world, item, &store) ||
	    ask_vault(world, item, rq, arena_printf(&rq->mem, "/v1/auth/%s/login", store.mount), e) < 0)
		return -1;
	buf_text(&body, "{\"role\":");
	va_json_quote(&body, view_text(store.role));
	buf_text(&body, ",\"jwt\":");
	va_json_quote(&body, secret_expose(&login_of(world, item)->jwt));
	buf_text(&body, "}");
	if (buf_whole(&body, "the login", e) < 0)
		return -1;
	request_body(rq, buf_bytes(&body), "application/json");
	return 0;
}

enum heard eso_hear_login(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct diag *d = world;
	struct eso_login *login = login_at(d, item);
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(err) struct err why = {0};
	const struct value *answer;
	const char *token;

	if (vault_read(&scratch, reply, &answer, &why) < 0) {
		login->why = arena_printf(d->mem, "/login Code: %d. Errors: %s", reply->status, why.text);
		return HEARD_DONE;
	}
	if (value_text(answer, "auth.client_token", &token, e) < 0)
		return HEARD_UNSURE;
	secret_set(&login->token, view_text(token));
	login->accepted = true;
	return HEARD_DONE;
}

/* ---- and out again ---- */

bool eso_revoke_due(const void *world, size_t item)
{
	return secret_held(&login_of(world, item)->token);
}

int eso_ask_revoke(const void *world, size_t item, struct request *rq, struct err *e)
{
	if (ask_vault(world, item, rq, "/v1/auth/token/revoke-self", e) < 0)
		return -1;
	request_header(rq, "X-Vault-Token", arena_view(&rq->mem, secret_expose(&login_of(world, item)->token)));
	return 0;
}

/* A 403 says that it is gone already, which a repeated call gets. */
enum heard eso_hear_revoke(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct diag *d = world;

	if (reply->status / 100 != 2 && reply->status != 403) {
		err_set(e, ERR_REMOTE, reply->status, "the trial token was not revoked (%d): it ends by itself", reply->status);
		return HEARD_UNSURE;
	}
	secret_release(&login_at(d, item)->token);
	return HEARD_DONE;
}

void diag_eso_release(struct diag *d)
{
	struct diag_eso *p = d->part[DIAG_ESO];

	for (size_t i = 0; p && i < ESO_LOGINS_MAX; i++) {
		secret_release(&p->login[i].jwt);
		secret_release(&p->login[i].token);
	}
}
