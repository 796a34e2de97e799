// The bench's histogram against sorted values: what it reads is never too low, and too high by less than it says.
#include "tools/bench/histogram.h"
#include "tools/mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { VALUES = 20000 };

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

// Of all magnitudes, up to 2^50 ns.
static void draw_values(uint64_t *values, struct histogram *histogram)
{
    for (uint64_t i = 0; i < VALUES; i++) {
        values[i] = mix64(i + 1) >> (14 + mix64(~i) % 50);
        histogram_add(histogram, values[i]);
    }
    qsort(values, VALUES, sizeof *values, by_value);
}

static void quantiles_are_within_their_bound(void **context)
{
    (void)context;
    static uint64_t values[VALUES];
    for (unsigned bits = 1; bits <= HISTOGRAM_BITS_MAX; bits++) {
        struct histogram *histogram = histogram_new(bits);
        draw_values(values, histogram);
        for (int i = 1; i <= VALUES; i++) {
            uint64_t truth = values[i - 1], read = histogram_quantile_ns(histogram, (double)i / VALUES);
            assert_true(read >= truth);
            assert_true(read - truth <= truth >> bits);
        }
        assert_int_equal(histogram->max_ns, values[VALUES - 1]);
        assert_int_equal(histogram_quantile_ns(histogram, 1), values[VALUES - 1]);
        free(histogram);
    }
}

static void the_whole_range_has_buckets(void **context)
{
    (void)context;
    struct histogram *histogram = histogram_new(8);
    assert_int_equal(histogram_quantile_ns(histogram, 0.5), 0);
    histogram_add(histogram, 0);
    histogram_add(histogram, UINT64_MAX);
    assert_int_equal(histogram_quantile_ns(histogram, 0.5), 0);
    assert_true(histogram_quantile_ns(histogram, 1) == UINT64_MAX);
    free(histogram);
}

static void merged_is_as_if_added(void **context)
{
    (void)context;
    struct histogram *parts[] = {histogram_new(5), histogram_new(5)}, *all = histogram_new(5);
    for (uint64_t i = 0; i < 1000; i++) {
        histogram_add(parts[i % 2], i * i);
        histogram_add(all, i * i);
    }
    histogram_merge(parts[0], parts[1]);
    assert_int_equal(parts[0]->count, all->count);
    for (double share = 0; share <= 1; share += 0.001)
        assert_int_equal(histogram_quantile_ns(parts[0], share), histogram_quantile_ns(all, share));
    histogram_clear(all);
    assert_int_equal(all->count, 0);
    assert_int_equal(histogram_quantile_ns(all, 1), 0);
    free(parts[0]);
    free(parts[1]);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_within_their_bound),
        cmocka_unit_test(the_whole_range_has_buckets),
        cmocka_unit_test(merged_is_as_if_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
