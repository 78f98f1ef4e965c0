/* `prosa vad`: the probability of speech in a WAV, each 10 ms. */
#ifndef APP_VAD_CLI_H
#define APP_VAD_CLI_H

/* argv[0] is "vad". Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
int vad_main(int argc, char **argv);

#endif
