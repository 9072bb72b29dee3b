#include "commands.h"

#include "aws/client.h"
#include "core/text.h"
#include "domain/check_rights.h"
#include "formats/json.h"
#include "formats/yaml.h"

enum { POLICY_TEXT_MAX = 1 << 20 };

struct policy_options {
	const char *group, *eso_namespace;
	bool no_strong, from_pod;
};

static const struct policy_options defaults = { .group = "vault-check", .eso_namespace = "external-secrets" };

static const struct opt rows[] = {
	TEXT(struct policy_options, group, 0, "group", "NAME", "group that the roles are bound to (default vault-check)"),
	TEXT(struct policy_options, eso_namespace, 0, "eso-namespace", "NAME",
	     "where External Secrets runs (default external-secrets; '': nowhere)"),
	FLAG(struct policy_options, no_strong, 0, "no-strong", "only what reads; what needs more is then not checked"),
	FLAG(struct policy_options, from_pod, 0, "from-pod", "also what the option --from-pod of the checks takes"),
	OPT_END
};

static const struct word words[] = {
	{ "kubernetes", "RBAC: roles and bindings, for kubectl apply" },
	{ "aws", "IAM policy of whoever runs the checks" },
	{ NULL, NULL },
};

static int put_objects(struct buf *out, const struct value *list, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		buf_text(out, "---\n");
		if (va_yaml_print(out, list->items[i], e) < 0)
			return -1;
	}
	return 0;
}

static int put_kubernetes(struct buf *out, struct arena *a, const struct policy_choice *choice, struct err *e)
{
	buf_printf(out, "# What kubectl vault-check reads in the cluster, for the group '%s'. Run it with -n %s.\n", choice->group,
	           choice->namespace_);
	if (put_objects(out, policy_kubernetes(a, choice, false), e) < 0)
		return -1;
	if (!choice->strong)
		return 0;
	buf_text(out, "---\n"
	              "# Stronger than reading. Without these, what needs them is \"not checked\", and all else still is.\n"
	              "# - serviceaccounts/token lets its holder become Vault: with a token of its service account they take its\n"
	              "#   role, and with the role the key and the table. The trials of key, table and trust need it. That of\n"
	              "#   External Secrets lets them become the operator, and the trial login needs it; where a store has another\n"
	              "#   service account, it takes a role like it in the account's namespace.\n"
	              "# - pods/portforward opens every port of every pod of the namespace. Vault's own state is read through it.\n"
	              "# - nodes/proxy reaches the kubelet, which also runs commands in pods. The room on the audit volume needs it.\n");
	if (choice->from_pod)
		buf_text(out, "# - pods/exec runs commands in every pod of the namespace, as whoever the pod is. --from-pod needs it.\n");
	return put_objects(out, policy_kubernetes(a, choice, true), e);
}

static void put_aws(struct buf *out, struct arena *a, const struct policy_choice *choice)
{
	va_json_print(out, policy_aws(a, choice), true);
}

static int put_policies(struct buf *out, struct app *app, const struct policy_choice *choice, struct err *e)
{
	const struct text_list *asked = &app->line.words;
	bool kubernetes = !asked->n || text_same(asked->at[0], "kubernetes");

	if (kubernetes && put_kubernetes(out, &app->mem, choice, e) < 0)
		return -1;
	if (!asked->n)
		buf_text(out, "---\n# AWS: a policy of whoever runs the checks (kubectl vault-check policy aws). All of it reads. The trials\n"
		              "# need nothing here: they are asked as Vault's role, with what serviceaccounts/token gave.\n");
	if (!asked->n || !kubernetes)
		put_aws(out, &app->mem, choice);
	return buf_whole(out, "the policy", e);
}

static int run(struct app *app, struct err *e)
{
	const struct policy_options *o = app->options;
	AUTO(buf) struct buf text = BUF_MAX(POLICY_TEXT_MAX);
	struct inputs inputs = { 0 };
	const char *account;
	struct policy_choice choice = {
		.namespace_ = app->kube.namespace_ ? app->kube.namespace_ : "vault", .group = o->group,
		.operator_namespace = *o->eso_namespace ? o->eso_namespace : NULL,
		.strong = !o->no_strong, .from_pod = o->from_pod,
	};
	int result = app_inputs(app, &inputs, e);

	if (result == 0) {
		account = inputs_text(&inputs, "account");
		choice.account = account ? account : "*";
		choice.service_account = inputs_text(&inputs, "vault_service_account");
		choice.partition = aws_partition_of(inputs_text(&inputs, "region"));
		result = put_policies(&text, app, &choice, e);
	}
	if (result == 0)
		fwrite(buf_str(&text), 1, text.n, app->out);
	inputs_release(&inputs);
	return result;
}

const struct command cmd_policy = {
	.name = "policy", .group = "Check", .args = "[kubernetes|aws]",
	.summary = "print the rights that the checks need, the strong ones apart",
	.details = "Prints roles and bindings for Kubernetes and an IAM policy for AWS, by the same rows that the checks run from. "
	           "Asks nobody.",
	.examples = "kubectl vault-check policy\n"
	            "kubectl vault-check policy kubernetes -n vault | kubectl apply -f -\n"
	            "kubectl vault-check policy aws --account 123456789012 --region us-east-1 > vault-check.json\n",
	.takes = TAKES_KUBE | TAKES_INPUTS, .words_max = 1, .words = words,
	.rows = rows, .options_size = sizeof(struct policy_options), .defaults = &defaults, .run = run,
};
