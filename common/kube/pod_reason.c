#include "kube/objects.h"

#include "core/buf.h"
#include "core/text.h"

#include <ctype.h>

enum { REASON_MAX = 1000 };

/* What the kubelet writes into state.waiting.reason (pkg/kubelet/images, pkg/kubelet/kuberuntime).
 */
static const char *const image_reasons[] = {
	"ErrImagePull",      "ImagePullBackOff",    "InvalidImageName",          "ErrImageNeverPull",
	"ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed",
};
static const char *const usual_reasons[] = { "ContainerCreating", "PodInitializing", "" };

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(text, list[i]))
			return true;
	return false;
}

static void add(struct buf *out, const char *before, const char *text)
{
	if (text_empty(text))
		return;
	buf_text(out, before);
	buf_view(out, view_of(text, strnlen(text, REASON_MAX)));
}

static void add_end(struct buf *out, const struct container_end *end)
{
	add(out, "", end->reason ? end->reason : "ended");
	if (end->signal)
		buf_printf(out, ", signal %d", end->signal);
	else
		buf_printf(out, ", exit code %d", end->code);
	add(out, ": ", end->message);
}

static const char *kind_of(const struct container *c)
{
	return c->init ? "init container" : "container";
}

static bool container_waits_oddly(const struct container *c)
{
	return c->waiting_reason &&
		   !is_one_of(c->waiting_reason, usual_reasons, COUNT_OF(usual_reasons));
}

/* Appends why the container is in trouble; nothing when it is not. */
static void add_trouble(struct buf *out, const struct container *c)
{
	if (container_waits_oddly(c) &&
		is_one_of(c->waiting_reason, image_reasons, COUNT_OF(image_reasons))) {
		buf_printf(out, "%s '%s' cannot get its image '%s': %s", kind_of(c), c->name, c->image,
				   c->waiting_reason);
		add(out, ": ", c->waiting_message);
	} else if (text_same(c->waiting_reason, "CrashLoopBackOff") && c->last_end.there) {
		buf_printf(out, "%s '%s' keeps ending (%u restarts), last: ", kind_of(c), c->name,
				   c->restarts);
		add_end(out, &c->last_end);
	} else if (container_waits_oddly(c)) {
		buf_printf(out, "%s '%s': %s", kind_of(c), c->name, c->waiting_reason);
		add(out, ": ", c->waiting_message);
	} else if (c->end.there && (c->end.code || c->end.signal || !c->init)) {
		buf_printf(out, "%s '%s' ended: ", kind_of(c), c->name);
		add_end(out, &c->end);
	}
}

/* Appends what it is still busy with. */
static void add_progress(struct buf *out, const struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++) {
		const struct container *c = &p->containers[i];

		if (c->end.there || (c->running && (!c->init || c->ready)))
			continue;
		if (c->running)
			buf_printf(out, "init container '%s' has not ended yet", c->name);
		else
			buf_printf(out, "%s '%s' is being created", kind_of(c), c->name);
		return;
	}
	if (text_same(p->phase, "Pending"))
		buf_text(out, p->node ? "its node has not started it yet" : "it has no node yet");
}

static const char *one_line(struct arena *a, const struct buf *text)
{
	char *out = arena_text(a, buf_str(text));

	for (char *c = out; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return out;
}

const char *pod_reason(struct arena *a, const struct pod *p, bool *stuck)
{
	AUTO(buf) struct buf out = BUF_MAX(8 * REASON_MAX);
	bool hopeless = false;

	if (p->deleting) {
		buf_text(&out, "it is being deleted");
	} else if (p->unscheduled_reason) {
		add(&out, "",
			text_same(p->unscheduled_reason, "Unschedulable") ? "unschedulable"
															  : p->unscheduled_reason);
		add(&out, ": ", p->unscheduled_message);
	} else if (!text_same(p->phase, "Succeeded")) {
		if (text_same(p->phase, "Failed") && !text_empty(p->reason)) {
			add(&out, "", p->reason);
			add(&out, ": ", p->message);
		}
		for (size_t i = 0; !out.n && i < p->n_containers; i++)
			add_trouble(&out, &p->containers[i]);
	}
	hopeless = out.n > 0 && !p->deleting;
	if (!out.n && !text_same(p->phase, "Succeeded"))
		add_progress(&out, p);
	if (stuck)
		*stuck = hopeless;
	return out.n ? one_line(a, &out) : NULL;
}
