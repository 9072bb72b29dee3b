/* A machine whose wall clock follows the cloud's. */
#include "fake/cloud.h"

static int64_t wall_ms(void *self)
{
	struct fake_machine *m = self;

	return fake_cloud_now_ms(m->cloud) + m->clock_off_ms;
}

static const char *env(void *self, const char *name)
{
	return host_env(&((struct fake_machine *)self)->plain, name);
}

static int read_file(void *self, const char *path, struct buf *out, struct err *e)
{
	return host_read_file(&((struct fake_machine *)self)->plain, path, out, e);
}

static int write_file(void *self, const char *path, struct view content, unsigned mode, struct err *e)
{
	return host_write_file(&((struct fake_machine *)self)->plain, path, content, mode, e);
}

static int remove_file(void *self, const char *path, struct err *e)
{
	return host_remove_file(&((struct fake_machine *)self)->plain, path, e);
}

static int random_bytes(void *self, void *out, size_t n, struct err *e)
{
	return host_random(&((struct fake_machine *)self)->plain, out, n, e);
}

void fake_machine_init(struct fake_machine *m, const struct fake_cloud *c)
{
	static const struct host_ops ops = {
		.wall_ms = wall_ms,
		.env = env,
		.read_file = read_file,
		.write_file = write_file,
		.remove_file = remove_file,
		.random = random_bytes,
	};

	*m = (struct fake_machine){ .cloud = c };
	m->plain = fake_host(&m->files);
	m->host = (struct host){ &ops, m };
	fake_host_env(&m->files, "HOME", "/home/ops");
	fake_host_env(&m->files, "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
	fake_host_env(&m->files, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
}

void fake_machine_release(struct fake_machine *m)
{
	fake_host_release(&m->files);
}
