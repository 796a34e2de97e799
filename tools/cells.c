// Cells of tables: ids, days, times, names of enums.
#include "tools/cells.h"
#include "tools/jst.h"
#include "tools/uuid7.h"

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
