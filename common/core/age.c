/* C2SP age.md: a header of stanzas, each with the file key for one recipient, a MAC over it, and a payload of chunks. */
#include "core/age_private.h"

#include "core/digest.h"
#include "core/secret.h"
#include "core/text.h"

#include <openssl/evp.h>

enum {
	KEY = AGE_KEY, FILE_KEY = AGE_FILE_KEY, TAG = AGE_TAG, NONCE = AGE_NONCE, PAYLOAD_NONCE = AGE_PAYLOAD_NONCE,
	RECIPIENT_TEXT = 62, SYMBOLS = AGE_SYMBOLS, CHECKSUM = 6
};

SCOPE_END(pkey, EVP_PKEY *, EVP_PKEY_free(*v))
SCOPE_END(derivation, EVP_PKEY_CTX *, EVP_PKEY_CTX_free(*v))
SCOPE_END(context, EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free(*v))

static void must(bool done)
{
	if (!done)
		abort();
}

/* ---- Bech32 ---- */

static uint32_t polymod(uint32_t sum, unsigned symbol)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ symbol;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

/* The prefix goes into the checksum by its letters' upper and lower bits (BIP 173, "expansion"). */
static uint32_t prefix_sum(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *c = prefix; *c; c++)
		sum = polymod(sum, (unsigned)*c >> 5);
	sum = polymod(sum, 0);
	for (const char *c = prefix; *c; c++)
		sum = polymod(sum, (unsigned)*c & 31);
	return sum;
}

/* Fills symbols with five bits each; false when a character or the checksum is wrong. */
static bool read_symbols(const char *prefix, const char *text, unsigned char symbols[SYMBOLS])
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	uint32_t sum = prefix_sum(prefix);

	for (size_t i = 0; i < SYMBOLS; i++) {
		const char *at = strchr(alphabet, text[i]);

		if (!at || !*at)
			return false;
		symbols[i] = (unsigned char)(at - alphabet);
		sum = polymod(sum, symbols[i]);
	}
	return sum == 1;
}

bool age_bech32(const char *prefix, const char *text, unsigned char out[KEY])
{
	unsigned char symbols[SYMBOLS];
	unsigned bits = 0, held = 0, n = 0;
	bool right = read_symbols(prefix, text, symbols);

	for (size_t i = 0; right && i < SYMBOLS - CHECKSUM; i++) {
		bits = (bits << 5 | symbols[i]) & 0xfff;
		held += 5;
		if (held < 8)
			continue;
		held -= 8;
		out[n++] = (unsigned char)(bits >> held);
	}
	wipe(symbols, sizeof(symbols));
	return right;
}

int age_recipient_parse(const char *text, struct age_recipient *out, struct err *e)
{
	if (strlen(text) != RECIPIENT_TEXT || !text_starts(text, "age1") || !age_bech32("age", text + 4, out->point))
		return err_set(e, ERR_USAGE, 0, "'%s' is no recipient of age's ('age1' and 58 letters and digits)", text);
	return 0;
}

/* ---- the primitives ---- */

/* 32 bytes are one block. */
void age_hkdf(struct view key, struct view salt, const char *info, unsigned char out[KEY])
{
	static const unsigned char zeros[KEY];
	unsigned char prk[KEY];
	AUTO(text) char *block = xasprintf("%s%c", info, 1);

	hmac_sha256(salt.n ? salt : view_of(zeros, KEY), key, prk);
	hmac_sha256(view_of(prk, KEY), view_text(block), out);
	wipe(prk, KEY);
}

/* ChaCha20-Poly1305, RFC 8439. */
static void seal(struct buf *out, const unsigned char key[KEY], const unsigned char nonce[NONCE], struct view plain)
{
	AUTO(context) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char *text = xmalloc(plain.n + 1), tag[TAG];
	int n = 0, end = 0;

	must(c && EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce) == 1);
	must(plain.n == 0 || EVP_EncryptUpdate(c, text, &n, (const unsigned char *)plain.p, (int)plain.n) == 1);
	must(EVP_EncryptFinal_ex(c, text + n, &end) == 1 && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
	buf_put(out, text, (size_t)(n + end));
	buf_put(out, tag, TAG);
	free(text);
}

int age_agree(const unsigned char scalar[KEY], const unsigned char point[KEY], unsigned char own[KEY],
			  unsigned char shared[KEY])
{
	AUTO(pkey) EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, KEY);
	AUTO(pkey) EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, KEY);
	AUTO(derivation) EVP_PKEY_CTX *c = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t n = KEY;

	must(key && peer && c && EVP_PKEY_get_raw_public_key(key, own, &n) == 1);
	/* A result of zeros, from a point of small order, is an error of OpenSSL's. */
	return EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer(c, peer) == 1 && EVP_PKEY_derive(c, shared, &n) == 1 ?
	    0 : -1;
}

