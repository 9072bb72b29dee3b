/* What takes shares in the fake Vault, in the words of Vault 1.21 (as a real one has said them). */
#include "fake/vault.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define RECOVERY "/v1/sys/rekey-recovery-key/"
#define REKEY    "/v1/sys/rekey/"
#define ROOT     "/v1/sys/generate-root/"

const char *fake_vault_share(struct arena *a, unsigned keys, int64_t i)
{
	return arena_printf(a, "5ec2e7%02x%s%02lld", 0x0f + keys, &FAKE_RECOVERY_KEY[8], (long long)i);
}

bool fake_vault_takes(const struct fake_vault *v, const char *token)
{
	for (unsigned i = 0; i < v->n_tokens; i++)
		if (text_same(v->tokens[i], token))
			return true;
	return false;
}

void fake_vault_adopt(struct fake_vault *v, int64_t shares, int64_t threshold)
{
	v->initialized = true;
	v->shares = shares;
	v->threshold = threshold;
	snprintf(v->tokens[v->n_tokens++], sizeof(v->tokens[0]), "%s", FAKE_ROOT_TOKEN);
}

void fake_vault_forget(struct fake_vault *v)
{
	v->root = v->rekey = v->unsealing = (struct fake_attempt){0};
}

/* ---- answers ---- */

static void answer(struct reply *reply, const struct value *body)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 16);

	va_json_print(&text, body, false);
	fake_reply(reply, 200, buf_str(&text));
}

static void refuse(struct reply *reply, int status, const char *words)
{
	AUTO(text) char *body = xasprintf("{\"errors\":[\"%s\"]}", words);

	fake_reply(reply, status, body);
}

static const char *token_of(const struct request *rq)
{
	for (size_t i = 0; i < rq->n_headers; i++)
		if (text_same_nocase(rq->headers[i].name, "X-Vault-Token"))
			return rq->headers[i].value;
	return "";
}

static void new_nonce(struct fake_vault *v, char nonce[40])
{
	snprintf(nonce, 40, "00000000-0000-0000-0000-%012u", ++v->nonces);
}

/* ---- shares ---- */

static bool is_valid(const struct fake_vault *v, unsigned keys, int64_t shares, const char *text)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)v;
	for (int64_t i = 0; i < shares; i++)
		if (text_same(fake_vault_share(&a, keys, i), text))
			return true;
	return false;
}

enum taken { TAKEN_MORE, TAKEN_ALL, TAKEN_WRONG, TAKEN_TWICE };

/* Takes one; with the last of `needed` the set is judged, and forgotten. */
static enum taken take_share(struct fake_vault *v, struct fake_attempt *t, const char *key, unsigned keys, int64_t shares,
                             int64_t needed)
{
	bool right = true;

	for (unsigned i = 0; i < t->n_given; i++)
		if (text_same(t->given[i], key))
			return TAKEN_TWICE;
	snprintf(t->given[t->n_given++], sizeof(t->given[0]), "%s", key);
	if (t->n_given < needed)
		return TAKEN_MORE;
	for (unsigned i = 0; i < t->n_given; i++)
		right &= is_valid(v, keys, shares, t->given[i]);
	t->n_given = 0;
	return right ? TAKEN_ALL : TAKEN_WRONG;
}

static const char *text_of(struct arena *a, const struct request *rq, const char *name)
{
	AUTO(err) struct err e = {0};
	struct value *body;

	if (va_json_parse(a, rq->body, "request", &body, &e) < 0)
		fail_msg("%s: %s", rq->url, e.text);
	return value_text_or(body, name, NULL);
}

/* ---- sys/unseal: what is given twice is no error ---- */

static void unseal(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	struct value *body = value_new_map(a);

	if (v->sealed_by_hand)
		switch (take_share(v, &v->unsealing, text_of(a, rq, "key"), v->keys, v->shares, v->threshold)) {
		case TAKEN_WRONG:
			refuse(reply, 400, "invalid key: failed to verify recovery key: recovery key does not match submitted values");
			return;
		case TAKEN_ALL:
			v->sealed_by_hand = false;
			break;
		default:
			break;
		}
	value_set_bool(a, body, "initialized", true);
	value_set_bool(a, body, "sealed", v->sealed_by_hand);
	answer(reply, body);
}

/* ---- sys/generate-root ---- */

static void root_state(const struct fake_vault *v, struct arena *a, struct reply *reply)
{
	struct value *body = value_new_map(a);

	value_set_text(a, body, "nonce", v->root.nonce);
	value_set_bool(a, body, "started", v->root.started);
	value_set_int(a, body, "progress", v->root.n_given);
	value_set_int(a, body, "required", v->threshold);
	value_set_int(a, body, "otp_length", FAKE_OTP);
	value_set_bool(a, body, "complete", false);
	answer(reply, body);
}

