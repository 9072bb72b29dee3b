/* C2SP age.md: the stanza that was made for us gives the file key, the MAC proves the header, the key opens the payload. */
#include "core/age_open.h"

#include "core/age_private.h"
#include "core/digest.h"
#include "core/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BODY_COLUMNS = 64, SEALED_KEY = AGE_FILE_KEY + AGE_TAG };

#define VERSION    "age-encryption.org/v1"
#define IDENTITY   "AGE-SECRET-KEY-1"
#define IDENTITY_N (sizeof(IDENTITY) - 1)

SCOPE_END(context, EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free(*v))

static void must(bool done)
{
	if (!done)
		abort();
}

/* ---- identities ---- */

/* Bech32 is written in one case throughout; age writes this one in capitals. */
static bool read_identity(struct view line, struct age_identity *out)
{
	char lower[AGE_SYMBOLS + 1] = "";
	unsigned char scalar[AGE_KEY];
	bool right = line.n == IDENTITY_N + AGE_SYMBOLS && view_starts(line, IDENTITY);

	for (size_t i = 0; right && i < AGE_SYMBOLS; i++) {
		char c = line.p[IDENTITY_N + i];

		right = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		lower[i] = c >= 'A' ? (char)(c + ('a' - 'A')) : c;
	}
	right = right && age_bech32("age-secret-key-", lower, scalar);
	if (right)
		secret_set(&out->scalar, view_of(scalar, AGE_KEY));
	wipe(lower, sizeof(lower));
	wipe(scalar, sizeof(scalar));
	return right;
}

int age_identities_parse(struct view file, struct age_identity *out, size_t *n, struct err *e)
{
	size_t before = *n;

	for (size_t number = 1; file.n > 0; number++) {
		struct view line = view_trim(view_cut(&file, '\n'));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (*n == AGE_IDENTITIES_MAX)
			return err_set(e, ERR_CONFIG, 0, "more than %d identities", AGE_IDENTITIES_MAX);
		if (!read_identity(line, &out[*n]))
			return err_set(e, ERR_CONFIG, 0, "line %zu is no identity of age's (" IDENTITY "...)", number);
		++*n;
	}
	return *n > before ? 0 : err_set(e, ERR_CONFIG, 0, "there is no identity in it (" IDENTITY "...)");
}

void age_identities_release(struct age_identity *of, size_t n)
{
	for (size_t i = 0; i < n; i++)
		secret_release(&of[i].scalar);
}

void age_identity_recipient(const struct age_identity *of, struct age_recipient *out)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, of->scalar.bytes, AGE_KEY);
	size_t n = AGE_KEY;

	must(key && EVP_PKEY_get_raw_public_key(key, out->point, &n) == 1);
	EVP_PKEY_free(key);
}

/* ---- ChaCha20-Poly1305, RFC 8439 ---- */

static bool open_sealed(struct buf *out, const unsigned char key[AGE_KEY], const unsigned char nonce[AGE_NONCE],
						struct view sealed)
{
	AUTO(context) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t size = sealed.n - AGE_TAG;
	unsigned char tag[AGE_TAG], *text;
	int n = 0, end = 0;
	bool whole;

	if (sealed.n < AGE_TAG)
		return false;
	text = xmalloc(size + 1);
	memcpy(tag, sealed.p + size, AGE_TAG);
	must(c && EVP_DecryptInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce) == 1);
	must(size == 0 || EVP_DecryptUpdate(c, text, &n, (const unsigned char *)sealed.p, (int)size) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, AGE_TAG, tag) == 1);
	whole = EVP_DecryptFinal_ex(c, text + n, &end) == 1;
	if (whole)
		buf_put(out, text, (size_t)(n + end));
	wipe(text, size + 1);
	free(text);
	return whole;
}

/* ---- the header ---- */

/* So many bytes in base64, written as age writes it: the standard alphabet, no padding, no stray bits. */
static bool read_bytes(struct view text, unsigned char *out, size_t n)
{
	AUTO(buf) struct buf bytes = BUF_MAX(64), again = BUF_MAX(128);
	AUTO(err) struct err ignored = {0};

	if (base64_parse(&bytes, text, &ignored) < 0 || bytes.n != n)
		return false;
	base64_print(&again, buf_bytes(&bytes));
	while (again.n && again.p[again.n - 1] == '=')
		buf_cut(&again, again.n - 1);
	memcpy(out, bytes.p, n);
	return view_same(buf_bytes(&again), text);
}

