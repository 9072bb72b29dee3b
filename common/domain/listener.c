#include "domain/listener.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/x509_make.h"

enum { DAY_S = 86400, BACKDATED_S = 300, PEM_MAX = 256 << 10, NAMES_OF_OURS = 24 };

void listener_init(struct listener *l, const struct want *want)
{
	*l = (struct listener){ .mode = want->tls };
}

void listener_release(struct listener *l)
{
	secret_release(&l->authority_key);
	secret_release(&l->new_key);
	secret_release(&l->new_authority_key);
}

bool listener_renewed(const struct listener *l)
{
	return l->new_chain && text_same(l->leaf.chain, l->new_chain);
}

bool listener_authority_renewed(const struct listener *l)
{
	return l->new_authority_pem && text_same(l->authority.chain, l->new_authority_pem);
}

const char *listener_authority_name(struct arena *a, const struct want *want)
{
	return arena_printf(a, "%s-ca", want->release);
}

/* ---- names ---- */

struct names_list {
	const char **at;
	size_t n, room;
};

static void add(struct names_list *to, const char *name)
{
	for (size_t i = 0; i < to->n; i++)
		if (text_same_nocase(to->at[i], name))
			return;
	if (to->n < to->room)
		to->at[to->n++] = name;
}

/* In all the lengths that a cluster's search list allows. */
static void add_service(struct names_list *to, struct arena *a, const char *service, const char *namespace_)
{
	add(to, service);
	add(to, arena_printf(a, "%s.%s", service, namespace_));
	add(to, arena_printf(a, "%s.%s.svc", service, namespace_));
	add(to, arena_printf(a, "%s.%s.svc.cluster.local", service, namespace_));
}

const char *const *listener_names(const struct world *w)
{
	static const char *const suffixes[] = { "", "-active", "-standby", "-internal" };
	const char *full = w->listener->fullname, *ns = w->want.namespace_;
	struct names_list list = { ARENA_ARRAY(w->mem, const char *, X509_NAMES_MAX + 1), 0, X509_NAMES_MAX };
	struct certificate chain[X509_CHAIN_MAX];
	AUTO(err) struct err why = {0};
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(suffixes); i++)
		add_service(&list, w->mem, arena_printf(w->mem, "%s%s", full, suffixes[i]), ns);
	add_service(&list, w->mem, arena_printf(w->mem, "*.%s-internal", full), ns);
	add(&list, "localhost");
	add(&list, "127.0.0.1");
	add(&list, "::1");
	if (w->listener->leaf.chain && x509_read(w->mem, view_text(w->listener->leaf.chain), chain, &n, &why) == 0)
		for (const char *const *one = chain[0].names; *one; one++)
			add(&list, *one);
	return list.at;
}

/* ---- is it good ---- */

static void judge_dates(const struct certificate *c, int64_t now_s, int64_t *left_days, struct err *problems)
{
	char at[ISO8601_TEXT];
	int64_t left = (c->not_after_s - now_s) / DAY_S;

	if (now_s < c->not_before_s) {
		iso8601_print(c->not_before_s * 1000, at);
		err_also(problems, ERR_CONFLICT, "the certificate of '%s' is not valid before %s", c->subject, at);
	}
	if (now_s >= c->not_after_s) {
		iso8601_print(c->not_after_s * 1000, at);
		err_also(problems, ERR_CONFLICT, "the certificate of '%s' has expired (%s)", c->subject, at);
		left = 0;
	}
	*left_days = left < *left_days ? left : *left_days;
}

void listener_judge(const char *chain, const char *authorities, const char *const *names, int64_t now_ms, int64_t *left_days,
                    struct err *problems)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err why = {0};
	struct certificate list[X509_CHAIN_MAX];
	size_t n = 0;

	*left_days = INT32_MAX;
	if (!chain || x509_read(&a, view_text(chain), list, &n, &why) < 0) {
		err_also(problems, ERR_CONFLICT, "the certificate cannot be read");
		*left_days = 0;
		return;
	}
	for (size_t i = 0; i < n; i++)
		judge_dates(&list[i], now_ms / 1000, left_days, problems);
	for (; names && *names; names++)
		if (!x509_speaks_for(&list[0], *names))
			err_also(problems, ERR_CONFLICT, "the certificate does not speak for '%s'", *names);
	if (!authorities)
		err_also(problems, ERR_CONFLICT, "nothing says who vouches for it (ca.crt)");
	else if (x509_verify(view_text(chain), view_text(authorities), &why) < 0)
		err_also(problems, ERR_CONFLICT, "ca.crt does not vouch for the certificate: %s", why.text);
}

