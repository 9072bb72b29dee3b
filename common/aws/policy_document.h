/*
 * Policy documents: reading them as IAM gives them (percent-encoded JSON), and
 * comparing them as what they mean: order of keys, a text against a list of
 * one, order of lists of actions, resources and statements do not matter; nor
 * do Sid and Id, the case of actions and condition keys, an account's number
 * for its root as a principal, "*" for {"AWS": "*"}.
 */
#ifndef AWS_POLICY_DOCUMENT_H
#define AWS_POLICY_DOCUMENT_H

#include "core/value.h"

/* text: JSON, percent-encoded or not. ERR_CONFIG or ERR_REMOTE when it is neither, or no map. In the arena. */
MUST_CHECK int policy_document_parse(struct arena *a, const char *text, struct value **out, struct err *e);
/* Do both mean the same? NULL only equals NULL. Pure. */
bool policy_document_same(const struct value *a, const struct value *b);

#endif
