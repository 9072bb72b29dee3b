/*
 * Puts kubectl-vault_check, which lies beside our own binary, and its completion
 * on PATH. A file that is not ours is never overwritten; a second run does
 * nothing.
 */
#include "commands.h"

#include "cli/complete.h"
#include "cli/errors.h"
#include "core/text.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "kubectl-vault_check"
#define COMPLETION "kubectl_complete-vault_check"

enum { SCRIPT_MAX = 64 << 10 };

enum found { FOUND_NOTHING, FOUND_SAME, FOUND_OLDER };

/* kubectl-vault_check beside the running binary. */
static int find_program(struct app *app, const char **out, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_set(e, ERR_BUG, errno, "cannot tell where this program lies: %m");
	while (n > 0 && self[n - 1] != '/')
		n--;
	*out = arena_printf(&app->mem, "%.*s%s", (int)n, self, PROGRAM);
	if (access(*out, X_OK) == 0)
		return 0;
	err_set(e, ERR_ABSENT, errno, "'%s' is not there", *out);
	err_hint(e, "install the plugin anew: helm plugin uninstall vault-aws, then helm plugin install");
	return -1;
}

static bool is_on_path(const struct app *app, const char *dir)
{
	struct view rest = view_text(host_env(&app->host, "PATH"));

	while (rest.p) {
		struct view entry = view_cut(&rest, ':');

		while (entry.n > 1 && entry.p[entry.n - 1] == '/')
			entry.n--;
		if (view_is(entry, dir))
			return true;
	}
	return false;
}

/* The first folder on PATH that is the user's own; else ~/.local/bin, where Debian's profile looks. */
static const char *choose_dir(struct app *app)
{
	struct view rest = view_text(host_env(&app->host, "PATH"));
	AUTO(text) char *home = host_path(&app->host, "~/");
	AUTO(text) char *fallback = host_path(&app->host, "~/.local/bin");

	while (rest.p) {
		const char *dir = arena_view(&app->mem, view_cut(&rest, ':'));

		if (text_starts(dir, home) && access(dir, W_OK) == 0)
			return dir;
	}
	return arena_text(&app->mem, fallback);
}

static const char *clean_dir(struct app *app, const char *given)
{
	AUTO(text) char *path = host_path(&app->host, given);
	struct view dir = view_text(path);
	char here[PATH_MAX];

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (dir.p[0] == '/' || !getcwd(here, sizeof(here)))
		return arena_view(&app->mem, dir);
	return arena_printf(&app->mem, "%s/%.*s", here, (int)dir.n, dir.p);
}

static int not_ours(const char *path, struct err *e)
{
	err_set(e, ERR_CONFLICT, 0, "'%s' is there already and is not ours", path);
	err_hint(e, "name another folder: helm vault-aws link-kubectl DIR");
	return -1;
}

static int look_at_link(const char *link, const char *target, enum found *out, struct err *e)
{
	char held[PATH_MAX];
	ssize_t n = readlink(link, held, sizeof(held) - 1);

	*out = FOUND_NOTHING;
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return errno == EINVAL ? not_ours(link, e) : err_set(e, ERR_CONFIG, errno, "reading '%s': %m", link);
	held[n] = 0;
	if (!text_ends(held, "/" PROGRAM))
		return not_ours(link, e);
	*out = text_same(held, target) ? FOUND_SAME : FOUND_OLDER;
	return 0;
}

static int look_at_script(struct app *app, const char *path, enum found *out, struct err *e)
{
	AUTO(buf) struct buf held = BUF_MAX(SCRIPT_MAX);
	AUTO(err) struct err why = { 0 };

	*out = FOUND_NOTHING;
	if (host_read_file(&app->host, path, &held, &why) < 0) {
		if (why.kind == ERR_ABSENT)
			return 0;
		err_move(e, &why);
		return -1;
	}
	if (!strstr(buf_str(&held), "completion of kubectl vault-check"))
		return not_ours(path, e);
	*out = text_same(buf_str(&held), kubectl_complete_script) ? FOUND_SAME : FOUND_OLDER;
	return 0;
}

static int put_link(struct app *app, const char *link, const char *target, struct err *e)
{
	const char *fresh = arena_printf(&app->mem, "%s.new", link);

	(void)unlink(fresh);
	if (symlink(target, fresh) < 0 || rename(fresh, link) < 0)
		return err_set(e, ERR_CONFIG, errno, "linking '%s': %m", link);
	return 0;
}

static void say(struct app *app, enum found found, const char *path, const char *target)
{
	static const char *const words[] = { "put", "left as it is", "renewed" };

	fprintf(app->out, "%s: %s%s%s\n", words[found], path, target ? " -> " : "", target ? target : "");
}

/* PATH decides: another folder may come first, or this one not at all. */
static void warn_about_path(struct app *app, const char *dir)
{
	struct view rest = view_text(host_env(&app->host, "PATH"));

	if (!is_on_path(app, dir)) {
		warning_printf(app, "'%s' is not on PATH, so kubectl will not find it", dir);
		hint_printf(app, "export PATH=\"%s:$PATH\"", dir);
		return;
	}
	while (rest.p) {
		const char *entry = arena_view(&app->mem, view_cut(&rest, ':'));
		const char *other = arena_printf(&app->mem, "%s/" PROGRAM, entry);

		if (text_same(clean_dir(app, *entry ? entry : "."), dir))
			return;
		if (access(other, X_OK) == 0)
			warning_printf(app, "'%s' comes first on PATH", other);
	}
}

static int run(struct app *app, struct err *e)
{
	const struct text_list *words = &app->line.words;
	const char *dir = words->n ? clean_dir(app, words->at[0]) : choose_dir(app);
	const char *link = arena_printf(&app->mem, "%s/" PROGRAM, dir);
	const char *script = arena_printf(&app->mem, "%s/" COMPLETION, dir);
	const char *target;
	enum found found_link, found_script;

	if (find_program(app, &target, e) < 0 || look_at_link(link, target, &found_link, e) < 0 ||
	    look_at_script(app, script, &found_script, e) < 0)
		return -1;
	if (found_script != FOUND_SAME &&
	    host_write_file(&app->host, script, view_text(kubectl_complete_script), 0755, e) < 0)
		return -1;
	if (found_link != FOUND_SAME && put_link(app, link, target, e) < 0)
		return -1;
	say(app, found_link, link, target);
	say(app, found_script, script, NULL);
	warn_about_path(app, dir);
	return 0;
}

const struct command cmd_link_kubectl = {
	.name = "link-kubectl",
	.group = "Other",
	.args = "[DIR]",
	.summary = "put kubectl vault-check on PATH",
	.details = "Links kubectl-vault_check, which is part of this plugin, into DIR, with its "
	           "completion beside it. Without DIR it is the first folder on PATH below your home, "
	           "else ~/.local/bin. What is not ours is left alone.",
	.examples = "helm vault-aws link-kubectl\n"
	            "helm vault-aws link-kubectl /usr/local/bin\n",
	.words_max = 1,
	.words_files = true,
	.run = run,
};
