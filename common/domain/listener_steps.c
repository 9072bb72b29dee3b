/* Reading and writing a listener's certificate: the rows of `tls renew`, which install has too. */
#include "domain/listener_steps.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/install.h"
#include "formats/x509_make.h"

enum { SECRET_PART_MAX = 256 << 10 };

/* ---- is there a cert-manager ---- */

DUE(manager_api_due)
{
	const struct world *w = world;

	(void)item;
	return w->listener && (w->listener->mode == TLS_AUTO || w->listener->mode == TLS_CERT_MANAGER);
}

ASK(ask_manager_api)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", "/apis/cert-manager.io/v1", NULL, e);
}

HEAR(hear_manager_api)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "looking for cert-manager");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (w->listener->mode == TLS_AUTO)
		w->listener->mode = answer.ok ? TLS_CERT_MANAGER : TLS_OWN;
	if (answer.ok)
		return HEARD_DONE;
	if (w->listener->mode == TLS_OWN)
		return HEARD_DONE;
	err_set(e, ERR_ABSENT, 404, "the cluster has no cert-manager (cert-manager.io/v1)");
	err_hint(e, "install it, or take --tls=own");
	return HEARD_REFUSED;
}

/* ---- the Secrets ---- */

static void read_part(struct arena *a, const struct value *data, const char *name, struct buf *out)
{
	const char *text = value_text_or(value_get(data, name), "", NULL);
	AUTO(err) struct err why = {0};

	(void)a;
	if (text && base64_parse(out, view_text(text), &why) < 0)
		buf_cut(out, 0);
}

static const char *public_part(struct arena *a, const struct value *data, const char *name)
{
	AUTO(buf) struct buf out = BUF_MAX(SECRET_PART_MAX);

	read_part(a, data, name, &out);
	return out.n ? arena_text(a, buf_str(&out)) : NULL;
}

/* Its own copy of all that is public; the key only where somebody wants it. */
static void read_secret(struct world *w, const struct value *object, struct tls_secret *out, struct secret *key)
{
	const struct value *data = value_get(object, "data");
	AUTO(wiped) struct buf pem = BUF_MAX(SECRET_PART_MAX);
	AUTO(secret) struct secret own = {0};

	*out = (struct tls_secret){
		.presence = PRESENT,
		.chain = public_part(w->mem, data, "tls.crt"), .authorities = public_part(w->mem, data, "ca.crt"),
		.ours = text_same(object_label(object, "app.kubernetes.io/managed-by"), LISTENER_MANAGER),
		.manager = arena_text(w->mem, object_annotation(object, "cert-manager.io/certificate-name")),
		.version = arena_text(w->mem, value_text_or(object, "metadata.resourceVersion", NULL)),
	};
	read_part(w->mem, data, "tls.key", &pem);
	secret_set(&own, buf_bytes(&pem));
	out->key_fits = out->chain && x509_key_fits(view_text(out->chain), &own);
	if (key) {
		secret_release(key);
		secret_copy(key, &own);
	}
}

/* answer->ok false: there is none. The answer lives in scratch, which is wiped. */
static enum heard hear_secret(struct world *w, struct arena *scratch, const struct reply *reply, struct kube_answer *answer,
                              struct err *e, const char *name)
{
	struct arena *mem = w->mem;
	enum heard heard;

	w->mem = scratch;
	heard = hear_kube(w, reply, answer, e, "reading the Secret '%s/%s'", w->want.namespace_, name);
	w->mem = mem;
	return heard;
}

static int ask_secret(const struct world *w, struct request *rq, const char *name, struct err *e)
{
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/secrets/%s", w->want.namespace_, name), NULL,
	                e);
}

DUE(leaf_matters)
{
	const struct world *w = world;

	(void)item;
	return w->listener && w->listener->mode != TLS_OFF;
}

ASK(ask_leaf)
{
	const struct world *w = world;

	(void)item;
	return ask_secret(w, rq, w->want.tls_secret, e);
}

/* A Secret that is given must be good before anything is installed on it: every reason at once. */
static enum heard check_given(struct world *w, struct err *e)
{
	const struct tls_secret *s = &w->listener->leaf;
	const char *full = w->listener->fullname, *ns = w->want.namespace_;
	const char *const names[] = { "127.0.0.1", arena_printf(w->mem, "%s.%s.svc", full, ns),
		                          arena_printf(w->mem, "%s-active.%s.svc", full, ns), NULL };
	AUTO(err) struct err problems = {0};
	int64_t left;

