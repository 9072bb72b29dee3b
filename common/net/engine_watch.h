/* What is watched for bytes and room: the engine's epoll set. Children, signals and a relay's door are polled beside it. */
#ifndef NET_ENGINE_WATCH_H
#define NET_ENGINE_WATCH_H

#include "net/engine.h"

/* Something can be done with fd (EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR); it may be less than is told. */
typedef void watch_hear(struct engine *g, int fd, unsigned events, void *of);

/* events of epoll_ctl(2), 0: none any more, which comes before fd is closed. What was set before is replaced. */
void watch_set(struct engine *g, int fd, unsigned events, watch_hear *hear, void *of);
/* Tells all that can be told without waiting. g->epoll is readable while there is more. */
void watch_hear_all(struct engine *g);
/* Lets libcurl do what it has planned for now: false if that is nothing. When it has more is g->curl_due_ms. */
bool watch_curl_due(struct engine *g);

/* With g->multi there, which is closed before the watch is. ERR_BUG: the system has no epoll. */
MUST_CHECK int watch_open(struct engine *g, struct err *e);
void watch_close(struct engine *g);

#endif
