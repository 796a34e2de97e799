// Numbers, shares, days and lists of a design file.
#include "tools/simulate/simulate_values.h"
#include "tools/expiry_text.h"
#include "tools/jst.h"
#include "tools/number.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ITEM_BYTES = 120 };

// ---- numbers

// "12.5" with three decimals is 12,500. Moves on; false: no such number, or none that fits.
static bool take_decimal(const char **text, int decimals, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    const char *at = *text;
    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at) && value <= max; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    if (*at == '.' && isdigit((unsigned char)at[1]))
        for (at++; isdigit((unsigned char)*at) && decimals > 0; at++, decimals--)
            value = value * 10 + (uint64_t)(*at - '0');
    for (; decimals > 0 && value <= max; decimals--)
        value *= 10;
    *text = at;
    *number = (uint32_t)value;
    return value <= max;
}

const char *value_number(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    return number_parse(text, 0, UINT64_MAX - 1, at) ? NULL : "a whole number";
}

static bool parse_uint32(const char *text, uint32_t min, uint32_t max, void *at)
{
    uint64_t number;
    if (!number_parse(text, min, max, &number))
        return false;
    *(uint32_t *)at = (uint32_t)number;
    return true;
}

const char *value_count(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    return parse_uint32(text, 0, UINT32_MAX, at) ? NULL : "a whole number up to 4294967295";
}

const char *value_sample(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    _Static_assert(DESIGN_SAMPLE_MAX == 100000, "the message says so");
    return parse_uint32(text, 1, DESIGN_SAMPLE_MAX, at)
               ? NULL
               : "a whole number from 1 to 100000: one resident in so many plays";
}

// One has no other form than 0 in the ledger.
const char *value_times(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    uint32_t *times = at;
    if (!parse_uint32(text, 1, UINT32_MAX, at))
        return "how many awards a period allows, from 1 to 255";
    if (*times == 1)
        *times = 0;
    return NULL;
}

const char *value_hours(const struct municipality_names *names, const char *text, void *at)
{
    enum { HOUR_S = 3600, HOURS_MAX = UINT32_MAX / HOUR_S };
    (void)names;
    uint32_t *seconds = at;
    if (!parse_uint32(text, 0, HOURS_MAX, at))
        return "a whole number of hours";
    *seconds *= HOUR_S;
    return NULL;
}

static bool parse_share(const char *text, uint32_t *share)
{
    enum { PERCENT_DECIMALS = 4 }; // parts in a million
    return take_decimal(&text, PERCENT_DECIMALS, SHARE_WHOLE, share) && !strcmp(text, "%");
}

const char *value_share(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    return parse_share(text, at) ? NULL : "a share from 0% to 100%, as in 35% or 12.5%";
}

const char *value_rate(const struct municipality_names *names, const char *text, void *at)
{
    enum { RATE_DECIMALS = 3, RATE_MAX = 1000000 };
    (void)names;
    return take_decimal(&text, RATE_DECIMALS, RATE_MAX, at) && !*text
               ? NULL
               : "a mean number a week from 0 to 1000, as in 2 or 1.5";
}

// ---- words and days

const char *value_text(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    if (!*text)
        return "a text";
    free(*(char **)at);
    *(char **)at = xstrdup(text);
    return NULL;
}

const char *value_day(const struct municipality_names *names, const char *text, void *at)
{
    (void)names;
    return jst_parse_day(text, at) ? NULL : "a day, as in 2021-11-12";
}

const char *value_period(const struct municipality_names *names, const char *text, void *at)
{
    const ProtobufCEnumDescriptor *periods = &points__v1__period__descriptor;
    (void)names;
    for (unsigned i = 0; i < periods->n_values; i++)
        if (periods->values[i].value != PERIOD(PERIOD_NONE) && !strcasecmp(text, periods->values[i].name)) {
            *(Points__V1__Period *)at = (Points__V1__Period)periods->values[i].value;
            return NULL;
        }
    return "weekly, daily, monthly or once";
}

const char *value_expires(const struct municipality_names *names, const char *text, void *at)
{
    struct quest_options *options = at;
    (void)names;
    if (!expiry_parse(text, &options->expiry))
        return "never, a day as in 2022-03-31, days after the award as in 90d, months as in 3m, fiscal-year or "
               "next-fiscal-year";
    options->quest.expiry = options->expiry.kind ? &options->expiry : NULL;
    return NULL;
}

// ---- lists, with commas between their items

