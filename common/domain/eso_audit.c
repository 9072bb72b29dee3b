#include "domain/eso_audit.h"

#include "core/text.h"
#include "domain/eso_kv.h"
#include "domain/eso_object.h"

enum { MINUTE_MS = 60000, LOGINS_MANY = 60 };

#define OLD_VERSION ESO_GROUP "/v1beta1"

const char *eso_rule_name(enum eso_rule rule)
{
	static const char *const names[] = { "version", "path", "interval", "load" };

	return names[rule];
}

static const char *text_at(const struct value *v, const char *path)
{
	return value_text_or(v, path, "");
}

static const char *object_title(struct arena *a, const struct value *object)
{
	const char *ns = value_text_or(object, "metadata.namespace", NULL);

	return arena_printf(a, "%s %s%s%s", text_at(object, "kind"), ns ? ns : "", ns ? "/" : "", text_at(object, "metadata.name"));
}

static void add(struct eso_audit *audit, struct eso_finding f)
{
	struct eso_finding *all;

	if (audit->n == audit->room) {
		audit->room = audit->room ? 2 * audit->room : 16;
		all = ARENA_ARRAY(audit->mem, struct eso_finding, audit->room);
		if (audit->n)
			memcpy(all, audit->at, audit->n * sizeof(*all));
		audit->at = all;
	}
	audit->at[audit->n++] = f;
}

static bool is_of_group(const struct value *object)
{
	return text_starts(text_at(object, "apiVersion"), ESO_GROUP "/");
}

static bool is_kind(const struct value *object, const char *kind)
{
	return is_of_group(object) && text_same(text_at(object, "kind"), kind);
}

static bool is_store(const struct value *object)
{
	return is_kind(object, "SecretStore") || is_kind(object, "ClusterSecretStore");
}

/* ---- the version ---- */

/* In a cluster every object is read as v1; what stands in managedFields is who wrote it as what. */
static void audit_version(struct eso_audit *audit, const struct value *object)
{
	const struct value *version = value_get(object, "apiVersion");
	const char *writer = eso_old_writer(object);

	if (text_same(version->text, OLD_VERSION) && version->mark.file)
		add(audit, (struct eso_finding){
			ESO_RULE_VERSION, object_title(audit->mem, object), OLD_VERSION " is served no more from External Secrets 0.17 on",
			version->mark, OLD_VERSION, ESO_GROUP "/v1" });
	else if (writer)
		add(audit, (struct eso_finding){
			ESO_RULE_VERSION, object_title(audit->mem, object),
			arena_printf(audit->mem, "written as v1beta1 by '%s', whose next write is refused", writer), {0}, NULL, NULL });
}

/* ---- paths ---- */

/* Only of our own Vault is known what is mounted there. */
static bool leads_here(const struct eso_audit *audit, const struct value *vault)
{
	const char *server = text_at(vault, "server"), *host = strstr(server, "://");

	return audit->engines && host && text_starts(host + 3, audit->server) && strchr(".:/", host[3 + strlen(audit->server)]);
}

static void audit_engine(struct eso_audit *audit, const struct value *store, const struct value *vault, const struct value *path)
{
	const struct value *engine = kv_mount(audit->engines, path->text);
	const char *version = value_text_or(vault, "version", "v2"), *what;

	if (!engine)
		what = arena_printf(audit->mem, "no secrets engine is mounted at '%s'", path->text);
	else if (!kv_version(engine))
		what = arena_printf(audit->mem, "the engine at '%s' is of type '%s', and no kv", path->text, text_at(engine, "type"));
	else if (version[0] == 'v' && version[1] != '0' + kv_version(engine))
		what = arena_printf(audit->mem, "the engine at '%s' has version %d, and the store says %s", path->text,
		                    kv_version(engine), version);
	else
		return;
	add(audit, (struct eso_finding){ ESO_RULE_PATH, object_title(audit->mem, store), what, path->mark, path->text,
	                                 engine ? NULL : kv_nearest_mount(audit->mem, audit->engines, path->text, "kv") });
}

static void audit_store(struct eso_audit *audit, const struct value *store)
{
	const struct value *vault = value_at(store, "spec.provider.vault"), *path = value_get(vault, "path");
	bool second = text_same(value_text_or(vault, "version", "v2"), "v2");

	if (!path || path->type != VALUE_TEXT)
		return;
	if (second && kv_lint(audit->mem, path->text, "x", NULL) == KV_PATH_DATA)
		add(audit, (struct eso_finding){
			ESO_RULE_PATH, object_title(audit->mem, store),
			arena_printf(audit->mem, "'%s': %s", path->text, kv_flaw_text(KV_PATH_DATA)), path->mark, path->text,
			arena_printf(audit->mem, "%.*s", (int)(path->n - strlen("/data")), path->text) });
	else if (leads_here(audit, vault))
		audit_engine(audit, store, vault, path);
}

const struct value *eso_store_named(const struct value *objects, const struct value *ref, const char *ns)
{
	const char *kind = value_text_or(ref, "kind", "SecretStore");

	for (size_t i = 0; i < objects->n; i++) {
		const struct value *one = objects->items[i];

		if (is_kind(one, kind) && text_same(text_at(one, "metadata.name"), text_at(ref, "name")) &&
		    (text_same(kind, "ClusterSecretStore") || text_same(text_at(one, "metadata.namespace"), ns)))
			return one;
	}
	return NULL;
}

