/* eso: why a store is not ready, told by the operator's events. */
#include "domain/check_eso.h"

#include "core/text.h"

enum { API_PORT = 8200 };

static bool has_tls(const struct diag *d)
{
	return d->facts.tls_disable && !text_same(d->facts.tls_disable, "true") && !text_same(d->facts.tls_disable, "1");
}

const char *eso_right_server(const struct diag *d, struct arena *a)
{
	return arena_printf(a, "%s://%s-active.%s.svc:%d", has_tls(d) ? "https" : "http", d->release.fullname,
	    d->release.namespace_, API_PORT);
}

static const char *kubectl_kind(const struct eso_store *s)
{
	return s->namespace_ ? "secretstore" : "clustersecretstore";
}

static void fix_patch_store(struct finding *f, const struct eso_store *s, const char *merge_patch)
{
	fix(f, "kubectl patch %s --type merge -p %s", eso_object(f->mem, kubectl_kind(s), s->object), shell_word(f->mem, merge_patch));
}


static void fix_patch_vault(struct finding *f, const struct eso_store *s, const char *fields)
{
	fix_patch_store(f, s, arena_printf(f->mem, "{\"spec\":{\"provider\":{\"vault\":{%s}}}}", fields));
}

static const char *first_audience(const struct eso_store *s)
{
	return value_count(s->audiences, NULL) ? value_text_or(s->audiences, "0", NULL) : NULL;
}

static const char *role_path(struct finding *f, const struct eso_store *s)
{
	return shell_word(f->mem, arena_printf(f->mem, "auth/%s/role/%s", s->mount ? s->mount : "kubernetes", s->role ?
	    s->role : "ROLE"));
}

static void fix_role(struct finding *f, const struct eso_store *s)
{
	const char *audience = first_audience(s), *path = s->path ? s->path : "secret", *policy = s->role ? s->role : "app";

	fix(f, "vault policy write %s - <<'EOF'", shell_word(f->mem, policy));
	fix(f, "path \"%s/data/*\" { capabilities = [\"read\"] }", path);
	fix(f, "EOF");
	fix(f, "vault write %s bound_service_account_names=%s bound_service_account_namespaces=%s token_policies=%s%s%s",
	    role_path(f, s),
	    s->account ? s->account : "ACCOUNT", s->account_namespace ? s->account_namespace : "NAMESPACE", shell_word(f->mem, policy),
	    audience ? " audience=" : "", audience ? shell_word(f->mem, audience) : "");
}

static void fix_audience(struct finding *f, const struct eso_store *s)
{
	const char *audience = first_audience(s);

	if (!audience) {
		audience = "vault";
		fix_patch_vault(f, s, "\"auth\":{\"kubernetes\":{\"serviceAccountRef\":{\"audiences\":[\"vault\"]}}}");
	}
	fix(f, "vault write %s audience=%s", role_path(f, s), shell_word(f->mem, audience));
}

/* The operator's own account is the usual one. */
static void fix_account(const struct diag *d, struct finding *f, const struct eso_store *s)
{
	const struct value *operator = eso_operator(d);
	const char *account = value_text_or(operator, "spec.template.spec.serviceAccountName", NULL);

	if (!s->namespace_ && account)
		fix_patch_vault(f, s, arena_printf(f->mem,
		    "\"auth\":{\"kubernetes\":{\"serviceAccountRef\":{\"name\":\"%s\",\"namespace\":\"%s\"}}}",
		                                   account, value_text_or(operator, "metadata.namespace", "")));
	else
		fix(f, "kubectl create serviceaccount -n %s %s", s->account_namespace ? s->account_namespace : "NAMESPACE",
		    s->account ? s->account : "ACCOUNT");
}

static void fix_mount(const struct diag *d, struct finding *f, const struct eso_store *s)
{
	if (s->mount && !text_same(s->mount, "kubernetes"))
		fix_patch_vault(f, s, "\"auth\":{\"kubernetes\":{\"mountPath\":\"kubernetes\"}}");
	else
		fix(f, "kubectl vault-check cluster -n %s --only cluster-reviewer", d->release.namespace_);
	fix(f, "# vault auth list    tells where kubernetes auth is mounted");
}

