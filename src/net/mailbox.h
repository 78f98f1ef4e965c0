/* The one way threads talk: messages linked into the receiver's mailbox, one wake-up for a whole
 * batch.
 *
 * struct room_ended { struct mail mail; ...values, ids, blobs... };     mail is the first member
 *
 * The sender allocates and forgets; `deliver` runs on the receiver's loop and owns the message.
 * Messages of one sender keep their order. */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct mailbox;

struct mail {
    struct mail *next;                               /* the mailbox's */
    void (*deliver)(struct mail *mail, void *owner); /* frees the message, or keeps it */
};

int mailbox_open(struct mailbox **out, struct loop *loop, void *owner);

/* Mail is delivered this long after the first message of a batch, instead of at once. For a
 * receiver that gets mail all the time and need not act quickly: waking up costs it more than the
 * messages. From the loop's thread, before anything is sent. */
void mailbox_gather(struct mailbox *box, int64_t ms);

void mailbox_send(struct mailbox *box, struct mail *mail); /* any thread */
size_t mailbox_depth(struct mailbox *box); /* any thread: messages waiting, for metrics */

/* Delivers what still waits and closes. From the loop's thread, when no thread sends any more. NULL
 * is fine. */
void mailbox_close(struct mailbox *box);

#endif
