#include "common.h"

#define ARN "arn:aws:eks:eu-west-1:111122223333:cluster/prod"

static const struct {
	const char *what;
	const char *context, *cluster, *user, *server;
	const char *command, *args[12], *env[3];
	struct kube_eks want;
} rows[] = {
	{ "aws eks update-kubeconfig", ARN, ARN, ARN, "https://AB.gr7.eu-west-1.eks.amazonaws.com",
	  "aws", { "--region", "eu-west-1", "eks", "get-token", "--cluster-name", "prod", "--output", "json" },
	  { "AWS_PROFILE=ops" },
	  { "prod", "eu-west-1", "111122223333", "ops", NULL,
	    "kube context '" ARN "': the arguments of 'aws eks get-token', the credential plugin's environment, "
	    "the ARN that names the cluster" } },
	{ "with an alias, role and profile", "work", "work", "work", "https://10.0.0.1",
	  "/usr/local/bin/aws", { "--profile=dev", "eks", "--region=us-east-2", "get-token", "--cluster-name=blue",
	  "--role-arn", "arn:aws:iam::444455556666:role/admin" }, { NULL },
	  { "blue", "us-east-2", NULL, "dev", "arn:aws:iam::444455556666:role/admin",
	    "kube context 'work': the arguments of 'aws eks get-token'" } },
	{ "through a wrapper", "work", "w", "w", "https://AB.yl4.us-west-2.eks.amazonaws.com",
	  "aws-vault", { "exec", "dev", "--", "aws", "eks", "get-token", "--cluster-name", "green" }, { NULL },
	  { "green", "us-west-2", NULL, NULL, NULL,
	    "kube context 'work': the arguments of 'aws eks get-token', the server's address" } },
	{ "aws-iam-authenticator", "old", "old", "old", "https://x",
	  "aws-iam-authenticator", { "token", "-i", "legacy", "-r", "arn:aws:iam::444455556666:role/r" },
	  { "AWS_STS_REGIONAL_ENDPOINTS=regional", "AWS_DEFAULT_REGION=ap-south-1" },
	  { "legacy", "ap-south-1", NULL, NULL, "arn:aws:iam::444455556666:role/r",
	    "kube context 'old': the arguments of aws-iam-authenticator, the credential plugin's environment" } },
	{ "eksctl", "joe@team-a.eu-north-1.eksctl.io", "team-a.eu-north-1.eksctl.io",
	  "joe@team-a.eu-north-1.eksctl.io", "https://AB.sk1.eu-north-1.eks.amazonaws.com",
	  NULL, { NULL }, { NULL },
	  { "team-a", "eu-north-1", NULL, NULL, NULL,
	    "kube context 'joe@team-a.eu-north-1.eksctl.io': eksctl's name of the cluster" } },
	{ "eksctl by its context alone", "joe@mail.example@b.us-east-1.eksctl.io", "k", "u", "https://x",
	  NULL, { NULL }, { NULL },
	  { "b", "us-east-1", NULL, NULL, NULL,
	    "kube context 'joe@mail.example@b.us-east-1.eksctl.io': eksctl's name of the context" } },
	{ "China", "c", "arn:aws-cn:eks:cn-north-1:111122223333:cluster/p", "u",
	  "https://AB.gr7.cn-north-1.eks.amazonaws.com.cn", NULL, { NULL }, { NULL },
	  { "p", "cn-north-1", "111122223333", NULL, NULL, "kube context 'c': the ARN that names the cluster" } },
	{ "the address alone", "c", "k", "u", "https://AB.gr7.sa-east-1.eks.amazonaws.com", NULL, { NULL }, { NULL },
	  { NULL, "sa-east-1", NULL, NULL, NULL, "kube context 'c': the server's address" } },
	{ "the address of a cluster with IPv6", "c", "k", "u", "https://AB.gr7.eks-cluster.eu-west-2.api.aws",
	  NULL, { NULL }, { NULL },
	  { NULL, "eu-west-2", NULL, NULL, NULL, "kube context 'c': the server's address" } },
	{ "the plugin knows better than the name", "c", ARN, "u", "https://x",
	  "aws", { "eks", "get-token", "--cluster-name", "new" }, { NULL },
	  { "new", "eu-west-1", "111122223333", NULL, NULL,
	    "kube context 'c': the arguments of 'aws eks get-token', the ARN that names the cluster" } },
	{ "another cloud", "gke_p_europe-west1_x", "gke_p_europe-west1_x", "u", "https://34.1.2.3",
	  "gke-gcloud-auth-plugin", { "--region", "nowhere" }, { "AWS_PROFILE=never" }, { 0 } },
	{ "kind", "kind-kind", "kind-kind", "kind-kind", "https://127.0.0.1:1", NULL, { NULL }, { NULL }, { 0 } },
	{ "ARNs that are none", "arn:aws:eks", "arn:aws:eks:r:1:nodegroup/x", "arn:aws:iam::1:user/x", "https://x",
	  "aws", { "eks", "get-token", "--cluster-name" }, { NULL }, { 0 } },
	{ "eksctl names that are none", "a.eksctl.io", ".eksctl.io", "x@a.b.c.eksctl.io", "https://x",
	  NULL, { NULL }, { NULL }, { 0 } },
};

static void each_kubeconfig_tells_its_cluster(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct kube_exec plugin = { .command = rows[i].command, .args = rows[i].args, .env = rows[i].env };
		struct kube k = {
			.context = rows[i].context, .cluster_name = rows[i].cluster, .user_name = rows[i].user,
			.server = rows[i].server, .exec = rows[i].command ? &plugin : NULL,
		};
		struct kube_eks have = kube_find_eks(&k, &a);
		const struct { const char *have, *want; } texts[] = {
			{ have.cluster, rows[i].want.cluster }, { have.region, rows[i].want.region },
			{ have.account, rows[i].want.account }, { have.profile, rows[i].want.profile },
			{ have.role_arn, rows[i].want.role_arn }, { have.from, rows[i].want.from },
		};

		for (size_t j = 0; j < COUNT_OF(texts); j++)
			if (!text_same(texts[j].have, texts[j].want))
				fail_msg("%s, field %zu: '%s', not '%s'", rows[i].what, j,
						 texts[j].have ? texts[j].have : "(none)",
						 texts[j].want ? texts[j].want : "(none)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kubeconfig_tells_its_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
