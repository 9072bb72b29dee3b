#include "fake/upgrade_site.h"

#include "core/text.h"
#include "formats/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RUNS_MS = 3000, OPENS_MS = 2000, ENDS_MS = 1000, SET_GOES_MS = 2500, SEEN_MS = 1500, REPLY_MAX = 1 << 20 };

#define SET_PATH "/apis/apps/v1/namespaces/vault/statefulsets/vault"
#define PODS     "/api/v1/namespaces/vault/pods"

/* ---- what goes on by itself ---- */

static bool runs(const struct upgrade_site *s, size_t i)
{
	return s->pods[i].there && s->net.now_ms >= s->pods[i].runs_ms;
}

static bool is_open(const struct upgrade_site *s, size_t i)
{
	const struct upgrade_pod *p = &s->pods[i];

	return s->initialized && runs(s, i) && p->opens_ms >= 0 && s->net.now_ms >= p->opens_ms;
}

static const char *revision_of(struct upgrade_site *s)
{
	return arena_printf(&s->mem, "%u%s", s->has.number, s->has.size ? "-audit" : "");
}

static void make_pod(struct upgrade_site *s, size_t i)
{
	int64_t runs_ms = s->net.now_ms + RUNS_MS;

	s->pods[i] = (struct upgrade_pod){
		.there = true, .owned = true, .volume = s->has.size, .uid = s->pods[i].uid + 1, .revision = revision_of(s),
		.version = s->has.version, .runs_ms = runs_ms, .opens_ms = runs_ms + OPENS_MS,
	};
}

/* false: the controller cannot bring it to what the set says. */
static bool reconcile_pod(struct upgrade_site *s, size_t i)
{
	if (!s->pods[i].there)
		make_pod(s, i);
	s->pods[i].owned = true;
	return s->pods[i].volume || !s->has.size;
}

/* stateful_set_control.go: slowStartBatch, of 1, 2, 4 ... pods; the first batch with an error is the last. */
static void reconcile(struct upgrade_site *s)
{
	bool good = true;

	for (size_t i = 0; i < s->n; i++)
		s->pods[i].owned |= s->pods[i].there;
	for (size_t at = 0, batch = 1; good && at < s->n; at += batch, batch *= 2)
		for (size_t i = at; i < at + batch && i < s->n; i++)
			good = reconcile_pod(s, i) && good;
}

static void elect(struct upgrade_site *s, size_t but)
{
	if (s->active < s->n && is_open(s, s->active))
		return;
	s->active = s->n;
	for (size_t i = 0; i < s->n && s->active == s->n; i++)
		if (i != but && is_open(s, i))
			s->active = i;
	if (s->active == s->n && but < s->n && is_open(s, but))
		s->active = but;
}

static void go_on(struct upgrade_site *s)
{
	unsigned away = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->pods[i].gone_ms && s->net.now_ms >= s->pods[i].gone_ms)
			s->pods[i].there = false;
	if (s->set_gone_ms && s->net.now_ms >= s->set_gone_ms) {
		s->set_there = false;
		s->set_gone_ms = 0;
		for (size_t i = 0; i < s->n; i++)
			s->pods[i].owned = false;
	}
	if (s->set_there && !s->set_gone_ms && s->net.now_ms >= s->seen_ms)
		reconcile(s);
	for (size_t i = 0; i < s->n; i++)
		away += !s->pods[i].there || s->pods[i].gone_ms || !runs(s, i);
	s->away_most = away > s->away_most ? away : s->away_most;
	elect(s, s->n);
}

/* ---- Kubernetes ---- */

static void say(struct upgrade_site *s, struct reply *reply, int status, const char *text)
{
	char *json = arena_text(&s->mem, text);

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	fake_reply(reply, status, json);
}

static const char *describe_pod(struct upgrade_site *s, size_t i)
{
	const struct upgrade_pod *p = &s->pods[i];
	struct arena *a = &s->mem;

	return arena_printf(a, "{'metadata':{'name':'vault-%zu','uid':'u%zu.%u','labels':{'controller-revision-hash':'%s','vault-active':"
	                    "'%s'}%s%s},'spec':{'containers':[{'name':'vault'}],'volumes':[%s]},'status':{'phase':'%s'}}", i, i, p->uid,
	                    p->revision, i == s->active ? "true" : "false",
	                    p->owned ? arena_printf(a, ",'ownerReferences':[{'uid':'s%u'}]", s->set_uid) : "",
	                    p->gone_ms ? ",'deletionTimestamp':'2026-11-24T12:00:00Z'" : "",
	                    p->volume ? arena_printf(a, "{'name':'audit','persistentVolumeClaim':{'claimName':'audit-vault-%zu'}}", i) : "",
	                    runs(s, i) ? "Running" : "Pending");
}

