#include "outside/db/db_url.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/web/url.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The trusted authorities of Debian and most other systems. */
#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"

enum ssl_accept { ACCEPT_UNSAID, ACCEPT_STRICT, ACCEPT_ANY };

struct url_reader {
    struct db_url *url;
    size_t count;
    enum ssl_accept accept;
    bool has_client_key;
    char *why;
    size_t why_bytes;
};

__attribute__((format(printf, 2, 3))) static int url_refuse(struct url_reader *r,
                                                            const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(r->why, r->why_bytes, format, args);
    va_end(args);
    return EINVAL;
}

/* Where the key is, or would be. */
static size_t find_key(const struct url_reader *r, const char *key) {
    size_t i = 0;
    while (i < r->count && strcmp(r->url->keys[i], key) != 0)
        i++;
    return i;
}

static const char *find_value(const struct url_reader *r, const char *key) {
    return r->url->values[find_key(r, key)];
}

/* `key` is a literal; `value` is copied and replaces an earlier one. */
static void set_value(struct url_reader *r, const char *key, struct slice value) {
    size_t i = find_key(r, key);
    if (i == DB_URL_KEYS - 1)
        return;
    if (i == r->count)
        r->url->keys[r->count++] = key;
    mem_free(r->url->values[i]);
    r->url->values[i] = slice_copy_text(value);
}

static int set_seconds(struct url_reader *r, const char *name, struct slice value, unsigned *ms) {
    uint64_t seconds;
    if (!slice_to_uint(value, 86400, &seconds))
        return url_refuse(r, "DATABASE_URL: %s must be a number of seconds", name);
    *ms = (unsigned)seconds * 1000;
    return 0;
}

static int set_yes_or_no(struct url_reader *r, const char *name, struct slice value, bool *out) {
    static const char *const words[][4] = {{"false", "0", "no", "off"}, {"true", "1", "yes", "on"}};
    for (size_t i = 0; i < 2 * ARRAY_LEN(words[0]); i++) {
        if (slice_is_equal_nocase(value, slice_from(words[i % 2][i / 2]))) {
            *out = i % 2 == 1;
            return 0;
        }
    }
    return url_refuse(r, "DATABASE_URL: %s must be true or false", name);
}

/* The parameter's name as a literal if libpq takes it under the same name, else NULL. */
static const char *find_passed_on(struct slice name) {
    static const char *const names[] = {
        "host",        "sslmode", "sslcert",          "sslkey",          "sslpassword",
        "sslrootcert", "options", "application_name", "channel_binding", "target_session_attrs"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_is_equal(name, slice_from(names[i])))
            return names[i];
    }
    return NULL;
}

/* Settings of Prisma's connection pool: accepted, without effect, because there is no pool. */
static bool is_of_pool(struct slice name) {
    return slice_is_equal(name, SLICE("connection_limit")) ||
           slice_is_equal(name, SLICE("pool_timeout")) ||
           slice_is_equal(name, SLICE("statement_cache_size")) ||
           slice_is_equal(name, SLICE("max_idle_connection_lifetime")) ||
           slice_is_equal(name, SLICE("max_connection_lifetime"));
}

/* Words that libpq would refuse only at the first connection. */
static int check_word(struct url_reader *r, struct slice name, struct slice value) {
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"sslmode", "disable, allow, prefer, require, verify-ca, verify-full"},
        {"channel_binding", "disable, prefer, require"},
        {"target_session_attrs", "any, read-write, read-only, primary, standby, prefer-standby"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice words = slice_from(rows[i].words), word;
        bool is_known = !slice_is_equal(name, slice_from(rows[i].name)) || value.len == 0;
        while (!is_known && slice_cut(&words, ',', &word))
            is_known = slice_is_equal(slice_trim(word), value);
        if (!is_known)
            return url_refuse(r, "DATABASE_URL: %s must be one of %s", rows[i].name, rows[i].words);
    }
    return 0;
}

