// The rows of queries that answer in pages, whole.
#include "tools/command/rows.h"
#include "tools/command/pages.h"

// The four replies have the same fields: rows, next_offset, last_sequence.
#define DEFINE_ROWS(prefix, ask_type, request, field)                                                                  \
    static void prefix##_begin(void *data)                                                                             \
    {                                                                                                                  \
        struct prefix##_rows *rows = data;                                                                             \
        rows->count = 0;                                                                                               \
    }                                                                                                                  \
                                                                                                                       \
    static struct page_end prefix##_take(const Points__V1__Response *response, void *data)                             \
    {                                                                                                                  \
        struct prefix##_rows *rows = data;                                                                             \
        rows->at = xrealloc(rows->at, (rows->count + response->field->n_rows) * sizeof *rows->at);                     \
        for (size_t i = 0; i < response->field->n_rows; i++)                                                           \
            rows->at[rows->count++] = *response->field->rows[i];                                                       \
        rows->last_sequence = response->field->last_sequence;                                                          \
        return (struct page_end){response->field->last_sequence, response->field->next_offset};                        \
    }                                                                                                                  \
                                                                                                                       \
    struct prefix##_rows prefix##_rows_fetch(struct context *context, ask_type *ask)                                   \
    {                                                                                                                  \
        struct prefix##_rows rows = {0};                                                                               \
        const struct paged paged = {REQUEST(request), ask, &ask->offset, prefix##_begin, prefix##_take};               \
        context_municipalities(context);                                                                               \
        pages_take(context, &paged, &rows);                                                                            \
        return rows;                                                                                                   \
    }

DEFINE_ROWS(donation, Points__V1__GetDonationTotals, GET_DONATION_TOTALS, donation_totals)
DEFINE_ROWS(circulation, Points__V1__GetCirculation, GET_CIRCULATION, circulation)
DEFINE_ROWS(expiry, Points__V1__GetExpiry, GET_EXPIRY, expiry)
DEFINE_ROWS(conversion, Points__V1__GetConversionTotals, GET_CONVERSION_TOTALS, conversion_totals)

void pending_conversions_walk(struct context *context, pending_conversion_fn *take, void *data)
{
    Points__V1__GetPendingConversions ask = POINTS__V1__GET_PENDING_CONVERSIONS__INIT;
    context_session(context);
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_PENDING_CONVERSIONS), &ask);
        for (size_t i = 0; i < response->pending_conversions->n_conversions; i++)
            take(data, response->pending_conversions->conversions[i]);
        ask.after = response->pending_conversions->next;
        client_free_response(response);
    } while (ask.after);
}

void settlements_walk(struct context *context, Points__V1__GetSettlements *ask, settlements_page_fn *take, void *data)
{
    context_session(context);
    do {
        Points__V1__Response *response = context_call(context, REQUEST(GET_SETTLEMENTS), ask);
        take(data, response->settlements);
        ask->offset = response->settlements->next_offset;
        client_free_response(response);
    } while (ask->offset);
}
