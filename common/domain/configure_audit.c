/* An audit device that writes a file: whether the file would outlive its pod. */
#include "domain/configure_part.h"

#include "core/text.h"
#include "domain/diag_from_pod.h"

/* What is in such a volume goes with the pod, or cannot be written. */
static const char *const not_kept[] = { "emptyDir", "configMap", "secret", "projected", "downwardAPI" };

static bool is_kept(const struct value *pod, const char *volume)
{
	const struct value *list = value_at(pod, "spec.volumes");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++) {
		if (!text_same(value_text_or(list->items[i], "name", ""), volume))
			continue;
		for (size_t k = 0; k < COUNT_OF(not_kept); k++)
			if (value_get(list->items[i], not_kept[k]))
				return false;
		return true;
	}
	return false;
}

static bool lies_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		n--;
	return n > 0 && !strncmp(path, folder, n) && (path[n] == '/' || folder[n - 1] == '/');
}

/* The innermost mount that holds the path is the one that it lies on. */
static bool has_volume(const struct value *pod, const char *path)
{
	const struct value *containers = value_at(pod, "spec.containers"), *inner = NULL;

	for (size_t i = 0; containers && containers->type == VALUE_LIST && i < containers->n; i++) {
		const struct value *mounts = value_get(containers->items[i], "volumeMounts");

		if (!text_same(value_text_or(containers->items[i], "name", ""), SERVER_CONTAINER))
			continue;
		for (size_t k = 0; mounts && mounts->type == VALUE_LIST && k < mounts->n; k++) {
			const char *at = value_text_or(mounts->items[k], "mountPath", "");

			if (lies_below(path, at) && (!inner || strlen(at) > strlen(value_text_or(inner, "mountPath", ""))))
				inner = mounts->items[k];
		}
	}
	return inner && !value_bool_or(inner, "readOnly", false) && is_kept(pod, value_text_or(inner, "name", ""));
}

bool configure_audit_is_file(const char *file_path)
{
	return file_path && *file_path == '/' && !text_starts(file_path, "/dev/");
}

/* Of every pod: a server opens the file when it becomes active, and without any device that works it does not become so. */
void configure_check_volumes(const struct configure *w, struct err *e)
{
	const struct config_list *audit = &w->config.lists[CONFIG_AUDIT];

	for (size_t i = 0; i < audit->n; i++) {
		const char *path = value_text_or(audit->at[i].want, "file_path", NULL);

		for (size_t k = 0; k < w->boot.pods.n && config_absent(&audit->at[i]) && configure_audit_is_file(path); k++) {
			const struct pod *p = &w->boot.pods.at[k];

			if (p->deleting || has_volume(p->object, path))
				continue;
			err_also(e, ERR_GUARD, "the audit device '%s' would write '%s', and no volume that outlives the pod '%s' is "
			         "mounted there", audit->at[i].name, path, p->name);
			err_hint(e, "let it be 'file_path: stdout'; or give the pods a volume, which is mounted at /vault/audit: helm vault-aws "
			         "upgrade --audit-storage SIZE");
			break;
		}
	}
}
