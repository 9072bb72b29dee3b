#include "core/cipher.h"

#include "core/secret.h"
#include "core/text.h"

#include <openssl/evp.h>

/* What is sealed here is small; OpenSSL counts in int. */
enum { PLAIN_MAX = 1 << 30 };

SCOPE_END(context, EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free(*v))

/* It fails only without memory or provider, and then nothing can go on. */
static void must(bool done)
{
	if (!done)
		abort();
}

static EVP_CIPHER_CTX *begin(int encrypt, const unsigned char *key, const unsigned char *nonce, struct view beside)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	/* The default length of a nonce in GCM is the 12 bytes that we use. */
	must(c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1);
	must(beside.n == 0 || EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)beside.p, (int)beside.n) == 1);
	return c;
}

void cipher_seal(struct buf *out, const unsigned char key[CIPHER_KEY_BYTES],
				 const unsigned char nonce[CIPHER_NONCE_BYTES], struct view beside, struct view plain)
{
	AUTO(context) EVP_CIPHER_CTX *c = begin(1, key, nonce, beside);
	unsigned char *text = xmalloc(plain.n + 1), tag[CIPHER_TAG_BYTES];
	int n = 0, end = 0;

	must(plain.n < PLAIN_MAX);
	must(plain.n == 0 || EVP_CipherUpdate(c, text, &n, (const unsigned char *)plain.p, (int)plain.n) == 1);
	must(EVP_CipherFinal_ex(c, text + n, &end) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, sizeof(tag), tag) == 1);
	buf_put(out, text, (size_t)(n + end));
	buf_put(out, tag, sizeof(tag));
	free(text);
}

int cipher_open(struct buf *out, const unsigned char key[CIPHER_KEY_BYTES],
				const unsigned char nonce[CIPHER_NONCE_BYTES], struct view beside, struct view sealed,
				struct err *e)
{
	AUTO(context) EVP_CIPHER_CTX *c = begin(0, key, nonce, beside);
	unsigned char *text, tag[CIPHER_TAG_BYTES];
	size_t size = sealed.n - CIPHER_TAG_BYTES;
	int n = 0, end = 0;
	bool whole;

	if (sealed.n < CIPHER_TAG_BYTES || sealed.n >= PLAIN_MAX)
		return err_set(e, ERR_CONFIG, 0, "it is not whole");
	memcpy(tag, sealed.p + size, sizeof(tag));
	text = xmalloc(size + 1);
	must(size == 0 || EVP_CipherUpdate(c, text, &n, (const unsigned char *)sealed.p, (int)size) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1);
	whole = EVP_CipherFinal_ex(c, text + n, &end) == 1;
	if (whole)
		buf_put(out, text, (size_t)(n + end));
	wipe(text, size + 1);
	free(text);
	return whole ? 0 : err_set(e, ERR_CONFIG, 0, "it is not what was sealed: another key, or altered");
}
