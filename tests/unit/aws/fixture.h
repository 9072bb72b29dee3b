/*
 * A machine in the hand for the tests of aws/: files, variables and clock by
 * fake/host.h, STS and child processes by fake/transport.h. The STS answers any
 * role with keys that name it; the last request is kept for looking at.
 */
#ifndef UNIT_AWS_FIXTURE_H
#define UNIT_AWS_FIXTURE_H

#include "aws/client.h"
#include "core/text.h"
#include "fake/host.h"
#include "fake/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { NOW_S = 1795498584 };   /* 2026-11-24T05:36:24Z */

struct machine {
	struct fake_host files;
	struct host host;
	struct fake_transport net;
	struct transport transport;
	struct arena mem;
	struct aws aws;
	/* What the next replies are; status 0: STS hands out keys. */
	int status, exit_status;
	const char *body, *output, *talk, *date;
	/* Of the last request. */
	char *sent_body, *sent_auth, *sent_url, *sent_argv;
};

static inline char *sent(struct machine *m, const char *text)
{
	return arena_text(&m->mem, text ? text : "");
}

static inline void machine_serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct machine *m = to;
	const char *date = request_header_get(rq, "X-Amz-Date");

	(void)latency_ms;
	if (rq->kind == REQUEST_CHILD) {
		AUTO(buf) struct buf argv = BUF_MAX(4096);

		for (size_t i = 0; rq->argv[i]; i++)
			buf_printf(&argv, "[%s]", rq->argv[i]);
		m->sent_argv = sent(m, buf_str(&argv));
		reply->status = m->exit_status;
		buf_text(&reply->body, m->output ? m->output : "");
		buf_text(&reply->talk, m->talk ? m->talk : "");
		return;
	}
	m->sent_body = arena_view(&m->mem, rq->body);
	m->sent_auth = sent(m, request_header_get(rq, "Authorization"));
	m->sent_url = sent(m, rq->url);
	if (m->date)
		fake_reply_header(reply, "Date", m->date);
	/* Strict about the clock as AWS is, when the test says what time it is there. */
	if (m->status && (!m->date || !date || strncmp(date, "20261124T0636", 13) != 0)) {
		fake_reply(reply, m->status, m->body);
		return;
	}
	fake_reply(reply, 200, strstr(m->sent_body, "WithWebIdentity") ?
		"<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
		"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>"
		"<SecretAccessKey>webkey</SecretAccessKey><SessionToken>webtoken</SessionToken>"
		"<Expiration>2026-11-24T06:36:24Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
		"</AssumeRoleWithWebIdentityResponse>" :
		"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
		"<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rolekey</SecretAccessKey>"
		"<SessionToken>roletoken</SessionToken><Expiration>2026-11-24T06:36:24Z</Expiration>"
		"</Credentials></AssumeRoleResult></AssumeRoleResponse>");
}

static inline void machine_init(struct machine *m)
{
	*m = (struct machine){ .files.wall_ms = (int64_t)NOW_S * 1000 };
	m->host = fake_host(&m->files);
	fake_transport_init(&m->net, machine_serve, m);
	m->transport = fake_transport(&m->net);
	fake_host_env(&m->files, "HOME", "/home/ops");
	fake_host_env(&m->files, "AWS_REGION", "eu-west-1");
}

/* "NAME=value" each, NULL-terminated. */
static inline void machine_env(struct machine *m, const char *const *lines)
{
	for (; lines && *lines; lines++) {
		struct view value = view_text(*lines), name = view_cut(&value, '=');

		fake_host_env(&m->files, arena_view(&m->mem, name), arena_view(&m->mem, value));
	}
}

static inline void machine_config(struct machine *m, const char *config, const char *credentials)
{
	if (config)
		fake_host_file(&m->files, "/home/ops/.aws/config", config);
	if (credentials)
		fake_host_file(&m->files, "/home/ops/.aws/credentials", credentials);
}

/* Settings and credentials; profile is the flag. */
static inline int machine_login(struct machine *m, const char *profile, struct err *e)
{
	struct aws_flags flags = { .profile = profile };

	if (aws_open(&m->aws, &m->host, &m->mem, &flags, e) < 0)
		return -1;
	return aws_login(&m->aws, &m->transport, e);
}

static inline void machine_release(struct machine *m)
{
	aws_release(&m->aws);
	fake_transport_release(&m->net);
	fake_host_release(&m->files);
	arena_wipe(&m->mem);
}
SCOPE_END(machine, struct machine, machine_release(v))

#endif
