/*
 * configure's runs over a Vault held in the hand: what was written to a path is what reads of it give, with
 * the ids that Vault makes up itself, and without the secrets that it gives nobody back.
 *
 *	struct scene s;
 *
 *	scene_open(&s);
 *	must_run(&s, "kv: {secret: }\n", false);
 *	scene_close(&s);
 */
#ifndef DOMAIN_CONFIGURE_SCENE_H
#define DOMAIN_CONFIGURE_SCENE_H

#include "unit/unit.h"

#include "core/text.h"
#include "domain/configure.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "formats/json.h"
#include "formats/yaml.h"

#define ADDRESS "http://127.0.0.1:8200"
#define MANIFEST "vault-aws/data/configure"

/* ---- a Vault ---- */

struct vault {
	struct arena mem;
	struct value *held;          /* path without /v1/ -> what was written there */
	int64_t version;             /* of the manifest */
	unsigned writes, secrets;    /* calls; and those with a secret in them */
	const char *password, *client_secret;   /* as written last */
	const char *status;          /* what seal-status says, NULL: of a Vault 1.21.1 */
	const char *denied;          /* a path that is refused; NULL: none */
};

static inline void answer(struct reply *reply, const struct value *data)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct value *body = value_new_map(&a);

	value_set(&a, body, "data", value_copy(&a, data));
	va_json_print(&text, body, false);
	fake_reply(reply, 200, buf_str(&text));
}

/* sys/mounts and its like: what was written below, under its name with '/' behind. */
static inline void answer_list(struct vault *v, const char *path, struct reply *reply)
{
	const char *prefix = arena_printf(&v->mem, "%s/", path);
	struct value *list = value_new_map(&v->mem);

	for (size_t i = 0; i < v->held->n; i++)
		if (text_starts(v->held->names[i], prefix))
			value_set(&v->mem, list, arena_printf(&v->mem, "%s/", v->held->names[i] + strlen(prefix)), v->held->items[i]);
	answer(reply, list);
}

static inline void write_manifest(struct vault *v, const struct value *body, struct reply *reply)
{
	struct value *data = value_new_map(&v->mem);

	if (value_int_or(body, "options.cas", -1) != v->version) {
		fake_reply(reply, 400, "{\"errors\":[\"check-and-set parameter did not match the current version\"]}");
		return;
	}
	v->version++;
	value_set(&v->mem, data, "data", value_copy(&v->mem, value_get(body, "data")));
	value_put(&v->mem, data, "metadata.version", value_new_int(&v->mem, v->version));
	value_set(&v->mem, v->held, MANIFEST, data);
	data = value_new_map(&v->mem);
	value_set_int(&v->mem, data, "version", v->version);
	answer(reply, data);
}

/* What an auth method is tuned by: times in seconds, a description beside the rest. */
static inline void tune(struct vault *v, struct value *method, const struct value *tunes)
{
	for (size_t i = 0; i < value_count(tunes, NULL); i++) {
		const char *name = tunes->names[i], *text = value_text_or(tunes->items[i], "", "");
		char *end;
		long seconds = strtol(text, &end, 10);

		if (text_same(name, "description"))
			value_set_text(&v->mem, method, name, text);
		else
			value_put(&v->mem, method, arena_printf(&v->mem, "config.%s", name), end != text && text_same(end, "s") ?
			          value_new_int(&v->mem, seconds) : value_new_text(&v->mem, text));
	}
}

/* ---- people ---- */

static inline void take_secret(struct vault *v, struct value *body, const char *attr, const char **out)
{
	const char *text = value_text_or(body, attr, NULL);

	if (!text)
		return;
	*out = arena_text(&v->mem, text);
	v->secrets++;
	value_unset(body, attr);
}

/* What is left out stays. */
static inline void merge(struct vault *v, const char *path, const struct value *body)
{
	struct value *there = (struct value *)value_get(v->held, path);

	if (!there)
		there = value_set(&v->mem, v->held, path, value_new_map(&v->mem));
	for (size_t i = 0; i < body->n; i++)
		value_set(&v->mem, there, body->names[i], body->items[i]);
	if (text_starts(path, "identity/")) {
		value_set_text(&v->mem, there, "name", strrchr(path, '/') + 1);
		value_set_text(&v->mem, there, "id", arena_printf(&v->mem, "id-%s", strrchr(path, '/') + 1));
	}
}

