#include "outside/store/store_private.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/db/db.h"
#include "wire/web/base64.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct store_call_block {
    struct store_call_block *next;
    max_align_t data[];
};

void *store_call_new(struct store *store, size_t bytes, store_run_fn *run, store_answer_fn *answer,
                     void *arg) {
    struct store_call *call = mem_alloc(bytes);
    call->store = store;
    call->run = run;
    call->answer = answer;
    call->arg = arg;
    return call;
}

static void answer_done(void *question) {
    struct store_call *call = question;
    if (call->done)
        call->done(call->err, call->arg);
}

void *store_call_new_done(struct store *store, size_t bytes, store_run_fn *run, store_done_fn *fn,
                          void *arg) {
    struct store_call *call = store_call_new(store, bytes, run, answer_done, arg);
    call->done = fn;
    return call;
}

static void free_call(struct store_call *call) {
    for (struct store_call_block *block = call->blocks, *next; block; block = next) {
        next = block->next;
        mem_free(block);
    }
    mem_free(call);
}

void *store_call_alloc(struct store_call *call, size_t bytes) {
    struct store_call_block *block = mem_alloc(sizeof *block + bytes);
    block->next = call->blocks;
    call->blocks = block;
    return block->data;
}

struct slice store_call_copy(struct store_call *call, struct slice text) {
    if (text.len == 0)
        return SLICE_NONE;
    char *copy = store_call_alloc(call, text.len);
    memcpy(copy, text.ptr, text.len);
    return slice_of(copy, text.len);
}

void store_call_copy_all(struct store_call *call, struct slice *const texts[], size_t count) {
    for (size_t i = 0; i < count; i++)
        *texts[i] = store_call_copy(call, *texts[i]);
}

void store_call_read(struct store_call *call, const struct db_row *row, unsigned first,
                     struct slice *const texts[], size_t count) {
    for (unsigned i = 0; i < count; i++)
        *texts[i] = store_call_copy(call, db_row_text(row, first + i));
}

bool store_call_claim(struct store_call *call, enum store_runner runner) {
    int unclaimed = STORE_UNCLAIMED;
    return atomic_compare_exchange_strong(&call->runner, &unclaimed, (int)runner);
}

int store_call_run(struct store_call *call, struct db *db) {
    if (!call->is_transaction)
        return call->run(db, call);
    int err = db_begin(db);
    return err ? err : db_end(db, call->run(db, call));
}

void store_call_answer(struct store_call *call, int err) {
    if (call->is_over)
        return;
    call->is_over = true;
    call->err = err;
    call->answer(call);
}

static void come_back(struct store_call *call, enum store_runner from) {
    if (atomic_load(&call->runner) == (int)from)
        store_call_answer(call, call->result);
    if (--call->mails > 0)
        return;
    list_remove(&call->open);
    free_call(call);
}

void store_call_back_from_writer(struct mail *mail, void *owner) {
    come_back(CONTAINER_OF(mail, struct store_call, to_writer), STORE_WRITER);
}

void store_call_back_from_reader(struct mail *mail, void *owner) {
    come_back(CONTAINER_OF(mail, struct store_call, to_reader), STORE_READER);
}

int store_call_refuse(struct db *db, void *question) {
    return EINVAL;
}

unsigned store_limit(unsigned limit, unsigned max) {
    return limit < 1 ? 1 : limit > max ? max : limit;
}

struct slice store_cursor_write(struct store_call *call, int64_t at_ms, struct slice id) {
    struct buf plain = {0}, text = {0};
    buf_printf(&plain, "%lld %.*s", (long long)at_ms, SLICE_ARG(id));
    base64url_write(&text, buf_slice(&plain));
    struct slice cursor = store_call_copy(call, buf_slice(&text));
    buf_free(&plain);
    buf_free(&text);
    return cursor;
}

bool store_cursor_parse(struct store_call *call, struct slice cursor, int64_t *at_ms,
                        struct slice *id) {
    if (cursor.len == 0) {
        *at_ms = STORE_TIME_MAX;
        *id = SLICE("00000000-0000-0000-0000-000000000000"); /* the column may be of type uuid */
        return true;
    }
    struct buf plain = {0};
    bool is_ours = cursor.len <= 512 && base64url_parse(&plain, cursor);
    struct slice rest = buf_slice(&plain), number;
    uint64_t at;
    is_ours = is_ours && slice_cut(&rest, ' ', &number) &&
              slice_to_uint(number, STORE_TIME_MAX, &at) && text_is_identity(rest, 256);
    if (is_ours) {
        *at_ms = (int64_t)at;
        *id = store_call_copy(call, rest);
    }
    buf_free(&plain);
    return is_ours;
}