/* ---- the file ---- */

/* Without padding, as age has it. */
static void put_base64(struct buf *out, struct view bytes)
{
	AUTO(buf) struct buf text = BUF_MAX(256);

	base64_print(&text, bytes);
	while (text.n && text.p[text.n - 1] == '=')
		buf_cut(&text, text.n - 1);
	buf_text(out, buf_str(&text));
}

static int put_stanza(struct buf *out, const struct host *host, const struct age_recipient *to,
					  const unsigned char file_key[FILE_KEY], struct err *e)
{
	static const unsigned char nonce[NONCE];
	unsigned char secret[KEY], share[KEY], shared[KEY], key[KEY], salt[2 * KEY];
	AUTO(buf) struct buf sealed = BUF_MAX(64);
	int result;

	if (host_random(host, secret, KEY, e) < 0)
		return -1;
	result = age_agree(secret, to->point, share, shared);
	if (result < 0)
		err_set(e, ERR_USAGE, 0, "a recipient's key cannot be encrypted to");
	if (result == 0) {
		memcpy(salt, share, KEY);
		memcpy(salt + KEY, to->point, KEY);
		age_hkdf(view_of(shared, KEY), view_of(salt, sizeof(salt)), "age-encryption.org/v1/X25519", key);
		seal(&sealed, key, nonce, view_of(file_key, FILE_KEY));
		buf_text(out, "-> X25519 ");
		put_base64(out, view_of(share, KEY));
		buf_text(out, "\n");
		put_base64(out, buf_bytes(&sealed));
		buf_text(out, "\n");
	}
	wipe(secret, KEY);
	wipe(shared, KEY);
	wipe(key, KEY);
	return result;
}

void age_mac(struct view header, const unsigned char file_key[FILE_KEY], unsigned char out[KEY])
{
	unsigned char key[KEY];

	age_hkdf(view_of(file_key, FILE_KEY), view_text(NULL), "header", key);
	hmac_sha256(view_of(key, KEY), header, out);
	wipe(key, KEY);
}

static void put_mac(struct buf *out, size_t start, const unsigned char file_key[FILE_KEY])
{
	unsigned char mac[KEY];

	buf_text(out, "---");
	age_mac(view_of(out->p + start, out->n - start), file_key, mac);
	buf_text(out, " ");
	put_base64(out, view_of(mac, KEY));
	buf_text(out, "\n");
}

/* One chunk, the last: its nonce is a counter of zero and the mark of the end. */
static int put_payload(struct buf *out, const struct host *host, const unsigned char file_key[FILE_KEY], struct view plain,
					   struct err *e)
{
	static const unsigned char nonce[NONCE] = { [NONCE - 1] = 1 };
	unsigned char salt[PAYLOAD_NONCE], key[KEY];

	if (host_random(host, salt, sizeof(salt), e) < 0)
		return -1;
	age_hkdf(view_of(file_key, FILE_KEY), view_of(salt, sizeof(salt)), "payload", key);
	buf_put(out, salt, sizeof(salt));
	seal(out, key, nonce, plain);
	wipe(key, KEY);
	return 0;
}

int age_encrypt(struct buf *out, const struct host *host, const struct age_recipient *recipients, size_t n,
				struct view plain, struct err *e)
{
	unsigned char file_key[FILE_KEY];
	size_t start = out->n;
	int result = 0;

	if (n == 0 || plain.n > AGE_PLAIN_MAX)
		return n == 0 ? err_set(e, ERR_USAGE, 0, "there is no recipient")
					  : err_set(e, ERR_CONFIG, 0, "more than %d bytes are to be encrypted", AGE_PLAIN_MAX);
	if (host_random(host, file_key, sizeof(file_key), e) < 0)
		return -1;
	buf_text(out, "age-encryption.org/v1\n");
	for (size_t i = 0; i < n && result == 0; i++)
		result = put_stanza(out, host, &recipients[i], file_key, e);
	if (result == 0) {
		put_mac(out, start, file_key);
		result = put_payload(out, host, file_key, plain, e);
	}
	wipe(file_key, sizeof(file_key));
	if (result < 0)
		buf_cut(out, start);
	return result < 0 ? -1 : buf_whole(out, "the encrypted file", e);
}
