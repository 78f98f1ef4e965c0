#include "app/recordings/download_link.h"
#include "unit.h"

#include <stdio.h>

static const struct download_link_key key = {"0123456789abcdef0123456789abcde"};
enum { NOW_S = 1900000000 };

/* The ticket of a link, as the query of a request would hold it. */
static void make(struct slice id, char out[128]) {
    struct buf url = {0};
    download_link_write(&key, id, NOW_S, &url);
    struct slice before, ticket;
    assert_true(slice_split(buf_slice(&url), '?', &before, &ticket));
    assert_true(slice_has_prefix(ticket, SLICE("ticket=")));
    snprintf(out, 128, "%.*s", SLICE_ARG(slice_skip(ticket, 7)));
    buf_free(&url);
}

static bool is_good(const char *id, const char *ticket, int64_t now_s) {
    return download_link_is_good(&key, slice_from(id), slice_from(ticket), now_s);
}

static void a_link_names_its_recording(void **state) {
    struct buf url = {0};
    download_link_write(&key, SLICE("rec-1"), NOW_S, &url);
    assert_true(slice_has_prefix(buf_slice(&url), SLICE("/recordings/rec-1?ticket=1900000060.")));
    buf_free(&url);
}

static void a_link_is_good_for_its_recording_and_time(void **state) {
    char ticket[128];
    make(SLICE("rec-1"), ticket);
    assert_true(is_good("rec-1", ticket, NOW_S));
    assert_true(is_good("rec-1", ticket, NOW_S + DOWNLOAD_LINK_S));
    assert_false(is_good("rec-1", ticket, NOW_S + DOWNLOAD_LINK_S + 1));
    assert_false(is_good("rec-2", ticket, NOW_S));
    assert_false(is_good("", ticket, NOW_S));
}

static void a_changed_ticket_is_refused(void **state) {
    char ticket[128];
    make(SLICE("rec-1"), ticket);
    for (size_t i = 0; ticket[i]; i++) {
        const char was = ticket[i];
        ticket[i] = was == '1' ? '2' : '1';
        assert_false(is_good("rec-1", ticket, NOW_S));
        ticket[i] = 0;
        assert_false(is_good("rec-1", ticket, NOW_S));
        ticket[i] = was;
    }
    assert_true(is_good("rec-1", ticket, NOW_S));
    assert_false(is_good("rec-1", "4294967296.0", NOW_S));
    assert_false(is_good("rec-1", "-1.0", NOW_S));
}

static void another_key_makes_other_tickets(void **state) {
    static const struct download_link_key other = {"another key"};
    char ticket[128];
    make(SLICE("rec-1"), ticket);
    assert_false(download_link_is_good(&other, SLICE("rec-1"), slice_from(ticket), NOW_S));
}

RUN_TESTS(TEST(a_link_names_its_recording), TEST(a_link_is_good_for_its_recording_and_time),
          TEST(a_changed_ticket_is_refused), TEST(another_key_makes_other_tickets))
