/* `prosa demo`: a meeting of four people with real speech, at a server of its own. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

/* Exit code: 0 done, 1 failed, 2 wrong usage. */
int demo_main(int argc, char **argv);

#endif
