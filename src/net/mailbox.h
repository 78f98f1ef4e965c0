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
    struct mail *next;                           /* the mailbox's */
    void (*deliver)(struct mail *, void *owner); /* frees the message, or keeps it */
};

int mailbox_open(struct mailbox **, struct loop *, void *owner);
/* From the loop's thread, before anything is sent: mail is left to gather for so long once the first came. For who is never in a
 * hurry and written to all the time: what wakes him up costs more than what he reads. */
void mailbox_gather(struct mailbox *, int64_t ms);
void mailbox_send(struct mailbox *, struct mail *); /* any thread */
size_t mailbox_depth(struct mailbox *);             /* any thread: messages waiting, for metrics */
/* From the loop's thread, when nobody sends any more. What still waits is delivered first. NULL is
 * fine. */
void mailbox_close(struct mailbox *);

#endif
