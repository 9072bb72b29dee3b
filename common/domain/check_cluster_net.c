/* cluster: services that reach the pods, the right to review tokens, and whether network policies let Vault work. */
#include "domain/check_cluster.h"

#include "core/text.h"
#include "domain/netpol.h"
#include "domain/selector.h"

enum { DNS_PORT = 53, API_PORT = 8200, PEER_PORT = 8201, HTTPS_PORT = 443 };

/* ---- services ---- */

static const char *const service_suffixes[] = { "", "-internal", "-active" };

static const struct value *wanted_selector(const struct diag *d, struct arena *a, const char *suffix)
{
	struct value *selector = value_copy(a, value_at(d->release.statefulset, "spec.selector.matchLabels"));

	if (selector && text_same(suffix, "-active"))
		value_set_text(a, selector, "vault-active", "true");
	return selector;
}

static size_t pods_selected(const struct diag *d, const struct value *service)
{
	size_t n = 0;

	for (size_t i = 0; i < d->pods.n; i++)
		n += !d->pods.at[i].deleting && d->pods.at[i].ip &&
		     labels_match(value_at(service, "spec.selector"), value_at(d->pods.at[i].object, "metadata.labels"));
	return n;
}

static bool labelled_active(const struct diag *d, const struct pod *p)
{
	(void)d;
	return text_same(object_label(p->object, "vault-active"), "true");
}

static size_t endpoints_of(const struct diag *d, const char *service)
{
	const struct diag_list *slices = &diag_cluster(d)->slices;
	size_t n = 0;

	for (size_t i = 0; i < diag_list_n(slices); i++) {
		const struct value *list = value_get(diag_list_at(slices, i), "endpoints");

		if (!text_same(object_label(diag_list_at(slices, i), "kubernetes.io/service-name"), service))
			continue;
		for (size_t k = 0; list && list->type == VALUE_LIST && k < list->n; k++)
			n += value_bool_or(list->items[k], "conditions.ready", true);
	}
	return n;
}

static bool has_address(const struct diag *d, const struct pod *p)
{
	(void)d;
	return p->ip != NULL;
}

static bool may_have_endpoints(const struct diag *d, const char *suffix)
{
	return server_pods_n(d, text_same(suffix, "-active") ? labelled_active : has_address) > 0;
}

static void fix_absent(const struct diag *d, struct finding *f, const char *name, const char *suffix)
{
	struct value *service = value_new_map(f->mem), *ports;

	value_set_text(f->mem, service, "apiVersion", "v1");
	value_set_text(f->mem, service, "kind", "Service");
	value_put(f->mem, service, "metadata.name", value_new_text(f->mem, name));
	value_put(f->mem, service, "metadata.namespace", value_new_text(f->mem, d->release.namespace_));
	value_put(f->mem, service, "spec.selector", value_copy(f->mem, wanted_selector(d, f->mem, suffix)));
	value_put(f->mem, service, "spec.publishNotReadyAddresses", value_new_bool(f->mem, true));
	if (text_same(suffix, "-internal"))
		value_put(f->mem, service, "spec.clusterIP", value_new_text(f->mem, "None"));
	ports = value_new_list(f->mem);
	for (int i = 0; i < 2; i++) {
		struct value *port = value_push(f->mem, ports, value_new_map(f->mem));

		value_set_text(f->mem, port, "name", i ? "https-internal" : "http");
		value_set_int(f->mem, port, "port", i ? PEER_PORT : API_PORT);
	}
	value_put(f->mem, service, "spec.ports", ports);
	fix(f, "kubectl create -f - <<'EOF'\n%s\nEOF", json_line(f->mem, service));
	fix(f, "# or install the release again: helm vault-aws install");
}

static enum verdict judge_service(const struct diag *d, struct finding *f, const char *suffix)
{
	const char *name = arena_printf(f->mem, "%s%s", d->release.fullname, suffix);
	const struct value *service = diag_list_find(&diag_cluster(d)->services, d->release.namespace_, name);
	size_t n = endpoints_of(d, name);

