/* Each fault of the cluster, on shapes as the API server gives them: which check names it, and what it says to paste. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check_cluster.h"
#include "domain/quantity.h"
#include "domain/diag_base.h"
#include "unit/domain/quoted.h"

#define LABELS "'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'vault','component':'server'"
#define POD(name, more, status) POD_OF("hashicorp/vault:1.21.1", name, more, status)
#define POD_OF(image, name, more, status) \
	"{'metadata':{'name':'" name "','namespace':'vault','labels':{" LABELS ",'controller-revision-hash':'r1'" more "}}," \
	"'spec':{'nodeName':'n1','containers':[{'name':'vault','image':'" image "'," \
	"'ports':[{'name':'http','containerPort':8200}],'resources':{'limits':{'memory':'64Mi'}}}]},'status':" status "}"
#define STARTED(at) \
	"{'phase':'Running','podIP':'10.0.0.7','conditions':[{'type':'Ready','status':'True'}],'containerStatuses':[{'name':'vault'," \
	"'image':'hashicorp/vault:1.21.1','ready':true,'restartCount':0,'state':{'running':{'startedAt':'" at "'}}}]}"
#define RUNS STARTED("2026-01-02T00:00:00Z")
#define ONE_POD(status) "{'pods':[" POD("vault-0", "", status) "],'set':{'spec':{'replicas':1}}}"
#define POD_ENV(name, value) \
	"{'metadata':{'name':'vault-0','namespace':'vault','labels':{" LABELS "}},'spec':{'containers':[{'name':'vault'," \
	"'env':[{'name':'" name "','value':'" value "'}]}]},'status':" RUNS "}"
#define PENDING \
	"{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False','reason':'Unschedulable','message':" \
	"'0/1 nodes are available: 1 node(s) did not match pod anti-affinity rules'}]}"
#define WAITS(reason, message) \
	"{'phase':'Pending','containerStatuses':[{'name':'vault','image':'hashicorp/vault:9','ready':false,'restartCount':0," \
	"'state':{'waiting':{'reason':'" reason "','message':'" message "'}}}]}"
#define LOOPS(reason, code, restarts) \
	"{'phase':'Running','containerStatuses':[{'name':'vault','image':'v','ready':false,'restartCount':" restarts "," \
	"'state':{'waiting':{'reason':'CrashLoopBackOff','message':'back-off'}},'lastState':{'terminated':{'reason':'" reason "'," \
	"'exitCode':" code "}}}]}"
#define HARD \
	"'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'kubernetes.io/hostname'}]}}"
#define NODE(name, more) "{'metadata':{'name':'" name "'},'spec':{" more "},'status':{'conditions':[{'type':'Ready','status':'True'}]}}"
#define SERVICE(name, more) "{'metadata':{'name':'" name "','namespace':'vault'},'spec':{'selector':{" LABELS more "}}}"
#define SLICE(name) \
	"{'metadata':{'labels':{'kubernetes.io/service-name':'" name "'}},'endpoints':[{'addresses':['10.0.0.7'],'conditions':{'ready':true}}]}"
#define NETPOL(rules) "{'metadata':{'name':'cut','namespace':'vault'},'spec':{'podSelector':{}," rules "}}"
#define EGRESS(rules) "{'policies':[" NETPOL("'policyTypes':['Egress'],'egress':[" rules "]") "]}"

static const char healthy[] =
	"{'set':{'spec':{'replicas':3,'selector':{'matchLabels':{" LABELS "}},'updateStrategy':{'type':'OnDelete'},'template':{"
	"'metadata':{'labels':{" LABELS "}},'spec':{'containers':[{'name':'vault','image':'hashicorp/vault:1.21.1',"
	"'resources':{'requests':{'memory':'256Mi'},'limits':{'memory':'1Gi'}}}]}}},'status':{'updateRevision':'r1'}},"
	"'config':{'metadata':{'managedFields':[{'time':'2026-01-01T00:00:00Z','fieldsV1':{'f:data':{}}},"
	"{'time':'2026-03-01T00:00:00Z','fieldsV1':{'f:metadata':{}}}]}},"
	"'pods':[" POD("vault-0", ",'vault-active':'true'", RUNS) "," POD("vault-1", ",'vault-active':'false'", RUNS) ","
	POD("vault-2", ",'vault-active':'false'", RUNS) "],"
	"'nodes':[" NODE("n1", "") "," NODE("n2", "") "," NODE("n3", "") "],"
	"'budgets':[{'metadata':{'name':'vault'},'spec':{'maxUnavailable':1,'selector':{'matchLabels':{" LABELS "}}}}],"
	"'services':[" SERVICE("vault", "") "," SERVICE("vault-internal", "") "," SERVICE("vault-active", ",'vault-active':'true'") "],"
	"'slices':[" SLICE("vault") "," SLICE("vault-internal") "," SLICE("vault-active") "],"
	"'policies':[],'namespaces':[{'metadata':{'name':'vault','labels':{'kubernetes.io/metadata.name':'vault'}}},"
	"{'metadata':{'name':'apps','labels':{'kubernetes.io/metadata.name':'apps'}}}],"
	"'dns':[{'metadata':{'name':'coredns-1','labels':{'k8s-app':'kube-dns'}},'status':{'podIP':'10.0.0.2'}}],"
	"'api':[{'endpoints':[{'addresses':['172.31.0.1']}],'ports':[{'port':443}]}],"
	"'roles':['system:auth-delegator'],'from_pod':true,'probes':['open nc\\n','open wget\\n','open curl\\n']}";

struct scene {
	struct arena mem;
	struct diag d;
	struct finding f;
};

static void list(struct scene *s, struct diag_list *out, const struct value *v, const char *name)
{
	out->items = (struct value *)value_get(v, name);
	out->read = out->items != NULL;
	(void)s;
}

static void fill_part(struct scene *s, const struct value *v)
{
	struct diag_cluster *p = diag_part(&s->d, DIAG_CLUSTER, sizeof(*p));
	const struct value *roles = value_get(v, "roles"), *probes = value_get(v, "probes");

	list(s, &p->nodes, v, "nodes");
	list(s, &p->budgets, v, "budgets");
	list(s, &p->services, v, "services");
	list(s, &p->slices, v, "slices");
	list(s, &p->policies, v, "policies");
	list(s, &p->namespaces, v, "namespaces");
	list(s, &p->dns_pods, v, "dns");
	list(s, &p->api, v, "api");
	list(s, &p->bindings, v, "bindings");
	for (size_t i = 0; i < roles->n; i++)
		p->role[p->n_roles++] = (struct bound_role){ .name = roles->items[i]->text, .binding = "b", .read = true };
	for (size_t i = 0; i < PROBES; i++) {
		from_pod_place(&s->d, (enum probe_service)i, &p->from_pod.at[i]);
		probe_read(&s->mem, view_text(probes->items[i]->text), &p->from_pod.at[i]);
	}
}

/* The healthy one, changed by the patch, judged by one check. */
static void judge(struct scene *s, const char *id, const char *patch)
{
	AUTO(err) struct err e = {0};
	struct value *v = quoted(&s->mem, healthy), *pods = value_new_map(&s->mem);
	const struct check *check = check_find(id);

	merge_patch(&s->mem, v, quoted(&s->mem, patch));
	s->d = (struct diag){
		.mem = &s->mem, .options.from_pod = value_bool_or(v, "from_pod", false),
		.release = { .name = "vault", .namespace_ = "vault", .fullname = "vault", .service_account = "vault",
		             .replicas = value_int_or(v, "set.spec.replicas", 0), .statefulset = value_get(v, "set") },
		.config_map = value_get(v, "config"), .config_presence = DIAG_PRESENT,
	};
	value_set(&s->mem, pods, "items", (struct value *)value_get(v, "pods"));
	assert_int_equal(pod_list_read(&s->d.pods, &s->mem, pods, &e), 0);
	fill_part(s, v);
	s->f = (struct finding){ .check = check, .mem = &s->mem, .cause = "" };
	s->f.verdict = check->judge(&s->d, &s->f);
}

