#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/thread.h"
#include "unit.h"

enum { SENDERS = 3, LETTERS = 2000 };

struct office {
    struct loop *loop;
    struct mailbox *box;
    int next[SENDERS]; /* the letter expected of each sender */
    int received;
};

struct letter {
    struct mail mail;
    int sender, number;
};

struct sender {
    struct office *office;
    struct thread *thread;
    int index;
};

static void on_letter(struct mail *mail, void *owner) {
    struct letter *letter = (struct letter *)mail;
    struct office *office = owner;
    assert_int_equal(letter->number, office->next[letter->sender]++);
    mem_free(letter);
    if (++office->received == SENDERS * LETTERS)
        loop_stop(office->loop);
}

static void post(struct mailbox *box, int sender, int number) {
    struct letter *letter = mem_alloc(sizeof *letter);
    letter->mail.deliver = on_letter;
    letter->sender = sender;
    letter->number = number;
    mailbox_send(box, &letter->mail);
}

static void send_all(void *arg) {
    struct sender *sender = arg;
    for (int i = 0; i < LETTERS; i++)
        post(sender->office->box, sender->index, i);
}

static void letters_of_each_thread_arrive_in_order(void **state) {
    struct office office = {0};
    struct sender senders[SENDERS];
    assert_int_equal(loop_open(&office.loop), 0);
    assert_int_equal(mailbox_open(&office.box, office.loop, &office), 0);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.office = &office, .index = i};
        assert_int_equal(thread_start(&senders[i].thread, "sender", 0, send_all, &senders[i]), 0);
    }
    loop_run(office.loop);
    for (int i = 0; i < SENDERS; i++) {
        thread_join(senders[i].thread);
        assert_int_equal(office.next[i], LETTERS);
    }
    mailbox_close(office.box);
    loop_close(office.loop);
}

static void what_waits_is_delivered_when_the_mailbox_closes(void **state) {
    struct office office = {0};
    assert_int_equal(loop_open(&office.loop), 0);
    assert_int_equal(mailbox_open(&office.box, office.loop, &office), 0);
    post(office.box, 0, 0);
    post(office.box, 0, 1);
    assert_int_equal(mailbox_depth(office.box), 2);
    mailbox_close(office.box);
    assert_int_equal(office.received, 2);
    loop_close(office.loop);
}

static void on_closing_letter(struct mail *mail, void *owner) {
    struct office *office = owner;
    mem_free(mail);
    mailbox_close(office->box);
    loop_stop(office->loop);
}

static void a_mailbox_may_be_closed_by_its_own_letter(void **state) {
    struct office office = {0};
    assert_int_equal(loop_open(&office.loop), 0);
    assert_int_equal(mailbox_open(&office.box, office.loop, &office), 0);
    struct letter *letter = mem_alloc(sizeof *letter);
    letter->mail.deliver = on_closing_letter;
    mailbox_send(office.box, &letter->mail);
    post(office.box, 0, 0);
    loop_run(office.loop);
    assert_int_equal(office.received, 1);
    loop_close(office.loop);
}

struct round {
    struct mail mail;
    struct loop *loop;
    int64_t came_ms;
    int *left;
};

static void on_round(struct mail *mail, void *owner) {
    struct round *round = (struct round *)mail;
    round->came_ms = clock_mono_ms();
    if (--*round->left == 0)
        loop_stop(round->loop);
}

static void a_gathering_mailbox_delivers_late_and_together(void **state) {
    enum { GATHER_MS = 30, COUNT = 5 };
    struct office office = {0};
    int left = COUNT;
    assert_int_equal(loop_open(&office.loop), 0);
    assert_int_equal(mailbox_open(&office.box, office.loop, &office), 0);
    mailbox_gather(office.box, GATHER_MS);
    struct round rounds[COUNT];
    for (int turn = 0; turn < 2; turn++, left = COUNT) {
        int64_t sent_ms = clock_mono_ms();
        for (int i = 0; i < COUNT; i++) {
            rounds[i] =
                (struct round){.mail.deliver = on_round, .loop = office.loop, .left = &left};
            mailbox_send(office.box, &rounds[i].mail);
        }
        loop_run(office.loop);
        for (int i = 0; i < COUNT; i++) /* the loop's clock is a turn old at most */
            assert_true(rounds[i].came_ms - sent_ms >= GATHER_MS / 2);
    }
    mailbox_close(office.box);
    loop_close(office.loop);
}

RUN_TESTS(TEST(a_gathering_mailbox_delivers_late_and_together),
          TEST(letters_of_each_thread_arrive_in_order),
          TEST(what_waits_is_delivered_when_the_mailbox_closes),
          TEST(a_mailbox_may_be_closed_by_its_own_letter))
