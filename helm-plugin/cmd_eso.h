/* `eso` and its subcommands, one file each. */
#ifndef HELM_PLUGIN_CMD_ESO_H
#define HELM_PLUGIN_CMD_ESO_H

#include "cli/app.h"
#include "domain/eso.h"

struct eso_options {
	struct boot_options boot;
	const char *store, *mount, *role, *path, *operator_namespace;
	const char *chart;                 /* of the operator; NULL: its own repository's */
	const char *data;                  /* what Vault would hold; NULL: not given */
	bool find, write, install, show_values;
	struct text_list namespaces, examples;
};

/* cmd_eso_audit.c: words from the second on are files; none: what is in the cluster. path: --path where it was given. */
MUST_CHECK int eso_audit(struct app *app, const struct eso_options *o, const char *path, struct err *e);
/* cmd_eso_sync.c: words from the second on are names of ExternalSecrets. */
MUST_CHECK int eso_sync(struct app *app, struct err *e);

/* cmd_eso_render.c: words from the second on are files, "-" is standard input. */
MUST_CHECK int eso_render(struct app *app, const struct eso_options *o, struct err *e);

#endif
