/*
 * How many files may be open at once. The usual 1024 is for programs that call select(2), and was kept small for them; who
 * does not may take what the system allows (file-limits in systemd's docs), and gives it back to the programs it starts.
 */
#include "net/engine.h"

enum { FILES_MAX = 16384 };

void files_open(struct files *f)
{
	struct rlimit want;

	f->raised = getrlimit(RLIMIT_NOFILE, &f->before) == 0 && f->before.rlim_cur < FILES_MAX;
	want = f->before;
	want.rlim_cur = want.rlim_max < FILES_MAX ? want.rlim_max : FILES_MAX;
	f->raised = f->raised && setrlimit(RLIMIT_NOFILE, &want) == 0;
	f->max = f->raised ? want.rlim_cur : f->before.rlim_cur;
}

void files_close(const struct files *f)
{
	if (f->raised)
		setrlimit(RLIMIT_NOFILE, &f->before);
}
