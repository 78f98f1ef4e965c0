#include "app/commands/commands.h"

#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "base/buf.h"
#include "net/tls.h"

#include <stdio.h>
#include <string.h>

static int complain(struct buf *problem) {
    fprintf(stderr, "prosa: %.*s\n", SLICE_ARG(buf_slice(problem)));
    buf_free(problem);
    return 1;
}

/* Files that the start would read: a setting is good when they can be used. */
static int check_files(const struct config *config) {
    struct tls *tls;
    char why[512] = "";
    if (!config->tls_cert_file)
        return 0;
    int err = tls_open_server(&tls, config->tls_cert_file, config->tls_key_file, why, sizeof why);
    if (err)
        fprintf(stderr, "prosa: TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %s\n", why);
    else
        tls_close(tls);
    return err;
}

static int check(void) {
    struct config *config;
    struct rulebook *book;
    struct buf problem = {0}, doors = {0}, memory = {0};

    if (config_load(&config, &problem))
        return complain(&problem);
    if (check_files(config)) {
        config_free(config);
        return 1;
    }
    if (rulebook_open(&book, config, &problem)) {
        config_free(config);
        return complain(&problem);
    }
    struct slice warnings = slice_from(config->warnings), warning;
    while (slice_cut(&warnings, '\n', &warning))
        fprintf(stderr, "prosa: %.*s\n", SLICE_ARG(warning));
    fprintf(stderr, "prosa: the settings are good (%s)\n",
            config->env_file ? config->env_file : "no env file");
    config_open_doors(config, &doors);
    if (doors.len)
        fprintf(stderr, "prosa: open doors: %.*s\n", SLICE_ARG(buf_slice(&doors)));
    config_write_memory(config, &memory);
    fprintf(stderr, "prosa: memory: %.*s\n", SLICE_ARG(buf_slice(&memory)));
    config_write_values(config, stdout);
    buf_free(&memory);
    buf_free(&doors);
    rulebook_free(book);
    config_free(config);
    return 0;
}

int check_config_main(int argc, char **argv) {
    if (argc < 2)
        return check();
    if (argc == 2 && strcmp(argv[1], "--env-example") == 0)
        config_write_example(stdout);
    else if (argc == 2 && strcmp(argv[1], "--markdown") == 0)
        config_write_markdown(stdout);
    else if (argc == 2 && strcmp(argv[1], "--rules-schema") == 0)
        config_write_rules_schema(stdout);
    else
        return 2;
    return 0;
}
