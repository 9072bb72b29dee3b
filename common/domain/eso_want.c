/* What is wanted of each thing, and whether it is there. */
#include "domain/eso.h"

#include "core/digest.h"
#include "core/text.h"

enum { DNS_LABEL_MAX = 63, DNS_NAME_MAX = 253, CA_TEXT_MAX = 2 << 20, TOKEN_TTL_S = 600, DIFF_MAX = 4096, RULES_SHOWN = 300 };

#define AUDIENCE "vault"
#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define WORD  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* ---- what was given ---- */

/* RFC 1123, as the API server has it; dots: a subdomain. */
static bool is_dns_name(const char *text, size_t max, const char *letters)
{
	size_t n = strlen(text);

	return n > 0 && n <= max && strspn(text, letters) == n && strchr(LOWER, *text) && strchr(LOWER, text[n - 1]);
}

/* Of a mount: words and slashes, none of them empty. */
static bool is_mount(const char *text)
{
	return *text && strspn(text, WORD "/") == strlen(text) && *text != '/' && !text_ends(text, "/") && !strstr(text, "//");
}

static void check_names(const struct eso_want *w, struct err *e)
{
	if (!is_dns_name(w->store, DNS_NAME_MAX, LOWER "-."))
		err_also(e, ERR_USAGE, "--store: '%s' is no name for a store (small letters, digits, '-' and '.')", w->store);
	if (!is_mount(w->mount))
		err_also(e, ERR_USAGE, "--auth-mount: '%s' is no path of an auth method", w->mount);
	if (!*w->role || strspn(w->role, WORD) != strlen(w->role))
		err_also(e, ERR_USAGE, "--role: '%s' is no name for a role (letters, digits, '-', '_' and '.')", w->role);
	else if (text_same(w->role, "default") || text_same(w->role, "root"))
		err_also(e, ERR_USAGE, "--role: the policy is called like the role, and '%s' is one of Vault's own", w->role);
	if (!is_mount(w->path))
		err_also(e, ERR_USAGE, "--path: '%s' is no path of a secrets engine", w->path);
	else if (text_ends(w->path, "/data")) {
		err_also(e, ERR_USAGE, "--path: '%s' ends in /data, which the operator adds by itself", w->path);
		err_hint(e, "--path %.*s", (int)(strlen(w->path) - strlen("/data")), w->path);
	}
	if (w->operator_namespace && !is_dns_name(w->operator_namespace, DNS_LABEL_MAX, LOWER "-"))
		err_also(e, ERR_USAGE, "--operator-namespace: '%s' is no name for a namespace", w->operator_namespace);
}

static void check_namespaces(const struct eso_want *w, struct err *e)
{
	if (w->n_namespaces > ESO_TARGETS_MAX)
		err_also(e, ERR_USAGE, "--store-namespace: %zu of them, %d at most", w->n_namespaces, ESO_TARGETS_MAX);
	for (size_t i = 0; i < w->n_namespaces; i++) {
		if (!is_dns_name(w->namespaces[i], DNS_LABEL_MAX, LOWER "-"))
			err_also(e, ERR_USAGE, "--store-namespace: '%s' is no name for a namespace", w->namespaces[i]);
		for (size_t k = 0; k < i; k++)
			if (text_same(w->namespaces[i], w->namespaces[k]))
				err_also(e, ERR_USAGE, "--store-namespace: '%s' stands here twice", w->namespaces[i]);
	}
}

/* By the path as it should be: one fault is told once. */
static const char *mended_path(struct arena *a, const char *path)
{
	return text_ends(path, "/data") ? arena_printf(a, "%.*s", (int)(strlen(path) - strlen("/data")), path) : path;
}

static void check_examples(const struct eso_want *w, struct arena *a, struct err *e)
{
	const char *path = mended_path(a, w->path);

	for (size_t i = 0; i < w->n_examples; i++) {
		const char *key = w->examples[i], *bare;
		enum kv_flaw flaw = kv_lint(a, path, key, &bare);

		if (!*key || *key == '/' || text_ends(key, "/") || strstr(key, "//")) {
			err_also(e, ERR_USAGE, "--example: '%s' is no key: words with '/' between them", key);
			continue;
		}
		if (flaw == KV_FINE && text_same(kv_key(path, key), key))
			continue;
		err_also(e, ERR_USAGE, "--example: '%s': %s", key, flaw ? kv_flaw_text(flaw) :
		         "the key begins with the engine's own path, which the store has already");
		err_hint(e, "--example %s", flaw ? bare : kv_key(path, key));
	}
}

