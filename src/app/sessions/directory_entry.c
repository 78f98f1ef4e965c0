#include "app/sessions/directory_private.h"

#include "base/mem.h"
#include "meeting/rules.h"
#include "net/loop.h"

#include <string.h>

static struct slice directory_key(const uint64_t *key) {
    return slice_of(key, sizeof *key);
}

struct directory_entry *directory_entry_by_key(const struct directory *dir, uint64_t key) {
    return map_find(&dir->by_key, directory_key(&key));
}

struct shard *directory_entry_shard(const struct directory *dir, const struct directory_entry *e) {
    return dir->places[e->shard].shard;
}

static unsigned place_choose(const struct directory *dir) {
    unsigned best = 0;
    for (unsigned i = 1; i < dir->place_count; i++)
        if (dir->places[i].tracks + dir->places[i].meetings <
            dir->places[best].tracks + dir->places[best].meetings)
            best = i;
    return best;
}

void directory_entry_send_rules(const struct directory *dir, const struct directory_entry *e) {
    struct rules rules;
    if (!dir->set.rules_of)
        return;
    dir->set.rules_of(slice_from(e->organization), slice_from(e->kind), &rules,
                      dir->set.rules_user);
    shard_set_rules(directory_entry_shard(dir, e), e->key, &rules);
}

bool directory_entry_goes_on(const struct directory_entry *e) {
    return e->tracks > 0 || (e->has_session && !e->is_ended);
}

void directory_entry_touch(struct directory *dir, struct directory_entry *e) {
    list_remove(&e->in_quiet);
    if (e->tracks == 0)
        list_add(&dir->quiet[e->is_signed], &e->in_quiet);
}

static struct directory_entry *directory_entry_new(struct directory *dir, struct slice id,
                                                   struct slice room) {
    struct directory_entry *e = mem_alloc(sizeof *e);
    e->key = ++dir->last_key;
    e->id = slice_copy_text(id);
    e->room = slice_copy_text(room);
    e->organization = mem_copy_text("");
    e->kind = mem_copy_text("");
    e->shard = place_choose(dir);
    e->idle_ms = loop_now_ms(dir->loop);
    list_init(&e->in_quiet);
    directory_entry_touch(dir, e);
    dir->places[e->shard].meetings++;
    map_set(&dir->by_key, directory_key(&e->key), e);
    map_set(&dir->by_name, id, e);
    shard_add_meeting(directory_entry_shard(dir, e), e->key, id);
    directory_entry_send_rules(dir, e);
    return e;
}

static void name_forget(struct directory *dir, const struct directory_entry *e, const char *name) {
    if (map_find(&dir->by_name, slice_from(name)) == e)
        map_remove(&dir->by_name, slice_from(name));
}

void directory_entry_forget(struct directory_entry *e) {
    mem_free(e->id);
    mem_free(e->room);
    mem_free(e->organization);
    mem_free(e->kind);
    mem_free(e);
}

struct report_question {
    struct directory *dir;
    char *id;
};

static void report_answer(struct slice json, void *user) {
    struct report_question *q = user;
    if (!q->dir->is_stopped && json.len > 0)
        q->dir->set.on_report(slice_from(q->id), json, q->dir->set.report_user);
    mem_free(q->id);
    mem_free(q);
}

/* Before the shard forgets it. */
static void ask_report(struct directory *dir, const struct directory_entry *e) {
    if (!dir->set.on_report || !e->has_session || dir->is_stopped)
        return;
    struct report_question *q = mem_alloc(sizeof *q);
    *q = (struct report_question){dir, mem_copy_text(e->id)};
    shard_ask_meeting(directory_entry_shard(dir, e), e->key, SHARD_REPORT, report_answer, q);
}

void directory_entry_free(struct directory *dir, struct directory_entry *e) {
    ask_report(dir, e);
    shard_remove_meeting(directory_entry_shard(dir, e), e->key);
    dir->places[e->shard].meetings--;
    list_remove(&e->in_quiet);
    map_remove(&dir->by_key, directory_key(&e->key));
    name_forget(dir, e, e->id);
    name_forget(dir, e, e->room);
    directory_entry_forget(e);
}

void directory_entry_rename(struct directory *dir, struct directory_entry *e, struct slice id,
                            struct slice room) {
    char *old_id = e->id, *old_room = e->room;
    e->id = slice_copy_text(id);
    e->room = slice_copy_text(room);
    name_forget(dir, e, old_id);
    name_forget(dir, e, old_room);
    mem_free(old_id);
    mem_free(old_room);
    map_set(&dir->by_name, slice_from(e->id), e);
    map_set(&dir->by_name, slice_from(e->room), e);
    shard_rename_meeting(directory_entry_shard(dir, e), e->key, id);
}

static bool is_provisional(const struct directory_entry *e) {
    return !e->has_session && !strcmp(e->id, e->room);
}

struct directory_entry *directory_entry_by_room(const struct directory *dir, struct slice room) {
    struct directory_entry *e = map_find(&dir->by_name, room);
    return e && !e->is_ended && slice_is_equal(slice_from(e->room), room) ? e : NULL;
}

struct directory_entry *directory_entry_by_id(const struct directory *dir, struct slice id) {
    struct directory_entry *e = id.len > 0 ? map_find(&dir->by_name, id) : NULL;
    return e && slice_is_equal(slice_from(e->id), id) ? e : NULL;
}

/* The meeting for a pair of names of which the id may be empty. An id that comes with the room of a
 * provisional meeting becomes the id of that meeting. */
static struct directory_entry *directory_entry_find(struct directory *dir, struct slice id,
                                                    struct slice room) {
    struct directory_entry *e = directory_entry_by_id(dir, id);
    if (e)
        return e;
    e = directory_entry_by_room(dir, room);
    if (!e || id.len == 0 || slice_is_equal(slice_from(e->room), id))
        return e;
    if (!is_provisional(e))
        return NULL;
    directory_entry_rename(dir, e, id, room);
    return e;
}

bool directory_has_room(const struct directory *dir, bool is_for_signed_track) {
    return dir->by_key.len < dir->set.max_meetings || !list_is_empty(&dir->quiet[false]) ||
           (is_for_signed_track && !list_is_empty(&dir->quiet[true]));
}

static void make_room(struct directory *dir) {
    while (dir->by_key.len >= dir->set.max_meetings) {
        const struct list *unsigned_ones = &dir->quiet[false];
        const struct list *from = list_is_empty(unsigned_ones) ? &dir->quiet[true] : unsigned_ones;
        dir->stats.gave_way++;
        directory_entry_free(dir, CONTAINER_OF(from->next, struct directory_entry, in_quiet));
    }
}

struct directory_entry *directory_entry_need(struct directory *dir, struct slice id,
                                             struct slice room, bool is_for_signed_track) {
    struct directory_entry *e = directory_entry_find(dir, id, room);
    if (e) {
        directory_entry_touch(dir, e);
        return e;
    }
    if (dir->refuses_new || !directory_has_room(dir, is_for_signed_track)) {
        dir->stats.refused++;
        return NULL;
    }
    make_room(dir);
    e = directory_entry_new(dir, id.len > 0 ? id : room, room);
    if (!directory_entry_by_room(dir, room))
        map_set(&dir->by_name, slice_from(e->room), e);
    return e;
}
