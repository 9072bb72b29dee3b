#include "domain/diag_from_pod.h"

#include "aws/endpoint.h"
#include "core/text.h"
#include "domain/diag_cluster.h"
#include "formats/uri.h"
#include "kube/exec.h"

enum { HTTPS = 443, PROBE_MS = 45000, PROBE_OUT_MAX = 4096 };

static const struct { const char *name, *prefix, *endpoint; } services[PROBES] = {
	[PROBE_STS] = { "STS", "sts", "AWS_ENDPOINT_URL_STS" },
	/* go-kms-wrapping, wrappers/awskms/awskms.go, and vault, physical/dynamodb/dynamodb.go */
	[PROBE_KMS] = { "KMS", "kms", "AWS_KMS_ENDPOINT" },
	[PROBE_DYNAMODB] = { "DynamoDB", "dynamodb", "AWS_DYNAMODB_ENDPOINT" },
};

const char *probe_service_name(enum probe_service service)
{
	return services[service].name;
}

const char *probe_service_prefix(enum probe_service service)
{
	return services[service].prefix;
}

/* ---- where to ---- */

static bool runs(const struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (text_same(p->containers[i].name, SERVER_CONTAINER))
			return p->containers[i].running;
	return false;
}

const struct pod *from_pod_server(const struct diag *d)
{
	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && runs(&d->pods.at[i]))
			return &d->pods.at[i];
	return NULL;
}

const char *from_pod_proxy(const struct diag *d)
{
	static const char *const names[] = { "HTTPS_PROXY", "https_proxy" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!text_empty(diag_setting(d, names[i])))
			return diag_setting(d, names[i]);
	return NULL;
}

const char *from_pod_region(const struct diag *d, enum probe_service service)
{
	const char *region = diag_setting(d, "AWS_REGION");

	if (service == PROBE_KMS)
		return diag_key_region(d);
	if (service == PROBE_DYNAMODB || text_empty(region))
		return diag_table_region(d);
	return region;
}

void from_pod_place(const struct diag *d, enum probe_service service, struct probe *out)
{
	const char *region = from_pod_region(d, service), *given = diag_setting(d, services[service].endpoint);
	const char *suffix = partition_dns_suffix(aws_partition_of(region));
	AUTO(err) struct err e = { 0 };
	struct uri u;

	out->port = HTTPS;
	if (!text_empty(given) && uri_parse(d->mem, strstr(given, "://") ? given : arena_printf(d->mem, "https://%s", given),
	                                    &u, &e) == 0) {
		out->host = u.host;
		out->port = u.port ? u.port : HTTPS;
		return;
	}
	out->host = arena_printf(d->mem, "%s.%s.%s", services[service].prefix, region, suffix);
}

/* ---- the row ---- */

static struct probe *probe_at(struct diag *d, size_t item)
{
	struct diag_cluster *p = diag_part(d, DIAG_CLUSTER, sizeof(*p));

	return &p->from_pod.at[item];
}

size_t from_pod_count(const void *world)
{
	(void)world;
	return PROBES;
}

bool from_pod_due(const void *world, size_t item)
{
	const struct diag *d = world;

	(void)item;
	return d->options.from_pod && from_pod_server(d) && !from_pod_proxy(d);
}

int from_pod_ask(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct diag *d = world;
	const struct pod *pod = from_pod_server(d);
	struct probe to = { 0 };
	const char *argv[] = { "sh", "-c", probe_script, "sh", NULL, NULL, NULL };

	if (!d->kube) {
		err_copy(e, &d->kube_why);
		return -1;
	}
	from_pod_place(d, (enum probe_service)item, &to);
	argv[4] = to.host;
	argv[5] = arena_printf(&rq->mem, "%u", to.port);
	if (kube_ask_exec(d->kube, rq, pod->namespace_, pod->name, SERVER_CONTAINER, argv, e) < 0)
		return -1;
	rq->timeout_ms = PROBE_MS;
	rq->body_max = PROBE_OUT_MAX;
	return 0;
}

/* The script ends with 0 whatever it found: anything else is a container without a shell. */
enum heard from_pod_hear(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct diag *d = world;
	struct probe *probe = probe_at(d, item);
	struct kube_answer answer;
	struct kube_ran ran;
	enum heard heard;

	if (kube_read_exec(d->mem, reply, &ran, e) < 0)
		return HEARD_UNSURE;
	from_pod_place(d, (enum probe_service)item, probe);
	if (!ran.started) {
		heard = diag_hear_kube(d, reply, &answer, e, "running 'sh' in the pod '%s'", from_pod_server(d)->name);
		probe->word = PROBE_UNCLEAR;
		probe->said = heard == HEARD_DONE ? "the pod is gone" : NULL;
		return heard;
	}
	if (ran.code == 0) {
		probe_read(d->mem, ran.out, probe);
		return HEARD_DONE;
	}
	probe->word = ran.code == EXEC_NOT_FOUND ? PROBE_NO_TOOL : PROBE_UNCLEAR;
	probe->said = probe_line(d->mem, ran.talk.n ? ran.talk : view_text(ran.answer.message));
	return HEARD_DONE;
}
