#include "fake/host.h"

#include "core/text.h"

#include <errno.h>

static struct fake_file **find(struct fake_file **list, const char *path)
{
	while (*list && !text_same((*list)->path, path))
		list = &(*list)->next;
	return list;
}

static void drop(struct fake_file **slot)
{
	struct fake_file *file = *slot;

	if (!file)
		return;
	*slot = file->next;
	free(file->path);
	free(file->content);
	free(file);
}

/* The file of this path with new content; made when there is none. */
static struct fake_file *put(struct fake_file **list, const char *path, struct view content)
{
	struct fake_file **slot = find(list, path);

	if (!*slot) {
		*slot = xcalloc(1, sizeof(**slot));
		(*slot)->path = xstrdup(path);
	}
	free((*slot)->content);
	(*slot)->content = xcalloc(content.n + 1, 1);
	if (content.n)
		memcpy((*slot)->content, content.p, content.n);
	(*slot)->n = content.n;
	return *slot;
}

static int64_t wall_ms(void *self)
{
	return ((struct fake_host *)self)->wall_ms;
}

static const char *env(void *self, const char *name)
{
	struct fake_host *f = self;
	struct fake_file *there = *find(&f->env, name);

	return there ? there->content : NULL;
}

static int read_file(void *self, const char *path, struct buf *out, struct err *e)
{
	struct fake_host *f = self;
	struct fake_file *file = *find(&f->files, path);

	f->reads++;
	if (!file)
		return err_set(e, ERR_ABSENT, ENOENT, "reading '%s': %s", path, strerror(ENOENT));
	if (file->denied)
		return err_set(e, ERR_DENIED, EACCES, "reading '%s': %s", path, strerror(EACCES));
	buf_put(out, file->content, file->n);
	if (out->full)
		return err_set(e, ERR_CONFIG, EFBIG, "reading '%s': longer than %zu bytes", path, out->max);
	return 0;
}

static int read_private(void *self, const char *path, struct buf *out, struct err *e)
{
	struct fake_host *f = self;
	struct fake_file *file = *find(&f->files, path);

	if (file && file->mode & 077)
		return err_set(e, ERR_GUARD, 0, "'%s' may be read by others (mode %04o)", path, file->mode);
	return read_file(self, path, out, e);
}

static int write_file(void *self, const char *path, struct view content, unsigned mode,
					  struct err *e)
{
	struct fake_host *f = self;

	(void)e;
	f->writes++;
	put(&f->files, path, content)->mode = mode;
	return 0;
}

static int remove_file(void *self, const char *path, struct err *e)
{
	struct fake_host *f = self;

	(void)e;
	f->removes++;
	drop(find(&f->files, path));
	return 0;
}

/* splitmix64, byte by byte: even enough, and the same in every run. */
static int random_bytes(void *self, void *out, size_t n, struct err *e)
{
	struct fake_host *f = self;

	(void)e;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = f->random += 0x9e3779b97f4a7c15u;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		((unsigned char *)out)[i] = (unsigned char)(z ^ (z >> 31));
	}
	return 0;
}

struct host fake_host(struct fake_host *f)
{
	static const struct host_ops ops = {
		.wall_ms = wall_ms,
		.env = env,
		.read_file = read_file,
		.read_private = read_private,
		.write_file = write_file,
		.remove_file = remove_file,
		.random = random_bytes,
	};

	return (struct host){ &ops, f };
}

void fake_host_env(struct fake_host *f, const char *name, const char *value)
{
	if (value)
		put(&f->env, name, view_text(value));
	else
		drop(find(&f->env, name));
}

void fake_host_file(struct fake_host *f, const char *path, const char *text)
{
	if (text)
		put(&f->files, path, view_text(text));
	else
		drop(find(&f->files, path));
}

void fake_host_deny(struct fake_host *f, const char *path)
{
	put(&f->files, path, view_text(""))->denied = true;
}

const char *fake_host_content(const struct fake_host *f, const char *path, unsigned *mode)
{
	struct fake_file *files = f->files, *file = *find(&files, path);

	if (file && mode)
		*mode = file->mode;
	return file ? file->content : NULL;
}

void fake_host_release(struct fake_host *f)
{
	while (f->files)
		drop(&f->files);
	while (f->env)
		drop(&f->env);
	*f = (struct fake_host){ 0 };
}
