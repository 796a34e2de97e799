// What is removed at any end: by exit, and by the signals that end a process.
#include "tools/cleanup.h"

#include <stddef.h>
#include <stdlib.h>

enum { SENT = 6, SIGNALS = 9 };
// Those that are sent, and then those that a damaged or vanishing file trips: these cannot wait.
static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGBUS, SIGSEGV, SIGFPE};

static struct sigaction before[SIGNALS];
static void (*to_remove)(void);

static void on_signal(int number)
{
    to_remove();
    for (size_t i = 0; i < SIGNALS; i++)
        if (signals[i] == number)
            sigaction(number, &before[i], NULL);
    raise(number);
}

void cleanup_at_any_end(void (*remove)(void))
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    to_remove = remove;
    atexit(remove);
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN);
}

void cleanup_hold(sigset_t *mask_before)
{
    sigset_t sent;
    sigemptyset(&sent);
    for (size_t i = 0; i < SENT; i++)
        sigaddset(&sent, signals[i]);
    pthread_sigmask(SIG_BLOCK, &sent, mask_before);
}

void cleanup_go_on(const sigset_t *mask_before)
{
    pthread_sigmask(SIG_SETMASK, mask_before, NULL);
}
