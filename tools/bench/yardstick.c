#include "tools/bench/yardstick.h"
#include "proto/keyfile.h"
#include "tools/bench/histogram.h"
#include "tools/bench/link.h"
#include "tools/error.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SYNCS = 200, SYNC_BYTES = 4096, VERIFIES = 2000, MESSAGE_BYTES = 128 };

double yardstick_fdatasync_ms(const char *dir)
{
    static const char bytes[SYNC_BYTES];
    struct histogram *took = histogram_new(HISTOGRAM_BITS_MAX);
    char *path = xprintf("%s/fdatasync.trial", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), done = 0;
    for (; fd >= 0 && done < SYNCS; done++) {
        uint64_t begin_ns = link_now_ns();
        if (write(fd, bytes, sizeof bytes) != sizeof bytes || fdatasync(fd) != 0)
            break;
        histogram_add(took, link_now_ns() - begin_ns);
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    double median_ms = done == SYNCS ? (double)histogram_quantile_ns(took, 0.5) / 1e6 : -1;
    free(path);
    free(took);
    return median_ms;
}

static double processor_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double yardstick_verifies_per_s(void)
{
    uint8_t public_key[KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES], signature[SIGNATURE_BYTES];
    static const uint8_t message[MESSAGE_BYTES];
    crypto_sign_keypair(public_key, secret);
    crypto_sign_detached(signature, NULL, message, sizeof message, secret);
    double begin_s = processor_s();
    for (int i = 0; i < VERIFIES; i++)
        if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0)
            fail(EXIT_FAILED, "libsodium does not verify its own signature");
    return VERIFIES / (processor_s() - begin_s);
}
