#include "app/commands/admin.h"
#include "app/commands/analyze.h"
#include "app/commands/check_config.h"
#include "app/commands/egress_url_cli.h"
#include "app/commands/vad_cli.h"
#include "app/config/config.h"
#include "app/demo/demo.h"
#include "app/server/serve.h"
#include "base/mem.h"
#include "outside/files/repair.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", serve_main, "run the server (what happens without a command)"},
    {"demo", demo_main, "play a meeting at a server of its own and print the feedback"},
    {"analyze", analyze_main, "say what the host of a recorded meeting would have been told"},
    {"vad", vad_main, "say where in a recording somebody speaks"},
    {"repair", repair_main,
     "make recordings whole that a crash left behind: repair DIR [--dry-run]"},
    {"migrate", migrate_main, "bring the database up to date: migrate [--status | --dry-run]"},
    {"backup", backup_main, "copy the SQLite database while it is in use: backup FILE"},
    {"org", org_main, "whose rooms may say whose they are: org link SLUG | unlink SLUG | list"},
    {"egress-url", egress_url_main, "print a signed address for one media connection"},
    {"check-config", check_config_main, "say whether the settings are good, and print them"},
};

static int print_help(void) {
    puts("prosa - listens to live LiveKit meetings and tells the host what to do about them\n\n"
         "usage: prosa [COMMAND] [OPTIONS]\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-14s %s\n", commands[i].name, commands[i].help);
    puts("  --help         this\n"
         "  --version      the version\n\n"
         "Settings come from the environment, then from .env or env in the working directory:");
    config_write_help(stdout);
    return 0;
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "serve";

    mem_init();
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return print_help();
    if (strcmp(word, "--version") == 0) {
        puts("prosa " PROSA_VERSION);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
    fprintf(stderr, "prosa: no such command: %s (see prosa --help)\n", word);
    return 2;
}
