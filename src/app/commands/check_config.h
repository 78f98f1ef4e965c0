/* `prosa check-config`: checks and prints the settings, or prints the documents made from their
 * table. */
#ifndef APP_CHECK_CONFIG_H
#define APP_CHECK_CONFIG_H

/* argv[0] is "check-config". Returns the exit code: 0 the settings are good, 1 they are not, 2
 * wrong usage. */
int check_config_main(int argc, char **argv);

#endif
