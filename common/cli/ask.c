#include "cli/ask.h"

#include "cli/text_width.h"
#include "core/secret.h"
#include "core/text.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { QUESTION_MAX = 4096, LOOK_AGAIN_MS = 100 };

/* Once the transport is open its signals are stops and end no read of ours: so look at both in turn. */
static int wait_for_line(struct app *app, struct err *e)
{
	struct pollfd fd = { .fd = fileno(app->answers), .events = POLLIN };
	const struct transport *t = &app->transport;
	int signal_number = SIGINT;

	while (fd.fd >= 0 && poll(&fd, 1, t->ops ? 0 : -1) == 0) {
		(void)t->ops->wait(t->self, t->ops->now_ms(t->self) + LOOK_AGAIN_MS);
		if (t->ops->stops(t->self, &signal_number))
			return err_set(e, ERR_STOPPED, signal_number, "interrupted");
	}
	return 0;
}

/* What was typed, without the blanks behind it; "" at the end of the input. Owned by the caller. */
static int read_line(struct app *app, char **out, struct err *e)
{
	size_t cap = 0;
	ssize_t n;

	fflush(app->talk);
	if (wait_for_line(app, e) < 0)
		return -1;
	n = getline(out, &cap, app->answers);
	while (n > 0 && strchr("\r\n\t ", (*out)[n - 1]))
		(*out)[--n] = 0;
	if (n < 0) {
		free(*out);
		*out = xstrdup("");
	}
	return 0;
}

static int read_answer(struct app *app, const char *question, struct err *e)
{
	AUTO(text) char *line = NULL;

	fprintf(app->talk, "%s [y/N] ", question);
	if (read_line(app, &line, e) < 0)
		return -1;
	if (text_same_nocase(line, "y") || text_same_nocase(line, "yes"))
		return 0;
	return err_set(e, ERR_GUARD, 0, "not confirmed: nothing was changed");
}

/* What is asked, fit for a terminal. */
static void put_question(struct buf *out, const char *fmt, va_list ap)
{
	AUTO(buf) struct buf text = BUF_MAX(QUESTION_MAX);

	buf_vprintf(&text, fmt, ap);
	text_safe(out, buf_bytes(&text));
}

static bool somebody_is_there(struct app *app)
{
	if (!app->answers)
		app->answers = fopen("/dev/tty", "re");
	return app->answers != NULL;
}

int ask_name(struct app *app, struct err *e, const char *name, const char *fmt, ...)
{
	AUTO(buf) struct buf told = BUF_MAX(QUESTION_MAX);
	AUTO(text) char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	put_question(&told, fmt, ap);
	va_end(ap);
	if (!somebody_is_there(app)) {
		err_set(e, ERR_GUARD, 0, "nobody can be asked without a terminal: %s", buf_str(&told));
		err_hint(e, "'%s' must be typed there; --yes does not count", name);
		return -1;
	}
	fprintf(app->talk, "%s\ntype its name to go on: ", buf_str(&told));
	if (read_line(app, &line, e) < 0)
		return -1;
	return text_same(line, name) ? 0 : err_set(e, ERR_GUARD, 0, "that is not '%s': nothing was changed", name);
}

int ask_yes(struct app *app, struct err *e, const char *fmt, ...)
{
	AUTO(buf) struct buf question = BUF_MAX(QUESTION_MAX);
	va_list ap;

	if (app->yes)
		return 0;
	va_start(ap, fmt);
	put_question(&question, fmt, ap);
	va_end(ap);
	if (!somebody_is_there(app)) {
		err_set(e, ERR_USAGE, 0, "nobody can be asked without a terminal: %s", buf_str(&question));
		err_hint(e, "--yes answers every question with yes");
		return -1;
	}
	return read_answer(app, buf_str(&question), e);
}

static bool echo_off(int fd, struct termios *before)
{
	struct termios quiet;

	if (tcgetattr(fd, before) != 0)
		return false;
	quiet = *before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	return tcsetattr(fd, TCSADRAIN, &quiet) == 0;
}

static int read_hidden(struct app *app, struct buf *out, struct err *e)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (wait_for_line(app, e) < 0)
		return -1;
	n = getline(&line, &cap, app->answers);
	while (n > 0 && strchr("\r\n", line[n - 1]))
		n--;
	if (n >= 0)
		buf_put(out, line, (size_t)n);
	if (line)
		wipe(line, cap);
	free(line);
	return n >= 0 ? buf_whole(out, "what was typed", e) : err_set(e, ERR_USAGE, 0, "nothing was typed");
}

int ask_hidden(struct app *app, struct buf *out, struct err *e, const char *fmt, ...)
{
	AUTO(buf) struct buf question = BUF_MAX(QUESTION_MAX);
	struct termios before;
	va_list ap;
	int result;

	if (!somebody_is_there(app) || fileno(app->answers) < 0 || !echo_off(fileno(app->answers), &before))
		return err_set(e, ERR_USAGE, 0, "there is no terminal to type at");
	/* What stdio has read and not given yet would stay in its memory. */
	setvbuf(app->answers, NULL, _IONBF, 0);
	va_start(ap, fmt);
	put_question(&question, fmt, ap);
	va_end(ap);
	fputs(buf_str(&question), app->talk);
	fflush(app->talk);
	result = read_hidden(app, out, e);
	(void)tcsetattr(fileno(app->answers), TCSADRAIN, &before);
	fputc('\n', app->talk);
	return result;
}
