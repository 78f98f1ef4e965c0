#include "app/hosts/feedback_out.h"

#include "app/config/config.h"
#include "app/hosts/hosts.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/rand.h"
#include "base/text.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"

#include <stdio.h>

enum { ID_SIZE = 32 };

/* In the old backend's form: the time and a random number, both in base 36. */
static void make_id(char id[ID_SIZE], int64_t now_ms) {
    char time[14], random[14];
    text_base36((uint64_t)now_ms, time);
    text_base36(rand_below(1000000000), random);
    snprintf(id, ID_SIZE, "%s-%s", time, random);
}

static void write_tips(struct buf *json, const struct feedback *feedback, enum locale locale) {
    const char *tips[FEEDBACK_TIPS_MAX];
    size_t count = feedback_tips(tips, feedback, locale);
    json_open_array(json, NULL);
    for (size_t i = 0; i < count; i++)
        json_add_text(json, NULL, slice_from(tips[i]));
    json_close_array(json);
}

static void feedback_out_keep(struct feedback_out *out, const char *id,
                              const struct directory_feedback *from) {
    const struct feedback *feedback = from->feedback;
    enum locale locale = out->config->feedback_locale;
    char message[FEEDBACK_MESSAGE_MAX];
    struct buf tips = {0}, metadata = {0};

    size_t message_len = feedback_message(message, feedback, locale);
    write_tips(&tips, feedback, locale);
    feedback_write_metadata(&metadata, feedback, locale);
    struct store_feedback row = {
        .id = slice_from(id),
        .meeting_id = from->meeting_id,
        .participant_id = slice_from(feedback->participant),
        .participant_name = slice_from(feedback->name),
        .type = slice_from(feedback_type_name(feedback->type)),
        .severity = slice_from(severity_name(feedback->severity)),
        .ts_ms = feedback->ts_ms,
        .window_start_ms = feedback->window_start_ms,
        .window_end_ms = feedback->window_end_ms,
        .message = slice_of(message, message_len),
        .tips = buf_slice(&tips),
        .metadata = buf_slice(&metadata),
        .seq = (int64_t)from->seq,
    };
    store_feedback_add(out->store, &row);
    buf_free(&tips);
    buf_free(&metadata);
}

void feedback_out_take(const struct directory_feedback *from, void *user) {
    struct feedback_out *out = user;
    char id[ID_SIZE];
    make_id(id, from->now_ms);
    out->counts[from->feedback->type]++;
    hosts_feedback(out->hosts, slice_from(id), from);
    feedback_out_keep(out, id, from);
    if (out->on_feedback)
        out->on_feedback(slice_from(id), from, out->user);
}

static const char *type_name(unsigned type) {
    return feedback_type_name((enum feedback_type)type);
}

#define AT(member) offsetof(struct feedback_out, member)

static const struct counter counters[] = {
    {"prosa_feedback_total", "Feedback events by type.", COUNTER_SUM, AT(counts), .label = "type",
     .count = FEEDBACK_TYPES, .value_of = type_name},
};

const struct counter_table feedback_out_counters = {counters, ARRAY_LEN(counters)};
