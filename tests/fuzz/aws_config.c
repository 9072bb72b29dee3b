/* An AWS config file from anywhere: settings, endpoints, and the whole chain with an STS that says no. */
#include "fuzz/fuzz.h"

#include "aws/client.h"
#include "core/text.h"
#include "fake/host.h"
#include "fake/transport.h"

static void refuse(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	(void)to;
	(void)latency_ms;
	if (rq->kind == REQUEST_CHILD)
		reply->status = 1;
	else
		fake_reply(reply, 403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
}

/* Credentials with their source, or a reason. */
static void log_in(struct aws *aws, struct err *e)
{
	struct fake_transport net;
	struct transport t;

	fake_transport_init(&net, refuse, NULL);
	t = fake_transport(&net);
	if (taken(aws_login(aws, &t, e), e))
		must(aws->creds.key_id && aws->creds.source);
	fake_transport_release(&net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(fake_host) struct fake_host machine = { 0 };
	AUTO(text) char *text = xstrndup((const char *)data, n);
	AUTO(err) struct err e = { 0 };
	struct host host = fake_host(&machine);
	struct aws aws;

	fake_host_env(&machine, "HOME", "/home/ops");
	fake_host_file(&machine, "/home/ops/.aws/config", text);
	fake_host_file(&machine, "/token", "a.b.c");
	if (!taken(aws_open(&aws, &host, &mem, NULL, &e), &e))
		return 0;
	log_in(&aws, &e);
	aws_release(&aws);
	return 0;
}
