#include "cli/command.h"
#include "cli/complete.h"

int main(int argc, char **argv)
{
	static const struct cli cli = {
		.kind = CLI_KUBECTL,
		.program = "kubectl vault-check",
		.summary = "find out why a Vault on EKS does not work, without changing anything",
		.completion = kubectl_complete_script,
	};

	return cli_main(&cli, argc, argv);
}
