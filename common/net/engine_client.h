/* Certificates that we show to a server: engine_client.c, for engine_tls.c. */
#ifndef NET_ENGINE_CLIENT_H
#define NET_ENGINE_CLIENT_H

#include "net/engine.h"

struct ssl_ctx_st;       /* OpenSSL's SSL_CTX */

/*
 * Of tls, which has a certificate and a key: decoded when it is first asked for, and kept until clients_close. What cannot
 * be decoded, a key with a passphrase among it, is refused by client_show.
 */
struct client *client_of(struct engine *g, const struct tls *tls);
/* What tells it from others: a digest, in hexadecimal. */
void client_mark(const struct client *c, struct buf *out);
/* Connections of this context show it. False: it cannot be used, or the key is another's. */
bool client_show(const struct client *c, struct ssl_ctx_st *context);
/* With no connection left. */
void clients_close(struct engine *g);

#endif
