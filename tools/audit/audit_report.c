// What a ledger that holds amounts to.
#include "tools/audit/audit_report.h"
#include "tools/error.h"
#include "tools/jst.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

static void report_root(struct document *document, const struct tree_edge *edge, const char *name)
{
    uint8_t root[HASH_BYTES];
    char text[sodium_base64_ENCODED_LEN(HASH_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    tree_root(edge, root);
    sodium_bin2base64(text, sizeof text, root, HASH_BYTES, sodium_base64_VARIANT_ORIGINAL);
    document_text(document, name, text);
}

// People are told with the time what kind of time it is.
static void report_time(struct document *document, const struct points_state *state)
{
    char time[JST_TIME_BYTES];
    bool scripted = points_genesis(state)->time_source == TIME_SOURCE(SCRIPTED);
    if (!document_for_people(document)) {
        document_time(document, "last_block", points_time(state));
        document_boolean(document, "scripted", scripted);
        return;
    }
    jst_print_time(points_time(state), time);
    char *text =
        xprintf("%s JST%s", time, scripted ? "   SCRIPTED TIME: a test or demonstration ledger, no real dates" : "");
    document_text(document, "last_block", text);
    free(text);
}

void report_ledger(struct document *document, const struct replay *replay, const char *root)
{
    document_text(document, "ledger", points_genesis(replay->fold.state)->origin);
    document_hex(document, "id", ledger_id(replay->settings.ledger), HASH_BYTES);
    document_number(document, "blocks", replay->edge.size);
    document_number(document, "transactions", points_last_sequence(replay->fold.state));
    report_time(document, replay->fold.state);
    report_root(document, &replay->edge, root);
}

bool report_books(struct document *document, struct state_view *view)
{
    bool balanced;
    struct table *table = state_books(view, &balanced);
    document_table_titled(document,
        "Trial balance, in points: issued = balances + held + donated + converted + expired + forfeited + reversed + "
        "fees",
        NULL, table);
    if (!document_for_people(document))
        document_boolean(document, "balanced", balanced);
    return balanced;
}

void report_donations(struct document *document, struct state_view *view)
{
    const Points__V1__GetDonationTotals query = POINTS__V1__GET_DONATION_TOTALS__INIT;
    document_table_titled(document,
        "Donations by municipality and purpose, in points, as booked; reversed ones beside them", NULL,
        state_donations(view, &query));
}

void audit_report(const struct replay *replay)
{
    uint64_t transactions = points_last_sequence(replay->fold.state);
    struct document *document = document_new(TABLE_PEOPLE);
    struct state_view view;
    state_view_begin(&view, replay->fold.state, true);
    report_ledger(document, replay, "checkpoint");
    report_books(document, &view);
    report_donations(document, &view);
    state_view_end(&view);
    document_end(document,
        "The ledger holds: books, signatures and rules verified over %" PRIu64 " block%s, %" PRIu64 " transaction%s.",
        replay->edge.size, replay->edge.size == 1 ? "" : "s", transactions, transactions == 1 ? "" : "s");
}
