// points-audit find: the entries that match all that is given.
#include "tools/audit/audit.h"
#include "points/calendar.h"
#include "proto/entry.h"
#include "replay/block.h"
#include "tools/audit/audit_report.h"
#include "tools/audit/document.h"
#include "tools/audit/state/ledger_entries.h"
#include "tools/audit/state_view.h"
#include "tools/entry_detail.h"
#include "tools/entry_table.h"
#include "tools/outcome_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIND_STANDARD = 1000, FIND_MAX = 1000000, FIND_ARENA_BYTES = 1 << 20 };

struct search {
    // What is wanted: all that is set.
    bool of_account, of_id, of_outcome;
    uint8_t account[ID_BYTES], id[ID_BYTES];
    outcome_code outcome;
    transaction_type type;     // 0: any
    uint32_t from_day, to_day; // of the block's time; 0: any
    uint64_t limit;

    struct arena arena;                      // of one look at the account
    uint64_t *sequences;                     // of the first `limit` that match
    uint64_t found;                          // all that match
    struct reasons seen;                     // the outcomes of those kept
    bool touched[ENVELOPE_TRANSACTIONS_MAX]; // which of the block's entries touched the account
};

// ---- what is wanted

static void read_days(const struct audit *audit, struct search *search)
{
    search->from_day = option_day(&audit->line, "from", 0);
    search->to_day = option_day(&audit->line, "to", 0);
    if (search->to_day && search->to_day < search->from_day)
        fail_usage(&audit->line, "--to is before --from");
}

static void read_wanted(const struct audit *audit, struct search *search)
{
    struct tool_error error;
    const char *account = option_get(&audit->line, "account"), *id = option_get(&audit->line, "id"),
               *type = option_get(&audit->line, "type"), *outcome = option_get(&audit->line, "outcome");
    if ((search->of_account = account != NULL))
        parse_id(&audit->line, "--account", account, search->account);
    if ((search->of_id = id != NULL))
        parse_id(&audit->line, "--id", id, search->id);
    if (type && !transaction_type_find(type, &search->type, &error))
        fail_usage(&audit->line, "--type: %s", error.message);
    if ((search->of_outcome = outcome != NULL))
        search->outcome =
            (outcome_code)parse_enum(&audit->line, "--outcome", &points__v1__outcome_code__descriptor, outcome, true);
    read_days(audit, search);
    search->limit = option_number(&audit->line, "limit", 1, FIND_MAX, FIND_STANDARD);
}

// ---- looking

// Those of the block that touched the account: along the back-pointers from its newest entry.
static void mark_touched(struct search *search, const struct replay_visit *visit)
{
    uint64_t first = visit->block->header->first_sequence;
    memset(search->touched, 0, sizeof search->touched);
    arena_reset(&search->arena);
    const Points__V1__AccountReply *reply = points_account(visit->state, search->account, &search->arena.allocator);
    for (uint64_t at = reply ? reply->last_sequence : 0; at >= first; at = visit->block->outcomes[at - first].previous)
        search->touched[at - first] = true;
}

static bool is_account(const struct search *search, const ProtobufCBinaryData *account)
{
    return account && account->len == ID_BYTES && !memcmp(account->data, search->account, ID_BYTES);
}

static bool concerns_account(const struct search *search, const Points__V1__Transaction *transaction, size_t position)
{
    return search->touched[position] || is_account(search, entry_account(transaction)) ||
           (transaction->body_case == TRANSACTION(MERGE_ACCOUNTS) &&
               is_account(search, &transaction->merge_accounts->merged));
}

static bool matches(const struct search *search, const struct replay_block *block, size_t position)
{
    const Points__V1__Transaction *transaction = block->envelope->transactions[position];
    return (!search->type || transaction->body_case == search->type) &&
           (!search->of_outcome || block->outcomes[position].code == search->outcome) &&
           (!search->of_id || !memcmp(transaction->id.data, search->id, ID_BYTES)) &&
           (!search->of_account || concerns_account(search, transaction, position));
}

static bool in_days(const struct search *search, int64_t time)
{
    int64_t day = calendar_day(time);
    return day >= search->from_day && (!search->to_day || day <= search->to_day);
}

static void keep(struct search *search, uint64_t sequence, outcome_code code)
{
    if (search->found++ >= search->limit)
        return;
    search->sequences[search->found - 1] = sequence;
    reasons_add(&search->seen, code);
}

// To the end, though there may be enough: what is not checked is not shown.
static bool look(void *context, const struct replay_visit *visit)
{
    struct search *search = context;
    const struct replay_block *block = visit->block;
    if (block->genesis || !in_days(search, block->header->time))
        return true;
    if (search->of_account)
        mark_touched(search, visit);
    for (size_t i = 0; i < block->envelope->n_transactions; i++)
        if (matches(search, block, i))
            keep(search, block->header->first_sequence + i, block->outcomes[i].code);
    return true;
}

// ---- showing

static void show(struct document *document, struct search *search, struct replay *replay)
{
    struct ledger_entries read;
    struct state_view view;
    struct table *table = entry_table();
    uint64_t shown = search->found < search->limit ? search->found : search->limit;
    ledger_entries_begin(&read, replay);
    state_view_begin(&view, replay->fold.state, false);
    for (uint64_t i = 0; i < shown; i++) {
        entry_row(table, ledger_entries_at(&read, search->sequences[i]), &view.names, &read.entries);
        arena_reset(&read.arena);
    }
    document_table(document, NULL, "Entries, oldest first", table);
    if (document->format == TABLE_PEOPLE)
        reasons_print(&search->seen, stdout);
    document_hidden(document, "found", search->found);
    if (search->found > shown)
        document_remark(document,
            "These are the first %" PRIu64 " of %" PRIu64 " that match: --limit shows more, --from later ones.", shown,
            search->found);
    state_view_end(&view);
    ledger_entries_end(&read);
}

int audit_find(struct audit *audit)
{
    static struct search search;
    struct replay replay;
    read_wanted(audit, &search);
    struct ledger *ledger = audit_ledger(argument_xget(&audit->line, 0));
    arena_init(&search.arena, FIND_ARENA_BYTES);
    search.sequences = xcalloc(search.limit, sizeof *search.sequences);
    audit_xreplay(audit, ledger, &(struct audit_pass){.visit = look, .context = &search}, &replay);
    struct document document = document_begin(audit);
    report_identity(&document, &replay);
    show(&document, &search, &replay);
    document_end(&document);
    reasons_free(&search.seen);
    free(search.sequences);
    arena_free(&search.arena);
    audit_replay_end(&replay);
    ledger_close(ledger);
    return EXIT_HOLDS;
}
