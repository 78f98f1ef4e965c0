#include "app/commands/commands.h"

#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "base/buf.h"
#include "net/tls.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ENV_FILE_MAX = 1 << 20 };

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
    const struct tls_files files = config_tls_files(config);
    int err = tls_open_server(&tls, &files, why, sizeof why);
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
    if (config_check_folders(config, &problem)) {
        config_free(config);
        return complain(&problem);
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

static int read_file(const char *path, struct buf *text) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 ? errno : file_read_all(fd, ENV_FILE_MAX, text);
    if (fd >= 0)
        close(fd);
    if (err)
        fprintf(stderr, "prosa: %s cannot be read: %s\n", path, strerror(err));
    return err;
}

/* The file alone decides: what the environment of this shell says is not what a server will have. */
static int check_former(const char *path) {
    struct config *config;
    struct buf text = {0}, problem = {0}, doors = {0};
    if (read_file(path, &text))
        return 1;
    puts("What the file says:");
    config_write_former(buf_slice(&text), stdout);
    buf_add_byte(&text, 0);
    const char *const files[CONFIG_FILES] = {(const char *)text.data};
    int err = config_parse(&config, files, NULL, &problem);
    if (err) {
        printf("\nThe start would be refused: %.*s\n", SLICE_ARG(buf_slice(&problem)));
    } else {
        puts("\nRefused now, let in before:");
        config_write_shut_doors(config, stdout);
        config_open_doors(config, &doors);
        printf("\nStill open: %s%.*s\n", doors.len > 0 ? "" : "nothing",
               SLICE_ARG(buf_slice(&doors)));
        struct slice warnings = slice_from(config->warnings), warning;
        while (slice_cut(&warnings, '\n', &warning))
            printf("Doubtful: %.*s\n", SLICE_ARG(warning));
        config_free(config);
    }
    buf_free(&doors);
    buf_free(&problem);
    buf_free(&text);
    return err ? 1 : 0;
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
    else if (argc == 3 && strcmp(argv[1], "--from-nest") == 0)
        return check_former(argv[2]);
    else
        return 2;
    return 0;
}
