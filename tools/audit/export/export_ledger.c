// The whole ledger as a file for other verifiers: its bytes, whatever they are.
#include "tools/audit/export/export.h"
#include "tools/json_text.h"

#include <inttypes.h>

static void write_block(uint64_t index, const struct ledger_record *record, FILE *file)
{
    fprintf(file, "{\"block\":%" PRIu64 ",\"header\":", index);
    json_base64(record->header, record->header_size, file);
    fputs(",\"envelope\":", file);
    json_base64(record->envelope, record->envelope_size, file);
    fputs(",\"outcomes\":", file);
    json_base64(record->outcomes, record->outcomes_size, file);
    fputs("}\n", file);
}

static bool write_blocks(struct ledger_reading *reading, FILE *file, struct ledger_error *error)
{
    struct ledger_record record;
    for (uint64_t index = 0; index < ledger_read_size(reading) && !ferror(file); index++) {
        if (ledger_read_block(reading, index, &record, error) != 1)
            return false;
        write_block(index, &record, file);
    }
    return true;
}

static bool write_texts(struct ledger_reading *reading, FILE *file, struct ledger_error *error)
{
    struct ledger_text text = {0};
    int found = ledger_read_text_from(reading, 0, &text, error);
    while (found == 1 && !ferror(file)) {
        fprintf(file, "{\"text\":%" PRIu64 ",\"bytes\":", text.sequence);
        json_base64(text.bytes, text.size, file);
        fputs("}\n", file);
        found = text.sequence == UINT64_MAX ? 0 : ledger_read_text_from(reading, text.sequence + 1, &text, error);
    }
    return found >= 0;
}

static bool write_checkpoint(struct ledger_reading *reading, FILE *file, struct ledger_error *error)
{
    char note[NOTE_BYTES_MAX];
    int found = ledger_read_kept(reading, LEDGER_CHECKPOINTS, UINT64_MAX, note, error);
    if (found <= 0)
        return found == 0;
    fputs("{\"checkpoint\":", file);
    json_text(note, file);
    fputs("}\n", file);
    return true;
}

bool export_ledger(struct ledger_reading *reading, FILE *file, struct ledger_error *error)
{
    return write_blocks(reading, file, error) && write_texts(reading, file, error) &&
           write_checkpoint(reading, file, error);
}
