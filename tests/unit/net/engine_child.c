/* Child processes and signals of the real transport. */
#include "rig.h"

#include "net/engine_curl.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

SCOPE_END(call, struct call *, call_free(*v))

struct bench {
	struct engine_config config;
	struct transport t;
};

static void bench_open(struct bench *b)
{
	AUTO(err) struct err e = { 0 };

	assert_int_equal(engine_curl_open(&b->config, &b->t, &e), 0);
}

static void bench_close(struct bench *b)
{
	b->t.ops->close(b->t.self);
}
SCOPE_END(bench, struct bench, bench_close(v))

static struct call *shell(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct call *call = call_new();

	request_child(&call->rq, argv);
	return call;
}

static void begin(const struct bench *b, struct call *call)
{
	AUTO(err) struct err e = { 0 };

	assert_int_equal(b->t.ops->start(b->t.self, call, &e), 0);
}

static struct call *run(const struct bench *b, struct call *call)
{
	begin(b, call);
	assert_ptr_equal(b->t.ops->wait(b->t.self, INT64_MAX), call);
	return call;
}

static void a_child_says_and_ends(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("echo out; echo talk >&2; exit 3");

	(void)state;
	bench_open(&b);
	run(&b, call);
	assert_int_equal(call->end, CALL_REPLY);
	assert_int_equal(call->reply.status, 3);
	assert_string_equal(buf_str(&call->reply.body), "out\n");
	assert_string_equal(buf_str(&call->reply.talk), "talk\n");
	assert_int_equal(engine_curl_counts(&b.t).children, 1);
}

static void a_killed_childs_status_is_its_signal(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("kill -9 $$");

	(void)state;
	bench_open(&b);
	run(&b, call);
	assert_int_equal(call->end, CALL_REPLY);
	assert_int_equal(call->reply.status, 128 + SIGKILL);
}

static void input_and_file_arrive_whole(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("cat; printf '|'; cat <&3; printf '|'; cat /dev/fd/3");
	AUTO(buf) struct buf large = BUF_MAX(1 << 20);

	(void)state;
	bench_open(&b);
	while (large.n < 500000)
		buf_text(&large, "0123456789");
	call->rq.input = buf_bytes(&large);
	call->rq.file = VIEW_LITERAL("values: {}\n");
	run(&b, call);
	assert_int_equal(call->reply.status, 0);
	assert_int_equal(call->reply.body.n, 500000 + 2 + 2 * 11);
	assert_true(text_ends(buf_str(&call->reply.body), "0123456789|values: {}\n|values: {}\n"));
}

/* A child cannot change what others read: the memory file is sealed. */
static void the_file_is_sealed(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("echo x >/dev/fd/3 && echo written");

	(void)state;
	bench_open(&b);
	call->rq.file = VIEW_LITERAL("y");
	run(&b, call);
	assert_int_equal(call->reply.body.n, 0);
	assert_int_not_equal(call->reply.status, 0);
}

static void without_input_there_is_nothing_to_read(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("cat; test ! -e /dev/fd/9; echo end");

	(void)state;
	bench_open(&b);
	run(&b, call);
	assert_string_equal(buf_str(&call->reply.body), "end\n");
}

static void the_environment_is_ours_with_changes(void **state)
{
	static const char *const set[] = { "VA_NEW=1", "VA_OLD=changed", NULL };
	static const char *const unset[] = { "VA_GONE", NULL };
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call =
		shell("echo $VA_NEW $VA_OLD ${VA_GONE-none} $VA_KEPT ${VA_GONE_NOT-none}");

	(void)state;
	bench_open(&b);
	setenv("VA_OLD", "old", 1);
	setenv("VA_GONE", "here", 1);
	setenv("VA_GONE_NOT", "here", 1);
	setenv("VA_KEPT", "kept", 1);
	call->rq.env_set = set;
	call->rq.env_unset = unset;
	run(&b, call);
	assert_string_equal(buf_str(&call->reply.body), "1 changed none kept here\n");
}

/* A token of Vault's in our environment, unless who asks says otherwise. */
static void a_token_of_ours_is_not_handed_on(void **state)
{
	static const char *const none[] = { NULL };
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("echo ${VAULT_TOKEN-none} ${VAULT_ADDR-none}");
	AUTO(call) struct call *client = shell("echo ${VAULT_TOKEN-none}");

	(void)state;
	bench_open(&b);
	setenv("VAULT_TOKEN", "hvs.ours", 1);
	setenv("VAULT_ADDR", "there", 1);
	run(&b, call);
	assert_string_equal(buf_str(&call->reply.body), "none there\n");
	client->rq.env_unset = none;
	run(&b, client);
	assert_string_equal(buf_str(&client->reply.body), "hvs.ours\n");
	unsetenv("VAULT_TOKEN");
	unsetenv("VAULT_ADDR");
}

