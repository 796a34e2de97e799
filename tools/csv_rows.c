#include "tools/csv_rows.h"
#include "tools/cp932.h"
#include "tools/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 100 };

static void print_cell(const char *cell, FILE *file)
{
    if (!cell[strcspn(cell, "\",\r\n")]) {
        fputs(cell, file);
        return;
    }
    fputc('"', file);
    for (; *cell; cell++) {
        if (*cell == '"')
            fputc('"', file);
        fputc(*cell, file);
    }
    fputc('"', file);
}

void csv_rows_begin(
    struct csv_rows *rows, const struct table_column *columns, size_t column_count, bool cp932, FILE *file)
{
    *rows = (struct csv_rows){.file = file, .cp932 = cp932, .columns = columns, .column_count = column_count, .row = 1};
    if (!cp932)
        fputs("\xef\xbb\xbf", file);
    for (size_t i = 0; i < column_count; i++)
        fprintf(file, "%s%s", columns[i].name, i + 1 < column_count ? "," : "\r\n");
}

static void tell_missing(void *data, const char *character, size_t size)
{
    struct csv_rows *rows = data;
    if (rows->lost < TOLD_MAX)
        say("row %" PRIu64 ", column %s: CP932 has no \"%.*s\"; 〓 stands there", rows->row,
            rows->columns[rows->column].name, (int)size, character);
    else if (rows->lost == TOLD_MAX)
        say("CP932 lacks more characters than these; 〓 stands for each of them");
    rows->lost++;
}

// In CP932 too, cell by cell: no second byte of a character looks like a comma, a quote or a line end.
void csv_rows_cell(struct csv_rows *rows, const char *text)
{
    rows->row += rows->column == 0;
    char *converted = rows->cp932 ? cp932_text(text, tell_missing, rows) : NULL;
    print_cell(converted ? converted : text, rows->file);
    free(converted);
    rows->column = (rows->column + 1) % rows->column_count;
    fputs(rows->column ? "," : "\r\n", rows->file);
}
