/* `prosa egress-url`: prints one signed address, for experiments and for senders other than
 * LiveKit. */
#ifndef APP_EGRESS_URL_CLI_H
#define APP_EGRESS_URL_CLI_H

/* argv[0] is "egress-url". Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
int egress_url_main(int argc, char **argv);

#endif
