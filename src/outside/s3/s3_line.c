#include "outside/s3/s3_line.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/files/file.h"
#include "wire/web/base64.h"

#include <assert.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ANSWER_MAX_BYTES = 4 << 20, /* a list of 1,000 parts has some 300 KB */
    CONNECT_MS = 10 * 1000,
    STILL_S = 30, /* so long may a transfer stand still */
    CALL_S = 3600,
    HEADERS_MAX = 12,
    CHUNK_BYTES = 64 * 1024,
};

struct s3_line {
    struct s3 *s3;
    const atomic_bool *is_stopped;
    CURL *easy;
};

/* One request on its way. */
struct s3_exchange {
    struct s3_line *line;
    const struct s3_request *request;
    struct s3_answer *answer;
    uint64_t sent;    /* of a file's stretch */
    struct buf body;  /* of the answer */
    int64_t stores_s; /* the store's clock, by its header; 0: it did not say */
    char region[S3_REGION_SIZE];
};

static bool is_stopped(const struct s3_line *line) {
    return line->is_stopped && atomic_load(line->is_stopped);
}

/* ---- The bodies ---- */

static size_t s3_on_read(char *bytes, size_t size, size_t count, void *user) {
    struct s3_exchange *x = user;
    uint64_t left = x->request->file_bytes - x->sent;
    size_t want = size * count < left ? size * count : (size_t)left, got = 0;
    if (file_read_at(x->request->fd, bytes, want, x->request->offset + x->sent, &got) || got < want)
        return CURL_READFUNC_ABORT;
    x->sent += got;
    return got;
}

static int s3_on_seek(void *user, curl_off_t offset, int origin) {
    struct s3_exchange *x = user;
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    x->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t s3_on_body(char *bytes, size_t size, size_t count, void *user) {
    struct s3_exchange *x = user;
    if (x->body.len + size * count > ANSWER_MAX_BYTES)
        return 0;
    buf_add(&x->body, bytes, size * count);
    return size * count;
}

static int s3_on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const struct s3_exchange *x = user;
    return is_stopped(x->line);
}

/* ---- The answer's head ---- */

static bool header_is(struct slice line, struct slice name, struct slice *value) {
    if (!slice_has_prefix_nocase(line, name) || line.len <= name.len || line.ptr[name.len] != ':')
        return false;
    struct slice rest = slice_skip(line, name.len + 1);
    while (rest.len > 0 && strchr("\r\n", rest.ptr[rest.len - 1]))
        rest.len--;
    *value = slice_trim(rest);
    return true;
}

static void keep_text(char *out, size_t size, struct slice value) {
    if (value.len < size)
        snprintf(out, size, "%.*s", SLICE_ARG(value));
}

static size_t s3_on_header(char *bytes, size_t size, size_t count, void *user) {
    struct s3_exchange *x = user;
    struct s3_answer *answer = x->answer;
    struct slice line = slice_of(bytes, size * count), value;
    if (header_is(line, SLICE("etag"), &value)) {
        keep_text(answer->etag, sizeof answer->etag, value);
    } else if (header_is(line, SLICE("x-amz-meta-sha256"), &value)) {
        keep_text(answer->sum, sizeof answer->sum, value);
    } else if (header_is(line, SLICE("x-amz-bucket-region"), &value)) {
        keep_text(x->region, sizeof x->region, value);
    } else if (header_is(line, SLICE("content-length"), &value)) {
        slice_to_uint(value, UINT64_MAX, &answer->bytes);
    } else if (header_is(line, SLICE("date"), &value)) {
        char text[64] = "";
        keep_text(text, sizeof text, value);
        x->stores_s = curl_getdate(text, NULL);
    }
    return size * count;
}

/* ---- What is signed ---- */

/* The sums by which the store finds out whether the bytes are those that were sent. */
struct body_sums {
    char sha256[SIGV4_SHA256_SIZE];
    char *md5; /* base64 */
};

static bool add_stretch(const struct s3_exchange *x, EVP_MD_CTX *sha256, EVP_MD_CTX *md5) {
    const struct s3_request *request = x->request;
    char *chunk = mem_alloc_raw(CHUNK_BYTES);
    uint64_t at = 0;
    while (at < request->file_bytes && !is_stopped(x->line)) {
        uint64_t left = request->file_bytes - at;
        size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, got = 0;
        if (file_read_at(request->fd, chunk, want, request->offset + at, &got) || got < want)
            break;
        EVP_DigestUpdate(sha256, chunk, got);
        EVP_DigestUpdate(md5, chunk, got);
        at += got;
    }
    mem_free(chunk);
    return at == request->file_bytes;
}

