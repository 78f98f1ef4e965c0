#include "app/commands/commands.h"
#include "app/config/config.h"
#include "app/demo/demo.h"
#include "app/doctor/doctor.h"
#include "app/server/serve.h"
#include "base/macros.h"
#include "base/mem.h"
#include "command.h"
#include "manual.h"
#include "versions.h"

#include <stdio.h>
#include <string.h>

enum { WRONG_USAGE = 2 };

static const struct command commands[] = {
    {"serve", "", "run the server (what happens without a command)", "", serve_main},
    {"demo", "[--seconds 1..120] [--locale pt-BR|en|es] [--open] [--keep]",
     "play a meeting at a server of its own and print the feedback",
     "At a terminal, and with --keep anywhere, the server stays at the end, so that the meeting's\n"
     "report can be read on its page, until Enter is pressed.\n"
     "  --open                shows the page in a browser while the meeting runs\n",
     demo_main},
    {"analyze", "[OPTION]... MEETING.json | ID=FILE.wav...",
     "print the feedback that the host of a recorded meeting would have got",
     "Reads one WAV for each participant and judges the meeting as the server does.\n"
     "  --format jsonl|text   each event as a line of JSON (default), or as a line for people\n"
     "  --host ID             this participant is the host (may be repeated)\n"
     "  --locale pt-BR|en|es  language of the messages (default: FEEDBACK_LOCALE)\n"
     "  --organization SLUG   judge by what RULES_FILE says for this organization\n"
     "  --kind KIND           ... and for this kind of meeting\n\n"
     "MEETING.json: {\"name\":..., \"participants\":[{\"id\":..., \"name\":..., "
     "\"role\":\"host\",\n"
     "\"wav\":PATH, \"muted\":[[FROM,TO]...], \"networkGaps\":[[FROM,TO]...]}]}; times in "
     "seconds,\n"
     "paths relative to the file. The settings RULE_<TYPE>_<FIELD> and FEEDBACK_INCLUDE_HOST "
     "apply.\n",
     analyze_main},
    {"rules", "score [OPTION]... MEETING.json | DIR | MEETING",
     "try other settings of the rules on a recorded meeting",
     "Judges the recordings (WAV, with the .json beside them) of a folder, or of a meeting by its "
     "id,\n"
     "by the settings in force and by others, and prints what was told then (from the database), "
     "what\n"
     "is told now, and what would be told.\n"
     "  --rules FILE          use this file in place of RULES_FILE\n"
     "  --set RULE_X=NUMBER   and this setting (may be repeated)\n"
     "  --organization SLUG   judge by what the file says for this organization\n"
     "  --kind KIND           ... and for this kind of meeting\n"
     "  --host ID             this participant is the host (may be repeated)\n"
     "  --no-dtx              zeros mean a dead microphone, as on tracks that LiveKit says have no "
     "DTX\n\n"
     "Not in recordings: who was there without a microphone, who is a host, what a prosody "
     "service\n"
     "heard, mutes recorded as silence.\n",
     rules_main},
    {"report", "[OPTION]... MEETING.json | DIR | MEETING",
     "print the report of a meeting, made again from its recordings",
     "Judges the recordings (WAV, with the .json beside them) of a folder, or of a meeting by its "
     "id,\n"
     "and prints the report as JSON (docs/report.md).\n"
     "  --html FILE           write it as a page instead, one file that opens from a disk\n"
     "  --organization SLUG   judge by what RULES_FILE says for this organization\n"
     "  --kind KIND           ... and for this kind of meeting\n"
     "  --host ID             this participant is the host (may be repeated)\n\n"
     "Not in recordings: who was there without a microphone, mutes recorded as silence.\n",
     report_main},
    {"vad", "FILE.wav [--format f32|text]", "print the probability of speech in a recording",
     "One value for every 10 ms: little-endian 32-bit floats, or a line of text each.\n", vad_main},
    {"repair", "DIR [--dry-run]", "repair the recordings that a crash left unfinished",
     "Looks at every recording in the folder and below it; files in use are left alone.\n"
     "  --dry-run  only print what would be done\n",
     repair_main},
    {"migrate", "[--status | --dry-run | --times text|numbers]", "bring the database up to date",
     "Applies the missing steps to the database of DATABASE_URL, as starting the server does.\n"
     "  --status   print which steps are applied\n"
     "  --dry-run  print the SQL of the missing steps; takes no lock and changes nothing\n"
     "  --times    rewrite all times of a SQLite file in one form: text, as Prisma's driver\n"
     "             adapters do, or Unix milliseconds. Stop all programs that use it before.\n",
     migrate_main},
    {"admin", "assign-organization SLUG [MEETING] | reset-link E-MAIL",
     "look after accounts and what belongs to them",
     "Gives all meetings that belong to nobody, or only MEETING, to an organization. Those of the\n"
     "old backend belong to nobody, so no user can see them.\n\n"
     "reset-link prints a link for a user who has forgotten their password, for one use and one\n"
     "hour: the page of AUTH_RESET_URL with #token=TOKEN, or the token alone.\n",
     admin_main},
    {"backup", "FILE", "copy the SQLite database while it is in use",
     "FILE must not exist. To restore: stop the server, put the copy where the database was,\n"
     "remove its -wal and -shm files, start. Back up a PostgreSQL database with pg_dump.\n",
     backup_main},
    {"org", "link SLUG | unlink SLUG | list", "say which LiveKit rooms may name an organization",
     "A room names the organization that owns its meetings in its metadata:\n"
     "{\"organization\":\"SLUG\"}. That is believed only of an organization that is linked,\n"
     "because anyone may register one under any name.\n",
     org_main},
    {"egress-url", "[--video] roomName=NAME [NAME=VALUE]...",
     "print a signed address for one media connection",
     "The address works for ten minutes, once. NAME=VALUE are parameters of /egress-audio or\n"
     "/egress-video, such as participant=ID and trackId=SID; the host is that of EGRESS_WS_BASE.\n",
     egress_url_main},
    {"drain", "[--now] [--no-wait]",
     "let the running server end: no meeting begins, those that run go on to their end",
     "Finds the server by STORAGE_DIR, so run it with the server's settings and as its user (or as\n"
     "root), on the same machine. Prints how many meetings are left, until the server has left.\n"
     "  --now      recordings are finished now, within DRAIN_MS, as by SIGTERM\n"
     "  --no-wait  tell the server, and return\n"
     "Exit code 0: it has left (or was told); 1: no server runs, or it cannot be told.\n",
     drain_main},
    {"doctor", "[--json]", "look at everything the server depends on, and say what to do",
     "Settings, secrets, doors, memory, descriptors, folders, disk, certificates, the database,\n"
     "LiveKit and its clock, the address given to Egress, webhooks, the prosody service. Run it "
     "as\n"
     "the server's user and with its settings; beside a running server it sees more.\n"
     "Exit code 0: nothing is at fault; 1: something is.\n",
     doctor_main},
    {"check-config", "[--from-nest FILE | --env-example | --markdown | --rules-schema]",
     "check the settings and print them",
     "RULES_FILE is checked, too.\n"
     "  --from-nest FILE  say what an env file of the old backend means here, line by line, and\n"
     "                    what is refused that was let in before\n"
     "  --env-example   print env.example instead\n"
     "  --markdown      print docs/configuration.md instead\n"
     "  --rules-schema  print docs/rules.schema.json instead\n",
     check_config_main},
};

