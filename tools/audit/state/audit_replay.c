// points-audit replay: the state after a block, or as of an instant.
#include "tools/account_tables.h"
#include "tools/audit/state/audit_moment.h"
#include "tools/audit/audit_report.h"

#include <inttypes.h>

static void show_figures(struct document *document, struct audit_moment *moment)
{
    const struct state_pending pending = state_pending(&moment->view);
    document_number(document, "accounts_opened", points_account_count(moment->replay.fold.state));
    document_number(document, "pending_conversions", pending.conversions);
    document_number(document, "pending_points", pending.points);
}

static const Points__V1__AccountReply *find_account(struct audit_moment *moment, const uint8_t id[ID_BYTES])
{
    arena_reset(&moment->view.arena);
    const Points__V1__AccountReply *account =
        points_account(moment->replay.fold.state, id, &moment->view.arena.allocator);
    if (!account)
        fail(
            EXIT_WRONG_USE, "--account: no such account was opened up to block %" PRIu64, moment->replay.edge.size - 1);
    return account;
}

static void show_account(struct document *document, struct audit_moment *moment, const uint8_t id[ID_BYTES])
{
    const Points__V1__AccountReply *account = find_account(moment, id);
    document_table(document, "account", "The account", account_table(account, &moment->view.names));
    document_table(
        document, "account_lots", "What of its balance will expire, at the end of which day", lots_table(account));
    document_table(document, "account_quests", "Its progress in quests", progress_table(account));
}

int audit_replay_command(struct audit *audit)
{
    uint8_t account[ID_BYTES];
    struct audit_moment moment;
    const char *account_text = option_get(&audit->line, "account");
    if (audit->format == TABLE_CSV || audit->format == TABLE_CP932)
        fail_usage(&audit->line, "replay shows more than one table; for CSV ask trial-balance or totals");
    if (account_text)
        parse_id(&audit->line, "--account", account_text, account);
    audit_moment_begin(audit, &moment);
    if (account_text)
        find_account(&moment, account); // before anything is shown
    struct document document = document_begin(audit);
    report_ledger(&document, &moment.replay);
    show_figures(&document, &moment);
    audit_show_instant(&document, &moment);
    audit_show_moment(&document, &moment);
    audit_show_overdue(&document, &moment);
    bool balanced = report_books(&document, &moment.view);
    document_table(&document, NULL, "Quests", state_quests(&moment.view));
    document_table(&document, NULL, "Campaigns", state_campaigns(&moment.view));
    report_donations(&document, &moment.view);
    if (account_text)
        show_account(&document, &moment, account);
    document_end(&document);
    audit_moment_end(&moment);
    return balanced ? EXIT_HOLDS : EXIT_FAULT;
}
