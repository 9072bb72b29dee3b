/* What objects of External Secrets say of themselves (apis/externalsecrets/v1). Texts are borrowed. */
#ifndef DOMAIN_ESO_OBJECT_H
#define DOMAIN_ESO_OBJECT_H

#include "core/value.h"

#define ESO_GROUP "external-secrets.io"

/* The condition Ready: "True", "False", "Unknown"; NULL: none yet. */
const char *eso_ready(const struct value *object);
/* "" where there is none. */
const char *eso_reason(const struct value *object);
const char *eso_message(const struct value *object);
/* Who last wrote it as v1beta1: managedFields keep the version, and so does what kubectl applied; NULL: nobody. */
const char *eso_old_writer(const struct value *object);
/* spec.refreshInterval, an hour where there is none; 0: it is never looked at again. */
int64_t eso_interval_ms(const struct value *secret);
/* Does the operator (its Deployment) keep its tokens of Vault? */
bool eso_caches_tokens(const struct value *deployment);

#endif