/* The first certificate of a PEM ends in less than that; false too where it cannot be read. */
static const char *ends_within(const struct world *w, const char *pem, int64_t days)
{
	struct certificate list[X509_CHAIN_MAX];
	AUTO(err) struct err why = {0};
	char at[ISO8601_TEXT];
	size_t n = 0;

	if (!pem || x509_read(w->mem, view_text(pem), list, &n, &why) < 0)
		return "it cannot be read";
	if (list[0].not_after_s - host_wall_ms(w->host) / 1000 > days * DAY_S)
		return NULL;
	iso8601_print(list[0].not_after_s * 1000, at);
	return arena_printf(w->mem, "it ends on %.10s", at);
}

static bool holds(struct arena *a, const char *bundle, const char *pem)
{
	const char *one = pem ? x509_pem_at(a, view_text(pem), 0) : NULL, *other;

	for (size_t i = 0; one && bundle && (other = x509_pem_at(a, view_text(bundle), i)); i++)
		if (text_same(one, other))
			return true;
	return false;
}

/* In the order of how much is wrong. */
static const char *unfit(const struct world *w)
{
	const struct listener *l = w->listener;
	AUTO(err) struct err why = {0}, problems = {0};
	int64_t left;

	if (l->leaf.presence != PRESENT || !l->leaf.chain)
		return "there is none";
	if (!l->leaf.key_fits)
		return "its key is not its own";
	listener_judge(l->leaf.chain, l->leaf.authorities, listener_names(w), host_wall_ms(w->host), &left, &problems);
	if (problems.kind)
		return arena_text(w->mem, problems.text);
	if (x509_verify(view_text(l->leaf.chain), view_text(l->authority.chain), &why) < 0 ||
	    !holds(w->mem, l->leaf.authorities, l->authority.chain))
		return "it is not by the present authority";
	return NULL;
}

const char *listener_due(const struct world *w)
{
	const struct listener *l = w->listener;
	const char *why = unfit(w);

	if (!why)
		why = ends_within(w, l->leaf.chain, LISTENER_DUE_DAYS);
	if (!why && l->renew)
		why = "it was asked for";
	return why;
}

const char *listener_authority_due(const struct world *w)
{
	const struct listener *l = w->listener;

	if (l->authority.presence != PRESENT)
		return "there is none";
	if (l->new_authority)
		return "it was asked for";
	return ends_within(w, l->authority.chain, AUTHORITY_DUE_DAYS);
}

/* ---- a new one ---- */

static int take_serial(const struct world *w, struct x509_wish *wish, struct err *e)
{
	return host_random(w->host, wish->serial, sizeof(wish->serial), e);
}

static const char *pem_of(const struct world *w, const struct buf *pem)
{
	return arena_text(w->mem, buf_str(pem));
}

/* The new authority, signed by the one that clients know; where that is over nobody would be helped. */
static int make_bridge(struct world *w, const struct x509_wish *own, struct err *e)
{
	struct listener *l = w->listener;
	struct x509_wish wish = *own;
	struct certificate old[X509_CHAIN_MAX];
	AUTO(buf) struct buf pem = BUF_MAX(PEM_MAX);
	AUTO(err) struct err why = {0};
	size_t n = 0;

	l->new_bridge = l->new_previous = NULL;
	if (l->authority.presence != PRESENT || l->forget || x509_read(w->mem, view_text(l->authority.chain), old, &n, &why) < 0 ||
	    old[0].not_after_s <= own->not_before_s + DAY_S)
		return 0;
	wish.below = 0;
	if (wish.not_after_s > old[0].not_after_s)
		wish.not_after_s = old[0].not_after_s;
	if (take_serial(w, &wish, e) < 0 ||
	    x509_make(&pem, &wish, &l->new_authority_key, view_text(l->authority.chain), &l->authority_key, e) < 0)
		return err_while(e, "signing the new authority by the present one");
	l->new_bridge = pem_of(w, &pem);
	l->new_previous = x509_pem_at(w->mem, view_text(l->authority.chain), 0);
	return 0;
}

