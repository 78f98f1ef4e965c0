#include "net/log_queue.h"

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static char *take_text(struct log_queue *queue) {
    struct slice pieces[2];
    struct buf text = {0};
    if (!log_queue_look(queue, pieces))
        return NULL;
    buf_add_slice(&text, pieces[0]);
    buf_add_slice(&text, pieces[1]);
    log_queue_drop(queue);
    return buf_take_text(&text);
}

static void texts_come_out_as_they_went_in(void **state) {
    struct log_queue *queue = log_queue_new(256, 0);
    /* Lengths that do not fit the block's length, so that each place of its end is met. */
    for (int i = 0; i < 2000; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "%0*d", 1 + i % 50, i);
        snprintf(b, sizeof b, "%0*d", 1 + i % 37, -i);
        assert_true(log_queue_put(queue, slice_from(a), false));
        assert_true(log_queue_put(queue, slice_from(b), false));
        char *first = take_text(queue), *second = take_text(queue);
        assert_string_equal(first, a);
        assert_string_equal(second, b);
        assert_true(log_queue_is_empty(queue));
        mem_free(first);
        mem_free(second);
    }
    log_queue_free(queue);
}

static void what_does_not_fit_is_refused_and_the_reserve_is_for_urgent_texts(void **state) {
    struct log_queue *queue = log_queue_new(1024, 256);
    char text[512] = {0};
    memset(text, 'x', 120);
    int count = 0;
    while (log_queue_put(queue, slice_from(text), false))
        count++;
    assert_int_equal(count, 6); /* of 128 bytes each, in 768 */
    assert_true(log_queue_put(queue, slice_from(text), true));
    assert_true(log_queue_put(queue, slice_from(text), true));
    assert_false(log_queue_put(queue, slice_from(text), true));
    mem_free(take_text(queue));
    assert_true(log_queue_put(queue, slice_from(text), true));

    memset(text, 'y', 300);
    assert_false(log_queue_put(queue, slice_of(text, sizeof text), false));
    log_queue_free(queue);
}

enum { WRITERS = 4, TEXTS = 20000 };

struct writer {
    struct log_queue *queue;
    int number;
    int refused;
};

static void *write_texts(void *arg) {
    struct writer *writer = arg;
    for (int i = 0; i < TEXTS; i++) {
        char text[80];
        snprintf(text, sizeof text, "%d %d %.*s", writer->number, i, i % 40,
                 "----------------------------------------");
        if (!log_queue_put(writer->queue, slice_from(text), false)) {
            writer->refused++;
            sched_yield();
        }
    }
    return NULL;
}

/* Each writer's texts are whole and in order, and those that are missing were refused. */
static void many_threads_write_at_once(void **state) {
    struct log_queue *queue = log_queue_new(4096, 0);
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    int taken[WRITERS] = {0}, last[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        last[i] = -1;
        writers[i] = (struct writer){queue, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, write_texts, &writers[i]), 0);
    }
    int ended = 0;
    while (ended < WRITERS || !log_queue_is_empty(queue)) {
        char *text = take_text(queue);
        if (!text) {
            if (ended < WRITERS && pthread_tryjoin_np(threads[ended], NULL) == 0)
                ended++;
            continue;
        }
        int number, i, at = 0;
        assert_int_equal(sscanf(text, "%d %d %n", &number, &i, &at), 2);
        assert_true(number >= 0 && number < WRITERS && i > last[number]);
        assert_int_equal(strlen(text + at), i % 40);
        last[number] = i;
        taken[number]++;
        mem_free(text);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(taken[i] + writers[i].refused, TEXTS);
    log_queue_free(queue);
}

RUN_TESTS(TEST(texts_come_out_as_they_went_in),
          TEST(what_does_not_fit_is_refused_and_the_reserve_is_for_urgent_texts),
          TEST(many_threads_write_at_once))
