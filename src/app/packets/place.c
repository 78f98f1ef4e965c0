#include "app/packets/place.h"

#include "wire/rtc/rtp.h"

#define MS INT64_C(1000000)

enum {
    LATE_MS = 150,   /* more is no jitter, unless it passes */
    CALM_MS = 60,    /* less proves that it has passed */
    STEADY_MS = 200, /* a lag that stays for so long has stopped shrinking */
    DOUBT_MIN_MS = 300,
    DOUBT_MAX_MS = 1000,
    SHRINK_MS = 5,
    DRIFT_PPM = 1000,      /* of two clocks, over a long pause */
    STEP_FINAL_MS = 10000, /* so long after it a step may turn out to have been shorter */
    LEFT_OUT_MS = 500,     /* a sender that leaves silence out says so each 400 ms */
    SENT_MAX_MS = 5000,    /* more than that no packets account for */
    BACK_SEQ_MAX = 1024,   /* an older number than that is no late packet */
    BACK_MS = 200,         /* a timestamp that goes back further is a jump */
    NEAR_MS = 40,   /* a new epoch that begins so near to the end of the one before follows it */
    HELD_MS = 2000, /* so long a packet waits for one that agrees */
    HELD_SEQS = 8,
    AGREE =
        2, /* packets begin an epoch; of an SSRC that was left, PLACE_HELD_MAX: else stragglers */
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
                                        .steady_ns = now_ns};
}

static void doubt_end(struct place *place, int64_t now_ns) {
    const struct place_doubt *doubt = &place->doubt;
    int64_t step = ticks_of(place, doubt->least_ns);
    piece_add(place, doubt->from_seq, base_of(place) + step);
    place->steps++;
    place->step_ticks += (uint64_t)step;
    bool is_final = now_ns - place->step_at_ns >= STEP_FINAL_MS * MS; /* the one before */
    place->step_ns = doubt->least_ns + (is_final ? 0 : place->step_ns);
    place->step_at_ns = now_ns;
    place->doubt.is_open = false;
    align_forget(&place->align, now_ns);
}

/* A lag that grows again is of what is held up again, and says nothing yet. */
static void doubt_hear(struct place *place, int64_t lag_ns, int64_t now_ns) {
    struct place_doubt *doubt = &place->doubt;
    if (lag_ns <= doubt->least_ns - SHRINK_MS * MS || lag_ns > doubt->least_ns + LATE_MS * MS)
        doubt->steady_ns = now_ns;
    if (lag_ns < doubt->least_ns)
        doubt->least_ns = lag_ns;
    if (lag_ns < CALM_MS * MS)
        doubt->is_open = false;
    else if (now_ns - doubt->since_ns >= DOUBT_MAX_MS * MS ||
             (now_ns - doubt->since_ns >= DOUBT_MIN_MS * MS &&
              now_ns - doubt->steady_ns >= STEADY_MS * MS))
        doubt_end(place, now_ns);
}

void place_tick(struct place *place, int64_t now_ns) {
    if (place->doubt.is_open && now_ns - place->doubt.since_ns >= DOUBT_MAX_MS * MS)
        doubt_end(place, now_ns);
}

/* Packets come too soon after a step that was too long, or when all before were late. When that lasts,
 * the excess of the step goes; what no step explains, all before were late by. */
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
    place->early_since_ns = 0;
    if (ns < place->early_ns)
        align_correct(&place->align, place->early_ns - ns, now_ns);
    if (ns == 0)
        return;
    piece_add(place, seq, base_of(place) - ticks_of(place, ns));
    place->step_ns -= ns;
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

/* The earliest place that one of those held may have, of the first of them. */
static int64_t at_of_held(const struct place *place) {
    const struct place_packet *first = &place->held[0].packet;
    int64_t at = at_by_arrival(place, first);
    for (unsigned i = 1; i < place->held_count; i++) {
        const struct place_packet *packet = &place->held[i].packet;
        int64_t other = at_by_arrival(place, packet) -
                        (int64_t)(uint32_t)(packet->timestamp - first->timestamp);
        if (other < at)
            at = other;
    }
    int64_t end = place_end(place);
    return at < end + (int64_t)place->align.rate_hz * NEAR_MS / 1000 ? end : at;
}

/* Where numbers go on: in their own row, or anew behind the newest. */
static void row_go_on(struct place *place, const struct place_packet *first) {
    int64_t sent_seq = rtp_unwrap_seq(place->sent_seq, first->seq);
    bool is_same_row = first->ssrc == place->ssrc && sent_seq > place->sent_seq &&
                       sent_seq <= place->sent_seq + BACK_SEQ_MAX;
    if (!is_same_row)
        place->ahead = place->sent_seq + place->ahead + 1 - sent_seq;
    if (first->ssrc == place->ssrc)
        return;
    place->former_ssrc = place->ssrc;
    place->has_former = true;
    place->ssrc = first->ssrc;
}

/* Those held begin an epoch. The last that came is one of them. */
static struct place_answer epoch_begin(struct place *place, const struct place_packet *last) {
    const struct place_packet *first = &place->held[0].packet;
    int64_t at = at_of_held(place), end = place_end(place);
    int64_t sent_seq = rtp_unwrap_seq(place->sent_seq, first->seq);
    int64_t time = rtp_unwrap_time(place->time, first->timestamp);
    row_go_on(place, first);
    place->doubt.is_open = false;
    piece_add(place, sent_seq + place->ahead, at - time);
    /* If all were late, what follows comes sooner. */
    place->step_ns = align_time_ns(&place->align, at) - align_time_ns(&place->align, end);
    place->step_at_ns = last->arrived_ns;
    place->early_since_ns = 0;
    place->epochs++;
    align_forget(&place->align, last->arrived_ns);

