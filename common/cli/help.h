/* Help pages, from the rows; 80 columns wide wherever they are read. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* Appends the page of the whole program: its commands under their headings. */
void help_program(struct buf *out, const struct cli *cli);
/* Appends the page of one command, with all options that it takes. */
void help_command(struct buf *out, const struct cli *cli, const struct command *command);

#endif
