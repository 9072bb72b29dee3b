/*
 * A release of three Vault servers with its table, its keys and its role, as
 * seen with Vault 1.21.1: what a server does that is started with this seal
 * while the table says that, and what an active one makes of the table. Time is
 * the transport's: a pod is back after a while, and unseals after another.
 */
#ifndef FAKE_SEAL_SITE_H
#define FAKE_SEAL_SITE_H

#include "fake/transport.h"


enum { SITE_SERVERS = 3 };

#define SITE_KEY(id) "arn:aws:kms:us-east-1:123456789012:key/" id
#define SITE_OLD_KEY SITE_KEY("0ld")
#define SITE_NEW_KEY SITE_KEY("new")
#define SITE_MRK     SITE_KEY("mrk-1")
#define SITE_FAR     "eu-west-1"
#define SITE_FAR_KEY "arn:aws:kms:" SITE_FAR ":123456789012:key/far"
#define SITE_REPLICA "arn:aws:kms:" SITE_FAR ":123456789012:key/mrk-1"
#define SITE_SHARE   "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e70"   /* and a digit: 1, 2 */

struct site_server {
	unsigned uid;
	int64_t runs_ms, opens_ms;       /* from when on; opens_ms -1: not by itself */
	const char *mark, *key;          /* key: of its stanza; NULL: none */
	const char *region;              /* in which it asks KMS: AWS_REGION */
	bool disabled;                   /* the stanza */
	bool migrates;                   /* it waits for shares with migrate, or got them */
	unsigned shares;                 /* given so far, a bit each */
};

struct site {
	struct arena mem;
	struct fake_transport net;
	struct site_server servers[SITE_SERVERS];
	size_t active;                   /* SITE_SERVERS: none */
	const char *type, *root_key, *recovery_key;   /* of the table */
	const char *config, *mark;       /* of the release, ConfigMap and template */
	const char *region;              /* AWS_REGION of the template; NULL: the webhook's */
	const char *old_key;
	bool granted;                    /* the role may use the new key */
	bool key_policy_refuses;         /* and never will */
	unsigned writes, restarts, upgrades, step_downs;
	const char *strategy;
};

/* key: of a seal that is KMS's; else NULL. */
void site_open(struct site *s, const char *key);
void site_close(struct site *s);

#endif
