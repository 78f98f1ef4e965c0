/* `prosa check-config`: are the settings good? Also prints what the table of settings makes. */
#ifndef APP_CHECK_CONFIG_H
#define APP_CHECK_CONFIG_H

int check_config_main(int argc, char **argv);

#endif
