/* `recover` and its subcommands, one file each. */
#ifndef HELM_PLUGIN_CMD_RECOVER_H
#define HELM_PLUGIN_CMD_RECOVER_H

#include "cli/app.h"
#include "cli/session.h"
#include "domain/recover.h"
#include "domain/seal_migrate.h"

struct recover_flags {
	struct recover_options recover;    /* its lists are filled from these */
	struct text_list identities, recipients;
	int64_t shares, threshold;
	bool restart_pods, cancel, replace, show_root_token;
	struct seal_options seal;
};

/* A subcommand: options is app->options, checked. */
typedef int recover_run(struct app *app, const struct recover_flags *flags, struct err *e);

recover_run recover_unseal, recover_generate_root, recover_rekey, recover_rotate, recover_seal_migrate;

/* What seal-migrate takes, with every problem of the inputs where there is one: ERR_USAGE. */
MUST_CHECK int recover_check_seal(struct app *app, const struct recover_flags *flags, struct err *e);

/*
 * The session, and the recover at the beginning of the command's world; AWS is logged in to where custody is there. A cluster
 * is asked unless an address of Vault's was given. shares: the command takes some. session_close(s) and recover_release(r) always.
 */
MUST_CHECK int recover_open(struct session *s, struct app *app, const struct recover_flags *flags, struct recover *r,
                            bool shares, struct err *e);
/* AWS, where what recover_entry_init chose is there; and a token, where one was given. */
MUST_CHECK int recover_ready(struct session *s, struct recover *r, struct err *e);
/* The session as what runs a workflow; s outlives it. */
struct recover_runner recover_runner_of(struct session *s);
/* A token where one was given by --token-file or VAULT_TOKEN; none is no failure: Vault 1 asks for none in what takes shares. */
MUST_CHECK int recover_given_token(struct recover *r, struct err *e);
/* Where they are typed: without echo at the terminal, about `needed` of them, or from standard input. */
MUST_CHECK int recover_type_shares(struct app *app, struct recover *r, int64_t needed, struct err *e);

#endif
