/* `prosa serve`: reads the settings, runs the server until it is told to stop. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

/* argv[0] is "serve". Returns the exit code: 0 drained in time, 1 failed, 2 wrong usage. */
int serve_main(int argc, char **argv);

#endif
