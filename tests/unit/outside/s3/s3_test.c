#include "base/macros.h"
#include "base/mem.h"
#include "outside/s3/s3.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct s3_settings amazon = {
    .bucket = "gravacoes", .region = "sa-east-1", .key_id = "AKID", .secret = "secret"};

static void assert_place(const struct s3_settings *set, const char *key, const char *host,
                         const char *url) {
    char why[256];
    struct s3 *s3;
    struct s3_place place;
    assert_int_equal(s3_open(&s3, set, why, sizeof why), 0);
    s3_place_of(s3, slice_from(key), &place);
    assert_string_equal(place.host, host);
    assert_string_equal(place.url, url);
    s3_place_free(&place);
    s3_free(s3);
}

static void a_bucket_is_in_the_host_or_in_the_path(void **state) {
    struct s3_settings set = amazon;
    assert_place(&set, "a b/é.wav", "gravacoes.s3.sa-east-1.amazonaws.com",
                 "https://gravacoes.s3.sa-east-1.amazonaws.com/a%20b/%C3%A9.wav");
    set.endpoint = "https://s3.example.org/";
    assert_place(&set, "", "gravacoes.s3.example.org", "https://gravacoes.s3.example.org/");
    set.is_path_style = true;
    set.endpoint = "http://127.0.0.1:9000";
    assert_place(&set, "a", "127.0.0.1:9000", "http://127.0.0.1:9000/gravacoes/a");
    assert_place(&set, "", "127.0.0.1:9000", "http://127.0.0.1:9000/gravacoes");
    set.endpoint = "https://[::1]:443";
    assert_place(&set, "a", "[::1]", "https://[::1]/gravacoes/a");
}

static void each_fault_is_named(void **state) {
    static const struct {
        struct s3_settings set;
        const char *named;
    } faults[] = {
        {{.bucket = "Casa"}, "S3_BUCKET"},
        {{.bucket = "a"}, "S3_BUCKET"},
        {{.bucket = "casa", .region = "x"}, "AWS_ACCESS_KEY_ID"},
        {{.bucket = "casa", .key_id = "k", .secret = "s"}, "AWS_REGION"},
        {{.bucket = "casa", .key_id = "k", .secret = "s", .region = "x", .endpoint = "s3.org"},
         "S3_ENDPOINT"},
        {{.bucket = "casa",
          .key_id = "k",
          .secret = "s",
          .region = "x",
          .endpoint = "ftp://s3.org"},
         "S3_ENDPOINT"},
        {{.bucket = "casa", .key_id = "k", .secret = "s", .region = "x", .endpoint = "http://a/b"},
         "S3_ENDPOINT"},
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char why[256] = "";
        struct s3 *s3;
        assert_int_equal(s3_open(&s3, &faults[i].set, why, sizeof why), EINVAL);
        assert_non_null(strstr(why, faults[i].named));
    }
}

static void a_link_says_how_it_is_saved(void **state) {
    char why[256];
    struct s3 *s3;
    struct buf url = {0};
    assert_int_equal(s3_open(&s3, &amazon, why, sizeof why), 0);
    s3_link(s3, "GET", SLICE("audio/a.wav"), SLICE("audio/wav"), SLICE("a.wav"), 1369353600, 300,
            &url);
    char *text = buf_take_text(&url);
    assert_non_null(
        strstr(text, "https://gravacoes.s3.sa-east-1.amazonaws.com/audio/a.wav?X-Amz-"));
    assert_non_null(strstr(text, "&X-Amz-Expires=300&"));
    assert_non_null(strstr(text,
                           "response-content-disposition=attachment%3B%20filename%3D%22a.wav%22&"
                           "response-content-type=audio%2Fwav&X-Amz-Signature="));
    assert_null(strstr(text, "secret"));
    mem_free(text);
    s3_free(s3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_is_in_the_host_or_in_the_path),
        cmocka_unit_test(each_fault_is_named),
        cmocka_unit_test(a_link_says_how_it_is_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
