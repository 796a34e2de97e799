#include "points/progress.h"
#include "points/archive.h"
#include "points/memory.h"

enum { WORD_BITS = 64, COUNT_BITS = 8 };

struct progress *progress_get(const struct progresses *progresses, const struct account *account, uint32_t key)
{
    for (uint32_t at = account->progress; at; at = progresses->all[at - 1].next)
        if (progresses->all[at - 1].key == key)
            return &progresses->all[at - 1];
    return NULL;
}

struct progress *progress_new(struct progresses *progresses, struct account *account, uint32_t key, uint32_t period)
{
    progresses->all = memory_grow(progresses->all, progresses->count, &progresses->capacity, sizeof *progresses->all);
    struct progress *progress = &progresses->all[progresses->count++];
    *progress = (struct progress){.next = account->progress, .key = key, .newest_period = period};
    account->progress = (uint32_t)progresses->count;
    return progress;
}

// ---- the word of counts

static unsigned width_of(uint32_t times)
{
    return times > 1 ? COUNT_BITS : 1;
}

static uint64_t most_of(unsigned width)
{
    return (UINT64_C(1) << width) - 1;
}

static uint64_t shifted(uint64_t word, uint32_t periods, unsigned width)
{
    return periods < WORD_BITS / width ? word << (periods * width) : 0;
}

// Adds count by count; none passes what it can hold.
static uint64_t sum_of(uint64_t a, uint64_t b, unsigned width)
{
    uint64_t sum = 0, most = most_of(width);
    for (unsigned at = 0; at < WORD_BITS; at += width) {
        uint64_t count = (a >> at & most) + (b >> at & most);
        sum |= (count < most ? count : most) << at;
    }
    return sum;
}

unsigned progress_awards(const struct progress *progress, uint32_t period, uint32_t times)
{
    unsigned width = width_of(times);
    if (period > progress->newest_period)
        return 0;
    uint32_t back = progress->newest_period - period;
    return back < WORD_BITS / width ? (unsigned)(progress->periods >> (back * width) & most_of(width)) : UINT32_MAX;
}

static void make_newest(struct progress *progress, uint32_t period, unsigned width)
{
    if (period <= progress->newest_period)
        return;
    progress->periods = shifted(progress->periods, period - progress->newest_period, width);
    progress->newest_period = period;
}

void progress_add(struct progress *progress, uint32_t period, uint32_t times, uint64_t points)
{
    unsigned width = width_of(times);
    make_newest(progress, period, width);
    uint64_t one = shifted(1, progress->newest_period - period, width);
    progress->periods = width == 1 ? progress->periods | one : sum_of(progress->periods, one, width);
    progress->awards++;
    progress->points += points;
}

void progress_join(struct progress *to, const struct progress *from, uint32_t times)
{
    unsigned width = width_of(times);
    make_newest(to, from->newest_period, width);
    to->periods = sum_of(to->periods, shifted(from->periods, to->newest_period - from->newest_period, width), width);
    to->awards += from->awards;
    to->had_bonus |= from->had_bonus;
    to->points += from->points;
}

void progresses_archive(struct archive *archive, struct progresses *progresses)
{
    bool fit = true;
    archive_array(archive, &progresses->all, &progresses->count, &progresses->capacity, sizeof *progresses->all);
    for (size_t i = 0; archive_is_loading(archive) && i < progresses->count; i++)
        fit &= progresses->all[i].next <= progresses->count;
    archive_check(archive, fit, "progress points nowhere");
}
