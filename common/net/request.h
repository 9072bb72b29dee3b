/*
 * One request and its reply, for HTTP and for child processes alike.
 *
 * A request is filled by a step's `ask`, anew for each try, and lives until its
 * reply was heard. Everything it points to lies in its own arena (`mem`), which
 * is wiped afterwards since headers and bodies may hold secrets; `tls` is
 * borrowed and must outlive the call.
 *
 *	request_get(rq, "https://host/version");
 *	request_header(rq, "Accept", "application/json");
 *
 * `sort` says how a reply is sorted before `hear` sees it; each protocol brings
 * its own, since 429 and 503 are plain answers of Vault's sys/health.
 */
#ifndef NET_REQUEST_H
#define NET_REQUEST_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/secret.h"

#include <stdint.h>

enum {
	REQUEST_HEADERS_MAX = 24,
	REPLY_BODY_MAX = 8 << 20,      /* default ceiling of a reply's body, bytes */
	REPLY_HEAD_MAX = 64 << 10,     /* of all header lines together */
	CHILD_OUTPUT_MAX = 8 << 20,    /* of a child's stdout; its stderr keeps the last 64 KiB */
	REQUEST_TIMEOUT_MS = 30000,    /* default for the whole exchange */
	CONNECT_TIMEOUT_MS = 10000
};

struct reply;
struct tunnel;

enum sorted {
	SORTED_ANSWER,  /* hear decides */
	SORTED_BUSY,    /* throttled: nothing was done, ask again later */
	SORTED_BROKEN   /* the server failed: whether it was done is unknown */
};

struct header {
	const char *name, *value;
};

/* Who is trusted and who we are. All borrowed; empty views and NULL: the engine's defaults. */
struct tls {
	struct view ca_pem;          /* trusted instead of the system's */
	struct view cert_pem;        /* client certificate chain */
	const struct secret *key_pem;
	const char *server_name;     /* checked and sent instead of the URL's host */
	const char *proxy_url;       /* NULL: from the engine; "": none */
	/*
	 * Trusts anybody, to see what certificate is shown: the chain comes in
	 * reply.talk, as PEM, where the connection is new. Never with a secret: a
	 * request with credentials is refused.
	 */
	bool inspect;
	bool anew;                   /* by a connection of its own: what is shown now, and not what one was shown before */
};

/* REQUEST_MESSAGES: an HTTP request that is an upgrade to a WebSocket, whose messages are the reply. */
enum request_kind { REQUEST_NONE, REQUEST_HTTP, REQUEST_CHILD, REQUEST_MESSAGES };

/* What a message of a WebSocket was. */
enum message_said {
	MESSAGE_MORE,   /* taken into the reply; another is to come */
	MESSAGE_LAST,   /* the reply is whole */
	MESSAGE_WRONG   /* e says why; the call is lost */
};

/* How a child's stream is connected. */
enum child_stream {
	CHILD_CAPTURED,   /* into the reply */
	CHILD_SHARED,     /* our own */
	CHILD_DISCARDED
};

struct request {
	enum request_kind kind;
	struct arena mem;
	enum sorted (*sort)(const struct reply *);  /* NULL: request_sort_http or request_sort_child */
	unsigned timeout_ms;                        /* 0: REQUEST_TIMEOUT_MS */
	size_t body_max;                            /* of the reply; 0: REPLY_BODY_MAX */
	const char *label;                          /* for trace and golden call lists: "kms:DescribeKey" */
	/*
	 * Set by the loop for rows with `settle`: must not be sent twice behind
	 * our back. libcurl re-sends on a reused connection that died; so the
	 * body goes through a read callback that cannot rewind, and a request
	 * without a body takes a fresh connection.
	 */
	bool once;

	/* HTTP */
	const char *method;
	const char *url;
	struct header headers[REQUEST_HEADERS_MAX];
	size_t n_headers;
	struct view body;
	unsigned abreast;                           /* calls to this server at once; others wait (engine_turn.c). 0: no limit */
	const char *service;                        /* which of several behind one address; NULL: there is one */
	const struct tls *tls;
	const struct tunnel *tunnel;                /* the way to the server (net/tunnel.h), borrowed as tls is; NULL: straight */

	/*
	 * Messages: GET with url, headers (Sec-WebSocket-Protocol among them) and tls as for HTTP. The server speaks,
	 * we only listen. Where it refuses the upgrade, its answer is the reply, with its own status and body; else the
	 * status is 101, and each message is put into the reply by this.
	 */
	enum message_said (*hear)(struct reply *, struct view message, struct err *);

	/* child */
	const char *const *argv;                    /* NULL-terminated, argv[0] looked up on PATH */
	const char *const *env_set;                 /* "NAME=value", NULL-terminated; added to our own. Never a secret */
	const char *const *env_unset;               /* names, NULL-terminated; as request_child leaves it, REQUEST_ENV_OURS */
	struct view input;                          /* its stdin; p NULL: /dev/null */
	enum child_stream out, talk;                /* stdout and stderr */
	bool input_shared;                          /* our own stdin */
	/* Given to the child as file descriptor 3 (a sealed memory file, read from its start); p NULL: none. */
	struct view file;
};

struct reply {
	int status;           /* HTTP status; a child's exit code, or 128 + signal */
	struct buf head;      /* header lines of the final response, "Name: value\n" each */
	struct buf body;      /* or a child's stdout */
	/* A child's stderr, its end; the certificates of an HTTP server that was inspected; what `hear` put there. */
	struct buf talk;
};

/* Fills method, url and kind; url is copied. */
void request_http(struct request *rq, const char *method, const char *url);
/* A header, value copied into mem. Past REQUEST_HEADERS_MAX it ends the process: a bug. */
void request_header(struct request *rq, const char *name, const char *value);
/* A copy of the body, with its type (NULL: no Content-Type is sent). */
void request_body(struct request *rq, struct view body, const char *content_type);
/* NULL when absent. Names in any case. */
const char *request_header_get(const struct request *rq, const char *name);
/* One of its headers proves who we are: Authorization, a token of AWS's or Vault's, a cookie. */
bool request_has_credentials(const struct request *rq);
/*
 * A token of Vault's that stands in our environment is ours to read, and is not handed on: not to a plugin of kubeconfig's, a
 * credential_process, gpg. What sets env_unset anew names it again, or lets it through, as for a client of Vault's (`proxy`).
 */
#define REQUEST_ENV_OURS "VAULT_TOKEN"
/* argv is copied, up to its NULL. */
void request_child(struct request *rq, const char *const *argv);
void request_release(struct request *rq);

/* Makes an HTTP request one that is heard as messages. */
void request_messages(struct request *rq, enum message_said (*hear)(struct reply *, struct view, struct err *));

/* The value of the last header of this name, in arena; NULL when absent. */
const char *reply_header(const struct reply *r, struct arena *a, const char *name);
void reply_release(struct reply *r);

/* 429 and 503 are busy, other 5xx broken, the rest answers. */
enum sorted request_sort_http(const struct reply *r);
/* Whatever a child said is an answer. */
enum sorted request_sort_child(const struct reply *r);

#endif
