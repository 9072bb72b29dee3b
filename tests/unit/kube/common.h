/* What the tests of kube/ share: a machine with one kubeconfig, and PEM texts that look right. */
#ifndef UNIT_KUBE_COMMON_H
#define UNIT_KUBE_COMMON_H

#include "core/text.h"
#include "fake/host.h"
#include "kube/client.h"
#include "unit/unit.h"

#define CERT "-----BEGIN CERTIFICATE-----\nQ0VSVA==\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nS0VZ\n-----END PRIVATE KEY-----\n"
/* The same in base64, as the *-data fields hold them. */
#define CERT64 \
	"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClEwVlNWQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
#define KEY64 "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tClMwVloKLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo="

/* A small one; the parts of cluster, context and user can be put in. */
#define SMALL(cluster, context, user) \
	"current-context: c\n" \
	"contexts: [{name: c, context: {cluster: k, user: u" context "}}]\n" \
	"clusters: [{name: k, cluster: {server: 'https://k.example'" cluster "}}]\n" \
	"users: [{name: u, user: {" user "}}]\n"

#define HOME_CONFIG "/home/ops/.kube/config"

struct bench {
	struct fake_host machine;
	struct host host;
	struct arena mem;
	struct kube kube;
	struct kube_flags flags;
	struct err e;
};

/* A machine whose ~/.kube/config holds text (NULL: no such file). */
static inline void bench_start(struct bench *b, const char *text)
{
	*b = (struct bench){ .machine = { .wall_ms = 1764000000000 } };
	b->host = fake_host(&b->machine);
	fake_host_env(&b->machine, "HOME", "/home/ops");
	fake_host_file(&b->machine, HOME_CONFIG, text);
}

static inline int bench_open(struct bench *b)
{
	return kube_open(&b->kube, &b->host, &b->mem, &b->flags, &b->e);
}

static inline void bench_end(struct bench *b)
{
	kube_release(&b->kube);
	secret_release(&b->flags.token);
	err_release(&b->e);
	arena_release(&b->mem);
	fake_host_release(&b->machine);
}
SCOPE_END(bench, struct bench, bench_end(v))

static inline void assert_holds(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' does not hold '%s'", text ? text : "(nothing)", part);
}

#endif