/* False: the file cannot be read to its end, or the line is to stop. */
static bool sum_body(const struct s3_exchange *x, struct body_sums *sums) {
    const struct s3_request *request = x->request;
    EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *md5 = EVP_MD_CTX_new();
    uint8_t digest[32];
    struct buf text = {0};
    EVP_DigestInit(sha256, EVP_sha256());
    EVP_DigestInit(md5, EVP_md5());
    bool is_read = true;
    if (request->file_bytes > 0) {
        is_read = add_stretch(x, sha256, md5);
    } else if (request->body.len > 0) {
        EVP_DigestUpdate(sha256, request->body.ptr, request->body.len);
        EVP_DigestUpdate(md5, request->body.ptr, request->body.len);
    }
    EVP_DigestFinal(sha256, digest, NULL);
    text_hex(digest, 32, sums->sha256);
    EVP_DigestFinal(md5, digest, NULL);
    base64_write(&text, slice_of(digest, 16));
    sums->md5 = buf_take_text(&text);
    EVP_MD_CTX_free(sha256);
    EVP_MD_CTX_free(md5);
    return is_read;
}

struct header_list {
    struct sigv4_header all[HEADERS_MAX];
    size_t count;
};

static void add_header(struct header_list *list, const char *name, const char *value) {
    if (!value || !value[0])
        return;
    assert(list->count < HEADERS_MAX);
    list->all[list->count++] = (struct sigv4_header){name, slice_from(value)};
}

/* In the order of their names, as they are signed. */
static void list_headers(const struct s3_exchange *x, const struct s3_place *place,
                         const struct body_sums *sums, const char *date, struct header_list *list) {
    const struct s3_settings *set = s3_settings(x->line->s3);
    const struct s3_request *request = x->request;
    bool has_body = request->file_bytes > 0 || request->body.len > 0;
    bool is_new = request->sum != NULL;
    add_header(list, "content-md5", has_body ? sums->md5 : NULL);
    add_header(list, "content-type", request->type);
    add_header(list, "host", place->host);
    add_header(list, "if-none-match", request->is_only_if_absent ? "*" : NULL);
    add_header(list, "x-amz-content-sha256", sums->sha256);
    add_header(list, "x-amz-date", date);
    add_header(list, "x-amz-meta-sha256", request->sum);
    add_header(list, "x-amz-security-token", set->session_token);
    add_header(list, "x-amz-server-side-encryption", is_new ? set->encryption : NULL);
    add_header(list, "x-amz-server-side-encryption-aws-kms-key-id",
               is_new ? set->encryption_key_id : NULL);
    add_header(list, "x-amz-storage-class", is_new ? set->storage_class : NULL);
}

static struct curl_slist *append(struct curl_slist *headers, const char *name, struct slice value) {
    struct buf line = {0};
    buf_printf(&line, "%s: %.*s", name, SLICE_ARG(value));
    char *text = buf_take_text(&line);
    headers = curl_slist_append(headers, text);
    mem_free(text);
    return headers;
}

static struct curl_slist *sign_headers(const struct s3_exchange *x, const struct s3_place *place,
                                       const struct body_sums *sums) {
    struct s3 *s3 = x->line->s3;
    const struct s3_settings *set = s3_settings(s3);
    char region[S3_REGION_SIZE], date[SIGV4_DATE_SIZE];
    int64_t now_s = clock_wall_ms() / 1000 + s3_skew_s(s3);
    struct header_list list = {.count = 0};
    s3_region(s3, region);
    sigv4_date(now_s, date);
    list_headers(x, place, sums, date, &list);

    const struct sigv4_key key = {slice_from(set->key_id), slice_from(set->secret),
                                  slice_from(set->session_token), slice_from(region)};
    const struct sigv4_request signed_request = {x->request->method, slice_from(place->path),
                                                 x->request->query,  list.all,
                                                 list.count,         slice_from(sums->sha256)};
    struct buf authorization = {0};
    sigv4_authorize(&authorization, &key, &signed_request, now_s);
    struct curl_slist *headers = append(NULL, "Authorization", buf_slice(&authorization));
    for (size_t i = 0; i < list.count; i++)
        headers = append(headers, list.all[i].name, list.all[i].value);
    headers = curl_slist_append(headers, "Expect:");
    if (!x->request->type)
        headers = curl_slist_append(headers, "Content-Type:");
    buf_free(&authorization);
    return headers;
}

