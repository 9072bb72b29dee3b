#include "core/host.h"

#include "core/secret.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
SCOPE_END(fd, int, fd_close(*v))

static int file_err(struct err *e, const char *doing, const char *path, int number)
{
	enum err_kind kind = ERR_CONFIG;

	if (number == ENOENT || number == ENOTDIR)
		kind = ERR_ABSENT;
	else if (number == EACCES || number == EPERM || number == EROFS)
		kind = ERR_DENIED;
	return err_set(e, kind, number, "%s '%s': %s", doing, path, strerror(number));
}

static int64_t system_wall_ms(void *self)
{
	struct timespec now;

	(void)self;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *system_env(void *self, const char *name)
{
	(void)self;
	return getenv(name);
}

static int read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	char piece[16384];
	ssize_t n;

	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			buf_put(out, piece, (size_t)n);
	} while (!out->full && (n > 0 || (n < 0 && errno == EINTR)));
	if (n < 0)
		file_err(e, "reading", path, errno);
	wipe(piece, sizeof(piece));
	if (n >= 0 && out->full)
		err_set(e, ERR_CONFIG, EFBIG, "reading '%s': longer than %zu bytes", path, out->max);
	return n < 0 || out->full ? -1 : 0;
}

static int read_opened(int fd, const char *path, struct buf *out, struct err *e)
{
	size_t before = out->n;

	if (read_all(fd, path, out, e) == 0)
		return 0;
	buf_cut(out, before);
	return -1;
}

static int system_read_file(void *self, const char *path, struct buf *out, struct err *e)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)self;
	if (fd < 0)
		return file_err(e, "reading", path, errno);
	return read_opened(fd, path, out, e);
}

/* The mode is that of what was opened, whatever its name means by now. */
static int system_read_private(void *self, const char *path, struct buf *out, struct err *e)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	(void)self;
	if (fd < 0 || fstat(fd, &st) < 0)
		return file_err(e, "reading", path, errno);
	if (st.st_mode & 077) {
		err_set(e, ERR_GUARD, 0, "'%s' may be read by others (mode %04o)", path, (unsigned)(st.st_mode & 07777));
		err_hint(e, "chmod 600 '%s'", path);
		return -1;
	}
	return read_opened(fd, path, out, e);
}

/* Makes each folder on the way to path that is not there. */
static int make_folders(const char *path, struct err *e)
{
	AUTO(text) char *folder = xstrdup(path);

	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return file_err(e, "making the folder", folder, errno);
		*slash = '/';
	}
	return 0;
}

static int write_all(int fd, struct view content)
{
	while (content.n) {
		ssize_t n = write(fd, content.p, content.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		content = view_of(content.p + n, content.n - (size_t)n);
	}
	return 0;
}

/* So that the new name itself survives a power cut. */
static int sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO(text)
	char *folder =
		!slash ? xstrdup(".") : xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	AUTO(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* EINVAL: a file system that has nothing to sync here. */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		return -1;
	return 0;
}

static int system_write_file(void *self, const char *path, struct view content, unsigned mode,
							 struct err *e)
{
	AUTO(text) char *fresh = xasprintf("%s.XXXXXX", path);
	AUTO(fd) int fd = -1;

	(void)self;
	if (make_folders(path, e) < 0)
		return -1;
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return file_err(e, "writing", path, errno);
	if (write_all(fd, content) < 0 || fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0 ||
		rename(fresh, path) < 0) {
		file_err(e, "writing", path, errno);
		unlink(fresh);
		return -1;
	}
	if (sync_folder_of(path) < 0)
		return file_err(e, "writing the folder of", path, errno);
	return 0;
}

static int system_remove_file(void *self, const char *path, struct err *e)
{
	(void)self;
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return file_err(e, "removing", path, errno);
	return 0;
}

static int system_random(void *self, void *out, size_t n, struct err *e)
{
	unsigned char *p = out;

	(void)self;
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, ERR_BUG, errno, "no random numbers: %s", strerror(errno));
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static const struct host_ops system_ops = {
	.wall_ms = system_wall_ms,
	.env = system_env,
	.read_file = system_read_file,
	.read_private = system_read_private,
	.write_file = system_write_file,
	.remove_file = system_remove_file,
	.random = system_random,
};

struct host host_system(void)
{
	return (struct host){ .ops = &system_ops };
}

int64_t host_wall_ms(const struct host *h)
{
	return h->ops->wall_ms(h->self);
}

const char *host_env(const struct host *h, const char *name)
{
	const char *text = h->ops->env(h->self, name);

	return text_empty(text) ? NULL : text;
}

int host_read_file(const struct host *h, const char *path, struct buf *out, struct err *e)
{
	return h->ops->read_file(h->self, path, out, e);
}

int host_read_private(const struct host *h, const char *path, struct buf *out, struct err *e)
{
	return h->ops->read_private(h->self, path, out, e);
}

int host_write_file(const struct host *h, const char *path, struct view content, unsigned mode,
					struct err *e)
{
	return h->ops->write_file(h->self, path, content, mode, e);
}

int host_remove_file(const struct host *h, const char *path, struct err *e)
{
	return h->ops->remove_file(h->self, path, e);
}

int host_random(const struct host *h, void *out, size_t n, struct err *e)
{
	return h->ops->random(h->self, out, n, e);
}

char *host_path(const struct host *h, const char *path)
{
	const char *home = host_env(h, "HOME");
	bool below_home = path[0] == '~' && (path[1] == '\0' || path[1] == '/');

	return below_home && home ? xasprintf("%s%s", home, path + 1) : xstrdup(path);
}
