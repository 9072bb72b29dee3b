#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* SHA-256 fails only without memory or provider, and then nothing can go on. */
static void must(const void *made)
{
	if (!made)
		abort();
}

void sha256(struct view in, unsigned char out[SHA256_BYTES])
{
	must(EVP_Digest(in.p, in.n, out, NULL, EVP_sha256(), NULL) == 1 ? out : NULL);
}

void sha1(struct view in, unsigned char out[SHA1_BYTES])
{
	must(EVP_Digest(in.p, in.n, out, NULL, EVP_sha1(), NULL) == 1 ? out : NULL);
}

static const char hex_digits[] = "0123456789abcdef";

void sha256_hex(struct view in, char out[SHA256_HEX])
{
	unsigned char raw[SHA256_BYTES];

	sha256(in, raw);
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = hex_digits[raw[i] >> 4];
		out[2 * i + 1] = hex_digits[raw[i] & 15];
	}
	out[SHA256_HEX - 1] = '\0';
}

void hmac_sha256(struct view key, struct view in, unsigned char out[SHA256_BYTES])
{
	unsigned n = SHA256_BYTES;

	/* An empty key must be no null pointer: HMAC would look for one set before. */
	must(HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, (const unsigned char *)in.p, in.n, out,
			  &n));
}

void pbkdf2_sha256(struct view password, struct view salt, unsigned rounds, unsigned char out[SHA256_BYTES])
{
	/* Without a pointer OpenSSL would take a password's length from itself. */
	must(PKCS5_PBKDF2_HMAC(password.n ? password.p : "", (int)password.n, (const unsigned char *)salt.p, (int)salt.n,
	                       (int)rounds, EVP_sha256(), SHA256_BYTES, out) == 1 ? out : NULL);
}

void hex_print(struct buf *out, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++) {
		buf_char(out, hex_digits[bytes[i] >> 4]);
		buf_char(out, hex_digits[bytes[i] & 15]);
	}
}

void base64_print(struct buf *out, struct view in)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)in.p;

	for (size_t at = 0; at < in.n; at += 3) {
		size_t have = in.n - at < 3 ? in.n - at : 3;
		uint32_t bits = (uint32_t)p[at] << 16;
		char quad[4];

		bits |= have > 1 ? (uint32_t)p[at + 1] << 8 : 0;
		bits |= have > 2 ? p[at + 2] : 0;
		for (size_t i = 0; i < 4; i++)
			quad[i] = i <= have ? digits[bits >> (18 - 6 * i) & 63] : '=';
		buf_put(out, quad, sizeof(quad));
	}
}

/* Which alphabets a text has shown so far: one text holds one alphabet. */
enum { BASE64_STANDARD = 1, BASE64_URL = 2 };

static int base64_digit(char c, unsigned *seen)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	*seen |= c == '+' || c == '/' ? BASE64_STANDARD : c == '-' || c == '_' ? BASE64_URL : 0;
	if (*seen == (BASE64_STANDARD | BASE64_URL))
		return -1;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Without its padding; false when the padding is there and wrong. */
static bool base64_unpad(struct view *in)
{
	size_t padding = 0;

	while (padding < 2 && padding < in->n && in->p[in->n - 1 - padding] == '=')
		padding++;
	if (padding && in->n % 4 != 0)
		return false;
	in->n -= padding;
	return in->n % 4 != 1;
}

int base64_parse(struct buf *out, struct view in, struct err *e)
{
	size_t before = out->n;
	unsigned seen = 0, held = 0;
	uint32_t bits = 0;
	bool good = base64_unpad(&in);

	for (size_t i = 0; good && i < in.n; i++) {
		int digit = base64_digit(in.p[i], &seen);

		good = digit >= 0;
		bits = bits << 6 | (uint32_t)(digit & 63);
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_char(out, (char)(bits >> held & 0xff));
			bits &= (1u << held) - 1;
		}
	}
	if (!good || bits != 0) {
		buf_cut(out, before);
		return err_set(e, ERR_CONFIG, 0, "this is no base64");
	}
	return buf_whole(out, "the decoded text", e);
}

uint32_t crc32_of(struct view in)
{
	/* The remainders of the sixteen half bytes, polynomial 0xedb88320. */
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < in.n; i++) {
		crc ^= (unsigned char)in.p[i];
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}
