#include "net/mailbox.h"

#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"

#include <pthread.h>

struct mailbox {
    uv_async_t wake;
    struct loop *loop;
    void *owner;
    int64_t gather_ms; /* 0: delivered at once */
    struct timer gather;
    struct mail *batch; /* being delivered; the loop's thread only */
    pthread_mutex_t lock;
    struct mail *first, **last; /* under lock */
    size_t depth;               /* under lock */
};

/* Takes what waits, in order. The lock is not held while messages are delivered. */
static void take_batch(struct mailbox *box) {
    pthread_mutex_lock(&box->lock);
    box->batch = box->first;
    box->first = NULL;
    box->last = &box->first;
    box->depth = 0;
    pthread_mutex_unlock(&box->lock);
}

static void deliver_batch(struct mailbox *box) {
    while (box->batch) {
        struct mail *mail = box->batch;
        box->batch = mail->next;
        mail->next = NULL;
        mail->deliver(mail, box->owner);
    }
}

static void mailbox_on_gathered(void *arg) {
    struct mailbox *box = arg;
    take_batch(box);
    deliver_batch(box);
}

static void mailbox_on_wake(uv_async_t *wake) {
    struct mailbox *box = CONTAINER_OF(wake, struct mailbox, wake);
    if (uv_is_closing((const uv_handle_t *)wake))
        return;
    if (box->gather_ms == 0)
        mailbox_on_gathered(box);
    else if (!timer_is_running(&box->gather))
        timer_start(box->loop, &box->gather, box->gather_ms, 0, mailbox_on_gathered, box);
}

int mailbox_open(struct mailbox **out, struct loop *loop, void *owner) {
    struct mailbox *box = mem_alloc(sizeof *box);
    int err = -uv_async_init(loop_uv(loop), &box->wake, mailbox_on_wake);
    if (err) {
        mem_free(box);
        return err;
    }
    pthread_mutex_init(&box->lock, NULL);
    box->loop = loop;
    box->owner = owner;
    box->last = &box->first;
    *out = box;
    return 0;
}

void mailbox_gather(struct mailbox *box, int64_t ms) {
    box->gather_ms = ms;
}

void mailbox_send(struct mailbox *box, struct mail *mail) {
    mail->next = NULL;
    pthread_mutex_lock(&box->lock);
    bool was_empty = !box->first;
    *box->last = mail;
    box->last = &mail->next;
    box->depth++;
    /* Woken under the lock: once the lock is free, the receiver may close the mailbox. */
    if (was_empty)
        uv_async_send(&box->wake);
    pthread_mutex_unlock(&box->lock);
}

size_t mailbox_depth(struct mailbox *box) {
    pthread_mutex_lock(&box->lock);
    size_t depth = box->depth;
    pthread_mutex_unlock(&box->lock);
    return depth;
}

static void mailbox_on_closed(uv_handle_t *handle) {
    struct mailbox *box = CONTAINER_OF((uv_async_t *)(void *)handle, struct mailbox, wake);
    pthread_mutex_destroy(&box->lock);
    mem_free(box);
}

void mailbox_close(struct mailbox *box) {
    if (!box)
        return;
    timer_stop(&box->gather);
    deliver_batch(box); /* the rest of a batch that is being delivered comes first */
    take_batch(box);
    deliver_batch(box);
    uv_close((uv_handle_t *)&box->wake, mailbox_on_closed);
}
