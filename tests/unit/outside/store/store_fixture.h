/*
 * Databases for tests: SQLite files, and a PostgreSQL of the test's own with a fresh schema each.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "base/buf.h"
#include "outside/store/store.h"

#include <stdbool.h>

struct db;
struct loop;
struct store_fixture;

/* What main was given: the path of tests/fixtures/postgres, or nothing: SQLite; then a parameter for every URL. */
void fixture_choose(int argc, char **argv);
bool fixture_chose_postgres(void);

/* For cmocka: a group's server, and the next database of it for a test. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
int fixture_next_database(void **state);

bool fixture_is_postgres(const struct store_fixture *);
struct loop *fixture_loop(const struct store_fixture *);

/* The next fresh database, and its DATABASE_URL. */
void fixture_next(struct store_fixture *);
const char *fixture_url(const struct store_fixture *);

/* PostgreSQL: this schema instead of a fresh one. */
void fixture_use_schema(struct store_fixture *, const char *schema);

/* Runs the script of the server: pause, resume, kill, again. */
void fixture_server(struct store_fixture *, const char *verb);

/*
 * A store on the current database; fails the test when it does not open. Without settings it is
 * there, and patient.
 */
struct store *fixture_open(struct store_fixture *, const struct store_settings *settings);
/* A plain connection to it, for looking behind the store's back. */
struct db *fixture_connect(struct store_fixture *);
int64_t fixture_count(struct store_fixture *, const char *sql);
void fixture_run(struct store_fixture *, const char *sql);

/* Runs the loop until *flag; fails the test when that takes a minute. */
void fixture_wait(struct store_fixture *, const bool *flag);
/* Until `is_so` says so, at most `most_ms`; returns whether it did. */
bool fixture_wait_for(struct store_fixture *, bool (*is_so)(void *arg), void *arg, int64_t most_ms);

#endif
