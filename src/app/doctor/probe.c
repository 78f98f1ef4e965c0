#include "app/doctor/probe.h"

#include "base/clock.h"
#include "base/slice.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { PROBE_TIMEOUT_MS = 5000, BODY_MAX = 1 << 20 };

static size_t probe_on_body(char *bytes, size_t size, size_t count, void *user) {
    struct probe *probe = user;
    if (probe->body.len + count > BODY_MAX)
        return 0;
    buf_add(&probe->body, bytes, count);
    return count;
}

static size_t probe_on_header(char *bytes, size_t size, size_t count, void *user) {
    struct probe *probe = user;
    struct slice value = {bytes, count}, name;
    if (slice_cut(&value, ':', &name) && slice_is_equal_nocase(name, SLICE("date"))) {
        char date[64];
        value = slice_trim(value);
        snprintf(date, sizeof date, "%.*s", SLICE_ARG(value));
        time_t told = curl_getdate(date, NULL);
        probe->told_ms = told > 0 ? (int64_t)told * 1000 : 0;
        probe->heard_ms = clock_wall_ms();
    }
    return count;
}

/* A WebSocket's address is asked by plain HTTP: any answer shows that somebody is there. */
static void add_url(struct buf *out, struct slice url) {
    if (slice_has_prefix(url, SLICE("ws"))) {
        buf_add_text(out, "http");
        url = slice_skip(url, 2);
    }
    buf_add_slice(out, url);
    buf_add_byte(out, 0);
}

void probe_ask(struct probe *probe) {
    struct buf url = {0}, authorization = {0};
    struct curl_slist *headers = NULL;
    char problem[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    add_url(&url, slice_from(probe->url));
    if (probe->token) {
        buf_printf(&authorization, "Authorization: Bearer %s", probe->token);
        buf_add_byte(&authorization, 0);
        headers = curl_slist_append(headers, (const char *)authorization.data);
    }
    curl_easy_setopt(easy, CURLOPT_URL, (const char *)url.data);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PROXY, probe->proxy ? probe->proxy : "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, probe->trusts_anyone ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, probe->trusts_anyone ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)PROBE_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "prosa/" PROSA_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, probe_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, probe);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, probe_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
    CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &probe->status);
    else
        snprintf(probe->why, sizeof probe->why, "%s",
                 *problem ? problem : curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    buf_free(&url);
    buf_free(&authorization);
}
