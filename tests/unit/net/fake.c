/* The fake transport keeps the promises of transport.h too, and breaks calls as it is told. */
#include "rig.h"

SCOPE_END(call, struct call *, call_free(*v))

struct bench {
	struct fake_transport f;
	struct transport t;
	unsigned served;
};

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct bench *b = to;

	b->served++;
	if (strcmp(rq->url, "http://a.test/slower") == 0)
		*latency_ms += 50;
	fake_reply(reply, 200, "served");
	fake_reply_header(reply, "X-Served", "yes");
}

static struct bench *bench_new(void)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	fake_transport_init(&b->f, serve, b);
	b->f.latency_ms = 100;
	b->t = fake_transport(&b->f);
	return b;
}

static void bench_free(struct bench *b)
{
	fake_transport_release(&b->f);
	free(b);
}
SCOPE_END(bench, struct bench *, bench_free(*v))

static struct call *begin(struct bench *b, const char *url)
{
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	request_http(&call->rq, "GET", url);
	call->rq.label = "x";
	assert_int_equal(b->t.ops->start(&b->f, call, &e), 0);
	return call;
}

static struct call *next(struct bench *b, int64_t until_ms)
{
	return b->t.ops->wait(&b->f, until_ms);
}

static void calls_end_in_order_of_time_and_then_of_start(void **state)
{
	AUTO(bench) struct bench *b = bench_new();
	AUTO(call) struct call *slower = begin(b, "http://a.test/slower");
	AUTO(call) struct call *first = begin(b, "http://a.test/1");
	AUTO(call) struct call *second = begin(b, "http://b.test:80/2?q");

	(void)state;
	assert_null(next(b, 60));
	assert_int_equal(b->f.now_ms, 60);
	assert_ptr_equal(next(b, INT64_MAX), first);
	assert_ptr_equal(next(b, INT64_MAX), second);
	assert_int_equal(b->f.now_ms, 100);
	assert_ptr_equal(next(b, INT64_MAX), slower);
	assert_int_equal(b->f.now_ms, 150);
	assert_int_equal(fake_transport_width(&b->f, "x"), 3);
	assert_string_equal(fake_transport_call(&b->f, "x", 2)->host, "b.test:80");
	assert_null(fake_transport_call(&b->f, "x", 3));
	assert_string_equal(buf_str(&first->reply.head), "X-Served: yes\n");
}

static void each_fault_is_what_it_says(void **state)
{
	static const struct {
		enum fault fault;
		enum call_end end;
		int status;
		bool served;
		int64_t takes_ms;
	} cases[] = {
		{ NO_FAULT, CALL_REPLY, 200, true, 100 },
		{ FAULT_RESET, CALL_UNSENT, 0, false, 100 },
		{ FAULT_LOST_REPLY, CALL_LOST, 0, true, 100 },
		{ FAULT_THROTTLE, CALL_REPLY, 429, false, 100 },
		{ FAULT_5XX, CALL_REPLY, 500, true, 100 },
		{ FAULT_GARBAGE, CALL_REPLY, 200, true, 100 },
		{ FAULT_SLOW, CALL_LOST, 0, true, REQUEST_TIMEOUT_MS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench *b = bench_new();
		AUTO(call) struct call *call = NULL;

		fake_transport_fault(&b->f, 1, cases[i].fault, REACH_ONCE);
		call = begin(b, "http://a.test/");
		assert_ptr_equal(next(b, INT64_MAX), call);
		assert_int_equal(call->end, cases[i].end);
		assert_int_equal(call->reply.status, cases[i].status);
		assert_int_equal(b->served, cases[i].served);
		assert_int_equal(b->f.now_ms, cases[i].takes_ms);
		if (call->end != CALL_REPLY)
			assert_int_equal(call->err.kind, ERR_NET);
	}
}

static void a_fault_reaches_one_call_or_all_later_ones(void **state)
{
	(void)state;
	for (enum reach reach = REACH_ONCE; reach <= REACH_LASTING; reach++) {
		AUTO(bench) struct bench *b = bench_new();
		enum call_end ends[3];

		fake_transport_fault(&b->f, 2, FAULT_RESET, reach);
		for (size_t i = 0; i < 3; i++) {
			AUTO(call) struct call *call = begin(b, "http://a.test/");

			assert_ptr_equal(next(b, INT64_MAX), call);
			ends[i] = call->end;
		}
		assert_int_equal(ends[0], CALL_REPLY);
		assert_int_equal(ends[1], CALL_UNSENT);
		assert_int_equal(ends[2], reach == REACH_LASTING ? CALL_UNSENT : CALL_REPLY);
	}
}

static void the_killed_send_nothing_until_healed(void **state)
{
	static const enum fault faults[] = { FAULT_KILLED, FAULT_KILLED_BEFORE };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		AUTO(bench) struct bench *b = bench_new();
		AUTO(call) struct call *dying = NULL, *dead = NULL, *alive = NULL;

		fake_transport_fault(&b->f, 1, faults[i], REACH_ONCE);
		dying = begin(b, "http://a.test/");
		dead = begin(b, "http://a.test/");
		assert_int_equal(b->served, faults[i] == FAULT_KILLED);
		assert_null(next(b, INT64_MAX));
		assert_int_equal(b->t.ops->stops(&b->f, NULL), 2);
		b->t.ops->drop(&b->f, dying);
		b->t.ops->drop(&b->f, dead);
		fake_transport_heal(&b->f);
		assert_int_equal(b->t.ops->stops(&b->f, NULL), 0);
		alive = begin(b, "http://a.test/");
		assert_ptr_equal(next(b, INT64_MAX), alive);
		assert_int_equal(alive->end, CALL_REPLY);
	}
}

static void stops_come_when_it_is_time(void **state)
{
	AUTO(bench) struct bench *b = bench_new();
	AUTO(call) struct call *call = begin(b, "http://a.test/");
	int signal = 0;

	(void)state;
	fake_transport_stop_at(&b->f, 70, SIGINT);
	assert_null(next(b, INT64_MAX));
	assert_int_equal(b->f.now_ms, 70);
	assert_int_equal(b->t.ops->stops(&b->f, &signal), 1);
	assert_int_equal(signal, SIGINT);
	assert_ptr_equal(next(b, INT64_MAX), call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_end_in_order_of_time_and_then_of_start),
		cmocka_unit_test(each_fault_is_what_it_says),
		cmocka_unit_test(a_fault_reaches_one_call_or_all_later_ones),
		cmocka_unit_test(the_killed_send_nothing_until_healed),
		cmocka_unit_test(stops_come_when_it_is_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
