#include "app/page/page.h"

#include "app/config/config.h"
#include "app/page/page_files.h"
#include "app/rest/routes.h"
#include "base/buf.h"
#include "base/macros.h"
#include "wire/web/http.h"
#include "wire/web/json_write.h"

#include <string.h>

static const char PREFIX[] = "/app/";

/* ---- What a request accepts ---- */

/* Whether the parameters of a range or coding, such as "level=1;q=0", refuse it. */
static bool is_refused(struct slice params) {
    struct slice part;
    double q;
    while (slice_cut(&params, ';', &part)) {
        part = slice_trim(part);
        if (slice_has_prefix_nocase(part, SLICE("q=")))
            return slice_to_real(slice_skip(part, 2), &q) && q == 0;
    }
    return false;
}

/* Whether a list of ranges or codings (Accept, Accept-Encoding) names this one. */
static bool accepts(const struct http_head *head, const char *header, const char *word) {
    const struct slice *value = http_find_header(head, header);
    struct slice rest = value ? *value : SLICE_NONE, item, name;
    while (slice_cut(&rest, ',', &item))
        if (slice_cut(&item, ';', &name) &&
            slice_is_equal_nocase(slice_trim(name), slice_from(word)))
            return !is_refused(item);
    return false;
}

/* Whether If-None-Match names the tag. The list is compared weakly, as RFC 9110 (13.1.2) wants. */
static bool has_tag(const struct http_head *head, struct slice etag) {
    const struct slice *value = http_find_header(head, "if-none-match");
    struct slice rest = value ? *value : SLICE_NONE, item;
    while (slice_cut(&rest, ',', &item)) {
        item = slice_trim(item);
        if (slice_has_prefix(item, SLICE("W/")))
            item = slice_skip(item, 2);
        if (slice_is_equal(item, etag) || slice_is_equal(item, SLICE("*")))
            return true;
    }
    return false;
}

/* ---- The answers ---- */

static void add_policy(struct http_request *req, const struct config *config) {
    struct buf policy = {0};
    buf_add_text(&policy,
                 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                 "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
                 "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
                 "trusted-types 'none'; frame-ancestors ");
    struct slice rest = slice_from(config->web_frame_ancestors), origin;
    if (!rest.len)
        buf_add_text(&policy, "'none'");
    for (bool is_first = true; slice_cut(&rest, ',', &origin); is_first = false) {
        buf_add_text(&policy, is_first ? "" : " ");
        buf_add_slice(&policy, origin);
    }
    http_add_header(req, "Content-Security-Policy", buf_slice(&policy));
    http_add_header(req, "Referrer-Policy", SLICE("no-referrer"));
    http_add_header(req, "Permissions-Policy", SLICE("camera=(), geolocation=(), microphone=()"));
    http_add_header(req, "Cross-Origin-Resource-Policy", SLICE("same-origin"));
    buf_free(&policy);
}

static void lead_to_page(struct http_request *req) {
    struct buf where = {0};
    /* Relative, as a proxy may have put the server under a path of its own. */
    buf_add_text(&where, "app/");
    if (req->query.len) {
        buf_add_byte(&where, '?');
        buf_add_slice(&where, req->query);
    }
    http_add_header(req, "Location", buf_slice(&where));
    http_add_header(req, "Cache-Control", SLICE("no-cache"));
    http_respond(req, 302, NULL, SLICE_NONE);
    buf_free(&where);
}

static void send_file(struct http_request *req, const struct config *config,
                      const struct page_file *file) {
    bool is_packed = file->packed.len && accepts(req->head, "accept-encoding", "gzip");
    struct buf etag = {0};
    buf_add(&etag, file->etag, strlen(file->etag) - 1);
    buf_add_text(&etag, is_packed ? "-gz\"" : "\"");
    add_policy(req, config);
    http_add_header(req, "ETag", buf_slice(&etag));
    http_add_header(req, "Cache-Control", SLICE("no-cache"));
    http_add_header(req, "Vary", SLICE("Accept-Encoding"));
    if (has_tag(req->head, buf_slice(&etag))) {
        http_respond(req, 304, NULL, SLICE_NONE);
    } else {
        if (is_packed)
            http_add_header(req, "Content-Encoding", SLICE("gzip"));
        http_respond(req, 200, file->type, is_packed ? file->packed : file->plain);
    }
    buf_free(&etag);
}

