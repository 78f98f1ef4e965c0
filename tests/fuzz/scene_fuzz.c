/* A MEETING.json by anybody's hand: it is a scene, or a sentence says why not. */
#include "app/commands/scene.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spans(const struct scene_spans *spans) {
    for (size_t i = 0; i < spans->count; i++)
        assert(spans->span[i].from_ms <= spans->span[i].to_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[] = "/tmp/prosa-scene-XXXXXX.json";
    int fd = mkstemps(path, 5);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    struct scene scene;
    struct buf problem = {0};
    scene_init(&scene);
    bool is_good = scene_add(&scene, path, &problem);
    unlink(path);
    assert(is_good || problem.len > 0);
    for (size_t i = 0; is_good && i < scene.count; i++) {
        assert(scene.parts[i].id[0] && scene.parts[i].name && scene.parts[i].path);
        check_spans(&scene.parts[i].muted);
        check_spans(&scene.parts[i].gaps);
        check_spans(&scene.parts[i].pauses);
    }
    scene_add_host(&scene, "ana");
    (void)scene_resolve_hosts(&scene, &problem);
    scene_free(&scene);
    buf_free(&problem);
    close(fd);
    return 0;
}
