#include "meeting/audio_reads.h"

enum {
    READS_MIN = 4,        /* before the usual is known */
    FIRST_HOLE_MS = 1500, /* until then, only so long an interval is a hole */
    PARTS = 4,
    HALF_MS = 10, /* less in one of the two reads is jitter */
};

static int16_t ring_ms(int64_t ms) {
    return (int16_t)(ms > INT16_MAX ? INT16_MAX : ms < INT16_MIN ? INT16_MIN : ms);
}

void audio_reads_note(struct audio_reads *reads, int64_t interval_ms, int64_t missed_ms) {
    reads->intervals_ms[reads->next] = ring_ms(interval_ms);
    reads->missed_ms[reads->next] = ring_ms(missed_ms);
    reads->next = (reads->next + 1) % AUDIO_READS;
    if (reads->count < AUDIO_READS)
        reads->count++;
}

/* What so many quarters of them do not exceed. */
static int64_t quarters_ms(const int16_t values[AUDIO_READS], unsigned count, unsigned quarters) {
    int16_t sorted[AUDIO_READS];
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    return sorted[count * quarters / PARTS];
}

int64_t audio_reads_spacing_ms(const struct audio_reads *reads) {
    return reads->count < READS_MIN ? 0 : quarters_ms(reads->intervals_ms, reads->count, 1);
}

int64_t audio_reads_missed_ms(const struct audio_reads *reads) {
    unsigned last = (reads->next + AUDIO_READS - 1) % AUDIO_READS;
    return reads->missed_ms[last] > 0 ? reads->missed_ms[last] : 0;
}

/* Of a hole that lies in two reads, neither of them a burst after a long wait. */
static bool is_second_half(const struct audio_reads *reads, int64_t interval_ms,
                           int64_t missed_ms) {
    unsigned last = (reads->next + AUDIO_READS - 1) % AUDIO_READS;
    int64_t spacing_ms = audio_reads_spacing_ms(reads);
    int64_t both_ms = missed_ms + audio_reads_missed_ms(reads);
    if (reads->intervals_ms[last] > interval_ms)
        interval_ms = reads->intervals_ms[last];
    return missed_ms >= HALF_MS && both_ms >= 2 * AUDIO_LACK_MS && both_ms * 2 >= spacing_ms &&
           interval_ms <= 4 * spacing_ms;
}

bool audio_reads_find_hole(const struct audio_reads *reads, int64_t interval_ms,
                           int64_t missed_ms) {
    if (reads->count < READS_MIN)
        return interval_ms >= FIRST_HOLE_MS;
    int64_t usual_ms = quarters_ms(reads->missed_ms, reads->count, 1);
    if (usual_ms > 0)
        missed_ms -= usual_ms;
    return missed_ms * 2 > interval_ms ||
           (missed_ms >= AUDIO_LACK_MS &&
            interval_ms >= 2 * quarters_ms(reads->intervals_ms, reads->count, 3)) ||
           is_second_half(reads, interval_ms, missed_ms);
}
