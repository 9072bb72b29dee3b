#include "domain/log_catalogue.h"

#include "core/buf.h"
#include "core/text.h"
#include "formats/iso8601.h"

#include <ctype.h>

/* ---- matching ---- */

enum { PIECE_MAX = 128 };

static void lower(char *out, struct view text)
{
	for (size_t i = 0; i < text.n; i++)
		out[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] + ('a' - 'A')) : text.p[i];
}

/* Everything is in small letters, so that the C library's search does the work: there are many rows. */
static bool matches_lower(const char *pattern, struct view text)
{
	struct view rest = view_text(pattern);

	while (rest.p) {
		struct view piece = view_cut(&rest, '*');
		char small[PIECE_MAX];
		const char *at;
		size_t used;

		if (piece.n > PIECE_MAX)
			return false;
		lower(small, piece);
		at = piece.n ? memmem(text.p, text.n, small, piece.n) : text.p;
		if (!at)
			return false;
		used = (size_t)(at - text.p) + piece.n;
		text = view_of(text.p + used, text.n - used);
	}
	return true;
}

static struct view lowered(char small[LOG_RECORD_MAX], struct view text)
{
	if (text.n > LOG_RECORD_MAX)
		text.n = LOG_RECORD_MAX;
	lower(small, text);
	return view_of(small, text.n);
}

bool log_matches(const char *pattern, struct view text)
{
	char small[LOG_RECORD_MAX];

	return matches_lower(pattern, lowered(small, text));
}

const struct log_row *log_find(struct view record)
{
	char small[LOG_RECORD_MAX];
	struct view text = lowered(small, record);

	for (size_t i = 0; i < n_log_rows; i++)
		if (matches_lower(log_rows[i].pattern, text))
			return &log_rows[i];
	return NULL;
}

/* ---- records ---- */

struct reader {
	struct arena *mem;
	struct log_record *at;
	size_t n;
	struct buf block;     /* what has a time: its lines go on with two blanks */
	struct buf loose;     /* what has none: its lines go on with a tab */
	int64_t block_ms, loose_ms;
};

static void end_record(struct reader *r, struct buf *text, int64_t at_ms)
{
	if (text->n > 0 && r->n == LOG_RECORDS_MAX)
		memmove(r->at, r->at + 1, --r->n * sizeof(*r->at));
	if (text->n > 0)
		r->at[r->n++] = (struct log_record){ at_ms, arena_text(r->mem, buf_str(text)), log_find(buf_bytes(text)) };
	buf_release(text);
	*text = (struct buf)BUF_MAX(LOG_RECORD_MAX);
}

/* Control characters would move a terminal. */
static void put_line(struct buf *out, struct view line)
{
	if (out->n > 0)
		buf_char(out, ' ');
	for (size_t i = 0; i < line.n; i++)
		buf_char(out, iscntrl((unsigned char)line.p[i]) ? ' ' : line.p[i]);
}

/* Takes the kubelet's time off the front. */
static int64_t take_time(struct view *line)
{
	struct view rest = *line, word = view_cut(&rest, ' ');
	AUTO(err) struct err e = { 0 };
	int64_t at_ms = 0;

	if (word.n < 20 || word.p[4] != '-' || iso8601_parse(word, &at_ms, &e) < 0)
		return 0;
	*line = rest.p ? rest : view_of(word.p + word.n, 0);
	return at_ms;
}

static bool has_time(struct view line)
{
	return take_time(&line) > 0;
}

static void add_line(struct reader *r, struct view line)
{
	int64_t at_ms = take_time(&line);
	bool goes_on = view_starts(line, "  ");

	if (view_trim(line).n == 0)
		return;
	if (goes_on && r->block.n > 0) {
		put_line(&r->block, view_trim(line));
	} else if (view_starts(line, "\t") && r->loose.n > 0) {
		put_line(&r->loose, view_trim(line));
	} else if (has_time(line)) {
		end_record(r, &r->block, r->block_ms);
		r->block_ms = at_ms;
		put_line(&r->block, view_trim(line));
	} else {
		end_record(r, &r->loose, r->loose_ms);
		r->loose_ms = at_ms;
		put_line(&r->loose, view_trim(line));
	}
}

size_t log_read(struct arena *a, struct view log, struct log_record **out)
{
	struct reader r = { .mem = a, .at = ARENA_ARRAY(a, struct log_record, LOG_RECORDS_MAX),
		                .block = BUF_MAX(LOG_RECORD_MAX), .loose = BUF_MAX(LOG_RECORD_MAX) };

	while (log.p)
		add_line(&r, view_cut(&log, '\n'));
	end_record(&r, &r.block, r.block_ms);
	end_record(&r, &r.loose, r.loose_ms);
	buf_release(&r.block);
	buf_release(&r.loose);
	*out = r.at;
	return r.n;
}
