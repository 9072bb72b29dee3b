/* One difference between Vault and the file, as `configure` shows it on a screen. */
#ifndef HELM_PLUGIN_CONFIGURE_PRINT_H
#define HELM_PLUGIN_CONFIGURE_PRINT_H

#include "cli/app.h"
#include "domain/configure.h"

/* On app->out: "+ policy 'app'" with its attributes below, a policy's text in lines of its own. */
void configure_print_change(struct app *app, const struct config_change *c);

#endif
