#include "base/list.h"
#include "base/macros.h"
#include "unit.h"

struct item {
    int value;
    struct list node;
};

static void nodes_leave_in_the_order_they_came(void **state) {
    struct list list;
    list_init(&list);
    struct item items[3] = {{1}, {2}, {3}};
    for (int i = 0; i < 3; i++)
        list_add(&list, &items[i].node);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(CONTAINER_OF(list_take_first(&list), struct item, node)->value, i);
    assert_null(list_take_first(&list));
    assert_true(list_is_empty(&list));
}

static void a_node_may_go_while_walking(void **state) {
    struct list list;
    list_init(&list);
    struct item items[4] = {{1}, {2}, {3}, {4}};
    for (int i = 0; i < 4; i++)
        list_add(&list, &items[i].node);
    LIST_EACH(&list, node)
        if (CONTAINER_OF(node, struct item, node)->value % 2)
            list_remove(node);
    int sum = 0;
    LIST_EACH(&list, node)
        sum += CONTAINER_OF(node, struct item, node)->value;
    assert_int_equal(sum, 6);
    list_remove(&items[0].node); /* a second removal is harmless */
}

RUN_TESTS(TEST(nodes_leave_in_the_order_they_came), TEST(a_node_may_go_while_walking))
