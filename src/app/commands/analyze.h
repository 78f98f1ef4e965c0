/* `prosa analyze`: judges recordings as the server judges live audio, on the audio's own clock. */
#ifndef APP_ANALYZE_H
#define APP_ANALYZE_H

/* argv[0] is "analyze". Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
int analyze_main(int argc, char **argv);

#endif
