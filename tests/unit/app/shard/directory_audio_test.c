/* What comes in on the tracks of a directory is on the disk in the end, however it ends. */
#include "directory_world.h"

/* --- recordings --- */

/* The samples of the only WAV in a meeting's folder. */
static struct buf recording_read(struct world *w, const char *meeting) {
    char folder[256], path[600] = "";
    snprintf(folder, sizeof folder, "%s/egress/audio/%s", w->dir, meeting);
    DIR *dir = opendir(folder);
    if (!dir)
        fail_msg("%s: %s", folder, strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        if (len > 4 && !strcmp(entry->d_name + len - 4, ".wav")) {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        }
    }
    closedir(dir);
    struct buf file = {0};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    file.len = fread(buf_reserve(&file, 1 << 20), 1, 1 << 20, in);
    fclose(in);
    uint32_t data_bytes;
    memcpy(&data_bytes, file.data + 40, 4);
    assert_int_equal(data_bytes, file.len - 44);
    buf_consume(&file, 44);
    return file;
}

static void audio_make(int16_t *pcm, size_t samples) {
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)(i * 7919);
}

static void recorded_as_sent(unsigned shards) {
    enum { SAMPLES = 24000 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(shards, 8, 60000);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    const uint8_t *bytes = (const uint8_t *)pcm;
    size_t at = 0;
    for (size_t n = 1; at < sizeof pcm; n = n * 3 % 1931 + 1) { /* odd lengths, split samples */
        size_t part = n < sizeof pcm - at ? n : sizeof pcm - at;
        frame_send(fd, WS_BINARY, bytes + at, part);
        at += part;
    }
    track_close(fd);
    wait_until(w, is_one_ended);
    assert_int_equal(w->last_end, TRACK_END_CLOSED);
    world_drain(w);
    struct buf got = recording_read(w, "RM_1");
    assert_int_equal(got.len, sizeof pcm);
    assert_memory_equal(got.data, pcm, sizeof pcm);
    buf_free(&got);
    world_close(w);
}

static void test_recorded_as_sent_on_controls_loop(void **state) {
    (void)state;
    recorded_as_sent(0);
}

static void test_recorded_as_sent_on_a_shard(void **state) {
    (void)state;
    recorded_as_sent(2);
}

static void test_muted_audio_is_dropped(void **state) {
    (void)state;
    enum { SAMPLES = 960 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(0, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":\"yes\"}", 15);
    frame_send(fd, WS_TEXT, "nonsense", 8);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":true}", 14);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    frame_send(fd, WS_TEXT, "{\"muted\":false}", 15);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    track_close(fd);
    wait_until(w, is_one_ended);
    world_drain(w);
    struct buf got = recording_read(w, "sala");
    assert_int_equal(got.len, 3 * sizeof pcm);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(got.data + i * sizeof pcm, pcm, sizeof pcm);
    buf_free(&got);
    world_close(w);
}

/* --- endings --- */

static void test_draining_says_goodbye_and_refuses(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1"), err;
    wait_until(w, is_one_open);
    directory_drain(w->directory, on_drained, w);
    int refused = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, ESHUTDOWN);
    close(refused);
    uint8_t answer[512];
    ssize_t got = read(fd, answer, sizeof answer); /* the handshake's answer */
    assert_true(got > 12 && !memcmp(answer, "HTTP/1.1 101", 12));
    const uint8_t *end = memmem(answer, (size_t)got, "\r\n\r\n", 4);
    size_t rest = (size_t)(answer + got - (end + 4));
    if (rest == 0) {
        got = read(fd, answer, sizeof answer);
        end = answer - 4;
        rest = (size_t)got;
    }
    assert_true(rest >= 4);
    assert_int_equal(end[4], 0x88);
    assert_int_equal(end[6] << 8 | end[7], 1001);
    track_close(fd);
    wait_until(w, is_drained);
    assert_int_equal(w->last_end, TRACK_END_DRAINED);
    directory_stop(w->directory);
    disk_close(w->disk);
    world_close(w);
}

/* Nobody answers the goodbye, and control's loop does not turn again. */
static void cut_short(unsigned shards) {
    enum { SAMPLES = 9600 };
    static int16_t pcm[SAMPLES];
    audio_make(pcm, SAMPLES);
    struct world *w = world_open(shards, 8, 60000);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    wait_until(w, is_one_open);
    frame_send(fd, WS_BINARY, pcm, sizeof pcm);
    directory_drain(w->directory, on_drained, w);
    const struct person_news news = {.identity = SLICE("bob"),
                                     .name = SLICE("Bob"),
                                     .has_role = true,
                                     .is_host = true};
    directory_tell_news(w->directory, SLICE("RM_1"), SLICE("sala"), &news);
    directory_describe(w->directory, SLICE("RM_1"), on_answer, w);
    directory_stop(w->directory);
    disk_close(w->disk);
    struct buf got = recording_read(w, "RM_1");
    assert_int_equal(got.len, sizeof pcm);
    assert_memory_equal(got.data, pcm, sizeof pcm);
    buf_free(&got);
    directory_close(w->directory);
    w->directory = NULL;
    assert_int_equal(w->answers, 1);
    assert_non_null(strstr(w->answer.data, "\"bob\""));
    assert_int_equal(w->drained, 0);
    close(fd);
    world_close(w);
}

static void test_a_cut_short_drain_keeps_the_audio_on_controls_loop(void **state) {
    (void)state;
    cut_short(0);
}

static void test_a_cut_short_drain_keeps_the_audio_on_a_shard(void **state) {
    (void)state;
    cut_short(2);
}

RUN_TESTS(TEST(test_recorded_as_sent_on_controls_loop), TEST(test_recorded_as_sent_on_a_shard),
          TEST(test_muted_audio_is_dropped), TEST(test_draining_says_goodbye_and_refuses),
          TEST(test_a_cut_short_drain_keeps_the_audio_on_controls_loop),
          TEST(test_a_cut_short_drain_keeps_the_audio_on_a_shard))
