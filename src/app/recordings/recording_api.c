#include "app/recordings/recording_api.h"

#include "app/accounts/auth_private.h"
#include "app/recordings/download.h"
#include "app/recordings/erasure.h"
#include "app/recordings/recordings.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "outside/files/format.h"
#include "outside/store/store_recording.h"
#include "wire/web/url.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { TICKET_S = 60, TICKET_HEX = 64 };

/* ---- tickets: "<expiry>.<HMAC-SHA256 of id and expiry>" ---- */

static void ticket_sign(const struct recording_api *api, struct slice id, uint64_t expires_s,
                        char out[TICKET_HEX + 1]) {
    struct buf text = {0};
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    buf_printf(&text, "%" PRIu64 ".", expires_s);
    buf_add_slice(&text, id);
    HMAC(EVP_sha256(), api->ticket_key, sizeof api->ticket_key, (const uint8_t *)text.data,
         text.len, mac, &len);
    text_hex(mac, len, out);
    buf_free(&text);
}

static bool ticket_is_good(const struct recording_api *api, struct slice id, struct slice ticket) {
    struct slice expiry;
    uint64_t expires_s, now_s = (uint64_t)(clock_wall_ms() / 1000);
    char expected[TICKET_HEX + 1];
    if (!slice_cut(&ticket, '.', &expiry) || !slice_to_uint(expiry, UINT32_MAX, &expires_s) ||
        ticket.len != TICKET_HEX)
        return false;
    ticket_sign(api, id, expires_s, expected);
    return CRYPTO_memcmp(expected, ticket.ptr, TICKET_HEX) == 0 && now_s <= expires_s;
}

/* ---- whose recording is it ---- */

struct claim {
    struct recording_api *api;
    struct buf organizations; /* in which the asker has the role; each with a space behind it */
    struct buf path, format, user;
    void (*next)(struct errand *);
};

static void claim_free(void *arg) {
    struct claim *claim = arg;
    struct buf *const bufs[] = {&claim->organizations, &claim->path, &claim->format, &claim->user};
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
        buf_free(bufs[i]);
    mem_free(claim);
}

static struct claim *claim_new(struct errand *errand, const struct store_account *account,
                               enum store_role least) {
    struct claim *claim = mem_alloc(sizeof *claim);
    for (size_t i = 0; i < account->membership_count; i++) {
        if (account->memberships[i].role < least)
            continue;
        buf_add_slice(&claim->organizations, account->memberships[i].organization_id);
        buf_add_byte(&claim->organizations, ' ');
    }
    buf_add_slice(&claim->user, account->user_id);
    errand->job = claim;
    errand->free_job = claim_free;
    return claim;
}

static bool has_role_in(const struct claim *claim, struct slice organization_id) {
    struct slice rest = buf_slice(&claim->organizations), id;
    while (organization_id.len > 0 && slice_cut(&rest, ' ', &id))
        if (slice_is_equal(id, organization_id))
            return true;
    return false;
}

static void on_session(int err, const struct store_session *session, void *arg) {
    struct errand *errand = arg;
    struct claim *claim = errand->job;
    errand->call = NULL;
    if (!err && !has_role_in(claim, session->organization_id))
        err = ENOENT;
    if (err)
        errand_answer_errno(errand, err, "Recording not found");
    else
        claim->next(errand);
}

static void on_recording(int err, const struct recording_info *row, void *arg) {
    struct errand *errand = arg;
    struct claim *claim = errand->job;
    errand->call = NULL;
    if (err) {
        errand_answer_errno(errand, err, "Recording not found");
        return;
    }
    buf_add_slice(&claim->path, row->path);
    buf_add_slice(&claim->format, row->format);
    errand->call = store_session_get(errand->auth->store, row->meeting, on_session, errand);
}

static void find_recording(struct errand *errand, const struct store_account *account,
                           void (*next)(struct errand *)) {
    struct claim *claim = claim_new(errand, account, ROLE_ADMIN);
    claim->next = next;
    errand->call = store_recording_get(errand->auth->store, slice_from(errand->params[0]),
                                       on_recording, errand);
}

static struct recording_api *api_of(const struct errand *errand) {
    return errand->auth->recording_api;
}

/* ---- GET /recordings/:id ---- */

