/* helm as a child: which major, which repositories, does the chart render with these values, and the install itself. */
#include "domain/install_steps.h"

#include "core/text.h"
#include "domain/values.h"
#include "domain/vault_config.h"
#include "formats/json.h"
#include "formats/yaml.h"

#include <ctype.h>

#define CHART_REPOSITORY "https://helm.releases.hashicorp.com"

enum {
	HELM_TIMEOUT_MS = 20 * 60 * 1000,      /* hooks and pulls may take long; the run's deadline ends it earlier */
	HELM_OUTPUT_MAX = 24 << 20,
	ARGV_MAX = 256
};

bool installing(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->install != NULL;
}

bool installing_for_real(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->install && !w->install->dry_run && !provision_held(w);
}

/* HELM_DEBUG would print our whole command line, and HELM_NAMESPACE would win over the context. */
static void child(struct request *rq, const char *const *argv, const char *label)
{
	static const char *const unset[] = { "HELM_DEBUG", "HELM_NAMESPACE", "HELM_KUBECONTEXT", REQUEST_ENV_OURS, NULL };

	request_child(rq, argv);
	rq->env_unset = unset;
	rq->label = label;
	rq->body_max = HELM_OUTPUT_MAX;
	rq->timeout_ms = HELM_TIMEOUT_MS;
}

/* helm's own last words, for an error. */
static enum heard helm_failed(const struct reply *reply, struct err *e, const char *doing)
{
	struct view talk = view_trim(buf_bytes(&reply->talk));

	if (talk.n > 2000)
		talk = view_of(talk.p + talk.n - 2000, 2000);
	if (view_starts(talk, "Error: "))
		talk = view_of(talk.p + 7, talk.n - 7);
	err_set(e, ERR_REMOTE, reply->status, "%s: helm: %.*s", doing, (int)talk.n, talk.p);
	if (reply->status > 128)
		err_hint(e, "helm was ended by signal %d", reply->status - 128);
	return HEARD_REFUSED;
}

int ask_helm_version(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	(void)e;
	child(rq, (const char *const[]){ w->install->helm_bin, "version", "--short", NULL }, "helm:version");
	return 0;
}

enum heard hear_helm_version(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct view said = view_trim(buf_bytes(&reply->body));

	(void)item;
	if (reply->status)
		return helm_failed(reply, e, "asking helm for its version");
	if (said.n < 2 || said.p[0] != 'v' || (said.p[1] != '3' && said.p[1] != '4')) {
		err_set(e, ERR_CONFLICT, 0, "helm is '%.*s', but 3 and 4 are known here", (int)said.n, said.p);
		return HEARD_REFUSED;
	}
	w->install->helm_major = (unsigned)(said.p[1] - '0');
	return HEARD_DONE;
}

/* Only `hashicorp/vault` asks for a repository of helm's; where there is none, the chart comes from its own place. */
bool repositories_matter(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->install && text_starts(w->install->chart, "hashicorp/") && !w->install->repo;
}

int ask_helm_repositories(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	(void)e;
	child(rq, (const char *const[]){ w->install->helm_bin, "repo", "list", "-o", "json", NULL }, "helm:repo-list");
	return 0;
}

enum heard hear_helm_repositories(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct value *list = NULL;
	AUTO(err) struct err why = {0};

	(void)item;
	(void)e;
	/* Helm 3 fails where there is none: "no repositories to show". */
	if (!reply->status && va_json_parse(w->mem, buf_bytes(&reply->body), NULL, &list, &why) == 0 && list->type == VALUE_LIST)
		for (size_t i = 0; i < list->n; i++)
			if (text_same(value_text_or(list->items[i], "name", ""), "hashicorp"))
				w->install->has_repository = true;
	if (!w->install->has_repository) {
		w->install->chart += strlen("hashicorp/");
		w->install->repo = CHART_REPOSITORY;
	}
	return HEARD_DONE;
}

int install_values(const struct world *w, bool stand_ins, struct arena *a, struct view *out, struct err *e)
{
	const char *key = w->key.arn, *role = w->role.arn;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);

	if (!key && w->want.given_key)
		key = w->want.given_key;
	if (!key && stand_ins)
		key = arena_printf(a, "arn:%s:kms:%s:000000000000:key/00000000-0000-0000-0000-000000000000",
		                   aws_partition_of(w->want.region), w->want.region);
	if (!role && stand_ins)
		role = arena_printf(a, "arn:%s:iam::000000000000:role/%s", aws_partition_of(w->want.region), w->want.names.role);
	if (!key || !role)
		return err_set(e, ERR_BUG, 0, "values are asked for before key and role are there");
	if (va_yaml_print(&text, values_make(a, &w->want, key, role), e) < 0 || buf_whole(&text, "the values", e) < 0)
		return -1;
	*out = view_of(arena_view(a, buf_bytes(&text)), text.n);
	return 0;
}

struct words {
	const char *at[ARGV_MAX];
	size_t n;
};

static void word(struct words *to, const char *text)
{
	if (text && to->n + 1 < ARGV_MAX)
		to->at[to->n++] = text;
}

