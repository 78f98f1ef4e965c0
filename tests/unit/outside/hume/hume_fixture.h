/* A fake prosody service on the loop of its client, in both protocols and many moods. */
#ifndef TESTS_HUME_FIXTURE_H
#define TESTS_HUME_FIXTURE_H

#include "base/buf.h"
#include "meeting/meeting.h"
#include "net/loop.h"
#include "net/ws/ws_conn.h"
#include "outside/hume/hume.h"

#include <stdbool.h>
#include <stdint.h>

enum mood { KIND, SILENT, MUTE, CLOSES, REFUSES, FAULTY, HASTY, CHOOSY };

enum { CONNS = 40, FATES = 64 };

struct fake_conn {
    struct fixture *f;
    struct ws_conn *ws;
    unsigned messages;
};

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct hume *hume;
    struct hume_track *track;
    enum mood mood;
    bool is_v1;
    struct fake_conn conns[CONNS];
    unsigned accepted, refused, hellos, goodbyes;
    struct buf audio; /* all samples that the service took */
    unsigned blocks, rejected;
    char key[16];
    char fates[FATES][8];
    int64_t fate_ms[FATES];
    unsigned fate_count;
    unsigned feelings;
    struct feeling feeling;
    int64_t from_ms, to_ms;
};

extern const struct hume_listener fixture_listener; /* arg: the fixture */

void fixture_open(struct fixture *f, bool is_v1, enum mood mood, struct hume_settings settings);
void fixture_close(struct fixture *f);
void fixture_turn(struct fixture *f, int ms);
void fixture_turn_until(struct fixture *f, const unsigned *what, unsigned count); /* in time */

/* Half a second whose samples all are `value`, in pieces, and its flush. */
void fixture_hear_group(struct fixture *f, int16_t value, int64_t from_ms, bool is_speech);
void fixture_assert_audio(const struct fixture *f, const int16_t *values, size_t count,
                          size_t samples_each);
uint64_t fixture_code_count(const struct fixture *f, const char *code);

#define WITH_KEY(...) ((struct hume_settings){.api_key = "k3y", __VA_ARGS__})

#endif