static void answer_pods(struct upgrade_site *s, struct reply *reply)
{
	const char *list = "";

	for (size_t i = 0; i < s->n; i++)
		if (s->pods[i].there)
			list = arena_printf(&s->mem, "%s%s%s", list, *list ? "," : "", describe_pod(s, i));
	say(s, reply, 200, arena_printf(&s->mem, "{'items':[%s]}", list));
}

static const char *describe_claims(struct upgrade_site *s, const char *size)
{
	return size ? arena_printf(&s->mem, "{'metadata':{'name':'audit'},'spec':{'resources':{'requests':{'storage':'%s'}}}}", size) : "";
}

static void answer_set(struct upgrade_site *s, struct reply *reply)
{
	if (!s->set_there) {
		say(s, reply, 404, "{'kind':'Status','reason':'NotFound'}");
		return;
	}
	say(s, reply, 200, arena_printf(&s->mem, "{'metadata':{'name':'vault','uid':'s%u','resourceVersion':'%u','generation':%u%s},"
	    "'spec':{'replicas':%zu,'volumeClaimTemplates':[%s],'template':{'spec':{'containers':[{'name':'vault','image':"
	    "'hashicorp/vault:%s'}]}}},'status':{'updateRevision':'%s','observedGeneration':%u}}", s->set_uid, s->set_version,
	    s->set_generation, s->set_gone_ms ? ",'deletionTimestamp':'2026-11-24T12:00:00Z'" : "", s->n,
	    describe_claims(s, s->has.size), s->has.version, revision_of(s),
	    s->set_generation - (s->net.now_ms < s->seen_ms)));
}

static void orphan_set(struct upgrade_site *s, const struct value *body, struct reply *reply)
{
	assert_string_equal(value_text_or(body, "propagationPolicy", ""), "Orphan");
	if (s->conflicts) {
		s->conflicts--;
		s->set_version++;
	}
	if (!s->set_there) {
		say(s, reply, 404, "{'kind':'Status','reason':'NotFound'}");
	} else if (!text_same(value_text_or(body, "preconditions.uid", ""), arena_printf(&s->mem, "s%u", s->set_uid)) ||
	           !text_same(value_text_or(body, "preconditions.resourceVersion", ""), arena_printf(&s->mem, "%u", s->set_version))) {
		say(s, reply, 409, "{'kind':'Status','reason':'Conflict','message':'the object has been modified'}");
	} else {
		s->orphaned++;
		s->set_gone_ms = s->net.now_ms + SET_GOES_MS;
		s->set_version++;
		s->set_generation++;
		say(s, reply, 200, "{'kind':'StatefulSet'}");
	}
}

static void end_pod(struct upgrade_site *s, size_t i, const struct value *body, struct reply *reply)
{
	struct upgrade_pod *p = &s->pods[i];

	if (!p->there || !text_same(value_text_or(body, "preconditions.uid", ""), arena_printf(&s->mem, "u%zu.%u", i, p->uid))) {
		say(s, reply, 409, "{'kind':'Status','reason':'Conflict','message':'another pod'}");
		return;
	}
	for (size_t k = 0; k < s->n; k++)
		s->active_too_early |= k != i && i == s->active && !text_same(s->pods[k].revision, revision_of(s)) &&
		                       (p->volume || !s->has.size);
	s->ended += !p->gone_ms;
	p->gone_ms = s->net.now_ms + ENDS_MS;
	if (i == s->active)
		s->active = s->n;
	elect(s, i);
	say(s, reply, 200, "{'kind':'Pod'}");
}

/* ---- Vault ---- */

static void serve_server(struct upgrade_site *s, size_t i, const char *path, struct reply *reply)
{
	if (!runs(s, i)) {
		fake_reply(reply, 502, "no connection");
	} else if (text_same(path, "sys/seal-status")) {
		say(s, reply, 200, arena_printf(&s->mem, "{'type':'awskms','initialized':%s,'sealed':%s,'version':'%s'}",
		                                s->initialized ? "true" : "false", is_open(s, i) ? "false" : "true", s->pods[i].version));
	} else if (text_same(path, "sys/leader")) {
		say(s, reply, 200, arena_printf(&s->mem, "{'ha_enabled':true,'is_self':%s}", i == s->active ? "true" : "false"));
	} else {
		assert_string_equal(path, "sys/step-down");
		s->step_downs++;
		if (s->active == i)
			s->active = s->n;
		elect(s, i);
		fake_reply(reply, 204, "");
	}
}

