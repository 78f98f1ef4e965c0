#include "app/packets/losses.h"

#include <string.h>

#define MS INT64_C(1000000)

enum {
    FIRST_MS = 10, /* before that it may only have been overtaken */
    AGAIN_MS = 50, /* between requests; twice as long each time */
    TRIES_MAX = 5,
};

static bool is_seen(const struct losses *losses, int64_t seq) {
    uint64_t i = (uint64_t)seq % LOSSES_WINDOW;
    return losses->seen[i / 64] >> i % 64 & 1;
}

static void seen_set(struct losses *losses, int64_t seq, bool on) {
    uint64_t i = (uint64_t)seq % LOSSES_WINDOW, bit = UINT64_C(1) << i % 64;
    if (on)
        losses->seen[i / 64] |= bit;
    else
        losses->seen[i / 64] &= ~bit;
}

static void missing_remove(struct losses *losses, unsigned i) {
    losses->missing_count--;
    memmove(losses->missing + i, losses->missing + i + 1,
            (losses->missing_count - i) * sizeof *losses->missing);
}

static void missing_add(struct losses *losses, int64_t seq, int64_t now_ns) {
    if (losses->missing_count == LOSSES_MISSING_MAX)
        missing_remove(losses, 0);
    losses->missing[losses->missing_count++] =
        (struct losses_missing){.seq = seq, .since_ns = now_ns, .next_ns = now_ns + FIRST_MS * MS};
}

static void newest_advance(struct losses *losses, int64_t seq, int64_t now_ns) {
    int64_t from = losses->newest + 1;
    losses->lost += (uint64_t)(seq - from);
    if (seq - from >= LOSSES_WINDOW) {
        memset(losses->seen, 0, sizeof losses->seen);
        from = seq - LOSSES_WINDOW + 1;
    }
    for (int64_t missing = from; missing < seq; missing++) {
        seen_set(losses, missing, false);
        if (missing >= seq - LOSSES_MISSING_MAX)
            missing_add(losses, missing, now_ns);
    }
    losses->newest = seq;
    seen_set(losses, seq, true);
}

enum losses_verdict losses_hear(struct losses *losses, int64_t seq, int64_t now_ns) {
    if (!losses->is_started) {
        losses->is_started = true;
        losses->first = losses->newest = seq;
        seen_set(losses, seq, true);
        return LOSSES_NEW;
    }
    if (seq > losses->newest) {
        newest_advance(losses, seq, now_ns);
        return LOSSES_NEW;
    }
    if (losses->newest - seq >= LOSSES_WINDOW)
        return LOSSES_OLD;
    if (is_seen(losses, seq))
        return LOSSES_REPEATED;
    seen_set(losses, seq, true);
    if (seq < losses->first) /* nobody missed it */
        return LOSSES_NEW;
    losses->lost--;
    for (unsigned i = 0; i < losses->missing_count; i++) {
        if (losses->missing[i].seq == seq) {
            losses->recovered += losses->missing[i].tries > 0;
            missing_remove(losses, i);
            break;
        }
    }
    return LOSSES_NEW;
}

void losses_forget(struct losses *losses) {
    losses->missing_count = 0;
}

size_t losses_due(struct losses *losses, int64_t now_ns, int64_t out[LOSSES_MISSING_MAX]) {
    size_t count = 0;
    for (unsigned i = 0; i < losses->missing_count;) {
        struct losses_missing *missing = &losses->missing[i];
        if (missing->tries == TRIES_MAX || now_ns - missing->since_ns >= LOSSES_DEADLINE_MS * MS) {
            missing_remove(losses, i);
            continue;
        }
        if (now_ns >= missing->next_ns) {
            missing->next_ns = now_ns + (AGAIN_MS << missing->tries) * MS;
            missing->tries++;
            out[count++] = missing->seq;
        }
        i++;
    }
    losses->asked += count;
    return count;
}
