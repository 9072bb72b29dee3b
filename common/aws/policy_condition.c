/*
 * The Condition block of a statement. Operators: IAM Reference, "Condition
 * operators"; sets of values: IAM User Guide, "Multivalued context keys".
 */
#include "aws/policy_match.h"

#include "core/text.h"
#include "formats/iso8601.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum quantifier { FOR_THE_VALUE, FOR_ANY_VALUE, FOR_ALL_VALUES };

typedef bool test_fn(struct view want, struct view got);

struct operator_row {
	const char *name;
	test_fn *test;      /* NULL: the operator Null */
	bool negated, pattern;
};

struct operation {
	const struct operator_row *row;
	enum quantifier quantifier;
	bool if_exists;
};

static bool same_text(struct view want, struct view got)
{
	return view_same(want, got);
}

static bool same_nocase(struct view want, struct view got)
{
	return want.n == got.n && strncasecmp(want.p, got.p, want.n) == 0;
}

static bool like(struct view want, struct view got)
{
	return policy_glob_view(want, got, false);
}

/* NAN for what is no number: then nothing is equal, less or greater. */
static double number(struct view v)
{
	char text[64], *end;
	double d;

	if (v.n == 0 || v.n >= sizeof(text) || !memchr("+-.0123456789", v.p[0], 13))
		return NAN;
	for (size_t i = 0; i < v.n; i++)
		if (!isdigit((unsigned char)v.p[i]) && !memchr("+-.eE", v.p[i], 5))
			return NAN;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	d = strtod(text, &end);
	return *end ? NAN : d;
}

/* Seconds since 1970: a day, a time with its zone, or the number itself. */
static double moment(struct view v)
{
	AUTO(err) struct err e = {0};
	char day[32];
	int64_t ms;

	if (v.n == strlen("2024-01-31") && v.p[4] == '-') {
		snprintf(day, sizeof(day), "%.*sT00:00:00Z", (int)v.n, v.p);
		return iso8601_parse(view_text(day), &ms, &e) < 0 ? NAN : (double)ms / 1000;
	}
	if (iso8601_parse(v, &ms, &e) == 0)
		return (double)ms / 1000;
	return number(v);
}

#define COMPARISONS(what, of) \
	static bool what##_equals(struct view want, struct view got) { return of(got) == of(want); } \
	static bool what##_less(struct view want, struct view got) { return of(got) < of(want); } \
	static bool what##_less_equals(struct view want, struct view got) { return of(got) <= of(want); } \
	static bool what##_greater(struct view want, struct view got) { return of(got) > of(want); } \
	static bool what##_greater_equals(struct view want, struct view got) { return of(got) >= of(want); }

COMPARISONS(numeric, number)
COMPARISONS(date, moment)

/* Bytes of an address of either family; 0 when it is none. */
static size_t address(struct view v, unsigned char out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (v.n == 0 || v.n >= sizeof(text) || memchr(v.p, '\0', v.n))
		return 0;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
	size_t bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

static bool in_network(struct view want, struct view got)
{
	struct view length = want, base = view_cut(&length, '/');
	unsigned char net[16], host[16];
	size_t n = address(base, net), bits = n * 8;

	if (!n || address(got, host) != n)
		return false;
	if (length.p) {
		if (length.n < 1 || length.n > 3)
			return false;
		bits = 0;
		for (size_t i = 0; i < length.n; i++) {
			if (!isdigit((unsigned char)length.p[i]))
				return false;
			bits = bits * 10 + (size_t)(length.p[i] - '0');
		}
	}
	return bits <= n * 8 && same_bits(net, host, bits);
}

static const struct operator_row operators[] = {
	{ "StringEquals", same_text, false, false },
	{ "StringNotEquals", same_text, true, false },
	{ "StringEqualsIgnoreCase", same_nocase, false, false },
	{ "StringNotEqualsIgnoreCase", same_nocase, true, false },
	{ "StringLike", like, false, true },
	{ "StringNotLike", like, true, true },
	{ "ArnEquals", policy_arn_like, false, true },    /* the two behave alike */
	{ "ArnLike", policy_arn_like, false, true },
	{ "ArnNotEquals", policy_arn_like, true, true },
	{ "ArnNotLike", policy_arn_like, true, true },
	{ "NumericEquals", numeric_equals, false, false },
	{ "NumericNotEquals", numeric_equals, true, false },
	{ "NumericLessThan", numeric_less, false, false },
	{ "NumericLessThanEquals", numeric_less_equals, false, false },
	{ "NumericGreaterThan", numeric_greater, false, false },
	{ "NumericGreaterThanEquals", numeric_greater_equals, false, false },
	{ "DateEquals", date_equals, false, false },
	{ "DateNotEquals", date_equals, true, false },
	{ "DateLessThan", date_less, false, false },
	{ "DateLessThanEquals", date_less_equals, false, false },
	{ "DateGreaterThan", date_greater, false, false },
	{ "DateGreaterThanEquals", date_greater_equals, false, false },
	{ "Bool", same_nocase, false, false },
	{ "BinaryEquals", same_text, false, false },
	{ "IpAddress", in_network, false, false },
	{ "NotIpAddress", in_network, true, false },
	{ "Null", NULL, false, false },
};

/* false: IAM knows no such operator, and would not have taken the policy. */
static bool operation_read(struct operation *out, const char *name)
{
	static const char if_exists[] = "IfExists";
	struct view word = view_text(name);

	*out = (struct operation){0};
	if (strncasecmp(name, "ForAnyValue:", 12) == 0)
		out->quantifier = FOR_ANY_VALUE;
	else if (strncasecmp(name, "ForAllValues:", 13) == 0)
		out->quantifier = FOR_ALL_VALUES;
	if (out->quantifier)
		view_cut(&word, ':');
	if (word.n > strlen(if_exists) && same_nocase(view_of(word.p + word.n - 8, 8), view_text(if_exists))) {
		out->if_exists = true;
		word.n -= strlen(if_exists);
	}
	for (size_t i = 0; i < COUNT_OF(operators); i++)
		if (same_nocase(word, view_text(operators[i].name)))
			out->row = &operators[i];
	return out->row != NULL;
}

/* A value as its text: JSON's true and 3 stand for "true" and "3". */
static void put_scalar(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_TEXT:
		buf_view(out, view_of(v->text, v->n));
		break;
	case VALUE_BOOL:
		buf_text(out, v->truth ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v->integer);
		break;
	case VALUE_REAL:
		buf_printf(out, "%.17g", v->real);
		break;
	default:
		break;
	}
}

