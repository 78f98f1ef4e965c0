/* Tracks of packets, from the network to the file and to the meeting. */
#include "packet_world.h"

static const struct packet_track_about microphone = {
    .codec = SDP_OPUS, .is_voice = true, .has_dtx = true};

static double rms(const float *pcm, int64_t from_ms, int64_t to_ms) {
    double sum = 0;
    for (int64_t i = from_ms * 48; i < to_ms * 48; i++)
        sum += (double)pcm[i * 2] * pcm[i * 2];
    return sqrt(sum / (double)((to_ms - from_ms) * 48));
}

static void assert_sound(const float *pcm, int64_t from_ms, int64_t to_ms) {
    for (int64_t ms = from_ms; ms + 20 <= to_ms; ms += 20)
        if (rms(pcm, ms, ms + 20) < 0.05)
            fail_msg("silent at %d ms", (int)ms);
}

static void assert_silence(const float *pcm, int64_t from_ms, int64_t to_ms) {
    for (int64_t ms = from_ms; ms + 20 <= to_ms; ms += 20)
        if (rms(pcm, ms, ms + 20) > 0.001)
            fail_msg("not silent at %d ms: %f", (int)ms, rms(pcm, ms, ms + 20));
}

/* Within a packet, and the encoder's delay. */
static void assert_length(const struct sidecar *sidecar, int64_t ms) {
    int64_t is_ms = (int64_t)sidecar->frames / 48;
    if (is_ms < ms - 30 || is_ms > ms + 30)
        fail_msg("%d ms long instead of %d", (int)is_ms, (int)ms);
}

