/* A kubeconfig from anywhere: opened, its EKS cluster looked for, a request made with what it says.
 */
#include "core/text.h"
#include "fake/host.h"
#include "fuzz/fuzz.h"
#include "kube/client.h"

static int ask(const struct kube *k, struct err *e)
{
	struct request rq = { 0 };
	int r = kube_ask(k, &rq, "GET", "/version", NULL, e);

	request_release(&rq);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(fake_host) struct fake_host machine = { 0 };
	AUTO(text) char *text = xstrndup((const char *)data, n);
	AUTO(kube) struct kube k = { 0 };
	AUTO(err) struct err e = { 0 };
	struct host host = fake_host(&machine);
	struct kube_flags flags = { .kubeconfig = "/config" };

	fake_host_file(&machine, "/config", text);
	fake_host_file(&machine, "/ca", "-----BEGIN CERTIFICATE-----\n");
	if (!taken(kube_open(&k, &host, &mem, &flags, &e), &e))
		return 0;
	must(k.server && ask(&k, &e) == 0);   /* what was taken for good must be usable */
	kube_find_eks(&k, &mem);
	return 0;
}