static int read_parameter(struct url_reader *r, struct slice name, struct slice value) {
    const char *passed_on = find_passed_on(name);
    if (passed_on) {
        if (check_word(r, name, value))
            return EINVAL;
        if (value.len > 0)
            set_value(r, passed_on, value);
        r->has_client_key |= strcmp(passed_on, "sslkey") == 0;
        return 0;
    }
    if (is_of_pool(name))
        return 0;
    if (slice_is_equal(name, SLICE("schema"))) {
        if (value.len == 0 || value.len > 63 || !text_is_identity(value, 63))
            return url_refuse(r, "DATABASE_URL: schema is not the name of a schema");
        mem_free(r->url->schema);
        r->url->schema = slice_copy_text(value);
        return 0;
    }
    if (slice_is_equal(name, SLICE("connect_timeout")))
        return set_seconds(r, "connect_timeout", value, &r->url->connect_timeout_ms);
    if (slice_is_equal(name, SLICE("socket_timeout")))
        return set_seconds(r, "socket_timeout", value, &r->url->socket_timeout_ms);
    if (slice_is_equal(name, SLICE("pgbouncer")))
        return set_yes_or_no(r, "pgbouncer", value, &r->url->is_pgbouncer);
    if (slice_is_equal(name, SLICE("sslaccept"))) {
        r->accept = slice_is_equal(value, SLICE("strict")) ? ACCEPT_STRICT : ACCEPT_ANY;
        if (r->accept == ACCEPT_ANY && !slice_is_equal(value, SLICE("accept_invalid_certs")))
            return url_refuse(r, "DATABASE_URL: sslaccept must be strict or accept_invalid_certs");
        return 0;
    }
    char reduced[TEXT_NAME_SIZE];
    text_reduce(name, reduced);
    return url_refuse(r, "DATABASE_URL: the parameter %s is unknown", reduced);
}

static int read_parameters(struct url_reader *r, struct slice query) {
    struct slice name, value;
    while (query_next(&query, &name, &value)) {
        struct buf plain_name = {0}, plain_value = {0};
        int err = EINVAL;
        if (url_decode(&plain_name, name, true) || url_decode(&plain_value, value, true) ||
            memchr(plain_value.data ? plain_value.data : "", 0, plain_value.len))
            url_refuse(r, "DATABASE_URL: a parameter has a broken escape");
        else
            err = read_parameter(r, buf_slice(&plain_name), buf_slice(&plain_value));
        buf_free(&plain_name);
        buf_free(&plain_value);
        if (err)
            return err;
    }
    return 0;
}

/*
 * Translates Prisma's words for TLS to libpq's. Prisma's `sslcert` is the authority's certificate,
 * libpq's is the client's own. With a key beside it, it is the client's.
 */
static void settle_tls(struct url_reader *r) {
    if (!r->has_client_key && find_value(r, "sslcert") && !find_value(r, "sslrootcert"))
        r->url->keys[find_key(r, "sslcert")] = "sslrootcert";
    const char *mode = find_value(r, "sslmode");
    if (r->accept == ACCEPT_STRICT && !(mode && strcmp(mode, "disable") == 0)) {
        set_value(r, "sslmode", SLICE("verify-full"));
        if (!find_value(r, "sslrootcert"))
            set_value(r, "sslrootcert", SLICE(SYSTEM_ROOTS));
    }
}

static int set_decoded(struct url_reader *r, const char *key, struct slice text) {
    struct buf plain = {0};
    int err = url_decode(&plain, text, false);
    if (!err && memchr(plain.data ? plain.data : "", 0, plain.len))
        err = EINVAL;
    if (err)
        url_refuse(r, "DATABASE_URL: the %s has a broken escape", key);
    else if (plain.len > 0)
        set_value(r, key, buf_slice(&plain));
    buf_free(&plain);
    return err;
}

