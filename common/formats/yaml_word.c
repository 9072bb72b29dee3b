#include "formats/yaml_word.h"

#include "core/buf.h"
#include "formats/number.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

static bool is_one_of(struct view word, const char *const *words)
{
	for (; *words; words++)
		if (view_is(word, *words))
			return true;
	return false;
}

static bool is_digit(struct view word, size_t at)
{
	return at < word.n && word.p[at] >= '0' && word.p[at] <= '9';
}

/* strconv.ParseInt with base 0: 0x, 0o, 0b in either case, and a leading 0 for octal. */
static bool integer_of(struct view word, int64_t *out)
{
	static const struct {
		char letter;
		unsigned base;
	} prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };
	size_t sign = word.n && (*word.p == '+' || *word.p == '-');
	char digits[72];

	if (!is_digit(word, sign) || word.n >= sizeof(digits))
		return false;
	if (word.p[sign] != '0' || word.n == sign + 1)
		return number_int(word, 10, out);
	memcpy(digits, word.p, sign);
	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		if (tolower((unsigned char)word.p[sign + 1]) != prefixes[i].letter)
			continue;
		/* The sign in front of the digits behind the prefix, where no second one may be. */
		if (word.n == sign + 2 || !isxdigit((unsigned char)word.p[sign + 2]))
			return false;
		memcpy(digits + sign, word.p + sign + 2, word.n - sign - 2);
		return number_int(view_of(digits, word.n - 2), prefixes[i].base, out);
	}
	return number_int(word, 8, out);
}

/* Underscores are dropped, as in 1_000. */
static struct view without_underscores(struct arena *a, struct view word)
{
	char *copy = arena_view(a, word);
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] != '_')
			copy[n++] = word.p[i];
	return view_of(copy, n);
}

static struct value *number_of(struct arena *a, struct view word)
{
	bool plain_fraction = word.n && *word.p == '.';
	bool signed_or_digit = word.n && (*word.p == '+' || *word.p == '-' || is_digit(word, 0));
	int64_t integer;
	double real;

	if (!plain_fraction && !signed_or_digit)
		return NULL;
	if (memchr(word.p, '_', word.n) && signed_or_digit)
		word = without_underscores(a, word);
	if (integer_of(word, &integer))
		return value_new_int(a, integer);
	return number_real(word, &real) ? value_new_real(a, real) : NULL;
}

struct value *yaml_word_value(struct arena *a, struct view word)
{
	static const char *const yes[] = { "y",    "Y",    "yes", "Yes", "YES", "true",
									   "True", "TRUE", "on",  "On",  "ON",  NULL };
	static const char *const no[] = { "n",     "N",     "no",  "No",  "NO",  "false",
									  "False", "FALSE", "off", "Off", "OFF", NULL };
	static const char *const null[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };
	static const char *const inf[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL };
	static const char *const minus_inf[] = { "-.inf", "-.Inf", "-.INF", NULL };
	struct value *number;

	if (is_one_of(word, yes))
		return value_new_bool(a, true);
	if (is_one_of(word, no))
		return value_new_bool(a, false);
	if (is_one_of(word, null))
		return value_new_null(a);
	if (is_one_of(word, nan))
		return value_new_real(a, NAN);
	if (is_one_of(word, inf))
		return value_new_real(a, INFINITY);
	if (is_one_of(word, minus_inf))
		return value_new_real(a, -INFINITY);
	number = number_of(a, word);
	return number ? number : value_new_view(a, word);
}

bool yaml_word_is_text(struct view text)
{
	static const char *const words[] = { "y",    "n",     "yes",  "no",  "on", "off",
										 "true", "false", "null", "nan", "inf" };

	/* A letter first, then only what no grammar of YAML gives a meaning inside a word. */
	if (text.n == 0 || !isalpha((unsigned char)*text.p))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!isalnum((unsigned char)text.p[i]) && !memchr("-_./", text.p[i], 4))
			return false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text.n == strlen(words[i]) && strncasecmp(text.p, words[i], text.n) == 0)
			return false;
	return true;
}
