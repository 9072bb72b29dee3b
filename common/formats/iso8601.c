#include "formats/iso8601.h"

#include "core/scope.h"
#include "formats/number.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS
};

struct moment {
	int year, month, day, hour, minute, second;
};

/* Days since 1970-01-01. A year starts in March here, so that a leap day is its last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, struct moment *out)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	out->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	out->month = (int)(m < 10 ? m + 3 : m - 9);
	out->year = (int)(y + era * 400 + (out->month <= 2));
}

/* Takes exactly n digits off the text. */
static bool take_digits(struct view *text, size_t n, int *out)
{
	int sum = 0;

	if (text->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;
		sum = sum * 10 + (text->p[i] - '0');
	}
	*out = sum;
	*text = view_of(text->p + n, text->n - n);
	return true;
}

static bool take_any(struct view *text, const char *wanted)
{
	if (text->n == 0 || !memchr(wanted, *text->p, strlen(wanted)))
		return false;
	*text = view_of(text->p + 1, text->n - 1);
	return true;
}

static bool to_ms(const struct moment *m, int64_t *out)
{
	static const int days_in[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);

	if (m->month < 1 || m->month > 12 || m->day < 1 || m->hour > 23 || m->minute > 59 ||
		m->second > 59 || m->day > days_in[m->month - 1] + (m->month == 2 && leap))
		return false;
	*out = days_of(m->year, m->month, m->day) * DAY_MS + m->hour * (int64_t)HOUR_MS +
		   m->minute * (int64_t)MINUTE_MS + m->second * (int64_t)SECOND_MS;
	return true;
}

/* ".25": digits behind the third are cut off. No point: nothing to do. */
static bool take_fraction(struct view *text, int64_t *ms)
{
	int64_t worth = 100;
	size_t n = 0;
	int digit;

	if (!take_any(text, ".,"))
		return true;
	for (; take_digits(text, 1, &digit); n++, worth /= 10)
		*ms += digit * worth;
	return n > 0;
}

/* "Z", "+01:00" or "+0100". */
static bool take_zone(struct view *text, int64_t *ms)
{
	bool east = text->n && *text->p == '+';
	int hours, minutes, sign = east ? -1 : 1;

	if (take_any(text, "Zz"))
		return true;
	if (!take_any(text, "+-") || !take_digits(text, 2, &hours))
		return false;
	take_any(text, ":");
	if (!take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ms += sign * (hours * (int64_t)HOUR_MS + minutes * (int64_t)MINUTE_MS);
	return true;
}

int iso8601_parse(struct view text, int64_t *out_ms, struct err *e)
{
	struct view rest = text;
	struct moment m;
	int64_t ms;

	if (take_digits(&rest, 4, &m.year) && take_any(&rest, "-") && take_digits(&rest, 2, &m.month) &&
		take_any(&rest, "-") && take_digits(&rest, 2, &m.day) && take_any(&rest, "Tt ") &&
		take_digits(&rest, 2, &m.hour) && take_any(&rest, ":") &&
		take_digits(&rest, 2, &m.minute) && take_any(&rest, ":") &&
		take_digits(&rest, 2, &m.second) && to_ms(&m, &ms) && take_fraction(&rest, &ms) &&
		take_zone(&rest, &ms) && rest.n == 0) {
		*out_ms = ms;
		return 0;
	}
	return err_set(e, ERR_CONFIG, 0, "'%.*s' is no time such as 2026-11-24T05:36:24Z",
				   (int)(text.n < 64 ? text.n : 64), text.p);
}

static void to_moment(int64_t ms, struct moment *out)
{
	const int64_t first = days_of(0, 1, 1) * DAY_MS, last = days_of(10000, 1, 1) * DAY_MS - 1;
	int64_t days, of_day;

	ms = ms < first ? first : ms > last ? last : ms;
	days = (ms >= 0 ? ms : ms - (DAY_MS - 1)) / DAY_MS;
	of_day = (ms - days * DAY_MS) / SECOND_MS;
	date_of(days, out);
	out->hour = (int)(of_day / 3600);
	out->minute = (int)(of_day / 60 % 60);
	out->second = (int)(of_day % 60);
}

/* The digits of number, n of them, at *out, which moves on. */
static void put_digits(char **out, int number, size_t n)
{
	for (size_t i = n; i > 0; i--, number /= 10)
		(*out)[i - 1] = (char)('0' + number % 10);
	*out += n;
}

static void put_char(char **out, char c)
{
	*(*out)++ = c;
}

void iso8601_print(int64_t ms, char out[ISO8601_TEXT])
{
	struct moment m;

	to_moment(ms, &m);
	put_digits(&out, m.year, 4);
	put_char(&out, '-');
	put_digits(&out, m.month, 2);
	put_char(&out, '-');
	put_digits(&out, m.day, 2);
	put_char(&out, 'T');
	put_digits(&out, m.hour, 2);
	put_char(&out, ':');
	put_digits(&out, m.minute, 2);
	put_char(&out, ':');
	put_digits(&out, m.second, 2);
	put_char(&out, 'Z');
	put_char(&out, '\0');
}

void amz_date_print(int64_t ms, char out[AMZ_DATE_TEXT])
{
	struct moment m;

	to_moment(ms, &m);
	put_digits(&out, m.year, 4);
	put_digits(&out, m.month, 2);
	put_digits(&out, m.day, 2);
	put_char(&out, 'T');
	put_digits(&out, m.hour, 2);
	put_digits(&out, m.minute, 2);
	put_digits(&out, m.second, 2);
	put_char(&out, 'Z');
	put_char(&out, '\0');
}

/* Takes one of n words, each three letters; gives its index, or -1. */
static int take_word(struct view *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (view_starts(*text, words[i])) {
			*text = view_of(text->p + 3, text->n - 3);
			return (int)i;
		}
	}
	return -1;
}