static const struct {
	const char *id, *patch;
	enum verdict verdict;
	const char *cause, *fix;     /* pieces; NULL: none is looked for */
} cases[] = {
	/* nodes */
	{ "cluster-schedule", "{'pods':[" POD("vault-0", "", RUNS) "," POD("vault-1", "", PENDING) "," POD("vault-2", "", PENDING) "],"
	  "'nodes':[" NODE("n1", "") "," NODE("n2", "'unschedulable':true") "," NODE("n3", "'taints':[{'key':'k','effect':'NoSchedule'}]")
	  "],'set':{'spec':{'template':{'spec':{" HARD "}}}}}", VERDICT_FAIL, "3 replicas want a node each (hard anti-affinity), but only 1 node takes",
	  "kubectl delete pod --wait=false -n vault vault-1 vault-2" },
	{ "cluster-schedule", "{'pods':[" POD("vault-0", "", PENDING) "],'nodes':null,'set':{'spec':{'template':{'spec':{" HARD "}}}}}",
	  VERDICT_FAIL, "hard anti-affinity", "kubectl patch statefulset -n vault vault --type json" },
	{ "cluster-schedule", "{'pods':[" POD("vault-0", "", PENDING) "]}", VERDICT_FAIL, "finds no node: 0/1 nodes", "kubectl describe pod -n vault vault-0" },
	{ "cluster-schedule", "{'set':{'spec':{'replicas':0}},'pods':[]}", VERDICT_FAIL, "no pod at all", "--replicas=3" },
	{ "cluster-schedule", "{'pods':[" POD("vault-0", "", RUNS) "]}", VERDICT_WARN, "only 1 pods", NULL },
	{ "cluster-schedule", "{'nodes':[" NODE("n1", "") "],'set':{'spec':{'template':{'spec':{" HARD "}}}}}", VERDICT_WARN, "may not come back", NULL },
	{ "cluster-schedule", "{'nodes':[" NODE("n1", "'taints':[{'key':'k','value':'v','effect':'NoSchedule'}]") "," NODE("n2", "") ","
	  NODE("n3", "") "],'set':{'spec':{'template':{'spec':{'tolerations':[{'key':'k','value':'v','effect':'NoSchedule'}]," HARD "}}}}}",
	  VERDICT_PASS, "3 of 3", NULL },
	{ "cluster-schedule", "{'nodes':[" NODE("n1", "'taints':[{'key':'k','value':'v','effect':'NoSchedule'}]") "," NODE("n2", "") ","
	  NODE("n3", "") "],'set':{'spec':{'template':{'spec':{'tolerations':[{'key':'k','value':'w'}]," HARD "}}}}}",
	  VERDICT_WARN, "only 2", NULL },
	{ "cluster-nodes", "{'nodes':[{'metadata':{'name':'n1'},'status':{'conditions':[{'type':'Ready','status':'Unknown'}]}}]}", VERDICT_FAIL,
	  "node 'n1' of the pod 'vault-0' is not Ready", "kubectl describe node n1" },
	{ "cluster-nodes", "{'nodes':[{'metadata':{'name':'n1'},'status':{'conditions':[{'type':'Ready','status':'True'},"
	  "{'type':'DiskPressure','status':'True'}]}}]}", VERDICT_WARN, "DiskPressure", NULL },
	{ "cluster-nodes", "{}", VERDICT_WARN, "all 3 pods are on one node", NULL },
	{ "cluster-nodes", "{'nodes':[" NODE("n1", "") "]}", VERDICT_INFO, "one node", NULL },
	/* from a pod */
	{ "cluster-from-pod-sts", "{'from_pod':false}", VERDICT_SKIP, "only with --from-pod", NULL },
	{ "cluster-from-pod-sts", "{'pods':[" POD("vault-0", "", PENDING) "]}", VERDICT_SKIP, "no server runs", NULL },
	{ "cluster-from-pod-sts", "{'pods':[" POD_ENV("HTTPS_PROXY", "http://proxy:3128") "]}", VERDICT_SKIP, "proxy", NULL },
	{ "cluster-from-pod-kms", "{'pods':[" POD_ENV("AWS_REGION", "cn-north-1") "]}", VERDICT_PASS,
	  "'vault-0' reaches port 443 of 'kms.cn-north-1.amazonaws.com.cn'", NULL },
	{ "cluster-from-pod-kms", "{'pods':[" POD_ENV("AWS_KMS_ENDPOINT", "https://vpce-1.kms.vpce.test:8443") "]}", VERDICT_PASS,
	  "port 8443 of 'vpce-1.kms.vpce.test'", NULL },
	{ "cluster-from-pod-dynamodb", "{'pods':[" POD_ENV("AWS_DYNAMODB_ENDPOINT", "ddb.test") "]}", VERDICT_PASS, "port 443 of 'ddb.test'", NULL },
	{ "cluster-from-pod-sts", "{'probes':['no-dns nc\\nnc: bad address','open nc','open nc']}", VERDICT_FAIL,
	  "'vault-0' finds no address for 'sts.us-east-1.amazonaws.com'", "k8s-app=kube-dns" },
	{ "cluster-from-pod-sts", "{'probes':['refused nc\\nnc: refused','refused nc','refused nc']}", VERDICT_FAIL,
	  "port 443 of 'sts.us-east-1.amazonaws.com' refuses",
	  "aws ec2 describe-vpc-endpoints --region us-east-1 --filters 'Name=service-name,Values=*.us-east-1.sts'" },
	{ "cluster-from-pod-dynamodb", "{'probes':['open nc','open nc','timeout nc\\nnc: timed out']}", VERDICT_FAIL,
	  "no way out, while STS and KMS answer: look at what is DynamoDB's own", NULL },
	{ "cluster-from-pod-kms", "{'probes':['open nc','unreachable nc\\n','timeout nc']}", VERDICT_FAIL, "no route leads there, or a firewall says no, while STS answers", NULL },
	{ "cluster-from-pod-kms", "{'probes':['open nc','no-tool \\n','open nc']}", VERDICT_UNKNOWN, "has no tool that works", NULL },
	{ "cluster-from-pod-kms", "{'probes':['open nc','unclear \\n\\u0007odd','open nc']}", VERDICT_UNKNOWN, "could tell whether port 443", NULL },
	{ "cluster-from-pod-kms", "{'probes':['open nc','opened','open nc']}", VERDICT_UNKNOWN, "could tell", NULL },
	/* pods */
	{ "cluster-image", "{'pods':[" POD("vault-0", "", RUNS) "," POD_OF("hashicorp/vault:9", "vault-1", "", WAITS("ImagePullBackOff", "not found")) "],"
	  "'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault','image':'hashicorp/vault:9'}]}}}}}", VERDICT_FAIL,
	  "does not get its image 'hashicorp/vault:9' (ImagePullBackOff)", "statefulset/vault vault=hashicorp/vault:1.21.1" },
	{ "cluster-image", ONE_POD(WAITS("ErrImageNeverPull", "x")), VERDICT_FAIL, "ErrImageNeverPull", "kubectl delete pod --wait=false -n vault vault-0" },
	{ "cluster-image", "{'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault','image':'r:5000/vault'}]}}}}}", VERDICT_WARN,
	  "no fixed tag", "kubectl set image" },
	{ "cluster-image", "{'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault','image':'vault:latest'}]}}}}}", VERDICT_WARN, NULL, NULL },
	{ "cluster-image", "{'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault','image':'vault@sha256:00'}]}}}}}", VERDICT_PASS, NULL, NULL },
	{ "cluster-memory", "{'pods':[" POD("vault-0", "", LOOPS("OOMKilled", "137", "4")) "],'set':{'spec':{'template':{'spec':{'containers':["
	  "{'name':'vault','image':'v','resources':{'limits':{'memory':'64Mi'}}}]}}}}}", VERDICT_FAIL, "limit is 64Mi", "--limits=memory=512Mi" },
	{ "cluster-memory", ONE_POD(LOOPS("Error", "1", "4")), VERDICT_PASS, NULL, NULL },
	{ "cluster-restarts", ONE_POD(LOOPS("Error", "1", "4")), VERDICT_FAIL, "Error, exit code 1", "--previous" },
	{ "cluster-pods", ONE_POD(LOOPS("Error", "1", "4")), VERDICT_PASS, NULL, NULL },
	{ "cluster-pods", ONE_POD(WAITS("CreateContainerConfigError", "secret not found")), VERDICT_FAIL, "secret not found", "describe pod" },
	/* older than what they should be */
	{ "cluster-config-age", "{'config':{'metadata':{'managedFields':[{'time':'2026-01-03T00:00:00Z','fieldsV1':{'f:data':{}}}]}}}", VERDICT_WARN,
	  "none of them has it yet", "for pod in vault-1 vault-2 vault-0; do" },
	{ "cluster-config-age", "{'config':{'metadata':{'managedFields':[{'time':'2026-01-03T00:00:00Z','fieldsV1':{'f:data':{}}}]}},'pods':["
	  POD("vault-0", "", RUNS) "," POD("vault-1", "", STARTED("2026-01-04T00:00:00Z")) "]}", VERDICT_FAIL,
	  "1 of 2 pods run an older configuration than the others: vault-0", "for pod in vault-0; do" },
	{ "cluster-update", "{'set':{'status':{'updateRevision':'r2'}}}", VERDICT_WARN, "3 of 3 pods are of an older revision", "vault-1 vault-2 vault-0" },
	/* the budget */
	{ "cluster-budget", "{'budgets':[]}", VERDICT_WARN, "no disruption budget", "kubectl create pdb -n vault vault --max-unavailable=1" },
	{ "cluster-budget", "{'budgets':[{'metadata':{'name':'b'},'spec':{'maxUnavailable':0,'selector':{}}}]}", VERDICT_WARN, "lets no pod go", "patch pdb" },
	{ "cluster-budget", "{'budgets':[{'metadata':{'name':'b'},'spec':{'minAvailable':3,'selector':{}}}]}", VERDICT_WARN, "lets no pod go", "patch pdb" },
	{ "cluster-budget", "{'budgets':[{'metadata':{'name':'b'},'spec':{'maxUnavailable':'100%','selector':{}}}]}", VERDICT_WARN, "all pods go", "patch pdb" },
	{ "cluster-budget", "{'budgets':[{'metadata':{'name':'b'},'spec':{'maxUnavailable':'33%','selector':{}}}]}", VERDICT_PASS, "1 of 3", NULL },
	{ "cluster-budget", "{'budgets':[{'metadata':{'name':'b'},'spec':{'maxUnavailable':1,'selector':{}}},{'metadata':{'name':'c'},"
	  "'spec':{'maxUnavailable':1,'selector':{}}}]}", VERDICT_WARN, "both cover", "kubectl delete pdb -n vault c" },
	{ "cluster-budget", "{'budgets':[],'set':{'spec':{'replicas':1}}}", VERDICT_PASS, NULL, NULL },
	{ "cluster-resources", "{'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault'}]}}}}}", VERDICT_INFO, "asks for no memory", NULL },
	{ "cluster-resources", "{'set':{'spec':{'template':{'spec':{'containers':[{'name':'vault','resources':{'requests':{'memory':'64Mi'},"
	  "'limits':{'memory':'128Mi'}}}]}}}}}", VERDICT_WARN, "128Mi", "--limits=memory=512Mi" },
	/* services */
	{ "cluster-services", "{'services':[" SERVICE("vault", "") "]}", VERDICT_FAIL, "'vault-internal' is not there", "kubectl create -f -" },
	{ "cluster-services", "{'services':[" SERVICE("vault", "") "," SERVICE("vault-internal", "") "," SERVICE("vault-active", ",'vault-active':'yes'")
	  "],'slices':[" SLICE("vault") "," SLICE("vault-internal") "]}", VERDICT_FAIL, "means no pod", "\"vault-active\":\"true\"" },
	{ "cluster-services", "{'slices':[" SLICE("vault") "," SLICE("vault-internal") "]}", VERDICT_FAIL, "although its selector means a pod", NULL },
	/* before there is an active pod its service has no endpoint, and that is no fault */
	{ "cluster-services", "{'pods':[" POD("vault-0", "", RUNS) "],'slices':[" SLICE("vault") "," SLICE("vault-internal") "]}", VERDICT_PASS,
	  "none of these is active yet", NULL },
	/* TokenReview */
	{ "cluster-reviewer", "{'roles':[]}", VERDICT_FAIL, "may not review tokens",
	  "kubectl create clusterrolebinding vault-server-binding --clusterrole=system:auth-delegator --serviceaccount=vault:vault" },
	{ "cluster-reviewer", "{'roles':['view'],'bindings':[{'metadata':{'name':'vault-server-binding'}}]}", VERDICT_FAIL, NULL,
	  "clusterrolebinding vault-auth-delegator" },
	{ "cluster-reviewer", "{'roles':['cluster-admin']}", VERDICT_PASS, NULL, NULL },
	/* network policies */
	{ "cluster-network-dns", EGRESS("{'ports':[{'port':443}]}"), VERDICT_FAIL, "ask no DNS by UDP", "vault-allow-dns" },
	{ "cluster-network-dns", EGRESS("{'ports':[{'port':53,'protocol':'UDP'}]}"), VERDICT_WARN, "by TCP", "vault-allow-dns" },
	{ "cluster-network-dns", EGRESS("{'ports':[{'port':53,'protocol':'UDP'},{'port':53}]}"), VERDICT_PASS, NULL, NULL },
	{ "cluster-network-peers", EGRESS("{'ports':[{'port':443}]}"), VERDICT_FAIL, "each other's port 8201", "vault-allow-peers" },
	{ "cluster-network-peers", "{'policies':[" NETPOL("'ingress':[{'ports':[{'port':8200}]}]") "]}", VERDICT_FAIL, "8201", "vault-allow-peers" },
	{ "cluster-network-peers", EGRESS("{'to':[{'podSelector':{}}],'ports':[{'port':8201}]}"), VERDICT_PASS, NULL, NULL },
	{ "cluster-network-peers", "{'set':{'spec':{'replicas':1}}}", VERDICT_SKIP, "no peers", NULL },
	{ "cluster-network-api", "{'policies':[" NETPOL("'ingress':[{'ports':[{'port':8201}]}]") "]}", VERDICT_FAIL, "nobody", "vault-allow-api" },
	{ "cluster-network-api", "{'policies':[" NETPOL("'ingress':[{'from':[{'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':"
	  "'apps'}}}],'ports':[{'port':8200}]}]") "]}", VERDICT_PASS, NULL, NULL },
	{ "cluster-network-aws", EGRESS("{'ports':[{'port':53}]}"), VERDICT_FAIL, "no STS, no KMS, no DynamoDB", "vault-allow-aws" },
	{ "cluster-network-aws", EGRESS("{'to':[{'ipBlock':{'cidr':'10.0.0.0/16'}}],'ports':[{'port':443}]}"), VERDICT_INFO, "10.0.0.0/16", NULL },
	{ "cluster-network-kube", EGRESS("{'ports':[{'port':6443}]}"), VERDICT_FAIL, "API server", "cidr: 172.31.0.1/32" },
	{ "cluster-network-kube", EGRESS("{'to':[{'ipBlock':{'cidr':'172.31.0.0/16'}}]}"), VERDICT_PASS, NULL, NULL },
};

