#include "net/standstill.h"

#include "net/thread.h"

void standstill_begin(struct standstill *s) {
    atomic_store(&s->thread_id, thread_id());
    atomic_store(&s->is_held, false);
    uint64_t turn = atomic_load(&s->turn);
    atomic_store(&s->turn, turn + (turn & 1 ? 2 : 1));
}

void standstill_end(struct standstill *s) {
    uint64_t turn = atomic_load(&s->turn);
    if (turn & 1)
        atomic_store(&s->turn, turn + 1);
}

void standstill_hold(struct standstill *s) {
    atomic_store(&s->is_held, true);
}

uint64_t standstill_turn(const struct standstill *s) {
    uint64_t turn = atomic_load(&s->turn);
    return turn & 1 ? turn : 0;
}

int64_t standstill_look(struct standstill *s, int64_t now_ms) {
    uint64_t turn = standstill_turn(s), slices = 0;
    int id = atomic_load(&s->thread_id);
    if (turn == 0 || (!atomic_load(&s->is_held) && thread_is_runnable(id))) {
        s->seen_turn = 0;
        return 0;
    }
    if (!atomic_load(&s->is_held))
        slices = thread_slices(id);
    if (turn != s->seen_turn || slices != s->seen_slices) {
        s->seen_turn = turn;
        s->seen_slices = slices;
        s->since_ms = now_ms;
    }
    return now_ms - s->since_ms;
}
