#include "common.h"

#define ARN    "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
#define PLUGIN "the arguments of 'aws eks get-token'"

static const struct {
	const char *what;
	const char *context, *cluster, *user, *server;  /* NULL: names and an address that say nothing */
	const char *command, *args[12], *env[3];
	struct kube_eks want;            /* from: without the context in front */
} rows[] = {
	{
		.what = "aws eks update-kubeconfig",
		.context = ARN, .cluster = ARN, .user = ARN,
		.server = "https://AB.gr7.eu-west-1.eks.amazonaws.com",
		.command = "aws",
		.args = { "--region", "eu-west-1", "eks", "get-token", "--cluster-name", "prod" },
		.env = { "AWS_PROFILE=ops" },
		.want = { "prod", "eu-west-1", "111122223333", "ops", NULL,
				  PLUGIN ", the credential plugin's environment, the ARN that names the cluster" },
	},
	{
		.what = "with an alias, role and profile",
		.server = "https://10.0.0.1",
		.command = "/usr/local/bin/aws",
		.args = { "--profile=dev", "eks", "--region=us-east-2", "get-token", "--cluster-name=blue",
				  "--role-arn", "arn:aws:iam::444455556666:role/admin" },
		.want = { "blue", "us-east-2", NULL, "dev", "arn:aws:iam::444455556666:role/admin", PLUGIN },
	},
	{
		.what = "through a wrapper",
		.server = "https://AB.yl4.us-west-2.eks.amazonaws.com",
		.command = "aws-vault",
		.args = { "exec", "dev", "--", "aws", "eks", "get-token", "--cluster-name", "green" },
		.want = { "green", "us-west-2", NULL, NULL, NULL, PLUGIN ", the server's address" },
	},
	{
		.what = "aws-iam-authenticator",
		.command = "aws-iam-authenticator",
		.args = { "token", "-i", "legacy", "-r", "arn:aws:iam::444455556666:role/r" },
		.env = { "AWS_STS_REGIONAL_ENDPOINTS=regional", "AWS_DEFAULT_REGION=ap-south-1" },
		.want = { "legacy", "ap-south-1", NULL, NULL, "arn:aws:iam::444455556666:role/r",
				  "the arguments of aws-iam-authenticator, the credential plugin's environment" },
	},
	{
		.what = "eksctl",
		.context = "joe@team-a.eu-north-1.eksctl.io", .cluster = "team-a.eu-north-1.eksctl.io",
		.server = "https://AB.sk1.eu-north-1.eks.amazonaws.com",
		.want = { "team-a", "eu-north-1", NULL, NULL, NULL, "eksctl's name of the cluster" },
	},
	{
		.what = "eksctl by its context alone",
		.context = "joe@mail.example@b.us-east-1.eksctl.io",
		.want = { "b", "us-east-1", NULL, NULL, NULL, "eksctl's name of the context" },
	},
	{
		.what = "China",
		.cluster = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/p",
		.server = "https://AB.gr7.cn-north-1.eks.amazonaws.com.cn",
		.want = { "p", "cn-north-1", "111122223333", NULL, NULL, "the ARN that names the cluster" },
	},
	{
		.what = "the address alone",
		.server = "https://AB.gr7.sa-east-1.eks.amazonaws.com",
		.want = { NULL, "sa-east-1", NULL, NULL, NULL, "the server's address" },
	},
	{
		.what = "the address of a cluster with IPv6",
		.server = "https://AB.gr7.eks-cluster.eu-west-2.api.aws",
		.want = { NULL, "eu-west-2", NULL, NULL, NULL, "the server's address" },
	},
	{
		.what = "the plugin knows better than the name",
		.cluster = ARN,
		.command = "aws",
		.args = { "eks", "get-token", "--cluster-name", "new" },
		.want = { "new", "eu-west-1", "111122223333", NULL, NULL,
				  PLUGIN ", the ARN that names the cluster" },
	},
	{
		.what = "another cloud",
		.context = "gke_p_europe-west1_x", .cluster = "gke_p_europe-west1_x",
		.command = "gke-gcloud-auth-plugin",
		.args = { "--region", "nowhere" },
		.env = { "AWS_PROFILE=never" },
	},
	{
		.what = "kind",
		.context = "kind-kind", .cluster = "kind-kind", .server = "https://127.0.0.1:1",
	},
	{
		.what = "ARNs that are none",
		.context = "arn:aws:eks", .cluster = "arn:aws:eks:r:1:nodegroup/x", .user = "arn:aws:iam::1:user/x",
		.command = "aws",
		.args = { "eks", "get-token", "--cluster-name" },
	},
	{
		.what = "eksctl names that are none",
		.context = "a.eksctl.io", .cluster = ".eksctl.io", .user = "x@a.b.c.eksctl.io",
	},
};

static void each_kubeconfig_tells_its_cluster(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct kube_exec plugin = { .command = rows[i].command, .args = rows[i].args, .env = rows[i].env };
		const char *context = rows[i].context ? rows[i].context : "work";
		struct kube k = {
			.context = context,
			.cluster_name = rows[i].cluster ? rows[i].cluster : "k",
			.user_name = rows[i].user ? rows[i].user : "u",
			.server = rows[i].server ? rows[i].server : "https://k.example",
			.exec = rows[i].command ? &plugin : NULL,
		};
		struct kube_eks have = kube_find_eks(&k, &a), want = rows[i].want;
		const struct { const char *have, *want; } texts[] = {
			{ have.cluster, want.cluster },
			{ have.region, want.region },
			{ have.account, want.account },
			{ have.profile, want.profile },
			{ have.role_arn, want.role_arn },
			{ have.from, want.from ? arena_printf(&a, "kube context '%s': %s", context, want.from) : NULL },
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
