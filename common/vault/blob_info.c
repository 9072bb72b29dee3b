#include "vault/blob_info.h"

#include <stdint.h>

/* Wire types of protobuf; groups (3, 4) are of no use and refused. */
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

enum { VARINT_BYTES_MAX = 10 };

enum blob_field { BLOB_CIPHERTEXT = 1, BLOB_KEY_INFO = 5 };
enum key_info_field { KEY_INFO_KEY_ID = 3 };
enum multi_field { MULTI_GENERATION = 1, MULTI_SLOTS = 2 };

struct field {
	uint64_t number;
	enum wire wire;
	struct view bytes;   /* WIRE_BYTES */
};

static int bad(struct err *e)
{
	return err_set(e, ERR_REMOTE, 0, "this is no wrapped key of Vault's");
}

static struct view skipped(struct view v, size_t n)
{
	return view_of(v.p + n, v.n - n);
}

static bool read_varint(struct view *rest, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < rest->n && i < VARINT_BYTES_MAX; i++) {
		unsigned char byte = (unsigned char)rest->p[i];

		if (i == VARINT_BYTES_MAX - 1 && byte > 1)
			return false;
		n |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*rest = skipped(*rest, i + 1);
		*out = n;
		return true;
	}
	return false;
}

static bool skip(struct view *rest, uint64_t n)
{
	if (n > rest->n)
		return false;
	*rest = skipped(*rest, (size_t)n);
	return true;
}

/* The next field of a message that is not at its end. */
static bool read_field(struct view *rest, struct field *out)
{
	uint64_t tag, n;

	if (!read_varint(rest, &tag) || tag >> 3 == 0)
		return false;
	*out = (struct field){ .number = tag >> 3, .wire = (enum wire)(tag & 7) };
	switch (out->wire) {
	case WIRE_VARINT:
		return read_varint(rest, &n);
	case WIRE_64:
		return skip(rest, 8);
	case WIRE_32:
		return skip(rest, 4);
	case WIRE_BYTES:
		if (!read_varint(rest, &n) || n > rest->n)
			return false;
		out->bytes = view_of(rest->p, (size_t)n);
		return skip(rest, n);
	}
	return false;
}

static bool is_key_id(struct view id)
{
	if (id.n == 0 || id.n > BLOB_KEY_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f)
			return false;
	return true;
}

static bool add_key(struct blob_keys *out, struct view id)
{
	for (size_t i = 0; i < out->n; i++)
		if (view_same(out->ids[i], id))
			return true;
	if (out->n == BLOB_KEYS_MAX || !is_key_id(id))
		return false;
	out->ids[out->n++] = id;
	return true;
}

static bool read_key_info(struct view info, struct blob_keys *out)
{
	struct field f;

	while (info.n) {
		if (!read_field(&info, &f))
			return false;
		if (f.number == KEY_INFO_KEY_ID && (f.wire != WIRE_BYTES || !add_key(out, f.bytes)))
			return false;
	}
	return true;
}

static bool read_blob(struct view blob, struct blob_keys *out)
{
	struct field f;

	while (blob.n) {
		if (!read_field(&blob, &f))
			return false;
		if (f.number == BLOB_CIPHERTEXT && f.wire != WIRE_BYTES)
			return false;
		if (f.number == BLOB_KEY_INFO && (f.wire != WIRE_BYTES || !read_key_info(f.bytes, out)))
			return false;
	}
	return true;
}

static bool read_multi(struct view multi, struct blob_keys *out)
{
	struct field f;

	while (multi.n) {
		if (!read_field(&multi, &f))
			return false;
		if (f.number == MULTI_SLOTS && (f.wire != WIRE_BYTES || !read_blob(f.bytes, out)))
			return false;
	}
	return true;
}

/* A BlobInfo begins with bytes, its ciphertext; a MultiWrapValue with a number, or (generation 0 is left out) with a slot. */
static bool is_multi(struct view bytes)
{
	struct view rest = bytes;
	struct field first;

	if (!bytes.n || !read_field(&rest, &first))
		return false;
	return (first.number == MULTI_GENERATION && first.wire == WIRE_VARINT) || first.number == MULTI_SLOTS;
}

int blob_keys_read(struct view bytes, struct blob_keys *out, struct err *e)
{
	struct blob_keys keys = { .multi = is_multi(bytes) };
	bool whole = keys.multi ? read_multi(bytes, &keys) : read_blob(bytes, &keys);

	if (!whole || !keys.n)
		return bad(e);
	*out = keys;
	return 0;
}
