// What stands beside an entry's type.
#include "tools/entry_detail.h"
#include "tools/error.h"
#include "tools/jst.h"
#include "tools/outcome_names.h"
#include "tools/transaction_text.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// Empty when nothing has the number.
static const char *name_of(struct names *names, programme_part part, uint32_t number)
{
    const struct programme_name *named = names_programme(names, part, number);
    return named ? named->name : "";
}

static char *award_detail(struct names *names, const Points__V1__Award *award)
{
    char when[JST_TIME_BYTES];
    const char *quest = name_of(names, PART(QUESTS), award->quest);
    const Points__V1__Receipt *receipt = award->receipt;
    jst_print_time(award->occurred_at, when);
    if (!receipt)
        return xprintf("quest %" PRIu32 "%s%s, %s", award->quest, *quest ? " " : "", quest, when);
    const char *shop = name_of(names, PART(SHOPS), receipt->shop);
    return xprintf("quest %" PRIu32 "%s%s, %s, %" PRIu64 " yen at shop %" PRIu32 "%s%s, %s", award->quest,
        *quest ? " " : "", quest, when, receipt->amount_yen, receipt->shop, *shop ? " " : "", shop,
        names_municipality(names, receipt->municipality));
}

static char *donation_detail(struct names *names, const Points__V1__Donate *donate)
{
    const char *purpose = name_of(names, PART(PURPOSES), donate->purpose);
    return xprintf("%" PRIu64 " point%s for purpose %" PRIu32 "%s%s, %s", donate->points,
        donate->points == 1 ? "" : "s", donate->purpose, *purpose ? " " : "", purpose,
        names_municipality(names, donate->municipality));
}

static char *id_detail(const char *before, const ProtobufCBinaryData *id, const char *reason)
{
    char text[ID_TEXT_BYTES];
    id_print(id->data, text);
    return xprintf("%s%s%s%s", before, text, *reason ? ", " : "", reason);
}

static char *notice_detail(struct names *names, const Points__V1__PostNotice *post)
{
    char first[JST_DAY_BYTES], last[JST_DAY_BYTES];
    jst_print_day(post->first_day, first);
    jst_print_day(post->last_day, last);
    return xprintf("%s to %s, from %s to %s", names_municipality(names, post->municipality),
        post->to_all ? "all residents" : "its residents", first, last);
}

// "award 0190…, reason", and what could not be taken back.
static char *reversal_detail(const Points__V1__LedgerEntry *entry, const struct entries *entries)
{
    const Points__V1__Reverse *reverse = entry->transaction->reverse;
    if (entry->outcome->code != OUTCOME(APPLIED))
        return id_detail("", &reverse->target, reverse->reason);
    const Points__V1__LedgerEntry *target = entries->by_id(entries->source, &reverse->target);
    char *before = xprintf("%s ", transaction_name(target->transaction->body_case));
    char *text = id_detail(before, &reverse->target, reverse->reason);
    free(before);
    if (target->outcome->points > entry->outcome->points) {
        char *longer = xprintf("%s; %" PRIu64 " of %" PRIu64 " points were spent already", text,
            target->outcome->points - entry->outcome->points, target->outcome->points);
        free(text);
        text = longer;
    }
    return text;
}

static char *detail_text(struct names *names, const struct entries *entries, const Points__V1__LedgerEntry *entry)
{
    const Points__V1__Transaction *transaction = entry->transaction;
    switch (transaction->body_case) {
    case TRANSACTION(AWARD):
        return award_detail(names, transaction->award);
    case TRANSACTION(DONATE):
        return donation_detail(names, transaction->donate);
    case TRANSACTION(REQUEST_CONVERSION):
        return xprintf("%" PRIu64 " point%s into WAON", transaction->request_conversion->points,
            transaction->request_conversion->points == 1 ? "" : "s");
    case TRANSACTION(SETTLE_CONVERSION):
        return id_detail("", &transaction->settle_conversion->conversion, "");
    case TRANSACTION(REFUSE_CONVERSION):
        return id_detail("", &transaction->refuse_conversion->conversion, transaction->refuse_conversion->reason);
    case TRANSACTION(OPEN_ACCOUNT):
        return xprintf("in %s", names_municipality(names, transaction->open_account->municipality));
    case TRANSACTION(MOVE_ACCOUNT):
        return xprintf("to %s", names_municipality(names, transaction->move_account->municipality));
    case TRANSACTION(CLOSE_ACCOUNT):
        return xstrdup("");
    case TRANSACTION(FREEZE_ACCOUNT):
        return xstrdup(transaction->freeze_account->reason);
    case TRANSACTION(UNFREEZE_ACCOUNT):
        return xstrdup(transaction->unfreeze_account->reason);
    case TRANSACTION(MERGE_ACCOUNTS):
        return id_detail("with ", &transaction->merge_accounts->merged, "");
    case TRANSACTION(REVERSE):
        return reversal_detail(entry, entries);
    case TRANSACTION(POST_NOTICE):
        return notice_detail(names, transaction->post_notice);
    case TRANSACTION(WITHDRAW_NOTICE):
        return id_detail("", &transaction->withdraw_notice->notice, transaction->withdraw_notice->reason);
    case TRANSACTION(ERASE_NOTICE):
        return id_detail("", &transaction->erase_notice->notice, "");
    default:
        return transaction_text(transaction, NULL);
    }
}

void detail_cell(
    struct table *table, const Points__V1__LedgerEntry *entry, struct names *names, const struct entries *entries)
{
    char *text = detail_text(names, entries, entry);
    table_text(table, text);
    free(text);
}

// ---- why something was refused

static bool is_refusal(outcome_code code)
{
    return code != OUTCOME(APPLIED) && code != OUTCOME(DUPLICATE);
}

void reason_cell(struct table *table, const Points__V1__LedgerEntry *entry)
{
    table_text(table, is_refusal(entry->outcome->code) ? outcome_advice(entry->outcome->code) : "");
}

void reasons_add(struct reasons *reasons, outcome_code code)
{
    for (size_t i = 0; i < reasons->count; i++)
        if (reasons->codes[i] == code)
            return;
    reasons->codes = xrealloc(reasons->codes, (reasons->count + 1) * sizeof *reasons->codes);
    reasons->codes[reasons->count++] = code;
}

void reasons_print(const struct reasons *reasons, FILE *file)
{
    const char *before = "\n";
    for (size_t i = 0; i < reasons->count; i++) {
        if (!is_refusal(reasons->codes[i]))
            continue;
        fprintf(file, "%s%s: %s\n", before, outcome_name(reasons->codes[i]), outcome_advice(reasons->codes[i]));
        before = "";
    }
}

void reasons_free(struct reasons *reasons)
{
    free(reasons->codes);
    *reasons = (struct reasons){0};
}
