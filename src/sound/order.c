#include "sound/order.h"

static void swap(int16_t *a, int16_t *b) {
    int16_t held = *a;
    *a = *b;
    *b = held;
}

int16_t order_nth(int16_t *x, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, want = (ptrdiff_t)k;
    while (low < high) {
        int16_t pivot = x[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i <= j)
                swap(&x[i++], &x[j--]);
        }
        if (want <= j)
            high = j;
        else if (want >= i)
            low = i;
        else
            break;
    }
    return x[k];
}

static int16_t least(int16_t a, int16_t b) {
    return a < b ? a : b;
}

static int16_t most(int16_t a, int16_t b) {
    return a > b ? a : b;
}

/* The larger of the two smaller of pairs and the smaller of the two larger hold the middle between
 * them, with the fifth. */
int16_t order_median_of_five(const int16_t x[5]) {
    int16_t low = most(least(x[0], x[1]), least(x[2], x[3]));
    int16_t high = least(most(x[0], x[1]), most(x[2], x[3]));
    return most(least(low, high), least(most(low, high), x[4]));
}
