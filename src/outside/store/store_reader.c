#include "outside/store/store_reader.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/standstill.h"
#include "net/thread.h"
#include "net/station.h"
#include "outside/store/store_private.h"
#include "outside/db/db.h"
#include "outside/db/db_sqlite.h"
#include "outside/store/store_sql.h"

enum { NICE = 5, DEADLINE_MS = 2000 };

struct store_reader {
    struct station *station;
    struct mailbox *answers;
    struct db *db;
    struct standstill standstill;
    struct mail hello, touch;
    atomic_bool is_touched; /* the mail is under way */
};

static void take_call(struct mail *mail, void *owner) {
    struct store_reader *reader = owner;
    struct store_call *call = CONTAINER_OF(mail, struct store_call, aside);
    reader->db->deadline_ms = clock_mono_ms() + DEADLINE_MS;
    standstill_begin(&reader->standstill);
    if (store_call_claim(call, STORE_READER))
        call->result = call->run(call, reader->db);
    standstill_end(&reader->standstill);
    call->aside.deliver = store_call_aside_back;
    mailbox_send(reader->answers, &call->aside);
}

void store_reader_take(struct store_reader *reader, struct store_call *call) {
    call->mails++;
    call->aside.deliver = take_call;
    station_send(reader->station, &call->aside);
}

/*
 * The first to read after a commit writes a word to the index that all connections share, a file as well. That is done at once
 * after each commit, so that a question asked while the disk stalls only reads.
 */
static void take_touch(struct mail *mail, void *owner) {
    struct store_reader *reader = owner;
    atomic_store(&reader->is_touched, false);
    reader->db->deadline_ms = clock_mono_ms() + DEADLINE_MS;
    standstill_begin(&reader->standstill);
    STORE_RUN(reader->db, SQL_SESSION_GET, NULL, NULL, db_text(SLICE("-")));
    standstill_end(&reader->standstill);
}

void store_reader_touch(struct store_reader *reader) {
    if (reader && !atomic_exchange(&reader->is_touched, true))
        station_send(reader->station, &reader->touch);
}

struct standstill *store_reader_standstill(struct store_reader *reader) {
    return &reader->standstill;
}

static void take_hello(struct mail *mail, void *owner) {
    struct store_reader *reader = owner;
    atomic_store(&reader->standstill.thread_id, thread_id());
}

int store_reader_open(struct store_reader **out, const struct db_url *url,
                      struct mailbox *answers) {
    struct store_reader *reader = mem_alloc(sizeof *reader);
    reader->answers = answers;
    reader->touch.deliver = take_touch;
    reader->hello.deliver = take_hello;
    int err = db_sqlite_open_beside(&reader->db, url,
                                    "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF;"
                                    "PRAGMA temp_store=MEMORY");
    if (!err)
        err = station_open(&reader->station, reader);
    if (!err)
        err = station_start(reader->station, "store-reader", NICE);
    if (err) {
        store_reader_close(reader);
        return err;
    }
    station_send(reader->station, &reader->hello);
    *out = reader;
    return 0;
}

void store_reader_close(struct store_reader *reader) {
    if (!reader)
        return;
    station_close(reader->station);
    if (reader->db)
        db_close(reader->db);
    mem_free(reader);
}
