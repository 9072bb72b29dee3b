/*
 * Reads pieces of configure's file: fields by a table of their names and types, items with their places. What is wrong
 * is told with its place in r->e, and reading goes on. For the files that read sections of it.
 */
#ifndef DOMAIN_CONFIGURE_READER_H
#define DOMAIN_CONFIGURE_READER_H

#include "domain/configure.h"

enum field_type {
	FIELD_TEXT, FIELD_TEXTS, FIELD_TTL, FIELD_COUNT, FIELD_BOOL, FIELD_VERSION,
	FIELD_CHOICE,    /* one of `choices` */
	FIELD_PEM,       /* a text, or texts, without white space at their ends, as Vault gives them back */
	FIELD_PEMS,
	FIELD_MAP,       /* texts by name */
	FIELD_CLAIMS,    /* texts, or lists of them, by name */
	FIELD_SECRET,    /* where it is, never itself */
	FIELD_BELOW      /* read elsewhere */
};

enum { FIELD_NEEDED = 1 << 0, FIELD_MAY_BE_NULL = 1 << 1, FIELD_MAY_BE_EMPTY = 1 << 2 };

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	const char *const *choices;      /* NULL at their end */
};

struct reader {
	struct arena *a;
	struct config *out;
	struct err *warnings, *e;
};

/* 'name' must be `must`, not what v is. */
void reader_wrong_type(struct reader *r, const struct value *v, const char *name, const char *must);
/* The i-th name of a map is none of the n known ones: the nearest, or all of them. */
void reader_unknown(struct reader *r, const struct value *map, size_t i, const char *const *known, size_t n);
/* A name that is one of n others; else the error says `what` and the nearest. */
bool reader_known(struct reader *r, const struct mark *mark, const char *name, const char *const *known, size_t n,
                  const char *what);

/* A list of texts; one text is a list of one. NULL with the error. */
struct value *reader_texts(struct reader *r, const struct value *v, const struct field *f);
/* A map, where null stands for an empty one; NULL with the error where it is something else. */
const struct value *reader_map(struct reader *r, const struct value *v, const char *name);
/* The fields that are there and right, in a map; a secret's place goes to *secret (NULL: the table has none). */
struct value *reader_fields(struct reader *r, const struct value *map, const struct mark *mark, const struct field *fields,
                            size_t n, struct config_secret **secret);

/* A further item. Never NULL: what is too much is told, and takes the last one's place. */
struct config_item *reader_item(struct reader *r, enum config_kind kind, const char *name, const struct mark *mark);
/* Whether a map's i-th name can be one of `what`: it goes into an address as it is. */
bool reader_name(struct reader *r, const struct value *map, size_t i, bool slashes, const char *what);
/* Tells where it is not in small letters, as Vault keeps names of `what`. */
void reader_small(struct reader *r, const struct mark *mark, const char *name, const char *what);

extern const char *const reader_mount_token_types[], *const reader_visibilities[], *const reader_token_types[];

/* What every auth method may be tuned by. */
#define READER_TUNES \
	{ "description", FIELD_TEXT, 0, NULL }, \
	{ "default_lease_ttl", FIELD_TTL, 0, NULL }, \
	{ "max_lease_ttl", FIELD_TTL, 0, NULL }, \
	{ "token_type", FIELD_CHOICE, 0, reader_mount_token_types }, \
	{ "listing_visibility", FIELD_CHOICE, 0, reader_visibilities }

/* What every role and user may say of the tokens that come of it. */
#define READER_TOKEN \
	{ "token_ttl", FIELD_TTL, 0, NULL }, \
	{ "token_max_ttl", FIELD_TTL, 0, NULL }, \
	{ "token_explicit_max_ttl", FIELD_TTL, 0, NULL }, \
	{ "token_period", FIELD_TTL, 0, NULL }, \
	{ "token_num_uses", FIELD_COUNT, 0, NULL }, \
	{ "token_bound_cidrs", FIELD_TEXTS, 0, NULL }, \
	{ "token_no_default_policy", FIELD_BOOL, 0, NULL }, \
	{ "token_type", FIELD_CHOICE, 0, reader_token_types }

/* An auth method and its tunes, taken out of `fields`, and its configuration with the rest of them. */
void reader_method(struct reader *r, const char *type, const char *name, const struct mark *mark, struct value *fields,
                   struct config_item **settings);

/* userpass, oidc, jwt, entities and groups (configure_people.c). */
void reader_people(struct reader *r, const struct value *tree);

#endif
