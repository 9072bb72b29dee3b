/*
 * Checks as rows, and the engine that runs them.
 *
 * A check does no I/O: it names the steps whose replies it judges. The union of
 * the steps of all chosen checks is run as one graph in one loop; then the
 * checks are judged in table order over the diagnosis (struct diag, diag.h).
 *
 * - A check whose needed check did not pass is skipped and says which: so the
 *   first broken link is named, not its twenty consequences.
 * - A check one of whose steps failed is "not checked", with the step's error.
 * - Steps of checks have may_fail set: one half of the world being unreachable
 *   does not stop the other. Where it is Kubernetes, which names role, key and
 *   table, the checks of AWS alone are judged over the names that `helm vault-aws
 *   install` gives them.
 *
 *	static enum verdict judge_account(const struct diag *d, struct finding *f)
 *	{
 *		if (!d->account.role_arn) {
 *			found(f, "the service account '%s' names no role", d->release.service_account);
 *			fix(f, "kubectl annotate ...");
 *			return VERDICT_FAIL;
 *		}
 *		found(f, "names the role '%s'", d->account.role_arn);
 *		return VERDICT_PASS;
 *	}
 */
#ifndef DOMAIN_CHECK_H
#define DOMAIN_CHECK_H

#include "net/graph.h"

struct diag;
struct value;

enum verdict {
	VERDICT_PASS,
	VERDICT_INFO,      /* worth knowing, nothing wrong */
	VERDICT_WARN,      /* works, but will hurt */
	VERDICT_FAIL,
	VERDICT_SKIP,      /* a check that it needs did not pass, or it does not apply */
	VERDICT_UNKNOWN    /* could not be checked */
};

/* Where in the chain pod -> service account -> role -> key / table a check belongs. */
enum chain_link {
	LINK_NONE, LINK_POD, LINK_ACCOUNT, LINK_ROLE, LINK_KEY, LINK_TABLE, LINK_VAULT, LINK_CLUSTER, LINK_ESO
};

struct evidence {
	const char *name, *text;
	struct evidence *next;
};

struct finding {
	const struct check *check;
	struct arena *mem;
	enum verdict verdict;
	const char *cause;            /* one sentence: what was seen; what is wrong */
	const char *fix;              /* lines to paste; NULL: none */
	struct evidence *evidence, *last_evidence;
	const struct check *blocked_by;  /* SKIP */
	const char *right;            /* UNKNOWN: the permission that was missing; NULL: another reason */
};

struct check {
	const char *id, *title;       /* "irsa-trust-subject"; "trust policy names this service account" */
	enum chain_link link;
	const char *const *reads;     /* steps; NEEDS(...); NULL: none */
	/* Steps that it looks at where they can be had: their failure alone does not make it "not checked". NULL: none. */
	const char *const *uses;
	const char *const *needs;     /* checks that stand earlier; NULL: none */
	/* Checks or families that stand earlier: where one of them failed, this is its consequence. NULL: none. */
	const char *const *follows;
	enum verdict (*judge)(const struct diag *, struct finding *);
	bool judges_errors;           /* the failure of a step that it reads is not "not checked" at once: it judges that too */
	bool in_pod;                  /* runs a command in a pod: only with --from-pod, or when it is named */
	/* Asks AWS alone: where Kubernetes cannot be had, it is judged over the names that are assumed (diag_assume). */
	bool aws_alone;
	bool proof;                   /* tries something as the role: left out with --no-proof */
	const char *decides;          /* how it decides, for `explain` */
	const char *remedy;           /* what to do in general; never empty */
	const char *reference;        /* where the fact is from */
};

struct check_family {
	const char *name, *title;     /* "irsa" */
	const struct check *checks;
	size_t n_checks;
	const struct step *steps;     /* may need rows of families that stand earlier */
	size_t n_steps;
};

extern const struct check_family *const check_families[];
extern const size_t n_check_families;

/* NULL when there is none. */
const struct check *check_find(const char *id);
const struct check_family *check_family_find(const char *name);
const struct check_family *check_family_of(const struct check *check);
/* All checks in order: i from 0 until NULL. */
const struct check *check_at(size_t i);
const char *check_nearest(const char *id);

/* Which checks to run. Needs of chosen ones are run too; --skip wins. */
struct check_choice {
	const char *const *families;  /* NULL-terminated names; NULL: all */
	const char *const *only, *const *skip;  /* ids */
	bool proof;                   /* false: --no-proof */
	bool from_pod;                /* --from-pod */
};

/* ERR_USAGE for every unknown name, with the nearest. chosen: one bool for each check in order, in the arena. */
MUST_CHECK int checks_choose(struct arena *a, const struct check_choice *choice, bool **chosen, struct err *e);

/* The steps that the chosen checks read, with all that these need, in order. */
const struct step *checks_steps(struct arena *a, const bool *chosen, size_t *n);

struct findings {
	struct finding *at;
	size_t n;
	size_t count[VERDICT_UNKNOWN + 1];
	const struct finding *root;   /* the first that failed; NULL: none */
};

/* Judges the chosen checks over what the graph's run found. */
void checks_judge(struct arena *a, const struct diag *d, const struct graph *g, const bool *chosen, struct findings *out);

enum fail_on { FAIL_ON_FAIL, FAIL_ON_WARN, FAIL_NEVER };
/* 0 passed; 1 something failed; 3 nothing failed, but something could not be checked. */
int findings_exit_code(const struct findings *f, enum fail_on fail_on);

const char *verdict_name(enum verdict v);          /* "pass", "warn" ... */

/* For judges. found replaces the cause; evidence and fix append. */
void found(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void evidence(struct finding *f, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
void fix(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "not checked", with the reason, and the right that it takes (may be NULL). */
enum verdict unknown(struct finding *f, const char *right, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Does not apply here. */
enum verdict not_applicable(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Sets "checks" and "summary" of the tree that kubectl-plugin/findings.schema.json documents. */
void findings_put(struct arena *a, struct value *root, const struct findings *f);

/* A copy in another arena, which borrows nothing of the diagnosis. */
void findings_copy(struct arena *a, const struct findings *from, struct findings *to);

#endif