	if (s->presence != PRESENT) {
		err_set(e, ERR_GUARD, 0, "there is no Secret '%s/%s'", ns, w->want.tls_secret);
		err_hint(e, "make it, of type kubernetes.io/tls, with tls.crt, tls.key and ca.crt; or take --tls=own");
		return HEARD_REFUSED;
	}
	listener_judge(s->chain, s->authorities, names, host_wall_ms(w->host), &left, &problems);
	if (!s->key_fits)
		err_also(&problems, ERR_CONFLICT, "tls.key is not the key of tls.crt");
	if (!problems.kind)
		return HEARD_DONE;
	err_append(e, &problems);
	err_while(e, "the Secret '%s/%s'", ns, w->want.tls_secret);
	err_hint(e, "a server with it would be trusted by nobody");
	return HEARD_REFUSED;
}

static enum heard check_owner(struct world *w, struct err *e)
{
	const struct tls_secret *s = &w->listener->leaf;

	if (s->presence != PRESENT || (w->listener->mode == TLS_OWN ? s->ours : s->manager != NULL))
		return HEARD_DONE;
	if (s->ours)
		return hear_guard(e, "go on with --tls=own; or delete it, and --tls=cert-manager makes it anew, by another authority",
		                  "the Secret '%s/%s' is of our own making, and not cert-manager's", w->want.namespace_,
		                  w->want.tls_secret);
	return hear_guard(e, s->manager ? "cert-manager renews it (cmctl renew); --tls=cert-manager goes on with it" :
	                  "--tls=secret:NAME takes it as it is",
	                  "the Secret '%s/%s' is not of our making%s%s%s", w->want.namespace_, w->want.tls_secret,
	                  s->manager ? ": the Certificate '" : "", s->manager ? s->manager : "", s->manager ? "' fills it" : "");
}

HEAR(hear_leaf)
{
	struct world *w = world;
	struct listener *l = w->listener;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	enum heard heard = hear_secret(w, &scratch, reply, &answer, e, w->want.tls_secret);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	l->leaf = (struct tls_secret){ .presence = ABSENT };
	if (answer.ok)
		read_secret(w, answer.body, &l->leaf, NULL);
	if (!l->fullname)
		l->fullname = listener_fullname(w);
	/* Whoever began goes on, also where cert-manager has come since. */
	if (w->want.tls == TLS_AUTO && l->leaf.presence == PRESENT)
		l->mode = l->leaf.ours ? TLS_OWN : l->leaf.manager ? TLS_CERT_MANAGER : l->mode;
	if (l->mode == TLS_SECRET)
		return check_given(w, e);
	return l->mode == TLS_UNKNOWN ? HEARD_DONE : check_owner(w, e);
}

DUE(authority_matters)
{
	const struct world *w = world;

	(void)item;
	return w->listener && w->listener->mode == TLS_OWN;
}

ASK(ask_authority)
{
	const struct world *w = world;

	(void)item;
	return ask_secret(w, rq, listener_authority_name(&rq->mem, &w->want), e);
}

HEAR(hear_authority)
{
	struct world *w = world;
	struct listener *l = w->listener;
	const char *name = listener_authority_name(w->mem, &w->want), *before = l->authority.chain;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	enum heard heard = hear_secret(w, &scratch, reply, &answer, e, name);
	const struct value *data;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	l->authority = (struct tls_secret){ .presence = ABSENT };
	if (!answer.ok)
		return HEARD_DONE;
	read_secret(w, answer.body, &l->authority, &l->authority_key);
	data = value_get(answer.body, "data");
	l->bridge = public_part(w->mem, data, "bridge.crt");
	l->previous = public_part(w->mem, data, "previous.crt");
	if (!l->authority.ours)
		return hear_guard(e, "choose another release name, or --tls=secret:NAME", "the Secret '%s/%s' is not of our making",
		                  w->want.namespace_, name);
	if (!l->authority.key_fits)
		return hear_guard(e, "delete that Secret for a new authority, which clients must then be told of",
		                  "the Secret '%s/%s' holds no authority and its key", w->want.namespace_, name);
	/* Read again after a write whose reply was lost: ours, what was there before, or another run's. */
	if (l->new_authority_pem && before && !text_same(l->authority.chain, before) &&
	    !text_same(l->authority.chain, l->new_authority_pem))
		return hear_guard(e, "run again", "another run has just changed the authority");
	return HEARD_DONE;
}

/* ---- writing ---- */

DUE(authority_due)
{
	const struct world *w = world;

	return authority_matters(world, item) && listener_may_write(w) && w->listener->authority.presence == ABSENT;
}

