// The file of conversions for the WAON side.
#include "tools/batch/waon_file.h"
#include "tools/batch/csv_file.h"
#include "tools/error.h"
#include "tools/file.h"
#include "tools/jst.h"
#include "tools/number.h"
#include "tools/uuid7.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char header[] = "number,sequence,conversion,account,points,fee_points,payout_points,requested_at\r\n";
static const char totals_name[] = "total";
enum { COLUMNS = 8 };

void waon_rows_add(struct waon_rows *rows, const struct waon_row *row)
{
    if ((rows->count & (rows->count - 1)) == 0) // room doubles
        rows->rows = xrealloc(rows->rows, (rows->count ? 2 * rows->count : 1) * sizeof *rows->rows);
    rows->rows[rows->count++] = *row;
    rows->points += row->points;
    rows->fee_points += row->fee_points;
}

void waon_rows_free(struct waon_rows *rows)
{
    free(rows->rows);
    *rows = (struct waon_rows){0};
}

// ---- writing

static void print_amounts(uint64_t points, uint64_t fee_points, FILE *file)
{
    fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, points, fee_points, points - fee_points);
}

static void print_row(size_t number, const struct waon_row *row, FILE *file)
{
    char conversion[ID_TEXT_BYTES], account[ID_TEXT_BYTES], time[JST_TIME_BYTES];
    id_print(row->conversion, conversion);
    id_print(row->account, account);
    jst_print_time(row->requested_at, time);
    fprintf(file, "%zu,%" PRIu64 ",%s,%s", number, row->sequence, conversion, account);
    print_amounts(row->points, row->fee_points, file);
    fprintf(file, ",%s\r\n", time);
}

// Not the header's digest, nor its own: it stands in the record behind the rows.
static void print_totals(const struct waon_rows *rows, const uint8_t sha256[HASH_BYTES], FILE *file)
{
    char hex[2 * HASH_BYTES + 1];
    fprintf(file, "%s,%zu,%s,", totals_name, rows->count, sodium_bin2hex(hex, sizeof hex, sha256, HASH_BYTES));
    print_amounts(rows->points, rows->fee_points, file);
    fputs(",\r\n", file);
}

void waon_file_write(const char *path, const struct waon_rows *rows, uint8_t sha256[HASH_BYTES])
{
    struct tool_error error;
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    if (access(path, F_OK) == 0 || errno != ENOENT)
        fail(EXIT_WRONG_USE, "%s exists; choose another name, since an exported file is needed to import its results",
            path);
    fputs(header, file);
    for (size_t i = 0; i < rows->count; i++)
        print_row(i + 1, &rows->rows[i], file);
    if (fflush(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    crypto_hash_sha256(sha256, (const uint8_t *)text + sizeof header - 1, size - (sizeof header - 1));
    print_totals(rows, sha256, file);
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    if (!file_write_whole(path, 0600, (const uint8_t *)text, size, &error))
        fail_with(&error);
    free(text);
}

// ---- reading

static noreturn void fail_changed(const struct csv_file *file, uint32_t line, const char *what)
{
    fail(
        EXIT_WRONG_USE, "%s: line %" PRIu32 ": %s; it is not as `points waon export` wrote it", file->path, line, what);
}

static bool parse_number(const char *text, uint64_t *number)
{
    return number_parse(text, 0, UINT64_MAX, number);
}

// The cells that print_amounts wrote. False: they are none, or do not add up.
static bool parse_amounts(const struct csv_row *from, uint64_t *points, uint64_t *fee_points)
{
    uint64_t payout_points;
    return parse_number(from->cells[4], points) && parse_number(from->cells[5], fee_points) &&
           parse_number(from->cells[6], &payout_points) && *fee_points <= *points &&
           payout_points == *points - *fee_points;
}

static void read_row(const struct csv_file *file, const struct csv_row *from, struct waon_rows *rows)
{
    struct waon_row row = {0};
    uint64_t number;
    if (!parse_number(from->cells[0], &number) || number != rows->count + 1)
        fail_changed(file, from->line, "the rows are not numbered one by one");
    if (!parse_number(from->cells[1], &row.sequence) || !id_parse(from->cells[2], row.conversion) ||
        !id_parse(from->cells[3], row.account) || !parse_amounts(from, &row.points, &row.fee_points) ||
        !jst_parse_time(from->cells[7], &row.requested_at))
        fail_changed(file, from->line, "a cell cannot be read");
    waon_rows_add(rows, &row);
}

// Editors and version control do that; the digest is of the bytes.
static bool lost_line_ends(const struct csv_file *file)
{
    size_t size = sizeof header - 1 - strlen("\r\n");
    return file->size > size && !memcmp(file->text, header, size) && file->text[size] == '\n';
}

// Of the bytes between the header and the last record.
static void rows_digest(const struct csv_file *file, uint8_t sha256[HASH_BYTES])
{
    size_t begin = sizeof header - 1, end = file->size;
    if (lost_line_ends(file))
        fail_changed(file, 1, "the lines end with LF alone, no longer with CR LF");
    if (file->size < begin || memcmp(file->text, header, begin))
        fail_changed(file, 1, "the columns are others");
    while (end > begin && (file->text[end - 1] == '\r' || file->text[end - 1] == '\n'))
        end--;
    while (end > begin && file->text[end - 1] != '\n')
        end--;
    crypto_hash_sha256(sha256, file->text + begin, end - begin);
}

static void check_totals(const struct csv_file *file, const struct waon_rows *rows)
{
    const struct csv_row *last = &file->rows[file->count - 1];
    uint8_t sha256[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    uint64_t count, points, fee_points;
    rows_digest(file, sha256);
    sodium_bin2hex(hex, sizeof hex, sha256, HASH_BYTES);
    if (!parse_number(last->cells[1], &count) || count != rows->count || !parse_amounts(last, &points, &fee_points) ||
        points != rows->points || fee_points != rows->fee_points)
        fail_changed(file, last->line, "count or points of the last record are not those of the rows");
    if (strcmp(last->cells[2], hex))
        fail_changed(file, last->line, "the digest is not that of the rows");
}

void waon_file_read(const char *path, struct waon_rows *rows)
{
    struct csv_file file;
    *rows = (struct waon_rows){0};
    csv_file_read(path, &file);
    if (file.rows[0].count != COLUMNS)
        fail_changed(&file, 1, "the columns are others");
    if (strcmp(file.rows[file.count - 1].cells[0], totals_name))
        fail_changed(&file, file.rows[file.count - 1].line, "the record with the totals is missing");
    for (size_t i = 1; i + 1 < file.count; i++)
        read_row(&file, &file.rows[i], rows);
    check_totals(&file, rows);
    csv_file_free(&file);
}