static void speech_is_recorded_as_it_came(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 10000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 10000);
    assert_sound(pcm, 20, 9960);
    assert_int_equal(sidecar.gaps_total, 0);
    assert_slice_equal(sidecar.info.format, "opus");
    assert_slice_equal(sidecar.info.end, "closed");
    assert_int_equal(sidecar.info.rate_hz, 48000);
    int64_t began_ms = live_meeting_time_ms(w->live, w->started_ms - 20);
    assert_in_range(sidecar.info.started_ms - began_ms + 3, 0, 6);
    assert_int_equal(w->core.stats.audio_bytes > 0, true);
    assert_int_equal(w->core.stats.packets.lost, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* A shared screen has two channels and is nobody's voice. */
static void shared_sound_is_recorded_in_stereo(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct packet_track_about about = {.codec = SDP_OPUS, .is_stereo = true};
    struct mic_world m = mic_open(w, "bob", about);
    mic_talk(&m, 3000);
    world_pass(w, 3000);
    m.timestamp += 3000 * 48;
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 9000);
    assert_int_equal(sidecar.info.channels, 2);
    assert_silence(pcm, 3040, 5980);
    assert_null(meeting_find(w->live->engine, SLICE("bob")));
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Two channels of one voice are heard by their louder side. */
static void a_stereo_microphone_is_heard(void **state) {
    struct packet_world *w = packet_world_open("off");
    struct packet_track_about about = microphone;
    about.is_stereo = true;
    struct mic_world m = mic_open(w, "bob", about);
    mic_talk(&m, 5000);
    struct buf stats = {0};
    meeting_write_stats(&stats, w->live->engine);
    buf_add_byte(&stats, 0);
    assert_non_null(strstr(stats.data, "\"samples\":"));
    assert_null(strstr(stats.data, "\"samples\":0,"));
    buf_free(&stats);
    mic_close(&m, TRACK_END_CLOSED);
    packet_world_close(w);
}

/* Left out by the sender: silence of its length, and no gap. */
static void left_out_silence_is_silent_and_true(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 2000);
    for (int i = 0; i < 10; i++) { /* a packet of nothing each 400 ms */
        world_pass(w, 380);
        m.timestamp += 20 * 960;
        mic_send_as(&m, ++m.seq, m.timestamp, SLICE("\xf8\xff\xfe"));
        world_pass(w, 20);
    }
    mic_talk(&m, 2000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 8000);
    assert_sound(pcm, 20, 1980);
    assert_silence(pcm, 2020, 5980);
    assert_sound(pcm, 6040, 7940);
    assert_int_equal(sidecar.gaps_total, 0);
    assert_int_equal(w->core.stats.packets.concealed_ms, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* The server's 51 frames of silence, then nothing; the recording pauses and says so. Behind it the
 * server's timestamps are ahead, and the first packet is late. */
static void a_mute_is_a_pause(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    static const char silence[80] = "\xf8\xff\xfe";
    mic_talk(&m, 3400);
    int64_t muted_ms = w->core.now_ms;
    mic_news(&m, TRACK_MUTED);
    for (uint32_t i = 0; i < 51; i++) { /* by a clock that is ahead */
        uint32_t ahead = i == 0 ? 0 : (20 + 18) * 48;
        mic_send_as(&m, ++m.seq, m.timestamp + ahead + i * 961, slice_of(silence, sizeof silence));
        world_pass(w, 20);
    }
    world_pass(w, 29000);
    m.timestamp += (uint32_t)(w->core.now_ms - muted_ms + 30) * 48;
    mic_news(&m, TRACK_UNMUTED);
    world_pass(w, 15);
    mic_speak(&m);
    mic_send_as(&m, m.seq, m.timestamp, m.payload);
    world_pass(w, 5);
    mic_talk(&m, 2980);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 6400);
    assert_sound(pcm, 20, 3380);
    assert_sound(pcm, 3460, 6360);
    assert_int_equal(sidecar.pauses_total, 1);
    assert_in_range(sidecar.paused_ms, 30018, 30022);
    assert_in_range(sidecar.pauses[0].at, 3380 * 48, 3400 * 48);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

static void a_mute_may_be_recorded_as_silence(void **state) {
    struct packet_world *w = packet_world_open("opus");
    w->settings.silence_on_mute = true;
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    mic_news(&m, TRACK_MUTED);
    world_pass(w, 60000);
    m.timestamp += 60000 * 48;
    mic_news(&m, TRACK_UNMUTED);
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 66000);
    assert_silence(pcm, 3020, 62980);
    assert_sound(pcm, 63060, 65960);
    assert_int_equal(sidecar.pauses_total, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* The first sound after a mute is not lost when its news comes late. */
static void sound_before_the_news_of_an_unmute_is_kept(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 1000);
    mic_news(&m, TRACK_MUTED);
    world_pass(w, 5000);
    m.timestamp += 5000 * 48;
    mic_talk(&m, 200);
    mic_news(&m, TRACK_UNMUTED);
    mic_talk(&m, 800);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 2000);
    assert_int_equal(sidecar.pauses_total, 1);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

static void what_is_lost_is_asked_for_and_found(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    for (int i = 0; i < 200; i++) {
        mic_speak(&m);
        struct slice payload = m.payload;
        uint8_t kept[1500];
        memcpy(kept, payload.ptr, payload.len);
        uint16_t seq = m.seq;
        uint32_t timestamp = m.timestamp;
        if (i % 20 != 10) {
            mic_send_as(&m, seq, timestamp, payload);
            world_pass(w, 20);
            continue;
        }
        world_pass(w, 20);
        mic_talk(&m, 100); /* the answer takes so long */
        assert_int_equal(w->last_asked, seq);
        mic_send_as(&m, seq, timestamp, slice_of(kept, payload.len));
        mic_send_as(&m, seq, timestamp, slice_of(kept, payload.len)); /* and again */
    }
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 5000);
    assert_sound(pcm, 20, 4960);
    assert_int_equal(sidecar.gaps_total, 0);
    assert_int_equal(w->core.stats.packets.recovered, 10);
    assert_int_equal(w->core.stats.packets.repeated, 10);
    assert_int_equal(w->core.stats.packets.lost, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Nobody answers: the time of what is lost stays, shorter ones asked to be concealed. */
static void what_stays_lost_keeps_its_time(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 2000);
    for (int i = 0; i < 50; i++) { /* a second */
        mic_speak(&m);
        world_pass(w, 20);
    }
    mic_talk(&m, 2000);
    for (int i = 0; i < 3; i++) {
        mic_speak(&m);
        world_pass(w, 20);
    }
    mic_talk(&m, 2000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 7060);
    assert_sound(pcm, 20, 1980);
    assert_silence(pcm, 2040, 2980);
    assert_sound(pcm, 3060, 4960);
    assert_sound(pcm, 5120, 7000);
    assert_int_equal(sidecar.gaps_total, 1);
    assert_in_range(sidecar.gaps[0].frames, 47500, 48500);
    assert_int_equal(w->core.stats.packets.lost, 53);
    assert_in_range(w->core.stats.packets.concealed_ms, 60, 160);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* The way to the server is cut: what is lost is the outage, in one gap or in as many as it was written
 * in. */
static void an_outage_costs_its_own_time(void **state) {
    static const int64_t outages_ms[] = {3000, 12000, 40000};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned is_wav = 0; is_wav < 2; is_wav++) {
            struct packet_world *w = packet_world_open(is_wav ? "wav" : "opus");
            struct mic_world m = mic_open(w, "bob", microphone);
            mic_talk(&m, 5000);
            for (int64_t ms = 0; ms < outages_ms[i]; ms += 20) {
                mic_speak(&m);
                world_pass(w, 20);
            }
            mic_talk(&m, 5000);
            mic_close(&m, TRACK_END_CLOSED);
            close_disk(&w->disk);
            char names[4][256];
            assert_int_equal(world_files(w, is_wav ? ".wav" : ".opus", names, 4), 1);
            struct sidecar sidecar = load_sidecar(&w->disk, names[0]);
            assert_length(&sidecar, 10000 + outages_ms[i]);
            int64_t gap_ms = (int64_t)sidecar.gap_frames / 48;
            assert_in_range(gap_ms - outages_ms[i] + 50, 0, 100);
            assert_int_equal(sidecar.gaps_total, 1);
            assert_in_range((int64_t)sidecar.gaps[0].at / 48 - 5000 + 50, 0, 100);
            if (!is_wav)
                free(judge_opus_file(path_of(&w->disk, names[0]), (int64_t)sidecar.frames));
            sidecar_free(&sidecar);
            packet_world_close(w);
        }
}

/* After a new session: another SSRC, other numbers, and the publisher's own timestamps. */
static void a_new_session_goes_on_in_the_same_file(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 5000);
    for (int64_t ms = 0; ms < 6000; ms += 20) {
        mic_speak(&m);
        world_pass(w, 20);
    }
    m.ssrc = 4711;
    m.seq = 17;
    mic_talk(&m, 5000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 16000);
    assert_silence(pcm, 5060, 10940);
    assert_sound(pcm, 11060, 15940);
    assert_int_equal(sidecar.gaps_total, 1);
    assert_int_equal(w->core.stats.packets.lost, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Timestamps go on as if nothing had been, 18 s later: the gap is where it was. */
static void a_capture_that_stalled_is_a_gap_in_the_file(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    world_pass(w, 18000);
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 24000);
    assert_sound(pcm, 20, 2980);
    assert_silence(pcm, 3040, 20960);
    assert_sound(pcm, 21060, 23940);
    assert_int_equal(sidecar.gaps_total, 1);
    assert_int_equal(w->core.stats.packets.steps, 1);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

static void a_burst_after_a_stall_is_whole(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    world_pass(w, 3000);
    for (int i = 0; i < 150; i++) {
        mic_speak(&m);
        mic_send_as(&m, m.seq, m.timestamp, m.payload);
    }
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 9000);
    assert_sound(pcm, 20, 8960);
    assert_int_equal(sidecar.gaps_total, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

static void an_absurd_timestamp_fills_nothing(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    mic_speak(&m);
    mic_send_as(&m, m.seq, 0, m.payload);
    world_pass(w, 20);
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 6020);
    assert_true(sidecar.info.bytes < 200000);
    assert_int_equal(w->core.stats.packets.dropped, 1);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Another SSRC, other numbers, other timestamps, and stragglers: one file, all of it. */
static void another_source_goes_on_in_the_same_file(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    m.ssrc = 78;
    m.seq = 50000;
    m.timestamp = 0xfffffff0;
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 6000);
    assert_sound(pcm, 20, 5960);
    assert_int_equal(w->core.stats.packets.epochs, 1);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Padding only, another codec, junk: counted, and the rest is whole. */
static void what_is_no_sound_is_passed_over(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    for (int i = 0; i < 100; i++) {
        mic_talk(&m, 40);
        mic_send_as(&m, ++m.seq, m.timestamp, SLICE_NONE);
        mic_send_as(&m, ++m.seq, m.timestamp, SLICE("\xff\xff\xff\xff\xff"));
    }
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 4000);
    assert_sound(pcm, 20, 3960);
    assert_int_equal(w->core.stats.packets.bad, 100);
    assert_int_equal(w->core.stats.packets.lost, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* Ciphertext behind a plain first byte is not recorded and not decoded, also when it shows late. */
static void what_is_encrypted_is_not_recorded(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 2000);
    packet_track_set_encrypted(m.track, true);
    for (int i = 0; i < 100; i++) {
        mic_speak(&m);
        for (size_t k = 1; k < m.payload.len; k++)
            m.bytes[k] ^= (uint8_t)(m.seed = m.seed * 1664525 + 1013904223);
        mic_send_as(&m, m.seq, m.timestamp, m.payload);
        world_pass(w, 20);
    }
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    assert_length(&sidecar, 2000);
    assert_int_equal(w->core.stats.packets.encrypted, 100);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* As samples, where that is asked for: the same times. */
static void a_wav_has_the_same_time(void **state) {
    struct packet_world *w = packet_world_open("wav");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 2000);
    m.timestamp += 2000 * 48;
    world_pass(w, 2000);
    mic_talk(&m, 2000);
    mic_news(&m, TRACK_MUTED);
    world_pass(w, 4000);
    m.timestamp += 4000 * 48;
    mic_news(&m, TRACK_UNMUTED);
    mic_talk(&m, 2000);
    mic_close(&m, TRACK_END_CLOSED);
    char names[4][256];
    close_disk(&w->disk);
    assert_int_equal(world_files(w, ".wav", names, 4), 1);
    struct sidecar sidecar = load_sidecar(&w->disk, names[0]);
    assert_int_equal(sidecar.info.rate_hz, 48000);
    assert_int_equal(sidecar.info.channels, 1);
    assert_length(&sidecar, 8000);
    assert_int_equal(sidecar.pauses_total, 1);
    assert_in_range(sidecar.paused_ms, 3950, 4050);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

static void telephones_are_recorded_at_their_rate(void **state) {
    struct packet_world *w = packet_world_open("wav");
    struct packet_track_about about = microphone;
    about.codec = SDP_PCMU;
    about.has_dtx = false;
    struct mic_world m = mic_open(w, "bob", about);
    static char payload[160];
    for (uint16_t i = 0; i < 250; i++) {
        for (size_t k = 0; k < sizeof payload; k++)
            payload[k] = (char)(k * 3);
        const struct rtc_packet packet = {.ssrc = 9,
                                          .seq = i,
                                          .timestamp = i * 160u,
                                          .codec = SDP_PCMU,
                                          .payload = slice_of(payload, sizeof payload),
                                          .arrived_ns = w->core.now_ms * MS};
        packet_track_take(m.track, &packet);
        world_pass(w, 20);
    }
    mic_close(&m, TRACK_END_CLOSED);
    char names[4][256];
    close_disk(&w->disk);
    assert_int_equal(world_files(w, ".wav", names, 4), 1);
    struct sidecar sidecar = load_sidecar(&w->disk, names[0]);
    assert_int_equal(sidecar.info.rate_hz, 8000);
    assert_int_equal(sidecar.frames, 250 * 160);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* A track that leaves silence out holds up no judging, and is not reported as lost. */
static void silence_that_is_left_out_holds_nothing_up(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 2000);
    for (int i = 0; i < 75; i++) { /* half a minute */
        world_pass(w, 400);
        m.timestamp += 20 * 960;
        mic_send_as(&m, ++m.seq, m.timestamp, SLICE("\xf8\xff\xfe"));
        int64_t behind_ms =
            live_meeting_time_ms(w->live, w->core.now_ms) - meeting_judged_ms(w->live->engine);
        assert_in_range(behind_ms, 0, 240);
    }
    assert_int_equal(w->told, 0);
    mic_close(&m, TRACK_END_CLOSED);
    packet_world_close(w);
}

/* A minute without a packet from an open microphone is told. */
static void a_dead_connection_is_told(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 5000);
    world_pass(w, 30000);
    assert_true(w->told > 0);
    mic_close(&m, TRACK_END_CLOSED);
    packet_world_close(w);
}

RUN_TESTS(TEST(speech_is_recorded_as_it_came), TEST(shared_sound_is_recorded_in_stereo),
          TEST(a_stereo_microphone_is_heard), TEST(left_out_silence_is_silent_and_true),
          TEST(a_mute_is_a_pause), TEST(a_mute_may_be_recorded_as_silence),
          TEST(sound_before_the_news_of_an_unmute_is_kept),
          TEST(what_is_lost_is_asked_for_and_found), TEST(what_stays_lost_keeps_its_time),
          TEST(an_outage_costs_its_own_time), TEST(a_new_session_goes_on_in_the_same_file),
          TEST(a_capture_that_stalled_is_a_gap_in_the_file), TEST(a_burst_after_a_stall_is_whole),
          TEST(an_absurd_timestamp_fills_nothing), TEST(another_source_goes_on_in_the_same_file),
          TEST(what_is_no_sound_is_passed_over), TEST(what_is_encrypted_is_not_recorded),
          TEST(a_wav_has_the_same_time), TEST(telephones_are_recorded_at_their_rate),
          TEST(silence_that_is_left_out_holds_nothing_up), TEST(a_dead_connection_is_told))
