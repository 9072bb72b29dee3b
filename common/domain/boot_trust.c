/*
 * Who vouches for Vault's listener. VAULT_CACERT, where it is given, is believed
 * and nothing else; that it disagrees with what the cluster has is told. Else it
 * is the file that the pods themselves go by, read from its Secret. That Secret
 * has the listener's key beside it, so whoever may not read it gives VAULT_CACERT.
 */
#include "domain/boot_trust.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/listener.h"

enum { PEM_MAX = 256 << 10 };

bool boot_trust_due(const void *world, size_t item)
{
	const struct boot *b = world;

	(void)item;
	return b->tls_on && !b->options.vault_addr && b->tls_file.secret;
}

int boot_ask_trust(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct boot *b = world;

	(void)item;
	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/secrets/%s", b->want->namespace_,
	                                              b->tls_file.secret), NULL, e);
}

/* NULL: it is not there, or is no base64. */
static const char *part(struct boot *b, const struct value *data, const char *key)
{
	const char *text = value_text_or(value_get(data, key), "", NULL);
	AUTO(buf) struct buf pem = BUF_MAX(PEM_MAX);
	AUTO(err) struct err why = {0};

	if (!text || base64_parse(&pem, view_text(text), &why) < 0 || !pem.n)
		return NULL;
	return arena_text(b->mem, buf_str(&pem));
}

static void judge(struct boot *b, const char *chain)
{
	const char *ns = b->want->namespace_, *secret = b->tls_file.secret;
	AUTO(err) struct err why = {0}, problems = {0};
	int64_t left;

	if (!chain)
		return;
	if (b->tls_given && x509_verify(view_text(chain), b->tls.ca_pem, &why) < 0) {
		b->tls_note = arena_printf(b->mem, "VAULT_CACERT does not vouch for the certificate in the Secret '%s/%s' (%s); it is used "
		                           "all the same", ns, secret, why.text);
		return;
	}
	listener_judge(chain, NULL, NULL, host_wall_ms(b->host), &left, &problems);
	if (left < LISTENER_WARN_DAYS)
		b->tls_note = arena_printf(b->mem, "the certificate of Vault's listener (Secret '%s/%s') ends in %lld days; 'helm vault-aws "
		                           "tls status' tells more", ns, secret, (long long)left);
}

static enum heard nobody_vouches(struct boot *b, const struct kube_answer *answer, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (answer->ok || answer->status == 404)
		err_set(e, ERR_AUTH, 0, "Vault's listener has TLS, and the Secret '%s/%s' has no '%s' to say who vouches for it",
		        b->want->namespace_, b->tls_file.secret, b->tls_file.key);
	else if (kube_heard(answer, "reading who vouches for Vault's listener", &why) != HEARD_REFUSED)
		return kube_heard(answer, "reading who vouches for Vault's listener", e);
	else
		err_set(e, why.kind, why.status, "%s", why.text);   /* a right on that Secret is not the only way */
	err_hint(e, "name its authority by VAULT_CACERT");
	return HEARD_REFUSED;
}

enum heard boot_hear_trust(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct boot *b = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;   /* the key is in the answer too */
	struct kube_answer answer;
	const struct value *data;
	const char *authorities;

	(void)item;
	if (kube_read(&scratch, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	data = answer.ok ? value_get(answer.body, "data") : NULL;
	authorities = part(b, data, b->tls_file.key);
	if (authorities && !b->tls_given)
		b->tls.ca_pem = view_text(authorities);
	if (b->tls.ca_pem.n == 0)
		return nobody_vouches(b, &answer, e);
	judge(b, part(b, data, "tls.crt"));
	return HEARD_DONE;
}