	if (!service) {
		found(f, "the service '%s' is not there", name);
		fix_absent(d, f, name, suffix);
		return VERDICT_FAIL;
	}
	evidence(f, name, "%zu endpoints", n);
	if (n || !may_have_endpoints(d, suffix))
		return VERDICT_PASS;
	if (pods_selected(d, service)) {
		found(f, "the service '%s' has no endpoint, although its selector means a pod with an address", name);
		fix(f, "kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s -o yaml", d->release.namespace_, name);
		return VERDICT_FAIL;
	}
	evidence(f, "selector", "%s", json_line(f->mem, value_at(service, "spec.selector")));
	found(f, "the service '%s' has no endpoint: its selector means no pod of the release", name);
	fix(f, "kubectl patch service -n %s %s --type json -p %s", d->release.namespace_, name,
	    shell_word(f->mem, arena_printf(f->mem, "[{\"op\":\"add\",\"path\":\"/spec/selector\",\"value\":%s}]",
	                                    json_line(f->mem, wanted_selector(d, f->mem, suffix)))));
	return VERDICT_FAIL;
}

JUDGE(judge_services)
{
	for (size_t i = 0; i < COUNT_OF(service_suffixes); i++)
		if (judge_service(d, f, service_suffixes[i]) == VERDICT_FAIL)
			return VERDICT_FAIL;
	if (!server_pods_n(d, labelled_active))
		found(f, "the services lead to the pods; none of these is active yet");
	else
		found(f, "the services lead to the pods, '%s-active' to the active one", d->release.fullname);
	return VERDICT_PASS;
}

/* ---- TokenReview ---- */

JUDGE(judge_reviewer)
{
	const struct diag_cluster *p = diag_cluster(d);
	const char *account = d->release.service_account, *ns = d->release.namespace_, *name;

	for (size_t i = 0; i < p->n_roles; i++) {
		evidence(f, p->role[i].binding, "ClusterRole %s", p->role[i].name);
		if (p->role[i].reviews || text_same(p->role[i].name, AUTH_DELEGATOR) || text_same(p->role[i].name, "cluster-admin")) {
			found(f, "'%s' may review tokens, by the ClusterRoleBinding '%s'", account, p->role[i].binding);
			return VERDICT_PASS;
		}
	}
	found(f, "'%s' may not review tokens, so every login by kubernetes auth ends in 403, and Vault logs nothing", account);
	name = arena_printf(f->mem, "%s-server-binding", d->release.fullname);
	if (diag_list_find(&p->bindings, NULL, name))
		name = arena_printf(f->mem, "%s-auth-delegator", d->release.fullname);
	fix(f, "kubectl create clusterrolebinding %s --clusterrole=" AUTH_DELEGATOR " --serviceaccount=%s:%s", name, ns, account);
	return VERDICT_FAIL;
}

/* ---- network policies ---- */

/* A server of the release: the first pod, or what the template would make. */
static struct net_end server_end(const struct diag *d)
{
	struct net_end end = {
		.namespace_ = d->release.namespace_,
		.namespace_labels = value_at(diag_list_find(&diag_cluster(d)->namespaces, NULL, d->release.namespace_), "metadata.labels"),
		.labels = value_at(d->release.statefulset, "spec.template.metadata.labels"),
		.pod = value_at(d->release.statefulset, "spec.template"),
	};

	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting) {
			end.labels = value_at(d->pods.at[i].object, "metadata.labels");
			end.pod = d->pods.at[i].object;
			end.ip = d->pods.at[i].ip;
			break;
		}
	return end;
}

static enum netpol_answer ask(const struct diag *d, struct finding *f, enum net_direction direction, const char *protocol,
                              unsigned port, const struct net_end *other, struct netpol_reason *why)
{
	struct net_end server = server_end(d);
	struct net_flow flow = { direction, protocol, port };

	return netpol_may(f->mem, diag_cluster(d)->policies.items, &server, &flow, other, why);
}

