/* NetworkPolicies: who may reach whom, case by case as networking.k8s.io/v1 says it. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/netpol.h"
#include "domain/selector.h"
#include "unit/domain/quoted.h"

static const struct {
	const char *selector, *labels;
	bool matches;
} selectors[] = {
	{ "{}", "{'a':'1'}", true },
	{ "{}", "{}", true },
	{ "{'matchLabels':{'a':'1'}}", "{'a':'1','b':'2'}", true },
	{ "{'matchLabels':{'a':'1','b':'3'}}", "{'a':'1','b':'2'}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'In','values':['0','1']}]}", "{'a':'1'}", true },
	{ "{'matchExpressions':[{'key':'a','operator':'In','values':['0']}]}", "{'a':'1'}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'In','values':['0']}]}", "{}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'NotIn','values':['0']}]}", "{}", true },
	{ "{'matchExpressions':[{'key':'a','operator':'NotIn','values':['1']}]}", "{'a':'1'}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'Exists'}]}", "{'a':''}", true },
	{ "{'matchExpressions':[{'key':'a','operator':'Exists'}]}", "{}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'DoesNotExist'}]}", "{}", true },
	{ "{'matchExpressions':[{'key':'a','operator':'DoesNotExist'}]}", "{'a':'1'}", false },
	{ "{'matchExpressions':[{'key':'a','operator':'Like','values':['1']}]}", "{'a':'1'}", false },
	{ "{'matchLabels':{'a':'1'},'matchExpressions':[{'key':'b','operator':'Exists'}]}", "{'a':'1'}", false },
};

static void selectors_match_what_they_mean(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(selectors); i++)
		if (selector_matches(quoted(&a, selectors[i].selector), quoted(&a, selectors[i].labels)) != selectors[i].matches)
			fail_msg("%s on %s", selectors[i].selector, selectors[i].labels);
	assert_true(selector_matches(NULL, NULL));
	assert_false(labels_match(quoted(&a, "{}"), quoted(&a, "{'a':'1'}")));
	assert_false(labels_match(NULL, quoted(&a, "{'a':'1'}")));
	assert_true(labels_match(quoted(&a, "{'a':'1'}"), quoted(&a, "{'a':'1'}")));
}

static const struct {
	const char *cidr, *ip;
	bool holds;
} blocks[] = {
	{ "10.0.0.0/8", "10.1.2.3", true },       { "10.0.0.0/8", "11.0.0.0", false },
	{ "0.0.0.0/0", "1.2.3.4", true },         { "10.0.0.128/25", "10.0.0.127", false },
	{ "10.0.0.128/25", "10.0.0.200", true },  { "10.1.2.3/32", "10.1.2.3", true },
	{ "10.1.2.3/32", "10.1.2.2", false },     { "fd00::/8", "fd12::1", true },
	{ "fd00::/8", "fe80::1", false },         { "::/0", "10.0.0.1", false },
	{ "0.0.0.0/0", "fd00::1", false },        { "10.0.0.0/33", "10.0.0.0", false },
	{ "10.0.0.0", "10.0.0.0", false },        { "10.0.0.0/", "10.0.0.0", false },
	{ "10.0.0.0/8x", "10.0.0.0", false },     { "rubbish/8", "10.0.0.0", false },
	{ "10.0.0.0/8", "rubbish", false },       { "172.16.0.0/12", "172.31.255.1", true },
	{ "172.16.0.0/12", "172.32.0.0", false },
};

static void blocks_hold_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (cidr_holds(blocks[i].cidr, blocks[i].ip) != blocks[i].holds)
			fail_msg("%s in %s", blocks[i].ip, blocks[i].cidr);
}

#define POLICY(name, spec) "{'metadata':{'name':'" name "','namespace':'vault'},'spec':{" spec "}}"
#define OURS "'podSelector':{'matchLabels':{'app':'vault'}}"

enum other { A_PEER, A_CLIENT, THE_DNS, OUTSIDE, OUTSIDE_AT };

/* The pod is app=vault in 'vault', whose port 8200 is named http. */
static const struct {
	const char *policies;
	enum net_direction direction;
	unsigned port;
	const char *protocol;
	enum other other;
	enum netpol_answer answer;
} flows[] = {
	{ "", NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_OPEN },
	{ POLICY("p", "'podSelector':{'matchLabels':{'app':'x'}},'policyTypes':['Egress']"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_OPEN },
	/* selected: what is not allowed is denied, in that direction alone */
	{ POLICY("p", OURS ",'policyTypes':['Egress']"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_DENIED },
	{ POLICY("p", OURS ",'policyTypes':['Egress']"), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_OPEN },
	{ POLICY("p", OURS), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_DENIED },
	{ POLICY("p", OURS), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_OPEN },
	{ POLICY("p", OURS ",'egress':[{}]"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'egress':[{}]"), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_DENIED },
	{ POLICY("p", "'podSelector':{},'policyTypes':['Ingress']"), NET_INGRESS, 8201, "TCP", A_PEER, NETPOL_DENIED },
	/* another namespace's policies mean nothing here */
	{ "{'metadata':{'name':'p','namespace':'other'},'spec':{'podSelector':{},'policyTypes':['Egress']}}", NET_EGRESS, 443, "TCP",
	  OUTSIDE, NETPOL_OPEN },
	/* ports */
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':53}]}]"), NET_EGRESS, 53, "UDP", THE_DNS, NETPOL_DENIED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':53,'protocol':'UDP'}]}]"), NET_EGRESS, 53, "UDP",
	  THE_DNS, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'protocol':'UDP'}]}]"), NET_EGRESS, 53, "UDP", THE_DNS,
	  NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':'dns','protocol':'UDP'}]}]"), NET_EGRESS, 53, "UDP",
	  THE_DNS, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':'dns','protocol':'TCP'}]}]"), NET_EGRESS, 53, "UDP",
	  THE_DNS, NETPOL_DENIED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':8000,'endPort':8300}]}]"), NET_EGRESS, 8201, "TCP",
	  A_PEER, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':8000,'endPort':8200}]}]"), NET_EGRESS, 8201, "TCP",
	  A_PEER, NETPOL_DENIED },
	{ POLICY("p", OURS ",'ingress':[{'ports':[{'port':'http'}]}]"), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'ingress':[{'ports':[{'port':'http'}]}]"), NET_INGRESS, 8201, "TCP", A_PEER, NETPOL_DENIED },
	/* peers: podSelector alone is the policy's own namespace */
	{ POLICY("p", OURS ",'ingress':[{'from':[{'podSelector':{}}]}]"), NET_INGRESS, 8201, "TCP", A_PEER, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'podSelector':{}}]}]"), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_DENIED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'namespaceSelector':{}}]}]"), NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'namespaceSelector':{}}]}]"), NET_INGRESS, 8200, "TCP", OUTSIDE, NETPOL_DENIED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'apps'}}}]}]"),
	  NET_INGRESS, 8200, "TCP", A_CLIENT, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'namespaceSelector':{'matchLabels':{'team':'blue'}}}]}]"), NET_INGRESS, 8200, "TCP",
	  A_CLIENT, NETPOL_DENIED },
	{ POLICY("p", OURS ",'ingress':[{'from':[{'namespaceSelector':{},'podSelector':{'matchLabels':{'app':'web'}}}]}]"), NET_INGRESS,
	  8200, "TCP", A_CLIENT, NETPOL_UNSURE },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'namespaceSelector':{},'podSelector':{'matchLabels':"
	  "{'k8s-app':'kube-dns'}}}],'ports':[{'port':53,'protocol':'UDP'}]}]"), NET_EGRESS, 53, "UDP", THE_DNS, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'namespaceSelector':{},'podSelector':{'matchLabels':"
	  "{'k8s-app':'other'}}}]}]"), NET_EGRESS, 53, "UDP", THE_DNS, NETPOL_DENIED },
	/* blocks */
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'0.0.0.0/0'}}]}]"), NET_EGRESS, 443, "TCP",
	  OUTSIDE, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':['10.0.0.0/8']}}]}]"),
	  NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_UNSURE },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':"
	  "['169.254.169.254/32']}}]}]"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':"
	  "['169.254.169.254/32','168.0.0.0/6']}}]}]"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_UNSURE },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'0.0.0.0/0','except':"
	  "['169.254.0.0/15']}}]}]"), NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_UNSURE },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.0/16'}}]}]"), NET_EGRESS, 443, "TCP",
	  OUTSIDE, NETPOL_UNSURE },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.0/16'}}]}]"), NET_EGRESS, 443, "TCP",
	  OUTSIDE_AT, NETPOL_ALLOWED },
	{ POLICY("p", OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.0/16','except':['10.0.1.0/24']}}]}]"),
	  NET_EGRESS, 443, "TCP", OUTSIDE_AT, NETPOL_DENIED },
	/* two policies add up */
	{ POLICY("p", OURS ",'policyTypes':['Egress']") "," POLICY("q", OURS ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':443}]}]"),
	  NET_EGRESS, 443, "TCP", OUTSIDE, NETPOL_ALLOWED },
};

static struct net_end end_of(struct arena *a, enum other other)
{
	switch (other) {
	case A_PEER:
		return (struct net_end){ .namespace_ = "vault", .labels = quoted(a, "{'app':'vault'}") };
	case A_CLIENT:
		return (struct net_end){ .namespace_ = "apps" };
	case THE_DNS:
		return (struct net_end){
			.namespace_ = "kube-system", .labels = quoted(a, "{'k8s-app':'kube-dns'}"),
			.pod = quoted(a, "{'spec':{'containers':[{'ports':[{'name':'dns','containerPort':53,'protocol':'UDP'}]}]}}"),
		};
	case OUTSIDE_AT:
		return (struct net_end){ .outside = true, .ip = "10.0.1.2" };
	default:
		return (struct net_end){ .outside = true };
	}
}

static void policies_decide(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct net_end vault = {
		.namespace_ = "vault", .labels = quoted(&a, "{'app':'vault'}"),
		.pod = quoted(&a, "{'spec':{'containers':[{'ports':[{'name':'http','containerPort':8200}]}]}}"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flows); i++) {
		const struct value *policies = quoted(&a, arena_printf(&a, "[%s]", flows[i].policies));
		struct net_flow flow = { flows[i].direction, flows[i].protocol, flows[i].port };
		struct net_end other = end_of(&a, flows[i].other);
		struct netpol_reason why;
		enum netpol_answer answer = netpol_may(&a, policies, &vault, &flow, &other, &why);

		if (answer != flows[i].answer)
			fail_msg("case %zu: %d, not %d: %s", i, answer, flows[i].answer, flows[i].policies);
		assert_true((answer == NETPOL_OPEN) == (why.selecting == NULL));
		assert_true((answer == NETPOL_ALLOWED || answer == NETPOL_UNSURE) == (why.policy != NULL));
	}
}

static void reasons_name_policies(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *policies = quoted(&a, "[" POLICY("deny", OURS ",'policyTypes':['Egress']") "," POLICY("vpc",
		OURS ",'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.0/16'}}]}]") "]");
	struct net_end vault = { .namespace_ = "vault", .labels = quoted(&a, "{'app':'vault'}") }, aws = { .outside = true };
	struct net_flow flow = { NET_EGRESS, "TCP", 443 };
	struct netpol_reason why;

	(void)state;
	assert_int_equal(netpol_may(&a, policies, &vault, &flow, &aws, &why), NETPOL_UNSURE);
	assert_string_equal(why.selecting, "deny, vpc");
	assert_string_equal(why.policy, "vpc");
	assert_string_equal(why.cidr, "10.0.0.0/16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_match_what_they_mean),
		cmocka_unit_test(blocks_hold_addresses),
		cmocka_unit_test(policies_decide),
		cmocka_unit_test(reasons_name_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
