/* cluster: does a running server reach STS, KMS and DynamoDB? Only with --from-pod. */
#include "domain/check_cluster.h"
#include "domain/diag_from_pod.h"

#include "core/text.h"

static const struct probe *probe(const struct diag *d, enum probe_service service)
{
	return &diag_cluster(d)->from_pod.at[service];
}

/* Whether the way out is shut or one service's: "STS and KMS answer". NULL: none of the others does. */
static const char *others_open(const struct diag *d, struct finding *f, enum probe_service service)
{
	const char *names = NULL;
	size_t n = 0;

	for (enum probe_service s = PROBE_STS; s < PROBES; s++) {
		if (s == service || probe(d, s)->word != PROBE_OPEN)
			continue;
		names = names ? arena_printf(f->mem, "%s and %s", names, probe_service_name(s)) : probe_service_name(s);
		n++;
	}
	return names ? arena_printf(f->mem, "%s %s", names, n == 1 ? "answers" : "answer") : NULL;
}

/* The pods of the cluster's DNS, when they could be read. */
static void tell_dns(const struct diag *d, struct finding *f)
{
	const struct diag_list *pods = &diag_cluster(d)->dns_pods;
	size_t ready = 0;

	fix(f, "kubectl get pods -n kube-system -l k8s-app=kube-dns -o wide");
	fix(f, "kubectl logs -n kube-system -l k8s-app=kube-dns --tail=20");
	for (size_t i = 0; i < diag_list_n(pods); i++) {
		AUTO(err) struct err e = { 0 };
		struct pod p;

		ready += pod_read(&p, f->mem, diag_list_at(pods, i), &e) == 0 && p.ready;
	}
	if (diag_list_n(pods))
		evidence(f, "cluster's DNS", "%zu of %zu pods Ready", ready, diag_list_n(pods));
}

static enum verdict shut(const struct diag *d, struct finding *f, enum probe_service service, const char *how)
{
	const struct probe *p = probe(d, service);
	const char *open = others_open(d, f, service), *region = from_pod_region(d, service);

	found(f, "from the pod '%s' port %u of '%s' %s%s%s", from_pod_server(d)->name, p->port, p->host, how, open ? ", while " : "",
	      open ? arena_printf(f->mem, "%s: look at what is %s's own, as its VPC endpoint", open, probe_service_name(service)) : "");
	/* An endpoint of the VPC's own takes the name over, and brings security groups of its own. */
	fix(f, "aws ec2 describe-vpc-endpoints --region %s --filters 'Name=service-name,Values=*.%s.%s' --output json "
	       "--query 'VpcEndpoints[].[VpcEndpointId,VpcEndpointType,State,PrivateDnsEnabled,Groups]'",
	    region, region, probe_service_prefix(service));
	return VERDICT_FAIL;
}

static enum verdict judge_word(const struct diag *d, struct finding *f, enum probe_service service)
{
	const struct probe *p = probe(d, service);
	const char *pod = from_pod_server(d)->name;

	switch (p->word) {
	case PROBE_OPEN:
		found(f, "the pod '%s' reaches port %u of '%s'", pod, p->port, p->host);
		return VERDICT_PASS;
	case PROBE_NO_DNS:
		found(f, "the pod '%s' finds no address for '%s'", pod, p->host);
		tell_dns(d, f);
		return VERDICT_FAIL;
	case PROBE_REFUSED:
		return shut(d, f, service, "refuses the connection");
	case PROBE_TIMEOUT:
		return shut(d, f, service, "does not answer in time: a firewall drops what is sent, or there is no way out");
	case PROBE_UNREACHABLE:
		return shut(d, f, service, "cannot be reached: no route leads there, or a firewall says no");
	case PROBE_NO_TOOL:
		return unknown(f, NULL, "the image of the pod '%s' has no tool that works to try a port with", pod);
	default:
		return unknown(f, NULL, "no tool in the pod '%s' could tell whether port %u of '%s' is open%s%s", pod, p->port,
		               p->host ? p->host : "?", p->said ? ": " : "", p->said ? p->said : "");
	}
}

static enum verdict judge(const struct diag *d, struct finding *f, enum probe_service service)
{
	const struct probe *p = probe(d, service);
	enum verdict verdict;

	if (!d->options.from_pod)
		return not_applicable(f, "runs commands in a pod, so only with --from-pod");
	if (!from_pod_server(d))
		return not_applicable(f, "no server runs from which it could be tried");
	if (from_pod_proxy(d))
		return not_applicable(f, "the servers go through the proxy of HTTPS_PROXY, so a port tried straight says nothing");
	verdict = judge_word(d, f, service);
	evidence(f, "pod", "%s", from_pod_server(d)->name);
	evidence(f, "host", "%s:%u", p->host ? p->host : "?", p->port);
	if (p->tool)
		evidence(f, "tool", "%s", p->tool);
	if (p->said && p->word != PROBE_OPEN)
		evidence(f, "said", "%s", p->said);
	return verdict;
}

JUDGE(judge_from_pod_sts)
{
	return judge(d, f, PROBE_STS);
}

JUDGE(judge_from_pod_kms)
{
	return judge(d, f, PROBE_KMS);
}

JUDGE(judge_from_pod_dynamodb)
{
	return judge(d, f, PROBE_DYNAMODB);
}
