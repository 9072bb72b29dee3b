/* Connections of other programs, led to a pod's port: here the other programs are calls of the same engine's. */
#include "cluster.h"

#include "net/relay.h"

#include <arpa/inet.h>
#include <unistd.h>

enum { PLAIN_PORT = 8200, TLS_PORT = 8443 };

/* Where connections go: to the first pod, and from the first failure on to the second. */
struct lead {
	struct cluster cluster;
	struct kube_pod_port pods[2];
	size_t at;
	bool unknown, strangers;
	unsigned port, broke, unopened, asked;
};

static bool admit(void *to, unsigned peer_port)
{
	const struct lead *l = to;

	assert_true(peer_port > 0);
	return !l->strangers;
}

static const struct tunnel *way(void *to)
{
	struct lead *l = to;

	l->asked++;
	return l->unknown ? NULL : &l->pods[l->at].tunnel;
}

static void broke(void *to, const struct err *why, bool opened)
{
	struct lead *l = to;

	assert_true(why->kind != ERR_NONE);
	l->broke++;
	l->unopened += !opened;
	l->at = 1;
}

static const struct relay_ops ops = { .admit = admit, .way = way, .broke = broke };

static void lead_open(struct lead *l, const char *first, const char *second, unsigned port)
{
	AUTO(err) struct err e = { 0 };

	cluster_open(&l->cluster);
	kube_pod_port_init(&l->pods[0], &l->cluster.mem, &l->cluster.kube, "vault", first, port);
	kube_pod_port_init(&l->pods[1], &l->cluster.mem, &l->cluster.kube, "vault", second, port);
	assert_int_equal(engine_relay_open(&l->cluster.rig.t, 0, &ops, l, &l->port, &e), 0);
}

static void lead_close(struct lead *l)
{
	engine_relay_close(&l->cluster.rig.t);
	assert_int_equal(engine_relay_count(&l->cluster.rig.t), 0);
	cluster_close(&l->cluster);
}
SCOPE_END(lead, struct lead, lead_close(v))

static struct call *client(const struct lead *l, const char *method, const char *scheme, const char *path)
{
	AUTO(text) char *url = xasprintf("%s://127.0.0.1:%u%s", scheme, l->port, path);
	struct call *call = call_new();

	request_http(&call->rq, method, url);
	return call;
}

