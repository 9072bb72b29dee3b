#include "aws/words.h"

/* Copies one word to *to and goes past it; false when a quote stays open. */
static bool copy_word(const char **at, char **to)
{
	const char *p = *at;
	char *w = *to, quote = 0;

	for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? 0 : *p;
		else if (*p == '\\' && p[1] && (!quote || (quote == '"' && strchr("\"\\", p[1]))))
			*w++ = *++p;
		else
			*w++ = *p;
	}
	*w++ = '\0';
	*at = p;
	*to = w;
	return quote == 0;
}

int words_split(const char *const **out, struct arena *a, const char *line, struct err *e)
{
	size_t len = strlen(line), n = 0;
	char *to = arena_alloc(a, 2 * len + 2);
	const char **words = ARENA_ARRAY(a, const char *, len + 2);

	for (;;) {
		line += strspn(line, " \t\r\n");
		if (!*line)
			break;
		words[n++] = to;
		if (!copy_word(&line, &to))
			return err_set(e, ERR_CONFIG, 0, "a quote is not closed");
	}
	if (n == 0)
		return err_set(e, ERR_CONFIG, 0, "the command is empty");
	*out = words;
	return 0;
}
