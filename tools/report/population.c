// Residents of municipalities. The ledger does not hold them: they are those of the list that the build found.
#include "tools/report/population.h"
#include "tools/municipality_list.h"

uint64_t population_of(uint32_t municipality)
{
    static struct municipality_list list; // read once: every row of a report asks
    if (!list.count)
        municipality_list_read(NULL, &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.rows[i].code == municipality && list.residents[i] != RESIDENTS_UNKNOWN)
            return list.residents[i];
    return 0;
}