    struct place_answer answer = {.verdict = PLACE_TAKEN, .is_anew = true};
    for (unsigned i = 0; i < place->held_count; i++) {
        struct place_held *held = &place->held[i];
        sent_seq = rtp_unwrap_seq(sent_seq, held->packet.seq);
        time = rtp_unwrap_time(time, held->packet.timestamp);
        held->placed = newest_set(place, &held->packet, sent_seq, time);
        if (held->packet.seq == last->seq)
            answer.packet = held->placed;
        else
            place->held[answer.held_count++] = *held;
    }
    place->arrived_ns = last->arrived_ns;
    place->held_count = 0;
    return answer;
}

static void held_drop(struct place *place) {
    place->dropped += place->held_count;
    place->held_count = 0;
}

/* Numbers and timestamps are near each other and in one order. */
static bool is_agreeing(const struct place *place, const struct place_packet *packet) {
    const struct place_packet *held = &place->held[place->held_count - 1].packet;
    int16_t seqs = (int16_t)(packet->seq - held->seq);
    uint32_t ticks = packet->timestamp - held->timestamp;
    if (seqs < 0)
        ticks = 0 - ticks;
    return held->ssrc == packet->ssrc && seqs <= HELD_SEQS && seqs >= -HELD_SEQS &&
           ticks < (uint64_t)place->align.rate_hz * HELD_MS / 1000 &&
           packet->arrived_ns - held->arrived_ns < HELD_MS * MS;
}

/* By number. False: it is held already. */
static bool held_add(struct place *place, const struct place_packet *packet) {
    unsigned at = place->held_count;
    while (at > 0 && (int16_t)(packet->seq - place->held[at - 1].packet.seq) < 0)
        at--;
    if (at > 0 && place->held[at - 1].packet.seq == packet->seq)
        return false;
    for (unsigned i = place->held_count; i > at; i--)
        place->held[i] = place->held[i - 1];
    place->held[at] = (struct place_held){.packet = *packet, .slot = place->held_count++};
    return true;
}

static struct place_answer jump_hear(struct place *place, const struct place_packet *packet) {
    bool is_former = place->has_former && packet->ssrc == place->former_ssrc;
    if (place->held_count > 0 && !is_agreeing(place, packet))
        held_drop(place);
    if (!held_add(place, packet)) {
        place->dropped++;
        return (struct place_answer){.verdict = PLACE_DROPPED};
    }
    if (place->held_count >= (is_former ? PLACE_HELD_MAX : AGREE))
        return epoch_begin(place, packet);
    return (struct place_answer){.verdict = PLACE_HELD, .slot = place->held_count - 1};
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

/* Whether a packet may come so much sooner than it can: those that a step was measured by may all have
 * been late, and so may all before. Timestamps then advance by what was sent, and while nothing is
 * settled, by silence that was left out. */
static bool is_early_allowed(const struct place *place, const struct place_packet *packet,
                             int64_t sent_seq, int64_t time, int64_t lead_ns) {
    int64_t now_ns = packet->arrived_ns;
    bool is_fresh = now_ns - place->step_at_ns < STEP_FINAL_MS * MS;
    if (lead_ns <= (is_fresh ? place->step_ns : 0))
        return true;
    int64_t seqs = sent_seq - place->sent_seq;
    int64_t longest = packet->ticks > place->ticks ? packet->ticks : place->ticks;
    if (align_is_settling(&place->align, now_ns))
        longest = (int64_t)place->align.rate_hz * LEFT_OUT_MS / 1000;
    int64_t sent = seqs * longest, most = (int64_t)place->align.rate_hz * SENT_MAX_MS / 1000;
    int64_t passed_ns = now_ns > place->arrived_ns ? now_ns - place->arrived_ns : 0;
    return time - place->time <= (sent < most ? sent : most) + ticks_of(place, passed_ns);
}

/* Those held of this source lie between the newest packet and this one, or are of no use. How many are
 * taken. */
static unsigned held_prove(struct place *place, uint32_t ssrc, int64_t sent_seq, int64_t time) {
    unsigned count = 0;
    if (place->held_count == 0 || place->held[0].packet.ssrc != ssrc)
        return 0;
    for (unsigned i = 0; i < place->held_count; i++) {
        struct place_held held = place->held[i];
        int64_t held_seq = rtp_unwrap_seq(place->sent_seq, held.packet.seq);
        int64_t held_time = rtp_unwrap_time(time, held.packet.timestamp);
        held.placed = (struct placed){held_seq + place->ahead, held_time};
        if (held_seq > place->sent_seq && held_seq < sent_seq && held_time >= place->time &&
            held_time <= time)
            place->held[count++] = held;
    }
    place->dropped += place->held_count - count;
    place->held_count = 0;
    return count;
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
    int64_t lead_ns = -align_lag_ns(&place->align, end, packet->arrived_ns) - slack_ns;
    if ((lead_ns > 0 && !is_early_allowed(place, packet, sent_seq, time, lead_ns)) ||
        time < place->time - (int64_t)place->align.rate_hz * BACK_MS / 1000)
        return jump_hear(place, packet);

    struct place_answer answer = {.verdict = PLACE_TAKEN};
    answer.held_count = held_prove(place, packet->ssrc, sent_seq, time);
    int64_t seq = sent_seq + place->ahead;
    if (packet->ticks == 0) { /* it only takes a number */
        place->sent_seq = sent_seq;
        answer.packet = (struct placed){seq, time};
        return answer;
    }
    lag_judge(place, seq, end, slack_ns, packet->arrived_ns);
    if (!place->doubt.is_open && place->early_since_ns == 0)
        align_hear(&place->align, time + base_of(place) + packet->ticks, packet->arrived_ns);
    answer.packet = newest_set(place, packet, sent_seq, time);
    return answer;
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