/* ---- One exchange ---- */

static void set_body(CURL *easy, struct s3_exchange *x) {
    const struct s3_request *request = x->request;
    if (request->file_bytes > 0) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->file_bytes);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, s3_on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, x);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, s3_on_seek);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
    } else if (!strcmp(request->method, "POST") || !strcmp(request->method, "PUT")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.len ? request->body.ptr : "");
    }
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_options(CURL *easy, struct s3_exchange *x, const char *url,
                        struct curl_slist *headers, char *problem) {
    curl_easy_reset(easy); /* the connection stays */
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STILL_S);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)CALL_S);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "prosa/" PROSA_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, s3_on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, s3_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, s3_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
    set_body(easy, x);
}

static void explain(const struct s3_exchange *x, const char *problem) {
    struct s3_answer *answer = x->answer;
    const struct s3_document *document = &answer->document;
    if (answer->outcome == S3_DONE)
        return;
    if (!answer->status)
        snprintf(answer->why, sizeof answer->why, "the store does not answer: %s", problem);
    else if (document->code[0])
        snprintf(answer->why, sizeof answer->why, "the store answers %ld %s: %s", answer->status,
                 document->code, document->message);
    else
        snprintf(answer->why, sizeof answer->why, "the store answers %ld", answer->status);
}

static void exchange(struct s3_exchange *x) {
    struct s3_answer *answer = x->answer;
    char problem[CURL_ERROR_SIZE] = "";
    struct body_sums sums = {.md5 = NULL};
    struct s3_place place;
    struct buf url = {0};
    s3_place_of(x->line->s3, x->request->key, &place);
    buf_add_text(&url, place.url);
    if (x->request->query.len > 0)
        buf_printf(&url, "?%.*s", SLICE_ARG(x->request->query));
    char *text = buf_take_text(&url);
    if (sum_body(x, &sums)) {
        struct curl_slist *headers = sign_headers(x, &place, &sums);
        set_options(x->line->easy, x, text, headers, problem);
        CURLcode code = curl_easy_perform(x->line->easy);
        if (code == CURLE_OK)
            curl_easy_getinfo(x->line->easy, CURLINFO_RESPONSE_CODE, &answer->status);
        else if (!problem[0])
            snprintf(problem, sizeof problem, "%s", curl_easy_strerror(code));
        curl_slist_free_all(headers);
    } else {
        snprintf(problem, sizeof problem, "the file cannot be read to its end");
    }
    s3_document_parse(buf_slice(&x->body), &answer->document);
    if (!answer->document.region[0])
        snprintf(answer->document.region, sizeof answer->document.region, "%s", x->region);
    answer->outcome = s3_outcome_of(answer->status, &answer->document);
    explain(x, problem);
    mem_free(text);
    mem_free(sums.md5);
    s3_place_free(&place);
    buf_free(&x->body);
}

/* True: something was learned by which the request may go through. */
static bool learn(struct s3 *s3, const struct s3_exchange *x) {
    char region[S3_REGION_SIZE];
    const char *named = x->answer->document.region;
    s3_region(s3, region);
    if (x->answer->outcome == S3_ELSEWHERE && strcmp(named, region)) {
        s3_learn_region(s3, named);
        return true;
    }
    if (x->answer->outcome == S3_SKEWED && x->stores_s > 0) {
        s3_learn_skew(s3, x->stores_s - clock_wall_ms() / 1000);
        return true;
    }
    return false;
}

void s3_line_call(struct s3_line *line, const struct s3_request *request,
                  struct s3_answer *answer) {
    struct s3_exchange x = {.line = line, .request = request, .answer = answer};
    *answer = (struct s3_answer){0};
    exchange(&x);
    if (!learn(line->s3, &x))
        return;
    s3_answer_free(answer);
    *answer = (struct s3_answer){0};
    x = (struct s3_exchange){.line = line, .request = request, .answer = answer};
    exchange(&x);
}

void s3_answer_free(struct s3_answer *answer) {
    s3_document_free(&answer->document);
}

struct s3_line *s3_line_open(struct s3 *s3, const atomic_bool *is_stopped) {
    struct s3_line *line = mem_alloc(sizeof *line);
    line->s3 = s3;
    line->is_stopped = is_stopped;
    line->easy = curl_easy_init();
    assert(line->easy);
    return line;
}

void s3_line_close(struct s3_line *line) {
    if (!line)
        return;
    curl_easy_cleanup(line->easy);
    mem_free(line);
}
