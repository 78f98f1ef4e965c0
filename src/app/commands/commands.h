/* The commands of `prosa`, other than the server and the demo.
 *
 * Each is called like main: argv[0] is the command's name. It returns the exit code: 0 done, 1
 * failed, 2 wrong usage. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

/* `prosa analyze`: judges recordings as the server judges live audio, on the audio's own clock. */
int analyze_main(int argc, char **argv);

/* `prosa rules score`: what other settings of the rules would have told in a recorded meeting. */
int rules_main(int argc, char **argv);

/* `prosa report`: the report of a meeting, made again from its recordings. */
int report_main(int argc, char **argv);

/* `prosa vad`: the probability of speech in a WAV, for every 10 ms. */
int vad_main(int argc, char **argv);

/* `prosa repair`: repairs the recordings of a folder, outside a server. It fails when one of them
 * could not be repaired. */
int repair_main(int argc, char **argv);

/* `prosa migrate`, `prosa backup`, `prosa org`, `prosa admin`: what an operator does with the
 * database. */
int admin_main(int argc, char **argv);
int migrate_main(int argc, char **argv);
int backup_main(int argc, char **argv);
int org_main(int argc, char **argv);

/* `prosa egress-url`: prints one signed address, for experiments and for senders other than
 * LiveKit. */
int egress_url_main(int argc, char **argv);

/* `prosa drain`: tells the running server to end with its meetings, and shows how far it is. */
int drain_main(int argc, char **argv);

/* `prosa check-config`: checks and prints the settings, and fails when they are not good; or prints
 * the documents made from their table. */
int check_config_main(int argc, char **argv);

#endif