static void fix_store(const struct diag *d, struct finding *f, const struct eso_store *s, const struct eso_cause *cause)
{
	switch (cause->part) {
	case ESO_ROLE:
		fix_role(f, s);
		break;
	case ESO_NAMESPACE:
		fix(f, "vault write %s bound_service_account_namespaces=%s", role_path(f, s), s->account_namespace ?
		    s->account_namespace : "NAMESPACE");
		break;
	case ESO_ACCOUNT:
		fix(f, "vault write %s bound_service_account_names=%s", role_path(f, s), s->account ? s->account : "ACCOUNT");
		break;
	case ESO_AUDIENCE:
		fix_audience(f, s);
		break;
	case ESO_NO_ACCOUNT:
		fix_account(d, f, s);
		break;
	case ESO_MOUNT:
		fix_mount(d, f, s);
		break;
	case ESO_TOKEN:
		fix(f, "vault write %s token_no_default_policy=false", role_path(f, s));
		break;
	case ESO_SERVER:
	case ESO_SCHEME:
		fix_patch_vault(f, s, arena_printf(f->mem, "\"server\":\"%s\"", eso_right_server(d, f->mem)));
		break;
	case ESO_TLS:
		fix_patch_vault(f, s, "\"caProvider\":{\"type\":\"Secret\",\"name\":\"vault-tls\",\"key\":\"ca.crt\"}");
		break;
	default:
		fix(f, "kubectl describe %s", eso_object(f->mem, kubectl_kind(s), s->object));
	}
	fix_sync(f, kubectl_kind(s), s->object);
}

/* A login that was tried just now says more than an event, of which the operator lets through a few in an hour. */
static const char *what_is_said(const struct diag *d, size_t i, const struct eso_store *s)
{
	const char *tried = i < ESO_LOGINS_MAX ? diag_eso(d)->login[i].why : NULL;
	const char *event = eso_event(d, s->kind, s->object);
	enum eso_part part = eso_cause_of(tried)->part;

	if (tried && part != ESO_OTHER && part != ESO_UNREACHABLE)
		return tried;
	return event ? event : eso_message(s->object);
}

JUDGE(judge_stores)
{
	const struct eso_cause *first = NULL;
	struct eso_store store, bad = {0};
	size_t n = 0, failing = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	for (; eso_store_at(d, n, &store); n++) {
		const char *said = what_is_said(d, n, &store);

		if (text_same(eso_ready(store.object), "True"))
			continue;
		evidence(f, store.name, "%s: %s", eso_reason(store.object), said);
		if (!failing++) {
			bad = store;
			first = eso_cause_of(said);
		}
	}
	if (!failing) {
		found(f, "%zu %s to this Vault, and logged in", n, n == 1 ? "store leads" : "stores lead");
		return VERDICT_PASS;
	}
	found(f, "the %s '%s' is not ready: %s%s%s%s", bad.kind, bad.name, first->text, bad.role ? " (role '" : "", bad.role ?
	    bad.role : "",
	      bad.role ? "')" : "");
	fix_store(d, f, &bad, first);
	return VERDICT_FAIL;
}

JUDGE(judge_login)
{
	const struct diag_eso *p = diag_eso(d);
	struct eso_store store;
	size_t tried = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	for (size_t i = 0; i < ESO_LOGINS_MAX && eso_store_at(d, i, &store); i++) {
		const struct eso_login *login = &p->login[i];
		const struct eso_cause *cause = eso_cause_of(login->why);

		if (login->accepted || login->why)
			evidence(f, store.name, "%s", login->accepted ? "accepted" : login->why);
		tried += login->accepted;
		if (login->accepted || !login->why)
			continue;
		if (cause->part == ESO_OTHER || cause->part == ESO_UNREACHABLE)
			return unknown(f, "create serviceaccounts/token; get, create pods/portforward",
			    "the login of '%s' could not be tried: %s",
			               store.name, login->why);
		found(f, "the login of the %s '%s' is refused: %s (role '%s')", store.kind, store.name, cause->text, store.role ?
		    store.role : "");
		fix_store(d, f, &store, cause);
		return VERDICT_FAIL;
	}
	if (!tried)
		return not_applicable(f, "no store logs in by a service account whose token may be asked for");
	found(f, "%zu %s just now, and logged out again", tried, tried == 1 ? "store's account logged in" :
	    "stores' accounts logged in");
	return VERDICT_PASS;
}

/* The plain service means every pod, unready ones too; a service of the active pod does not. */
JUDGE(judge_store_server)
{
	const char *plain;
	struct eso_store store;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	plain = arena_printf(f->mem, "://%s.%s.", d->release.fullname, d->release.namespace_);
	for (size_t i = 0; eso_store_at(d, i, &store); i++) {
		evidence(f, store.name, "%s", store.server);
		if (strstr(store.server, plain) || strstr(store.server, "-standby.")) {
			found(f, "the %s '%s' asks '%s', behind which sealed and restarting pods are too", store.kind, store.name,
			    store.server);
			fix_patch_vault(f, &store, arena_printf(f->mem, "\"server\":\"%s\"", eso_right_server(d, f->mem)));
			return VERDICT_WARN;
		}
	}
	found(f, "the stores ask the active pod");
	return VERDICT_PASS;
}
