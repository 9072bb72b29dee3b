#include "kube/objects.h"

#include "core/text.h"

const char *object_name(const struct value *object)
{
	return value_text_or(object, "metadata.name", "");
}

static const char *named_text(const struct value *map, const char *name)
{
	return value_text_or(value_get(map, name), "", NULL);
}

const char *object_label(const struct value *object, const char *name)
{
	return named_text(value_at(object, "metadata.labels"), name);
}

const char *object_annotation(const struct value *object, const char *name)
{
	return named_text(value_at(object, "metadata.annotations"), name);
}

/* Lists leave kind out of their items; where it is there, it must fit. */
static int check_kind(const struct value *object, const char *kind, struct err *e)
{
	const char *name;

	if (!text_same(value_text_or(object, "kind", kind), kind))
		return err_set(e, ERR_REMOTE, 0, "a %s came where a %s belongs",
					   value_text_or(object, "kind", ""), kind);
	if (value_text(object, "metadata.name", &name, e) < 0) {
		e->kind = ERR_REMOTE;
		return err_while(e, "a %s", kind);
	}
	return 0;
}

/* ---- containers ---- */

static struct container_end read_end(const struct value *state)
{
	const struct value *v = value_get(state, "terminated");

	return (struct container_end){
		.there = v != NULL,
		.reason = value_text_or(v, "reason", NULL),
		.message = value_text_or(v, "message", NULL),
		.code = (int)value_int_or(v, "exitCode", 0),
		.signal = (int)value_int_or(v, "signal", 0),
	};
}

static const struct value *find_named(const struct value *list, const char *name)
{
	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "name", NULL), name))
			return list->items[i];
	return NULL;
}

static struct container read_container(const struct value *spec, const struct value *statuses,
									   bool init)
{
	const char *name = value_text_or(spec, "name", "");
	const struct value *status = find_named(statuses, name),
					   *waiting = value_at(status, "state.waiting");
	bool running = value_at(status, "state.running") != NULL;

	return (struct container){
		.name = name,
		.image = value_text_or(spec, "image", ""),
		.init = init,
		.running = running,
		.ready = value_bool_or(status, "ready", false),
		.restarts = (unsigned)value_int_or(status, "restartCount", 0),
		.waiting_reason = waiting ? value_text_or(waiting, "reason", "") : NULL,
		.waiting_message = value_text_or(waiting, "message", NULL),
		.end = read_end(value_get(status, "state")),
		.last_end = read_end(value_get(status, "lastState")),
	};
}

static void read_containers(struct pod *p, struct arena *a)
{
	static const struct {
		const char *spec, *status;
		bool init;
	} lists[] = {
		{ "spec.initContainers", "status.initContainerStatuses", true },
		{ "spec.containers", "status.containerStatuses", false },
	};
	size_t n = value_count(p->object, lists[0].spec) + value_count(p->object, lists[1].spec);

	p->containers = ARENA_ARRAY(a, struct container, n);
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct value *specs = value_at(p->object, lists[i].spec);

		for (size_t j = 0; specs && specs->type == VALUE_LIST && j < specs->n; j++)
			p->containers[p->n_containers++] = read_container(
				specs->items[j], value_at(p->object, lists[i].status), lists[i].init);
	}
}

/* ---- pods ---- */

static const struct value *condition(const struct value *object, const char *type)
{
	const struct value *list = value_at(object, "status.conditions");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "type", NULL), type))
			return list->items[i];
	return NULL;
}

int pod_read(struct pod *out, struct arena *a, const struct value *object, struct err *e)
{
	const struct value *scheduled = condition(object, "PodScheduled"),
					   *ready = condition(object, "Ready");

	if (check_kind(object, "Pod", e) < 0)
		return -1;
	*out = (struct pod){
		.name = object_name(object),
		.namespace_ = value_text_or(object, "metadata.namespace", NULL),
		.uid = value_text_or(object, "metadata.uid", NULL),
		.created = value_text_or(object, "metadata.creationTimestamp", NULL),
		.deleting = value_text_or(object, "metadata.deletionTimestamp", NULL) != NULL,
		.node = value_text_or(object, "spec.nodeName", NULL),
		.service_account = value_text_or(object, "spec.serviceAccountName", NULL),
		.ip = value_text_or(object, "status.podIP", NULL),
		.phase = value_text_or(object, "status.phase", "Unknown"),
		.reason = value_text_or(object, "status.reason", NULL),
		.message = value_text_or(object, "status.message", NULL),
		.ready = text_same(value_text_or(ready, "status", NULL), "True"),
		.object = object,
	};
	if (text_same(value_text_or(scheduled, "status", NULL), "False")) {
		out->unscheduled_reason = value_text_or(scheduled, "reason", "");
		out->unscheduled_message = value_text_or(scheduled, "message", NULL);
	}
	read_containers(out, a);
	return 0;
}

