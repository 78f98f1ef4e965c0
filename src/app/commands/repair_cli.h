/* `prosa repair`: repairs the recordings of a folder, outside a server. */
#ifndef APP_REPAIR_CLI_H
#define APP_REPAIR_CLI_H

/* argv[0] is "repair". Returns the exit code: 0 done, 1 some file could not be repaired, 2 wrong
 * usage. */
int repair_main(int argc, char **argv);

#endif
