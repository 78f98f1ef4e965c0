/*
 * Secrets that lie in files of their own, as containers and service managers give them: NAME_FILE
 * names the file of the secret NAME, and systemd's credentials are files called NAME in the folder
 * CREDENTIALS_DIRECTORY. What NAME itself says counts first.
 */
#include "app/config/config_private.h"
#include "app/config/config_source.h"
#include "base/mem.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 16 * 1024 };

/* The bytes of a regular file; a service manager may give a pipe, too. */
static int read_secret(const char *path, struct buf *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    struct stat info;
    int err = fstat(fd, &info) ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
    if (!err)
        err = file_read_all(fd, SECRET_MAX, out);
    close(fd);
    return err;
}

/* Editors and `echo` end a file with a line break, which belongs to no secret. */
static struct slice without_line_break(struct slice text) {
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static int take_secret(struct config_source *source, const char *name, const char *path,
                       const char *named_by) {
    struct buf bytes = {0};
    int err = read_secret(path, &bytes);
    struct slice value = without_line_break(buf_slice(&bytes));
    const char *why = err == EFBIG                              ? "it is larger than 16 KiB"
                      : err                                     ? strerror(err)
                      : value.len == 0                          ? "it is empty"
                      : memchr(value.ptr, 0, value.len) != NULL ? "it holds a zero byte"
                                                                : NULL;
    if (why)
        buf_printf(source->problem, "%s: the secret in %s cannot be read: %s", named_by, path, why);
    else
        mem_free(map_set(&source->values, slice_from(name), slice_copy_text(value)));
    if (bytes.len > 0)
        explicit_bzero(bytes.data, bytes.len);
    buf_free(&bytes);
    return why ? EINVAL : 0;
}

/* NAME_FILE. One that stands beside NAME would be ignored without a word, so that is refused. */
static int read_named(struct config_source *source, const struct setting *row, const char *name,
                      bool *is_found) {
    struct buf setting = {0};
    buf_printf(&setting, "%s_FILE", name);
    const char *path = map_find(&source->values, buf_slice(&setting));
    int err = 0;
    if (path && config_source_find_row(source, row)) {
        buf_printf(source->problem, "%s and %.*s are both set: keep one of them", name,
                   SLICE_ARG(buf_slice(&setting)));
        err = EINVAL;
    } else if (path) {
        *is_found = true;
        buf_add_byte(&setting, 0);
        err = take_secret(source, row->name, path, (const char *)setting.data);
    }
    buf_free(&setting);
    return err;
}

static int read_credential(struct config_source *source, const struct setting *row,
                           const char *folder) {
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, row->name);
    buf_add_byte(&path, 0);
    const char *file = (const char *)path.data;
    int err =
        access(file, F_OK) == 0 ? take_secret(source, row->name, file, "CREDENTIALS_DIRECTORY") : 0;
    buf_free(&path);
    return err;
}

static int read_row(struct config_source *source, const struct setting *row) {
    const char *folder = config_source_find(source, "CREDENTIALS_DIRECTORY");
    bool is_found = false;
    int err = read_named(source, row, row->name, &is_found);
    if (!err && !is_found && row->alias)
        err = read_named(source, row, row->alias, &is_found);
    if (!err && !is_found && folder && !config_source_find_row(source, row))
        err = read_credential(source, row, folder);
    return err;
}

int config_source_read_secrets(struct config_source *source) {
    int err = 0;
    for (size_t i = 0; i < setting_count && !err; i++)
        if (settings[i].name && settings[i].flags & SETTING_SECRET)
            err = read_row(source, &settings[i]);
    return err;
}
