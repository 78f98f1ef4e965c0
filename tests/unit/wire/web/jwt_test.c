#include "base/mem.h"
#include "wire/web/base64.h"
#include "wire/web/jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCESS_SECRET "test-access-secret-0123456789abcdef"
#define ACCESS_HEAD   "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define ACCESS_CLAIMS                                                                              \
    "eyJzdWIiOiIzZjBjOWIxZS03ZDNhLTRhNTctOWM1NS0wZDFmNWI4ZTJhMTEiLCJpYXQiOjE3MDAwMDAwMDAsImV4cC"   \
    "I6NDEwMjQ0NDgwMCwidHlwIjoiYWNjZXNzIn0"
#define ACCESS_MAC "XRdLNiVizHTOB7xdaiMl2tBqJubxR1rDBOJRLNc5ee0"

#define LIVEKIT_SECRET "devsecret-devsecret-devsecret-0123"
#define LIVEKIT_BODY                                                                               \
    "{\"event\":\"track_published\",\"room\":{\"sid\":\"RM_test0001\",\"name\":\"daily-standup\"}" \
    ",\"participant\":{\"sid\":\"PA_test0001\",\"identity\":\"alice\"},\"track\":{\"sid\":"        \
    "\"TR_AMtest0001\",\"name\":\"mic\",\"source\":\"MICROPHONE\",\"mimeType\":\"audio/red\"},"    \
    "\"id\":\"EV_test0001\",\"createdAt\":\"1900000000\"}"
#define LIVEKIT_TOKEN                                                                              \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                        \
    "eyJpc3MiOiJkZXZrZXkiLCJleHAiOjQxMDI0NDQ4MDAsIm5iZiI6MTcwMDAwMDAwMCwiaWF0IjoxNzAwMDAwMDAwLCJz" \
    "aGEyNTYiOiJTbVBwVlFXZ3d3bmJ6NUZGQ0NYWkVDdEx5QVA5a1FTb05KSUFCRUdBWjVzPSJ9."                    \
    "zidafIc3uLjH5IipMTxdB92c_DtKvjcBD265IgWLl_8"
#define LIVEKIT_BODY_2                                                                             \
    "{\"event\":\"participant_joined\", \"room\":{\"sid\":\"RM_test0001\", "                       \
    "\"name\":\"r\303\251uni"                                                                      \
    "on \342\230\225\", \"creationTime\":\"1899999000\", \"metadata\":\"{\\\"tenantId\\\":\\\"t-1" \
    "\\\"}\"}, \"participant\":{\"sid\":\"PA_test0002\", \"identity\":\"bob\", \"state\":\"ACTIVE" \
    "\", \"metadata\":\"{\\\"role\\\":\\\"host\\\"}\", \"joinedAt\":\"1899999999\", \"permission"  \
    "\":{\"canSubscribe\":true, \"canPublish\":true, \"canPublishData\":true}}, \"id\":\"EV_test0" \
    "002\", \"createdAt\":\"1899999999\"}"
#define LIVEKIT_TOKEN_2                                                                            \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                        \
    "eyJpc3MiOiJkZXZrZXkiLCJleHAiOjQxMDI0NDQ4MDAsIm5iZiI6MTcwMDAwMDAwMCwiaWF0IjoxNzAwMDAwMDAwLCJz" \
    "aGEyNTYiOiJlUmFmMVhISllsRlVPZEprM2tNQk1GdURkc2QzaEZBMXFmblByamYzVm5vPSJ9."                    \
    "0kxHq5taOwyXXXNxQbWc5yaKUCfKsqAOXn3N3ErVcJw"
#define LIVEKIT_API_TOKEN                                                                          \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                        \
    "eyJpc3MiOiJkZXZrZXkiLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwidmlkZW8iOnsicm9vbVJlY29y" \
    "ZCI6dHJ1ZX19.EE-pS7XKTxrUuptuq_MZtSRwRS_s0YeSn_XKth20DDg"

static const int64_t NOW = 1800000000;

