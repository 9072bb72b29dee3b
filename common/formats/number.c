#include "formats/number.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

bool number_int(struct view text, unsigned base, int64_t *out)
{
	bool minus = text.n && *text.p == '-';
	int64_t sum = 0;

	if (minus || (text.n && *text.p == '+'))
		text = view_of(text.p + 1, text.n - 1);
	if (text.n == 0)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = digit_of(text.p[i]);

		/* Summed up below zero: the smallest integer has no positive twin. */
		if (digit >= (int)base || __builtin_mul_overflow(sum, (int64_t)base, &sum) ||
			__builtin_sub_overflow(sum, (int64_t)digit, &sum))
			return false;
	}
	if (!minus && __builtin_sub_overflow((int64_t)0, sum, &sum))
		return false;
	*out = sum;
	return true;
}

static size_t digits_at(struct view text, size_t at)
{
	size_t n = 0;

	while (at + n < text.n && text.p[at + n] >= '0' && text.p[at + n] <= '9')
		n++;
	return n;
}

static bool any_of(struct view text, size_t at, char one, char other)
{
	return at < text.n && (text.p[at] == one || text.p[at] == other);
}

/* Length of the exponent at this place; 0: there is none, or a broken one. */
static size_t exponent_at(struct view text, size_t at)
{
	size_t head, digits;

	if (!any_of(text, at, 'e', 'E'))
		return 0;
	head = any_of(text, at + 1, '+', '-') ? 2 : 1;
	digits = digits_at(text, at + head);
	return digits ? head + digits : 0;
}

bool number_real(struct view text, double *out)
{
	size_t at = any_of(text, 0, '+', '-') ? 1 : 0, whole = digits_at(text, at), fraction = 0;
	AUTO(text) char *copy = NULL;
	double real;

	at += whole;
	if (any_of(text, at, '.', '.')) {
		fraction = digits_at(text, at + 1);
		at += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	at += exponent_at(text, at);
	if (at != text.n)
		return false;
	copy = xstrndup(text.p, text.n);
	real = strtod(copy, NULL);
	if (!isfinite(real))
		return false;
	*out = real;
	return true;
}

size_t number_json(struct view text)
{
	size_t at = any_of(text, 0, '-', '-') ? 1 : 0, whole = digits_at(text, at);

	if (whole == 0 || (whole > 1 && text.p[at] == '0'))
		return 0;
	at += whole;
	if (any_of(text, at, '.', '.')) {
		size_t fraction = digits_at(text, at + 1);

		if (fraction == 0)
			return 0;
		at += 1 + fraction;
	}
	if (any_of(text, at, 'e', 'E')) {
		size_t exponent = exponent_at(text, at);

		if (exponent == 0)
			return 0;
		at += exponent;
	}
	return at;
}

void number_print_real(struct buf *out, double real)
{
	char text[40];
	const char *exponent;

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	exponent = strchr(text, 'e');
	if (strchr(text, '.'))
		buf_text(out, text);
	else if (exponent)
		buf_printf(out, "%.*s.0%s", (int)(exponent - text), text, exponent);
	else
		buf_printf(out, "%s.0", text);
}
