/* What `install` and `upgrade` share: their options, and the run itself. */
#ifndef HELM_PLUGIN_CMD_INSTALL_H
#define HELM_PLUGIN_CMD_INSTALL_H

#include "cli/session.h"

struct install_options {
	bool wait, atomic, rollback;
	int64_t timeout_ms;
	const char *dry_run;
	const char *token_file;          /* of upgrade's */
};

extern const struct install_options install_defaults;
extern const char *const install_dry_runs[], *const install_formats[];

/* Rows of an option table; WAIT and TIMEOUT: their help. */
#define INSTALL_ROWS(WAIT, TIMEOUT) \
	FLAG(struct install_options, wait, 0, "wait", WAIT), \
	DURATION(struct install_options, timeout_ms, 0, "timeout", TIMEOUT), \
	FLAG(struct install_options, atomic, 0, "atomic", "take a failed install of the release back"), \
	FLAG(struct install_options, rollback, 0, "rollback-on-failure", "the same, by Helm 4's name"), \
	CHOICE_OR_BARE(struct install_options, dry_run, 0, "dry-run", "MODE", install_dry_runs, "client", \
	               "write nothing anywhere: the plan, and the chart rendered")

/*
 * Installs. upgrade: only where the release is there. then (NULL: nothing) is run when the chart is installed: what is to be
 * told at the end besides goes into the map `told`; it gives the exit code, or -1.
 */
MUST_CHECK int install_run(struct app *app, bool upgrade, int (*then)(struct session *, struct value *told, struct err *),
                           struct err *e);

#endif
