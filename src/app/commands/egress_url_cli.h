/* `prosa egress-url`: prints one signed address, for trying things out and for senders that are not LiveKit's. */
#ifndef APP_EGRESS_URL_CLI_H
#define APP_EGRESS_URL_CLI_H

int egress_url_main(int argc, char **argv);

#endif
