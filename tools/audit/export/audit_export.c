// points-audit export: the ledger as a file for other programs.
#include "points/calendar.h"
#include "tools/audit/audit.h"
#include "tools/audit/export/export.h"
#include "tools/audit/out_file.h"
#include "tools/file.h"
#include "tools/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MODE = 0600 }; // residents' data: for its owner's eyes alone

struct format {
    const char *name;
    const struct export_writer *writer; // NULL: the ledger, as it is
    enum table_format meant, also;      // what --json, --csv or --cp932 may say beside it, and means alone
    const char *goes_with;              // the same for people
};

static const struct format formats[] = {
    {"csv", &export_csv, TABLE_CSV, TABLE_CP932, "--csv or --cp932, not with --json"},
    {"json-lines", &export_json_lines, TABLE_JSON, TABLE_JSON, "--json, not with --csv or --cp932"},
    {"hledger", &export_hledger, TABLE_PEOPLE, TABLE_PEOPLE, "none of --json, --csv, --cp932"},
    {"ledger", NULL, TABLE_PEOPLE, TABLE_PEOPLE, "none of --json, --csv, --cp932"},
};

#define FORMAT_COUNT (sizeof formats / sizeof *formats)

static bool goes_with(const struct format *format, enum table_format asked)
{
    return asked == format->meant || asked == format->also;
}

static const struct format *find_format(const struct audit *audit)
{
    const char *name = option_get(&audit->line, "format");
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const struct format *format = &formats[i];
        if (name ? !strcmp(format->name, name) : audit->format != TABLE_PEOPLE && goes_with(format, audit->format)) {
            if (audit->format != TABLE_PEOPLE && !goes_with(format, audit->format))
                fail_usage(&audit->line, "--format %s goes with %s", name, format->goes_with);
            return format;
        }
    }
    if (name)
        fail_usage(&audit->line, "no format \"%s\"; there are csv, json-lines, hledger and ledger", shown(name));
    fail_usage(&audit->line, "--format is missing; there are csv, json-lines, hledger and ledger");
}

static struct export *new_export(const struct audit *audit)
{
    struct export *export = xcalloc(1, sizeof *export);
    export->writer = find_format(audit)->writer;
    export->cp932 = audit->format == TABLE_CP932;
    export->from = option_day(&audit->line, "from", 0);
    export->to = option_day(&audit->line, "to", CALENDAR_DAY_MAX);
    if (export->from > export->to)
        fail_usage(&audit->line, "--to is before --from");
    if (!export->writer && (option_get(&audit->line, "from") || option_get(&audit->line, "to")))
        fail_usage(&audit->line, "--format ledger writes all of it; leave out --from and --to");
    return export;
}

// ---- writing

static int write_ledger(struct export *export, struct ledger *ledger)
{
    struct ledger_error error;
    struct ledger_reading *reading = ledger_read_begin(ledger, &error);
    bool read = reading && export_ledger(reading, export->file, &error);
    ledger_read_end(reading);
    if (!read)
        say("%s", error.message);
    return read ? EXIT_HOLDS : EXIT_UNREADABLE;
}

static int write_replayed(struct audit *audit, struct export *export, struct ledger *ledger)
{
    int code = EXIT_HOLDS;
    enum replay_result result = export_replayed(export, ledger);
    if (result != REPLAY_HOLDS) {
        code = audit_fault(audit, result, &export->replay.fault);
    } else if (!export->replay.fold.state) {
        say("the ledger begins after --to: there is nothing to export");
        code = EXIT_WRONG_USE;
    }
    export_end(export);
    return code;
}

// What is not whole does not get the file's name.
static int end_stream(struct file_stream *stream, int code)
{
    struct tool_error error;
    if (code != EXIT_HOLDS)
        file_stream_drop(stream);
    else if (!file_stream_finish(stream, &error))
        fail_with(&error);
    return code;
}

int audit_export(struct audit *audit)
{
    struct tool_error error;
    struct file_stream stream;
    struct export *export = new_export(audit);
    const char *dir = argument_xget(&audit->line, 0);
    audit_need_other_file(audit, dir, "out");
    struct ledger *ledger = audit_ledger(dir);
    if (!file_stream_begin(&stream, option_get(&audit->line, "out"), FILE_MODE, &error))
        fail_with(&error);
    export->file = stream.file;
    int code = export->writer ? write_replayed(audit, export, ledger) : write_ledger(export, ledger);
    code = end_stream(&stream, code);
    if (code == EXIT_HOLDS)
        audit->characters_lost = export->csv.lost;
    free(export);
    ledger_close(ledger);
    return code;
}
