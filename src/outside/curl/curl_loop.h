/* libcurl's multi interface on a loop: its sockets are watched there, its timer is one of the
 * loop's. Everything happens on the thread of the loop. */
#ifndef OUTSIDE_CURL_LOOP_H
#define OUTSIDE_CURL_LOOP_H

#include <curl/curl.h>

struct curl_loop;
struct loop;

/* A request has ended; it is still added. At the end of a turn, never from curl_loop_add(). */
typedef void curl_done_fn(CURL *easy, CURLcode code, void *user);
/* All that ended in a turn have been told. */
typedef void curl_turn_fn(void *user);

/* on_turn may be NULL. EIO when libcurl cannot be used. */
int curl_loop_open(struct curl_loop **out, struct loop *loop, curl_done_fn *on_done,
                   curl_turn_fn *on_turn, void *user);
/* The caller's handle; it stays the caller's. */
void curl_loop_add(struct curl_loop *, CURL *easy);
void curl_loop_remove(struct curl_loop *, CURL *easy);

/* Nothing is called any more. The thread of the loop, or when that is gone; all handles must have
 * been removed before curl_loop_close(). NULL is fine. */
void curl_loop_stop(struct curl_loop *);
void curl_loop_close(struct curl_loop *);

#endif
