/* The commands of kubectl vault-check, one file each (cmd_NAME.c). */
#ifndef KUBECTL_PLUGIN_COMMANDS_H
#define KUBECTL_PLUGIN_COMMANDS_H

#include "cli/command.h"

/* The program without a command's name: `kubectl vault-check [irsa|kms|...]`. */
extern const struct command cmd_check;
extern const struct command cmd_list, cmd_explain, cmd_bundle, cmd_policy;

#endif