static void faults_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s = {0};

		judge(&s, cases[i].id, cases[i].patch);
		if (s.f.verdict != cases[i].verdict)
			fail_msg("case %zu, %s: %s: %s", i, cases[i].id, verdict_name(s.f.verdict), s.f.cause);
		if (cases[i].cause && !strstr(s.f.cause, cases[i].cause))
			fail_msg("case %zu, %s: the cause is: %s", i, cases[i].id, s.f.cause);
		if (cases[i].fix && (!s.f.fix || !strstr(s.f.fix, cases[i].fix)))
			fail_msg("case %zu, %s: the fix is: %s", i, cases[i].id, s.f.fix ? s.f.fix : "none");
		if (cases[i].verdict == VERDICT_FAIL)
			assert_non_null(s.f.fix);
		arena_release(&s.mem);
	}
}

static void the_healthy_one_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < cluster_family.n_checks; i++) {
		struct scene s = {0};
		const char *id = cluster_family.checks[i].id;

		judge(&s, id, "{'nodes':[" NODE("n1", "") "]}");
		if (s.f.verdict != (text_same(id, "cluster-nodes") ? VERDICT_INFO : VERDICT_PASS))
			fail_msg("%s: %s: %s", id, verdict_name(s.f.verdict), s.f.cause);
		assert_true(*s.f.cause);
		assert_null(s.f.fix);
		arena_release(&s.mem);
	}
}

