/*
 * Databases for tests: a SQLite file, or a schema of a PostgreSQL server of the test's own, fresh
 * for each test.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "base/buf.h"
#include "outside/store/store.h"

#include <stdbool.h>

struct db;
struct loop;
struct store_fixture;

/* The arguments of main: the path of tests/fixtures/postgres, or none for SQLite; then a parameter
 * that every URL gets. */
void fixture_choose(int argc, char **argv);
bool fixture_chose_postgres(void);

/* For cmocka: the server of a group of tests, and the next fresh database for a test. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
int fixture_next_database(void **state);
#define STORE_TEST(function) cmocka_unit_test_setup(function, fixture_next_database)

bool fixture_is_postgres(const struct store_fixture *);
struct loop *fixture_loop(const struct store_fixture *);

/* The next fresh database, and its DATABASE_URL. */
void fixture_next(struct store_fixture *);
const char *fixture_url(const struct store_fixture *);

/* PostgreSQL: uses this schema instead of a fresh one. */
void fixture_use_schema(struct store_fixture *, const char *schema);

/* Runs the script of the server: pause, resume, kill, again. */
void fixture_server(struct store_fixture *, const char *verb);

/*
 * A store on the current database; fails the test when it does not open. Without settings it is
 * connected and has a long deadline.
 */
struct store *fixture_open(struct store_fixture *, const struct store_settings *settings);
/* A plain connection to the current database. */
struct db *fixture_connect(struct store_fixture *);
int64_t fixture_count(struct store_fixture *, const char *sql);
void fixture_run(struct store_fixture *, const char *sql);

/* A connection that locks the database against writes, until it is released. */
struct db *fixture_hold(struct store_fixture *);
void fixture_release(struct db *);

/* Runs the loop until *flag; fails the test when that takes a minute. */
void fixture_wait(struct store_fixture *, const bool *flag);
/* Until `is_so` says so, at most `most_ms`; returns whether it did. */
bool fixture_wait_for(struct store_fixture *, bool (*is_so)(void *arg), void *arg, int64_t most_ms);

#endif