int eso_want_check(const struct eso_want *want, struct arena *a, struct err *e)
{
	check_names(want, e);
	check_namespaces(want, e);
	check_examples(want, a, e);
	return e->kind ? -1 : 0;
}

/* ---- Vault ---- */

const char *eso_policy_text(const struct eso_world *w, struct arena *a)
{
	const char *path = w->want.path;
	const char *read = arena_printf(a, "path \"%s/%s*\" {\n  capabilities = [\"read\"]\n}\n", path,
	                                w->version == 1 ? "" : "data/");

	if (!w->want.find)
		return read;
	if (w->version == 1)
		return arena_printf(a, "path \"%s/*\" {\n  capabilities = [\"read\", \"list\"]\n}\n", path);
	return arena_printf(a, "%s\npath \"%s/metadata/*\" {\n  capabilities = [\"read\", \"list\"]\n}\n", read, path);
}

/* On one line, each run of white space as one. */
static const char *squeezed(struct arena *a, const char *text)
{
	AUTO(buf) struct buf out = BUF_MAX(RULES_SHOWN);
	struct view rest = view_trim(view_text(text));

	for (size_t i = 0; i < rest.n; i++) {
		bool space = strchr(" \t\r\n", rest.p[i]) != NULL;

		if (!space || (i > 0 && !strchr(" \t\r\n", rest.p[i - 1])))
			buf_char(&out, space ? ' ' : rest.p[i]);
	}
	return arena_printf(a, "%s%s", buf_str(&out), out.full ? "..." : "");
}

const char *eso_policy_differs(const struct eso_world *w, struct arena *a)
{
	return arena_printf(a, "%s -> %s", squeezed(a, w->have_policy), squeezed(a, eso_policy_text(w, a)));
}

static struct value *list_of(struct arena *a, const char *one)
{
	struct value *list = value_new_list(a);

	value_push(a, list, value_new_text(a, one));
	return list;
}

static bool has_text(const struct value *list, const char *text)
{
	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "", NULL), text))
			return true;
	return false;
}

/* Without ours, those that the role has already stay. */
static struct value *policies(const struct eso_world *w, const struct eso_target *t, struct arena *a)
{
	const struct value *have = value_get(t->have_role, "token_policies");
	struct value *list = have && have->type == VALUE_LIST ? value_copy(a, have) : value_new_list(a);

	if (!has_text(list, w->want.role))
		value_push(a, list, value_new_text(a, w->want.role));
	return list;
}

struct value *eso_role_body(const struct eso_world *w, const struct eso_target *t, struct arena *a)
{
	struct value *body = value_new_map(a);

	value_set(a, body, "bound_service_account_names", list_of(a, t->account));
	value_set(a, body, "bound_service_account_namespaces", list_of(a, t->account_namespace));
	value_set_text(a, body, "audience", AUDIENCE);
	value_set(a, body, "token_policies", policies(w, t, a));
	/* The operator looks its token up and revokes it: the default policy allows that. */
	if (value_bool_or(t->have_role, "token_no_default_policy", false))
		value_set_bool(a, body, "token_no_default_policy", false);
	if (!t->have_role)
		value_set_int(a, body, "token_ttl", TOKEN_TTL_S);
	return body;
}

/* ---- Kubernetes ---- */

const char *eso_target_kind(const struct eso_target *t)
{
	return t->namespace_ ? "SecretStore" : "ClusterSecretStore";
}

static struct value *object_new(struct arena *a, const char *version, const char *kind, const char *name,
                                const char *namespace_)
{
	struct value *object = value_new_map(a);

	value_set_text(a, object, "apiVersion", version);
	value_set_text(a, object, "kind", kind);
	value_put(a, object, "metadata.name", value_new_text(a, name));
	if (namespace_)
		value_put(a, object, "metadata.namespace", value_new_text(a, namespace_));
	return object;
}

static struct value *auth(const struct eso_world *w, const struct eso_target *t, struct arena *a)
{
	struct value *kubernetes = value_new_map(a);

	value_set_text(a, kubernetes, "mountPath", w->want.mount);
	value_set_text(a, kubernetes, "role", t->role);
	value_put(a, kubernetes, "serviceAccountRef.name", value_new_text(a, t->account));
	/* External Secrets refuses a namespace in a SecretStore's reference, and a ClusterSecretStore's without one. */
	if (!t->namespace_)
		value_put(a, kubernetes, "serviceAccountRef.namespace", value_new_text(a, t->account_namespace));
	value_put(a, kubernetes, "serviceAccountRef.audiences", list_of(a, AUDIENCE));
	return kubernetes;
}

