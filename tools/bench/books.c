#include "tools/bench/books.h"

#include <inttypes.h>
#include <stdio.h>

static void same(const char *what, uint32_t municipality, uint64_t daemon, uint64_t ours)
{
    if (daemon == ours)
        return;
    char place[32] = "";
    if (municipality)
        snprintf(place, sizeof place, " of %06" PRIu32, municipality);
    fail(EXIT_FAILED,
        "the books do not hold what was sent: %s%s grew by %" PRIu64 ", and %" PRIu64
        " was answered. Did anyone else write to this ledger?",
        what, place, daemon, ours);
}

struct expected {
    uint64_t accounts, issued, held, donated;
};

static struct expected expected_of(const struct answers *answers, uint32_t home)
{
    return (struct expected){
        .accounts = answers_count(answers, home, OPEN),
        .issued = answers_count(answers, home, START) * kind_points[START] +
                  answers_count(answers, home, AWARD) * kind_points[AWARD],
        .held = answers_count(answers, home, CONVERT) * kind_points[CONVERT],
        .donated = answers_count(answers, home, DONATE) * kind_points[DONATE],
    };
}

static void compare_books(uint32_t municipality, const Points__V1__Books *now, const Points__V1__Books *before,
    const struct expected *expected)
{
    same("issued", municipality, now->issued - before->issued, expected->issued);
    same("balances", municipality, now->balances - before->balances,
        expected->issued - expected->held - expected->donated);
    same("held", municipality, now->held - before->held, expected->held);
    same("donated", municipality, now->donated - before->donated, expected->donated);
    same("converted", municipality, now->converted - before->converted, 0);
    same("expired", municipality, now->expired - before->expired, 0);
    same("forfeited", municipality, now->forfeited - before->forfeited, 0);
    same("reversed", municipality, now->reversed - before->reversed, 0);
    same("fees", municipality, now->fees - before->fees, 0);
}

static struct expected compare_municipalities(const struct answers *answers, const Points__V1__TrialBalanceReply *now,
    const Points__V1__TrialBalanceReply *before)
{
    struct expected total = {0};
    same("the number of municipalities", 0, now->n_municipalities, answers->plan->home_count);
    for (uint32_t home = 0; home < answers->plan->home_count; home++) {
        struct expected expected = expected_of(answers, home);
        const Points__V1__MunicipalityBooks *row = now->municipalities[home], *then = before->municipalities[home];
        same("the code of a municipality", 0, row->municipality, answers->plan->homes[home]);
        same("accounts", row->municipality, row->accounts - then->accounts, expected.accounts);
        compare_books(row->municipality, row->books, then->books, &expected);
        total.issued += expected.issued;
        total.held += expected.held;
        total.donated += expected.donated;
    }
    return total;
}

void books_compare(struct office *office, const struct answers *answers, const struct weeks *weeks, bool mixed,
    const Points__V1__TrialBalanceReply *before)
{
    const struct plan *plan = answers->plan;
    Points__V1__Response *response = office_trial_balance(office);
    const Points__V1__TrialBalanceReply *now = response->trial_balance;
    same("the number of transactions", 0, now->last_sequence - before->last_sequence,
        answers->transactions + office->transactions + weeks->moves);
    struct expected total = compare_municipalities(answers, now, before);
    compare_books(0, now->total, before->total, &total);
    uint64_t issued = office_issued_points(office, plan->quest);
    if (mixed) {
        issued += office_issued_points(office, plan->start_quest);
        same("the donations for the purpose", 0, office_donated_points(office, plan->purpose), total.donated);
    }
    same("what the quests issued", 0, issued, total.issued);
    client_free_response(response);
}