static void page_on_file(struct http_request *req, const struct route_match *match, void *owner) {
    const struct page *page = owner;
    struct slice name = slice_skip(req->path, sizeof PREFIX - 1);
    const struct page_file *file = page_file_find(name.len ? name : SLICE("index.html"));
    if (file)
        send_file(req, page->config, file);
    else
        http_respond_not_found(req);
}

/* The descriptions of the API, for programs that read them and for makers of clients. */
static void page_on_description(struct http_request *req, const struct route_match *match,
                                void *owner) {
    const struct page *page = owner;
    struct slice name = slice_skip(req->path, 1); /* in any letter case, maybe with a last slash */
    for (size_t i = 0; i < description_file_count; i++) {
        if (slice_has_prefix_nocase(name, slice_from(description_files[i].name))) {
            send_file(req, page->config, &description_files[i]);
            return;
        }
    }
}

static void page_on_folder(struct http_request *req, const struct route_match *match, void *owner) {
    lead_to_page(req);
}

/* What the page has to know before anybody has signed in. */
static void page_on_about(struct http_request *req, const struct route_match *match, void *owner) {
    static const char *const accesses[] = {
        [ACCESS_OPEN] = "open", [ACCESS_REPORT] = "report", [ACCESS_HOST] = "host"};
    static const char *const locales[LOCALES] = {
        [LOCALE_PT_BR] = "pt-BR", [LOCALE_EN] = "en", [LOCALE_ES] = "es"};
    const struct config *config = ((const struct page *)owner)->config;
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "version", SLICE(PROSA_VERSION));
    json_add_text(&json, "access", slice_from(accesses[config->feedback_access]));
    json_add_text(&json, "locale", slice_from(locales[config->feedback_locale]));
    json_add_bool(&json, "moods", config->web_moods);
    json_close(&json);
    http_add_header(req, "Cache-Control", SLICE("no-store"));
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

/* For those who are measured, without a login: what is done in a room, and for how long it is kept. It
 * is the same for all rooms, and tells nothing of whether there is one of that name. */
static void page_on_notice(struct http_request *req, const struct route_match *match, void *owner) {
    const struct config *config = ((const struct page *)owner)->config;
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "roomName", match->params[0]);
    json_add_bool(&json, "isRecorded",
                  !slice_is_equal(slice_from(config->record_format), SLICE("off")));
    json_add_bool(&json, "isSentToProsody", config->hume_api_key != NULL);
    json_add_bool(&json, "isForEverybody", config->feedback_access != ACCESS_HOST);
    if (config->recording_ttl_days)
        json_add_uint(&json, "recordingDays", config->recording_ttl_days);
    else
        json_add_null(&json, "recordingDays"); /* until somebody deletes them */
    json_add_uint(&json, "feedbackDays", config->feedback_ttl_days);
    json_add_uint(&json, "reportDays", config->report_ttl_days);
    json_add_text_or_null(&json, "contact", slice_from(config->web_contact));
    json_close(&json);
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

void page_add_routes(struct page *page, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/app/...", page_on_file},
        {"GET", "/app", page_on_folder},
        {"GET", "/page/about", page_on_about},
        {"GET", "/rooms/:roomName/notice", page_on_notice},
    };
    static const struct route descriptions[] = {
        {"GET", "/openapi.yaml", page_on_description},
        {"GET", "/asyncapi.yaml", page_on_description},
    };
    routes_add(routes, descriptions, ARRAY_LEN(descriptions), page);
    if (page->config->web_page)
        routes_add(routes, rows, ARRAY_LEN(rows), page);
}

bool page_take_root(const struct page *page, struct http_request *req) {
    if (!page->config->web_page)
        return false;
    http_add_header(req, "Vary", SLICE("Accept"));
    if (!accepts(req->head, "accept", "text/html"))
        return false;
    lead_to_page(req);
    return true;
}

const struct page_file *page_file_find(struct slice name) {
    for (size_t i = 0; i < page_file_count; i++)
        if (slice_is_equal(name, slice_from(page_files[i].name)))
            return &page_files[i];
    return NULL;
}
