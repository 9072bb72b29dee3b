/*
 * What things are called when they are first made, and the tags they carry.
 *
 * alias/<prefix>-unseal, table <prefix>, role <prefix>-<region>, where <prefix>
 * is `<cluster>-vault` unless name_prefix says otherwise. A name that is too
 * long is cut and ends in eight digits of the whole name's SHA-256. The chart's
 * start script rewrites certain words anywhere in Vault's configuration
 * (vault-helm, templates/_helpers.tpl, vault.args): a name holding one is refused.
 */
#ifndef DOMAIN_NAMES_H
#define DOMAIN_NAMES_H

#include "domain/inputs.h"

#define TAG_PREFIX    "helm-vault-aws/"
#define TAG_CLUSTER   TAG_PREFIX "cluster"
#define TAG_NAMESPACE TAG_PREFIX "namespace"
#define TAG_RELEASE   TAG_PREFIX "release"
#define TAG_LIVE      TAG_PREFIX "live"
#define TAG_CLAIM     TAG_PREFIX "claim"
#define TAG_KEY       TAG_PREFIX "key"
#define TAG_ROLE      TAG_PREFIX "role"
#define MANAGED_BY    "helm-vault-aws"

enum { ROLE_NAME_MAX = 64, OBJECT_NAME_MAX = 63, LOG_GROUP_MAX = 512, TABLE_NAME_MAX = 255, ALIAS_NAME_MAX = 256, TAGS_MAX = 50 };

struct names {
	const char *alias, *table, *role;
	const char *collector_role;  /* of the collector of audit lines */
	const char *collector;       /* its objects in Kubernetes; NULL: the release is not known */
	const char *log_group;       /* where it sends them in CloudWatch, and below which key in S3 (without the first '/') */
	const struct value *tags;    /* a map of texts: what everything of ours carries */
};

/* alias, table and role alone: by the inputs' names, else by the cluster's. */
void names_choose(struct arena *a, const struct inputs *in, const char *cluster, const char *region, struct names *out);

/* From complete inputs; region, namespace and release as finally chosen. ERR_CONFIG, all problems at once. */
MUST_CHECK int names_make(struct arena *a, const struct inputs *in, const char *region,
                          const char *namespace_, const char *release, struct names *out, struct err *e);

/* The word that the chart's start script would rewrite in text; NULL: none. */
const char *names_rewritten_word(const char *text);

/* name itself, or its start and a hash when it is longer than max bytes. */
const char *names_fit(struct arena *a, const char *name, size_t max);

/* The arn's role name: the part after the last '/'. Borrowed from arn. */
const char *role_name_of_arn(const char *arn);

#endif
