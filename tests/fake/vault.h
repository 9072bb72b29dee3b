/*
 * One Vault server beside the fake cloud: what sys/seal-status, sys/health,
 * sys/leader and sys/init say, behind the cloud's transport under FAKE_VAULT_URL.
 * Initialised once, it leaves items in the table and unseals after a while. What
 * takes shares (vault_shares.c): sys/unseal, sys/generate-root, sys/rekey.
 *
 *	struct fake_vault vault;
 *	fake_vault_init(&vault, &cloud, "prod-vault");    from now on cloud.net answers for both
 */
#ifndef FAKE_VAULT_H
#define FAKE_VAULT_H

#include "fake/cloud.h"

#define FAKE_VAULT_URL "http://127.0.0.1:8200"
/* What it answers to PGP keys, of each share and of the root token. */
#define FAKE_PGP_MESSAGE "a message to "
/* What no log, file or argument may hold. */
#define FAKE_RECOVERY_KEY "5ec2e70f000000000000000000000000000000000000000000000000000000"
#define FAKE_ROOT_TOKEN   "hvs.5ec2e75ec2e75ec2e7"

enum { FAKE_SHARES_MAX = 16, FAKE_TOKENS_MAX = 16, FAKE_OTP = 28 };

/* A generation of a root token, or a rekey: what is in the active server's memory. */
struct fake_attempt {
	bool started, verifying;
	char nonce[40], verify_nonce[40], otp[FAKE_OTP + 1];
	char given[FAKE_SHARES_MAX][80];
	unsigned n_given;
	int64_t shares, threshold;   /* a rekey's */
};

struct fake_vault {
	struct fake_cloud *cloud;
	void (*serve_cloud)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	void (*spoil_cloud)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
	const char *table;
	const char *seal;            /* "awskms" */
	bool initialized;
	unsigned inits;              /* that were let in */
	int64_t shares, threshold;   /* as asked for */
	bool pgp;                    /* with public keys */
	int64_t unsealed_ms;         /* of the transport's clock: unsealed and active from then on */
	unsigned unsealing_ms;       /* how long that takes */
	/* The next init is refused with 500 after its keys were made, as when kms:Decrypt is missing. */
	bool loses_keys;
	bool half_made;              /* a server died within init, before the seal's configuration was written */
	char root_token[64];         /* of the last init: FAKE_ROOT_TOKEN and its number */

	bool sealed_by_hand;
	unsigned keys;               /* which shares are valid: 0 those of init, and so many rekeys later; made and not verified: + 1 */
	struct fake_attempt root, rekey, unsealing;
	unsigned nonces;             /* how many were given out */
	char tokens[FAKE_TOKENS_MAX][FAKE_OTP + 1];   /* root tokens that are valid */
	unsigned n_tokens, tokens_made;
};

void fake_vault_init(struct fake_vault *v, struct fake_cloud *c, const char *table);
/* It starts anew, and is what its table says. */
void fake_vault_restart(struct fake_vault *v);
/* Initialised long ago: so many shares, and one root token (FAKE_ROOT_TOKEN). */
void fake_vault_adopt(struct fake_vault *v, int64_t shares, int64_t threshold);
/* Share i (from 0) of the keys after so many rekeys. */
const char *fake_vault_share(struct arena *a, unsigned keys, int64_t i);
bool fake_vault_takes(const struct fake_vault *v, const char *token);
/* Another server becomes active: what was under way is forgotten. */
void fake_vault_forget(struct fake_vault *v);

/* vault_shares.c, for vault.c: false where the path is none of its own. */
bool fake_vault_serve_shares(struct fake_vault *v, struct arena *a, const struct request *rq, const char *path,
                             struct reply *reply);

#endif
