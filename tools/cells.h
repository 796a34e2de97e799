// Cells of tables that are more than a text or a number.
#pragma once

#include "proto/formats.h"
#include "tools/table.h"

#include <stdint.h>

void id_cell(struct table *table, const ProtobufCBinaryData *id); // empty when it is NULL or none
void day_cell(struct table *table, uint32_t day);
void first_day_cell(struct table *table, uint32_t day); // of a row of totals: empty for 0, where all days are together
// The cells of {"population", TABLE_NUMBER}, {"percent", TABLE_ORDINAL}: two decimals; both empty where it is 0.
void share_cells(struct table *table, uint64_t part, uint64_t population);
// Empty where there were donations, and the daemon does not say by how many.
void donors_cell(struct table *table, uint64_t donations, uint64_t donors);
void time_cell(struct table *table, int64_t unix_s);
void enum_cell(struct table *table, const ProtobufCEnumDescriptor *type, int value);
