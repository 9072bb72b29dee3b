/* Help pages, from the rows; 80 columns wide wherever they are read. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

void help_program(struct buf *out, const struct cli *cli);
void help_command(struct buf *out, const struct cli *cli, const struct command *command);

#endif
