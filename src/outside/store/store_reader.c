#include "outside/store/store_reader.h"

#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/standstill.h"
#include "net/station.h"
#include "outside/db/db.h"
#include "outside/db/db_sqlite.h"
#include "outside/db/db_times.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

enum { NICE = 5, DEADLINE_MS = 2000 };

struct store_reader {
    struct station *station;
    struct mailbox *answers;
    struct db *db;
    struct standstill standstill;
    struct mail touch;
    atomic_bool is_touched; /* the mail is under way */
    atomic_bool must_learn; /* the form of times has changed */
};

static void reader_begin(struct store_reader *reader) {
    reader->db->deadline_ms = clock_mono_ms() + DEADLINE_MS;
    standstill_begin(&reader->standstill);
    if (atomic_exchange(&reader->must_learn, false) && db_times_read(reader->db))
        atomic_store(&reader->must_learn, true);
}

static void reader_take_call(struct mail *mail, void *owner) {
    struct store_reader *reader = owner;
    struct store_call *call = CONTAINER_OF(mail, struct store_call, to_reader);
    reader_begin(reader);
    if (store_call_claim(call, STORE_READER))
        call->result = store_call_run(call, reader->db);
    standstill_end(&reader->standstill);
    call->to_reader.deliver = store_call_back_from_reader;
    mailbox_send(reader->answers, &call->to_reader);
}

void store_reader_take(struct store_reader *reader, struct store_call *call) {
    call->mails++;
    call->to_reader.deliver = reader_take_call;
    station_send(reader->station, &call->to_reader);
}

/*
 * The first read after a commit writes a word to the index of the log, which is a file that all
 * connections share. Reading right after each commit gets that write done early, so that a read
 * during a stall of the disk writes nothing.
 */
static void reader_take_touch(struct mail *mail, void *owner) {
    struct store_reader *reader = owner;
    atomic_store(&reader->is_touched, false);
    reader_begin(reader);
    STORE_RUN(reader->db, SQL_SESSION_GET, NULL, NULL, db_text(SLICE("-")));
    standstill_end(&reader->standstill);
}

void store_reader_touch(struct store_reader *reader) {
    if (reader && !atomic_exchange(&reader->is_touched, true))
        station_send(reader->station, &reader->touch);
}

void store_reader_learn(struct store_reader *reader) {
    if (reader)
        atomic_store(&reader->must_learn, true);
}

struct standstill *store_reader_standstill(struct store_reader *reader) {
    return &reader->standstill;
}

int store_reader_open(struct store_reader **out, const struct db_url *url,
                      const struct db_form *form, struct mailbox *answers) {
    struct store_reader *reader = mem_alloc(sizeof *reader);
    reader->answers = answers;
    reader->touch.deliver = reader_take_touch;
    int err = db_sqlite_open_beside(&reader->db, url,
                                    "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF;"
                                    "PRAGMA temp_store=MEMORY");
    if (!err) {
        reader->db->form = *form;
        err = station_open(&reader->station, reader);
    }
    if (!err)
        err = station_start(reader->station, "store-reader", NICE);
    if (err) {
        store_reader_close(reader);
        return err;
    }
    *out = reader;
    return 0;
}

void store_reader_close(struct store_reader *reader) {
    if (!reader)
        return;
    station_close(reader->station);
    db_close(reader->db);
    mem_free(reader);
}
