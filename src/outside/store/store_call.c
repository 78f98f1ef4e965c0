#include "outside/store/store_private.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/db/db.h"
#include "wire/web/base64.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct call_block {
    struct call_block *next;
    max_align_t data[];
};

void *store_call_alloc(struct store_call *call, size_t bytes) {
    struct call_block *block = mem_alloc(sizeof *block + bytes);
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

void store_call_free(struct store_call *call) {
    for (struct call_block *block = call->blocks, *next; block; block = next) {
        next = block->next;
        mem_free(block);
    }
    mem_free(call);
}

bool store_call_claim(struct store_call *call, enum store_runner runner) {
    int nobody = STORE_NOBODY;
    return atomic_compare_exchange_strong(&call->runner, &nobody, (int)runner);
}

void store_call_answer(struct store_call *call, int err) {
    if (call->is_cancelled)
        return;
    call->is_cancelled = true;
    call->err = err;
    call->answer(call);
}

static void come_back(struct store_call *call, enum store_runner from) {
    if (atomic_load(&call->runner) == (int)from)
        store_call_answer(call, call->result);
    if (--call->mails > 0)
        return;
    list_remove(&call->open);
    store_call_free(call);
}

void store_call_back(struct mail *mail, void *owner) {
    come_back(CONTAINER_OF(mail, struct store_call, mail), STORE_WRITER);
}

void store_call_aside_back(struct mail *mail, void *owner) {
    come_back(CONTAINER_OF(mail, struct store_call, aside), STORE_READER);
}

int store_call_refuse(struct store_call *call, struct db *db) {
    return EINVAL;
}

unsigned store_limit(unsigned limit, unsigned max) {
    return limit < 1 ? 1 : limit > max ? max : limit;
}

int store_transaction(struct db *db, int (*work)(struct db *, void *arg), void *arg) {
    int err = db_begin(db);
    if (err)
        return err;
    err = work(db, arg);
    if (!err)
        err = db_commit(db);
    if (err) {
        /* A deadline that has passed may not leave the transaction open. */
        int64_t least_ms = clock_mono_ms() + 500;
        if (db->deadline_ms < least_ms)
            db->deadline_ms = least_ms;
        db_rollback(db);
    }
    return err;
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
        *id = SLICE("00000000-0000-0000-0000-000000000000"); /* ids may be of the type uuid */
        return true;
    }
    struct buf plain = {0};
    struct slice rest, number;
    uint64_t at;
    bool is_ours = cursor.len <= 512 && base64url_parse(&plain, cursor);
    rest = buf_slice(&plain);
    is_ours = is_ours && slice_cut(&rest, ' ', &number) &&
              slice_to_uint(number, STORE_TIME_MAX, &at) && text_is_identity(rest, 256);
    if (is_ours) {
        *at_ms = (int64_t)at;
        *id = store_call_copy(call, rest);
    }
    buf_free(&plain);
    return is_ours;
}
