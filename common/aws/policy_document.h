/*
 * Policy documents: reading them as IAM gives them (percent-encoded JSON), and
 * comparing them as what they mean: order of keys, a text against a list of
 * one, order of lists of actions, resources and statements do not matter.
 */
#ifndef AWS_POLICY_DOCUMENT_H
#define AWS_POLICY_DOCUMENT_H

#include "core/value.h"

/* text: JSON, percent-encoded or not. */
MUST_CHECK int policy_document_parse(struct arena *a, const char *text, struct value **out, struct err *e);
bool policy_document_same(const struct value *a, const struct value *b);

#endif
