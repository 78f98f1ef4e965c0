#include "app/rest/refusal.h"

#include "net/http/http_server.h"

void refuse(struct http_request *req, int status, const char *message) {
    if (status == 401)
        http_add_header(req, "WWW-Authenticate", SLICE("Bearer"));
    if (status == 503)
        http_add_header(req, "Retry-After", SLICE("2"));
    http_respond_error(req, status, message);
}