static void words(struct words *to, const char *const *list)
{
	for (; list && *list; list++)
		word(to, *list);
}

/* Ours first, so that the user's values win; helm reads our values from file descriptor 3. */
static int ask_upgrade(const struct world *w, struct request *rq, const char *dry_run, bool stand_ins, const char *label,
                       struct err *e)
{
	const struct install *in = w->install;
	struct words argv = {0};
	const char *const *flags = NULL;
	struct view values;

	if (install_values(w, stand_ins, &rq->mem, &values, e) < 0)
		return -1;
	if (in->helm_flags && in->helm_flags(in->to, in->helm_major, &flags, e) < 0)
		return -1;
	words(&argv, (const char *const[]){ in->helm_bin, "upgrade", "--install", w->want.release, in->chart, NULL });
	words(&argv, (const char *const[]){ "--namespace", w->want.namespace_, "--values", "/dev/fd/3", "-o", "json", NULL });
	if (!text_empty(in->kube_context))
		words(&argv, (const char *const[]){ "--kube-context", in->kube_context, NULL });
	if (in->chart_version)
		words(&argv, (const char *const[]){ "--version", in->chart_version, NULL });
	if (in->repo)
		words(&argv, (const char *const[]){ "--repo", in->repo, NULL });
	if (dry_run)
		word(&argv, arena_printf(&rq->mem, "--dry-run=%s", dry_run));
	words(&argv, flags);
	words(&argv, in->rest);
	if (argv.n + 1 >= ARGV_MAX)
		return err_set(e, ERR_USAGE, 0, "more than %d words for helm", ARGV_MAX);
	child(rq, argv.at, label);
	rq->file = values;
	return 0;
}

int ask_render(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *mode = w->install->dry_run && w->install->dry_run_mode ? w->install->dry_run_mode : "client";

	(void)item;
	return ask_upgrade(w, rq, mode, true, "helm:render", e);
}

/* Calls each for every document of a manifest; stops at the first that says -1. */
static int each_document(struct world *w, const char *manifest, int (*each)(struct world *, const struct value *, struct err *),
                         struct err *e)
{
	const char *at = manifest;

	while (at && *at) {
		const char *end = strstr(at, "\n---");
		size_t n = end ? (size_t)(end + 1 - at) : strlen(at);
		struct value *document;

		if (!strncmp(at, "---", 3)) {
			size_t line = strcspn(at, "\n");

			at += line;
			n = n > line ? n - line : 0;
		}
		if (va_yaml_parse(w->mem, view_of(at, n), "the chart's manifest", &document, e) < 0)
			return -1;
		if (document->type == VALUE_MAP && each(w, document, e) < 0)
			return -1;
		at = end ? end + 1 : NULL;
	}
	return 0;
}

static bool of_kind(const struct value *object, const char *kind)
{
	return text_same(value_text_or(object, "kind", ""), kind);
}

static const char *config_of(const struct value *map)
{
	return value_text_or(value_get(value_get(map, "data"), "extraconfig-from-values.hcl"), "", NULL);
}

static const char *const stand_in_key = ":000000000000:key/00000000-0000-0000-0000-000000000000";

/* The user's values may say anything but what would cut Vault off from its data: both sides are shown. */
static int check_config(struct world *w, const struct value *object, struct err *e)
{
	AUTO(err) struct err differences = {0};
	struct vault_facts ours, theirs;
	const char *key = w->key.arn ? w->key.arn : w->want.given_key;

	if (!key)
		key = arena_printf(w->mem, "arn:%s:kms:%s%s", aws_partition_of(w->want.region), w->want.region, stand_in_key);
	if (vault_config_read(w->mem, vault_config_print(w->mem, &w->want, key), &ours, e) < 0 ||
	    vault_config_read(w->mem, config_of(object), &theirs, e) < 0)
		return -1;
	/* Rendered before the key was made: the install itself gets the real one. */
	if (text_ends(theirs.key_id ? theirs.key_id : "", stand_in_key))
		theirs.key_id = ours.key_id;
	vault_facts_compare(&ours, &theirs, &differences);
	if (!differences.kind)
		return 0;
	err_append(e, &differences);
	err_while(e, "your values change what ties Vault to its data (server.ha.config)");
	err_hint(e, "leave storage, seal and listener of server.ha.config as they are");
	return -1;
}

static int check_account(struct world *w, const struct value *object, struct err *e)
{
	const char *name = object_name(object);

	if (text_same(name, w->want.service_account))
		return 0;
	err_set(e, ERR_CONFIG, 0, "your values make the service account '%s', but '%s' is wanted", name, w->want.service_account);
	err_hint(e, "leave server.serviceAccount out of your values, or give --vault-service-account %s", name);
	return -1;
}

static bool mounts_tls(const struct value *container)
{
	const struct value *mounts = value_get(container, "volumeMounts");

	for (size_t i = 0; i < value_count(mounts, NULL); i++)
		if (text_same(value_text_or(mounts->items[i], "mountPath", ""), TLS_FOLDER))
			return true;
	return false;
}