/* Held as "alias.MOUNT.NAME", which is its id as well; of a group within the group. */
static inline void write_alias(struct vault *v, const char *path, struct value *body)
{
	const char *mount = value_text_or(body, "mount_accessor", "") + strlen("acc-"), *name = value_text_or(body, "name", "");
	const char *of = value_text_or(body, "canonical_id", "") + strlen("id-");
	const char *id = arena_printf(&v->mem, "alias.%s.%s", mount, name);
	struct value *alias = value_new_map(&v->mem), *group;

	assert_true(text_starts(value_text_or(body, "mount_accessor", ""), "acc-"));
	value_set_text(&v->mem, alias, "id", id);
	value_set_text(&v->mem, alias, "name", name);
	value_set_text(&v->mem, alias, "of", of);
	value_set_text(&v->mem, alias, "mount_path", arena_printf(&v->mem, "auth/%s/", mount));
	if (text_same(path, "identity/entity-alias")) {
		value_set(&v->mem, v->held, id, alias);
		return;
	}
	group = (struct value *)value_get(v->held, arena_printf(&v->mem, "identity/group/name/%s", of));
	assert_non_null(group);
	value_set(&v->mem, group, "alias", alias);
}

static inline void answer_entities(struct vault *v, struct reply *reply)
{
	static const char entity_path[] = "identity/entity/name/";
	struct value *all = value_new_map(&v->mem), *data = value_new_map(&v->mem);

	for (size_t i = 0; i < v->held->n; i++) {
		const char *name = v->held->names[i] + strlen(entity_path);
		struct value *entity, *aliases;

		if (!text_starts(v->held->names[i], entity_path))
			continue;
		entity = value_set(&v->mem, all, arena_printf(&v->mem, "id-%s", name), value_new_map(&v->mem));
		value_set_text(&v->mem, entity, "name", name);
		aliases = value_set(&v->mem, entity, "aliases", value_new_list(&v->mem));
		for (size_t k = 0; k < v->held->n; k++)
			if (text_starts(v->held->names[k], "alias.") && text_same(value_text_or(v->held->items[k], "of", NULL), name))
				value_push(&v->mem, aliases, v->held->items[k]);
	}
	value_set(&v->mem, data, "key_info", all);
	if (all->n)
		answer(reply, data);
	else
		fake_reply(reply, 404, "{\"errors\":[]}");
}

/* ---- calls ---- */

static inline void put_settings(struct vault *v, const char *path, struct value *body)
{
	take_secret(v, body, "oidc_client_secret", &v->client_secret);
	if (value_get(body, "kubernetes_host") && !value_get(body, "kubernetes_ca_cert"))
		value_set_text(&v->mem, body, "kubernetes_ca_cert", "");
	value_set(&v->mem, v->held, path, body);
}

static inline void put_once(struct vault *v, const char *path, struct value *body)
{
	const struct value *config = value_get(body, "config");

	value_unset(body, "config");
	if (text_starts(path, "sys/auth/")) {
		value_set_text(&v->mem, body, "accessor", arena_printf(&v->mem, "acc-%s", path + strlen("sys/auth/")));
		tune(v, body, config);
	}
	value_set(&v->mem, v->held, path, body);
}

