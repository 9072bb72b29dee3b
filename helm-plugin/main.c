#include "commands.h"

static const struct command *const commands[] = {
	&cmd_plan, &cmd_apply, &cmd_install, &cmd_upgrade, &cmd_values, &cmd_outputs, &cmd_init, &cmd_configure, &cmd_eso, &cmd_tls,
	&cmd_proxy, &cmd_recover, &cmd_link_kubectl,
};

int main(int argc, char **argv)
{
	static const struct cli cli = {
		.kind = CLI_HELM,
		.program = "helm vault-aws",
		.summary = "run HashiCorp Vault on AWS: provision, install and look after it",
		.commands = commands,
		.n = COUNT_OF(commands),
		.completion = "# helm completes its plugins itself\nsource <(helm completion bash)\n",
	};

	return cli_main(&cli, argc, argv);
}
