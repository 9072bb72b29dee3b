/* What the cluster family's fixes have in common. */
#include "domain/check_cluster.h"

#include "core/text.h"
#include "formats/json.h"

#include <stdlib.h>

enum { JSON_MAX = 64 << 10 };

static bool is_active(const struct pod *p)
{
	return text_same(object_label(p->object, "vault-active"), "true");
}

static const char *add_pods(const struct diag *d, struct arena *a, const char *names, pod_is *is, bool active)
{
	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];

		if (!p->deleting && is_active(p) == active && (!is || is(d, p)))
			names = arena_printf(a, "%s%s%s", names ? names : "", names ? " " : "", p->name);
	}
	return names;
}

const char *server_pods(const struct diag *d, struct arena *a, pod_is *is)
{
	return add_pods(d, a, add_pods(d, a, NULL, is, false), is, true);
}

size_t server_pods_n(const struct diag *d, pod_is *is)
{
	size_t n = 0;

	for (size_t i = 0; i < d->pods.n; i++)
		n += !d->pods.at[i].deleting && (!is || is(d, &d->pods.at[i]));
	return n;
}

static bool serves(const struct diag *d, const struct pod *p)
{
	(void)d;
	return p->ready;
}

/* A pod that is not Ready anyway loses nothing; the others go one by one, each awaited. */
void fix_restart_pods(const struct diag *d, struct finding *f, const char *pods)
{
	const char *ns = d->release.namespace_;

	if (!server_pods_n(d, serves)) {
		fix(f, "kubectl delete pod --wait=false -n %s %s", ns, pods);
		return;
	}
	fix(f, "for pod in %s; do", pods);
	fix(f, "  kubectl delete pod -n %s $pod", ns);
	fix(f, "  kubectl wait -n %s --for=create pod/$pod --timeout=60s && kubectl wait -n %s --for=condition=Ready pod/$pod "
	    "--timeout=180s || break",
	    ns, ns);
	fix(f, "done");
}

void fix_patch_set(const struct diag *d, struct finding *f, const char *json_patch)
{
	fix(f, "kubectl patch statefulset -n %s %s --type json -p %s", d->release.namespace_, d->release.fullname,
	    shell_word(f->mem, json_patch));
}

const struct value *server_template(const struct diag *d)
{
	const struct value *containers = value_at(d->release.statefulset, "spec.template.spec.containers");

	for (size_t i = 0; containers && containers->type == VALUE_LIST && i < containers->n; i++)
		if (text_same(value_text_or(containers->items[i], "name", ""), SERVER_CONTAINER))
			return containers->items[i];
	return containers && containers->type == VALUE_LIST && containers->n ? containers->items[0] : NULL;
}

const char *json_line(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(JSON_MAX);

	va_json_print(&text, v, false);
	return arena_text(a, buf_str(&text));
}