static inline void put(struct vault *v, const char *path, struct value *body, struct reply *reply)
{
	bool once = text_starts(path, "sys/mounts/") || text_starts(path, "sys/audit/") || text_starts(path, "sys/auth/");

	v->writes++;
	if (text_same(path, MANIFEST)) {
		write_manifest(v, body, reply);
		return;
	}
	fake_reply(reply, 204, "");
	if (text_ends(path, "/tune")) {
		path = arena_view(&v->mem, view_of(path, strlen(path) - strlen("/tune")));
		tune(v, (struct value *)value_get(v->held, path), body);
	} else if (once && value_get(v->held, path)) {
		fake_reply(reply, 400, "{\"errors\":[\"path is already in use at x/\"]}");
	} else if (once) {
		put_once(v, path, body);
	} else if (text_same(path, "identity/entity-alias") || text_same(path, "identity/group-alias")) {
		write_alias(v, path, body);
	} else if (text_starts(path, "identity/") || strstr(path, "/users/")) {
		take_secret(v, body, "password", &v->password);
		merge(v, path, body);
	} else if (text_ends(path, "/config")) {
		put_settings(v, path, body);
	} else {
		value_set(&v->mem, v->held, path, body);
	}
}

static inline void get(struct vault *v, const char *path, struct reply *reply)
{
	if (text_same(path, "sys/seal-status"))
		fake_reply(reply, 200, v->status ? v->status :
		           "{\"initialized\":true,\"sealed\":false,\"type\":\"awskms\",\"version\":\"1.21.1\"}");
	else if (text_same(path, "auth/token/lookup-self"))
		fake_reply(reply, 200, "{\"data\":{\"path\":\"auth/token/root\",\"policies\":[\"root\"]}}");
	else if (text_same(path, "sys/mounts") || text_same(path, "sys/auth") || text_same(path, "sys/audit"))
		answer_list(v, path, reply);
	else if (text_same(path, "identity/entity/id?list=true"))
		answer_entities(v, reply);
	else if (value_get(v->held, path))
		answer(reply, value_get(v->held, path));
	else
		fake_reply(reply, 404, "{\"errors\":[]}");
}

static inline void delete(struct vault *v, const char *path, struct reply *reply)
{
	static const char alias_path[] = "identity/entity-alias/id/";

	v->writes++;
	if (text_starts(path, "secret/metadata/"))
		path = arena_printf(&v->mem, "secret/data/%s", path + strlen("secret/metadata/"));
	else if (text_starts(path, alias_path))
		path += strlen(alias_path);
	value_unset(v->held, path);
	fake_reply(reply, 204, "");
}

/* Whatever the tests ask about what may be done: it may. */
static inline void answer_rights(struct vault *v, const struct value *body, struct reply *reply)
{
	const struct value *paths = value_get(body, "paths");
	struct value *data = value_new_map(&v->mem), *all = value_new_list(&v->mem);

	value_push(&v->mem, all, value_new_text(&v->mem, "create"));
	value_push(&v->mem, all, value_new_text(&v->mem, "update"));
	for (size_t i = 0; i < value_count(paths, NULL); i++)
		value_set(&v->mem, data, paths->items[i]->text, text_same(paths->items[i]->text, v->denied) ?
		          value_new_list(&v->mem) : all);
	answer(reply, data);
}

static inline void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct vault *v = to;
	const char *path = rq->url + strlen(ADDRESS "/v1/");
	AUTO(err) struct err e = { 0 };
	struct value *body = NULL;

	(void)latency_ms;
	assert_true(text_starts(rq->url, ADDRESS "/v1/"));
	if (rq->body.n)
		assert_int_equal(va_json_parse(&v->mem, rq->body, NULL, &body, &e), 0);
	if (text_same(path, v->denied))
		fake_reply(reply, 403, "{\"errors\":[\"permission denied\"]}");
	else if (text_same(rq->method, "GET"))
		get(v, path, reply);
	else if (text_same(rq->method, "DELETE"))
		delete(v, path, reply);
	else if (text_same(path, "sys/capabilities-self"))
		answer_rights(v, body, reply);
	else
		put(v, path, body, reply);
}

/* ---- a run ---- */

struct scene {
	struct vault vault;
	struct fake_transport net;
	struct fake_host machine;
	struct transport transport;
	struct host host;
	const char *prune_data;      /* what was typed */
	size_t changes;              /* of the last run */
	unsigned depth, sent;        /* of its tables together: round trips one after the other, and requests */
};

