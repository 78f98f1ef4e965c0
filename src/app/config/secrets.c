#include "app/config/config_private.h"
#include "app/config/dotenv.h"
#include "base/buf.h"
#include "base/rand.h"
#include "outside/files/file.h"
#include "wire/web/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_CHARS = 43, SECRETS_FILE_MAX = 64 * 1024 };

/* A secret that is unset: it is read from the file, or made. */
struct secret_wanted {
    const char *name;
    const char **field;
    bool was_found;
};

struct secrets_wanted {
    struct config *config;
    struct secret_wanted items[3];
    size_t count;
};

static void on_secret(struct slice name, struct slice value, void *arg) {
    struct secrets_wanted *list = arg;
    for (size_t i = 0; i < list->count; i++)
        if (value.len && slice_is_equal(name, slice_from(list->items[i].name))) {
            *list->items[i].field = texts_keep_copy(list->config->texts, value);
            list->items[i].was_found = true;
        }
}

/* Appends the secrets that are missing. A newline goes first, so that a line cut short by a crash
 * does not spoil the next one. */
static int make_missing(struct secrets_wanted *list, int fd, bool is_new) {
    struct buf lines = {0};
    buf_add_text(&lines, is_new ? "# Made by Prosa. Losing this file ends all logins.\n" : "\n");
    size_t made = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].was_found)
            continue;
        char secret[SECRET_CHARS + 1];
        rand_token(secret, SECRET_CHARS);
        buf_printf(&lines, "%s=%s\n", list->items[i].name, secret);
        *list->items[i].field = texts_keep_copy(list->config->texts, slice_from(secret));
        made++;
    }
    int err = made ? file_write_all(fd, buf_slice(&lines)) : 0;
    if (!err && made && fsync(fd))
        err = errno;
    buf_free(&lines);
    return err;
}

/* The file is locked while it is read and written, so two servers that start at once get the same
 * secrets. */
static int fill_from_file(struct secrets_wanted *list, const char *path) {
    struct buf text = {0};
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    int err = flock(fd, LOCK_EX) ? errno : 0;
    if (!err)
        err = file_read_all(fd, SECRETS_FILE_MAX, &text);
    if (!err) {
        bool is_new = text.len == 0;
        buf_add_byte(&text, 0);
        dotenv_parse(slice_from(text.data), on_secret, list);
        err = make_missing(list, fd, is_new);
    }
    if (!err && fchmod(fd, 0600))
        err = errno;
    close(fd);
    buf_free(&text);
    return err;
}

/* Derives it from the secret of LiveKit: HMAC-SHA256 over the name of the purpose. */
static void derive_url_secret(struct config *config) {
    static const char purpose[] = "prosa egress url v1";
    struct slice secret = config->livekit_keys[0].secret;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)purpose,
         sizeof purpose - 1, mac, &len);
    struct buf text = {0};
    base64url_write(&text, slice_of(mac, len));
    config->egress_url_secret = texts_keep(config->texts, buf_take_text(&text));
}

static void want(struct secrets_wanted *list, const char *name, const char **field) {
    if (!*field)
        list->items[list->count++] = (struct secret_wanted){name, field, false};
}

int config_secrets(struct config *config, struct buf *problem) {
    struct secrets_wanted list = {.config = config};
    if (!config->egress_url_secret && config->livekit_key_count)
        derive_url_secret(config);
    want(&list, "JWT_ACCESS_SECRET", &config->jwt_access_secret);
    want(&list, "JWT_REFRESH_SECRET", &config->jwt_refresh_secret);
    want(&list, "EGRESS_URL_SECRET", &config->egress_url_secret);
    if (!list.count)
        return 0;

    struct buf path = {0};
    buf_printf(&path, "%s/secrets", config->storage_dir);
    buf_add_byte(&path, 0);
    int err = file_make_folders(slice_from(config->storage_dir));
    if (!err)
        err = fill_from_file(&list, path.data);
    if (err)
        buf_printf(problem, "%s cannot be used: %s", path.data, strerror(err));
    buf_free(&path);
    return err;
}