static enum jwt_fault verify_at(struct slice token, int64_t now_s, const char *issuer,
                                const char *secret) {
    const struct jwt_key key = {slice_from(issuer), slice_from(secret)};
    json_t *claims = NULL;
    enum jwt_fault fault = jwt_verify(token, &key, 1, now_s, JWT_LEEWAY_S, &claims);
    assert_int_equal(fault == JWT_OK, claims != NULL);
    json_decref(claims);
    return fault;
}

/* A token of our own making from the texts of header and payload, signed with `secret`. */
static struct buf make(const char *header, const char *payload, const char *secret) {
    struct buf token = {0};
    base64url_write(&token, slice_from(header));
    buf_add_byte(&token, '.');
    base64url_write(&token, slice_from(payload));
    unsigned char mac[32];
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)token.data, token.len,
         mac, NULL);
    buf_add_byte(&token, '.');
    base64url_write(&token, slice_of(mac, sizeof mac));
    return token;
}

static enum jwt_fault verdict(const char *header, const char *payload) {
    struct buf token = make(header, payload, ACCESS_SECRET);
    enum jwt_fault fault = verify_at(buf_slice(&token), NOW, "", ACCESS_SECRET);
    buf_free(&token);
    return fault;
}

#define HS256 "{\"alg\":\"HS256\"}"

static void published_vectors_pass(void **state) {
    assert_int_equal(
        verify_at(SLICE(ACCESS_HEAD "." ACCESS_CLAIMS "." ACCESS_MAC), NOW, "", ACCESS_SECRET),
        JWT_OK);
    assert_int_equal(verify_at(SLICE(LIVEKIT_API_TOKEN), NOW, "devkey", LIVEKIT_SECRET), JWT_OK);
}

static void signing_makes_the_published_bytes(void **state) {
    json_t *claims =
        json_pack("{s:s, s:i, s:I, s:s}", "sub", "3f0c9b1e-7d3a-4a57-9c55-0d1f5b8e2a11", "iat",
                  1700000000, "exp", (json_int_t)4102444800, "typ", "access");
    struct buf token = {0};
    jwt_sign(&token, claims, SLICE(ACCESS_SECRET));
    assert_true(
        slice_is_equal(buf_slice(&token), SLICE(ACCESS_HEAD "." ACCESS_CLAIMS "." ACCESS_MAC)));
    buf_free(&token);
    json_decref(claims);
}

static void webhook_vectors_cover_their_bodies(void **state) {
    static const struct {
        struct slice token, body;
    } vectors[] = {{SLICE(LIVEKIT_TOKEN), SLICE(LIVEKIT_BODY)},
                   {SLICE(LIVEKIT_TOKEN_2), SLICE(LIVEKIT_BODY_2)}};
    const struct jwt_key key = {SLICE("devkey"), SLICE(LIVEKIT_SECRET)};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        json_t *claims = NULL;
        assert_int_equal(jwt_verify(vectors[i].token, &key, 1, NOW, JWT_LEEWAY_S, &claims), JWT_OK);
        assert_true(jwt_covers(claims, vectors[i].body));
        assert_false(jwt_covers(claims, vectors[!i].body));
        struct buf longer = {0};
        buf_add_slice(&longer, vectors[i].body);
        buf_add_byte(&longer, '\n');
        assert_false(jwt_covers(claims, buf_slice(&longer)));
        buf_free(&longer);
        json_decref(claims);
    }
}

static void other_spellings_of_the_digest_are_refused(void **state) {
    static const char *const digests[] = {
        "SmPpVQWgwwnbz5FFCCXZECtLyAP9kQSoNJIABEGAZ5s",
        "SmPpVQWgwwnbz5FFCCXZECtLyAP9kQSoNJIABEGAZ5s==",
        "4a63e95505a0c309dbcf91450825d9102b4bc803fd9104a834920004418 0679b", ""};
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        json_t *claims = json_pack("{s:s}", "sha256", digests[i]);
        assert_false(jwt_covers(claims, SLICE(LIVEKIT_BODY)));
        json_decref(claims);
    }
    json_t *none = json_object();
    assert_false(jwt_covers(none, SLICE(LIVEKIT_BODY)));
    json_decref(none);
}

