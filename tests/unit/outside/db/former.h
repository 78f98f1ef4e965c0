/*
 * Databases as the former backend's Prisma made them, in SQL of our own: 20 sessions of one room,
 * of which RM_7 is active, 500 events of RM_7, one user.
 */
#ifndef TESTS_FORMER_H
#define TESTS_FORMER_H

struct store_fixture;

/* PostgreSQL, in this schema. */
void former_make(struct store_fixture *, const char *schema);

/* Times as Unix ms, as text in the form of Prisma's driver adapters, or some of each. */
enum former_form { FORMER_NUMBERS, FORMER_TEXT, FORMER_BOTH };

/* A fresh SQLite file. */
void former_make_file(struct store_fixture *, enum former_form);

#endif
