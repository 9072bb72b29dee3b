/* Within the evaluator (policy_eval.h): patterns, policy variables, and the Condition block of a statement. */
#ifndef AWS_POLICY_MATCH_H
#define AWS_POLICY_MATCH_H

#include "core/buf.h"
#include "core/value.h"

/*
 * In a pattern that policy_fill wrote, this byte (never part of UTF-8) says that the character behind it stands for
 * itself: what a variable was replaced by has no wildcards.
 */
enum { POLICY_LITERAL = 0xff, POLICY_TEXT_MAX = 64 << 10 };

/* '?' is one character of UTF-8, not one byte. */
bool policy_glob_view(struct view pattern, struct view text, bool any_case);

/* The six parts of an ARN matched one by one, so that no wildcard reaches past its colon; a pattern "*" takes all. */
bool policy_arn_like(struct view pattern, struct view text);

/* The value of a condition key, in any case; NULL when the context lacks it. */
const struct value *policy_context_get(const struct value *context, struct view key);

/*
 * text with ${key}, ${key, 'default'}, ${*}, ${?} and ${$} replaced. false: a key is not there (or has several values)
 * and has no default, so text matches nothing.
 */
bool policy_fill(struct buf *out, struct view text, const struct value *context);

/* Takes the marks out again, for what is compared and not matched. */
void policy_unmark(struct buf *filled);

enum policy_held { POLICY_HOLDS, POLICY_FAILS, POLICY_LACKS_KEY };

/*
 * block: the Condition; NULL holds. variables: are they replaced (Version 2012-10-17)? *missing, NULL before: a key that
 * the context lacks and that the answer hangs on; it lives as long as the block. POLICY_LACKS_KEY: with it, it might hold.
 */
enum policy_held policy_condition(const struct value *block, const struct value *context, bool variables,
                                  const char **missing);

/* A single value where a list may stand is a list of one; of NULL the count is 0. */
size_t policy_list_n(const struct value *v);
const struct value *policy_list_item(const struct value *v, size_t i);

#endif
