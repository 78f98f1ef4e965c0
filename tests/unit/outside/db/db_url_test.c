#include "base/mem.h"
#include "outside/db/db_url.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct db_url parse(const char *text) {
    struct db_url url;
    char why[256] = "";
    int err = db_url_parse(&url, text, why, sizeof why);
    if (err)
        print_error("%s\n", why);
    assert_int_equal(err, 0);
    return url;
}

static const char *value(const struct db_url *url, const char *key) {
    for (size_t i = 0; i < DB_URL_KEYS && url->keys[i]; i++) {
        if (strcmp(url->keys[i], key) == 0)
            return url->values[i];
    }
    return "";
}

static void prisma_writes_it_like_this(void **state) {
    struct db_url url = parse(
        "postgresql://live:p%40ss%2Fw%3Ard@db.example.org:5433/live_meeting?schema=prosa&"
        "connection_limit=5&pool_timeout=10&socket_timeout=7&connect_timeout=3&pgbouncer=true");
    assert_int_equal(url.engine, DB_POSTGRES);
    assert_string_equal(value(&url, "host"), "db.example.org");
    assert_string_equal(value(&url, "port"), "5433");
    assert_string_equal(value(&url, "user"), "live");
    assert_string_equal(value(&url, "password"), "p@ss/w:rd");
    assert_string_equal(value(&url, "dbname"), "live_meeting");
    assert_string_equal(url.schema, "prosa");
    assert_int_equal(url.socket_timeout_ms, 7000);
    assert_int_equal(url.connect_timeout_ms, 3000);
    assert_true(url.is_pgbouncer);
    db_url_free(&url);
}

static void what_is_not_said_has_a_default(void **state) {
    struct db_url url = parse("postgres://localhost/db");
    assert_string_equal(url.schema, "public");
    assert_string_equal(value(&url, "user"), "");
    assert_string_equal(value(&url, "port"), "");
    assert_string_equal(value(&url, "application_name"), "prosa");
    assert_false(url.is_pgbouncer);
    db_url_free(&url);
}

static void the_host_may_be_a_socket_folder(void **state) {
    struct db_url url = parse("postgresql://u:p@localhost/db?host=/var/run/postgresql");
    assert_string_equal(value(&url, "host"), "/var/run/postgresql");
    db_url_free(&url);
    url = parse("postgresql://u:p@[::1]:5432/db");
    assert_string_equal(value(&url, "host"), "::1");
    db_url_free(&url);
}

static void prismas_words_for_tls_become_libpqs(void **state) {
    struct db_url url = parse("postgresql://h/db?sslmode=require&sslaccept=strict");
    assert_string_equal(value(&url, "sslmode"), "verify-full");
    assert_string_equal(value(&url, "sslrootcert"), "/etc/ssl/certs/ca-certificates.crt");
    db_url_free(&url);

    url = parse("postgresql://h/db?sslmode=require&sslaccept=strict&sslcert=ca.pem");
    assert_string_equal(value(&url, "sslrootcert"), "ca.pem");
    assert_string_equal(value(&url, "sslcert"), "");
    db_url_free(&url);

    url = parse("postgresql://h/db?sslcert=me.pem&sslkey=me.key");
    assert_string_equal(value(&url, "sslcert"), "me.pem");
    assert_string_equal(value(&url, "sslkey"), "me.key");
    db_url_free(&url);

    url = parse("postgresql://h/db?sslmode=require&sslaccept=accept_invalid_certs");
    assert_string_equal(value(&url, "sslmode"), "require");
    assert_string_equal(value(&url, "sslrootcert"), "");
    db_url_free(&url);

    url = parse("postgresql://h/db?sslmode=disable&sslaccept=strict");
    assert_string_equal(value(&url, "sslmode"), "disable");
    db_url_free(&url);
}

