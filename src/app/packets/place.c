#include "app/packets/place.h"

#include "wire/rtc/rtp.h"

#define MS INT64_C(1000000)

enum {
    LATE_MS = 150,   /* more is no jitter, unless it passes */
    CALM_MS = 60,    /* less proves that it has passed */
    STEADY_MS = 200, /* a lag that has not shrunk for so long has stopped shrinking */
    DOUBT_MIN_MS = 300,
    DOUBT_MAX_MS = 1000,
    SHRINK_MS = 5,
    DRIFT_PPM = 1000, /* of two clocks, over a long pause */
    SETTLE_LEAD_MS = 5000,
    STEP_FINAL_MS = 10000, /* so long after it a step may turn out to have been shorter */
    TICKS_MAX = 5760,      /* of a packet */
    BACK_SEQ_MAX = 1024,   /* an older number than that is no late packet */
    BACK_MS = 200,         /* a timestamp that goes back further is a jump */
    NEAR_MS = 40,   /* a new epoch that begins so near to the end of the one before follows it */
    HELD_MS = 2000, /* so long a packet waits for one that agrees */
    HELD_SEQS = 8,
    AGREE = 2,           /* packets begin an epoch */
    AGREE_FORMER = 10,   /* of an SSRC that was left: else they are stragglers */
    SEQ_START_BITS = 32, /* far from 0: what comes before the first packet stays positive */
    TIME_START_BITS = 48,
};

void place_init(struct place *place, unsigned rate_hz) {
    *place = (struct place){0};
    align_init(&place->align, rate_hz);
}

static int64_t ticks_of(const struct place *place, int64_t ns) {
    int64_t rate = place->align.rate_hz;
    return ns / INT64_C(1000000000) * rate + ns % INT64_C(1000000000) * rate / INT64_C(1000000000);
}

/* ---- Positions ---- */

static int64_t base_of(const struct place *place) {
    return place->pieces[place->piece_count - 1].base;
}

int64_t place_at(const struct place *place, struct placed placed) {
    unsigned i = place->piece_count - 1;
    while (i > 0 && place->pieces[i].from_seq > placed.seq)
        i--;
    return placed.time + place->pieces[i].base;
}

int64_t place_end(const struct place *place) {
    return place->time + base_of(place) + place->ticks;
}

static void piece_add(struct place *place, int64_t from_seq, int64_t base) {
    if (place->piece_count == PLACE_PIECES) {
        for (unsigned i = 1; i < PLACE_PIECES; i++)
            place->pieces[i - 1] = place->pieces[i];
        place->piece_count--;
    }
    place->pieces[place->piece_count++] = (struct place_piece){from_seq, base};
}

int64_t place_limit(const struct place *place) {
    return place->doubt.is_open ? place->doubt.from_seq : INT64_MAX;
}

uint16_t place_sent_seq(const struct place *place, int64_t seq) {
    return (uint16_t)(seq - place->ahead);
}

bool place_is_present(const struct place *place, int64_t seq) {
    return seq <= place->sent_seq + place->ahead &&
           seq > place->sent_seq + place->ahead - BACK_SEQ_MAX;
}

/* The newest packet of the epoch. */
static struct placed newest_set(struct place *place, const struct place_packet *packet,
                                int64_t sent_seq, int64_t time) {
    place->sent_seq = sent_seq;
    place->time = time;
    place->ticks = packet->ticks;
    place->arrived_ns = packet->arrived_ns;
    return (struct placed){sent_seq + place->ahead, time};
}

/* ---- Steps ---- */

static void doubt_open(struct place *place, int64_t seq, int64_t lag_ns, int64_t now_ns) {
    place->doubt = (struct place_doubt){.is_open = true,
                                        .from_seq = seq,
                                        .since_ns = now_ns,
                                        .least_ns = lag_ns,
                                        .least_at_ns = now_ns};
}

static void doubt_end(struct place *place, int64_t now_ns) {
    const struct place_doubt *doubt = &place->doubt;
    int64_t step = ticks_of(place, doubt->least_ns);
    piece_add(place, doubt->from_seq, base_of(place) + step);
    place->steps++;
    place->step_ticks += (uint64_t)step;
    place->step_ns = doubt->least_ns;
    place->step_at_ns = now_ns;
    place->doubt.is_open = false;
    align_forget(&place->align, now_ns);
}

static void doubt_hear(struct place *place, int64_t lag_ns, int64_t now_ns) {
    struct place_doubt *doubt = &place->doubt;
    if (lag_ns <= doubt->least_ns - SHRINK_MS * MS) {
        doubt->least_ns = lag_ns;
        doubt->least_at_ns = now_ns;
    }
    if (lag_ns < CALM_MS * MS)
        doubt->is_open = false;
    else if (now_ns - doubt->since_ns >= DOUBT_MAX_MS * MS ||
             (now_ns - doubt->since_ns >= DOUBT_MIN_MS * MS &&
              now_ns - doubt->least_at_ns >= STEADY_MS * MS))
        doubt_end(place, now_ns);
}

