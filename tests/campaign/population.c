// The residents who play, in proportion to the census.
#include "tests/campaign/population.h"
#include "tests/campaign/draw.h"
#include "tools/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 256, NEVER_PERCENT = 65 };

static void read_census(uint32_t codes[MUNICIPALITIES], uint32_t people[MUNICIPALITIES])
{
    char line[LINE_BYTES];
    FILE *file = fopen(MUNICIPALITIES_CSV, "r");
    if (!file || !fgets(line, sizeof line, file))
        fail(EXIT_FAILED, "cannot read %s: %s", MUNICIPALITIES_CSV, strerror(errno));
    int count = 0;
    while (fgets(line, sizeof line, file)) {
        if (count == MUNICIPALITIES ||
            sscanf(line, "%" SCNu32 ",%*[^,],%*[^,],%*[^,],%" SCNu32, &codes[count], &people[count]) != 2)
            fail(EXIT_FAILED, "%s: row %d cannot be read, or there are more than %d", MUNICIPALITIES_CSV, count + 1,
                MUNICIPALITIES);
        count++;
    }
    fclose(file);
    if (count < MUNICIPALITIES)
        fail(EXIT_FAILED, "%s has %d rows, not %d", MUNICIPALITIES_CSV, count, MUNICIPALITIES);
}

// Neighbours in the list live anywhere, so that an envelope holds people of all places, as a backend's would.
static void scatter(const struct model *model, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint64_t other = draw(model->seed, DRAW_PLACE, i, 0) % i;
        uint8_t kept = model->residents[i - 1].home;
        model->residents[i - 1].home = model->residents[other].home;
        model->residents[other].home = kept;
    }
}

// Half of them in the first ten days, most within six weeks.
static uint8_t opening_day(uint64_t *bits)
{
    uint32_t day = draw_take(bits, 12);
    while (day < OPENING_DAYS - 14 && draw_take(bits, 100) < 45)
        day += draw_take(bits, 14);
    return (uint8_t)day;
}

static void give_habits(const struct population *population, const struct model *model)
{
    for (uint32_t i = 0; i < population->count; i++) {
        uint64_t bits = draw(model->seed, DRAW_PERSON, i, 0);
        struct person *person = &population->people[i];
        person->old_home = model->residents[i].home;
        person->opens_on = opening_day(&bits);
        person->weekday = NO_WEEKDAY;
        bool never = draw_take(&bits, 100) < NEVER_PERCENT;
        person->eagerness = never ? 0 : (uint8_t)(85 + draw_take(&bits, 171));
    }
}

struct population population_make(struct model *model, uint32_t per)
{
    struct population population = {0};
    uint32_t people[MUNICIPALITIES];
    read_census(model->codes, people);
    for (int i = 0; i < MUNICIPALITIES; i++)
        population.count += people[i] = (people[i] + per / 2) / per;
    model->resident_count = population.count + population.count / SECOND_ACCOUNTS_ONE_IN + 1;
    model->residents = xcalloc(model->resident_count, sizeof *model->residents);
    population.people = xcalloc(model->resident_count, sizeof *population.people);
    struct resident *at = model->residents;
    for (uint8_t i = 0; i < MUNICIPALITIES; i++)
        for (uint32_t j = 0; j < people[i]; j++)
            (at++)->home = i;
    scatter(model, population.count);
    give_habits(&population, model);
    return population;
}

void population_free(struct population *population)
{
    free(population->people);
}

void population_account(const struct model *model, uint32_t resident, uint8_t account[ID_BYTES])
{
    uint64_t halves[2] = {
        draw(model->seed, DRAW_ACCOUNT, resident, 0), draw(model->seed, DRAW_ACCOUNT_REST, resident, 0)};
    memcpy(account, halves, ID_BYTES);
}

uint8_t population_other_place(
    const struct population *population, const struct model *model, uint8_t than, uint64_t *bits)
{
    for (int tries = 0; tries < 8; tries++) {
        uint64_t high = draw_take(bits, 1 << 16), low = draw_take(bits, 1 << 16);
        uint8_t home = model->residents[(high << 16 | low) % population->count].home;
        if (home != than)
            return home;
    }
    return (uint8_t)((than + 1) % MUNICIPALITIES);
}