/*
 * The engine's path of the keys of an ExternalSecret; NULL: not known, or none of Vault's with version 2. A path that ends
 * in /data is mended first: keys are measured by what it will be.
 */
static const char *engine_of(struct eso_audit *audit, const struct value *objects, const struct value *ref, const char *ns)
{
	const struct value *store = eso_store_named(objects, ref, ns), *vault = value_at(store, "spec.provider.vault");
	const char *path = value_text_or(vault, "path", NULL);

	if (!store)
		return audit->path;
	if (!path || !text_same(value_text_or(vault, "version", "v2"), "v2"))
		return NULL;
	return text_ends(path, "/data") ? arena_printf(audit->mem, "%.*s", (int)(strlen(path) - strlen("/data")), path) : path;
}

static void audit_key(struct eso_audit *audit, const char *title, const char *path, const struct value *key)
{
	const char *bare;
	enum kv_flaw flaw;

	if (!path || !key || key->type != VALUE_TEXT)
		return;
	flaw = kv_lint(audit->mem, path, key->text, &bare);
	if (flaw == KV_FINE)
		return;
	add(audit, (struct eso_finding){
		ESO_RULE_PATH, title, arena_printf(audit->mem, "'%s' asks Vault for '%s': %s", key->text,
		                                   kv_request(audit->mem, path, key->text), kv_flaw_text(flaw)),
		/* What was meant by metadata/ is for the writer to say. */
		key->mark, key->text, flaw == KV_KEY_DATA ? bare : NULL });
}

/* An item may name a store of its own: data[].sourceRef, dataFrom[].sourceRef. */
static void audit_keys(struct eso_audit *audit, const struct value *objects, const struct value *secret, const struct value *spec)
{
	static const struct { const char *list, *key; } places[] = { { "data", "remoteRef.key" }, { "dataFrom", "extract.key" } };
	const char *ns = text_at(secret, "metadata.namespace"), *title = object_title(audit->mem, secret);

	for (size_t p = 0; p < COUNT_OF(places); p++) {
		const struct value *list = value_get(spec, places[p].list);

		for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++) {
			const struct value *own = value_at(list->items[i], "sourceRef.storeRef");
			const struct value *ref = value_text_or(own, "name", NULL) ? own : value_get(spec, "secretStoreRef");

			audit_key(audit, title, engine_of(audit, objects, ref, ns), value_at(list->items[i], places[p].key));
		}
	}
}

/* ---- load ---- */

static double audit_interval(struct eso_audit *audit, const struct value *secret, const struct value *holder)
{
	const struct value *interval = value_at(holder, "spec.refreshInterval");
	int64_t ms = eso_interval_ms(holder);

	if (ms <= 0)
		return 0;
	if (ms < MINUTE_MS && interval && !audit->tokens_cached)
		add(audit, (struct eso_finding){
			ESO_RULE_INTERVAL, object_title(audit->mem, secret),
			arena_printf(audit->mem, "refreshInterval %s: each refresh logs in to Vault, which writes to its storage",
			             value_text_or(interval, "", "")), interval->mark, NULL, NULL });
	return (double)MINUTE_MS / (double)ms;
}

/* ---- all ---- */

/* What a ClusterExternalSecret makes in each namespace; else the object itself. */
static const struct value *holder_of(struct arena *a, const struct value *object)
{
	const struct value *spec = value_at(object, "spec.externalSecretSpec");
	struct value *holder;

	if (!is_kind(object, "ClusterExternalSecret"))
		return object;
	holder = value_new_map(a);
	value_set(a, holder, "spec", spec ? (struct value *)spec : value_new_map(a));
	return holder;
}

static double audit_secret(struct eso_audit *audit, const struct value *objects, const struct value *secret)
{
	const struct value *holder = holder_of(audit->mem, secret);

	/* What is synchronised is right, however odd it looks. */
	if (!text_same(eso_ready(secret), "True"))
		audit_keys(audit, objects, secret, value_get(holder, "spec"));
	return audit_interval(audit, secret, holder);
}

void eso_audit_objects(struct eso_audit *audit, const struct value *objects)
{
	double a_minute = 0;

	for (size_t i = 0; i < objects->n; i++) {
		const struct value *object = objects->items[i];

		if (!is_of_group(object))
			continue;
		audit_version(audit, object);
		if (is_store(object))
			audit_store(audit, object);
		else if (is_kind(object, "ExternalSecret") || is_kind(object, "ClusterExternalSecret"))
			a_minute += audit_secret(audit, objects, object);
	}
	if (a_minute > LOGINS_MANY && !audit->tokens_cached)
		add(audit, (struct eso_finding){
			ESO_RULE_LOAD, "", arena_printf(audit->mem, "together they log in to Vault %.0f times a minute: have longer intervals, "
			                                "or let the operator keep its tokens (extraArgs.enable-vault-token-cache=true of its chart)",
			                                a_minute), {0}, NULL, NULL });
}