void place_tick(struct place *place, int64_t now_ns) {
    if (place->doubt.is_open && now_ns - place->doubt.since_ns >= DOUBT_MAX_MS * MS)
        doubt_end(place, now_ns);
}

/* After a step that was too long, packets come too soon. When that lasts, the excess goes. */
static void early_hear(struct place *place, int64_t seq, int64_t lag_ns, int64_t now_ns) {
    if (place->early_since_ns == 0) {
        place->early_since_ns = now_ns;
        place->early_ns = -lag_ns;
    }
    if (-lag_ns > place->early_ns)
        place->early_ns = -lag_ns;
    if (now_ns - place->early_since_ns < STEADY_MS * MS)
        return;
    int64_t ns = place->early_ns < place->step_ns ? place->early_ns : place->step_ns;
    piece_add(place, seq, base_of(place) - ticks_of(place, ns));
    place->step_ns -= ns;
    place->early_since_ns = 0;
    place->returns++;
    align_forget(&place->align, now_ns);
}

/* ---- Epochs ---- */

static struct placed first_take(struct place *place, const struct place_packet *packet) {
    place->is_started = true;
    place->ssrc = packet->ssrc;
    int64_t time = rtp_unwrap_time(INT64_C(1) << TIME_START_BITS, packet->timestamp);
    piece_add(place, INT64_MIN, -time);
    align_hear(&place->align, packet->ticks, packet->arrived_ns);
    return newest_set(place, packet, rtp_unwrap_seq(INT64_C(1) << SEQ_START_BITS, packet->seq),
                      time);
}

/* The position of a packet that arrived when it could. */
static int64_t at_by_arrival(const struct place *place, const struct place_packet *packet) {
    return align_at(&place->align, packet->arrived_ns) - packet->ticks;
}

/* The held packet and this one begin an epoch. */
static struct place_answer epoch_begin(struct place *place, const struct place_packet *packet) {
    const struct place_packet *held = &place->held;
    int64_t between = (int64_t)(uint32_t)(packet->timestamp - held->timestamp);
    int64_t at = at_by_arrival(place, held), other = at_by_arrival(place, packet) - between;
    int64_t end = place_end(place);
    if (other < at)
        at = other;
    if (at < end + (int64_t)place->align.rate_hz * NEAR_MS / 1000)
        at = end;

    int64_t seq = place->sent_seq + place->ahead + 1;
    int64_t sent_seq = rtp_unwrap_seq(place->sent_seq, held->seq);
    bool is_same_row = held->ssrc == place->ssrc && sent_seq > place->sent_seq &&
                       sent_seq <= place->sent_seq + BACK_SEQ_MAX;
    if (is_same_row)
        seq = sent_seq + place->ahead;
    place->ahead = seq - sent_seq;
    if (held->ssrc != place->ssrc) {
        place->former_ssrc = place->ssrc;
        place->has_former = true;
        place->ssrc = held->ssrc;
    }
    int64_t time = rtp_unwrap_time(place->time, held->timestamp);
    place->doubt.is_open = false;
    piece_add(place, seq, at - time);
    /* If both were late, what follows comes sooner. */
    place->step_ns = align_time_ns(&place->align, at) - align_time_ns(&place->align, end);
    place->step_at_ns = packet->arrived_ns;
    place->early_since_ns = 0;
    place->epochs++;
    place->held_count = 0;
    align_forget(&place->align, packet->arrived_ns);

    struct place_answer answer = {.verdict = PLACE_TAKEN, .takes_held = true};
    answer.held = newest_set(place, held, sent_seq, time);
    int64_t packet_seq = rtp_unwrap_seq(sent_seq, packet->seq);
    answer.packet = newest_set(place, packet, packet_seq, time + between);
    return answer;
}

static bool is_agreeing(const struct place *place, const struct place_packet *packet) {
    const struct place_packet *held = &place->held;
    uint16_t seqs = (uint16_t)(packet->seq - held->seq);
    uint32_t ticks = packet->timestamp - held->timestamp;
    return place->held_count > 0 && held->ssrc == packet->ssrc && seqs >= 1 && seqs <= HELD_SEQS &&
           ticks < (uint64_t)place->align.rate_hz * HELD_MS / 1000 &&
           packet->arrived_ns - held->arrived_ns < HELD_MS * MS;
}

