#include "domain/collector.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "kube/client.h"

#define STATE  "/var/fluent-bit/state"
#define CONFIG "/fluent-bit/audit"

/* ---- Fluent Bit's configuration (docs.fluentbit.io: tail, grep, cloudwatch_logs, s3) ---- */

static const char input[] =
    "[SERVICE]\n"
    "    Flush                   5\n"
    "    Log_Level               warn\n"
    "    storage.path            " STATE "/chunks\n"
    "\n"
    "[INPUT]\n"
    "    Name                    tail\n"
    "    Tag                     audit.*\n"
    "    Path                    /var/log/containers/*_%s_vault-*.log\n"
    "    DB                      " STATE "/tail.db\n"
    "    Read_from_Head          On\n"
    "    Refresh_Interval        10\n"
    "    Buffer_Max_Size         1M\n"
    "    multiline.parser        cri, docker\n"
    "    storage.type            filesystem\n"
    "\n"
    "[FILTER]\n"
    "    Name                    grep\n"
    "    Match                   audit.*\n"
    "    Regex                   log ^\\{.*\"type\":\"(request|response)\"\n";

static const char to_logs[] =
    "\n"
    "[OUTPUT]\n"
    "    Name                    cloudwatch_logs\n"
    "    Match                   audit.*\n"
    "    region                  %s\n"
    "    log_group_name          %s\n"
    "    log_stream_prefix       vault.\n"
    "    auto_create_group       Off\n"
    "    log_key                 log\n"
    "    Retry_Limit             no_limits\n";

static const char to_bucket[] =
    "\n"
    "[OUTPUT]\n"
    "    Name                    s3\n"
    "    Match                   audit.*\n"
    "    region                  %s\n"
    "    bucket                  %s\n"
    "    s3_key_format           %s/%%Y/%%m/%%d/%%H%%M%%S-$UUID.gz\n"
    "    use_put_object          On\n"
    "    compression             gzip\n"
    "    total_file_size         10M\n"
    "    upload_timeout          5m\n"
    "    store_dir               " STATE "/s3\n"
    "    log_key                 log\n"
    "    Retry_Limit             no_limits\n";

static const char *configuration(struct arena *a, const struct want *want)
{
	const char *begin = arena_printf(a, input, want->namespace_), *group = want->names.log_group;

	return arena_printf(a, "%s%s", begin, text_same(want->audit_to, "s3") ?
	                    arena_printf(a, to_bucket, want->region, want->audit_bucket, group) :
	                    arena_printf(a, to_logs, want->region, group));
}

/* ---- the objects ---- */

static struct value *labels(struct arena *a, const struct want *want)
{
	return params_of(a, "app.kubernetes.io/name", COLLECTOR_APP, "app.kubernetes.io/instance", want->release,
	                 "app.kubernetes.io/managed-by", MANAGED_BY, NULL);
}

static struct value *object(struct arena *a, const struct want *want, const char *version, const char *kind)
{
	struct value *v = params_of(a, "apiVersion", version, "kind", kind, NULL), *meta = value_set(a, v, "metadata", value_new_map(a));

	value_set_text(a, meta, "name", want->names.collector);
	value_set_text(a, meta, "namespace", want->namespace_);
	value_set(a, meta, "labels", labels(a, want));
	return v;
}

static struct value *account(struct arena *a, const struct want *want, const char *role_arn)
{
	struct value *v = object(a, want, "v1", "ServiceAccount");

	value_put(a, v, "metadata.annotations", params_of(a, "eks.amazonaws.com/role-arn", role_arn, NULL));
	return v;
}

static struct value *config_map(struct arena *a, const struct want *want)
{
	struct value *v = object(a, want, "v1", "ConfigMap");

	value_set(a, v, "data", params_of(a, "fluent-bit.conf", configuration(a, want), NULL));
	return v;
}

static struct value *list_of(struct arena *a, const char *const *texts)
{
	struct value *list = value_new_list(a);

	for (; *texts; texts++)
		value_push(a, list, value_new_text(a, *texts));
	return list;
}