static bool take_text(struct view *text, const char *wanted)
{
	size_t n = strlen(wanted);

	if (!view_starts(*text, wanted))
		return false;
	*text = view_of(text->p + n, text->n - n);
	return true;
}

int http_date_parse(struct view text, int64_t *out_ms, struct err *e)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
										  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct view rest = view_trim(text);
	struct moment m;
	int64_t ms;

	if (take_word(&rest, days, COUNT_OF(days)) >= 0 && take_text(&rest, ", ") &&
		take_digits(&rest, 2, &m.day) && take_text(&rest, " ") &&
		(m.month = take_word(&rest, months, COUNT_OF(months)) + 1) > 0 && take_text(&rest, " ") &&
		take_digits(&rest, 4, &m.year) && take_text(&rest, " ") && take_digits(&rest, 2, &m.hour) &&
		take_text(&rest, ":") && take_digits(&rest, 2, &m.minute) && take_text(&rest, ":") &&
		take_digits(&rest, 2, &m.second) && take_text(&rest, " GMT") && rest.n == 0 &&
		to_ms(&m, &ms)) {
		*out_ms = ms;
		return 0;
	}
	return err_set(e, ERR_REMOTE, 0, "the date of the reply is none of HTTP");
}

/* Takes a unit's name; gives its milliseconds, 0 for none of ours. */
static int64_t take_unit(struct view *text)
{
	if (take_text(text, "ms"))
		return 1;
	if (take_text(text, "h"))
		return HOUR_MS;
	if (take_text(text, "m"))
		return MINUTE_MS;
	return take_text(text, "s") ? SECOND_MS : 0;
}

/* Takes "1h", "30m", "1.5s" ...; what is finer than a millisecond is cut off. */
static bool take_part(struct view *text, int64_t *sum)
{
	const char *start = text->p;
	double number;
	int64_t unit;

	while (text->n && (*text->p == '.' || (*text->p >= '0' && *text->p <= '9')))
		*text = view_of(text->p + 1, text->n - 1);
	if (!number_real(view_of(start, (size_t)(text->p - start)), &number))
		return false;
	unit = take_unit(text);
	/* A hair more, so that no exact number of milliseconds is rounded down. */
	number = number * (double)unit + 0.0005;
	return unit && number < 0x1p62 && !__builtin_add_overflow(*sum, (int64_t)number, sum);
}

int duration_parse(struct view text, int64_t *out_ms, struct err *e)
{
	struct view rest = text;
	int64_t sum = 0, seconds;
	bool plain = text.n && *text.p >= '0' && *text.p <= '9' && number_int(text, 10, &seconds);
	bool good = plain ? !__builtin_mul_overflow(seconds, (int64_t)SECOND_MS, &sum) : text.n > 0;

	while (!plain && good && rest.n)
		good = take_part(&rest, &sum);
	if (!good)
		return err_set(e, ERR_CONFIG, 0, "'%.*s' is no duration such as 90s, 5m or 1h30m",
					   (int)(text.n < 64 ? text.n : 64), text.p);
	*out_ms = sum;
	return 0;
}
