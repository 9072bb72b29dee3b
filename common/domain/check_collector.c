/* hardening: whether anything takes what is audited away from the nodes, where it would go with them. */
#include "domain/check_hardening.h"

#include "core/text.h"
#include "domain/collector.h"
#include "domain/diag_cluster.h"
#include "domain/diag_vault.h"

/* Parts of the names of images that send the logs of nodes or of their own pod somewhere. */
static const char *const known[] = {
	"fluent-bit", "fluentbit", "fluentd", "timberio/vector", "promtail", "grafana/alloy", "filebeat", "elastic-agent",
	"logstash", "opentelemetry-collector", "otelcol", "otel-collector", "datadoghq/agent", "datadog/agent",
};

static bool is_known(const char *image)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strstr(image, known[i]))
			return true;
	return false;
}

/* The image of the first container that is known to collect; NULL: none is. */
static const char *collecting_image(const struct value *pod_spec)
{
	const struct value *list = value_get(pod_spec, "containers");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (is_known(value_text_or(list->items[i], "image", "")))
			return value_text_or(list->items[i], "image", NULL);
	return NULL;
}

static bool is_ours(const struct diag *d, const struct value *set)
{
	return text_same(object_label(set, "app.kubernetes.io/name"), COLLECTOR_APP) &&
	       text_same(object_label(set, "app.kubernetes.io/instance"), d->release.name) &&
	       text_same(value_text_or(set, "metadata.namespace", ""), d->release.namespace_);
}

/* Ours; else the first that is known and runs; NULL: none does. */
static const struct value *find_set(const struct diag *d)
{
	const struct diag_list *sets = &diag_cluster(d)->daemon_sets;
	const struct value *other = NULL;

	for (size_t i = 0; i < diag_list_n(sets); i++) {
		const struct value *set = diag_list_at(sets, i);

		if (is_ours(d, set))
			return set;
		if (!other && value_int_or(set, "status.numberReady", 0) > 0 && collecting_image(value_at(set, "spec.template.spec")))
			other = set;
	}
	return other;
}

/* Devices are known, and none of them writes where the nodes' log files come from. */
static bool writes_elsewhere(const struct diag *d)
{
	const struct value *devices = diag_vault(d) ? diag_vault(d)->audit : NULL;

	for (size_t i = 0; devices && devices->type == VALUE_MAP && i < devices->n; i++)
		if (text_same(value_text_or(devices->items[i], "options.file_path", ""), "stdout"))
			return false;
	return value_count(devices, NULL) > 0;
}

static enum verdict judge_set(const struct diag *d, struct finding *f, const struct value *set)
{
	const char *name = object_name(set), *ns = value_text_or(set, "metadata.namespace", "");
	int64_t ready = value_int_or(set, "status.numberReady", 0), nodes = value_int_or(set, "status.desiredNumberScheduled", 0);

	evidence(f, "DaemonSet", "%s/%s, ready on %lld of %lld nodes", ns, name, (long long)ready, (long long)nodes);
	if (is_ours(d, set) && (ready < nodes || !nodes)) {
		found(f, "the collector '%s' is ready on %lld of %lld nodes: audit lines of the others stay there", name, (long long)ready,
		      (long long)nodes);
		fix(f, "kubectl describe pods -n %s -l app.kubernetes.io/name=" COLLECTOR_APP, ns);
		return VERDICT_WARN;
	}
	if (writes_elsewhere(d)) {
		found(f, "'%s' reads what pods write to stdout, and no audit device writes there", name);
		fix(f, "vault audit enable -path=stdout file file_path=stdout");
		return VERDICT_INFO;
	}
	found(f, "'%s' reads the log files of the nodes, with what is audited to stdout", name);
	return VERDICT_PASS;
}

enum verdict judge_collected(const struct diag *d, struct finding *f)
{
	const char *beside = collecting_image(value_at(d->release.statefulset, "spec.template.spec"));
	const struct value *set;

	if (beside) {
		found(f, "the servers have a collector beside them: '%s'", beside);
		return VERDICT_PASS;
	}
	if (!diag_cluster(d)->daemon_sets.read)
		return not_applicable(f, "the DaemonSets were not read");
	set = find_set(d);
	if (set)
		return judge_set(d, f, set);
	found(f, "nothing is seen that collects what is audited: it goes when the node or its log file goes");
	fix(f, "helm vault-aws install --audit-to cloudwatch");
	return VERDICT_INFO;
}
