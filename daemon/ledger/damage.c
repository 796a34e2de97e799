#include "ledger/damage.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = {SIGBUS, SIGSEGV, SIGFPE};
static char message[300];
static int exit_code;
static atomic_bool everywhere;
static _Thread_local bool here;

static void set_all(void (*handler)(int))
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], handler);
}

static void on_signal(int number)
{
    (void)number;
    if (!everywhere && !here) {
        set_all(SIG_DFL); // what tripped trips again
        return;
    }
    if (write(STDERR_FILENO, message, strlen(message)) < 0)
        _exit(exit_code);
    _exit(exit_code);
}

static void watch(const char *program, int code)
{
    snprintf(message, sizeof message,
        "%s: data.mdb is damaged or cut short, or its disk fails: a page of it cannot be read. Keep it as it is, and "
        "take a copy "
        "of the ledger that is whole.\n",
        program);
    exit_code = code;
    set_all(on_signal);
}

void damage_watch(const char *program, int code)
{
    everywhere = true;
    watch(program, code);
}

void damage_watch_thread(const char *program, int code)
{
    sigset_t tripping;
    sigemptyset(&tripping);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&tripping, numbers[i]);
    here = true;
    watch(program, code);
    pthread_sigmask(SIG_UNBLOCK, &tripping, NULL);
}

void damage_watch_end(void)
{
    everywhere = false;
    set_all(SIG_DFL);
}
