"""Tests of the model's lots, reversals and settlements, with a calendar of their own."""
import pytest

import model as rules
from history import jst
from lots import NEVER, last_day_of
from pointsclient import transaction as tx
from world import (A, B, DAY, EBETSU, OTARU, SAPPORO, START, TODAY, WEEK, a_quest, applied, award, body, change, define, give,
                   go, make_model, outcomes, programme, request, reverse, submit)

C, NOBODY = b"C" * 16, b"?" * 16


def expiry(kind, value=0):
    return tx.Expiry(kind=kind, value=value)


def settle(to_day, municipality=SAPPORO, purpose=1, reference="振込 1"):
    return body("settle_donations", municipality=municipality, purpose=purpose, to_day=to_day, reference=reference)


def earn(account=A, quest=1):
    """An award of now."""
    return body("award", account=account, quest=quest, occurred_at=0)


def at(day, second=0):
    return rules.day_start(day) + second


def stocked(*lots, never=0):
    """A model in which A has points of quests 11, 12, ...: of each (days from today until the last, points); and `never`
    of quest 10, which never expire. Conversions are open."""
    model = programme(make_model())
    applied(model, body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
    for number, (days, points) in enumerate(lots, 11):
        define(model, number, points=points, period=tx.DAILY, expiry=expiry(tx.AFTER_DAYS, days))
        assert award(model, model.time, quest=number) == "APPLIED"
    if never:
        define(model, 10, points=never, period=tx.DAILY)
        assert award(model, model.time, quest=10) == "APPLIED"
    return model


def lots(model, account=A):
    """{days from the first: points}."""
    return {day - TODAY: points for day, points in model.lots(account)}


def balance(model, account=A):
    return model.account(account)["balance"]


# ---- the last day

def naive(year, month, day):
    """The number of a day, counted month by month."""
    leap = lambda y: y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
    lengths = lambda y: (31, 28 + leap(y), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return sum(365 + leap(y) for y in range(1970, year)) + sum(lengths(year)[:month - 1]) + min(day, lengths(year)[month - 1]) - 1


@pytest.mark.parametrize("on, months, last", [
    ((2021, 11, 1), 1, (2021, 12, 1)), ((2022, 1, 31), 1, (2022, 2, 28)), ((2024, 1, 31), 1, (2024, 2, 29)),
    ((2024, 1, 30), 1, (2024, 2, 29)), ((2024, 2, 29), 12, (2025, 2, 28)), ((2024, 2, 29), 48, (2028, 2, 29)),
    ((2023, 2, 28), 12, (2024, 2, 28)), ((2022, 3, 31), 1, (2022, 4, 30)), ((2021, 12, 31), 2, (2022, 2, 28)),
    ((2021, 12, 1), 1, (2022, 1, 1)), ((2021, 1, 1), 11, (2021, 12, 1)), ((2021, 5, 31), 120, (2031, 5, 31)),
    ((2096, 2, 29), 48, (2100, 2, 28)), ((2099, 12, 31), 2, (2100, 2, 28)), ((9999, 12, 31), 2, (10_000, 2, 29)),
    ((9999, 1, 30), 120, (10_009, 1, 30))])
def test_months(on, months, last):
    assert last_day_of(a_quest(expiry=expiry(tx.AFTER_MONTHS, months)), naive(*on)) == naive(*last)


def test_every_day_of_some_years_by_months():
    day = naive(2023, 1, 1)
    for year in (2023, 2024):
        for month in range(1, 13):
            for date in range(1, naive(year, month, 31) - naive(year, month, 1) + 2):
                for months in (1, 2, 13, 25):
                    total = month - 1 + months
                    assert last_day_of(a_quest(expiry=expiry(tx.AFTER_MONTHS, months)), day) == naive(
                        year + total // 12, total % 12 + 1, date)
                fiscal = year if month > 3 else year - 1
                for value in (0, 1):
                    assert last_day_of(a_quest(expiry=expiry(tx.END_OF_FISCAL_YEAR, value)), day) == naive(
                        fiscal + 1 + value, 3, 31)
                day += 1


@pytest.mark.parametrize("kind, value, last", [
    (tx.ON_DAY, TODAY + 100, TODAY + 100), (tx.ON_DAY, TODAY - 1, TODAY), (tx.AFTER_DAYS, 1, TODAY + 1),
    (tx.AFTER_DAYS, 3_660, TODAY + 3_660), (tx.END_OF_FISCAL_YEAR, 0, naive(2022, 3, 31)),
    (tx.END_OF_FISCAL_YEAR, 1, naive(2023, 3, 31))])
def test_other_kinds(kind, value, last):
    assert last_day_of(a_quest(expiry=expiry(kind, value)), TODAY) == last
    assert last_day_of(a_quest(), TODAY) is NEVER


@pytest.mark.parametrize("kind, value", [
    (tx.EXPIRY_NONE, 0), (tx.EXPIRY_NONE, 1), (tx.ON_DAY, 0), (tx.ON_DAY, TODAY + 99), (tx.ON_DAY, 2_932_897),
    (tx.AFTER_DAYS, 0), (tx.AFTER_DAYS, 3_661), (tx.AFTER_MONTHS, 0), (tx.AFTER_MONTHS, 121),
    (tx.END_OF_FISCAL_YEAR, 2)])
def test_invalid_expiry(kind, value):
    model = make_model()
    define(model, 2)
    wrong = a_quest(1, expiry=expiry(kind, value))
    assert outcomes(model, body("define_quest", **{f.name: v for f, v in wrong.ListFields()}),
                    change(2, expiry=expiry(kind, value))) == ["QUEST_INVALID"] * 2


@pytest.mark.parametrize("kind, value", [
    (tx.ON_DAY, TODAY + 100), (tx.ON_DAY, 2_932_896), (tx.AFTER_DAYS, 1), (tx.AFTER_DAYS, 3_660), (tx.AFTER_MONTHS, 1),
    (tx.AFTER_MONTHS, 120), (tx.END_OF_FISCAL_YEAR, 0), (tx.END_OF_FISCAL_YEAR, 1)])
def test_valid_expiry(kind, value):
    model = make_model()
    define(model, 1, expiry=expiry(kind, value))
    applied(model, change(1), change(1, expiry=expiry(kind, value)))


def test_the_day_is_that_of_block_time_and_of_the_definition_then():
    model = programme(make_model())
    define(model, 2, period=tx.DAILY, grace_s=WEEK, expiry=expiry(tx.AFTER_DAYS, 10))
    go(model, START + 3 * DAY)
    assert award(model, START, quest=2) == "APPLIED"
    applied(model, change(2, period=tx.DAILY, grace_s=WEEK, expiry=expiry(tx.AFTER_DAYS, 20)))
    assert lots(model) == {13: 100}
    assert award(model, START + DAY, quest=2) == "APPLIED"
    applied(model, change(2, period=tx.DAILY, grace_s=WEEK))
    assert award(model, START + 2 * DAY, quest=2) == "APPLIED"
    assert (lots(model), balance(model)) == ({13: 100, 23: 100}, 300)


# ---- expiring

def test_points_expire_with_the_last_second_of_their_day():
    model = stocked((2, 100), never=50)
    go(model, at(TODAY + 3, -1))
    assert submit(model, give(150))[0][:3] == ("APPLIED", 150, 0)
    model = stocked((2, 100), never=50)
    go(model, at(TODAY + 3))
    before = model.account(A)["last"]
    assert model.expiry() == [(TODAY + 2, SAPPORO, 100, False)]
    refused, given = give(51), give(50)
    assert submit(model, refused, given) == [("BALANCE_INSUFFICIENT", 0, 100, before),
                                             ("APPLIED", 50, 0, model.sequence - 1)]
    assert model.expiry() == [(TODAY + 2, SAPPORO, 100, True)]
    assert model.totals()["expired"] == 100 and lots(model) == {}


def test_expiry_is_said_once_at_the_next_touch():
    model = stocked((1, 10), (2, 20), (3, 30), never=5)
    spent = give(1, home=OTARU)
    applied(model, body("open_account", account=C, municipality=SAPPORO))
    outcomes(model, spent)
    go(model, at(TODAY + 2))
    applied(model, body("freeze_account", account=B))      # a block; A is not touched
    assert (balance(model), model.totals()["expired"]) == (55, 10)
    go(model, at(TODAY + 3))
    other = give(2)
    other.id = spent.id
    assert [o[2] for o in submit(model, spent, other, earn(C), earn(NOBODY), earn(), earn())] == [0, 0, 0, 0, 30, 0]
    assert model.expiry() == [(TODAY + 1, SAPPORO, 10, True), (TODAY + 2, SAPPORO, 20, True), (TODAY + 3, SAPPORO, 30, False)]
    assert model.expiry(from_day=TODAY + 2, to_day=TODAY + 2) == [(TODAY + 2, SAPPORO, 20, True)]
    assert model.expiry(municipality=OTARU) == []


def test_an_envelope_without_anything_new_expires_nothing():
    model = stocked((1, 10))
    done = body("freeze_account", account=B)
    applied(model, done)
    applied(model, body("set_time", time=at(TODAY + 2)))
    assert submit(model, done)[0][0] == "DUPLICATE" and balance(model) == 10
    applied(model, body("unfreeze_account", account=B))
    assert balance(model) == 0


@pytest.mark.parametrize("touch", ["open_account", "move_account", "close_account", "freeze_account", "unfreeze_account",
                                   "merge_accounts", "request_conversion"])
def test_everything_that_touches_says_it(touch):
    model = stocked((1, 10))
    go(model, at(TODAY + 2))
    fields = {"open_account": {"municipality": SAPPORO}, "move_account": {"municipality": 5}, "merge_accounts": {"merged": NOBODY},
              "request_conversion": {"points": 10}}.get(touch, {})
    assert submit(model, body(touch, account=A, **fields))[0][2] == 10


def test_expiry_belongs_to_the_home_at_that_moment_and_frozen_accounts_expire_too():
    model = stocked((1, 10), (2, 20))
    applied(model, body("move_account", account=A, municipality=OTARU), body("freeze_account", account=A))
    assert model.expiry() == [(TODAY + 1, OTARU, 10, False), (TODAY + 2, OTARU, 20, False)]
    go(model, at(TODAY + 2))
    assert submit(model, body("move_account", account=A, municipality=EBETSU))[0][2] == 10
    go(model, at(TODAY + 3))
    applied(model, body("move_account", account=A, municipality=SAPPORO))
    assert model.expiry() == [(TODAY + 1, OTARU, 10, True), (TODAY + 2, EBETSU, 20, True)]
    assert (model.books()[OTARU]["expired"], model.books()[EBETSU]["expired"]) == (10, 20)


def test_a_closed_account_forfeits_its_lots():
    model = stocked((1, 10), (5, 20), never=3)
    go(model, at(TODAY + 2))
    assert submit(model, body("close_account", account=A))[0][:3] == ("APPLIED", 23, 10)
    go(model, at(TODAY + 20))
    applied(model, body("freeze_account", account=B))
    assert model.totals()["expired"] == 10 and lots(model) == {}


# ---- spending

def test_the_earliest_is_spent_first_and_what_never_expires_last():
    model = stocked((9, 10), (3, 20), (6, 30), never=40)
    for points, left in ((5, {3: 15, 6: 30, 9: 10}), (20, {6: 25, 9: 10}), (36, {})):
        applied(model, give(points))
        assert lots(model) == left
    assert balance(model) == 39


def test_lots_of_one_day_are_one():
    model = stocked((3, 20), (3, 10))
    assert lots(model) == {3: 30}


def test_a_conversion_refused_in_time_gives_back_its_lots():
    model = stocked((3, 20), (6, 30), never=40)
    held = request(A, 60)
    applied(model, held)
    assert (lots(model), balance(model), model.account(A)["held"]) == ({}, 30, 60)
    go(model, at(TODAY + 4, -1))
    applied(model, body("refuse_conversion", conversion=held.id))
    assert (lots(model), balance(model)) == ({3: 20, 6: 30}, 90)


def test_held_points_do_not_expire_and_come_back_with_a_grace():
    model = stocked((3, 20), (6, 30), never=40)
    held, gone = request(A, 60), request(A, 10)
    applied(model, held, gone)
    go(model, at(TODAY + 4))
    applied(model, body("set_policy", policy=tx.REFUND_GRACE_DAYS, value=5))
    assert submit(model, body("refuse_conversion", conversion=held.id))[0][:3] == ("APPLIED", 60, 0)
    assert (lots(model), balance(model)) == ({6: 30, 9: 20}, 80)
    applied(model, body("set_policy", policy=tx.REFUND_GRACE_DAYS, value=0), body("settle_conversion", conversion=gone.id))
    model.assert_books()
    held = request(A, 50)
    applied(model, held)
    go(model, at(TODAY + 12))
    applied(model, reverse(held))
    assert lots(model) == {12: 50}
    go(model, at(TODAY + 13))
    assert submit(model, earn())[0][2] == 50


def test_a_merge_unites_lots_and_what_is_not_said_yet():
    model = stocked((1, 10), (5, 20), never=3)
    held = request(A, 15)
    assert [award(model, model.time, B, quest) for quest in (11, 12, 10)] == ["APPLIED"] * 3
    applied(model, held)
    assert lots(model) == {5: 15}
    go(model, at(TODAY + 2))
    assert submit(model, body("merge_accounts", account=A, merged=B))[0][:3] == ("APPLIED", 23, 10)
    assert (lots(model), lots(model, B), balance(model)) == ({5: 35}, {}, 41)
    assert submit(model, body("move_account", account=A, municipality=OTARU),
                  body("refuse_conversion", conversion=held.id))[1][:3] == ("APPLIED", 15, 0)
    assert lots(model) == {5: 40, 32: 10}
    assert model.expiry() == [(TODAY + 1, SAPPORO, 10, True), (TODAY + 5, OTARU, 40, False), (TODAY + 32, OTARU, 10, False)]
    assert submit(model, earn(B))[0][2] == 0


def test_a_refused_merge_says_only_what_the_account_lost():
    model = stocked((1, 10))
    assert award(model, model.time, B, 11) == "APPLIED"
    applied(model, body("freeze_account", account=B))
    go(model, at(TODAY + 2))
    assert [o[:3] for o in submit(model, body("merge_accounts", account=A, merged=B), earn(B))] == [
        ("ACCOUNT_FROZEN", 0, 10), ("QUEST_CLOSED", 0, 10)]


# ---- reversal of awards

def test_who_may_reverse_and_settle():
    model = stocked((5, 10))
    for wrong in (("operator-1",), ("operator-1", "app"), ("app", "waon", "auditor")):
        for asked in (reverse(NOBODY), settle(0)):
            with pytest.raises(rules.Refused, match="NOT_PERMITTED"):
                outcomes(model, asked, by=wrong)
    assert outcomes(model, reverse(NOBODY), settle(0), by=("operator-1", "operator-2")) == [
        "REVERSAL_UNKNOWN", "NOTHING_TO_SETTLE"]


def test_a_reversed_award_is_taken_from_its_own_lot_first():
    model = stocked((9, 10), (3, 20), never=40)
    done = body("award", account=A, quest=11, occurred_at=START + DAY)
    go(model, START + DAY)
    applied(model, done)
    before = model.account(A)["last"]
    assert lots(model) == {3: 20, 9: 10, 10: 10}
    assert submit(model, reverse(done)) == [("APPLIED", 10, 0, before)]
    assert (lots(model), balance(model)) == ({3: 20, 9: 10}, 70)
    assert model.quests[11]["issued"] == 10 and model.quest_reversals(11) == (10, 0)
    assert model.account(A)["progress"][11][:2] == (2, 10)
    assert model.quest_totals(11)["municipalities"] == {SAPPORO: [1, 2, 20]}
    assert model.books()[SAPPORO]["issued"] == 80 and model.books()[SAPPORO]["reversed"] == 10
    assert outcomes(model, reverse(done)) == ["ALREADY_REVERSED"]
    assert award(model, START + DAY, quest=11) == "ALREADY_AWARDED"


def test_a_reversal_takes_the_rest_in_the_order_of_spending():
    model = stocked((9, 50), (3, 20), (12, 5), never=40)
    applied(model, give(60))       # 20 of day 3 and 40 of day 9
    first = next(i for i, a in model.awarded.items() if a["quest"] == 11)
    assert submit(model, reverse(first))[0][:2] == ("APPLIED", 50)
    assert (lots(model), balance(model)) == ({}, 5)


def test_a_reversal_of_what_never_expires_takes_that_first():
    model = stocked((9, 10), (3, 20), never=40)
    last = next(i for i, a in model.awarded.items() if a["quest"] == 10)
    applied(model, give(20), reverse(last))
    assert (lots(model), balance(model)) == ({9: 10}, 10)
    applied(model, change(11, points=10, period=tx.DAILY))
    first = next(i for i, a in model.awarded.items() if a["quest"] == 11)
    assert submit(model, reverse(first))[0][1] == 10    # by the definition of now from what never expires: nothing there
    assert balance(model) == 0


def test_the_definition_of_now_says_from_which_lot():
    model = stocked((9, 10), (3, 20))
    applied(model, change(12, points=20, period=tx.DAILY, expiry=expiry(tx.AFTER_DAYS, 9)))
    second = next(i for i, a in model.awarded.items() if a["quest"] == 12)
    applied(model, reverse(second))
    assert lots(model) == {3: 10}


def test_a_shortfall_stays_and_budgets_get_back_only_what_was_taken():
    model = stocked((9, 50))
    applied(model, give(30))
    first = next(iter(model.awarded))
    assert submit(model, reverse(first))[0][:2] == ("APPLIED", 20)
    assert model.quest_reversals(11) == (20, 30) and model.quests[11]["issued"] == 30
    assert outcomes(model, body("set_budget", quest=11, points=29), body("set_budget", quest=11, points=30)) == [
        "BUDGET_BELOW_ISSUED", "APPLIED"]
    model = stocked((2, 50))
    go(model, at(TODAY + 3))
    assert submit(model, reverse(next(iter(model.awarded))))[0][:3] == ("APPLIED", 0, 50)
    assert model.quest_reversals(11) == (0, 50) and model.totals()["expired"] == 50


def test_caps_of_quest_and_campaign_have_room_again():
    model = programme(make_model())
    applied(model, body("define_campaign", campaign=1, name="c", cap_points=100), body("set_budget", campaign=1, points=200))
    for number in (2, 3):
        define(model, number, campaign=1, period=tx.DAILY, cap_points=100, times=2, residents_max=1)
    done = body("award", account=A, quest=2, occurred_at=START)
    applied(model, done)
    assert award(model, START, quest=2) == award(model, START, quest=3) == "CAP_REACHED"
    applied(model, reverse(done))
    assert model.campaign(1)["issued"] == 0 and model.campaign(1)["residents"] == 1
    assert award(model, START, B, 2) == "RESIDENTS_FULL"
    assert award(model, START, quest=3) == "APPLIED"


def test_a_receipt_stays_used_and_the_bonus_had():
    step = tx.ReceiptTerms(steps=[tx.ReceiptStep(amount_yen=1, points=10)], bonus_municipalities=1, bonus_points=7)
    model = programme(make_model())
    define(model, 2, receipt=step, times=9)
    applied(model, body("register_shop", shop=1, name="s", municipality=SAPPORO))
    buy = lambda digest: body("award", account=A, quest=2, occurred_at=START, receipt=tx.Receipt(
        digest=digest * 32, shop=1, municipality=SAPPORO, amount_yen=5))
    first = buy(b"1")
    applied(model, first)
    assert submit(model, reverse(first))[0][:2] == ("APPLIED", 17)
    assert [o[:2] for o in submit(model, buy(b"1"), buy(b"2"))] == [("EVIDENCE_USED", 0), ("APPLIED", 10)]


# ---- what cannot be reversed

def test_refusals_of_reversals():
    model = stocked((9, 50), never=500)
    refused, given, held = give(9_999), give(10), request(A, 10)
    assert outcomes(model, refused, given, held) == ["BALANCE_INSUFFICIENT", "APPLIED", "APPLIED"]
    back = reverse(given)
    itself = reverse(b"")
    itself.reverse.target = itself.id
    opened = next(i for i, d in model.decided.items() if d["transaction"].WhichOneof("body") == "open_account")
    assert outcomes(model, reverse(NOBODY), itself, reverse(itself), reverse(refused), reverse(opened), back, reverse(given),
                    reverse(back), reverse(back)) == [
        "REVERSAL_UNKNOWN", "REVERSAL_UNKNOWN", "NOT_REVERSIBLE", "NOT_REVERSIBLE", "NOT_REVERSIBLE", "APPLIED",
        "ALREADY_REVERSED", "NOT_REVERSIBLE", "NOT_REVERSIBLE"]
    assert [o[3] for o in submit(model, reverse(given), reverse(NOBODY))] == [0, 0]
    applied(model, body("settle_conversion", conversion=held.id))
    assert outcomes(model, reverse(held)) == ["NOT_REVERSIBLE"]
    held, other = request(A, 10), request(A, 20)
    applied(model, held, body("refuse_conversion", conversion=held.id), other, reverse(other))
    assert outcomes(model, reverse(held), reverse(other), body("settle_conversion", conversion=other.id),
                    body("refuse_conversion", conversion=other.id)) == [
        "NOT_REVERSIBLE", "ALREADY_REVERSED", "CONVERSION_NOT_PENDING", "CONVERSION_NOT_PENDING"]


def test_everything_of_one_envelope_in_order():
    model = stocked((9, 50))
    given = give(10)
    assert outcomes(model, reverse(given), given, reverse(given), reverse(given)) == [
        "REVERSAL_UNKNOWN", "APPLIED", "APPLIED", "ALREADY_REVERSED"]


def test_a_closed_account_and_one_merged_into_a_closed_one():
    model = stocked((9, 50))
    given = give(10)
    applied(model, given, body("merge_accounts", account=B, merged=A))
    first, last = next(iter(model.awarded)), model.account(B)["last"]
    assert submit(model, reverse(first)) == [("APPLIED", 40, 0, last)]
    assert model.statement(B)[0]["sequence"] == model.sequence and len(model.statement(A)) == 3
    applied(model, body("freeze_account", account=B), body("unfreeze_account", account=B), body("close_account", account=B))
    assert outcomes(model, reverse(given), reverse(first)) == ["NOT_REVERSIBLE", "ALREADY_REVERSED"]


def test_a_frozen_account_can_be_reversed():
    model = stocked((9, 50))
    given = give(10)
    applied(model, given, body("freeze_account", account=A), reverse(given), reverse(next(iter(model.awarded))))
    assert balance(model) == 0 and model.totals()["reversed"] == 50


# ---- reversal of donations and conversions

def test_a_donation_comes_back_inside_the_window():
    for after, outcome in ((14, "APPLIED"), (15, "NOT_REVERSIBLE")):
        model = stocked((9, 50), (30, 50), never=1)
        given = give(70)
        applied(model, given, body("move_account", account=A, municipality=OTARU))
        go(model, at(TODAY + after))
        assert outcomes(model, reverse(given)) == [outcome]
    model = stocked((9, 50), (30, 50), never=1)
    given = give(70)
    applied(model, given, body("move_account", account=A, municipality=OTARU))
    go(model, at(TODAY + 14))
    assert submit(model, reverse(given))[0][:3] == ("APPLIED", 70, 0)
    assert (lots(model), balance(model)) == ({30: 50, 44: 50}, 101)
    assert model.books()[SAPPORO]["donated"] == 0 and model.books()[OTARU]["balances"] == 101
    row = lambda day: (day, SAPPORO, 1)
    assert model.donation_totals("DAY") == {row(TODAY): [1, 70, 0, 0, 1], row(TODAY + 14): [0, 0, 1, 70, 0]}
    assert model.donation_totals("DAY", by_original=True) == {row(TODAY): [1, 70, 1, 70, 1]}
    assert model.donation_totals("DAY", from_day=TODAY + 1) == {row(TODAY + 14): [0, 0, 1, 70, 0]}
    assert model.donation_totals("DAY", from_day=TODAY + 1, by_original=True) == {}


def test_the_window_is_that_of_the_day_it_was_given():
    model = stocked((30, 50))
    first, second = give(10), give(10)
    applied(model, body("set_policy", policy=tx.REVERSAL_DONATION_DAYS, value=0), first,
            body("set_policy", policy=tx.REVERSAL_DONATION_DAYS, value=366), second,
            body("set_policy", policy=tx.REVERSAL_DONATION_DAYS, value=0))
    go(model, at(TODAY + 1))
    assert outcomes(model, reverse(first), reverse(second)) == ["NOT_REVERSIBLE", "APPLIED"]


def test_a_reversed_conversion_no_longer_counts_for_limits():
    model = stocked((30, 500))
    applied(model, body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=100))
    held = request(A, 100)
    assert outcomes(model, held, request(A, 1), reverse(held), request(A, 100)) == [
        "APPLIED", "LIMIT_REACHED", "APPLIED", "APPLIED"]
    assert len(model.pending()) == 1


def test_policies():
    model = make_model()
    for policy, most in ((tx.REFUND_GRACE_DAYS, 3_660), (tx.REVERSAL_DONATION_DAYS, 366)):
        assert outcomes(model, body("set_policy", policy=policy, value=0), body("set_policy", policy=policy, value=most),
                        body("set_policy", policy=policy, value=most + 1)) == ["APPLIED", "APPLIED", "POLICY_INVALID"]


# ---- settlements

def test_refusals_of_settlements():
    model = stocked((90, 500))
    applied(model, give(10))
    assert outcomes(model, settle(TODAY, 5, 99), settle(TODAY, purpose=99), settle(TODAY), settle(2**32 - 1), settle(TODAY - 1),
                    settle(TODAY - 1, OTARU)) == [
        "MUNICIPALITY_UNKNOWN", "PURPOSE_UNKNOWN", "SETTLEMENT_INVALID", "SETTLEMENT_INVALID", "NOTHING_TO_SETTLE",
        "NOTHING_TO_SETTLE"]
    go(model, at(TODAY + 1))
    assert submit(model, settle(TODAY), settle(TODAY), settle(TODAY - 1)) == [
        ("APPLIED", 10, 0, 0), ("SETTLEMENT_INVALID", 0, 0, 0), ("SETTLEMENT_INVALID", 0, 0, 0)]
    assert model.totals()["donated"] == 10


def test_settlements_pay_what_is_open_up_to_a_day():
    model = stocked((90, 500))
    applied(model, give(10))
    go(model, at(TODAY + 1))
    applied(model, give(20))
    go(model, at(TODAY + 3))
    applied(model, give(40))
    assert submit(model, settle(TODAY))[0][1] == 10
    assert model.settlements_shown()[1] == {(SAPPORO, 1): 60}
    assert submit(model, settle(TODAY + 2, reference="振込 2"))[0][1] == 20
    assert [(s["sequence"], s["day"], s["to_day"], s["points"], s["reference"]) for s in model.settlements_shown()[0]] == [
        (model.sequence - 1, TODAY + 3, TODAY, 10, "振込 1"), (model.sequence, TODAY + 3, TODAY + 2, 20, "振込 2")]
    assert model.settlements_shown(municipality=OTARU) == model.settlements_shown(purpose=2) == ([], {})
    go(model, at(TODAY + 4))
    assert submit(model, settle(TODAY + 3))[0][1] == 40
    assert model.settlements_shown()[1] == {}


def test_what_is_reversed_after_it_was_paid_is_carried_into_the_next():
    model = stocked((90, 500))
    first, second = give(10), give(30)
    applied(model, first, second)
    go(model, at(TODAY + 1))
    applied(model, settle(TODAY), reverse(second))
    assert model.settlements_shown()[1] == {(SAPPORO, 1): -30}
    applied(model, give(25))
    go(model, at(TODAY + 2))
    assert outcomes(model, settle(TODAY + 1)) == ["NOTHING_TO_SETTLE"]
    applied(model, give(20))
    go(model, at(TODAY + 3))
    assert submit(model, settle(TODAY + 2))[0][1] == 15
    assert model.settlements_shown()[1] == {} and model.totals()["donated"] == 55


def test_a_reversed_donation_is_not_paid():
    model = stocked((90, 500))
    first, second = give(10), give(30)
    applied(model, first, second)
    go(model, at(TODAY + 1))
    applied(model, reverse(second))
    assert submit(model, settle(TODAY))[0][1] == 10


# ---- what may stand for what

def test_time_of_the_block_not_of_the_purchase_decides_on_day():
    model = programme(make_model())
    define(model, 2, last_day=TODAY + 6, grace_s=WEEK, expiry=expiry(tx.ON_DAY, TODAY + 8))
    go(model, jst(2021, 11, 12, 9))
    assert award(model, START, quest=2) == "APPLIED" and lots(model) == {11: 100}