struct value *eso_store_object(const struct eso_world *w, const struct eso_target *t, struct arena *a)
{
	struct value *object = object_new(a, ESO_GROUP "/v1", eso_target_kind(t), w->want.store, t->namespace_);
	struct value *vault = value_new_map(a);

	value_set_text(a, vault, "server", w->server);
	value_set_text(a, vault, "path", w->want.path);
	value_set_text(a, vault, "version", w->version == 1 ? "v1" : "v2");
	if (text_starts(w->server, "https:") && w->boot.tls.ca_pem.n > 0) {
		AUTO(buf) struct buf bundle = BUF_MAX(CA_TEXT_MAX);

		base64_print(&bundle, w->boot.tls.ca_pem);
		value_set_text(a, vault, "caBundle", buf_str(&bundle));
	}
	value_put(a, vault, "auth.kubernetes", auth(w, t, a));
	value_put(a, object, "spec.provider.vault", vault);
	return object;
}

struct value *eso_account_object(const struct eso_target *t, struct arena *a)
{
	struct value *object = object_new(a, "v1", "ServiceAccount", t->account, t->namespace_);

	value_set_bool(a, object, "automountServiceAccountToken", false);
	return object;
}

/* "app/database" to "app-database", as a name must be; what a name cannot hold becomes '-'. */
static const char *name_of_key(struct arena *a, const char *key)
{
	char *name = arena_text(a, key);

	for (char *c = name; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (!strchr(LOWER, *c))
			*c = '-';
	}
	while (*name == '-')
		name++;
	for (size_t n = strlen(name); n > 0 && name[n - 1] == '-'; n--)
		name[n - 1] = '\0';
	return *name ? name : "secret";
}

struct value *eso_example(const struct eso_want *want, const char *key, struct arena *a)
{
	const char *name = name_of_key(a, key), *ns = want->n_namespaces ? want->namespaces[0] : "default";
	struct value *object = object_new(a, ESO_GROUP "/v1", "ExternalSecret", name, ns);
	struct value *from = value_new_list(a), *extract = value_new_map(a);

	value_put(a, object, "spec.refreshInterval", value_new_text(a, "1h"));
	value_put(a, object, "spec.secretStoreRef.kind", value_new_text(a, want->n_namespaces ? "SecretStore" : "ClusterSecretStore"));
	value_put(a, object, "spec.secretStoreRef.name", value_new_text(a, want->store));
	value_put(a, object, "spec.target.name", value_new_text(a, name));
	value_put(a, extract, "extract.key", value_new_text(a, key));
	value_push(a, from, extract);
	value_put(a, object, "spec.dataFrom", from);
	return object;
}

/* ---- want and have ---- */

static const char *shown(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(DIFF_MAX);

	if (!v)
		return "absent";
	if (v->type == VALUE_TEXT)
		return v->n > 100 ? arena_printf(a, "%.60s...", v->text) : v->text;
	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		buf_printf(&text, "%s%s", i ? "," : "", value_text_or(v->items[i], "", "?"));
	if (v->type == VALUE_BOOL)
		buf_text(&text, v->truth ? "true" : "false");
	else if (v->type == VALUE_MAP || (v->type == VALUE_LIST && !text.n))
		buf_text(&text, v->type == VALUE_MAP ? "another" : "none");
	return arena_text(a, buf_str(&text));
}

static void differences(struct arena *a, struct buf *out, const char *name, const struct value *want, const struct value *have)
{
	if (want->type == VALUE_MAP && have && have->type == VALUE_MAP) {
		for (size_t i = 0; i < want->n; i++)
			differences(a, out, want->names[i], want->items[i], value_get(have, want->names[i]));
		return;
	}
	if (!value_same(want, have))
		buf_printf(out, "%s%s: %s -> %s", out->n ? ", " : "", name, shown(a, have), shown(a, want));
}

const char *eso_differs(struct arena *a, const struct value *want, const struct value *have)
{
	AUTO(buf) struct buf out = BUF_MAX(DIFF_MAX);

	differences(a, &out, "", want, have);
	return out.n || out.full ? arena_text(a, buf_str(&out)) : NULL;
}
