/* A doubly linked list of nodes that are members of their owners' structs. The list itself is a
 * node too and closes the ring. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *list) {
    list->next = list->prev = list;
}

static inline bool list_is_empty(const struct list *list) {
    return list->next == list;
}

/* Adds at the end. */
static inline void list_add(struct list *list, struct list *node) {
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

/* A removed node becomes an empty list, so removing it again is harmless. */
static inline void list_remove(struct list *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

static inline struct list *list_take_first(struct list *list) {
    struct list *node = list->next;
    if (node == list)
        return NULL;
    list_remove(node);
    return node;
}

/* Walks the list from its first node. The body may remove `node`, and no other. */
#define LIST_EACH(ring, node)                                                                      \
    for (struct list *node = (ring)->next, *node##_next = node->next; node != (ring);              \
         node = node##_next, node##_next = node->next)

#endif
