/*
 * What `init`, `configure` and `eso` stand on: the release's pods, which of them
 * is asked, the way there, and a token. Each command's world begins with a
 * struct boot, so that its table of steps can begin with boot_steps:
 *
 *	struct eso_world {
 *		struct boot boot;
 *		...
 *	};
 *
 *	static const struct step own[] = {
 *	{ .name = "mounts.read", .needs = NEEDS("vault.status"), .ask = ask_mounts, .hear = hear_mounts },
 *
 *	static int ask_mounts(const void *world, size_t item, struct request *rq, struct err *e)
 *	{
 *		return boot_ask(world, rq, "GET", "/v1/sys/mounts", NULL, e);
 *	}
 *
 *	static enum heard hear_mounts(void *world, size_t item, const struct reply *reply, struct err *e)
 *	{
 *		struct vault_answer answer;
 *		enum heard heard = boot_hear(world, reply, &answer, e, "reading the mounts");
 *
 *		if (heard != HEARD_DONE)
 *			return heard;
 *		...
 *	}
 *
 * Vault is reached by port-forward to the active pod (before there is one: the first that runs), or straight at
 * --vault-addr. A standby hands requests on to the active server, so either will do.
 */
#ifndef DOMAIN_BOOT_H
#define DOMAIN_BOOT_H

#include "domain/world.h"
#include "kube/objects.h"
#include "kube/portforward.h"
#include "net/graph.h"
#include "vault/sys.h"

struct boot_options {
	const char *token_file;          /* --token-file; NULL: VAULT_TOKEN, then ~/.vault-token */
	const char *vault_addr;          /* --vault-addr or VAULT_ADDR; NULL: by port-forward */
	bool no_address;                 /* by port-forward in any case */
	const char *custody_bucket;      /* --custody-bucket, where the root token is looked for too; NULL: none */
};

struct boot {
	struct arena *mem;
	const struct host *host;
	const struct kube *kube;         /* NULL: with vault_addr alone */
	const struct aws *aws;           /* NULL: not logged in to */
	const struct want *want;         /* namespace_, release, service_account; names where cluster and region are known */
	struct boot_options options;

	struct pod_list pods;            /* of the release's servers */
	const struct pod *server;        /* the one that is asked; NULL: none runs, or vault_addr is used */
	const char *fullname;            /* of the chart's objects: "vault" */
	bool tls_on;                     /* its listener has TLS */
	struct tls tls;                  /* who is trusted there */
	bool tls_given;                  /* VAULT_CACERT says who, and not the cluster */
	const char *tls_note;            /* what people should hear of the certificate; NULL: nothing */
	struct secret_file tls_file;     /* where the pods have their authorities from; secret NULL: from elsewhere */
	struct kube_pod_port port;
	bool status_read;
	struct vault_seal_status status;

	struct secret token;             /* none: requests go without */
	const char *token_from;          /* "VAULT_TOKEN", for messages */
};

struct vault_answer {
	int status;
	bool ok;                         /* 2xx */
	const struct value *body;        /* NULL: none (204) */
};

/* Of the command line alone, behind what is in e already: -1 where e holds something then. `a`: for the address's parts. */
MUST_CHECK int boot_check_options(const struct boot_options *o, const struct host *host, struct arena *a, struct err *e);
/* From an opened session's world (cli/session.h), whose texts are borrowed. ERR_USAGE: vault_addr is no address. */
MUST_CHECK int boot_init(struct boot *b, const struct world *w, const struct boot_options *options, struct err *e);
/* Wipes the token. */
void boot_release(struct boot *b);

/* --token-file, VAULT_TOKEN, ~/.vault-token: the first that is there. ERR_AUTH: none is. */
MUST_CHECK int boot_find_token(struct boot *b, struct err *e);

/* Takes it for the token; from: where it is from, for messages. ERR_AUTH: it is no token. */
MUST_CHECK int boot_take_token(struct boot *b, struct view token, const char *from, struct err *e);

/*
 * The rows every table of the three commands begins with: "vault.pods" (not due with vault_addr), "vault.trust" (where the
 * listener has TLS: the authorities in the Secret that the pods have them from), "vault.status".
 */
enum { BOOT_STEPS_N = 3 };
extern const struct step boot_steps[BOOT_STEPS_N];

/* A table's rows after boot_steps, in the arena: `own` of n rows. */
const struct step *boot_table(struct arena *a, const struct step *own, size_t n, size_t *total);

/*
 * sys/seal-status into b->status. A server that died within sys/init leaves a table of which Vault says, by a 500, that it is
 * initialised without a seal: initialized, sealed, and of no type then. -1: no such answer.
 */
MUST_CHECK int boot_read_status(struct boot *b, const struct reply *reply, struct err *e);

/*
 * The way to one pod of the release alone, with no token: out borrows from b, and stays where it is (its port is borrowed by
 * what is asked). After boot_steps.
 */
MUST_CHECK int boot_at_pod(struct boot *out, const struct boot *b, const struct pod *pod, struct err *e);

/* path "/v1/sys/mounts". body NULL: none. The token goes along where there is one. */
MUST_CHECK int boot_ask(const struct boot *b, struct request *rq, const char *method, const char *path,
                        const struct value *body, struct err *e);
/* The same with a body of JSON that the caller wrote, and wipes: for bodies with secrets in them. */
MUST_CHECK int boot_ask_bytes(const struct boot *b, struct request *rq, const char *method, const char *path,
                              struct view body, struct err *e);
/*
 * HEARD_DONE: answer->ok, or a 404 without it. 429, 412 and 502 to 504 but a sealed Vault are HEARD_BUSY (nothing was
 * done); 403 is ERR_DENIED, or ERR_AUTH where Vault does not know the token, another 4xx ERR_REMOTE with Vault's own words, both HEARD_REFUSED; 5xx HEARD_UNSURE. `a` holds
 * the answer: for answers with secrets, an arena that is wiped.
 */
enum heard boot_hear_in(struct boot *b, struct arena *a, const struct reply *reply, struct vault_answer *answer,
                        struct err *e, const char *doing, ...) PRINTF_LIKE(6, 7);
/* In the run's own arena. */
enum heard boot_hear(struct boot *b, const struct reply *reply, struct vault_answer *answer, struct err *e,
                     const char *doing, ...) PRINTF_LIKE(5, 6);

#endif