static void discarded_is_not_heard(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("echo out; echo talk >&2");

	(void)state;
	bench_open(&b);
	call->rq.out = call->rq.talk = CHILD_DISCARDED;
	run(&b, call);
	assert_int_equal(call->reply.body.n, 0);
	assert_int_equal(call->reply.talk.n, 0);
}

static void a_program_that_is_not_there_is_unsent(void **state)
{
	static const char *const argv[] = { "va-no-such-program", NULL };
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = call_new();

	(void)state;
	bench_open(&b);
	request_child(&call->rq, argv);
	run(&b, call);
	assert_int_equal(call->end, CALL_UNSENT);
	assert_int_equal(call->err.kind, ERR_ABSENT);
	assert_string_equal(call->err.text, "the program 'va-no-such-program' is not there");
}

static void what_cannot_be_run_is_unsent(void **state)
{
	static const char *const argv[] = { "/etc/passwd", NULL };
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = call_new();

	(void)state;
	bench_open(&b);
	request_child(&call->rq, argv);
	run(&b, call);
	assert_int_equal(call->end, CALL_UNSENT);
	assert_int_equal(call->err.kind, ERR_CONFIG);
}

static void one_that_says_too_much_is_lost(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("yes");

	(void)state;
	bench_open(&b);
	call->rq.body_max = 100000;
	run(&b, call);
	assert_int_equal(call->end, CALL_LOST);
	assert_int_equal(call->err.kind, ERR_REMOTE);
}

static void of_much_talk_the_end_is_kept(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("seq 100000 >&2");

	(void)state;
	bench_open(&b);
	run(&b, call);
	assert_int_equal(call->end, CALL_REPLY);
	assert_int_equal(call->reply.talk.n, 64 << 10);
	assert_true(text_ends(buf_str(&call->reply.talk), "\n99999\n100000\n"));
}

static void one_that_takes_too_long_is_lost(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("exec sleep 600");

	(void)state;
	bench_open(&b);
	call->rq.timeout_ms = 50;
	run(&b, call);
	assert_int_equal(call->end, CALL_LOST);
	assert_int_equal(call->err.kind, ERR_NET);
	assert_int_equal(call->err.status, ETIMEDOUT);
}

/* What a child leaves running with its stdout is not waited for. */
static void a_grandchild_does_not_hold_us(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(call) struct call *call = shell("sleep 600 & echo $!");
	pid_t left;

	(void)state;
	bench_open(&b);
	run(&b, call);
	assert_int_equal(call->end, CALL_REPLY);
	left = (pid_t)atoi(buf_str(&call->reply.body));
	assert_true(left > 0);
	kill(left, SIGKILL);
}