static void many_connections_go_side_by_side(void **state)
{
	enum { MANY = 12, SIZE = 3 << 20 };
	AUTO(lead) struct lead l = { 0 };
	AUTO(text) char *body = xmalloc(SIZE + 1);
	struct call *calls[MANY];
	struct rig *r = &l.cluster.rig;
	int before;

	(void)state;
	lead_open(&l, "good", "good", PLAIN_PORT);
	before = hits(r, "/pods/good");
	memset(body, 'x', SIZE);
	body[SIZE] = '\0';
	for (size_t i = 0; i < MANY; i++) {
		calls[i] = client(&l, i ? "GET" : "PUT", "http", i ? "/ok" : "/echo");
		if (!i)
			request_body(&calls[i]->rq, view_of(body, SIZE), NULL);
		start(r, calls[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(r->t.ops->wait(r->t.self, INT64_MAX)->end, CALL_REPLY);
	assert_true(text_ends(buf_str(&calls[0]->reply.body), body));
	for (size_t i = 0; i < MANY; i++) {
		if (i)
			assert_body(calls[i], 200, "ok");
		call_free(calls[i]);
	}
	assert_int_equal(engine_relay_count(&r->t), MANY);
	assert_int_equal(hits(r, "/pods/good"), before + MANY);
}

static void tls_stays_between_the_ends(void **state)
{
	AUTO(lead) struct lead l = { 0 };
	AUTO(call) struct call *call = NULL;
	struct tls tls = { .server_name = "localhost" };

	(void)state;
	lead_open(&l, "good", "good", TLS_PORT);
	tls.ca_pem = buf_bytes(&l.cluster.ca);
	call = client(&l, "GET", "https", "/ok");
	call->rq.tls = &tls;
	request_header(&call->rq, "X-Vault-Token", "s.vault");
	assert_body(ask(&l.cluster.rig, call), 200, "ok");
	assert_null(strstr(buf_str(&l.cluster.rig.trace), "s.vault"));
}

/* The pod has gone, as a leader does: nothing of the client's was sent, so another pod gets it all. */
static void another_pod_takes_over(void **state)
{
	AUTO(lead) struct lead l = { 0 };
	AUTO(call) struct call *call = NULL;

	(void)state;
	lead_open(&l, "absent", "good", PLAIN_PORT);
	call = client(&l, "PUT", "http", "/echo");
	request_body(&call->rq, VIEW_LITERAL("whole"), NULL);
	ask(&l.cluster.rig, call);
	assert_int_equal(call->end, CALL_REPLY);
	assert_true(text_ends(buf_str(&call->reply.body), "whole"));
	assert_int_equal(l.broke, 1);
	assert_int_equal(l.unopened, 1);
}

/* Where no pod is there at all it ends, and not before it was tried so often. */
static void tries_come_to_an_end(void **state)
{
	AUTO(lead) struct lead l = { 0 };
	AUTO(call) struct call *call = NULL;

	(void)state;
	lead_open(&l, "absent", "absent", PLAIN_PORT);
	call = ask(&l.cluster.rig, client(&l, "GET", "http", "/ok"));
	assert_int_equal(call->end, CALL_LOST);
	assert_int_equal(l.unopened, RELAY_TRIES);
	assert_int_equal(engine_relay_count(&l.cluster.rig.t), 0);
}

static void what_breaks_in_the_middle_ends_the_connection(void **state)
{
	AUTO(lead) struct lead l = { 0 };
	AUTO(call) struct call *call = NULL, *next = NULL;

	(void)state;
	lead_open(&l, "dies", "good", PLAIN_PORT);
	call = ask(&l.cluster.rig, client(&l, "GET", "http", "/ok"));
	assert_int_equal(call->end, CALL_LOST);
	assert_int_equal(l.broke, 1);
	assert_int_equal(l.unopened, 0);
	next = ask(&l.cluster.rig, client(&l, "GET", "http", "/ok"));
	assert_body(next, 200, "ok");
}

static void connections_wait_for_a_way(void **state)
{
	AUTO(lead) struct lead l = { .unknown = true };
	AUTO(call) struct call *call = NULL;
	struct rig *r = &l.cluster.rig;

	(void)state;
	lead_open(&l, "good", "good", PLAIN_PORT);
	call = client(&l, "GET", "http", "/ok");
	start(r, call);
	assert_null(r->t.ops->wait(r->t.self, INT64_MAX));   /* told that one is looked for, */
	assert_true(l.asked > 0);
	assert_null(r->t.ops->wait(r->t.self, r->t.ops->now_ms(r->t.self) + 20));   /* and not again and again */
	l.unknown = false;
	assert_ptr_equal(r->t.ops->wait(r->t.self, INT64_MAX), call);
	assert_body(call, 200, "ok");
}

static int connected(const struct lead *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                         .sin_port = htons((uint16_t)l->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Carries until the far end of fd has said its last byte; what came. */
static void read_all(const struct rig *r, int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	for (;;) {
		assert_null(r->t.ops->wait(r->t.self, r->t.ops->now_ms(r->t.self) + 5));
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return;
		buf_put(out, piece, (size_t)n);
	}
}

static void who_has_said_all_still_hears(void **state)
{
	static const char request[] = "GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	AUTO(lead) struct lead l = { 0 };
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);
	int fd;

	(void)state;
	lead_open(&l, "good", "good", PLAIN_PORT);
	fd = connected(&l);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	read_all(&l.cluster.rig, fd, &out);
	close(fd);
	assert_non_null(strstr(buf_str(&out), "HTTP/1.1 200"));
	assert_true(text_ends(buf_str(&out), "ok"));
}

static void strangers_are_turned_away(void **state)
{
	AUTO(lead) struct lead l = { .strangers = true };
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);
	int fd;

	(void)state;
	lead_open(&l, "good", "good", PLAIN_PORT);
	fd = connected(&l);
	read_all(&l.cluster.rig, fd, &out);
	close(fd);
	assert_int_equal(out.n, 0);
	assert_int_equal(l.asked, 0);
	assert_non_null(strstr(buf_str(&l.cluster.rig.trace), "a stranger at the relay was turned away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_connections_go_side_by_side),
		cmocka_unit_test(tls_stays_between_the_ends),
		cmocka_unit_test(another_pod_takes_over),
		cmocka_unit_test(tries_come_to_an_end),
		cmocka_unit_test(what_breaks_in_the_middle_ends_the_connection),
		cmocka_unit_test(connections_wait_for_a_way),
		cmocka_unit_test(who_has_said_all_still_hears),
		cmocka_unit_test(strangers_are_turned_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
