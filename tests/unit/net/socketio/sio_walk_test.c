#include "base/mem.h"
#include "sio_fixture.h"

#include <stdio.h>

/* Sockets visited, sent away, and asked. */

static void send_text(int fd, const char *text) {
    uint8_t frame[6 + 125] = {0x81, (uint8_t)(0x80 | strlen(text))};
    memcpy(frame + 6, text, strlen(text));
    assert_int_equal(send(fd, frame, 6 + strlen(text), 0), 6 + strlen(text));
}

static struct fixture *open_with(unsigned clients) {
    struct fixture *f = mem_alloc(sizeof *f);
    open_fixture(f, &(struct sio_settings){0});
    while (clients-- > 0)
        add_client(f);
    skip_all(f);
    return f;
}

static void close_all(struct fixture *f) {
    close_fixture(f);
    mem_free(f);
}

struct visits {
    const struct fixture *f;
    char seen[8]; /* a digit for each visit, as they come */
    unsigned count;
};

static void visit(struct sio_socket *socket, void *arg) {
    struct visits *visits = arg;
    for (unsigned i = 0; i < visits->f->connected; i++) {
        if (visits->f->sockets[i] == socket)
            visits->seen[i]++;
    }
    visits->count++;
}

static void each_socket_of_a_target_is_visited_once(void **state) {
    struct fixture *f = open_with(3);
    struct visits visits = {.f = f};
    sio_join(f->sockets[0], SLICE("a"));
    sio_join(f->sockets[1], SLICE("a"));
    sio_join(f->sockets[1], SLICE("b"));
    const struct slice rooms[] = {SLICE("a"), SLICE("b"), sio_id(f->sockets[2]), SLICE("nobody")};
    const struct slice except[] = {sio_id(f->sockets[0])};
    const struct sio_target target = {rooms, 4, except, 1, false};
    sio_each(f->ns, &target, visit, &visits);
    assert_int_equal(visits.count, 2);
    assert_memory_equal(visits.seen, "\0\1\1", 3);
    sio_each(f->ns, &(struct sio_target){0}, visit, &visits);
    assert_int_equal(visits.count, 5);
    close_all(f);
}

static void count_room(struct slice name, void *arg) {
    ++*(unsigned *)arg;
}

static void rooms_are_those_with_somebody_in_them(void **state) {
    struct fixture *f = open_with(2);
    unsigned count = 0;
    sio_join(f->sockets[0], SLICE("a"));
    sio_join(f->sockets[1], SLICE("b"));
    sio_leave(f->sockets[1], SLICE("b"));
    sio_each_room(f->ns, count_room, &count);
    assert_int_equal(count, 3); /* two ids, and a */
    close_all(f);
}

static void send_away(struct sio_socket *socket, void *arg) {
    sio_disconnect(socket, *(bool *)arg);
}

static void who_is_sent_away_is_told(void **state) {
    for (int closes = 0; closes <= 1; closes++) {
        struct fixture *f = open_with(2);
        bool is_closing = closes;
        char text[4096];
        const struct slice id = sio_id(f->sockets[0]);
        sio_each(f->ns, &(struct sio_target){.rooms = &id, .room_count = 1}, send_away,
                 &is_closing);
        assert_int_equal(f->gone, 1);
        read_until(f, 0, text, sizeof text, "41");
        assert_int_equal(sio_server_stats(f->sio)->sockets, 1);
        close_all(f);
    }
}

struct answers {
    char heard[64];
    unsigned count, ended;
};

static void on_answer(struct slice args, const struct slice *attachments, unsigned count,
                      void *arg) {
    struct answers *answers = arg;
    size_t len = strlen(answers->heard);
    snprintf(answers->heard + len, sizeof answers->heard - len, "%.*s;", SLICE_ARG(args));
    answers->count++;
}

static void on_end(void *arg) {
    ((struct answers *)arg)->ended++;
}

static unsigned ask(struct fixture *f, struct answers *answers, int64_t timeout_ms) {
    const struct sio_ask_settings settings = {timeout_ms, on_answer, on_end};
    return sio_ask(f->ns, &(struct sio_target){0}, "q", SLICE("5"), NULL, 0, &settings, answers);
}

static void each_client_is_heard_once(void **state) {
    struct fixture *f = open_with(2);
    struct answers answers = {0};
    char text[4096];
    uint64_t before = eio_server_stats(sio_server_eio(f->sio))->packets_in;
    assert_int_equal(ask(f, &answers, 60000), 2);
    for (unsigned i = 0; i < 2; i++)
        read_until(f, i, text, sizeof text, "420[\"q\",5]");
    send_text(f->fds[0], "430[\"one\"]");
    send_text(f->fds[0], "430[\"again\"]");
    send_text(f->fds[0], "431[\"other\"]");
    wait_for_packets(f, before + 3);
    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.ended, 0);
    send_text(f->fds[1], "430[2,3]");
    wait_for_packets(f, before + 4);
    assert_string_equal(answers.heard, "\"one\";2,3;");
    assert_int_equal(answers.ended, 1);
    close_all(f);
}

static void who_does_not_answer_is_waited_for_so_long(void **state) {
    struct fixture *f = open_with(1);
    struct answers answers = {0};
    assert_int_equal(ask(f, &answers, 20), 1);
    for (int i = 0; i < 30000 && !answers.ended; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(answers.ended, 1);
    assert_int_equal(answers.count, 0);
    assert_int_equal(ask(f, &answers, 60000), 1);
    close_all(f); /* ends the second one */
}

static void nobody_is_asked(void **state) {
    struct fixture *f = open_with(0);
    struct answers answers = {0};
    assert_int_equal(ask(f, &answers, 20), 0);
    assert_int_equal(answers.ended, 0);
    close_all(f);
}

RUN_TESTS(TEST(each_socket_of_a_target_is_visited_once),
          TEST(rooms_are_those_with_somebody_in_them), TEST(who_is_sent_away_is_told),
          TEST(each_client_is_heard_once), TEST(who_does_not_answer_is_waited_for_so_long),
          TEST(nobody_is_asked))
