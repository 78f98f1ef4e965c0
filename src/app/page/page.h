/*
 * The page under /app/. Every answer forbids scripts, styles and requests from anywhere else, and
 * scripts inside of the markup; WEB_FRAME_ANCESTORS says which sites may show it in a frame. Files
 * are asked for again each time and answered 304 while their ETag is the same, so that a new server
 * never works with half of an old page. Control thread only.
 */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdbool.h>

struct config;
struct http_request;
struct routes;

/* Must outlive the routes. */
struct page {
    const struct config *config;
};

/* With WEB_PAGE=off these are the descriptions of the API alone: /openapi.yaml and /asyncapi.yaml. */
void page_add_routes(struct page *page, struct routes *routes);

/*
 * For GET /: a browser, which accepts text/html, is led to the page. False: it is none, or the page
 * is off, and the request is to be answered otherwise. Says by Vary that others get another answer.
 */
bool page_take_root(const struct page *page, struct http_request *req);

#endif
