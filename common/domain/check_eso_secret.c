/* eso: ExternalSecrets that fail, grouped by cause; paths that cannot be right; how often all this asks Vault. */
#include "domain/check_eso.h"

#include "core/text.h"
#include "formats/iso8601.h"

enum { SHOWN = 5, SLACK_MS = 300000, LOGINS_MANY = 60, MINUTE_MS = 60000 };

/* ---- the secrets that use our stores ---- */

static bool secret_at(const struct diag *d, size_t *i, const struct value **secret, struct eso_store *store)
{
	const struct diag_list *list = &diag_eso(d)->secrets;

	for (; *i < diag_list_n(list); (*i)++) {
		*secret = diag_list_at(list, *i);
		if (eso_store_of(d, *secret, store))
			return true;
	}
	return false;
}

static bool is_ready(const struct value *secret)
{
	return text_same(eso_ready(secret), "True");
}

static void fix_path(struct finding *f, const struct value *secret, const struct eso_store *store, enum kv_flaw flaw, size_t row,
                     const char *bare)
{
	const char *patch;

	if (flaw == KV_PATH_DATA) {
		patch = arena_printf(f->mem, "{\"spec\":{\"provider\":{\"vault\":{\"path\":\"%.*s\"}}}}",
		                     (int)(strlen(store->path) - strlen("/data")), store->path);
		fix(f, "kubectl patch %s --type merge -p %s",
		    eso_object(f->mem, store->namespace_ ? "secretstore" : "clustersecretstore", store->object), shell_word(f->mem, patch));
	} else if (flaw != KV_NO_PATH) {
		patch = arena_printf(f->mem, "[{\"op\":\"replace\",\"path\":\"/spec/data/%zu/remoteRef/key\",\"value\":\"%s\"}]",
		    row, bare);
		fix(f, "kubectl patch %s --type json -p %s", eso_object(f->mem, "externalsecret", secret), shell_word(f->mem, patch));
	} else {
		fix(f, "kubectl edit %s    # ENGINE/%s as the key", eso_object(f->mem, "externalsecret", secret), bare);
	}
	fix_sync(f, "externalsecret", secret);
}

/* What is ready is right, however odd it looks. */
JUDGE(judge_paths)
{
	const struct value *secret;
	struct eso_store store;
	size_t keys = 0, bad = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	for (size_t i = 0; secret_at(d, &i, &secret, &store); i++)
		for (size_t k = 0; k < value_count(secret, "spec.data"); k++) {
			const char *key = value_text_or(value_get(value_at(secret, "spec.data")->items[k], "remoteRef"), "key", ""), *bare;
			enum kv_flaw flaw = kv_lint(f->mem, store.path, key, &bare);

			keys++;
			if (flaw == KV_FINE || is_ready(secret) || !text_same(store.version, "v2"))
				continue;
			if (bad++ < SHOWN)
				evidence(f, "asked for", "%s by %s", kv_request(f->mem, store.path, key),
				    eso_object(f->mem, "externalsecret", secret));
			if (bad == 1)
				found(f, "the ExternalSecret '%s' asks for '%s': %s", object_name(secret), kv_request(f->mem, store.path, key),
				      kv_flaw_text(flaw));
			fix_path(f, secret, &store, flaw, k, bare);
		}
	if (bad)
		return VERDICT_FAIL;
	found(f, "%zu keys, none of them in a form that cannot be right", keys);
	return VERDICT_PASS;
}

/* ---- failing ones, by cause ---- */

struct group {
	const struct eso_cause *cause;
	size_t n;
	const struct value *first;
	struct eso_store store;
	const char *names;
};

static struct group *group_of(struct group *groups, const struct eso_cause *cause)
{
	size_t i = 0;

	while (groups[i].n && groups[i].cause->part != cause->part)
		i++;
	groups[i].cause = cause;
	return &groups[i];
}

/* The operator lets few events of one object through in an hour: what can be seen without them is. */
static const char *what_is_said(const struct diag *d, struct arena *a, const struct value *secret)
{
	const char *lacking = eso_store_lacking(d, secret), *event = lacking ? NULL : eso_event(d, "ExternalSecret", secret);

	if (lacking)
		return arena_printf(a, "could not get SecretStore \"%s\": not found", lacking);
	return event ? event : eso_message(secret);
}