/* The file key out of a stanza for X25519, where it was made for this identity. */
static bool open_stanza(const struct age_identity *identity, const unsigned char share[AGE_KEY],
						const unsigned char sealed[SEALED_KEY], struct buf *file_key)
{
	static const unsigned char nonce[AGE_NONCE];
	unsigned char own[AGE_KEY], shared[AGE_KEY], salt[2 * AGE_KEY], key[AGE_KEY];
	bool opened;

	if (age_agree(identity->scalar.bytes, share, own, shared) < 0)
		return false;
	memcpy(salt, share, AGE_KEY);
	memcpy(salt + AGE_KEY, own, AGE_KEY);
	age_hkdf(view_of(shared, AGE_KEY), view_of(salt, sizeof(salt)), "age-encryption.org/v1/X25519", key);
	opened = open_sealed(file_key, key, nonce, view_of(sealed, SEALED_KEY));
	wipe(shared, AGE_KEY);
	wipe(key, AGE_KEY);
	return opened;
}

/* Lines of 64 columns up to a shorter one, which may be empty. `first` gets it where it is the only one. */
static bool read_body(struct view *rest, struct view *first)
{
	for (bool only = true; rest->n > 0; only = false) {
		struct view line = view_cut(rest, '\n');

		if (line.n > BODY_COLUMNS)
			return false;
		*first = only ? line : view_of("", 0);
		if (line.n < BODY_COLUMNS)
			return true;
	}
	return false;
}

/* One "-> TYPE ARGUMENTS" with its body; file_key is filled where it is for one of us. */
static bool read_stanza(struct view line, struct view *rest, const struct age_identity *identities, size_t n,
						struct buf *file_key)
{
	unsigned char share[AGE_KEY], sealed[SEALED_KEY];
	struct view words = line, body;

	view_cut(&words, ' ');
	if (!read_body(rest, &body))
		return false;
	if (!view_starts(words, "X25519 ") || file_key->n)
		return true;
	view_cut(&words, ' ');
	if (!read_bytes(words, share, AGE_KEY) || !read_bytes(body, sealed, SEALED_KEY))
		return false;
	for (size_t i = 0; i < n && !file_key->n; i++)
		(void)open_stanza(&identities[i], share, sealed, file_key);
	return true;
}

/* *file becomes the payload. */
static int read_header(struct view *file, const struct age_identity *identities, size_t n, struct buf *file_key,
					   struct err *e)
{
	const struct view whole = *file;
	unsigned char said[AGE_KEY], mac[AGE_KEY];
	struct view line = view_cut(file, '\n');

	if (!view_is(line, VERSION))
		return err_set(e, ERR_CONFIG, 0, "it is no file of age's");
	while (file->n > 0 && view_starts(line = view_cut(file, '\n'), "-> "))
		if (!read_stanza(line, file, identities, n, file_key))
			return err_set(e, ERR_CONFIG, 0, "its header is broken");
	if (!view_starts(line, "--- ") || !read_bytes(view_of(line.p + 4, line.n - 4), said, AGE_KEY))
		return err_set(e, ERR_CONFIG, 0, "its header is broken");
	if (!file_key->n)
		return err_set(e, ERR_DENIED, 0, "it is not encrypted to this identity");
	age_mac(view_of(whole.p, (size_t)(line.p - whole.p) + 3), (const unsigned char *)file_key->p, mac);
	if (CRYPTO_memcmp(said, mac, AGE_KEY) != 0)
		return err_set(e, ERR_CONFIG, 0, "its header was altered");
	return 0;
}

/* What we write is one chunk, the last: its nonce is a counter of zero and the mark of the end. */
static int read_payload(struct buf *out, struct view payload, const struct buf *file_key, struct err *e)
{
	static const unsigned char nonce[AGE_NONCE] = { [AGE_NONCE - 1] = 1 };
	unsigned char key[AGE_KEY];
	bool opened;

	if (payload.n < AGE_PAYLOAD_NONCE + AGE_TAG)
		return err_set(e, ERR_CONFIG, 0, "it is not whole");
	if (payload.n > AGE_PAYLOAD_NONCE + AGE_PLAIN_MAX + AGE_TAG)
		return err_set(e, ERR_CONFIG, 0, "it holds more than %d bytes", AGE_PLAIN_MAX);
	age_hkdf(buf_bytes(file_key), view_of(payload.p, AGE_PAYLOAD_NONCE), "payload", key);
	opened = open_sealed(out, key, nonce, view_of(payload.p + AGE_PAYLOAD_NONCE, payload.n - AGE_PAYLOAD_NONCE));
	wipe(key, AGE_KEY);
	return opened ? 0 : err_set(e, ERR_CONFIG, 0, "it is not whole, or was altered");
}

SCOPE_END(wiped_key, struct buf, buf_wipe(v))

int age_decrypt(struct buf *out, const struct age_identity *identities, size_t n, struct view file, struct err *e)
{
	AUTO(wiped_key) struct buf file_key = BUF_MAX(AGE_FILE_KEY);

	if (read_header(&file, identities, n, &file_key, e) < 0)
		return -1;
	return read_payload(out, file, &file_key, e);
}
