/* An engine and the API server of portforward.py, whose pods' ports are reached through it. */
#ifndef WIRE_CLUSTER_H
#define WIRE_CLUSTER_H

#include "rig.h"

#include "kube/portforward.h"

struct cluster {
	struct rig rig;
	struct arena mem;
	struct kube kube;
	struct buf ca;
};

static inline void cluster_open(struct cluster *c)
{
	AUTO(err) struct err e = { 0 };

	rig_open(&c->rig);
	c->ca = (struct buf)BUF_MAX(1 << 20);
	assert_int_equal(host_read_file(&c->rig.host, c->rig.ca_file, &c->ca, &e), 0);
	c->kube = (struct kube){ .context = "c", .user_name = "u", .tls.ca_pem = buf_bytes(&c->ca),
		                     .server = arena_printf(&c->mem, "https://127.0.0.1:%s", rig_env(&c->rig, "WIRE_API")) };
	secret_set(&c->kube.token, view_text("t0ken"));
}

static inline void cluster_close(struct cluster *c)
{
	rig_close(&c->rig);
	secret_release(&c->kube.token);
	buf_release(&c->ca);
	arena_release(&c->mem);
}
SCOPE_END(cluster, struct cluster, cluster_close(v))

#endif