static void send_file(struct errand *errand, struct slice path, struct slice format) {
    struct recordings *recordings = api_of(errand)->recordings;
    struct http_request *req = errand->req;
    const struct download_file file = {.storage = recordings_storage(recordings),
                                       .is_video = format_is_video(format),
                                       .is_head = errand->is_head,
                                       .path = path,
                                       .format = format,
                                       .range = slice_from(errand->range),
                                       .if_range = slice_from(errand->if_range)};
    download_start(recordings_reader(recordings), req, &file);
    errand_free(errand);
}

static void send_claimed(struct errand *errand) {
    const struct claim *claim = errand->job;
    send_file(errand, buf_slice(&claim->path), buf_slice(&claim->format));
}

static void get_recording(struct errand *errand, const struct store_account *account) {
    find_recording(errand, account, send_claimed);
}

static void on_ticket_recording(int err, const struct recording_info *row, void *arg) {
    struct errand *errand = arg;
    errand->call = NULL;
    if (err)
        errand_answer_errno(errand, err, "Recording not found");
    else
        send_file(errand, row->path, row->format);
}

static void on_get(struct http_request *req, const struct route_match *match, void *owner) {
    struct recording_api *api = owner;
    struct buf ticket = {0};
    if (query_get(&ticket, req->query, "ticket") == ENOENT) {
        auth_check(api->auth, req, match, false, get_recording);
        return;
    }
    struct errand *errand = errand_new(api->auth, req, match, false);
    if (ticket_is_good(api, match->params[0], buf_slice(&ticket)))
        errand->call =
            store_recording_get(api->auth->store, match->params[0], on_ticket_recording, errand);
    else
        errand_answer_error(errand, 401, NULL);
    buf_free(&ticket);
}

/* ---- POST /recordings/:id/ticket ---- */

static void answer_ticket(struct errand *errand) {
    uint64_t expires_s = (uint64_t)(clock_wall_ms() / 1000) + TICKET_S;
    char mac[TICKET_HEX + 1];
    struct buf json = {0}, url = {0};
    ticket_sign(api_of(errand), slice_from(errand->params[0]), expires_s, mac);
    buf_printf(&url, "/recordings/%s?ticket=%" PRIu64 ".%s", errand->params[0], expires_s, mac);
    buf_add_text(&json, "{\"url\":");
    text_add_json(&json, buf_slice(&url));
    buf_printf(&json, ",\"expiresIn\":%d}", TICKET_S);
    errand_answer_json(errand, 201, buf_slice(&json));
    buf_free(&json);
    buf_free(&url);
}

static void give_ticket(struct errand *errand, const struct store_account *account) {
    find_recording(errand, account, answer_ticket);
}

static void on_post_ticket(struct http_request *req, const struct route_match *match, void *owner) {
    struct recording_api *api = owner;
    auth_check(api->auth, req, match, false, give_ticket);
}

/* ---- DELETE /sessions/:meetingId ---- */

static void on_own_session(int err, const struct store_session *session, void *arg) {
    struct errand *errand = arg;
    const struct claim *claim = errand->job;
    errand->call = NULL;
    if (!err && !has_role_in(claim, session->organization_id))
        err = ENOENT;
    if (err)
        errand_answer_errno(errand, err, "Session not found");
    else if (session->status == SESSION_ACTIVE)
        errand_answer_error(errand, 409, "The meeting is active; it can be erased when it ended");
    else
        erasure_start(claim->api->erasures, errand, slice_from(errand->params[0]),
                      buf_slice(&claim->user));
}

static void erase_session(struct errand *errand, const struct store_account *account) {
    struct claim *claim = claim_new(errand, account, ROLE_OWNER);
    claim->api = api_of(errand);
    errand->call = store_session_get(errand->auth->store, slice_from(errand->params[0]),
                                     on_own_session, errand);
}

static void on_delete(struct http_request *req, const struct route_match *match, void *owner) {
    struct recording_api *api = owner;
    auth_check(api->auth, req, match, false, erase_session);
}

void recording_api_init(struct recording_api *api, struct auth *auth,
                        struct recordings *recordings, struct erasures *erasures) {
    api->auth = auth;
    api->recordings = recordings;
    api->erasures = erasures;
    rand_bytes(api->ticket_key, sizeof api->ticket_key);
    auth->recording_api = api;
}

void recording_api_add_routes(struct recording_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/recordings/:id", on_get},
        {"POST", "/recordings/:id/ticket", on_post_ticket},
        {"DELETE", "/sessions/:meetingId", on_delete},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