static int parse_postgres(struct url_reader *r, struct slice text) {
    struct url parts;
    if (url_parse(&parts, text))
        return url_refuse(r,
                          "DATABASE_URL is not a URL: a password with /, ?, # or @ in it must be "
                          "percent-encoded");
    r->url->engine = DB_POSTGRES;
    r->url->schema = mem_copy_text("public");
    int err = set_decoded(r, "host", parts.host);
    if (!err)
        err = set_decoded(r, "user", parts.user);
    if (!err)
        err = set_decoded(r, "password", parts.password);
    if (!err)
        err = set_decoded(r, "dbname", slice_skip(parts.path, 1));
    if (err)
        return err;
    if (!find_value(r, "dbname"))
        return url_refuse(r, "DATABASE_URL names no database");
    if (parts.port) {
        char port[8];
        snprintf(port, sizeof port, "%u", parts.port);
        set_value(r, "port", slice_from(port));
    }
    set_value(r, "application_name", SLICE("prosa"));
    set_value(r, "client_encoding", SLICE("UTF8"));
    /* A standby that only reads is of no use, and its address may lead elsewhere by now. */
    set_value(r, "target_session_attrs", SLICE("read-write"));
    err = read_parameters(r, parts.query);
    if (!err)
        settle_tls(r);
    return err;
}

/* Prisma resolves a relative file: from the folder of its schema, prisma/. NULL: not there. */
static char *find_prisma_file(const char *path) {
    struct buf name = {0};
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    buf_printf(&name, "prisma/%s", path);
    char *there = buf_take_text(&name);
    if (path[0] != '/' && access(path, F_OK) && !access(there, F_OK))
        return there;
    mem_free(there);
    return NULL;
}

static int parse_sqlite(struct url_reader *r, struct slice path, bool is_of_prisma) {
    r->url->engine = DB_SQLITE;
    /* Cuts off parameters such as Prisma's ?connection_limit=1. */
    path = slice_take(path, slice_find_byte(path, '?'));
    if (slice_has_prefix(path, SLICE("//")))
        path = slice_skip(path, 2);
    if (path.len == 0)
        return url_refuse(r, "DATABASE_URL names no file");
    r->url->path = slice_copy_text(path);
    char *there = is_of_prisma ? find_prisma_file(r->url->path) : NULL;
    if (there) {
        mem_free(r->url->path);
        r->url->path = there;
    }
    return 0;
}

int db_url_parse(struct db_url *out, const char *text, char *why, size_t why_bytes) {
    struct db_url url = {0};
    struct url_reader r = {.url = &url, .why = why, .why_bytes = why_bytes};
    struct slice s = slice_from(text);
    int err;
    if (slice_has_prefix_nocase(s, SLICE("sqlite:")))
        err = parse_sqlite(&r, slice_skip(s, 7), false);
    else if (slice_has_prefix_nocase(s, SLICE("file:")))
        err = parse_sqlite(&r, slice_skip(s, 5), true);
    else if (slice_has_prefix_nocase(s, SLICE("postgresql://")) ||
             slice_has_prefix_nocase(s, SLICE("postgres://")))
        err = parse_postgres(&r, s);
    else
        err = url_refuse(&r, "DATABASE_URL must begin with postgresql:, sqlite: or file:");
    if (err)
        db_url_free(&url);
    else
        *out = url;
    return err;
}

int db_url_parse_or(struct db_url *out, const char *text, const char *default_path, char *why,
                    size_t why_bytes) {
    if (text)
        return db_url_parse(out, text, why, why_bytes);
    *out = (struct db_url){.engine = DB_SQLITE, .path = mem_copy_text(default_path)};
    return 0;
}

void db_url_free(struct db_url *url) {
    for (size_t i = 0; i < DB_URL_KEYS; i++)
        mem_free(url->values[i]);
    mem_free(url->path);
    mem_free(url->schema);
    *url = (struct db_url){0};
}