static void add_mount(struct arena *a, struct value *mounts, const char *name, const char *path, bool read_only)
{
	value_set_bool(a, value_push(a, mounts, params_of(a, "name", name, "mountPath", path, NULL)), "readOnly", read_only);
}

/* As root, since the nodes' log files are root's alone; with none of root's capabilities. */
static struct value *container(struct arena *a)
{
	struct value *c = params_of(a, "name", "fluent-bit", "image", COLLECTOR_IMAGE, NULL), *mounts;

	value_set(a, c, "command", list_of(a, (const char *const[]){ "/fluent-bit/bin/fluent-bit", "-c", CONFIG "/fluent-bit.conf",
	                                                              NULL }));
	value_put(a, c, "securityContext.runAsUser", value_new_int(a, 0));
	value_put(a, c, "securityContext.allowPrivilegeEscalation", value_new_bool(a, false));
	value_put(a, c, "securityContext.readOnlyRootFilesystem", value_new_bool(a, true));
	value_put(a, c, "securityContext.capabilities.drop", list_of(a, (const char *const[]){ "ALL", NULL }));
	value_put(a, c, "resources.requests", params_of(a, "cpu", "20m", "memory", "64Mi", NULL));
	value_put(a, c, "resources.limits", params_of(a, "memory", "256Mi", NULL));
	mounts = value_set(a, c, "volumeMounts", value_new_list(a));
	add_mount(a, mounts, "logs", "/var/log", true);
	add_mount(a, mounts, "state", STATE, false);
	add_mount(a, mounts, "config", CONFIG, true);
	return c;
}

static struct value *volumes(struct arena *a, const struct want *want)
{
	struct value *list = value_new_list(a), *v;

	v = value_push(a, list, params_of(a, "name", "logs", NULL));
	value_set(a, v, "hostPath", params_of(a, "path", "/var/log", NULL));
	v = value_push(a, list, params_of(a, "name", "state", NULL));
	value_set(a, v, "hostPath", params_of(a, "path", arena_printf(a, "/var/lib/%s/%s", COLLECTOR_APP, want->names.collector),
	                                      "type", "DirectoryOrCreate", NULL));
	v = value_push(a, list, params_of(a, "name", "config", NULL));
	value_set(a, v, "configMap", params_of(a, "name", want->names.collector, NULL));
	return list;
}

/* On every node, whatever its taints: a server may be on any. */
static struct value *daemon_set(struct arena *a, const struct want *want)
{
	struct value *v = object(a, want, "apps/v1", "DaemonSet"), *template_ = value_new_map(a), *spec;
	char digest[SHA256_HEX];

	value_put(a, v, "spec.selector.matchLabels", params_of(a, "app.kubernetes.io/name", COLLECTOR_APP,
	                                                       "app.kubernetes.io/instance", want->release, NULL));
	value_put(a, v, "spec.template", template_);
	value_put(a, template_, "metadata.labels", labels(a, want));
	/* Another configuration makes other pods. */
	sha256_hex(view_text(configuration(a, want)), digest);
	value_put(a, template_, "metadata.annotations", params_of(a, TAG_PREFIX "config", digest, NULL));
	spec = value_set(a, template_, "spec", value_new_map(a));
	value_set_text(a, spec, "serviceAccountName", want->names.collector);
	value_push(a, value_set(a, spec, "tolerations", value_new_list(a)), params_of(a, "operator", "Exists", NULL));
	value_push(a, value_set(a, spec, "containers", value_new_list(a)), container(a));
	value_set(a, spec, "volumes", volumes(a, want));
	return v;
}

struct value *collector_object(struct arena *a, const struct want *want, const char *role_arn, size_t nth)
{
	switch (nth) {
	case 0: return account(a, want, role_arn);
	case 1: return config_map(a, want);
	default: return daemon_set(a, want);
	}
}

const char *collector_path(struct arena *a, const struct want *want, size_t nth)
{
	static const char *const paths[COLLECTOR_OBJECTS] = {
		"/api/v1/namespaces/%s/serviceaccounts/%s", "/api/v1/namespaces/%s/configmaps/%s",
		"/apis/apps/v1/namespaces/%s/daemonsets/%s",
	};

	return kube_path(a, paths[nth], want->namespace_, want->names.collector);
}