/* A policy that adds what is lacking: policies only ever allow more. */
static void fix_allow(const struct diag *d, struct finding *f, const char *what, const char *direction, const char *rule)
{
	fix(f, "kubectl apply -f - <<'EOF'");
	fix(f, "apiVersion: networking.k8s.io/v1");
	fix(f, "kind: NetworkPolicy");
	fix(f, "metadata: {name: %s-allow-%s, namespace: %s}", d->release.fullname, what, d->release.namespace_);
	fix(f, "spec:");
	fix(f, "  podSelector: {matchLabels: %s}", json_line(f->mem, value_at(d->release.statefulset, "spec.selector.matchLabels")));
	fix(f, "  policyTypes: [%s]", text_same(direction, "egress") ? "Egress" : text_same(direction, "ingress") ? "Ingress" :
	    "Ingress, Egress");
	fix(f, "%s", rule);
	fix(f, "EOF");
}

static const char *selected_by(const struct netpol_reason *why)
{
	return why->selecting ? why->selecting : "no policy";
}

JUDGE(judge_dns_open)
{
	const struct diag_list *pods = &diag_cluster(d)->dns_pods;
	struct net_end dns = { .namespace_ = "kube-system" };
	enum netpol_answer udp, tcp;
	struct netpol_reason why;

	if (diag_list_n(pods)) {
		dns.labels = value_at(diag_list_at(pods, 0), "metadata.labels");
		dns.pod = diag_list_at(pods, 0);
		dns.ip = value_text_or(dns.pod, "status.podIP", NULL);
	} else {
		dns.outside = true;
	}
	dns.namespace_labels = value_at(diag_list_find(&diag_cluster(d)->namespaces, NULL, "kube-system"), "metadata.labels");
	tcp = ask(d, f, NET_EGRESS, "TCP", DNS_PORT, &dns, &why);
	udp = ask(d, f, NET_EGRESS, "UDP", DNS_PORT, &dns, &why);
	evidence(f, "policies", "%s", selected_by(&why));
	if (udp != NETPOL_DENIED && tcp != NETPOL_DENIED) {
		found(f, udp == NETPOL_OPEN ? "nothing keeps the servers from the cluster's DNS" : "the servers may ask the cluster's DNS");
		return VERDICT_PASS;
	}
	found(f, "the network policies %s let the servers ask no DNS by %s, so no name of AWS or of a service is found", why.selecting,
	      udp == NETPOL_DENIED ? "UDP" : "TCP");
	fix_allow(d, f, "dns", "egress", "  egress: [{ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}]");
	return udp == NETPOL_DENIED ? VERDICT_FAIL : VERDICT_WARN;
}

JUDGE(judge_peers_open)
{
	struct net_end peer = server_end(d);
	struct netpol_reason out, in;
	enum netpol_answer sends, takes;

	if (d->release.replicas < 2)
		return not_applicable(f, "there is one replica, which has no peers");
	sends = ask(d, f, NET_EGRESS, "TCP", PEER_PORT, &peer, &out);
	takes = ask(d, f, NET_INGRESS, "TCP", PEER_PORT, &peer, &in);
	evidence(f, "policies", "out: %s; in: %s", selected_by(&out), selected_by(&in));
	if (sends != NETPOL_DENIED && takes != NETPOL_DENIED) {
		found(f, "the servers may reach each other on port %d", PEER_PORT);
		return VERDICT_PASS;
	}
	found(f, "the network policies %s keep the servers from each other's port %d, so standbys cannot pass requests on",
	      sends == NETPOL_DENIED ? out.selecting : in.selecting, PEER_PORT);
	fix_allow(d, f, "peers", "both", arena_printf(f->mem,
	          "  ingress: [{from: [{podSelector: {matchLabels: %s}}], ports: [{port: 8200}, {port: 8201}]}]\n"
	          "  egress: [{to: [{podSelector: {matchLabels: %s}}], ports: [{port: 8200}, {port: 8201}]}]",
	          json_line(f->mem, value_at(d->release.statefulset, "spec.selector.matchLabels")),
	          json_line(f->mem, value_at(d->release.statefulset, "spec.selector.matchLabels"))));
	return VERDICT_FAIL;
}

