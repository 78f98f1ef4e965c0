/* An answer that refuses a request. */
#ifndef APP_REFUSAL_H
#define APP_REFUSAL_H

struct http_request;

/* 401 gets WWW-Authenticate, 503 Retry-After. `message` NULL: the status alone says why. */
void refuse(struct http_request *, int status, const char *message);

#endif
