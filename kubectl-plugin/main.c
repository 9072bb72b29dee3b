#include "commands.h"

#include "cli/complete.h"

static const struct command *const commands[] = {
	&cmd_check, &cmd_list, &cmd_explain, &cmd_bundle, &cmd_policy,
};

int main(int argc, char **argv)
{
	static const struct cli cli = {
		.kind = CLI_KUBECTL,
		.program = "kubectl vault-check",
		.summary = "find out why a Vault on EKS does not work, without changing anything",
		.commands = commands,
		.n = COUNT_OF(commands),
		.fallback = &cmd_check,
		.completion = kubectl_complete_script,
	};

	return cli_main(&cli, argc, argv);
}
