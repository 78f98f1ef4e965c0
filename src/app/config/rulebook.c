#include "app/config/rulebook.h"

#include "app/config/config.h"
#include "base/buf.h"
#include "base/mem.h"
#include "meeting/rules_file.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct rulebook {
    const struct config *config;
    /* NULL: no file is set. */
    struct rules_file *file;
};

static int read_text(const char *path, struct buf *text) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int err = file_read_all(fd, RULES_FILE_MAX_BYTES, text);
    close(fd);
    return err;
}

static int read_file(const char *path, struct rules_file **file, struct buf *problem) {
    struct buf text = {0}, why = {0};
    int err = read_text(path, &text);
    if (err)
        buf_printf(problem, "RULES_FILE %s cannot be read: %s", path, strerror(err));
    else if ((err = rules_file_parse(file, buf_slice(&text), &why)))
        buf_printf(problem, "RULES_FILE %s, %.*s", path, SLICE_ARG(buf_slice(&why)));
    buf_free(&text);
    buf_free(&why);
    return err;
}

int rulebook_open(struct rulebook **out, const struct config *config, struct buf *problem) {
    struct rules_file *file = NULL;
    int err = config->rules_file ? read_file(config->rules_file, &file, problem) : 0;
    if (err)
        return err;
    *out = mem_alloc(sizeof **out);
    **out = (struct rulebook){config, file};
    return 0;
}

void rulebook_free(struct rulebook *book) {
    if (!book)
        return;
    rules_file_free(book->file);
    mem_free(book);
}

int rulebook_reload(struct rulebook *book, struct buf *problem) {
    struct rules_file *file;
    if (!book->config->rules_file)
        return 0;
    int err = read_file(book->config->rules_file, &file, problem);
    if (err)
        return err;
    rules_file_free(book->file);
    book->file = file;
    return 0;
}

void rulebook_rules(const struct rulebook *book, struct slice organization, struct slice kind,
                    struct rules *rules) {
    *rules = book->config->rules;
    if (book->file)
        rules_file_apply(book->file, organization, kind, rules);
}