static void quantities_are_bytes(void **state)
{
	(void)state;
	assert_int_equal(quantity_bytes("512Mi"), 512 << 20);
	assert_int_equal(quantity_bytes("1G"), 1000000000);
	assert_int_equal(quantity_bytes("1.5Gi"), INT64_C(3) << 29);
	assert_int_equal(quantity_bytes("1000"), 1000);
	assert_int_equal(quantity_bytes("1e3"), 1000);
	assert_int_equal(quantity_bytes(""), 0);
	assert_int_equal(quantity_bytes(NULL), 0);
	assert_int_equal(quantity_bytes("12Pq"), 0);
	assert_int_equal(quantity_bytes("-1Mi"), 0);
	assert_int_equal(quantity_bytes("nan"), 0);
	assert_int_equal(quantity_bytes("inf"), 0);
}

static void the_steps_are_sound(void **state)
{
	AUTO(err) struct err e = {0};
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct check_choice all = { .proof = true, .from_pod = true };
	const struct step *steps;
	bool *chosen;
	size_t n;

	(void)state;
	assert_int_equal(checks_choose(&a, &all, &chosen, &e), 0);
	steps = checks_steps(&a, chosen, &n);
	if (graph_check(steps, n, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < cluster_family.n_steps; i++)
		assert_true(cluster_family.steps[i].may_fail && !cluster_family.steps[i].change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(the_healthy_one_passes),
		cmocka_unit_test(quantities_are_bytes),
		cmocka_unit_test(the_steps_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
