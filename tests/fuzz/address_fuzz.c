/* Addresses of media sockets: what the signature covers is what the track becomes. Of any query
 * that can be signed, every parameter of the track is the one that was signed, and an address with
 * a good signature cannot be changed into one that makes another track. */
#include "app/egress/egress_url.h"
#include "app/tracks/track_params.h"
#include "base/buf.h"
#include "wire/web/url.h"

#include <assert.h>
#include <string.h>

#define PATH   SLICE("/egress-audio")
#define SECRET SLICE("0123456789abcdef0123456789abcdef")
#define NONCE  SLICE("AAAAAAAAAAAAAAAAAAAAAA")
enum { NOW_S = 1900000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum egress_url_fault check(struct slice query) {
    struct slice nonce;
    return egress_url_check(query, PATH, SECRET, NOW_S, &nonce);
}

/* Each parameter written in one way: its decoded name and value, encoded. */
static void rewrite(struct buf *out, struct slice query) {
    struct slice name, value;
    while (query_next(&query, &name, &value)) {
        struct buf plain = {0};
        buf_add_text(out, out->len > 0 ? "&" : "");
        assert(url_decode(&plain, name, true) == 0);
        url_encode(out, buf_slice(&plain));
        buf_clear(&plain);
        assert(url_decode(&plain, value, true) == 0);
        buf_add_byte(out, '=');
        url_encode(out, buf_slice(&plain));
        buf_free(&plain);
    }
}

/* The same address in another writing has the same signature and makes the same track. */
static void check_same(struct slice query) {
    struct track_params one, other;
    const char *why;
    struct buf plain = {0};
    rewrite(&plain, query);
    assert(check(buf_slice(&plain)) == EGRESS_URL_OK);
    for (enum track_kind kind = TRACK_AUDIO; kind <= TRACK_VIDEO; kind++) {
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        int err = track_params_parse(&one, kind, query, &why);
        assert(track_params_parse(&other, kind, buf_slice(&plain), &why) == err);
        assert(strcmp(one.room, other.room) == 0 && strcmp(one.track, other.track) == 0);
        assert(strcmp(one.participant, other.participant) == 0);
        assert(strcmp(one.meeting_id, other.meeting_id) == 0);
        assert(strcmp(one.record_format, other.record_format) == 0);
        assert(strcmp(one.source, other.source) == 0 && strcmp(one.dtx, other.dtx) == 0);
        assert(one.rate_hz == other.rate_hz && one.channels == other.channels);
        assert(one.group_ms == other.group_ms && one.stereo == other.stereo);
        assert(one.codec == other.codec);
    }
    buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice text = slice_of(data, size);
    struct buf query = {0};
    assert(check(text) != EGRESS_URL_OK); /* nobody guesses a signature */
    buf_add_slice(&query, text);
    egress_url_sign(&query, PATH, SECRET, NONCE, NOW_S + EGRESS_URL_LIFE_S);
    if (query.len > text.len && check(buf_slice(&query)) == EGRESS_URL_OK)
        check_same(buf_slice(&query));
    buf_free(&query);
    return 0;
}
