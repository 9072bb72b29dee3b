#include "domain/fix.h"

#include "core/text.h"

enum { WORD_MAX = 256 << 10 };

const char *shell_word(struct arena *a, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+%";
	AUTO(buf) struct buf quoted = BUF_MAX(WORD_MAX);

	if (*text && !text[strspn(text, plain)])
		return text;
	buf_char(&quoted, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_text(&quoted, "'\\''");
		else
			buf_char(&quoted, *text);
	}
	buf_char(&quoted, '\'');
	return arena_text(a, buf_str(&quoted));
}