static void the_algorithm_is_ours_to_choose(void **state) {
    assert_int_equal(verify_at(SLICE("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." ACCESS_CLAIMS "."), NOW,
                               "", ACCESS_SECRET),
                     JWT_MALFORMED);
    static const char *const headers[] = {"{\"alg\":\"none\"}",    "{\"alg\":\"None\"}",
                                          "{\"alg\":\"NONE\"}",    "{\"alg\":\"hs256\"}",
                                          "{\"alg\":\"HS384\"}",   "{\"alg\":\"RS256\"}",
                                          "{\"alg\":[\"HS256\"]}", "{}",
                                          "{\"alg\":null}"};
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        assert_int_equal(verdict(headers[i], "{\"exp\":1900000000}"), JWT_BAD_ALGORITHM);
    assert_int_equal(
        verdict("{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\",\"jku\":\"http://x\"}",
                "{\"exp\":1900000000}"),
        JWT_OK);
}

static void a_wrong_shape_is_malformed(void **state) {
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b",
                                        ACCESS_HEAD "." ACCESS_CLAIMS,
                                        ACCESS_HEAD "." ACCESS_CLAIMS ".",
                                        "." ACCESS_CLAIMS "." ACCESS_MAC,
                                        ACCESS_HEAD ".." ACCESS_MAC,
                                        ACCESS_HEAD "." ACCESS_CLAIMS "." ACCESS_MAC ".x",
                                        ACCESS_HEAD "=." ACCESS_CLAIMS "." ACCESS_MAC,
                                        " " ACCESS_HEAD "." ACCESS_CLAIMS "." ACCESS_MAC};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(verify_at(slice_from(texts[i]), NOW, "", ACCESS_SECRET), JWT_MALFORMED);

    assert_int_equal(verdict("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{\"exp\":1900000000}"),
                     JWT_MALFORMED);
    assert_int_equal(verdict("{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"exp\":1900000000}"),
                     JWT_MALFORMED);
    assert_int_equal(verdict(HS256, "{\"exp\":1,\"exp\":1900000000}"), JWT_MALFORMED);
    assert_int_equal(verdict(HS256, "[1]"), JWT_MALFORMED);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000} "), JWT_OK);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000}x"), JWT_MALFORMED);
}

/* Anybody's name may be a claim; one that C cannot hold does not make the token worthless. */
static void an_odd_value_does_not_spoil_a_token(void **state) {
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"name\":\"A\\u0000na\"}"), JWT_OK);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"name\":\"\\ud800\"}"), JWT_OK);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"a\":18446744073709551616}"), JWT_OK);
    assert_int_equal(verdict(HS256, "{\"exp\":1e400}"), JWT_NO_EXPIRY);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"nbf\":1e400}"), JWT_MALFORMED);
}

static void an_endless_token_is_not_decoded(void **state) {
    struct buf payload = {0};
    buf_add_text(&payload, "{\"exp\":1900000000,\"pad\":\"");
    for (size_t i = 0; i < JWT_MAX_BYTES; i++)
        buf_add_byte(&payload, 'x');
    buf_add_text(&payload, "\"}");
    char *text = buf_take_text(&payload);
    assert_int_equal(verdict(HS256, text), JWT_MALFORMED);
    mem_free(text);
}

static void every_flipped_bit_is_noticed(void **state) {
    char token[] = ACCESS_HEAD "." ACCESS_CLAIMS "." ACCESS_MAC;
    for (size_t i = 0; i < strlen(token); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            token[i] = (char)(token[i] ^ (1 << bit));
            assert_int_not_equal(
                verify_at(slice_of(token, sizeof token - 1), NOW, "", ACCESS_SECRET), JWT_OK);
            token[i] = (char)(token[i] ^ (1 << bit));
        }
    }
}