static void files_have_two_spellings(void **state) {
    static const char *const texts[][2] = {
        {"sqlite:storage/prosa.db", "storage/prosa.db"},
        {"file:./dev.db?connection_limit=1", "./dev.db"},
        {"file:/var/lib/x.db", "/var/lib/x.db"},
        {"sqlite:///var/lib/x.db", "/var/lib/x.db"},
        {"SQLITE:x", "x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct db_url url = parse(texts[i][0]);
        assert_int_equal(url.engine, DB_SQLITE);
        assert_string_equal(url.path, texts[i][1]);
        db_url_free(&url);
    }
}

static void nonsense_is_refused_without_repeating_it(void **state) {
    static const char *const texts[][2] = {
        {"mysql://u:geheim@h/db", "must begin with"},
        {"", "must begin with"},
        {"sqlite:", "names no file"},
        {"postgresql://u:geheim@h/", "names no database"},
        {"postgresql://u:geheim@h", "names no database"},
        {"postgresql://u:geheim%zz@h/db", "password"},
        {"postgresql://u:geheim@h/db?ssl_mode=require", "ssl_mode is unknown"},
        {"postgresql://u:geheim@h/db?schema=", "schema"},
        {"postgresql://u:geheim@h/db?schema=a%00b", "escape"},
        {"postgresql://u:geheim@h/db?socket_timeout=soon", "socket_timeout"},
        {"postgresql://u:geheim@h/db?sslaccept=maybe", "sslaccept"},
        {"postgresql://u:geheim@h:99999/db", "not a URL"},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct db_url url;
        char why[256] = "";
        assert_int_equal(db_url_parse(&url, texts[i][0], why, sizeof why), EINVAL);
        if (!strstr(why, texts[i][1]))
            fail_msg("%s: %s", texts[i][0], why);
        assert_null(strstr(why, "geheim"));
    }
}

static void touch(const char *path) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void a_file_is_looked_for_where_prisma_has_it(void **state) {
    char folder[] = "/tmp/prosa-url-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("prisma", 0700), 0);
    touch("prisma/dev.db");

    struct db_url url = parse("file:./dev.db?connection_limit=1");
    assert_string_equal(url.path, "prisma/dev.db");
    db_url_free(&url);
    url = parse("sqlite:./dev.db");
    assert_string_equal(url.path, "./dev.db");
    db_url_free(&url);
    url = parse("file:./other.db");
    assert_string_equal(url.path, "./other.db");
    db_url_free(&url);
    touch("dev.db");
    url = parse("file:./dev.db");
    assert_string_equal(url.path, "./dev.db");
    db_url_free(&url);

    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void pgbouncer_is_read_in_all_spellings(void **state) {
    static const struct {
        const char *word;
        int is_on; /* -1: refused */
    } words[] = {{"true", 1}, {"1", 1}, {"yes", 1}, {"ON", 1}, {"True", 1}, {"false", 0},
                 {"0", 0},    {"no", 0}, {"Off", 0}, {"", -1}, {"2", -1},   {"treu", -1}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[80], why[256] = "";
        struct db_url url;
        snprintf(text, sizeof text, "postgresql://u@h/d?pgbouncer=%s", words[i].word);
        int err = db_url_parse(&url, text, why, sizeof why);
        assert_int_equal(err != 0, words[i].is_on < 0);
        if (err) {
            assert_non_null(strstr(why, "pgbouncer must be true or false"));
            continue;
        }
        assert_int_equal(url.is_pgbouncer, words[i].is_on);
        db_url_free(&url);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pgbouncer_is_read_in_all_spellings),
        cmocka_unit_test(prisma_writes_it_like_this),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(the_host_may_be_a_socket_folder),
        cmocka_unit_test(prismas_words_for_tls_become_libpqs),
        cmocka_unit_test(files_have_two_spellings),
        cmocka_unit_test(a_file_is_looked_for_where_prisma_has_it),
        cmocka_unit_test(nonsense_is_refused_without_repeating_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
