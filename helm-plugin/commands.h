/* The commands of helm vault-aws, one file each (cmd_NAME.c). */
#ifndef HELM_PLUGIN_COMMANDS_H
#define HELM_PLUGIN_COMMANDS_H

#include "cli/command.h"

extern const struct command cmd_plan, cmd_apply, cmd_values, cmd_outputs, cmd_install, cmd_link_kubectl;
extern const struct command cmd_upgrade;
extern const struct command cmd_configure;
extern const struct command cmd_eso;
extern const struct command cmd_tls;
extern const struct command cmd_init;
extern const struct command cmd_proxy;
extern const struct command cmd_recover;

#endif