/* What must agree with the listener: the address that the pods go by, and the folder with its certificate. */
static int check_listener(struct world *w, const struct value *set, struct err *e)
{
	const struct value *container = value_at(set, "spec.template.spec.containers.0"), *env = value_get(container, "env");
	const char *scheme = w->want.tls == TLS_OFF ? "http://" : "https://";

	for (size_t i = 0; i < value_count(env, NULL); i++)
		if (text_same(value_text_or(env->items[i], "name", ""), "VAULT_ADDR") &&
		    !text_starts(value_text_or(env->items[i], "value", scheme), scheme))
			err_also(e, ERR_CONFIG, "your values make VAULT_ADDR '%s' (global.tlsDisable), but the listener %s TLS",
			         value_text_or(env->items[i], "value", ""), w->want.tls == TLS_OFF ? "has no" : "has");
	if (w->want.tls != TLS_OFF && !mounts_tls(container)) {
		err_also(e, ERR_CONFIG, "your values take the listener's certificate away (server.volumes, server.volumeMounts)");
		err_hint(e, "lists of values are not merged: add the volume 'tls' of the Secret '%s', and its mount at " TLS_FOLDER
		         ", to yours", w->want.tls_secret);
	}
	return e->kind ? -1 : 0;
}

static int check_document(struct world *w, const struct value *object, struct err *e)
{
	const char *component = value_text_or(object, "spec.template.metadata.labels.component", "");

	if (of_kind(object, "StatefulSet") && text_same(component, "server")) {
		const char *account = value_text_or(object, "spec.template.spec.serviceAccountName", "");

		w->install->fullname = object_name(object);
		w->install->set = object;
		if (text_same(account, w->want.service_account))
			return check_listener(w, object, e);
		return err_set(e, ERR_CONFIG, 0, "your values give the pods the service account '%s', but '%s' is wanted", account,
		               w->want.service_account);
	}
	if (of_kind(object, "ConfigMap") && config_of(object))
		return check_config(w, object, e);
	if (of_kind(object, "ServiceAccount") && value_get(value_at(object, "metadata.annotations"), "eks.amazonaws.com/role-arn"))
		return check_account(w, object, e);
	return 0;
}

static int take_release(struct world *w, const struct reply *reply, struct value **out, struct err *e)
{
	struct install *in = w->install;

	if (va_json_parse(w->mem, buf_bytes(&reply->body), NULL, out, e) < 0)
		return err_while(e, "reading helm's answer");
	in->chart_seen = arena_printf(w->mem, "%s %s", value_text_or(*out, "chart.metadata.name", "?"),
	                              value_text_or(*out, "chart.metadata.version", "?"));
	in->manifest = value_text_or(*out, "manifest", "");
	in->status = value_text_or(*out, "info.status", "");
	in->revision = value_int_or(*out, "version", 0);
	return 0;
}

enum heard hear_render(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct value *release;

	(void)item;
	if (reply->status)
		return helm_failed(reply, e, "rendering the chart");
	if (take_release(w, reply, &release, e) < 0)
		return HEARD_REFUSED;
	w->install->revision_before = w->install->revision - 1;
	if (each_document(w, w->install->manifest, check_document, e) < 0)
		return HEARD_REFUSED;
	if (!w->install->fullname) {
		err_set(e, ERR_CONFIG, 0, "the chart '%s' has no StatefulSet of Vault servers", w->install->chart_seen);
		err_hint(e, "give the chart of HashiCorp's Vault, with server.ha.enabled");
		return HEARD_REFUSED;
	}
	return HEARD_DONE;
}

int ask_helm_install(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return ask_upgrade(world, rq, NULL, false, "helm:install", e);
}

enum heard hear_helm_install(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct value *release;

	(void)item;
	if (reply->status) {
		enum heard heard = helm_failed(reply, e, "installing the chart");

		if (w->install->set_gone && w->install->upgrade)
			err_hint(e, "its StatefulSet is away, and the pods go on without one: run it again, which makes it anew");
		return heard;
	}
	return take_release(w, reply, &release, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

static int ask_rollback(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const struct install *in = w->install;
	struct words argv = {0};

	(void)item;
	(void)e;
	word(&argv, in->helm_bin);
	if (in->revision_before > 0)
		words(&argv, (const char *const[]){ "rollback", w->want.release,
		      arena_printf(&rq->mem, "%lld", (long long)in->revision_before), NULL });
	else
		words(&argv, (const char *const[]){ "uninstall", w->want.release, NULL });
	words(&argv, (const char *const[]){ "--namespace", w->want.namespace_, NULL });
	if (!text_empty(in->kube_context))
		words(&argv, (const char *const[]){ "--kube-context", in->kube_context, NULL });
	child(rq, argv.at, "helm:rollback");
	return 0;
}

static enum heard hear_rollback(void *world, size_t item, const struct reply *reply, struct err *e)
{
	(void)world;
	(void)item;
	return reply->status ? helm_failed(reply, e, "taking the release back") : HEARD_DONE;
}

const struct step rollback_steps[] = {
	{ .name = "release.back", .change = "take the release back", .ask = ask_rollback, .hear = hear_rollback },
};

const size_t n_rollback_steps = COUNT_OF(rollback_steps);
