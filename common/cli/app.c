#include "cli/app.h"

#include "cli/command.h"
#include "cli/errors.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/yaml.h"
#include "net/engine_curl.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { ANSWER_TEXT_MAX = 32 << 20, STDIN_MAX = 1 << 20, SCREEN_LINES = 24, SCREEN_COLUMNS = 80 };

static bool is_utf8(const struct host *h)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = host_env(h, names[i]);

		if (value)
			return text_ends(value, "UTF-8") || text_ends(value, "utf8") || text_ends(value, "UTF8");
	}
	return false;
}

void app_init(struct app *app, const struct cli *cli)
{
	struct winsize size;

	*app = (struct app){
		.cli = cli,
		.host = host_system(),
		.out = stdout,
		.talk = stderr,
		.out_tty = isatty(STDOUT_FILENO),
		.talk_tty = isatty(STDERR_FILENO),
		.columns = SCREEN_COLUMNS,
		.lines = SCREEN_LINES,
		.format = "",
	};
	app->utf8 = is_utf8(&app->host);
	app->kube.interactive = isatty(STDIN_FILENO);
	if (app->talk_tty && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		app->columns = size.ws_col;
		app->lines = size.ws_row;
	}
}

void app_release(struct app *app)
{
	if (app->transport.ops)
		app->transport.ops->close(app->transport.self);
	if (app->trace && app->trace != app->talk)
		fclose(app->trace);
	if (app->answers)
		fclose(app->answers);
	secret_release(&app->kube.token);
	arena_release(&app->mem);
}

const char *app_user_agent(const struct app *app)
{
	return app->cli->kind == CLI_HELM ? "helm-vault-aws/" VA_VERSION : "kubectl-vault-check/" VA_VERSION;
}

static void trace_line(void *to, const char *line)
{
	fprintf(to, "%s\n", line);
}

static int open_trace(struct app *app, struct err *e)
{
	if (text_same(app->trace_file, "-") || (!app->trace_file && app->debug)) {
		app->trace = app->talk;
	} else if (app->trace_file) {
		app->trace = fopen(app->trace_file, "we");
		if (!app->trace)
			return err_set(e, ERR_CONFIG, 0, "cannot write the trace '%s': %m", app->trace_file);
		setvbuf(app->trace, NULL, _IOLBF, 0);
	}
	return 0;
}

int app_transport(struct app *app, const struct transport **out, struct err *e)
{
	struct engine_config config;

	if (!app->transport.ops) {
		if (open_trace(app, e) < 0)
			return -1;
		config = engine_config_from_host(&app->host);
		config.user_agent = app_user_agent(app);
		config.hear_signals = true;
		if (app->trace) {
			config.trace = trace_line;
			config.to = app->trace;
		}
		if (engine_curl_open(&config, &app->transport, e) < 0)
			return -1;
	}
	*out = &app->transport;
	return 0;
}

static int read_stdin(struct buf *out, struct err *e)
{
	char piece[4096];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_put(out, piece, n);
	if (ferror(stdin))
		return err_set(e, ERR_CONFIG, 0, "cannot read standard input");
	return buf_whole(out, "the configuration on standard input", e);
}

int app_inputs(struct app *app, struct inputs *out, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(STDIN_MAX);
	int result;

	if (text_same(app->config, "-") && read_stdin(&text, e) < 0)
		return -1;
	result = inputs_read(out, &app->mem, &app->host, app->line.inputs, app->config, buf_bytes(&text), e);
	if (result == 0)
		warnings_print(app, &out->warnings);
	return result;
}

bool app_format_is(const struct app *app, const char *format)
{
	return text_same(app->format, format);
}

int app_print_value(struct app *app, const struct value *v, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(ANSWER_TEXT_MAX);

	if (!app_format_is(app, "yaml"))
		va_json_print(&text, v, true);
	else if (va_yaml_print(&text, v, e) < 0)
		return -1;
	if (buf_whole(&text, "the answer", e) < 0)
		return -1;
	fwrite(buf_str(&text), 1, text.n, app->out);
	return 0;
}