int listener_make_authority(struct world *w, struct err *e)
{
	struct listener *l = w->listener;
	int64_t now_s = host_wall_ms(w->host) / 1000;
	struct x509_wish wish = { .authority = true, .below = 1, .not_before_s = now_s - BACKDATED_S,
	                          .not_after_s = now_s + (int64_t)AUTHORITY_DAYS * DAY_S };
	AUTO(buf) struct buf pem = BUF_MAX(PEM_MAX), name = BUF_MAX(128);

	if (take_serial(w, &wish, e) < 0)
		return -1;
	/* Two authorities of one release have two names: verifiers look for an issuer by its name. */
	buf_printf(&name, "%.40s authority ", w->want.release);
	hex_print(&name, wish.serial + 1, 4);
	wish.common_name = buf_str(&name);
	x509_make_key(&l->new_authority_key);
	if (x509_make(&pem, &wish, &l->new_authority_key, (struct view){0}, NULL, e) < 0)
		return err_while(e, "making the authority");
	l->new_authority_pem = pem_of(w, &pem);
	return make_bridge(w, &wish, e);
}

/* The authorities that somebody may still know: the present one first, then those that are not over. */
static const char *bundle_of(const struct world *w)
{
	const struct listener *l = w->listener;
	int64_t now_s = host_wall_ms(w->host) / 1000;
	AUTO(buf) struct buf out = BUF_MAX(PEM_MAX);
	const char *lists[] = { l->previous, l->leaf.authorities }, *one;

	buf_text(&out, x509_pem_at(w->mem, view_text(l->authority.chain), 0));
	for (size_t i = 0; i < COUNT_OF(lists) && !l->forget; i++) {
		for (size_t k = 0; lists[i] && k < X509_CHAIN_MAX && (one = x509_pem_at(w->mem, view_text(lists[i]), k)); k++) {
			struct certificate c[X509_CHAIN_MAX];
			AUTO(err) struct err why = {0};
			size_t n = 0;

			if (x509_read(w->mem, view_text(one), c, &n, &why) == 0 && c[0].not_after_s > now_s && !strstr(buf_str(&out), one))
				buf_text(&out, one);
		}
	}
	return pem_of(w, &out);
}

int listener_make_leaf(struct world *w, struct err *e)
{
	struct listener *l = w->listener;
	int64_t now_s = host_wall_ms(w->host) / 1000;
	struct x509_wish wish = { .common_name = l->fullname, .names = listener_names(w), .not_before_s = now_s - BACKDATED_S,
	                          .not_after_s = now_s + (int64_t)LISTENER_DAYS * DAY_S };
	AUTO(buf) struct buf pem = BUF_MAX(PEM_MAX);

	if (take_serial(w, &wish, e) < 0)
		return -1;
	x509_make_key(&l->new_key);
	if (x509_make(&pem, &wish, &l->new_key, view_text(l->authority.chain), &l->authority_key, e) < 0)
		return err_while(e, "making the certificate");
	if (l->bridge && !l->forget && !ends_within(w, l->bridge, 0))
		buf_text(&pem, l->bridge);
	l->new_chain = pem_of(w, &pem);
	l->new_bundle = bundle_of(w);
	return 0;
}

/* ---- what people are told ---- */

const char *listener_summary(const struct want *want, enum tls_mode mode, struct arena *a)
{
	static const char by_hand[] = "; nobody renews it by itself: run 'helm vault-aws tls renew --if-due' from a timer, or give "
	                              "--tls-renew-image";
	const char *renewed = want->tls_renew_image ? "; a CronJob renews it" : by_hand;

	switch (mode) {
	case TLS_OFF:
		return "plain http: what crosses the cluster's network can be read there (--tls gives it a certificate)";
	case TLS_AUTO:
		return arena_printf(a, "TLS, from cert-manager where the cluster has it, else by an authority of its own%s", renewed);
	case TLS_OWN:
		return arena_printf(a, "TLS, by an authority of its own (Secret '%s-ca'), in the Secret '%s'%s",
		                    want->release, want->tls_secret, renewed);
	case TLS_CERT_MANAGER:
		return arena_printf(a, "TLS, from cert-manager, which renews it, in the Secret '%s'", want->tls_secret);
	default:
		return arena_printf(a, "TLS, from the Secret '%s', which is its maker's to renew", want->tls_secret);
	}
}

bool listener_shows_it(const struct listener *l, const struct shown *s, struct arena *a)
{
	const char *have = s->chain ? x509_pem_at(a, view_text(s->chain), 0) : NULL;
	const char *want = l->leaf.chain ? x509_pem_at(a, view_text(l->leaf.chain), 0) : NULL;

	return have && want && text_same(have, want);
}
