/*
 * Inside of aws/: the rows of the credentials chain (creds.h says the order)
 * and what they share. A row looks at one place; where that takes a request
 * (STS, a program), it is one row of the loop like any other.
 */
#ifndef AWS_CHAIN_H
#define AWS_CHAIN_H

#include "aws/client.h"
#include "aws/settings.h"

enum { CHAIN_PROFILES_MAX = 8, ROLE_TEXT_MAX = 2048 };

/* One search, or the search in a source_profile. All borrowed. */
struct chain {
	const struct aws *aws;
	const struct transport *transport;
	const char *profile;                /* whose keys are read */
	bool environment;                   /* may variables give credentials? Not with --profile */
	bool by_flag;                       /* --profile chose where the search began */
	const char *seen[CHAIN_PROFILES_MAX]; /* profiles on the way here, to find loops */
	size_t n_seen;
	int64_t skew_ms;                    /* of the clock; a row that learns better says so here */
};

struct creds_source {
	const char *name;
	/* What it reads; a source_profile is searched without the machine's. */
	enum { READS_MACHINE, READS_PROFILE, READS_BOTH } reads;
	/* 1: out is filled. 0: nothing there, why gets a few words. -1: something there, and it is broken. */
	int (*find)(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
};

/* 1, 0 or -1 as find; why gets "environment (not set), ...". */
MUST_CHECK int chain_search(struct chain *c, struct credentials *out, struct buf *why, struct err *e);

/* The profile's key; NULL when absent. */
const char *chain_get(const struct chain *c, const char *key);

/* What a role session is called when nobody says: "vault-aws-1795498584", in the arena. */
const char *chain_session_name(const struct chain *c, struct arena *a);

/* "WHAT, which this program cannot do itself", with the way around it as hint. Always -1. */
int chain_refuse(const struct chain *c, const char *what, struct err *e);

/* The rows of the table in creds.c. */
int find_environment(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_assumed_role(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_web_identity(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_in_credentials_file(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_in_config_file(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_process(struct chain *c, struct credentials *out, struct buf *why, struct err *e);

/* A source that we know of and do not read. */
int find_sso(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_login_session(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_container(struct chain *c, struct credentials *out, struct buf *why, struct err *e);
int find_instance(struct chain *c, struct credentials *out, struct buf *why, struct err *e);

/*
 * Fills out, copying all. ERR_AUTH when key id, secret or token is empty or
 * holds what cannot stand in a header; token may be empty. Always names source.
 */
MUST_CHECK int credentials_fill(struct credentials *out, const char *key_id, struct view secret_key,
                                struct view token, int64_t expires_ms, const char *source, struct err *e);

/*
 * An STS call that gives credentials: op with params, signed by base (NULL: op is unsigned), asked
 * in the profile's region, else ours.
 */
MUST_CHECK int credentials_from_sts(struct chain *c, struct credentials *out, const struct aws_op *op,
                                    const struct value *params, const struct credentials *base,
                                    const char *source, struct err *e);

/* The skew that a reply's Date shows against the host's clock; false without a Date. */
bool clock_skew_of(const struct host *host, const struct reply *reply, int64_t *out_ms);

#endif
