/*
 * The inputs: what a user may say about the Vault that is wanted, by the names
 * of the Terraform module that we replace, plus keys for what it cannot do.
 *
 * One row a key; flags (--a-b), environment (VAULT_AWS_A_B), configuration files
 * (YAML, JSON, .tfvars), help, completion and README.md come from the rows.
 * Order: flag > environment > --config FILE > what was found (cluster, region,
 * account; see domain/found.h) > default. Every problem of all sources is
 * reported in one go, with file:line:column and the nearest known name.
 */
#ifndef DOMAIN_INPUTS_H
#define DOMAIN_INPUTS_H

#include "core/host.h"
#include "core/value.h"

enum key_type { KEY_TEXT, KEY_BOOL, KEY_INT, KEY_TAGS, KEY_LIST };

enum {
	KEY_REQUIRED = 1 << 0,
	KEY_MODULE   = 1 << 1,   /* one of the module's ten */
	KEY_MAY_FIND = 1 << 2    /* found from the kube context or EKS when not given */
};

struct input_key {
	const char *name;        /* "kms_deletion_window_days" */
	enum key_type type;
	unsigned flags;
	const char *fallback;    /* as text; NULL: none */
	const char *metavar;     /* "DAYS" */
	const char *help;
	int64_t min, max;        /* KEY_INT */
	const char *bare;        /* KEY_TEXT: what the flag alone means; NULL: it takes a value */
	const char *const *words; /* KEY_TEXT: the only ones allowed, NULL-terminated; NULL: any */
	/* NULL, or a further rule (KEY_LIST: of each text): -1 with e set (ERR_CONFIG, text without place). */
	int (*check)(const char *text, struct err *e);
};

extern const struct input_key input_keys[];
extern const size_t n_input_keys;

/* Index of a key by name; -1 when there is none. */
int input_key_find(const char *name);

struct inputs;
/* Keys that mean something only together: each that stands alone is added to e. */
void input_keys_agree(const struct inputs *in, struct err *e);

struct input {
	const struct value *value;   /* NULL: not given and without default */
	const char *from;            /* "--region", "VAULT_AWS_REGION", "vault.yaml:3:1", "default", "kube context 'prod'" */
	bool given;                  /* by flag, environment or file */
};

struct inputs {
	struct arena *mem;
	struct input *at;            /* n_input_keys of them, in the rows' order */
	struct err warnings;         /* unknown names of a .tfvars; to be told, no failure */
};

/*
 * flags: map of key name to text, or list of texts for tags ("k=v" each) and lists, with the flag's name as mark.file;
 * NULL: none.
 * config_path: NULL none, "-" standard input (given as stdin_text), "git::..." is refused here. Required keys that
 * may be found later are not missed here, but by inputs_complete.
 */
MUST_CHECK int inputs_read(struct inputs *in, struct arena *mem, const struct host *host,
                           const struct value *flags, const char *config_path, struct view stdin_text, struct err *e);

/* Gives a key a value that was found, unless one was given. */
void inputs_find(struct inputs *in, const char *name, const char *text, const char *from);

/* Every required key that is still absent, all in one error. */
MUST_CHECK int inputs_complete(const struct inputs *in, struct err *e);

/* By name, which must be that of a row (a typo ends the program). Borrowed. */
const struct input *inputs_at(const struct inputs *in, const char *name);
const char *inputs_text(const struct inputs *in, const char *name);   /* NULL: absent */
bool inputs_bool(const struct inputs *in, const char *name);
int64_t inputs_int(const struct inputs *in, const char *name);
const struct value *inputs_tags(const struct inputs *in);             /* a map of texts, never NULL */

const struct value *inputs_list(const struct inputs *in, const char *name);   /* of texts; NULL: absent */

void inputs_release(struct inputs *in);

#endif
