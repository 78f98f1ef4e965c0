#include "store_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_url.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* For tests that do not measure time, also on slow machines. */
enum { PATIENCE_MS = 60000 };

struct store_fixture {
    char folder[64];
    char server[256]; /* URL of PostgreSQL, without parameters */
    char url[512];
    unsigned number;
    struct loop *loop;
};

/* For the whole program: cmocka's fixtures take no argument. */
static const char *script, *parameter;

void fixture_choose(int argc, char **argv) {
    script = argc > 1 ? argv[1] : NULL;
    parameter = argc > 2 ? argv[2] : NULL;
}

bool fixture_chose_postgres(void) {
    return script != NULL;
}

static void run_script(struct store_fixture *f, const char *verb, char *line, size_t line_bytes) {
    char command[512];
    snprintf(command, sizeof command, "PROSA_TEST_PID=%d %s %s %s", (int)getpid(), script, verb,
             f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    if (line && fgets(line, (int)line_bytes, pipe))
        line[strcspn(line, "\n")] = 0;
    int code = pclose(pipe);
    if (code)
        fail_msg("%s ended with %d", command, code);
}

int fixture_set_up(void **state) {
    struct store_fixture *f = mem_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/prosa-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(chmod(f->folder, 0755), 0);
    if (script)
        run_script(f, "start", f->server, sizeof f->server);
    assert_int_equal(loop_open(&f->loop), 0);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state) {
    struct store_fixture *f = *state;
    char command[128];
    if (script)
        run_script(f, "stop", NULL, 0);
    loop_close(f->loop);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    mem_free(f);
    return 0;
}

bool fixture_is_postgres(const struct store_fixture *f) {
    return script != NULL;
}

struct loop *fixture_loop(const struct store_fixture *f) {
    return f->loop;
}

void fixture_next(struct store_fixture *f) {
    f->number++;
    if (script)
        snprintf(f->url, sizeof f->url, "%s?schema=Test%%20%u&%s", f->server, f->number,
                 parameter ? parameter : "");
    else
        snprintf(f->url, sizeof f->url, "sqlite:%s/%u/prosa.db", f->folder, f->number);
}

int fixture_next_database(void **state) {
    fixture_next(*state);
    return 0;
}

void fixture_use_schema(struct store_fixture *f, const char *schema) {
    snprintf(f->url, sizeof f->url, "%s?schema=%s", f->server, schema);
}

const char *fixture_url(const struct store_fixture *f) {
    return f->url;
}

void fixture_server(struct store_fixture *f, const char *verb) {
    run_script(f, verb, NULL, 0);
}

static bool is_there(void *arg) {
    struct store_stats stats;
    store_stats(arg, &stats);
    return !stats.is_away;
}

struct store *fixture_open(struct store_fixture *f, const struct store_settings *settings) {
    struct store_settings config =
        settings ? *settings
                 : (struct store_settings){.feedback_ttl_days = 14, .deadline_ms = PATIENCE_MS};
    struct store *store = NULL;
    char why[512] = "";
    config.url = f->url;
    int err = store_open(&store, &config, f->loop, why, sizeof why);
    if (err)
        fail_msg("store_open: %d %s", err, why);
    if (!settings && !fixture_wait_for(f, is_there, store, PATIENCE_MS))
        fail_msg("the database is away");
    return store;
}

struct db *fixture_connect(struct store_fixture *f) {
    struct db_url url;
    struct db *db = NULL;
    char why[512] = "", text[560];
    /* A test looks at servers that only read, too. */
    snprintf(text, sizeof text, "%s%s", f->url, script ? "&target_session_attrs=any" : "");
    assert_int_equal(db_url_parse(&url, text, why, sizeof why), 0);
    int err = db_open(&db, &url, clock_mono_ms() + PATIENCE_MS, why, sizeof why);
    db_url_free(&url);
    if (err)
        fail_msg("db_open: %d %s", err, why);
    return db;
}

void fixture_run(struct store_fixture *f, const char *sql) {
    struct db *db = fixture_connect(f);
    if (db_script(db, sql))
        fail_msg("%s: %s", sql, db->why);
    db_close(db);
}

static void on_count(const struct db_row *row, void *arg) {
    *(int64_t *)arg = db_row_int(row, 0);
}

int64_t fixture_count(struct store_fixture *f, const char *sql) {
    int64_t count = -1;
    struct db *db = fixture_connect(f);
    if (db_ask(db, sql, on_count, &count))
        fail_msg("%s: %s", sql, db->why);
    db_close(db);
    return count;
}

struct db *fixture_hold(struct store_fixture *f) {
    struct db *db = fixture_connect(f);
    db->deadline_ms = INT64_MAX;
    assert_int_equal(db_begin(db), 0);
    if (script)
        assert_int_equal(
            db_script(db, "LOCK TABLE \"FeedbackEvent\", \"Session\" IN ACCESS EXCLUSIVE MODE"), 0);
    return db;
}

void fixture_release(struct db *db) {
    db_rollback(db);
    db_close(db);
}

struct waiting {
    struct store_fixture *fixture;
    bool (*is_so)(void *arg);
    void *arg;
    int64_t until_ms;
    struct timer timer;
    bool was_so;
};

static void look(void *arg) {
    struct waiting *w = arg;
    w->was_so = w->is_so(w->arg);
    if (w->was_so || clock_mono_ms() > w->until_ms) {
        timer_stop(&w->timer);
        loop_stop(w->fixture->loop);
    }
}

bool fixture_wait_for(struct store_fixture *f, bool (*is_so)(void *arg), void *arg,
                      int64_t most_ms) {
    struct waiting w = {
        .fixture = f, .is_so = is_so, .arg = arg, .until_ms = clock_mono_ms() + most_ms};
    timer_start(f->loop, &w.timer, 0, 2, look, &w);
    loop_run(f->loop);
    return w.was_so;
}

static bool is_set(void *arg) {
    const bool *flag = arg;
    return *flag;
}

void fixture_wait(struct store_fixture *f, const bool *flag) {
    union {
        const bool *in;
        void *out;
    } pointer = {.in = flag};
    if (!fixture_wait_for(f, is_set, pointer.out, 60000))
        fail_msg("no answer within a minute");
}
