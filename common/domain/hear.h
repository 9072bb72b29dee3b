/* Small things that the step files share: parameters in, answers out. */
#ifndef DOMAIN_HEAR_H
#define DOMAIN_HEAR_H

#include "aws/services.h"
#include "domain/world.h"

/* A map of texts from pairs "Name", text, ..., NULL; a NULL text leaves its name out. */
struct value *params_of(struct arena *a, ...) __attribute__((sentinel));

/*
 * Reads the answer of an AWS step. HEARD_DONE: ok, or (answer->ok false) its
 * code is `absent`. Else what the loop shall do, with `doing` in front of e.
 */
enum heard hear_aws(struct world *w, const struct aws_op *op, const struct reply *reply, const char *absent,
                    struct aws_answer *answer, struct err *e, const char *doing, ...)
	PRINTF_LIKE(7, 8);

/* As hear_aws, for a Kubernetes step: a 404 is HEARD_DONE with answer->ok false. */
enum heard hear_kube(struct world *w, const struct reply *reply, struct kube_answer *answer, struct err *e,
                     const char *doing, ...) PRINTF_LIKE(5, 6);

/* e refuses with ERR_GUARD (exit 4). Gives HEARD_REFUSED. */
enum heard hear_guard(struct err *e, const char *hint, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
