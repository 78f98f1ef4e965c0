/* A command of prosa, as main.c lists them. */
#ifndef COMMAND_H
#define COMMAND_H

/* A command's name, its arguments as in the usage line, what it does, what else --help says. */
struct command {
    const char *name, *arguments, *help, *details;
    /* As main: argv[0] is the command's name. Returns the exit code; after 2, wrong usage, main()
     * prints the usage. */
    int (*run)(int argc, char **argv);
};

#endif
