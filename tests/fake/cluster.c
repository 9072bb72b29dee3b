#include "fake/cluster.h"

#include "core/text.h"
#include "formats/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NS  "/api/v1/namespaces/vault"
#define SET "/apis/apps/v1/namespaces/vault/statefulsets/vault"

enum { GOING_MS = 6000, COMING_MS = 2500 };

static bool pod_there(const struct fake_cluster *k)
{
	int64_t now = k->vault->cloud->net.now_ms;

	return k->replicas ? now >= k->there_ms : now < k->gone_ms;
}

static void say(struct fake_cluster *k, struct reply *reply, int status, const char *text)
{
	char *json = arena_text(&k->vault->cloud->mem, text);

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	fake_reply(reply, status, json);
	fake_reply_header(reply, "Content-Type", "application/json");
}

static struct value *parsed(struct fake_cluster *k, const struct request *rq)
{
	AUTO(err) struct err e = {0};
	struct value *v = NULL;

	if (va_json_parse(&k->vault->cloud->mem, rq->body, NULL, &v, &e) < 0)
		fail_msg("%s: %s", rq->url, e.text);
	return v;
}

static void scale(struct fake_cluster *k, int64_t replicas)
{
	int64_t now = k->vault->cloud->net.now_ms;

	k->vault->cloud->writes++;
	if (replicas == k->replicas)
		return;
	k->scales++;
	k->replicas = replicas;
	if (replicas) {
		k->there_ms = now + COMING_MS;
		fake_vault_restart(k->vault);
	} else {
		k->gone_ms = now + GOING_MS;
	}
}

static void serve_set(struct fake_cluster *k, const struct request *rq, struct reply *reply)
{
	struct arena *a = &k->vault->cloud->mem;

	if (text_same(rq->method, "PATCH")) {
		const char *given = value_text_or(value_get(value_at(parsed(k, rq), "metadata.annotations"),
		                                            "helm-vault-aws/init-replicas"), "", "");

		k->vault->cloud->writes++;
		snprintf(k->annotation, sizeof(k->annotation), "%s", given);
	}
	say(k, reply, 200, arena_printf(a, "{'metadata':{'name':'vault','annotations':{%s}},'spec':{'replicas':%lld}}",
	                                k->annotation[0] ? arena_printf(a, "'helm-vault-aws/init-replicas':'%s'", k->annotation) : "",
	                                (long long)k->replicas));
}

static void serve_pods(struct fake_cluster *k, struct reply *reply)
{
	say(k, reply, 200, !pod_there(k) ? "{'items':[]}" :
	    arena_printf(&k->vault->cloud->mem, "{'items':[{'metadata':{'name':'vault-0'%s},'spec':{'serviceAccountName':'vault',"
	                 "'containers':[{'name':'vault'}]},'status':{'phase':'Running'}}]}",
	                 k->replicas ? "" : ",'deletionTimestamp':'2026-11-24T12:00:00Z'"));
}

/* To the pod through the API server's proxy: as by a tunnel. */
static void serve_proxy(struct fake_cluster *k, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct tunnel *somewhere = (struct tunnel *)k;
	struct request inner = *rq;

	if (!pod_there(k)) {
		say(k, reply, 503, "{'kind':'Status','reason':'ServiceUnavailable','message':'no such pod'}");
		return;
	}
	inner.url = strstr(rq->url, "/proxy") + strlen("/proxy");
	inner.tunnel = somewhere;
	k->serve_rest(k->vault, &inner, reply, latency_ms);
}

static void serve_object(struct fake_cluster *k, const struct request *rq, const char *path, struct reply *reply)
{
	struct arena *a = &k->vault->cloud->mem;

	if (text_same(path, SET))
		serve_set(k, rq, reply);
	else if (text_same(path, SET "/scale")) {
		scale(k, value_int_or(parsed(k, rq), "spec.replicas", -1));
		say(k, reply, 200, "{'kind':'Scale'}");
	} else if (text_same(path, NS "/pods"))
		serve_pods(k, reply);
	else if (text_same(path, NS "/configmaps/vault-config"))
		say(k, reply, 200, arena_printf(a, "{'data':{'extraconfig-from-values.hcl':'storage \\'dynamodb\\' {\\n region = \\'"
		    CLOUD_REGION "\\'\\n table = \\'%s\\'\\n ha_enabled = \\'true\\' }\\nseal \\'awskms\\' {\\n region = \\'" CLOUD_REGION
		    "\\'\\n kms_key_id = \\'alias/prod-vault-unseal\\' }\\n'}}", k->vault->table));
	else if (text_same(path, NS "/serviceaccounts/vault"))
		say(k, reply, 200, "{'metadata':{'name':'vault','namespace':'vault','annotations':{"
		    "'eks.amazonaws.com/role-arn':'arn:aws:iam::" CLOUD_ACCOUNT ":role/vault'}}}");
	else if (text_same(path, NS "/serviceaccounts/vault/token"))
		say(k, reply, 201, "{'status':{'token':'" FAKE_JWT "'}}");
	else if (text_ends(path, "/endpointslices"))
		say(k, reply, 200, "{'items':[{'endpoints':[{'addresses':['10.0.0.1']}]}]}");
	else
		fail_msg("the fake cluster does not know %s %s", rq->method, path);
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct fake_cluster *k = to;
	struct view path;

	if (!rq->url || !text_starts(rq->url, FAKE_CLUSTER_URL "/")) {
		if (rq->tunnel && !pod_there(k))
			fail_msg("a pod that is not there is asked: %s", rq->url);
		k->serve_rest(k->vault, rq, reply, latency_ms);
		return;
	}
	path = view_text(rq->url + strlen(FAKE_CLUSTER_URL));
	if (strstr(rq->url, "/proxy/"))
		serve_proxy(k, rq, reply, latency_ms);
	else
		serve_object(k, rq, arena_view(&k->vault->cloud->mem, view_cut(&path, '?')), reply);
}

static void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct fake_cluster *k = to;

	if (!rq->url || !text_starts(rq->url, FAKE_CLUSTER_URL "/"))
		k->spoil_rest(k->vault, fault, rq, reply);
	else if (fault == FAULT_THROTTLE)
		fake_reply(reply, 429, "{\"kind\":\"Status\",\"reason\":\"TooManyRequests\",\"message\":\"try again\"}");
	else if (fault == FAULT_5XX)
		fake_reply(reply, 500, "{\"kind\":\"Status\",\"reason\":\"InternalError\",\"message\":\"failed\"}");
	else
		buf_cut(&reply->body, reply->body.n / 2);
}

void fake_cluster_init(struct fake_cluster *k, struct fake_vault *v)
{
	*k = (struct fake_cluster){ .vault = v, .replicas = 1 };
	k->serve_rest = v->cloud->net.serve;
	k->spoil_rest = v->cloud->net.spoil;
	v->cloud->net.serve = serve;
	v->cloud->net.spoil = spoil;
	v->cloud->net.to = k;
}