int pod_list_read(struct pod_list *list, struct arena *a, const struct value *body, struct err *e)
{
	const struct value *items;
	struct pod_list whole = { .n = list->n };
	const char *more = value_text_or(body, "metadata.continue", NULL);

	if (value_list(body, "items", &items, e) < 0) {
		e->kind = ERR_REMOTE;
		return err_while(e, "a list of pods");
	}
	whole.at = ARENA_ARRAY(a, struct pod, list->n + items->n);
	if (list->n)
		memcpy(whole.at, list->at, list->n * sizeof(*list->at));
	for (size_t i = 0; i < items->n; i++)
		if (pod_read(&whole.at[whole.n++], a, items->items[i], e) < 0)
			return -1;
	whole.more = text_empty(more) ? NULL : more;
	*list = whole;
	return 0;
}

const struct pod *pod_list_find(const struct pod_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

/* A container of the spec by name; NULL: the first. */
static const struct value *spec_container(const struct pod *p, const char *name)
{
	const struct value *list = value_at(p->object, "spec.containers");

	return name ? find_named(list, name) : value_at(list, "0");
}

const char *pod_env(const struct pod *p, const char *container, const char *name)
{
	return value_text_or(find_named(value_get(spec_container(p, container), "env"), name), "value",
						 NULL);
}

bool pod_find_token_volume(const struct pod *p, const char *container, const char *volume,
						   struct token_volume *out)
{
	const struct value *v = find_named(value_at(p->object, "spec.volumes"), volume);
	const struct value *sources = value_at(v, "projected.sources");
	const struct value *mount =
		find_named(value_get(spec_container(p, container), "volumeMounts"), volume);

	for (size_t i = 0; sources && sources->type == VALUE_LIST && i < sources->n; i++) {
		const struct value *token = value_get(sources->items[i], "serviceAccountToken");

		if (!token)
			continue;
		*out = (struct token_volume){
			.audience = value_text_or(token, "audience", NULL),
			.path = value_text_or(token, "path", NULL),
			.expires_s = value_int_or(token, "expirationSeconds", 0),
			.mount_path = value_text_or(mount, "mountPath", NULL),
		};
		return true;
	}
	return false;
}

/* What the volume calls the file of that path: "items" may give a key another name. */
static const char *key_of(const struct value *source, const char *path)
{
	const struct value *items = value_get(source, "items");

	for (size_t i = 0; items && items->type == VALUE_LIST && i < items->n; i++)
		if (text_same(value_text_or(items->items[i], "path", ""), path))
			return value_text_or(items->items[i], "key", NULL);
	return items ? NULL : path;
}

bool pod_find_secret_file(const struct pod *p, struct arena *a, const char *container, const char *path,
						  struct secret_file *out)
{
	const struct value *mounts = value_get(spec_container(p, container), "volumeMounts");

	for (size_t i = 0; mounts && mounts->type == VALUE_LIST && i < mounts->n; i++) {
		const char *at = value_text_or(mounts->items[i], "mountPath", "");
		const struct value *volume = find_named(value_at(p->object, "spec.volumes"),
												value_text_or(mounts->items[i], "name", ""));
		const char *secret = value_text_or(volume, "secret.secretName", NULL);
		size_t n = strlen(at);
		const char *key;

		if (!n || !secret || !text_starts(path, at) || path[n] != '/')
			continue;
		key = key_of(value_get(volume, "secret"), path + n + 1);
		if (!key)
			return false;
		*out = (struct secret_file){ secret, arena_text(a, key) };
		return true;
	}
	return false;
}

/* ---- service accounts ---- */

int service_account_read(struct service_account *out, const struct value *object, struct err *e)
{
	if (check_kind(object, "ServiceAccount", e) < 0)
		return -1;
	*out = (struct service_account){
		.name = object_name(object),
		.namespace_ = value_text_or(object, "metadata.namespace", NULL),
		.role_arn = object_annotation(object, "eks.amazonaws.com/role-arn"),
		.managed_by = object_label(object, "app.kubernetes.io/managed-by"),
		.release = object_annotation(object, "meta.helm.sh/release-name"),
		.release_namespace = object_annotation(object, "meta.helm.sh/release-namespace"),
		.object = object,
	};
	return 0;
}
