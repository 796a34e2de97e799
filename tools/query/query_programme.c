// Asking what the programme consists of, part by part.
#include "tools/cells.h"
#include "tools/expiry_text.h"
#include "tools/query/queries.h"
#include "tools/shown.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct table_column municipality_columns[] = {MUNICIPALITY_COLUMNS};
static const struct table_column quest_columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
    {"period", TABLE_TEXT}, {"times", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"cap_points", TABLE_NUMBER},
    {"budget_points", TABLE_NUMBER}, {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"grace_s", TABLE_NUMBER},
    {"campaign", TABLE_ORDINAL}, {"residents_max", TABLE_NUMBER}, {"municipalities", TABLE_TEXT},
    {"receipt_steps", TABLE_TEXT}, {"bonus", TABLE_TEXT}, {"expires", TABLE_TEXT}};
static const struct table_column campaign_columns[] = {
    {"campaign", TABLE_ORDINAL}, {"name", TABLE_TEXT}, {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER}};
static const struct table_column shop_columns[] = {
    {"shop", TABLE_ORDINAL}, {"name", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"last_day", TABLE_TEXT}};
static const struct table_column purpose_columns[] = {
    {"purpose", TABLE_ORDINAL}, {"name", TABLE_TEXT}, {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}};
static const struct table_column policy_columns[] = {
    {"policy", TABLE_TEXT}, {"value", TABLE_NUMBER}, {"meaning", TABLE_TEXT}};
static const struct table_column key_columns[] = {{"role", TABLE_TEXT}, {"holder", TABLE_TEXT},
    {"municipality", TABLE_TEXT}, {"revoked", TABLE_BOOLEAN}, {"key", TABLE_TEXT}};

static void municipality_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    for (size_t i = 0; i < page->n_municipalities; i++)
        context_municipality_cells(context, table, page->municipalities[i]->code);
}

// A number that is 0 when there is none.
static void number_or_empty(struct table *table, uint64_t number)
{
    if (number)
        table_number(table, number);
    else
        table_empty(table);
}

// Text that is built in memory: to be closed by text_cell.
struct text {
    FILE *file;
    char *bytes;
    size_t size;
};

static void text_begin(struct text *text)
{
    text->file = open_memstream(&text->bytes, &text->size);
    if (!text->file)
        fail(EXIT_FAILED, "out of memory");
}

static void text_cell(struct table *table, struct text *text)
{
    if (fclose(text->file) != 0)
        fail(EXIT_FAILED, "out of memory");
    table_text(table, text->bytes);
    free(text->bytes);
}

// "011002 札幌市, 012033 小樽市"; empty: for residents of all.
static void quest_municipalities_cell(
    struct context *context, struct table *table, const Points__V1__DefineQuest *quest)
{
    struct text text;
    text_begin(&text);
    for (size_t i = 0; i < quest->n_municipalities; i++)
        fprintf(text.file, "%s%06" PRIu32 " %s", i ? ", " : "", quest->municipalities[i],
            context_municipality_name(context, quest->municipalities[i]));
    text_cell(table, &text);
}

// "500=50 1000=120", as --step takes them, and "3 municipalities: 300 points".
static void receipt_cells(struct table *table, const Points__V1__ReceiptTerms *terms)
{
    struct text text;
    text_begin(&text);
    for (size_t i = 0; terms && i < terms->n_steps; i++)
        fprintf(
            text.file, "%s%" PRIu64 "=%" PRIu64, i ? " " : "", terms->steps[i]->amount_yen, terms->steps[i]->points);
    text_cell(table, &text);
    text_begin(&text);
    if (terms && terms->bonus_municipalities)
        fprintf(text.file, "%" PRIu32 " municipalities: %" PRIu64 " points", terms->bonus_municipalities,
            terms->bonus_points);
    text_cell(table, &text);
}

static void quest_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    char expires[EXPIRY_TEXT_BYTES];
    for (size_t i = 0; i < page->n_quests; i++) {
        const Points__V1__DefineQuest *quest = page->quests[i]->quest;
        if (!quest)
            continue;
        table_number(table, quest->quest);
        table_text(table, quest->name);
        enum_cell(table, &points__v1__period__descriptor, (int)quest->period);
        table_number(table, quest->times ? quest->times : 1);
        number_or_empty(table, quest->points);
        table_number(table, quest->cap_points);
        table_number(table, page->quests[i]->budget_points);
        day_cell(table, quest->first_day);
        day_cell(table, quest->last_day);
        table_number(table, quest->grace_s);
        number_or_empty(table, quest->campaign);
        number_or_empty(table, quest->residents_max);
        quest_municipalities_cell(context, table, quest);
        receipt_cells(table, quest->receipt);
        expiry_print(quest->expiry, expires);
        table_text(table, expires);
    }
}

