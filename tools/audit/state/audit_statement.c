// points-audit statement: every entry of an account, and the balance after it.
#include "tools/statement.h"
#include "tools/audit/audit.h"
#include "tools/audit/audit_report.h"
#include "tools/audit/document.h"
#include "tools/audit/state/ledger_entries.h"
#include "tools/audit/state_view.h"
#include "tools/uuid7.h"

#include <stdlib.h>

static void show_identity(struct document *document, const struct replay *replay, const uint8_t id[ID_BYTES])
{
    char text[ID_TEXT_BYTES];
    id_print(id, text);
    report_identity(document, replay);
    document_text(document, "account", text);
}

static void show(struct document *document, struct replay *replay, const Points__V1__AccountReply *account)
{
    struct ledger_entries read;
    struct state_view view;
    ledger_entries_begin(&read, replay);
    state_view_begin(&view, replay->fold.state, false);
    struct statement statement = statement_read(&read.entries, &account->account);
    statement_find_merge(&statement, &read.entries, account);
    document_table(document, NULL, "What happened to the account, newest first",
        statement_table(&statement, &view.names, &read.entries, SIZE_MAX));
    if (document->format == TABLE_PEOPLE)
        statement_reasons(&statement, SIZE_MAX, stdout);
    char *where = statement_where(&statement, account);
    if (where)
        document_remark(document, "%s", where);
    document_hidden(document, "balance_points", account->balance_points);
    free(where);
    statement_free(&statement);
    state_view_end(&view);
    ledger_entries_end(&read);
}

int audit_statement(struct audit *audit)
{
    enum { ACCOUNT_ARENA_BYTES = 1 << 20 };
    uint8_t id[ID_BYTES];
    struct replay replay;
    struct arena arena;
    parse_id(&audit->line, "ACCOUNT", argument_xget(&audit->line, 1), id);
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    audit_xreplay(audit, ledger, &(struct audit_pass){0}, &replay);
    arena_init(&arena, ACCOUNT_ARENA_BYTES);
    const Points__V1__AccountReply *account = points_account(replay.fold.state, id, &arena.allocator);
    if (!account)
        fail(EXIT_WRONG_USE, "ACCOUNT: no such account was ever opened in this ledger");
    struct document document = document_begin(audit);
    show_identity(&document, &replay, id);
    show(&document, &replay, account);
    document_end(&document);
    arena_free(&arena);
    audit_replay_end(&replay);
    ledger_close(ledger);
    return EXIT_HOLDS;
}