/* Of all our ExternalSecrets; those that name a store which is not there count too, since it may have been ours. */
static size_t group_failing(const struct diag *d, struct finding *f, struct group *groups)
{
	const struct diag_list *list = &diag_eso(d)->secrets;
	size_t all = 0;

	for (size_t i = 0; i < diag_list_n(list); i++) {
		const struct value *secret = diag_list_at(list, i);
		struct eso_store store;
		const char *said;
		struct group *g;

		if (!eso_store_of(d, secret, &store) && !eso_store_lacking(d, secret))
			continue;
		all++;
		if (is_ready(secret) && store.kind)
			continue;
		said = what_is_said(d, f->mem, secret);
		g = group_of(groups, eso_cause_of(said));
		if (!g->n++) {
			g->first = secret;
			g->store = store;
			evidence(f, object_name(secret), "%s", said);
		}
		if (g->n <= SHOWN)
			g->names = arena_printf(f->mem, "%s%s%s/%s", g->names ? g->names : "", g->names ? ", " : "",
			                        value_text_or(secret, "metadata.namespace", ""), object_name(secret));
	}
	return all;
}

/* All keys of the ExternalSecret, since writing a policy replaces it. */
static void fix_policy(struct finding *f, const struct group *g)
{
	const struct value *rows = value_at(g->first, "spec.data");
	const char *role = g->store.role ? g->store.role : "ROLE", *mount = g->store.mount ? g->store.mount : "kubernetes";
	const char *policy = arena_printf(f->mem, "%s-read-%s", role, object_name(g->first));

	fix(f, "vault policy write %s - <<'EOF'", shell_word(f->mem, policy));
	for (size_t i = 0; rows && rows->type == VALUE_LIST && i < rows->n; i++)
		fix(f, "path \"%s\" { capabilities = [\"read\"] }",
		    kv_request(f->mem, g->store.path, value_text_or(rows->items[i], "remoteRef.key", "KEY")));
	fix(f, "EOF");
	fix(f, "vault write auth/%s/role/%s token_policies=\"$(vault read -field=token_policies auth/%s/role/%s | tr -d '[]' | "
	    "tr ' ' ,),%s\"",
	    mount, role, mount, role, policy);
	fix(f, "# vault secrets list    tells whether there is an engine '%s' at all", g->store.path ? g->store.path :
	    "of the key's first part");
}

static void fix_secret(struct finding *f, const struct group *g)
{
	const struct value *ref = value_at(g->first, "spec.data.0.remoteRef");
	const char *key = value_text_or(ref, "key", "KEY"), *property = value_text_or(ref, "property", "PROPERTY");
	const char *mount = g->store.path ? g->store.path : "ENGINE";
	const char *bare = shell_word(f->mem, g->store.path ? kv_key(g->store.path, key) : key);

	switch (g->cause->part) {
	case ESO_POLICY:
		fix_policy(f, g);
		break;
	case ESO_ABSENT:
		fix(f, "# vault kv list -mount=%s    shows what is there; or put it there, its value from standard input:", mount);
		fix(f, "vault kv put -mount=%s %s %s=-", shell_word(f->mem, mount), bare, shell_word(f->mem, property));
		break;
	case ESO_PROPERTY:
		fix(f, "# vault kv get -mount=%s %s    shows its properties; or add this one, its value from standard input:", mount, bare);
		fix(f, "vault kv patch -mount=%s %s %s=-", shell_word(f->mem, mount), bare, shell_word(f->mem, property));
		break;
	default:
		fix(f, "kubectl describe %s", eso_object(f->mem, "externalsecret", g->first));
	}
	fix_sync(f, "externalsecret", g->first);
}

static void fix_store_name(const struct diag *d, struct finding *f, const struct group *g)
{
	struct eso_store store;

	if (!eso_store_at(d, 0, &store)) {
		fix(f, "kubectl get secretstores,clustersecretstores -A");
		return;
	}
	fix(f, "kubectl patch %s --type merge -p '{\"spec\":{\"secretStoreRef\":{\"kind\":\"%s\",\"name\":\"%s\"}}}'",
	    eso_object(f->mem, "externalsecret", g->first), store.kind, store.name);
	fix_sync(f, "externalsecret", g->first);
}