static int print_help(void) {
    puts("prosa - listens to live LiveKit meetings and tells the host what to do about them\n\n"
         "usage: prosa [COMMAND] [ARGUMENTS]\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-14s %s\n", commands[i].name, commands[i].help);
    puts("  --help         print this; after a command: its arguments\n"
         "  --version      print the version, the commit and the libraries\n"
         "  --man          print the manual page prosa(1)\n"
         "  --completion   print what completes commands in bash\n\n"
         "Settings come from the environment, then from .env or env in the working directory:");
    config_write_help(stdout);
    return 0;
}

static void print_usage(const struct command *command, FILE *out) {
    fprintf(out, "usage: prosa %s%s%s\n", command->name, *command->arguments ? " " : "",
            command->arguments);
}

static int print_command_help(const struct command *command) {
    print_usage(command, stdout);
    printf("\nprosa %s: %s.\n%s%s", command->name, command->help, *command->details ? "\n" : "",
           command->details);
    return 0;
}

static bool is_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int command_run(const struct command *command, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (is_help(argv[i]))
            return print_command_help(command);
    int code = command->run(argc, argv);
    if (code == WRONG_USAGE)
        print_usage(command, stderr);
    return code;
}

int main(int argc, char **argv) {
    char serve[] = "serve";
    char *without[] = {serve, NULL};

    mem_init();
    if (argc < 2)
        return command_run(&commands[0], 1, without);
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return versions_print(stdout);
    if (strcmp(argv[1], "--man") == 0)
        return manual_print(commands, ARRAY_LEN(commands), stdout);
    if (strcmp(argv[1], "--completion") == 0)
        return completion_print(commands, ARRAY_LEN(commands), stdout);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return command_run(&commands[i], argc - 1, argv + 1);
    fprintf(stderr, "prosa: no such command: %s (see prosa --help)\n", argv[1]);
    return WRONG_USAGE;
}
