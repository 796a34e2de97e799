// Cells of tables: ids, days, times, names of enums.
#include "tools/cells.h"
#include "tools/jst.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>

void id_cell(struct table *table, const ProtobufCBinaryData *id)
{
    char text[ID_TEXT_BYTES] = "";
    if (id && id->len == ID_BYTES)
        id_print(id->data, text);
    table_text(table, text);
}

void day_cell(struct table *table, uint32_t day)
{
    char text[JST_DAY_BYTES];
    jst_print_day(day, text);
    table_text(table, text);
}

void first_day_cell(struct table *table, uint32_t day)
{
    if (day)
        day_cell(table, day);
    else
        table_empty(table);
}

void share_cells(struct table *table, uint64_t part, uint64_t population)
{
    char percent[40] = "";
    if (population) {
        uint64_t hundredths = (part * 20000 + population) / (2 * population); // rounded
        snprintf(percent, sizeof percent, "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
        table_number(table, population);
    } else {
        table_empty(table);
    }
    table_text(table, percent);
}

void donors_cell(struct table *table, uint64_t donations, uint64_t donors)
{
    if (donors || !donations)
        table_number(table, donors);
    else
        table_empty(table);
}

void time_cell(struct table *table, int64_t unix_s)
{
    char text[JST_TIME_BYTES];
    jst_print_time(unix_s, text);
    table_text(table, text);
}

void enum_cell(struct table *table, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);
    table_text(table, named ? named->name : "?");
}
