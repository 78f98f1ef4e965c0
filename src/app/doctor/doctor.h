/* `prosa doctor`: a look at everything that the server depends on. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

/* As main. 0: nothing is at fault; 1: something is; 2: wrong usage. */
int doctor_main(int argc, char **argv);

#endif