JUDGE(judge_secrets)
{
	struct group groups[ESO_OTHER + 2] = {0};
	size_t all, failing = 0, kinds = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	all = group_failing(d, f, groups);
	if (diag_eso(d)->secrets.cut)
		evidence(f, "looked at", "the first %zu ExternalSecrets", diag_list_n(&diag_eso(d)->secrets));
	for (; groups[kinds].n; kinds++) {
		failing += groups[kinds].n;
		evidence(f, "cause", "%zu: %s (%s%s)", groups[kinds].n, groups[kinds].cause->text, groups[kinds].names,
		         groups[kinds].n > SHOWN ? ", ..." : "");
		if (groups[kinds].cause->part == ESO_NO_STORE)
			fix_store_name(d, f, &groups[kinds]);
		else if (groups[kinds].cause->part != ESO_STORE)
			fix_secret(f, &groups[kinds]);
	}
	if (!failing) {
		found(f, "%zu ExternalSecrets of this Vault are synchronised", all);
		return VERDICT_PASS;
	}
	found(f, "%zu of %zu ExternalSecrets fail, of %zu %s: %s (%s%s)", failing, all, kinds, kinds == 1 ? "cause" : "causes",
	      groups[0].cause->text, groups[0].names, groups[0].n > SHOWN ? ", ..." : "");
	return VERDICT_FAIL;
}

/* ---- load ---- */

JUDGE(judge_refresh)
{
	const struct value *secret;
	struct eso_store store;
	double a_minute = 0;
	size_t n = 0, fast = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	for (size_t i = 0; secret_at(d, &i, &secret, &store); i++) {
		int64_t ms = eso_interval_ms(secret);

		if (ms > 0 && ms < MINUTE_MS && fast++ < SHOWN)
			fix(f, "kubectl patch %s --type merge -p '{\"spec\":{\"refreshInterval\":\"1h\"}}'",
			    eso_object(f->mem, "externalsecret", secret));
		n++;
		a_minute += ms > 0 ? (double)MINUTE_MS / (double)ms : 0;
	}
	evidence(f, "load", "%zu ExternalSecrets, %.1f refreshes a minute", n, a_minute);
	if (a_minute <= LOGINS_MANY || eso_caches_tokens(eso_operator(d))) {
		f->fix = NULL;
		found(f, "%zu ExternalSecrets ask %.1f times a minute", n, a_minute);
		return VERDICT_PASS;
	}
	found(f, "%zu ExternalSecrets log in %.0f times a minute, each with writes to DynamoDB", n, a_minute);
	fix(f, "# or let the operator keep its tokens: --set extraArgs.enable-vault-token-cache=true for its chart");
	return VERDICT_WARN;
}

/* ---- a status that nobody keeps up ---- */

JUDGE(judge_stale)
{
	const struct value *secret;
	struct eso_store store;
	int64_t now = host_wall_ms(d->host), at;
	size_t n = 0;

	if (eso_unused(d, f))
		return VERDICT_SKIP;
	for (size_t i = 0; secret_at(d, &i, &secret, &store); i++) {
		const char *refreshed = value_text_or(secret, "status.refreshTime", NULL);
		AUTO(err) struct err e = {0};

		if (!refreshed || !eso_interval_ms(secret) || iso8601_parse(view_text(refreshed), &at, &e) < 0 ||
		    at + 2 * eso_interval_ms(secret) + SLACK_MS > now)
			continue;
		if (n++ < SHOWN)
			evidence(f, object_name(secret), "refreshed %s, every %s", refreshed,
			    value_text_or(secret, "spec.refreshInterval", "1h"));
	}
	if (!n) {
		found(f, "every status is as new as its refreshInterval promises");
		return VERDICT_PASS;
	}
	found(f, "%zu ExternalSecrets were not looked at for more than two intervals: what they say of themselves is old", n);
	fix(f, "kubectl rollout restart deployment -n %s %s", value_text_or(eso_operator(d), "metadata.namespace", "external-secrets"),
	    eso_operator(d) ? object_name(eso_operator(d)) : "external-secrets");
	return VERDICT_WARN;
}