int before_authority(void *world, size_t item, struct err *e)
{
	(void)item;
	return listener_make_authority(world, e);
}

ASK(ask_create_authority)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "POST", kube_path(&rq->mem, "/api/v1/namespaces/%s/secrets", w->want.namespace_),
	                listener_authority_object(w, &rq->mem), e);
}

static void take_authority(struct listener *l)
{
	l->authority.presence = PRESENT;
	l->authority.chain = l->new_authority_pem;
	l->authority.ours = l->authority.key_fits = true;
	l->bridge = l->new_bridge;
	l->previous = l->new_previous;
	secret_release(&l->authority_key);
	secret_copy(&l->authority_key, &l->new_authority_key);
}

static enum heard hear_written(struct world *w, const struct reply *reply, struct err *e, const char *what, const char *name)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = w->mem;
	struct kube_answer answer;
	enum heard heard;

	w->mem = &scratch;     /* the answer is the object: with its key */
	heard = hear_kube(w, reply, &answer, e, "writing the %s '%s/%s'", what, w->want.namespace_, name);
	w->mem = mem;
	if (heard == HEARD_REFUSED && answer.status == 409)
		return HEARD_UNSURE;
	if (heard == HEARD_DONE && !answer.ok) {
		err_set(e, ERR_ABSENT, 404, "the namespace '%s' is gone", w->want.namespace_);
		return HEARD_REFUSED;
	}
	return heard;
}

HEAR(hear_created_authority)
{
	struct world *w = world;
	enum heard heard = hear_written(w, reply, e, "Secret", listener_authority_name(w->mem, &w->want));

	(void)item;
	if (heard == HEARD_DONE)
		take_authority(w->listener);
	return heard;
}

DUE(authority_change_due)
{
	const struct world *w = world;
	const struct listener *l = w->listener;

	return authority_matters(world, item) && listener_may_write(w) && l->authority.presence == PRESENT &&
	       !listener_authority_renewed(l) && listener_authority_due(w);
}

ASK(ask_change_authority)
{
	const struct world *w = world;
	struct value *object = listener_authority_object(w, &rq->mem);

	(void)item;
	return kube_ask_apply(w->kube, rq, listener_object_path(&rq->mem, object), object, LISTENER_MANAGER, true, e);
}

DUE(leaf_due)
{
	const struct world *w = world;

	return authority_matters(world, item) && listener_may_write(w) && w->listener->authority.presence == PRESENT &&
	       !listener_renewed(w->listener) && listener_due(w);
}

int before_leaf(void *world, size_t item, struct err *e)
{
	(void)item;
	return listener_make_leaf(world, e);
}

ASK(ask_write_leaf)
{
	const struct world *w = world;
	struct value *object = listener_leaf_object(w, &rq->mem);

	(void)item;
	return kube_ask_apply(w->kube, rq, listener_object_path(&rq->mem, object), object, LISTENER_MANAGER, true, e);
}

HEAR(hear_written_leaf)
{
	struct world *w = world;
	struct listener *l = w->listener;
	enum heard heard = hear_written(w, reply, e, "Secret", w->want.tls_secret);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	l->leaf = (struct tls_secret){ .presence = PRESENT, .chain = l->new_chain, .authorities = l->new_bundle, .ours = true,
	                               .key_fits = true };
	return HEARD_DONE;
}

/* ---- the rows ---- */

const struct step listener_renew_steps[] = {
	{ .name = "certificate.read", .title = "read the certificate", .ask = ask_leaf, .hear = hear_leaf },
	{ .name = "authority.read", .title = "read the authority", .needs = NEEDS("certificate.read"), .due = authority_matters,
	  .ask = ask_authority, .hear = hear_authority },
	{ .name = "authority.create", .change = "make an authority", .needs = NEEDS("authority.read"), .due = authority_due,
	  .settle = "authority.read", .settle_s = 5, .before = before_authority, .ask = ask_create_authority,
	  .hear = hear_created_authority },
	{ .name = "authority.change", .change = "make a new authority", .needs = NEEDS("authority.create"),
	  .due = authority_change_due, .settle = "authority.read", .settle_s = 5, .before = before_authority,
	  .ask = ask_change_authority, .hear = hear_created_authority },
	{ .name = "certificate.write", .change = "write a new certificate", .needs = NEEDS("authority.change"), .due = leaf_due,
	  .settle = "certificate.read", .settle_s = 5, .before = before_leaf, .ask = ask_write_leaf, .hear = hear_written_leaf },
};

const size_t n_listener_renew_steps = COUNT_OF(listener_renew_steps);
