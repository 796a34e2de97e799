// The residents who play, in proportion to the census.
#include "tests/campaign/population.h"
#include "tests/campaign/draw.h"
#include "tools/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 256 };

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
static void scatter(struct model *model)
{
    for (uint32_t i = model->resident_count; i > 1; i--) {
        uint64_t other = draw(model->seed, DRAW_PLACE, i, 0) % i;
        struct resident kept = model->residents[i - 1];
        model->residents[i - 1] = model->residents[other];
        model->residents[other] = kept;
    }
}

// Half of them in the first ten days, most within six weeks.
static uint8_t opening_day(uint64_t *bits)
{
    uint32_t day = draw_take(bits, 12);
    while (day < 100 && draw_take(bits, 100) < 45)
        day += draw_take(bits, 14);
    return (uint8_t)day;
}

static void give_habits(struct model *model)
{
    for (uint32_t i = 0; i < model->resident_count; i++) {
        uint64_t bits = draw(model->seed, DRAW_PERSON, i, 0);
        struct resident *resident = &model->residents[i];
        resident->old_home = resident->home;
        resident->opens_on = opening_day(&bits);
        bool never = draw_take(&bits, 100) < 15;
        resident->eagerness = never ? 0 : (uint8_t)(85 + draw_take(&bits, 171));
    }
}

void population_make(struct model *model, uint32_t per)
{
    uint32_t people[MUNICIPALITIES];
    read_census(model->codes, people);
    for (int i = 0; i < MUNICIPALITIES; i++)
        model->resident_count += people[i] = (people[i] + per / 2) / per;
    model->residents = xcalloc(model->resident_count, sizeof *model->residents);
    struct resident *at = model->residents;
    for (uint8_t i = 0; i < MUNICIPALITIES; i++)
        for (uint32_t j = 0; j < people[i]; j++)
            (at++)->home = i;
    scatter(model);
    give_habits(model);
}

void population_account(const struct model *model, uint32_t resident, uint8_t account[ID_BYTES])
{
    uint64_t halves[2] = {
        draw(model->seed, DRAW_ACCOUNT, resident, 0), draw(model->seed, DRAW_ACCOUNT_REST, resident, 0)};
    memcpy(account, halves, ID_BYTES);
}

uint8_t population_other_place(const struct model *model, uint8_t than, uint64_t *bits)
{
    for (int tries = 0; tries < 8; tries++) {
        uint64_t high = draw_take(bits, 1 << 16), low = draw_take(bits, 1 << 16);
        uint8_t home = model->residents[(high << 16 | low) % model->resident_count].home;
        if (home != than)
            return home;
    }
    return (uint8_t)((than + 1) % MUNICIPALITIES);
}
