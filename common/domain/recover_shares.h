/*
 * Key shares, as they are kept: read out of custody by the reader of its kind.
 * They are shown nowhere; messages name them by their place ("share 2 of 5 in
 * 'NAME'"). A further kind of custody is a further row of share_readers.
 */
#ifndef DOMAIN_RECOVER_SHARES_H
#define DOMAIN_RECOVER_SHARES_H

#include "core/secret.h"
#include "net/graph.h"

enum { SHARES_MAX = 255, SHARE_TEXT_MAX = 128, SHARE_ENTRY_MAX = 64 << 10 };

struct recover;
struct recover_runner;

struct recover_shares {
	struct secret at[SHARES_MAX];    /* as text, hexadecimal or base64 */
	size_t n;
	const char *from;                /* where they are from, for messages */
	bool split;                      /* out of entries with one each, whose names are each[n] */
	const char *each[SHARES_MAX];
	int64_t threshold;               /* as custody has it; 0: it does not say */
};

struct share_reader {
	const char *word;                /* --custody WORD, or --keys-from WORD */
	bool aws;                        /* its calls are AWS's */
	/* Over the network, an entry of custody a request. NULL: not so. */
	int (*ask)(const struct recover *r, const char *entry, struct request *rq, struct err *e);
	/* Fills value; ERR_ABSENT, ERR_DENIED: of this entry. */
	enum heard (*hear)(struct recover *r, const char *entry, const struct reply *reply, struct secret *value, struct err *e);
	/* From this machine, by gpg where it is to open them. NULL: not so; both NULL: they are typed. */
	int (*read)(struct recover *r, const struct recover_runner *run, struct err *e);
};

/* NULL: there is none of that name. */
const struct share_reader *share_reader_find(const char *word);
/* All names, for messages; gives their number. */
enum { SHARE_READERS_MAX = 16 };
size_t share_reader_words(const char *out[SHARE_READERS_MAX]);

/*
 * Out of what an entry of custody holds (custody_values): JSON with recovery_keys and recovery_threshold. ERR_CONFIG with
 * every share that is none; ERR_ABSENT: a placeholder is there. `from` lives as long as out.
 */
MUST_CHECK int shares_of_entry(struct recover_shares *out, struct view entry, const char *from, struct err *e);
/* The same of an entry with one of the shares alone, appended to those of others, as its name is to out->from. */
MUST_CHECK int shares_of_part(struct recover_shares *out, struct arena *a, struct view entry, const char *name, struct err *e);
/* Appends one; ERR_CONFIG: it is neither hexadecimal nor base64 of 16 to 33 bytes (vault, core.go: KeyLengthBounds). */
MUST_CHECK int shares_add(struct recover_shares *out, struct view text, struct err *e);
void shares_release(struct recover_shares *s);

/* "share 2 of 5 in 'NAME'", or where each has an entry of its own, "'NAME'", in the arena; i counts from 0. */
const char *share_place(struct arena *a, const struct recover_shares *s, size_t i);

#endif
