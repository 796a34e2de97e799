#include "tools/bench/interrupt.h"
#include "tools/error.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t asked;

static void note(int signal_number)
{
    asked = signal_number;
}

void interrupt_watch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

bool interrupt_asked(void)
{
    return asked != 0;
}

void interrupt_check(void)
{
    if (asked)
        fail(EXIT_FAILED, "ended by SIG%s", sigabbrev_np(asked));
}
