#include "app/egress/egress_url.h"

#include "wire/web/base64.h"
#include "wire/web/url.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { MAC_CHARS = 43 };

const char *egress_url_fault_name(enum egress_url_fault fault) {
    static const char *const names[] = {"ok",     "unsigned", "malformed", "ambiguous",
                                        "forged", "expired",  "used"};
    return names[fault];
}

/* A parameter with name and value decoded, as offsets into one buffer that still grows. */
struct param {
    size_t name, value, end;
};

struct params {
    struct buf text;
    struct param list[EGRESS_URL_PARAMS_MAX];
    size_t count;
    struct slice token; /* undecoded: its alphabet needs no escapes */
    unsigned tokens;
};

static struct slice param_name(const struct params *params, size_t i) {
    const struct param *p = &params->list[i];
    return slice_of(params->text.data + p->name, p->value - p->name);
}

static struct slice param_value(const struct params *params, size_t i) {
    const struct param *p = &params->list[i];
    return slice_of(params->text.data + p->value, p->end - p->value);
}

/* The old backend accepts these names as synonyms, so both together are ambiguous. */
static struct slice one_name(struct slice name) {
    if (slice_is_equal(name, SLICE("room")))
        return SLICE("roomName");
    return slice_is_equal(name, SLICE("track")) ? SLICE("trackId") : name;
}

static bool has_twins(const struct params *params) {
    for (size_t i = 0; i < params->count; i++)
        for (size_t j = 0; j < i; j++)
            if (slice_is_equal(one_name(param_name(params, i)), one_name(param_name(params, j))))
                return true;
    return params->tokens > 1;
}

static enum egress_url_fault read_params(struct params *params, struct slice query) {
    struct slice name, value;
    while (query_next(&query, &name, &value)) {
        if (params->count == EGRESS_URL_PARAMS_MAX)
            return EGRESS_URL_AMBIGUOUS;
        struct param p = {.name = params->text.len};
        if (url_decode(&params->text, name, true))
            return EGRESS_URL_MALFORMED;
        p.value = params->text.len;
        if (url_decode(&params->text, value, true))
            return EGRESS_URL_MALFORMED;
        p.end = params->text.len;
        buf_reserve(&params->text, 1);
        params->list[params->count] = p;
        if (slice_is_equal(param_name(params, params->count), SLICE("token"))) {
            params->token = value;
            params->tokens++;
        } else {
            params->count++;
        }
    }
    return has_twins(params) ? EGRESS_URL_AMBIGUOUS : EGRESS_URL_OK;
}

/* Insertion sort by name: there are about ten of them. */
static void sort_params(struct params *params) {
    for (size_t i = 1; i < params->count; i++)
        for (size_t j = i; j > 0; j--) {
            if (slice_compare(param_name(params, j - 1), param_name(params, j)) <= 0)
                break;
            struct param swap = params->list[j];
            params->list[j] = params->list[j - 1];
            params->list[j - 1] = swap;
        }
}

/* The signed text is one line for each parameter. '=' and newlines inside names and values are
 * escaped, so no other set of parameters gives the same text. */
static void write_mac(struct buf *out, struct params *params, struct slice path,
                      struct slice secret, struct slice nonce, int64_t expires_s) {
    struct buf text = {0};
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    sort_params(params);
    buf_printf(&text, "%.*s\n%lld\n%.*s\n", SLICE_ARG(path), (long long)expires_s,
               SLICE_ARG(nonce));
    for (size_t i = 0; i < params->count; i++) {
        url_encode(&text, param_name(params, i));
        buf_add_byte(&text, '=');
        url_encode(&text, param_value(params, i));
        buf_add_byte(&text, '\n');
    }
    HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)text.data, text.len, mac,
         &len);
    base64url_write(out, slice_of(mac, len));
    buf_free(&text);
}

void egress_url_sign(struct buf *query, struct slice path, struct slice secret, struct slice nonce,
                     int64_t expires_s) {
    struct params params = {0};
    struct buf mac = {0};
    if (read_params(&params, buf_slice(query)) == EGRESS_URL_OK) {
        write_mac(&mac, &params, path, secret, nonce, expires_s);
        buf_printf(query, "%stoken=v1.%lld.%.*s.%.*s", query->len ? "&" : "", (long long)expires_s,
                   SLICE_ARG(nonce), SLICE_ARG(buf_slice(&mac)));
    }
    buf_free(&mac);
    buf_free(&params.text);
}

struct token {
    int64_t expires_s;
    struct slice nonce, mac;
};

static bool parse_token(struct token *token, struct slice text) {
    struct slice version, expiry;
    uint64_t seconds;
    if (!slice_cut(&text, '.', &version) || !slice_is_equal(version, SLICE("v1")) ||
        !slice_cut(&text, '.', &expiry) || !slice_to_uint(expiry, INT64_MAX / 1000, &seconds) ||
        !slice_cut(&text, '.', &token->nonce) || token->nonce.len != EGRESS_NONCE_CHARS ||
        text.len != MAC_CHARS)
        return false;
    token->expires_s = (int64_t)seconds;
    token->mac = text;
    return true;
}

enum egress_url_fault egress_url_check(struct slice query, struct slice path, struct slice secret,
                                       int64_t now_s, struct slice *nonce) {
    struct params params = {0};
    struct token token = {0};
    struct buf mac = {0};

    *nonce = SLICE_NONE;
    enum egress_url_fault fault = read_params(&params, query);
    if (fault == EGRESS_URL_OK && !params.tokens)
        fault = EGRESS_URL_UNSIGNED;
    if (fault == EGRESS_URL_OK && !parse_token(&token, params.token))
        fault = EGRESS_URL_MALFORMED;
    if (fault == EGRESS_URL_OK) {
        write_mac(&mac, &params, path, secret, token.nonce, token.expires_s);
        if (CRYPTO_memcmp(mac.data, token.mac.ptr, MAC_CHARS) != 0)
            fault = EGRESS_URL_FORGED;
        else if (token.expires_s < now_s || token.expires_s > now_s + EGRESS_URL_LIFE_S + 60)
            fault = EGRESS_URL_EXPIRED;
        else
            *nonce = token.nonce;
    }
    buf_free(&mac);
    buf_free(&params.text);
    return fault;
}
