/*
 * configure --prune-data MOUNT: the one way to remove a secrets engine with all
 * that it holds. It takes that an earlier run made it and the file has it no
 * more, the record of an export of what it holds now (domain/export_record.h),
 * and its name typed on a terminal.
 */
#ifndef HELM_PLUGIN_CONFIGURE_DATA_H
#define HELM_PLUGIN_CONFIGURE_DATA_H

#include "cli/session.h"
#include "domain/configure.h"
#include "domain/export_record.h"

struct prune_data {
	const char *mount;           /* --prune-data, without '/' at its end; NULL: nothing to do */
	const char *file;            /* --export; NULL: none given */
	bool dry_run;
	struct export_record record;
};

/* Before Vault is asked; config NULL: not read. ERR_USAGE, ERR_CONFIG: the file has that mount, the options or the record are wrong. */
MUST_CHECK int prune_data_check(struct prune_data *p, struct app *app, const struct config *config, struct err *e);
/*
 * After configure_compare: allows the removal in w, and forgets the comparison's verdict on it. ERR_GUARD: it is not ours,
 * the export does not cover it, or nobody typed its name.
 */
MUST_CHECK int prune_data_allow(struct prune_data *p, struct session *s, struct configure *w, struct err *e);

#endif
