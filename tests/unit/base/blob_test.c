#include "base/blob.h"
#include "unit.h"

#include <pthread.h>

static void a_blob_takes_what_fits(void **state) {
    struct blob *blob = blob_new(5);
    assert_int_equal(blob_append(blob, "abc", 3), 3);
    assert_int_equal(blob_append(blob, "defg", 4), 2);
    assert_slice_equal(slice_of(blob->data, blob->len), "abcde");
    blob_unref(blob);
}

static void *unref_many(void *arg) {
    for (int i = 0; i < 10000; i++)
        blob_unref(arg);
    return NULL;
}

/* With the sanitizers on, a lost count is a leak and a double count a use after free. */
static void the_last_of_several_threads_frees(void **state) {
    struct blob *blob = blob_from(SLICE("shared"));
    for (int i = 0; i < 20000; i++)
        blob_ref(blob);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, unref_many, blob), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&blob->refs), 1);
    assert_slice_equal(slice_of(blob->data, blob->len), "shared");
    blob_unref(blob);
    blob_unref(NULL);
}

RUN_TESTS(TEST(a_blob_takes_what_fits), TEST(the_last_of_several_threads_frees))
