// Asking for the totals of donations, and of conversions.
#include "tools/command/rows.h"
#include "tools/query/queries.h"
#include "tools/totals_table.h"

#include <stdlib.h>

static Points__V1__TotalsGroup group_asked(const struct context *context)
{
    const char *group = option_get(&context->line, "group");
    if (!group)
        return GROUP(MUNICIPALITY_AND_PURPOSE);
    return (Points__V1__TotalsGroup)parse_enum(
        &context->line, "--group", &points__v1__totals_group__descriptor, group, true);
}

int run_totals(struct context *context)
{
    Points__V1__GetDonationTotals ask = POINTS__V1__GET_DONATION_TOTALS__INIT;
    ask.purpose = context_purpose_asked(context);
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    ask.unit = option_unit(&context->line, UNIT(WHOLE));
    ask.group = group_asked(context);
    ask.by_original = option_get(&context->line, "by-original") != NULL;
    ask.municipality = context_municipality_asked(context);
    struct donation_rows rows = donation_rows_fetch(context, &ask);
    struct table *table =
        donation_totals_table(rows.at, rows.count, context_names(context), context->format == TABLE_PEOPLE);
    free(rows.at);
    return context_print(context, table);
}

int run_conversion_totals(struct context *context)
{
    Points__V1__GetConversionTotals ask = POINTS__V1__GET_CONVERSION_TOTALS__INIT;
    ask.from_day = option_day(&context->line, "from", 0);
    ask.to_day = option_day(&context->line, "to", 0);
    ask.unit = option_unit(&context->line, UNIT(WHOLE));
    ask.municipality = context_municipality_asked(context);
    struct conversion_rows rows = conversion_rows_fetch(context, &ask);
    struct table *table =
        conversion_totals_table(rows.at, rows.count, context_names(context), context->format == TABLE_PEOPLE);
    free(rows.at);
    return context_print(context, table);
}
