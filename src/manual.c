#include "manual.h"

#include "app/config/config.h"
#include "command.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* ---- prosa(1) ---- */

/* Text of one line or several. A line that begins with a dot or a quote would be a request to troff;
 * a hyphen that is not escaped is printed as another character. */
static void print_text(const char *text, FILE *out) {
    bool is_line_start = true;
    for (; *text; text++) {
        if (is_line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        is_line_start = *text == '\n';
    }
}

static void print_command(const struct command *command, FILE *out) {
    fputs(".TP\n.B ", out);
    print_text(command->name, out);
    fputs("\\fR ", out);
    print_text(command->arguments, out);
    fputc('\n', out);
    fputc(toupper((unsigned char)command->help[0]), out);
    print_text(command->help + 1, out);
    fputs(".\n", out);
    if (*command->details) {
        fputs(".IP\n.nf\n", out);
        print_text(command->details, out);
        fputs(".fi\n", out);
    }
}

int manual_print(const struct command *commands, size_t count, FILE *out) {
    fputs(".TH PROSA 1 \"\" \"prosa " PROSA_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nprosa \\- listens to live LiveKit meetings and tells the host what to do "
          "about them\n"
          ".SH SYNOPSIS\n.B prosa\n[\\fICOMMAND\\fR] [\\fIARGUMENTS\\fR]\n"
          ".SH COMMANDS\nWithout a command the server runs.\n",
          out);
    for (size_t i = 0; i < count; i++)
        print_command(&commands[i], out);
    fputs(".SH SETTINGS\nThey come from the environment, then from the files\n.I .env\nand\n.I env\n"
          "in the working directory. A secret may lie in a file of its own, which NAME_FILE names.\n",
          out);
    config_write_man(out, print_text);
    fputs(".SH SIGNALS\n.TP\n.B SIGTERM, SIGINT\nFinish recordings, say goodbye to clients, and "
          "leave. A second one ends the process at once.\n"
          ".TP\n.B SIGUSR1\nBegin no meeting any more, and leave when the last has ended (drain).\n"
          ".TP\n.B SIGHUP\nRead certificates and RULES_FILE again.\n"
          ".SH EXIT STATUS\n0 when all went well, 1 when something failed, 2 when the command line "
          "was wrong.\n"
          ".SH FILES\n.TP\n.I /etc/prosa/prosa.env\nThe settings of the packaged service.\n",
          out);
    return 0;
}

/* ---- Completion ---- */

/* The options that a command's help names: --word. */
static void print_options(const char *text, FILE *out) {
    for (const char *at = strstr(text, "--"); at; at = strstr(at, "--")) {
        size_t len = 2;
        while (islower((unsigned char)at[len]) || at[len] == '-')
            len++;
        if (len > 2)
            fprintf(out, " %.*s", (int)len, at);
        at += len;
    }
}

int completion_print(const struct command *commands, size_t count, FILE *out) {
    fputs("_prosa() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
          "    case $COMP_CWORD:${COMP_WORDS[1]} in\n"
          "    1:*) words='--help --version --man --completion",
          out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, " %s", commands[i].name);
    fputs("' ;;\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "    *:%s) words='--help", commands[i].name);
        print_options(commands[i].arguments, out);
        print_options(commands[i].details, out);
        fputs("' ;;\n", out);
    }
    fputs("    esac\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "}\n"
          "complete -o default -F _prosa prosa\n",
          out);
    return 0;
}
