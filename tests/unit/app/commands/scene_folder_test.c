/* What a folder of recordings says of its meeting. */
#include "app/commands/scene.h"
#include "outside/files/sidecar.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/prosa-scene-XXXXXX";
static int folder_fd;

static int make_folder(void **state) {
    assert_non_null(mkdtemp(folder));
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    return folder_fd < 0;
}

static int remove_folder(void **state) {
    char command[64];
    close(folder_fd);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void record(const char *file, const char *who, const char *format, int64_t started_ms,
                   void (*more)(struct sidecar *)) {
    struct sidecar sidecar = {.info = {.id = SLICE("r"),
                                       .meeting = SLICE("RM_1"),
                                       .room = SLICE("daily"),
                                       .participant = slice_from(who),
                                       .name = SLICE("Somebody"),
                                       .track = SLICE("TR"),
                                       .format = slice_from(format),
                                       .part = 1,
                                       .rate_hz = 48000,
                                       .channels = 1,
                                       .started_ms = started_ms}};
    recording_info_own(&sidecar.info);
    snprintf(sidecar.file, sizeof sidecar.file, "%s", file);
    if (more)
        more(&sidecar);
    assert_int_equal(sidecar_save(folder_fd, &sidecar, false), 0);
    sidecar_free(&sidecar);
}

/* A second of loss after 2 s, a mute of 5 s after 4 s, and half a second of loss 6 s into the
 * file. */
static void with_a_pause(struct sidecar *sidecar) {
    int64_t started_ms = sidecar->info.started_ms;
    sidecar_add_gap(sidecar, 2 * 48000, 48000, GAP_NETWORK);
    sidecar_add_pause(sidecar, 4 * 48000, started_ms + 4000);
    sidecar_end_pause(sidecar, started_ms + 4000, started_ms + 9000);
    sidecar_add_gap(sidecar, 6 * 48000, 24000, GAP_NETWORK);
}

static const struct scene_part *part_at(const struct scene *scene, int64_t start_ms) {
    for (size_t i = 0; i < scene->count; i++)
        if (scene->parts[i].start_ms == start_ms)
            return &scene->parts[i];
    fail();
    return NULL;
}

static void assert_span(const struct scene_spans *spans, size_t i, int64_t from_ms, int64_t to_ms) {
    assert_true(i < spans->count);
    assert_int_equal(spans->span[i].from_ms, from_ms);
    assert_int_equal(spans->span[i].to_ms, to_ms);
}

static void recordings_lie_where_they_were_in_the_meeting(void **state) {
    const int64_t base_ms = 1795349609700;
    record("ana.wav", "ana", "wav", base_ms + 74, NULL);
    record("bob.wav", "bob", "wav", base_ms + 2500, with_a_pause);
    record("bob2.wav", "bob", "wav", base_ms + 60000, NULL);
    record("eva.opus", "eva", "opus", base_ms + 10, NULL);
    struct scene scene;
    struct buf problem = {0};
    scene_init(&scene);
    assert_true(scene_read_folder(&scene, folder, &problem));
    assert_string_equal(scene.name, "RM_1");
    assert_int_equal(scene.count, 3);
    assert_int_equal(scene.unread, 1);
    assert_int_equal(scene.started_ms, base_ms); /* in whole steps of the rules */
    const struct scene_part *ana = part_at(&scene, 74), *bob = part_at(&scene, 2500);
    assert_string_equal(ana->id, "ana");
    assert_string_equal(ana->name, "Somebody");
    assert_string_equal(part_at(&scene, 60000)->id, bob->id);
    assert_int_equal(bob->pauses.count, 1);
    assert_span(&bob->pauses, 0, 6500, 11500);
    assert_int_equal(bob->gaps.count, 2);
    assert_span(&bob->gaps, 0, 4500, 5500);
    assert_span(&bob->gaps, 1, 13500, 14000);
    scene_free(&scene);
    buf_free(&problem);
}

static void a_folder_without_recordings_is_said_to_be_so(void **state) {
    struct scene scene;
    struct buf problem = {0};
    scene_init(&scene);
    assert_false(scene_read_folder(&scene, "/nonexistent", &problem));
    assert_slice_equal(buf_slice(&problem), "/nonexistent: No such file or directory");
    scene_free(&scene);
    buf_free(&problem);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(recordings_lie_where_they_were_in_the_meeting),
                                       TEST(a_folder_without_recordings_is_said_to_be_so)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