static void root_attempt(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	const char *otp;

	if (text_same(rq->method, "DELETE")) {
		v->root = (struct fake_attempt){0};
		fake_reply(reply, 204, "");
		return;
	}
	if (text_same(rq->method, "PUT")) {
		if (v->root.started) {
			refuse(reply, 400, "root generation already in progress");
			return;
		}
		otp = text_of(a, rq, "otp");
		assert_int_equal(strlen(otp), FAKE_OTP);
		v->root = (struct fake_attempt){ .started = true };
		snprintf(v->root.otp, sizeof(v->root.otp), "%s", otp);
		new_nonce(v, v->root.nonce);
	}
	root_state(v, a, reply);
}

static void root_complete(struct fake_vault *v, struct arena *a, struct reply *reply)
{
	AUTO(buf) struct buf encoded = BUF_MAX(128);
	struct value *body = value_new_map(a);
	char *token = v->tokens[v->n_tokens++];
	char mixed[FAKE_OTP];

	assert_true(v->n_tokens < FAKE_TOKENS_MAX);
	snprintf(token, FAKE_OTP + 1, "hvs.5ec2e75ec2e75ec2e7%06u", ++v->tokens_made);
	for (unsigned i = 0; i < FAKE_OTP; i++)
		mixed[i] = (char)(token[i] ^ v->root.otp[i]);
	base64_print(&encoded, view_of(mixed, FAKE_OTP));
	while (encoded.n && encoded.p[encoded.n - 1] == '=')
		buf_cut(&encoded, encoded.n - 1);
	value_set_bool(a, body, "complete", true);
	value_set_text(a, body, "encoded_token", buf_str(&encoded));
	v->root = (struct fake_attempt){0};
	answer(reply, body);
}

static void root_update(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	if (!v->root.started) {
		refuse(reply, 400, "no root generation in progress");
		return;
	}
	if (!text_same(text_of(a, rq, "nonce"), v->root.nonce)) {
		refuse(reply, 400, "incorrect nonce supplied");
		return;
	}
	switch (take_share(v, &v->root, text_of(a, rq, "key"), v->keys, v->shares, v->threshold)) {
	case TAKEN_TWICE:
		refuse(reply, 400, "given key has already been provided during this generation operation");
		return;
	case TAKEN_WRONG:
		refuse(reply, 400, "root generation aborted: unable to authenticate: recovery key verification failed");
		return;
	case TAKEN_ALL:
		root_complete(v, a, reply);
		return;
	default:
		root_state(v, a, reply);
	}
}

/* ---- sys/rekey and sys/rekey-recovery-key ---- */

static void rekey_state(const struct fake_vault *v, struct arena *a, struct reply *reply)
{
	struct value *body = value_new_map(a);

	value_set_text(a, body, "nonce", v->rekey.nonce);
	value_set_bool(a, body, "started", v->rekey.started);
	value_set_int(a, body, "progress", v->rekey.verifying ? 0 : v->rekey.n_given);
	value_set_int(a, body, "required", v->threshold);
	if (v->rekey.verifying)
		value_set_text(a, body, "verification_nonce", v->rekey.verify_nonce);
	answer(reply, body);
}

static void rekey_start(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	AUTO(err) struct err e = {0};
	struct value *body;
	bool verified = false;

	if (v->rekey.started) {
		refuse(reply, 400, "rekey already in progress");
		return;
	}
	v->rekey = (struct fake_attempt){ .started = true };
	if (va_json_parse(a, rq->body, "request", &body, &e) < 0 || value_int(body, "secret_shares", &v->rekey.shares, &e) < 0 ||
	    value_int(body, "secret_threshold", &v->rekey.threshold, &e) < 0 ||
	    value_bool(body, "require_verification", &verified, &e) < 0)
		fail_msg("%s: %s", rq->url, e.text);
	assert_true(verified);
	new_nonce(v, v->rekey.nonce);
	rekey_state(v, a, reply);
}

static void rekey_init(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	if (text_same(rq->method, "GET"))
		rekey_state(v, a, reply);
	else if (text_same(rq->method, "PUT"))
		rekey_start(v, a, rq, reply);
	else if (!text_same(text_of(a, rq, "nonce"), v->rekey.nonce))
		refuse(reply, 400, "invalid request");
	else {
		v->rekey = (struct fake_attempt){0};
		fake_reply(reply, 204, "");
	}
}

