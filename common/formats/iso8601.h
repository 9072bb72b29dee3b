/* Times in UTC, as milliseconds since 1970. */
#ifndef FORMATS_ISO8601_H
#define FORMATS_ISO8601_H

#include "core/err.h"
#include "core/view.h"

#include <stdint.h>

enum { ISO8601_TEXT = 25, AMZ_DATE_TEXT = 17 };

/* 2026-11-24T05:36:24Z, with fractions and offsets (+01:00) too. */
MUST_CHECK int iso8601_parse(struct view text, int64_t *out_ms, struct err *e);
void iso8601_print(int64_t ms, char out[ISO8601_TEXT]);   /* 2026-11-24T05:36:24Z */
void amz_date_print(int64_t ms, char out[AMZ_DATE_TEXT]); /* 20261124T053624Z */
/* The Date header of HTTP, RFC 9110 section 5.6.7, IMF-fixdate only. */
MUST_CHECK int http_date_parse(struct view text, int64_t *out_ms, struct err *e);

/*
 * "90s", "5m", "1h30m", "1.5s" (Go's durations, cut off below a millisecond) or plain
 * seconds, to milliseconds. ERR_CONFIG.
 */
MUST_CHECK int duration_parse(struct view text, int64_t *out_ms, struct err *e);

#endif