static inline void scene_open(struct scene *s)
{
	*s = (struct scene){ .machine.wall_ms = 1790000000000 };
	s->vault.held = value_new_map(&s->vault.mem);
	fake_transport_init(&s->net, serve, &s->vault);
	s->transport = fake_transport(&s->net);
	s->host = fake_host(&s->machine);
}

static inline void scene_close(struct scene *s)
{
	fake_transport_release(&s->net);
	fake_host_release(&s->machine);
	arena_release(&s->vault.mem);
}

static inline int loop_rows(struct scene *s, struct configure *w, const struct step *steps, size_t n, struct err *e)
{
	struct loop loop = { .transport = &s->transport, .host = &s->host };
	struct graph g = { .steps = steps, .n = n, .world = w, .tracks = ARENA_ARRAY(w->boot.mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, e);

	s->depth += graph_depth(&g);
	s->sent += graph_sent(&g);
	graph_release_tracks(&g);
	return result;
}

static inline int read_all(struct scene *s, struct configure *w, struct err *e)
{
	size_t n;
	const struct step *all = boot_table(w->boot.mem, configure_reads, n_configure_reads, &n);

	configure_forget(w);
	return loop_rows(s, w, all, n, e) < 0 ? -1 : configure_compare(w, e);
}

static inline int write_all(struct scene *s, struct configure *w, struct err *e)
{
	AUTO(err) struct err why = { 0 };
	const struct step *unlock;
	size_t n;

	w->consent = true;
	if (loop_rows(s, w, configure_writes, n_configure_writes, e) == 0)
		return read_all(s, w, e);
	unlock = boot_table(w->boot.mem, configure_unlock, n_configure_unlock, &n);
	if (w->locked && !s->net.killed && loop_rows(s, w, unlock, n, &why) == 0)
		assert_false(w->locked);
	return -1;
}

/* A world over this Vault, from the file's text on; with one round a digest. */
static inline void world_open(struct scene *s, struct configure *w, struct arena *a, const struct want *want,
                              const char *text)
{
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	struct value *tree;

	if (va_yaml_parse(a, view_text(text), "f", &tree, &e) < 0 || configure_read(a, tree, &w->config, &warnings, &e) < 0)
		fail_msg("%s", e.text);
	configure_resolve(&s->host, &w->config, &e);
	if (e.kind)
		fail_msg("%s", e.text);
	w->rounds = 1;
	w->boot = (struct boot){ .mem = a, .host = &s->host, .want = want, .options.vault_addr = ADDRESS, .token_from = "t" };
	secret_set(&w->boot.token, view_text("hvs.root"));
	assert_int_equal(configure_init(w, &e), 0);
}

/* As the command goes about it, less the questions. */
static inline int run(struct scene *s, const char *text, bool prune, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct want want = { .namespace_ = "vault", .release = "vault" };
	struct configure w = { .prune = prune, .prune_data = s->prune_data };
	int result;

	world_open(s, &w, &a, &want, text);
	s->depth = s->sent = 0;
	result = read_all(s, &w, e);
	s->changes = result == 0 ? configure_changes(&w).n : 0;
	if (s->changes)
		result = write_all(s, &w, e);
	if (result == 0 && configure_changes(&w).n)
		result = err_set(e, ERR_BUG, 0, "the %s '%s' is still to do", configure_changes(&w).at[0].kind,
		                 configure_changes(&w).at[0].name);
	configure_release(&w);
	return result;
}

static inline void must_run(struct scene *s, const char *text, bool prune)
{
	AUTO(err) struct err e = { 0 };

	if (run(s, text, prune, &e) < 0)
		fail_msg("%s", e.text);
}

/* Whether the manifest says so. */
static inline bool made(const struct scene *s, const char *id)
{
	const struct value *list = value_at(value_get(s->vault.held, MANIFEST), "data.made");

	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(list->items[i]->text, id))
			return true;
	return false;
}

/* The loop gets over it by itself. */
static inline bool is_absorbed(enum fault fault, enum reach reach)
{
	return reach == REACH_ONCE && fault != FAULT_KILLED && fault != FAULT_KILLED_BEFORE;
}

#endif
