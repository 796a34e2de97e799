// Asking for notices: as prose for people, as rows for programs.
#include "tools/cells.h"
#include "tools/jst.h"
#include "tools/query/queries.h"
#include "tools/uuid7.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

// A notice and its text, for whatever form of output.
typedef void show_fn(
    struct context *context, struct table *table, const Points__V1__Notice *notice, const Points__V1__NoticeText *text);

// ---- for people

static void print_notice(
    struct context *context, struct table *table, const Points__V1__Notice *notice, const Points__V1__NoticeText *text)
{
    char id[ID_TEXT_BYTES], posted_at[JST_TIME_BYTES], first[JST_DAY_BYTES], last[JST_DAY_BYTES];
    (void)table;
    id_print(notice->id.data, id);
    jst_print_time(notice->posted_at, posted_at);
    jst_print_day(notice->posted->first_day, first);
    jst_print_day(notice->posted->last_day, last);
    printf("%s to %s, %s to %s%s%s\nnotice %s, posted %s\n", first, last,
        context_municipality_name(context, notice->posted->municipality),
        notice->posted->to_all ? "all residents" : "its residents", notice->withdrawn ? ", withdrawn" : "",
        notice->erased ? ", erased" : "", id, posted_at);
    for (size_t i = 0; i < text->n_versions; i++) {
        const Points__V1__NoticeVersion *version = text->versions[i];
        printf("  [%s] %s\n", version->language, version->title);
        for (size_t n = 0; n < version->n_paragraphs; n++)
            printf("    %s\n", version->paragraphs[n]);
    }
    if (*text->link)
        printf("  %s\n", text->link);
    putchar('\n');
}

// ---- for programs

static void common_cells(struct context *context, struct table *table, const Points__V1__Notice *notice)
{
    table_number(table, notice->sequence);
    id_cell(table, &notice->id);
    time_cell(table, notice->posted_at);
    context_municipality_cells(context, table, notice->posted->municipality);
    day_cell(table, notice->posted->first_day);
    day_cell(table, notice->posted->last_day);
    table_boolean(table, notice->posted->to_all);
    table_boolean(table, notice->withdrawn);
    table_boolean(table, notice->erased);
}

// One paragraph a line.
static void paragraphs_cell(struct table *table, const Points__V1__NoticeVersion *version)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < version->n_paragraphs; i++) {
        char *longer = xprintf("%s%s%s", text, i ? "\n" : "", version->paragraphs[i]);
        free(text);
        text = longer;
    }
    table_text(table, text);
    free(text);
}

// A row for each language; of an erased notice, one.
static void notice_rows(
    struct context *context, struct table *table, const Points__V1__Notice *notice, const Points__V1__NoticeText *text)
{
    for (size_t i = 0; i < text->n_versions; i++) {
        common_cells(context, table, notice);
        table_text(table, text->versions[i]->language);
        table_text(table, text->versions[i]->title);
        paragraphs_cell(table, text->versions[i]);
        table_text(table, text->link);
    }
    if (text->n_versions == 0) {
        common_cells(context, table, notice);
        for (int i = 0; i < 4; i++)
            table_empty(table);
    }
}

// ---- asking

static void show_page(struct context *context, struct table *table, const Points__V1__NoticesReply *page, show_fn *show)
{
    for (size_t i = 0; i < page->n_notices; i++) {
        const Points__V1__Notice *notice = page->notices[i];
        Points__V1__NoticeText *text = points__v1__notice_text__unpack(NULL, notice->text.len, notice->text.data);
        if (!text || !notice->posted || notice->id.len != ID_BYTES)
            fail(EXIT_FAILED, "the daemon's answer lacks a part");
        show(context, table, notice, text);
        points__v1__notice_text__free_unpacked(text, NULL);
    }
}

// False: there are none.
static bool show_all(struct context *context, Points__V1__GetNotices *ask, struct table *table, show_fn *show)
{
    bool any = false;
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_NOTICES), ask);
        any |= response->notices->n_notices > 0;
        show_page(context, table, response->notices, show);
        ask->before = response->notices->next;
        client_free_response(response);
    } while (ask->before);
    return any;
}

int run_notices(struct context *context)
{
    static const struct table_column columns[] = {{"sequence", TABLE_ORDINAL}, {"notice", TABLE_TEXT},
        {"posted_at", TABLE_TEXT}, MUNICIPALITY_COLUMNS, {"first_day", TABLE_TEXT}, {"last_day", TABLE_TEXT},
        {"to_all", TABLE_BOOLEAN}, {"withdrawn", TABLE_BOOLEAN}, {"erased", TABLE_BOOLEAN}, {"language", TABLE_TEXT},
        {"title", TABLE_TEXT}, {"paragraphs", TABLE_TEXT}, {"link", TABLE_TEXT}};
    uint8_t id[ID_BYTES];
    const char *account = option_get(&context->line, "account"),
               *municipality = option_get(&context->line, "municipality");
    Points__V1__GetNotices ask = POINTS__V1__GET_NOTICES__INIT;
    ask.all = option_get(&context->line, "all") != NULL;
    if (account && (municipality || ask.all))
        fail_usage(&context->line,
            "--account shows what is in force for its home; --municipality and --all do not go with it");
    if (account) {
        parse_id(&context->line, "--account", account, id);
        ask.account = (ProtobufCBinaryData){ID_BYTES, id};
    }
    context_municipalities(context);
    if (municipality)
        ask.municipality = context_municipality(context, municipality);
    struct table *table = table_new("notices", columns, COUNT(columns));
    bool people = context->format == TABLE_PEOPLE;
    bool any = show_all(context, &ask, table, people ? print_notice : notice_rows);
    if (!people || !any)
        return context_print(context, table);
    table_free(table);
    return EXIT_SUCCESS;
}