static bool any_wanted(const struct operation *op, const struct value *wants, struct view got,
                       const struct value *context, bool variables)
{
	for (size_t i = 0; i < policy_list_n(wants); i++) {
		AUTO(buf) struct buf plain = BUF_MAX(POLICY_TEXT_MAX), filled = BUF_MAX(POLICY_TEXT_MAX);

		put_scalar(&plain, policy_list_item(wants, i));
		if (plain.full)
			continue;
		if (!variables)
			buf_view(&filled, buf_bytes(&plain));
		else if (!policy_fill(&filled, buf_bytes(&plain), context))
			continue;
		if (!op->row->pattern)
			policy_unmark(&filled);
		if (op->row->test(buf_bytes(&filled), got))
			return true;
	}
	return false;
}

static bool values_hold(const struct operation *op, const struct value *wants, const struct value *got,
                        const struct value *context, bool variables)
{
	bool negated = op->row->negated;
	bool all = op->quantifier == FOR_ALL_VALUES || (op->quantifier == FOR_THE_VALUE && negated);

	for (size_t i = 0; i < policy_list_n(got); i++) {
		AUTO(buf) struct buf text = BUF_MAX(POLICY_TEXT_MAX);
		bool hit;

		put_scalar(&text, policy_list_item(got, i));
		hit = any_wanted(op, wants, buf_bytes(&text), context, variables) != negated;
		if (hit != all)
			return hit;
	}
	return all;
}

static bool wants_absent(const struct value *wants)
{
	AUTO(buf) struct buf text = BUF_MAX(POLICY_TEXT_MAX);

	if (policy_list_n(wants))
		put_scalar(&text, policy_list_item(wants, 0));
	return same_nocase(buf_bytes(&text), VIEW_LITERAL("true"));
}

/* One line of the block: an operator, a key and the values wanted. */
static enum policy_held line_holds(const struct operation *op, const struct value *wants, const struct value *got,
                                   const struct value *context, bool variables)
{
	if (!op->row->test)
		return (got == NULL) == wants_absent(wants) ? POLICY_HOLDS : POLICY_FAILS;
	if (got)
		return values_hold(op, wants, got, context, variables) ? POLICY_HOLDS : POLICY_FAILS;
	if (op->if_exists || op->quantifier == FOR_ALL_VALUES)
		return POLICY_HOLDS;
	return op->row->negated && op->quantifier == FOR_THE_VALUE ? POLICY_HOLDS : POLICY_LACKS_KEY;
}

enum policy_held policy_condition(const struct value *block, const struct value *context, bool variables,
                                  const char **missing)
{
	enum policy_held all = POLICY_HOLDS;

	if (!block)
		return POLICY_HOLDS;
	if (block->type != VALUE_MAP)
		return POLICY_FAILS;
	for (size_t i = 0; i < block->n; i++) {
		const struct value *lines = block->items[i];
		struct operation op;

		if (!operation_read(&op, block->names[i]) || lines->type != VALUE_MAP)
			return POLICY_FAILS;
		for (size_t k = 0; k < lines->n; k++) {
			const struct value *got = policy_context_get(context, view_text(lines->names[k]));
			enum policy_held held = line_holds(&op, lines->items[k], got, context, variables);

			if (held == POLICY_FAILS)
				return held;
			if (!got && (held == POLICY_LACKS_KEY || !*missing))
				*missing = lines->names[k];
			if (held == POLICY_LACKS_KEY)
				all = held;
		}
	}
	return all;
}
