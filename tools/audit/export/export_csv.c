// An export as CSV: a row a transaction, for spreadsheets.
#include "tools/audit/export/export.h"
#include "tools/error.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/transaction_text.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct table_column columns[] = {
    {"sequence", TABLE_ORDINAL},
    {"block", TABLE_ORDINAL},
    {"time", TABLE_TEXT},
    {"type", TABLE_TEXT},
    {"id", TABLE_TEXT},
    {"account", TABLE_TEXT},
    {"municipality", TABLE_TEXT},
    {"municipality_name", TABLE_TEXT},
    {"outcome", TABLE_TEXT},
    {"points", TABLE_NUMBER},
    {"expired", TABLE_NUMBER},
    {"previous", TABLE_ORDINAL},
    {"quest", TABLE_ORDINAL},
    {"quest_name", TABLE_TEXT},
    {"purpose", TABLE_ORDINAL},
    {"purpose_name", TABLE_TEXT},
    {"other_account", TABLE_TEXT},
    {"target", TABLE_TEXT},
    {"remark", TABLE_TEXT},
    {"details", TABLE_TEXT},
};

static void number_cell(struct csv_rows *rows, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    csv_rows_cell(rows, text);
}

// Empty for 0, which is none.
static void ordinal_cell(struct csv_rows *rows, uint64_t number)
{
    if (number)
        number_cell(rows, number);
    else
        csv_rows_cell(rows, "");
}

static void time_cell(struct csv_rows *rows, int64_t time)
{
    char text[JST_TIME_BYTES];
    jst_print_time(time, text);
    csv_rows_cell(rows, text);
}

static void id_cell(struct csv_rows *rows, const uint8_t *id)
{
    char text[ID_TEXT_BYTES] = "";
    if (id)
        id_print(id, text);
    csv_rows_cell(rows, text);
}

static void municipality_cells(struct export *export, uint32_t code)
{
    char text[16] = "";
    size_t position;
    const Points__V1__Municipality *municipality = export_municipality(export, code, &position);
    if (code)
        snprintf(text, sizeof text, "%06" PRIu32, code);
    csv_rows_cell(&export->csv, text);
    csv_rows_cell(&export->csv, municipality ? municipality->name_ja : "");
}

static void named_cells(struct csv_rows *rows, uint32_t number, const struct export_name *names)
{
    ordinal_cell(rows, number);
    csv_rows_cell(rows, export_name_of(names, number));
}

static void details_cell(struct csv_rows *rows, const Points__V1__Transaction *transaction)
{
    char *text = transaction_text(transaction, NULL);
    csv_rows_cell(rows, text);
    free(text);
}

static void begin(struct export *export)
{
    csv_rows_begin(&export->csv, columns, sizeof columns / sizeof *columns, export->cp932, export->file);
}

static void write_row(struct export *export, const struct export_row *row)
{
    struct csv_rows *rows = &export->csv;
    number_cell(rows, row->sequence);
    number_cell(rows, row->block);
    time_cell(rows, row->time);
    csv_rows_cell(rows, transaction_name(row->transaction->body_case));
    id_cell(rows, row->transaction->id.data);
    id_cell(rows, row->account);
    municipality_cells(export, row->municipality);
    csv_rows_cell(rows, outcome_name(row->outcome.code));
    number_cell(rows, row->outcome.points);
    number_cell(rows, row->outcome.expired);
    ordinal_cell(rows, row->outcome.previous);
    named_cells(rows, row->quest, export->quests);
    named_cells(rows, row->purpose, export->purposes);
    id_cell(rows, row->other);
    id_cell(rows, row->target);
    csv_rows_cell(rows, row->remark);
    details_cell(rows, row->transaction);
}

const struct export_writer export_csv = {.begin = begin, .row = write_row};
