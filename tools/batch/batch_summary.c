// What became of a batch's rows.
#include "tools/batch/batch_summary.h"
#include "tools/command/submit.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct tally {
    transaction_type type;
    outcome_code code;
    uint64_t transactions, points, before;
};

struct summary {
    struct tally *tallies; // of the types and codes that came up, in any order
    size_t tally_count;
    struct table *rows; // of all transactions for machines, of the first notable ones for people
    bool all_rows;
    const struct dry_run *dry_run; // NULL: none
    uint64_t position, refused;
    uint64_t notable; // came to something else than the dry run said; without one, refused
};

enum { NOTABLE_SHOWN_MAX = 20 };

static const struct table_column row_columns[] = {{"line", TABLE_ORDINAL}, {"id", TABLE_TEXT}, {"type", TABLE_TEXT},
    {"outcome", TABLE_TEXT}, {"points", TABLE_NUMBER}, {"sequence", TABLE_ORDINAL}, {"decided_before", TABLE_BOOLEAN},
    {"dry_run", TABLE_TEXT}, {"dry_run_points", TABLE_NUMBER}};
enum { DRY_RUN_COLUMNS = 2 }; // the last ones

static void add_row(struct summary *summary, uint32_t line, const Points__V1__Transaction *transaction,
    const Points__V1__Outcome *outcome, uint64_t sequence, bool before)
{
    char id[ID_TEXT_BYTES];
    id_print(transaction->id.data, id);
    table_number(summary->rows, line);
    table_text(summary->rows, id);
    table_text(summary->rows, transaction_name(transaction->body_case));
    table_text(summary->rows, outcome_name(outcome->code));
    table_number(summary->rows, outcome->points);
    table_number(summary->rows, sequence);
    table_boolean(summary->rows, before);
    if (!summary->dry_run)
        return;
    table_text(summary->rows, outcome_name(summary->dry_run->rows[summary->position].code));
    table_number(summary->rows, summary->dry_run->rows[summary->position].points);
}

// Whether a row came to what the dry run said. What was a duplicate then is one now.
static bool as_foreseen(const struct dry_run_row *foreseen, outcome_code answered, const Points__V1__Outcome *outcome)
{
    bool duplicate = foreseen->code == OUTCOME(DUPLICATE) && answered == OUTCOME(DUPLICATE);
    return duplicate || (outcome->code == foreseen->code && outcome->points == foreseen->points);
}

static struct tally *tally_of(struct summary *summary, transaction_type type, outcome_code code)
{
    for (size_t i = 0; i < summary->tally_count; i++)
        if (summary->tallies[i].type == type && summary->tallies[i].code == code)
            return &summary->tallies[i];
    summary->tallies = xrealloc(summary->tallies, (summary->tally_count + 1) * sizeof *summary->tallies);
    struct tally *tally = &summary->tallies[summary->tally_count++];
    *tally = (struct tally){.type = type, .code = code};
    return tally;
}

static void sum_envelope(struct summary *summary, const struct outbox *outbox, uint32_t number)
{
    const struct outbox_envelope *stored = outbox_get(outbox, number);
    Points__V1__SignedEnvelope *outer = points__v1__signed_envelope__unpack(NULL, stored->size, stored->bytes);
    Points__V1__Envelope *envelope =
        outer ? points__v1__envelope__unpack(NULL, outer->envelope.len, outer->envelope.data) : NULL;
    Points__V1__SubmitReply *reply = points__v1__submit_reply__unpack(NULL, stored->answer_size, stored->answer);
    if (!envelope || !reply || !submit_reply_fits(reply, stored->count) || envelope->n_transactions != stored->count)
        fail(EXIT_FAILED, "envelope %" PRIu32 " of the outbox cannot be read", number);
    for (uint32_t i = 0; i < stored->count; i++) {
        uint64_t original;
        Points__V1__Outcome outcome = submit_outcome(reply, i, &original);
        struct tally *tally = tally_of(summary, envelope->transactions[i]->body_case, outcome.code);
        bool refused = outcome.code != OUTCOME(APPLIED);
        tally->transactions++;
        tally->points += outcome.points;
        tally->before += original != 0;
        summary->refused += refused;
        const struct dry_run_row *foreseen = summary->dry_run ? &summary->dry_run->rows[summary->position] : NULL;
        bool notable = foreseen ? !as_foreseen(foreseen, reply->outcomes->code[i], &outcome) : refused;
        summary->notable += notable;
        if (summary->all_rows || (notable && summary->notable <= NOTABLE_SHOWN_MAX))
            add_row(summary, outbox_line(outbox, number, i), envelope->transactions[i], &outcome,
                submit_sequence(reply, i, &outcome, original), original != 0);
        summary->position++;
    }
    points__v1__submit_reply__free_unpacked(reply, NULL);
    points__v1__envelope__free_unpacked(envelope, NULL);
    points__v1__signed_envelope__free_unpacked(outer, NULL);
}

static int by_type_and_code(const void *left, const void *right)
{
    const struct tally *a = left, *b = right;
    if (a->type != b->type)
        return a->type > b->type ? 1 : -1;
    return (a->code > b->code) - (a->code < b->code);
}

static void print_tallies(struct context *context, struct summary *summary)
{
    static const struct table_column columns[] = {{"type", TABLE_TEXT}, {"outcome", TABLE_TEXT},
        {"transactions", TABLE_NUMBER}, {"points", TABLE_NUMBER}, {"decided_before", TABLE_NUMBER},
        {"meaning", TABLE_TEXT}};
    struct table *table = table_new("outcomes", columns, sizeof columns / sizeof *columns);
    qsort(summary->tallies, summary->tally_count, sizeof *summary->tallies, by_type_and_code);
    for (size_t i = 0; i < summary->tally_count; i++) {
        const struct tally *tally = &summary->tallies[i];
        table_text(table, transaction_name(tally->type));
        table_text(table, outcome_name(tally->code));
        table_number(table, tally->transactions);
        table_number(table, tally->points);
        table_number(table, tally->before);
        table_text(table, outcome_advice(tally->code));
    }
    context_print(context, table);
}

static void print_heading(const struct summary *summary, const char *refused_heading)
{
    if (summary->dry_run && !summary->notable)
        printf("\nAll came to what the dry run said.\n");
    else if (summary->dry_run)
        printf("\n%" PRIu64 " came to something else than the dry run said:\n", summary->notable);
    else if (summary->notable)
        printf("\n%s\n", refused_heading);
}

int batch_summary_print(
    struct context *context, const struct outbox *outbox, const struct dry_run *dry_run, const char *refused_heading)
{
    struct summary summary = {.all_rows = context->format != TABLE_PEOPLE, .dry_run = dry_run};
    size_t columns = sizeof row_columns / sizeof *row_columns - (dry_run ? 0 : DRY_RUN_COLUMNS);
    summary.rows = table_new("rows", row_columns, columns);
    for (uint32_t i = 0; i < outbox_count(outbox); i++)
        sum_envelope(&summary, outbox, i);
    if (!summary.all_rows) {
        print_tallies(context, &summary);
        print_heading(&summary, refused_heading);
    }
    if (summary.all_rows || summary.notable)
        context_print(context, summary.rows);
    else
        table_free(summary.rows);
    if (!summary.all_rows && summary.notable > NOTABLE_SHOWN_MAX)
        printf("and %" PRIu64 " more; the same command with --csv or --json prints every row\n",
            summary.notable - NOTABLE_SHOWN_MAX);
    free(summary.tallies);
    return summary.refused ? EXIT_REFUSED : EXIT_SUCCESS;
}
