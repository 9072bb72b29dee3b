/*
 * The certificates that we show, and their keys: each is decoded once, and not for every connection. OpenSSL 3.0 takes 1.5
 * ms to decode a private key, which with seven connections to an API server was a third of what a run did.
 */
#include "net/engine_client.h"

#include "core/digest.h"
#include "core/secret.h"
#include "core/text.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

struct client {
	struct client *next;
	unsigned char digest[SHA256_BYTES];   /* of both texts: whose it is */
	X509 *certificate;
	STACK_OF(X509) *chain;                /* behind it; may be empty */
	EVP_PKEY *key;
};

static BIO *open_text(struct view pem)
{
	return pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
}

/* Without this OpenSSL asks the terminal for a passphrase. */
static int no_passphrase(char *out, int size, int writes, void *to)
{
	(void)out, (void)size, (void)writes, (void)to;
	return 0;
}

static void read_chain(struct client *c, struct view pem)
{
	BIO *bio = open_text(pem);
	X509 *one;

	c->chain = sk_X509_new_null();
	if (!c->chain)
		out_of_memory();
	while (bio && (one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		if (!c->certificate)
			c->certificate = one;
		else if (!sk_X509_push(c->chain, one))
			out_of_memory();
	}
	BIO_free(bio);
}

static void read_key(struct client *c, const struct secret *pem)
{
	BIO *bio = open_text(secret_expose(pem));

	if (bio)
		c->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
}

static void client_free(struct client *c)
{
	X509_free(c->certificate);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	free(c);
}

static struct client *find(const struct engine *g, const unsigned char *digest)
{
	for (struct client *c = g->clients; c; c = c->next)
		if (memcmp(c->digest, digest, sizeof(c->digest)) == 0)
			return c;
	return NULL;
}

struct client *client_of(struct engine *g, const struct tls *tls)
{
	unsigned char digest[SHA256_BYTES];
	struct client *c;

	hmac_sha256(secret_expose(tls->key_pem), tls->cert_pem, digest);
	c = find(g, digest);
	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	memcpy(c->digest, digest, sizeof(digest));
	read_chain(c, tls->cert_pem);
	read_key(c, tls->key_pem);
	ERR_clear_error();
	c->next = g->clients;
	return g->clients = c;
}

void client_mark(const struct client *c, struct buf *out)
{
	hex_print(out, c->digest, sizeof(c->digest));
}

bool client_show(const struct client *c, struct ssl_ctx_st *context)
{
	bool shown = c->certificate && c->key && SSL_CTX_use_cert_and_key(context, c->certificate, c->key, c->chain, 1) == 1;

	ERR_clear_error();
	return shown;
}

void clients_close(struct engine *g)
{
	while (g->clients) {
		struct client *c = g->clients;

		g->clients = c->next;
		client_free(c);
	}
}
