#include "wire/web/sigv4.h"

#include "base/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { DIGEST_BYTES = 32, DAY_CHARS = 8 };

void sigv4_date(int64_t unix_s, char out[SIGV4_DATE_SIZE]) {
    char iso[TEXT_ISO_SIZE]; /* "2013-05-24T00:00:00.000Z" */
    text_iso_time(unix_s * 1000, iso);
    size_t len = 0;
    for (const char *c = iso; *c && *c != '.'; c++)
        if (*c != '-' && *c != ':')
            out[len++] = *c;
    assert(len == SIGV4_DATE_SIZE - 2);
    memcpy(out + len, "Z", 2);
}

void sigv4_sha256(struct slice bytes, char out[SIGV4_SHA256_SIZE]) {
    uint8_t digest[DIGEST_BYTES];
    EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);
    text_hex(digest, sizeof digest, out);
}

static bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void sigv4_encode(struct buf *out, struct slice text, bool is_path) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_unreserved(c) || (is_path && c == '/'))
            buf_add_byte(out, c);
        else
            buf_printf(out, "%%%02X", (uint8_t)c);
    }
}

/* ---- What is signed ---- */

/* "20130524/us-east-1/s3/aws4_request" */
static void add_scope(struct buf *out, const struct sigv4_key *key, const char *date) {
    buf_printf(out, "%.*s/%.*s/s3/aws4_request", DAY_CHARS, date, SLICE_ARG(key->region));
}

static void add_signed_names(struct buf *out, const struct sigv4_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        assert(i == 0 || strcmp(request->headers[i - 1].name, request->headers[i].name) < 0);
        buf_printf(out, "%s%s", i > 0 ? ";" : "", request->headers[i].name);
    }
}

static void add_canonical(struct buf *out, const struct sigv4_request *request) {
    buf_printf(out, "%s\n%.*s\n%.*s\n", request->method, SLICE_ARG(request->path),
               SLICE_ARG(request->query));
    for (size_t i = 0; i < request->header_count; i++)
        buf_printf(out, "%s:%.*s\n", request->headers[i].name,
                   SLICE_ARG(slice_trim(request->headers[i].value)));
    buf_add_byte(out, '\n');
    add_signed_names(out, request);
    buf_printf(out, "\n%.*s", SLICE_ARG(request->body_sha256));
}

static void hmac(const uint8_t *key, size_t key_len, struct slice text, uint8_t out[DIGEST_BYTES]) {
    unsigned len = DIGEST_BYTES;
    HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.ptr, text.len, out, &len);
}

/* The key of one day, region and service, then the signature with it. */
static void sign(const struct sigv4_key *key, const char *date, struct slice text,
                 char out[SIGV4_SHA256_SIZE]) {
    struct buf secret = {0};
    uint8_t mac[DIGEST_BYTES];
    buf_printf(&secret, "AWS4%.*s", SLICE_ARG(key->secret));
    hmac((const uint8_t *)secret.data, secret.len, slice_of(date, DAY_CHARS), mac);
    hmac(mac, sizeof mac, key->region, mac);
    hmac(mac, sizeof mac, SLICE("s3"), mac);
    hmac(mac, sizeof mac, SLICE("aws4_request"), mac);
    hmac(mac, sizeof mac, text, mac);
    text_hex(mac, sizeof mac, out);
    OPENSSL_cleanse(secret.data, secret.len);
    OPENSSL_cleanse(mac, sizeof mac);
    buf_free(&secret);
}

static void signature_of(const struct sigv4_key *key, const struct sigv4_request *request,
                         const char *date, char out[SIGV4_SHA256_SIZE]) {
    struct buf canonical = {0}, text = {0};
    char digest[SIGV4_SHA256_SIZE];
    add_canonical(&canonical, request);
    sigv4_sha256(buf_slice(&canonical), digest);
    buf_printf(&text, ALGORITHM "\n%s\n", date);
    add_scope(&text, key, date);
    buf_printf(&text, "\n%s", digest);
    sign(key, date, buf_slice(&text), out);
    buf_free(&canonical);
    buf_free(&text);
}

/* ---- Where the signature goes ---- */

void sigv4_authorize(struct buf *out, const struct sigv4_key *key,
                     const struct sigv4_request *request, int64_t unix_s) {
    char date[SIGV4_DATE_SIZE], signature[SIGV4_SHA256_SIZE];
    sigv4_date(unix_s, date);
    signature_of(key, request, date, signature);
    buf_printf(out, ALGORITHM " Credential=%.*s/", SLICE_ARG(key->id));
    add_scope(out, key, date);
    buf_add_text(out, ",SignedHeaders=");
    add_signed_names(out, request);
    buf_printf(out, ",Signature=%s", signature);
}

void sigv4_presign(struct buf *out, const struct sigv4_key *key, const char *method,
                   struct slice host, struct slice path, struct slice more, int64_t unix_s,
                   unsigned valid_s) {
    char date[SIGV4_DATE_SIZE], signature[SIGV4_SHA256_SIZE];
    sigv4_date(unix_s, date);
    struct buf credential = {0}, query = {0};
    buf_printf(&credential, "%.*s/", SLICE_ARG(key->id));
    add_scope(&credential, key, date);
    buf_add_text(&query, "X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=");
    sigv4_encode(&query, buf_slice(&credential), false);
    buf_printf(&query, "&X-Amz-Date=%s&X-Amz-Expires=%u", date, valid_s);
    if (key->session_token.len > 0) {
        buf_add_text(&query, "&X-Amz-Security-Token=");
        sigv4_encode(&query, key->session_token, false);
    }
    buf_add_text(&query, "&X-Amz-SignedHeaders=host");
    if (more.len > 0)
        buf_printf(&query, "&%.*s", SLICE_ARG(more));
    const struct sigv4_header headers[] = {{"host", host}};
    const struct sigv4_request request = {method,  path, buf_slice(&query),
                                          headers, 1,    SIGV4_UNSIGNED};
    signature_of(key, &request, date, signature);
    buf_add_slice(out, buf_slice(&query));
    buf_printf(out, "&X-Amz-Signature=%s", signature);
    buf_free(&credential);
    buf_free(&query);
}
