// Asking what the programme consists of, part by part.
#include "tools/cells.h"
#include "tools/queries.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct table_column municipality_columns[] = {MUNICIPALITY_COLUMNS};
static const struct table_column quest_columns[] = {{"quest", TABLE_ORDINAL}, {"name", TABLE_TEXT},
    {"period", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"cap_points", TABLE_NUMBER}, {"budget_points", TABLE_NUMBER},
    {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}, {"grace_s", TABLE_NUMBER}};
static const struct table_column purpose_columns[] = {
    {"purpose", TABLE_ORDINAL}, {"name", TABLE_TEXT}, {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT}};
static const struct table_column policy_columns[] = {
    {"policy", TABLE_TEXT}, {"value", TABLE_NUMBER}, {"meaning", TABLE_TEXT}};
static const struct table_column key_columns[] = {{"role", TABLE_TEXT}, {"holder", TABLE_TEXT},
    {"municipality", TABLE_TEXT}, {"revoked", TABLE_TEXT}, {"key", TABLE_TEXT}};

static void municipality_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    for (size_t i = 0; i < page->n_municipalities; i++)
        context_municipality_cells(context, table, page->municipalities[i]->code);
}

static void quest_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_quests; i++) {
        const Points__V1__DefineQuest *quest = page->quests[i]->quest;
        if (!quest)
            continue;
        table_number(table, quest->quest);
        table_text(table, quest->name);
        enum_cell(table, &points__v1__period__descriptor, (int)quest->period);
        table_number(table, quest->points);
        table_number(table, quest->cap_points);
        table_number(table, page->quests[i]->budget_points);
        day_cell(table, quest->first_day);
        day_cell(table, quest->last_day);
        table_number(table, quest->grace_s);
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
    else
        table_text(table, row->policy == POLICY(FUTURE_MAX_S) ? "seconds" : "points");
}

static void policy_rows(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page)
{
    (void)context;
    for (size_t i = 0; i < page->n_policies; i++) {
        enum_cell(table, &points__v1__policy__descriptor, (int)page->policies[i]->policy);
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
        table_text(table, page->keys[i]->revoked ? "revoked" : "");
        table_text(table, sodium_bin2hex(hex, sizeof hex, key->key.data, KEY_BYTES));
    }
}

static const struct {
    const char *name;
    Points__V1__ProgrammePart part;
    const struct table_column *columns;
    size_t column_count;
    void (*rows)(struct context *context, struct table *table, const Points__V1__ProgrammeReply *page);
} parts[] = {
    {"municipalities", POINTS__V1__PROGRAMME_PART__MUNICIPALITIES, municipality_columns, COUNT(municipality_columns),
        municipality_rows},
    {"quests", POINTS__V1__PROGRAMME_PART__QUESTS, quest_columns, COUNT(quest_columns), quest_rows},
    {"purposes", POINTS__V1__PROGRAMME_PART__PURPOSES, purpose_columns, COUNT(purpose_columns), purpose_rows},
    {"policies", POINTS__V1__PROGRAMME_PART__POLICIES, policy_columns, COUNT(policy_columns), policy_rows},
    {"keys", POINTS__V1__PROGRAMME_PART__KEYS, key_columns, COUNT(key_columns), key_rows},
};

int run_programme(struct context *context)
{
    size_t part = 0;
    const char *name = argument_xget(context, 0);
    while (part < COUNT(parts) && strcmp(parts[part].name, name))
        part++;
    if (part == COUNT(parts))
        fail_usage(context, "\"%s\" is none of: municipalities, quests, purposes, policies, keys", name);
    Points__V1__GetProgramme ask = POINTS__V1__GET_PROGRAMME__INIT;
    ask.part = parts[part].part;
    context_municipalities(context);
    struct table *table = table_new(parts[part].name, parts[part].columns, parts[part].column_count);
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_PROGRAMME), &ask);
        parts[part].rows(context, table, response->programme);
        ask.offset = response->programme->next_offset;
        client_free_response(response);
    } while (ask.offset);
    return context_print(context, table);
}
