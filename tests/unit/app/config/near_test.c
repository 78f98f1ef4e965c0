#include "app/config/near.h"
#include "unit.h"

static bool is_near(const char *written, const char *name) {
    return name_is_near(slice_from(written), slice_from(name));
}

static void a_letter_or_two_may_differ(void **state) {
    assert_true(is_near("CORS_ORIGIN", "CORS_ORIGINS"));
    assert_true(is_near("DATABSE_URL", "DATABASE_URL"));
    assert_true(is_near("LOG_LEVLE", "LOG_LEVEL"));
    assert_false(is_near("HOST", "PORT"));
    assert_false(is_near("DATABASE_URL", "DATABASE_STALL_MS"));
}

static void words_may_be_left_out(void **state) {
    assert_true(is_near("LIVEKIT_URL", "LIVEKIT_API_URL"));
    assert_true(is_near("JWT_SECRET", "JWT_ACCESS_SECRET"));
    assert_true(is_near("HUME_KEY", "HUME_API_KEY"));
    assert_false(is_near("LIVEKIT_API", "LIVEKIT_API_URL"));
    assert_false(is_near("API_URL", "LIVEKIT_API_URL"));
    assert_false(is_near("POSTGRES_PASSWORD", "PORT"));
    assert_false(is_near("______", "LIVEKIT_API_URL"));
}

RUN_TESTS(TEST(a_letter_or_two_may_differ), TEST(words_may_be_left_out))
