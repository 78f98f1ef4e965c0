/* What an operator does with the database: `prosa migrate`, `prosa backup`, `prosa org`. */
#ifndef APP_ADMIN_H
#define APP_ADMIN_H

/* argv[0] is the command's name. Return the exit code: 0 done, 1 failed, 2 wrong usage. */
int migrate_main(int argc, char **argv);
int backup_main(int argc, char **argv);
int org_main(int argc, char **argv);

#endif