static struct place_answer jump_hear(struct place *place, const struct place_packet *packet) {
    bool is_former = place->has_former && packet->ssrc == place->former_ssrc;
    unsigned needed = is_former ? AGREE_FORMER : AGREE;
    if (!is_agreeing(place, packet)) {
        place->dropped += place->held_count > 0;
        place->held_count = 0;
    } else if (place->held_count + 1 >= needed) {
        return epoch_begin(place, packet);
    } else {
        place->dropped++; /* the one held before */
    }
    place->held = *packet;
    place->held_count++;
    return (struct place_answer){.verdict = PLACE_HELD};
}

/* ---- A packet ---- */

static struct place_answer taken(struct placed packet) {
    return (struct place_answer){.verdict = PLACE_TAKEN, .packet = packet};
}

/* One that was overtaken, or was asked for again. */
static struct place_answer older_hear(struct place *place, const struct place_packet *packet,
                                      int64_t sent_seq) {
    int64_t time = rtp_unwrap_time(place->time, packet->timestamp);
    if (time > place->time)
        return jump_hear(place, packet);
    return taken((struct placed){sent_seq + place->ahead, time});
}

/* How much sooner than it can a packet may come: the first ones may all have been late, and so may
 * those that a step was measured by. */
static int64_t lead_allowed_ns(const struct place *place, int64_t sent_seq, int64_t time,
                               int64_t passed_ns, int64_t slack_ns) {
    int64_t now_ns = place->arrived_ns + passed_ns;
    if (align_is_settling(&place->align, now_ns)) {
        int64_t most = (sent_seq - place->sent_seq) * TICKS_MAX + ticks_of(place, passed_ns);
        return time - place->time <= most ? SETTLE_LEAD_MS * MS : slack_ns;
    }
    bool is_fresh = now_ns - place->step_at_ns < STEP_FINAL_MS * MS;
    return slack_ns + (is_fresh ? place->step_ns : 0);
}

static void stray_forget(struct place *place, uint32_t ssrc) {
    if (place->held_count == 0 || place->held.ssrc != ssrc)
        return;
    place->held_count = 0;
    place->dropped++;
}

static void lag_judge(struct place *place, int64_t seq, int64_t end, int64_t slack_ns,
                      int64_t now_ns) {
    int64_t lag_ns = align_lag_ns(&place->align, end, now_ns);
    bool is_early = lag_ns < -slack_ns && !align_is_settling(&place->align, now_ns);
    if (place->doubt.is_open)
        doubt_hear(place, lag_ns, now_ns);
    else if (lag_ns > slack_ns)
        doubt_open(place, seq, lag_ns, now_ns);
    else if (is_early)
        early_hear(place, seq, lag_ns, now_ns);
    else
        place->early_since_ns = 0;
}

static struct place_answer newer_hear(struct place *place, const struct place_packet *packet,
                                      int64_t sent_seq) {
    int64_t passed_ns = packet->arrived_ns - place->arrived_ns;
    if (passed_ns < 0)
        passed_ns = 0;
    int64_t expected = place->time + ticks_of(place, passed_ns);
    int64_t time = rtp_unwrap_time(expected, packet->timestamp);
    int64_t end = time + base_of(place) + packet->ticks;
    int64_t slack_ns = LATE_MS * MS + passed_ns / 1000000 * DRIFT_PPM;
    int64_t lead_ns = lead_allowed_ns(place, sent_seq, time, passed_ns, slack_ns);
    if (align_lag_ns(&place->align, end, packet->arrived_ns) < -lead_ns ||
        time < place->time - (int64_t)place->align.rate_hz * BACK_MS / 1000)
        return jump_hear(place, packet);

    stray_forget(place, packet->ssrc);
    int64_t seq = sent_seq + place->ahead;
    if (packet->ticks == 0) { /* it only takes a number */
        place->sent_seq = sent_seq;
        return taken((struct placed){seq, time});
    }
    lag_judge(place, seq, end, slack_ns, packet->arrived_ns);
    if (!place->doubt.is_open && place->early_since_ns == 0)
        align_hear(&place->align, time + base_of(place) + packet->ticks, packet->arrived_ns);
    return taken(newest_set(place, packet, sent_seq, time));
}

struct place_answer place_hear(struct place *place, const struct place_packet *packet) {
    if (!place->is_started)
        return taken(first_take(place, packet));
    if (packet->ssrc != place->ssrc)
        return jump_hear(place, packet);
    int64_t sent_seq = rtp_unwrap_seq(place->sent_seq, packet->seq);
    if (sent_seq < place->sent_seq - BACK_SEQ_MAX)
        return jump_hear(place, packet);
    return sent_seq <= place->sent_seq ? older_hear(place, packet, sent_seq)
                                       : newer_hear(place, packet, sent_seq);
}