static void times_are_judged_with_leeway(void **state) {
    struct buf token = make(HS256, "{\"exp\":1000000,\"nbf\":900000.5,\"iat\":900000}", "k");
    assert_int_equal(verify_at(buf_slice(&token), 1000000 + JWT_LEEWAY_S - 1, "", "k"), JWT_OK);
    assert_int_equal(verify_at(buf_slice(&token), 1000000 + JWT_LEEWAY_S, "", "k"), JWT_EXPIRED);
    assert_int_equal(verify_at(buf_slice(&token), 900001 - JWT_LEEWAY_S, "", "k"), JWT_OK);
    assert_int_equal(verify_at(buf_slice(&token), 900000 - JWT_LEEWAY_S, "", "k"), JWT_NOT_YET);
    buf_free(&token);

    assert_int_equal(verdict(HS256, "{}"), JWT_NO_EXPIRY);
    assert_int_equal(verdict(HS256, "{\"exp\":\"1900000000\"}"), JWT_NO_EXPIRY);
    assert_int_equal(verdict(HS256, "{\"exp\":-1}"), JWT_NO_EXPIRY);
    assert_int_equal(verdict(HS256, "{\"exp\":1e300}"), JWT_NO_EXPIRY);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000.75}"), JWT_OK);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"iat\":1900000000}"), JWT_NOT_YET);
    assert_int_equal(verdict(HS256, "{\"exp\":1900000000,\"nbf\":\"0\"}"), JWT_MALFORMED);
}

static void the_issuer_chooses_among_keys(void **state) {
    const struct jwt_key keys[] = {{SLICE("one"), SLICE("secret-1")},
                                   {SLICE("two"), SLICE("secret-2")},
                                   {SLICE("two"), SLICE("secret-3")}};
    static const struct {
        const char *payload, *secret;
        enum jwt_fault due;
    } cases[] = {
        {"{\"iss\":\"one\",\"exp\":1900000000}", "secret-1", JWT_OK},
        {"{\"iss\":\"two\",\"exp\":1900000000}", "secret-2", JWT_OK},
        {"{\"iss\":\"two\",\"exp\":1900000000}", "secret-3", JWT_OK},
        {"{\"iss\":\"one\",\"exp\":1900000000}", "secret-2", JWT_BAD_SIGNATURE},
        {"{\"iss\":\"three\",\"exp\":1900000000}", "secret-1", JWT_UNKNOWN_KEY},
        {"{\"exp\":1900000000}", "secret-1", JWT_UNKNOWN_KEY},
        {"{\"iss\":[\"one\"],\"exp\":1900000000}", "secret-1", JWT_UNKNOWN_KEY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf token = make(HS256, cases[i].payload, cases[i].secret);
        json_t *claims = NULL;
        assert_int_equal(jwt_verify(buf_slice(&token), keys, 3, NOW, 60, &claims), cases[i].due);
        json_decref(claims);
        buf_free(&token);
    }
    assert_int_equal(verify_at(SLICE(LIVEKIT_TOKEN), NOW, "devkey", ""), JWT_BAD_SIGNATURE);
}

static void audience_is_a_text_or_a_list(void **state) {
    static const struct {
        const char *claims;
        bool is_ours;
    } cases[] = {{"{\"aud\":\"prosa\"}", true},      {"{\"aud\":[\"x\",\"prosa\"]}", true},
                 {"{\"aud\":\"prosa2\"}", false},    {"{\"aud\":[]}", false},
                 {"{\"aud\":{\"prosa\":1}}", false}, {"{}", false},
                 {"{\"aud\":[[\"prosa\"]]}", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *claims = json_loads(cases[i].claims, 0, NULL);
        assert_int_equal(jwt_is_for(claims, "prosa"), cases[i].is_ours);
        json_decref(claims);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_pass),
        cmocka_unit_test(signing_makes_the_published_bytes),
        cmocka_unit_test(webhook_vectors_cover_their_bodies),
        cmocka_unit_test(other_spellings_of_the_digest_are_refused),
        cmocka_unit_test(the_algorithm_is_ours_to_choose),
        cmocka_unit_test(a_wrong_shape_is_malformed),
        cmocka_unit_test(an_odd_value_does_not_spoil_a_token),
        cmocka_unit_test(an_endless_token_is_not_decoded),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(times_are_judged_with_leeway),
        cmocka_unit_test(the_issuer_chooses_among_keys),
        cmocka_unit_test(audience_is_a_text_or_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
