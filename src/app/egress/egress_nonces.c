#include "app/egress/egress_nonces.h"

#include "app/egress/egress_url.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/station.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    SWEEP_EVERY = 256,
    FILE_MAX_BYTES = 16 * 1024 * 1024,
    ANEW_BYTES = 1024 * 1024, /* appended; then the file is made anew */
    KEEP_S = 2 * EGRESS_URL_LIFE_S,
    WAITING_MAX = 8192, /* lines; more of them mean that the disk has stalled */
};

struct egress_nonces {
    struct map used; /* nonce -> struct use */
    unsigned until_sweep;
    size_t appended_bytes;
    struct station *station; /* NULL: nothing is kept */
    int fd;                  /* the station's */
    bool is_failing;         /* the station's */
};

struct use {
    int64_t forget_s;
};

/* ---- The file ---- */

struct nonces_mail {
    struct mail mail;
    struct buf text;
    bool is_all; /* else it is appended */
};

static void nonces_deliver(struct mail *mail, void *owner) {
    struct egress_nonces *nonces = owner;
    struct nonces_mail *m = (struct nonces_mail *)mail;
    int err = m->is_all && ftruncate(nonces->fd, 0) ? errno : 0;
    if (!err)
        err = file_write_all(nonces->fd, buf_slice(&m->text));
    if (err && !nonces->is_failing)
        log_warn("egress", "used addresses cannot be written down; they open again after a restart",
                 log_errno(err));
    nonces->is_failing = err != 0;
    buf_free(&m->text);
    mem_free(m);
}

static void nonces_send(struct egress_nonces *nonces, struct buf text, bool is_all) {
    struct nonces_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = nonces_deliver;
    m->text = text;
    m->is_all = is_all;
    station_send(nonces->station, &m->mail);
}

static void add_line(struct buf *text, struct slice nonce, int64_t forget_s) {
    buf_printf(text, "%lld %.*s\n", (long long)forget_s, SLICE_ARG(nonce));
}

static void file_anew(struct egress_nonces *nonces) {
    struct buf text = {0};
    MAP_EACH(&nonces->used, at) {
        add_line(&text, at.key, ((struct use *)at.value)->forget_s);
    }
    nonces->appended_bytes = 0;
    nonces_send(nonces, text, true);
}

static void note(struct egress_nonces *nonces, struct slice nonce, int64_t forget_s) {
    struct use *use = mem_alloc(sizeof *use);
    use->forget_s = forget_s;
    map_set(&nonces->used, nonce, use);
}

static void read_lines(struct egress_nonces *nonces, struct slice text, int64_t now_s) {
    struct slice line, expiry;
    uint64_t forget_s;
    while (slice_cut(&text, '\n', &line)) {
        if (!slice_cut(&line, ' ', &expiry) || line.len != EGRESS_NONCE_CHARS ||
            !slice_to_uint(expiry, INT64_MAX / 1000, &forget_s) || (int64_t)forget_s <= now_s ||
            (int64_t)forget_s > now_s + KEEP_S || map_find(&nonces->used, line))
            continue;
        note(nonces, line, (int64_t)forget_s);
    }
}

static int file_open(struct egress_nonces *nonces, const char *path, int64_t now_s) {
    struct buf text = {0};
    nonces->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    int err = nonces->fd < 0 ? errno : file_read_all(nonces->fd, FILE_MAX_BYTES, &text);
    if (!err)
        read_lines(nonces, buf_slice(&text), now_s);
    buf_free(&text);
    if (!err)
        err = station_open(&nonces->station, nonces);
    if (!err)
        err = station_start(nonces->station, "nonces", 0);
    return err;
}

/* ---- What was used ---- */

struct egress_nonces *egress_nonces_new(const char *path, int64_t now_s) {
    struct egress_nonces *nonces = mem_alloc(sizeof *nonces);
    map_init(&nonces->used, rand_u64());
    nonces->fd = -1;
    int err = path ? file_open(nonces, path, now_s) : 0;
    if (err) {
        log_warn("egress", "used addresses are kept in memory only", log_text("file", path),
                 log_errno(err));
        station_close(nonces->station);
        nonces->station = NULL;
    }
    if (nonces->station)
        file_anew(nonces);
    return nonces;
}

void egress_nonces_free(struct egress_nonces *nonces) {
    if (!nonces)
        return;
    station_close(nonces->station);
    if (nonces->fd >= 0)
        close(nonces->fd);
    MAP_EACH(&nonces->used, at) {
        mem_free(at.value);
    }
    map_free(&nonces->used);
    mem_free(nonces);
}

static void forget_expired(struct egress_nonces *nonces, int64_t now_s) {
    MAP_EACH(&nonces->used, at) {
        struct use *use = at.value;
        if (use->forget_s > now_s)
            continue;
        map_remove(&nonces->used, at.key);
        mem_free(use);
    }
}

static void write_down(struct egress_nonces *nonces, struct slice nonce, int64_t forget_s) {
    if (!nonces->station || station_depth(nonces->station) >= WAITING_MAX)
        return;
    if (nonces->appended_bytes >= ANEW_BYTES) {
        file_anew(nonces);
        return;
    }
    struct buf line = {0};
    add_line(&line, nonce, forget_s);
    nonces->appended_bytes += line.len;
    nonces_send(nonces, line, false);
}

bool egress_nonces_use(struct egress_nonces *nonces, struct slice nonce, int64_t now_s) {
    if (map_find(&nonces->used, nonce))
        return false;
    if (nonces->until_sweep-- == 0) {
        forget_expired(nonces, now_s);
        nonces->until_sweep = SWEEP_EVERY;
    }
    note(nonces, nonce, now_s + KEEP_S);
    write_down(nonces, nonce, now_s + KEEP_S);
    return true;
}