static void serve_kube(struct upgrade_site *s, const char *method, const char *path, const struct value *body, struct reply *reply)
{
	size_t i;

	if (text_same(path, SET_PATH) && text_same(method, "DELETE")) {
		orphan_set(s, body, reply);
	} else if (text_same(path, SET_PATH)) {
		answer_set(s, reply);
	} else if (strstr(path, "/persistentvolumeclaims")) {
		say(s, reply, 200, !s->claim ? "{'items':[]}" : arena_printf(&s->mem, "{'items':[{'metadata':{'name':'audit-vault-0'},"
		    "'spec':{'storageClassName':'gp3','resources':{'requests':{'storage':'%s'}}}}]}", s->claim));
	} else if (!text_starts(path, PODS "/vault-")) {
		answer_pods(s, reply);
	} else {
		i = (size_t)(path[strlen(PODS "/vault-")] - '0');
		assert_true(i < s->n);
		if (strstr(path, "/proxy/v1/"))
			serve_server(s, i, strstr(path, "/proxy/v1/") + strlen("/proxy/v1/"), reply);
		else if (text_same(method, "DELETE"))
			end_pod(s, i, body, reply);
		else if (s->pods[i].there)
			say(s, reply, 200, describe_pod(s, i));
		else
			say(s, reply, 404, "{'kind':'Status','reason':'NotFound'}");
	}
}

/* ---- helm ---- */

static void serve_helm(struct upgrade_site *s, const struct request *rq, struct reply *reply)
{
	assert_string_equal(rq->argv[1], "upgrade");
	assert_int_equal(s->set_gone_ms, 0);
	if (s->set_there && !text_same(s->has.size ? s->has.size : "", s->helm_has.size ? s->helm_has.size : "")) {
		reply->status = 1;
		buf_text(&reply->talk, "Error: updates to statefulset spec for fields other than 'replicas' are forbidden\n");
		return;
	}
	if (!s->set_there || s->has.number != s->helm_has.number) {
		s->set_uid += !s->set_there;
		s->set_generation = s->set_there ? s->set_generation + 1 : 1;
		s->set_version++;
		s->seen_ms = s->net.now_ms + SEEN_MS;
	}
	s->set_there = true;
	s->has = s->helm_has;
	reply->status = 0;
	buf_text(&reply->body, "{\"version\":2,\"chart\":{\"metadata\":{\"name\":\"vault\",\"version\":\"0.34.1\"}},"
	         "\"info\":{\"status\":\"deployed\"},\"manifest\":\"\"}");
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct upgrade_site *s = to;
	AUTO(err) struct err ignored = {0};
	struct value *body = NULL;
	const char *path = rq->url ? strstr(rq->url, "//") : NULL;
	struct view left;

	(void)latency_ms;
	go_on(s);
	if (rq->argv && rq->argv[0]) {
		serve_helm(s, rq, reply);
		return;
	}
	if (rq->body.n && va_json_parse(&s->mem, rq->body, NULL, &body, &ignored) < 0)
		fail_msg("%s: %s", rq->url, ignored.text);
	if (path && text_starts(path, "//vault-")) {
		serve_server(s, (size_t)(path[8] - '0'), strstr(path, "/v1/") + strlen("/v1/"), reply);
		return;
	}
	assert_true(path && text_starts(path, "//k8s/"));
	left = view_text(path + strlen("//k8s"));
	serve_kube(s, rq->method, arena_view(&s->mem, view_cut(&left, '?')), body, reply);
}

void upgrade_site_open(struct upgrade_site *s, size_t servers)
{
	*s = (struct upgrade_site){ .n = servers, .active = servers, .initialized = true, .set_there = true, .set_uid = 1,
	                            .set_version = 7, .set_generation = 1, .has = { 1, "1.21.1", NULL } };
	s->helm_has = s->has;
	fake_transport_init(&s->net, serve, s);
	s->net.latency_ms = 5;
	for (size_t i = 0; i < s->n; i++)
		make_pod(s, i);
	s->net.now_ms = RUNS_MS + OPENS_MS;
	go_on(s);
	s->away_most = 0;
}

void upgrade_site_close(struct upgrade_site *s)
{
	fake_transport_release(&s->net);
	arena_release(&s->mem);
}