static void rekey_made(struct fake_vault *v, struct arena *a, struct reply *reply)
{
	struct value *body = value_new_map(a), *keys = value_set(a, body, "keys", value_new_list(a));
	struct value *encoded = value_set(a, body, "keys_base64", value_new_list(a));

	v->rekey.verifying = true;
	new_nonce(v, v->rekey.verify_nonce);
	for (int64_t i = 0; i < v->rekey.shares; i++) {
		value_push(a, keys, value_new_text(a, fake_vault_share(a, v->keys + 1, i)));
		value_push(a, encoded, value_new_text(a, "XsLnDw=="));
	}
	value_set_bool(a, body, "complete", true);
	value_set_text(a, body, "nonce", v->rekey.nonce);
	value_set_text(a, body, "verification_nonce", v->rekey.verify_nonce);
	answer(reply, body);
}

static void rekey_update(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	if (!v->rekey.started)
		refuse(reply, 400, "no barrier rekey in progress");
	else if (v->rekey.verifying)
		refuse(reply, 400, "rekey operation already finished; verification must be performed");
	else if (!text_same(text_of(a, rq, "nonce"), v->rekey.nonce))
		refuse(reply, 400, "incorrect nonce supplied");
	else
		switch (take_share(v, &v->rekey, text_of(a, rq, "key"), v->keys, v->shares, v->threshold)) {
		case TAKEN_TWICE:
			refuse(reply, 400, "given key has already been provided during this rekey operation");
			break;
		case TAKEN_WRONG:
			refuse(reply, text_same(v->seal, "shamir") ? 500 : 400, "failed to read root key: invalid key: it does not match");
			break;
		case TAKEN_ALL:
			rekey_made(v, a, reply);
			break;
		default:
			rekey_state(v, a, reply);
		}
}

static void rekey_verify(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	struct value *body = value_new_map(a);
	enum taken taken;

	if (!v->rekey.started || !v->rekey.verifying) {
		refuse(reply, 400, "no rekey in progress");
		return;
	}
	if (!text_same(text_of(a, rq, "nonce"), v->rekey.verify_nonce)) {
		refuse(reply, 400, "incorrect nonce supplied");
		return;
	}
	taken = take_share(v, &v->rekey, text_of(a, rq, "key"), v->keys + 1, v->rekey.shares, v->rekey.threshold);
	if (taken == TAKEN_TWICE) {
		refuse(reply, 400, "given key has already been provided during this verify operation");
		return;
	}
	if (taken == TAKEN_WRONG) {
		refuse(reply, 400, "rekey verification failed; incorrect key shares supplied");
		return;
	}
	if (taken == TAKEN_ALL) {
		v->keys++;
		v->shares = v->rekey.shares;
		v->threshold = v->rekey.threshold;
		v->rekey = (struct fake_attempt){0};
		value_set_bool(a, body, "complete", true);
	}
	answer(reply, body);
}

/* ---- tokens ---- */

static void look_up(const struct fake_vault *v, const struct request *rq, struct reply *reply)
{
	if (fake_vault_takes(v, token_of(rq)))
		fake_reply(reply, 200, "{\"data\":{\"policies\":[\"root\"]}}");
	else
		refuse(reply, 403, "permission denied");
}

static void revoke(struct fake_vault *v, const struct request *rq, struct reply *reply)
{
	if (!fake_vault_takes(v, token_of(rq))) {
		refuse(reply, 403, "permission denied");
		return;
	}
	for (unsigned i = 0; i < v->n_tokens; i++)
		if (text_same(v->tokens[i], token_of(rq)))
			v->tokens[i][0] = 0;
	fake_reply(reply, 204, "");
}

static bool serve_rekey(struct fake_vault *v, struct arena *a, const struct request *rq, const char *path,
                        struct reply *reply)
{
	const char *own = text_same(v->seal, "shamir") ? REKEY : RECOVERY;

	if (!text_starts(path, own))
		return false;
	path += strlen(own);
	if (text_same(path, "init"))
		rekey_init(v, a, rq, reply);
	else if (text_same(path, "update"))
		rekey_update(v, a, rq, reply);
	else if (text_same(path, "verify"))
		rekey_verify(v, a, rq, reply);
	else
		return false;
	return true;
}

bool fake_vault_serve_shares(struct fake_vault *v, struct arena *a, const struct request *rq, const char *path,
                             struct reply *reply)
{
	if (text_same(path, "/v1/sys/unseal"))
		unseal(v, a, rq, reply);
	else if (v->sealed_by_hand)
		refuse(reply, 503, "Vault is sealed");
	else if (text_same(path, ROOT "attempt"))
		root_attempt(v, a, rq, reply);
	else if (text_same(path, ROOT "update"))
		root_update(v, a, rq, reply);
	else if (text_same(path, "/v1/auth/token/lookup-self"))
		look_up(v, rq, reply);
	else if (text_same(path, "/v1/auth/token/revoke-self"))
		revoke(v, rq, reply);
	else
		return serve_rekey(v, a, rq, path, reply);
	return true;
}
