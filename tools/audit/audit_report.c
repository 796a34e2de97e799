// What a ledger that holds amounts to.
#include "tools/audit/audit_report.h"
#include "ledger/base64.h"

#include <inttypes.h>

static void report_root(struct document *document, const struct tree_edge *edge)
{
    uint8_t root[HASH_BYTES];
    char text[BASE64_BYTES(HASH_BYTES)];
    tree_root(edge, root);
    document_text(document, "root", base64_write(root, HASH_BYTES, text));
}

void report_identity(struct document *document, const struct replay *replay)
{
    document_text(document, "ledger", points_genesis(replay->fold.state)->origin);
    document_hex(document, "id", ledger_id(replay->settings.ledger), HASH_BYTES);
}

void report_ledger(struct document *document, const struct replay *replay)
{
    const Points__V1__Genesis *genesis = points_genesis(replay->fold.state);
    bool scripted = genesis->time_source == TIME_SOURCE(SCRIPTED);
    report_identity(document, replay);
    document_number(document, "blocks", replay->edge.size);
    document_number(document, "transactions", points_last_sequence(replay->fold.state));
    document_time(document, "last_block", points_time(replay->fold.state),
        scripted ? "   SCRIPTED TIME: a test or demonstration ledger, no real dates" : "");
    document_boolean(document, "scripted", scripted);
    report_root(document, &replay->edge);
}

bool report_books(struct document *document, struct state_view *view)
{
    bool balanced;
    struct table *table = state_books(view, &balanced);
    document_table(document, NULL,
        "Trial balance, in points: issued = balances + held + donated + converted + expired + forfeited + reversed + "
        "fees",
        table);
    document_boolean(document, "balanced", balanced);
    return balanced;
}

void report_donations(struct document *document, struct state_view *view)
{
    const Points__V1__GetDonationTotals query = POINTS__V1__GET_DONATION_TOTALS__INIT;
    document_table(document, NULL,
        "Donations by municipality and purpose, in points, as booked; reversed ones beside them",
        state_donations(view, &query));
}

void audit_report(struct document *document, const struct replay *replay)
{
    uint64_t transactions = points_last_sequence(replay->fold.state);
    struct state_view view;
    state_view_begin(&view, replay->fold.state, document->format == TABLE_PEOPLE);
    report_ledger(document, replay);
    report_books(document, &view);
    report_donations(document, &view);
    document_sentence(document,
        "The ledger holds: books, signatures and rules verified over %" PRIu64 " block%s, %" PRIu64 " transaction%s.",
        replay->edge.size, replay->edge.size == 1 ? "" : "s", transactions, transactions == 1 ? "" : "s");
    state_view_end(&view);
}
