/*
 * An error with a kind that callers may branch on, a text with its context in
 * front, and a hint that says what to do.
 *
 * Whoever can fail takes a `struct err *e` last and returns -1 after filling
 * it; err_set and err_while return -1 themselves, so that
 * `return err_set(e, ...)` is a whole failure branch. The caller owns the
 * struct (start it as `AUTO(err) struct err e = {0};`); err_release frees what
 * it holds. Errors are printed once, by common/cli:
 *
 *	error: planning: reading the seal key 'alias/prod-vault-unseal': not allowed (403)
 *	hint: allow kms:DescribeKey on alias/prod-vault-unseal for arn:aws:iam::111122223333:role/deploy
 *
 * Bad input has many problems at once: err_also hangs a further one behind the
 * first, and all of them are printed in one run. Texts are lower case, without
 * a full stop, name subjects in single quotes, and never hold a secret.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include "core/scope.h"

#include <stdbool.h>

enum err_kind {
	ERR_NONE,
	ERR_USAGE,     /* the command line is wrong */
	ERR_CONFIG,    /* the configuration is wrong */
	ERR_AUTH,      /* no usable credentials */
	ERR_DENIED,    /* somebody said no */
	ERR_ABSENT,    /* what was asked for is not there */
	ERR_CONFLICT,  /* it is there, and is not ours or is not as it must be */
	ERR_GUARD,     /* refused by ourselves, to protect something */
	ERR_THROTTLED, /* asked too often */
	ERR_NET,       /* no whole reply came */
	ERR_REMOTE,    /* a reply came that makes no sense */
	ERR_LATE,      /* time ran out */
	ERR_STOPPED,   /* interrupted */
	ERR_BUG        /* our own fault */
};

struct err {
	enum err_kind kind;
	int status;        /* HTTP status, errno or signal, for trace and JSON; 0: none */
	char *text, *hint; /* owned; hint may be NULL */
	struct err *more;  /* owned: the next problem of the same input */
};

/* err_set(e, kind, status, fmt, ...): replaces what e holds; is -1. e may not be NULL. */
void err_set_filled(struct err *e, enum err_kind kind, int status, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* err_while(e, fmt, ...): "doing this: " in front of e's text and each further one; is -1. */
void err_while_filled(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Sets the hint of the last problem in e unless one is there: nearest the cause stays. */
void err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* err_also(e, kind, fmt, ...): appends a further problem (or sets the first); is -1. */
void err_also_filled(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Moves all of from to the end of e; from is empty afterwards. No-op when from holds nothing. */
void err_append(struct err *e, struct err *from);

/* Moves from into to, releasing what to held; from is empty afterwards. */
void err_move(struct err *to, struct err *from);

/* A deep copy of from in to (which must be empty). */
void err_copy(struct err *to, const struct err *from);

/* Number of problems: 0 for an empty error. */
size_t err_count(const struct err *e);

/*
 * The forms to call. They say -1 where the compiler sees it: it then knows that outputs are
 * read on success alone, and does not warn of reads before they are set.
 */
#define err_set(...) \
	({ \
		err_set_filled(__VA_ARGS__); \
		-1; \
	})
#define err_while(...) \
	({ \
		err_while_filled(__VA_ARGS__); \
		-1; \
	})
#define err_also(...) \
	({ \
		err_also_filled(__VA_ARGS__); \
		-1; \
	})

/* Frees what e holds and makes it empty; may be called again. */
void err_release(struct err *e);
SCOPE_END(err, struct err, err_release(v))

/* "conflict", "denied" ...: the name of a kind in JSON. Never NULL. */
const char *err_kind_name(enum err_kind kind);

/*
 * The exit code that stands for e: 0 none, 2 usage or configuration, 4 guard
 * or conflict, 5 time ran out, 128 + signal when stopped (status holds the
 * signal; 130 without one), else 1.
 */
int err_exit_code(const struct err *e);

#endif
