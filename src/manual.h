/* The manual page and the shell's completion, made from the tables of commands and settings. */
#ifndef MANUAL_H
#define MANUAL_H

#include <stddef.h>
#include <stdio.h>

struct command;

/* prosa(1) in troff's man macros. 0. */
int manual_print(const struct command *commands, size_t count, FILE *out);
/* A script for bash, which completes commands and their options. 0. */
int completion_print(const struct command *commands, size_t count, FILE *out);

#endif
