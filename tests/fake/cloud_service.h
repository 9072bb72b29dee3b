/*
 * Inside of the fake cloud: one row an operation, one file a service. A row
 * reads its parameters from `in` (json: the body; query: the form, flat, with
 * names such as "Tags.member.1.Key"; rest: the names of the path) and answers
 * once.
 */
#ifndef FAKE_CLOUD_SERVICE_H
#define FAKE_CLOUD_SERVICE_H

#include "fake/cloud.h"

struct cloud_ask {
	struct fake_cloud *cloud;
	const struct cloud_op *op;
	struct arena *mem;               /* the cloud's */
	const struct value *in;
	struct reply *reply;
};

struct cloud_op {
	const char *name;                /* "CreateKey" */
	bool writes;
	void (*serve)(struct cloud_ask *ask);
};

enum cloud_protocol { CLOUD_JSON, CLOUD_QUERY, CLOUD_REST, CLOUD_XML };

struct cloud_service {
	const char *id;                  /* the label's: "kms" */
	enum cloud_protocol protocol;
	const char *mark;                /* before the dot of the target; API version; none */
	const char *errors;              /* before an error's code; "" */
	const char *throttled, *failed;  /* its codes */
	int throttled_status;
	const struct cloud_op *ops;
	size_t n_ops;
};

extern const struct cloud_service cloud_kms, cloud_dynamodb, cloud_iam, cloud_sts, cloud_eks, cloud_tagging,
	cloud_secretsmanager, cloud_logs, cloud_ssm, cloud_s3;

/* Answers: a tree, what stands within <OpResult> (NULL: nothing), a refusal in the service's shape. */
void cloud_answer(struct cloud_ask *ask, const struct value *body);
void cloud_answer_xml(struct cloud_ask *ask, const char *inner);
void cloud_refuse(struct cloud_ask *ask, int status, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);
void cloud_write_error(const struct cloud_service *s, struct reply *reply, int status, const char *code,
                       const char *message);

/* S3's: which operation a request is, with its parameters; NULL: it is not for S3. */
const struct cloud_op *cloud_s3_read(struct cloud_ask *ask, const struct request *rq);

/* A parameter that must be there. */
const char *cloud_text(const struct cloud_ask *ask, const char *path);

/* The tags of a list at `path`, as a map. */
const struct value *cloud_tag_list(struct cloud_ask *ask, const char *path, const char *name, const char *text);
/* A map as a list of {name, text}. */
struct value *cloud_tag_rows(struct arena *a, const struct value *map, const char *name, const char *text);
struct cloud_tags cloud_new_tags(const struct cloud_ask *ask, const struct value *map);
void cloud_retag(struct fake_cloud *c, struct cloud_tags *tags, const struct value *more);
/* Something made then is known by now. */
bool cloud_spread(const struct fake_cloud *c, int64_t made_ms, unsigned lag_ms);
/* The index of a new one; more than CLOUD_MAX end the test. */
unsigned cloud_room(unsigned *n);

#endif
