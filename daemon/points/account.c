#include "points/account.h"
#include "points/memory.h"
#include "points/rules.h"
#include "points/state.h"

struct account *account_get(const struct accounts *accounts, const uint8_t id[ID_BYTES])
{
    uint64_t position = id_map_get(&accounts->ids, id);
    return position ? &accounts->all[position - 1] : NULL;
}

bool account_known(struct turn *turn)
{
    return turn->account != NULL;
}

bool account_open(struct turn *turn)
{
    (void)turn; // no transaction closes an account yet
    return true;
}

bool account_new(struct turn *turn)
{
    return turn->account == NULL;
}

static uint32_t municipality_named(const Points__V1__Transaction *transaction)
{
    return transaction->body_case == TRANSACTION(OPEN_ACCOUNT) ? transaction->open_account->municipality
                                                               : transaction->move_account->municipality;
}

bool account_municipality_known(struct turn *turn)
{
    turn->municipality = state_municipality(turn->state, municipality_named(turn->transaction));
    return turn->municipality >= 0;
}

uint64_t account_apply_open(struct turn *turn)
{
    struct accounts *accounts = &turn->state->accounts;
    accounts->all = memory_grow(accounts->all, accounts->count, &accounts->capacity, sizeof *accounts->all);
    turn->account = &accounts->all[accounts->count++];
    *turn->account = (struct account){.municipality = (uint8_t)turn->municipality};
    id_map_add(&accounts->ids, turn->transaction->open_account->account.data, accounts->count);
    books_account_opened(&turn->state->books, (unsigned)turn->municipality);
    return 0;
}

uint64_t account_apply_move(struct turn *turn)
{
    struct account *account = turn->account;
    books_account_moved(&turn->state->books, account, (unsigned)turn->municipality);
    account->municipality = (uint8_t)turn->municipality;
    return 0;
}