static void campaign_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_campaigns; i++) {
        const Points__V1__DefineCampaign *campaign = page->campaigns[i]->campaign;
        if (!campaign)
            continue;
        table_number(table, campaign->campaign);
        table_text(table, campaign->name);
        table_number(table, campaign->cap_points);
        table_number(table, page->campaigns[i]->budget_points);
    }
}

static void shop_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    for (size_t i = 0; i < page->n_shops; i++) {
        const Points__V1__RegisterShop *shop = page->shops[i]->shop;
        if (!shop)
            continue;
        table_number(table, shop->shop);
        table_text(table, shop->name);
        context_municipality_cells(context, table, shop->municipality);
        if (page->shops[i]->closed)
            day_cell(table, page->shops[i]->last_day);
        else
            table_empty(table);
    }
}

static void purpose_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_purposes; i++) {
        table_number(table, page->purposes[i]->purpose);
        table_text(table, page->purposes[i]->name);
        day_cell(table, page->purposes[i]->first_day);
        day_cell(table, page->purposes[i]->last_day);
    }
}

static void policy_meaning_cell(struct table *table, const Points__V1__SetPolicy *row)
{
    const bool limit =
        row->policy == POLICY(CONVERSION_DAY_MAX_POINTS) || row->policy == POLICY(CONVERSION_MONTH_MAX_POINTS);
    if (row->policy == POLICY(CONVERSION_OPENS_AT))
        time_cell(table, (int64_t)row->value);
    else if (row->policy == POLICY(TOTALS_SHARED))
        table_text(
            table, row->value ? "municipalities see each other's totals" : "municipalities see their own totals");
    else if (limit && !row->value)
        table_text(table, "no limit");
    else if (row->policy == POLICY(REFUND_GRACE_DAYS) || row->policy == POLICY(REVERSAL_DONATION_DAYS))
        table_text(table, "days");
    else
        table_text(table, row->policy == POLICY(FUTURE_MAX_S) ? "seconds" : "points");
}

static void policy_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    for (size_t i = 0; i < page->n_policies; i++) {
        enum_cell(table, &points__v1__policy__descriptor, (int)page->policies[i]->policy);
        if (context->format == TABLE_PEOPLE && page->policies[i]->policy == POLICY(CONVERSION_OPENS_AT))
            table_empty(table); // its meaning is the time
        else
            table_number(table, page->policies[i]->value);
        policy_meaning_cell(table, page->policies[i]);
    }
}

static void key_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_keys; i++) {
        const Points__V1__RegisterKey *key = page->keys[i]->key;
        char hex[2 * KEY_BYTES + 1] = "", code[16] = "";
        if (!key || key->key.len != KEY_BYTES)
            continue;
        if (key->municipality)
            snprintf(code, sizeof code, "%06" PRIu32, key->municipality);
        enum_cell(table, &points__v1__role__descriptor, (int)key->role);
        table_text(table, key->holder);
        table_text(table, code);
        table_boolean(table, page->keys[i]->revoked);
        table_text(table, sodium_bin2hex(hex, sizeof hex, key->key.data, KEY_BYTES));
    }
}

static const struct {
    const char *name;
    programme_part part;
    const struct table_column *columns;
    size_t column_count;
    void (*rows)(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page);
} parts[] = {
    {"municipalities", PART(MUNICIPALITIES), municipality_columns, COUNT(municipality_columns), municipality_rows},
    {"quests", PART(QUESTS), quest_columns, COUNT(quest_columns), quest_rows},
    {"campaigns", PART(CAMPAIGNS), campaign_columns, COUNT(campaign_columns), campaign_rows},
    {"shops", PART(SHOPS), shop_columns, COUNT(shop_columns), shop_rows},
    {"purposes", PART(PURPOSES), purpose_columns, COUNT(purpose_columns), purpose_rows},
    {"policies", PART(POLICIES), policy_columns, COUNT(policy_columns), policy_rows},
    {"keys", PART(KEYS), key_columns, COUNT(key_columns), key_rows},
};

struct listing {
    struct context *context;
    struct table *table;
    size_t part;
};

static void take_page(void *data, const Points__V1__ProgrammeReply *page)
{
    struct listing *listing = data;
    parts[listing->part].rows(listing->context, listing->table, page);
}

int run_programme(struct context *context)
{
    struct listing listing = {.context = context};
    const char *name = argument_xget(&context->line, 0);
    while (listing.part < COUNT(parts) && strcmp(parts[listing.part].name, name))
        listing.part++;
    if (listing.part == COUNT(parts))
        fail_usage(&context->line,
            "\"%s\" is none of: municipalities, quests, campaigns, shops, purposes, policies, keys", shown(name));
    listing.table = table_new(parts[listing.part].name, parts[listing.part].columns, parts[listing.part].column_count);
    context_programme(context, parts[listing.part].part, take_page, &listing);
    return context_print(context, listing.table);
}
