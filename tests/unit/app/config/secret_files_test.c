#include "app/config/config.h"
#include "base/buf.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SIZE = 128 };

static char folder[] = "/tmp/prosa-secrets-XXXXXX";

static void put(const char *name, const char *text, size_t len) {
    char path[LINE_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void name_line(char line[LINE_SIZE], const char *setting, const char *file) {
    snprintf(line, LINE_SIZE, "%s=%s/%s", setting, folder, file);
}

static struct config *parse(char *const *environment, struct buf *problem) {
    struct config *config = NULL;
    config_parse(&config, NULL, environment, problem);
    return config;
}

static void expect_refusal(char *const *environment, const char *sentence) {
    struct buf problem = {0};
    assert_null(parse(environment, &problem));
    buf_add_byte(&problem, 0);
    if (!strstr(problem.data, sentence))
        fail_msg("%s", problem.data);
    buf_free(&problem);
}

static void a_secret_comes_from_the_file_that_is_named(void **state) {
    char access[LINE_SIZE], database[LINE_SIZE];
    struct buf problem = {0};
    put("access", "a-secret-of-this-test-0123\n", 27);
    put("database", "sqlite:/tmp/x.db\r\n", 18);
    name_line(access, "JWT_ACCESS_SECRET_FILE", "access");
    name_line(database, "DATABASE_URL_FILE", "database");
    struct config *config = parse((char *[]){access, database, NULL}, &problem);
    assert_non_null(config);
    assert_string_equal(config->jwt_access_secret, "a-secret-of-this-test-0123");
    assert_string_equal(config->database_url, "sqlite:/tmp/x.db");
    assert_null(config->warnings);
    config_free(config);
}

static void a_credential_of_the_service_manager_counts_last(void **state) {
    char credentials[LINE_SIZE], named[LINE_SIZE];
    char plain[] = "EGRESS_URL_SECRET=a-secret-of-this-test-plain";
    struct buf problem = {0};
    put("JWT_REFRESH_SECRET", "a-secret-of-this-test-cred", 26);
    put("JWT_ACCESS_SECRET", "a-secret-of-this-test-cred", 26);
    put("EGRESS_URL_SECRET", "a-secret-of-this-test-cred", 26);
    put("named", "a-secret-of-this-test-named", 27);
    snprintf(credentials, sizeof credentials, "CREDENTIALS_DIRECTORY=%s", folder);
    name_line(named, "JWT_ACCESS_SECRET_FILE", "named");
    struct config *config = parse((char *[]){credentials, named, plain, NULL}, &problem);
    assert_non_null(config);
    assert_string_equal(config->jwt_refresh_secret, "a-secret-of-this-test-cred");
    assert_string_equal(config->jwt_access_secret, "a-secret-of-this-test-named");
    assert_string_equal(config->egress_url_secret, "a-secret-of-this-test-plain");
    config_free(config);
}

static void a_file_that_gives_no_secret_stops_the_start(void **state) {
    char line[LINE_SIZE], plain[] = "JWT_ACCESS_SECRET=a-secret-of-this-test-0123";
    char large[16 * 1024 + 1];
    memset(large, 'x', sizeof large);
    put("large", large, sizeof large);
    put("empty", "\n", 1);
    put("zero", "a-secret-of\0this-test", 21);
    put("good", "a-secret-of-this-test-0123", 26);

    name_line(line, "JWT_ACCESS_SECRET_FILE", "absent");
    expect_refusal((char *[]){line, NULL}, "/absent cannot be read: No such file or directory");
    name_line(line, "JWT_ACCESS_SECRET_FILE", "large");
    expect_refusal((char *[]){line, NULL}, "it is larger than 16 KiB");
    name_line(line, "JWT_ACCESS_SECRET_FILE", "empty");
    expect_refusal((char *[]){line, NULL}, "it is empty");
    name_line(line, "JWT_ACCESS_SECRET_FILE", "zero");
    expect_refusal((char *[]){line, NULL}, "it holds a zero byte");
    name_line(line, "JWT_ACCESS_SECRET_FILE", "");
    expect_refusal((char *[]){line, NULL}, "Is a directory");
    name_line(line, "JWT_ACCESS_SECRET_FILE", "good");
    expect_refusal((char *[]){line, plain, NULL},
                   "JWT_ACCESS_SECRET and JWT_ACCESS_SECRET_FILE are both set: keep one of them");
}

static void a_short_secret_is_refused_from_a_file_as_well(void **state) {
    char line[LINE_SIZE], mode[] = "NODE_ENV=production";
    put("short", "short", 5);
    name_line(line, "JWT_ACCESS_SECRET_FILE", "short");
    expect_refusal((char *[]){line, mode, NULL}, "JWT_ACCESS_SECRET is shorter than 16 bytes");
}

static int make_folder(void **state) {
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    char command[LINE_SIZE];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_secret_comes_from_the_file_that_is_named),
        TEST(a_credential_of_the_service_manager_counts_last),
        TEST(a_file_that_gives_no_secret_stops_the_start),
        TEST(a_short_secret_is_refused_from_a_file_as_well),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
