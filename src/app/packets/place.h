/*
 * Where the packets of a track lie in its time.
 *
 * A packet's timestamp says how long after the others it was spoken, and when it arrived says the
 * same with a delay. Timestamps are exact, but not always true: some publishers let them stand
 * over a mute or a capture that stalled, start anew, or send one that is nonsense. So a timestamp
 * places a packet as long as its arrival agrees, and else:
 *
 *   step    timestamps go on where they stopped, but packets come later than before, and this
 *           lasts: the time between was lost or left out, and lies before the first of them. What
 *           comes sooner and sooner was only held up: it lies where its timestamps say. Until that
 *           is known (at most a second) packets are not to be taken from the queue: place_limit().
 *   early   packets come sooner than they can: a step was too long, because they were only held up
 *           for longer than a doubt may last, or all that came first were late. They are taken as
 *           their timestamps say, as long as these advance by no more than was sent, or than the
 *           step; when it lasts, the excess of the step goes, or time is told anew.
 *   jump    a sequence number or a timestamp far from the last ones, or another SSRC: packets are
 *           held until enough of them agree. Then a new epoch begins, whose place is found by
 *           arrival. One alone is dropped, but when the next one shows that it was right.
 *
 * Positions count samples of the codec's clock from the first packet on; numbers count packets. Both
 * only ever grow, over all epochs. No gap is longer than the time that has really passed. Pure: plain
 * data, times in ns of one steady clock of the caller's.
 */
#ifndef APP_PLACE_H
#define APP_PLACE_H

#include "app/packets/align.h"

enum { PLACE_PIECES = 8, PLACE_HELD_MAX = 10 };

struct place_packet {
    uint32_t ssrc, timestamp;
    uint16_t seq;
    unsigned ticks; /* how long it is; 0: it has no samples */
    int64_t arrived_ns;
};

/* A packet in the order and the time of its track; place_at() turns time into a position. */
struct placed {
    int64_t seq, time;
};

enum place_verdict {
    PLACE_TAKEN,
    PLACE_HELD,    /* to be kept in the slot, in place of one that was held there before */
    PLACE_DROPPED, /* of no epoch */
};

struct place_held {
    struct place_packet packet;
    struct placed placed;
    unsigned slot; /* below PLACE_HELD_MAX */
};

struct place_answer {
    enum place_verdict verdict;
    struct placed packet;
    unsigned slot;
    /* So many that were held are taken before it, in the order of their numbers: the place's `held`,
     * until the next call. */
    unsigned held_count;
    bool is_anew; /* a new epoch begins with them */
};

struct place {
    struct align align;
    bool is_started;
    uint32_t ssrc, former_ssrc;
    bool has_former;
    /* Of the newest packet: numbers as they are sent, unwrapped, and how far ours are ahead. */
    int64_t sent_seq, ahead;
    int64_t time, arrived_ns;
    unsigned ticks;
    /* From which number on positions are time + base; the last is in force. */
    struct place_piece {
        int64_t from_seq, base;
    } pieces[PLACE_PIECES];
    unsigned piece_count;
    /* It comes late: a step, or only held up. */
    struct place_doubt {
        bool is_open;
        int64_t from_seq, since_ns;
        int64_t least_ns;  /* the least lag since then */
        int64_t steady_ns; /* since when it has neither shrunk nor grown much */
    } doubt;
    /* Steps of late that may have been too long, and since when packets have come too soon (0: they
     * do not). */
    int64_t step_ns, step_at_ns, early_since_ns, early_ns;
    /* Packets of one source that agree with each other, by number. */
    struct place_held held[PLACE_HELD_MAX];
    unsigned held_count;
    /* How often a new epoch began, packets were dropped, and time was put in or taken back. */
    uint64_t epochs, dropped, steps, step_ticks, returns;
};

void place_init(struct place *place, unsigned rate_hz);
struct place_answer place_hear(struct place *place, const struct place_packet *packet);
/* On a tick: what is in doubt does not wait for packets. */
void place_tick(struct place *place, int64_t now_ns);

/* Packets of this number and later ones are in doubt. */
int64_t place_limit(const struct place *place);
int64_t place_at(const struct place *place, struct placed placed);
/* The last sample's end, as far as packets have come. */
int64_t place_end(const struct place *place);
/* A number as its sender knows it. */
uint16_t place_sent_seq(const struct place *place, int64_t seq);
/* Whether the number belongs to the present epoch, so that it can be asked for. */
bool place_is_present(const struct place *place, int64_t seq);

#endif