/* Dropped: asked to end, and killed if it will not, at the latest by close. */
static void a_dropped_child_is_gone_after_close(void **state)
{
	struct bench b = { 0 };
	AUTO(call) struct call *obeys = shell("echo $$; exec sleep 600");
	AUTO(call) struct call *stubborn = shell("trap '' TERM; echo $$; while :; do sleep 600; done");
	AUTO(call) struct call *tick = shell("sleep 0.1");

	(void)state;
	bench_open(&b);
	begin(&b, obeys);
	begin(&b, stubborn);
	begin(&b, tick);
	assert_ptr_equal(b.t.ops->wait(b.t.self, INT64_MAX), tick);
	b.t.ops->drop(b.t.self, obeys);
	b.t.ops->drop(b.t.self, stubborn);
	bench_close(&b);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* In a process of its own that is killed: its child must not outlive it. */
static NO_RETURN void die_with_a_child(void)
{
	struct bench b = { 0 };

	bench_open(&b);
	begin(&b, shell("exec sleep 600"));
	kill(getpid(), SIGKILL);
	_exit(0);
}

static void a_child_dies_with_us(void **state)
{
	int status = 0;
	pid_t parent;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	parent = fork();
	if (parent == 0)
		die_with_a_child();
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(wait(&status) > 0);   /* the orphan, which is ours now */
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static size_t open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void nothing_stays_open(void **state)
{
	size_t before = open_files();

	(void)state;
	{
		AUTO(bench) struct bench b = { .config.hear_signals = true };

		bench_open(&b);
		for (int i = 0; i < 3; i++) {
			AUTO(call) struct call *call = shell("cat <&3");

			call->rq.file = call->rq.input = VIEW_LITERAL("x");
			run(&b, call);
		}
	}
	assert_int_equal(open_files(), before);
}

static void children_run_side_by_side(void **state)
{
	AUTO(bench) struct bench b = { 0 };
	AUTO(text) char *fifo = xasprintf("/tmp/va-child-test-%d", (int)getpid());
	AUTO(text) char *listen = xasprintf("mkfifo %s; cat %s; rm %s", fifo, fifo, fifo);
	AUTO(text) char *speak = xasprintf("until test -p %s; do sleep 0.01; done; echo x >%s", fifo,
	                                   fifo);
	AUTO(call) struct call *first = shell(listen), *second = shell(speak);
	struct call *ended;

	(void)state;
	bench_open(&b);
	begin(&b, first);
	begin(&b, second);     /* neither could end without the other */
	ended = b.t.ops->wait(b.t.self, INT64_MAX);
	assert_true(ended == first || ended == second);
	assert_ptr_equal(b.t.ops->wait(b.t.self, INT64_MAX), ended == first ? second : first);
	assert_string_equal(buf_str(&first->reply.body), "x\n");
}

/* ---- signals ---- */

static void a_signal_is_a_stop(void **state)
{
	AUTO(bench) struct bench b = { .config.hear_signals = true };
	int signal = 0;

	(void)state;
	bench_open(&b);
	assert_int_equal(b.t.ops->stops(b.t.self, &signal), 0);
	raise(SIGTERM);
	assert_null(b.t.ops->wait(b.t.self, INT64_MAX));
	assert_int_equal(b.t.ops->stops(b.t.self, &signal), 1);
	assert_int_equal(signal, SIGTERM);
	raise(SIGINT);
	assert_int_equal(b.t.ops->stops(b.t.self, &signal), 2);
	assert_int_equal(signal, SIGINT);
	assert_null(b.t.ops->wait(b.t.self, INT64_MAX));
}

static void a_child_hears_signals_and_close_gives_them_back(void **state)
{
	sigset_t before, after;

	(void)state;
	sigprocmask(SIG_SETMASK, NULL, &before);
	{
		AUTO(bench) struct bench b = { .config.hear_signals = true };
		AUTO(call) struct call *call = shell("kill -TERM $$; echo survived");

		bench_open(&b);
		run(&b, call);
		assert_int_equal(call->reply.status, 128 + SIGTERM);
		assert_int_equal(call->reply.body.n, 0);
	}
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int s = 1; s < NSIG; s++)
		assert_int_equal(sigismember(&before, s), sigismember(&after, s));
}

static void what_our_parent_ignores_is_no_stop(void **state)
{
	void (*before)(int) = signal(SIGHUP, SIG_IGN);

	(void)state;
	{
		AUTO(bench) struct bench b = { .config.hear_signals = true };

		bench_open(&b);
		raise(SIGHUP);
		assert_int_equal(b.t.ops->stops(b.t.self, NULL), 0);
	}
	signal(SIGHUP, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_says_and_ends),
		cmocka_unit_test(a_killed_childs_status_is_its_signal),
		cmocka_unit_test(input_and_file_arrive_whole),
		cmocka_unit_test(the_file_is_sealed),
		cmocka_unit_test(without_input_there_is_nothing_to_read),
		cmocka_unit_test(the_environment_is_ours_with_changes),
		cmocka_unit_test(a_token_of_ours_is_not_handed_on),
		cmocka_unit_test(discarded_is_not_heard),
		cmocka_unit_test(a_program_that_is_not_there_is_unsent),
		cmocka_unit_test(what_cannot_be_run_is_unsent),
		cmocka_unit_test(one_that_says_too_much_is_lost),
		cmocka_unit_test(of_much_talk_the_end_is_kept),
		cmocka_unit_test(one_that_takes_too_long_is_lost),
		cmocka_unit_test(a_grandchild_does_not_hold_us),
		cmocka_unit_test(a_dropped_child_is_gone_after_close),
		cmocka_unit_test(a_child_dies_with_us),
		cmocka_unit_test(nothing_stays_open),
		cmocka_unit_test(children_run_side_by_side),
		cmocka_unit_test(a_signal_is_a_stop),
		cmocka_unit_test(a_child_hears_signals_and_close_gives_them_back),
		cmocka_unit_test(what_our_parent_ignores_is_no_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