/* Somebody at least: pods of any namespace, or an address. */
JUDGE(judge_api_open)
{
	const struct diag_list *namespaces = &diag_cluster(d)->namespaces;
	struct net_end client = { .outside = true };
	struct netpol_reason why;
	enum netpol_answer answer = ask(d, f, NET_INGRESS, "TCP", API_PORT, &client, &why);

	for (size_t i = 0; answer == NETPOL_DENIED && i < diag_list_n(namespaces); i++) {
		client = (struct net_end){
			.namespace_ = object_name(diag_list_at(namespaces, i)),
			.namespace_labels = value_at(diag_list_at(namespaces, i), "metadata.labels"),
		};
		answer = ask(d, f, NET_INGRESS, "TCP", API_PORT, &client, &why);
	}
	evidence(f, "policies", "%s", selected_by(&why));
	if (answer != NETPOL_DENIED) {
		found(f, answer == NETPOL_OPEN ? "any pod may reach the servers on port %d" :
		    "the policies let clients reach port %d", API_PORT);
		return VERDICT_PASS;
	}
	found(f, "the network policies %s let nobody reach the servers on port %d", why.selecting, API_PORT);
	fix_allow(d, f, "api", "ingress", "  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 8200}]}]");
	return VERDICT_FAIL;
}

JUDGE(judge_aws_open)
{
	struct net_end aws = { .outside = true };
	struct netpol_reason why;
	enum netpol_answer answer = ask(d, f, NET_EGRESS, "TCP", HTTPS_PORT, &aws, &why);

	evidence(f, "policies", "%s", selected_by(&why));
	if (answer == NETPOL_UNSURE) {
		found(f, "'%s' lets the servers reach port %d in %s: enough where the VPC endpoints of STS, KMS and DynamoDB are in it",
		      why.policy, HTTPS_PORT, why.cidr ? why.cidr : "some addresses");
		return VERDICT_INFO;
	}
	if (answer != NETPOL_DENIED) {
		found(f, "the servers may reach AWS on port %d", HTTPS_PORT);
		return VERDICT_PASS;
	}
	found(f, "the network policies %s keep the servers from AWS (port %d): no STS, no KMS, no DynamoDB", why.selecting, HTTPS_PORT);
	fix_allow(d, f, "aws", "egress", "  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]");
	return VERDICT_FAIL;
}

/* Where the API server really listens, as the endpoints of the service 'kubernetes' say: policies see that address. */
JUDGE(judge_kube_open)
{
	const struct diag_list *slices = &diag_cluster(d)->api;
	const struct value *slice = diag_list_n(slices) ? diag_list_at(slices, 0) : NULL;
	int64_t port = value_int_or(slice, "ports.0.port", HTTPS_PORT);
	struct net_end api = { .outside = true, .ip = value_text_or(slice, "endpoints.0.addresses.0", NULL) };
	struct netpol_reason why;

	enum netpol_answer answer = ask(d, f, NET_EGRESS, "TCP", (unsigned)port, &api, &why);

	evidence(f, "API server", "%s port %lld", api.ip ? api.ip : "address unknown", (long long)port);
	evidence(f, "policies", "%s", selected_by(&why));
	if (answer != NETPOL_DENIED) {
		found(f, "the servers may reach the API server");
		return VERDICT_PASS;
	}
	found(f, "the network policies %s keep the servers from the API server: no pod gets its label, and no token is "
	    "reviewed", why.selecting);
	fix_allow(d, f, "kube", "egress", api.ip ?
	          arena_printf(f->mem, "  egress: [{to: [{ipBlock: {cidr: %s/%s}}], ports: [{port: %lld}]}]", api.ip,
	                       strchr(api.ip, ':') ? "128" : "32", (long long)port) :
	          arena_printf(f->mem, "  egress: [{ports: [{port: %lld}]}]", (long long)port));
	return VERDICT_FAIL;
}
