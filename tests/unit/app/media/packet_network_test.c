/* What networks and servers do to the packets of a track, and the file that comes of it. */
#include "packet_world.h"

static const struct packet_track_about microphone = {
    .codec = SDP_OPUS, .is_voice = true, .has_dtx = true};

static void assert_level(const float *pcm, int64_t from_ms, int64_t to_ms, bool is_sound) {
    for (int64_t ms = from_ms; ms + 20 <= to_ms; ms += 20) {
        double sum = 0;
        for (int64_t i = ms * 48; i < (ms + 20) * 48; i++)
            sum += (double)pcm[i * 2] * pcm[i * 2];
        double rms = sqrt(sum / 960);
        if (is_sound ? rms < 0.05 : rms > 0.001)
            fail_msg("at %d ms: %f", (int)ms, rms);
    }
}

/* Within a packet, and the encoder's delay. */
static void assert_length(const struct sidecar *sidecar, int64_t ms) {
    assert_in_range((int64_t)sidecar->frames / 48 - ms + 30, 0, 60);
}

/* Everything of the first three seconds comes 800 ms late, longer than a time takes to settle: when that
 * shows, the recording is told to have begun sooner, and is whole. */
static void a_begin_that_was_late_is_told_anew(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    int64_t spoken_ms = live_meeting_time_ms(w->live, w->core.now_ms - 20);
    world_pass(w, 800);
    mic_talk(&m, 3000);
    for (int i = 0; i < 40; i++) {
        mic_speak(&m);
        mic_send_as(&m, m.seq, m.timestamp, m.payload);
    }
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 6800);
    assert_level(pcm, 20, 6760, true);
    assert_in_range(sidecar.info.started_ms - spoken_ms + 25, 0, 50);
    assert_int_equal(sidecar.gaps_total, 0);
    assert_int_equal(w->core.stats.packets.lost + w->core.stats.packets.dropped, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Half a minute of packets at once, more than may wait: all of them are in the file. */
static void half_a_minute_at_once_is_whole(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    world_pass(w, 30000);
    for (int i = 0; i < 1500; i++) {
        mic_speak(&m);
        mic_send_as(&m, m.seq, m.timestamp, m.payload);
    }
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_int_equal(w->core.stats.packets.lost + w->core.stats.packets.dropped, 0);
    assert_true(sidecar.frames >= 36000 * 48 - 1440); /* each packet is in it */
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

RUN_TESTS(TEST(a_begin_that_was_late_is_told_anew), TEST(half_a_minute_at_once_is_whole))
