#include "outside/store/store_checkpoint.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/db/db.h"
#include "outside/db/db_sqlite.h"

#include <errno.h>

enum {
    NICE = 5,
    PAGES = 1000,          /* 4 MiB, SQLite's own default */
    PAGES_AT_MOST = 16000, /* the writer itself makes the checkpoint */
    PAUSE_MS = 200,        /* a checkpoint beside writes seldom empties the log */
};

struct store_checkpoint {
    struct station *station;
    struct db *db;
    struct mail order;
    atomic_bool is_ordered; /* the mail is under way */
    _Atomic int64_t done_ms;
};

static void take_order(struct mail *mail, void *owner) {
    struct store_checkpoint *checkpoint = owner;
    int err = db_sqlite_checkpoint(checkpoint->db);
    if (err && err != EAGAIN)
        log_error("store", "checkpoint failed", log_text("why", checkpoint->db->why));
    atomic_store(&checkpoint->done_ms, clock_mono_ms());
    atomic_store(&checkpoint->is_ordered, false);
}

void store_checkpoint_look(struct store_checkpoint *checkpoint, struct db *writer) {
    unsigned pages = db_sqlite_log_pages(writer);
    if (pages < PAGES)
        return;
    if (!checkpoint || pages >= PAGES_AT_MOST)
        (void)db_sqlite_checkpoint(writer);
    else if (clock_mono_ms() - atomic_load(&checkpoint->done_ms) >= PAUSE_MS &&
             !atomic_exchange(&checkpoint->is_ordered, true))
        station_send(checkpoint->station, &checkpoint->order);
}

int store_checkpoint_open(struct store_checkpoint **out, const struct db_url *url) {
    struct store_checkpoint *checkpoint = mem_alloc(sizeof *checkpoint);
    checkpoint->order.deliver = take_order;
    int err = db_sqlite_open_beside(&checkpoint->db, url, "PRAGMA synchronous=NORMAL");
    if (!err)
        err = station_open(&checkpoint->station, checkpoint);
    if (!err)
        err = station_start(checkpoint->station, "store-checkpoint", NICE);
    if (err) {
        store_checkpoint_close(checkpoint);
        return err;
    }
    *out = checkpoint;
    return 0;
}

void store_checkpoint_close(struct store_checkpoint *checkpoint) {
    if (!checkpoint)
        return;
    station_close(checkpoint->station);
    db_close(checkpoint->db);
    mem_free(checkpoint);
}
