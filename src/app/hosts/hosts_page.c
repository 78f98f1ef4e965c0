/* Rights to the page of one meeting: they come from a LiveKit host's token, and outlive its session. */
#include "app/hosts/hosts_private.h"
#include "base/clock.h"
#include "base/rand.h"
#include "outside/store/store.h"
#include "outside/store/store_verdict.h"
#include "wire/web/base64.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define PREFIX "pg_"

enum { RANDOM_BYTES = HOSTS_PAGE_TOKEN_SIZE - sizeof PREFIX, SHA_BYTES = 32 };

bool hosts_is_page_token(struct slice token) {
    return slice_has_prefix(token, SLICE(PREFIX));
}

void hosts_make_page_token(char token[HOSTS_PAGE_TOKEN_SIZE]) {
    memcpy(token, PREFIX, strlen(PREFIX));
    rand_token(token + strlen(PREFIX), RANDOM_BYTES);
}

/* The token is random, so a plain hash of it cannot be guessed backwards. */
void hosts_page_hash(struct slice token, char hash[HOSTS_PAGE_HASH_SIZE]) {
    uint8_t digest[SHA_BYTES];
    struct buf text = {0};
    int is_done = EVP_Digest(token.ptr, token.len, digest, NULL, EVP_sha256(), NULL);
    assert(is_done);
    (void)is_done;
    base64url_write(&text, slice_of(digest, sizeof digest));
    assert(text.len == HOSTS_PAGE_HASH_SIZE - 1);
    memcpy(hash, text.data, text.len);
    hash[text.len] = '\0';
    buf_free(&text);
}

void hosts_page_end(struct host_page *page) {
    if (page->call)
        store_cancel(page->call);
    page->call = NULL;
}

static void hosts_on_page_right(int err, const struct store_right *row, void *arg) {
    struct host_page *page = arg;
    page->call = NULL;
    if (!err && (row->revoked_ms || row->expires_ms <= clock_wall_ms()))
        err = ENOENT;
    if (!err)
        hosts_take_page(page->client, row);
    page->fn(err == 0 || err == ENOENT ? err : EAGAIN, page->user);
}

void hosts_page_start(struct host_page *page, struct host_client *client, struct slice token,
                      void (*fn)(int err, void *user), void *user) {
    char hash[HOSTS_PAGE_HASH_SIZE];
    hosts_page_hash(token, hash);
    *page = (struct host_page){.client = client, .fn = fn, .user = user};
    page->call = store_right_find(client->hosts->settings.store, slice_from(hash),
                                  hosts_on_page_right, page);
}