// False at the end; an item that is too long comes empty.
static bool next_item(const char **text, char item[ITEM_BYTES])
{
    if (!*text)
        return false;
    const char *begin = *text + strspn(*text, " \t");
    size_t size = strcspn(begin, ",");
    *text = begin[size] ? begin + size + 1 : NULL;
    while (size && (begin[size - 1] == ' ' || begin[size - 1] == '\t'))
        size--;
    snprintf(item, ITEM_BYTES, "%.*s", size < ITEM_BYTES ? (int)size : 0, begin);
    return true;
}

// Ascending, whatever the order in the file.
static bool insert_code(struct quest_options *options, uint32_t code)
{
    size_t at = options->quest.n_municipalities;
    for (; at > 0 && options->municipalities[at - 1] > code; at--)
        options->municipalities[at] = options->municipalities[at - 1];
    options->municipalities[at] = code;
    options->quest.n_municipalities++;
    return at == 0 || options->municipalities[at - 1] != code;
}

const char *value_municipalities(const struct municipality_names *names, const char *text, void *at)
{
    static char unknown[TOOL_ERROR_BYTES + 40];
    struct tool_error error;
    struct quest_options *options = at;
    char item[ITEM_BYTES];
    uint32_t code;
    options->quest.municipalities = options->municipalities;
    while (next_item(&text, item)) {
        if (!municipality_names_find(names, item, &code, &error)) {
            snprintf(unknown, sizeof unknown, "a list of municipalities; %s", error.message);
            return unknown;
        }
        if (!insert_code(options, code))
            return "a list that names each municipality once";
    }
    return NULL;
}

// "500=50": splits the item at the sign.
static char *right_side(char item[ITEM_BYTES])
{
    char *sign = strchr(item, '=');
    if (!sign)
        return NULL;
    *sign = '\0';
    return sign + 1;
}

static Points__V1__ReceiptTerms *receipt_terms(struct quest_options *options)
{
    if (!options->quest.receipt) {
        points__v1__receipt_terms__init(&options->receipt);
        options->receipt.steps = options->step_pointers;
        options->quest.receipt = &options->receipt;
    }
    return &options->receipt;
}

static bool add_step(struct quest_options *options, char item[ITEM_BYTES])
{
    Points__V1__ReceiptTerms *terms = receipt_terms(options);
    const char *points = right_side(item);
    if (!points || terms->n_steps == RECEIPT_STEPS_MAX)
        return false;
    Points__V1__ReceiptStep *step = &options->steps[terms->n_steps];
    points__v1__receipt_step__init(step);
    options->step_pointers[terms->n_steps++] = step;
    return number_parse(item, 0, UINT64_MAX, &step->amount_yen) && number_parse(points, 0, UINT64_MAX, &step->points) &&
           (step == options->steps || step[-1].amount_yen < step->amount_yen);
}

const char *value_steps(const struct municipality_names *names, const char *text, void *at)
{
    char item[ITEM_BYTES];
    (void)names;
    while (next_item(&text, item))
        if (!add_step(at, item))
            return "up to 20 steps YEN=POINTS with ascending amounts, as in 500=50, 1000=120";
    return NULL;
}

const char *value_bonus_places(const struct municipality_names *names, const char *text, void *at)
{
    return value_count(names, text, &receipt_terms(at)->bonus_municipalities);
}

const char *value_bonus_points(const struct municipality_names *names, const char *text, void *at)
{
    return value_number(names, text, &receipt_terms(at)->bonus_points);
}

static bool add_amount(struct design_quest *quest, char item[ITEM_BYTES])
{
    const char *share = right_side(item);
    if (!share || quest->amount_count == DESIGN_AMOUNTS_MAX)
        return false;
    struct design_amount *amount = &quest->amounts[quest->amount_count++];
    return number_parse(item, 0, UINT64_MAX, &amount->yen) && parse_share(share, &amount->share);
}

const char *value_amounts(const struct municipality_names *names, const char *text, void *at)
{
    static const char right[] = "up to 20 amounts YEN=SHARE whose shares make 100%, as in 400=30%, 2500=70%";
    struct design_quest *quest = at;
    char item[ITEM_BYTES];
    uint64_t sum = 0;
    (void)names;
    while (next_item(&text, item))
        if (!add_amount(quest, item))
            return right;
    for (size_t i = 0; i < quest->amount_count; i++)
        sum += quest->amounts[i].share;
    return sum == SHARE_WHOLE ? NULL : right;
}
