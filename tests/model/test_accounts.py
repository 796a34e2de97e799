"""Tests of the model's accounts: closed, frozen, and merged without anybody earning twice."""
import random

import pytest

import model as rules
from history import jst
from pointsclient import transaction as tx
from world import (A, B, DAY, EBETSU, MONDAY, OTARU, SAPPORO, applied, award, body, define, give, go, make_model, merge,
                   outcomes, request, rich, submit)

C, NOBODY = b"C" * 16, b"?" * 16


def closing(account=A):
    return body("close_account", account=account)


def freeze(account=A, reason=""):
    return body("freeze_account", account=account, reason=reason)


def unfreeze(account=A):
    return body("unfreeze_account", account=account)


# ---- closing

def test_a_closed_account_forfeits_its_balance():
    model = rich(make_model())
    applied(model, body("move_account", account=A, municipality=OTARU))
    before = model.account(A)["last"]
    assert submit(model, closing()) == [("APPLIED", 1_000, 0, before)]
    assert model.books()[OTARU] == dict.fromkeys(model.books()[OTARU], 0) | {"forfeited": 1_000}
    assert model.totals()["issued"] == 2_000 and model.books()[SAPPORO]["accounts"] == 1
    found = model.account(A)
    assert (found["status"], found["balance"], found["merged_into"], found["progress"][1][0]) == ("CLOSED", 0, b"", 1)


def test_nothing_is_done_with_a_closed_account():
    model = rich(make_model())
    assert outcomes(model, closing(NOBODY), closing(), closing()) == ["ACCOUNT_UNKNOWN", "APPLIED", "ACCOUNT_CLOSED"]
    last = model.account(A)["last"]
    everything = [body("award", account=A, quest=9, occurred_at=0), give(points=0, home=OTARU), request(A, 0), freeze(),
                  body("move_account", account=A, municipality=1), unfreeze(), merge(A, B), closing()]
    assert [o[0] for o in submit(model, *everything)] == ["ACCOUNT_CLOSED"] * len(everything)
    assert outcomes(model, body("open_account", account=A, municipality=SAPPORO), merge(B, A)) == [
        "ACCOUNT_EXISTS", "ACCOUNT_CLOSED"]
    assert [e["sequence"] for e in model.statement(A)][:10] == list(range(last + 9, last - 1, -1))
    assert model.account(B)["last"] == last + 10


def test_a_pending_conversion_keeps_an_account_open():
    model = rich(make_model())
    asked = request(A, 10)
    assert outcomes(model, asked, closing(), body("refuse_conversion", conversion=asked.id), closing()) == [
        "APPLIED", "CONVERSION_PENDING", "APPLIED", "APPLIED"]
    assert model.totals()["forfeited"] == 1_000


# ---- freezing

def test_a_frozen_account_earns_and_spends_nothing():
    model = rich(make_model())
    asked, other = request(A, 10), request(A, 20)
    assert outcomes(model, unfreeze(), asked, other, freeze(reason="疑い"), freeze()) == [
        "ACCOUNT_NOT_FROZEN", "APPLIED", "APPLIED", "APPLIED", "ACCOUNT_FROZEN"]
    assert outcomes(model, give(points=0, home=OTARU), request(A, 0), closing(), merge(A, B), merge(B, A), merge(A, A)) == [
        "ACCOUNT_FROZEN"] * 6
    assert outcomes(model, body("settle_conversion", conversion=asked.id), body("refuse_conversion", conversion=other.id),
                    body("move_account", account=A, municipality=OTARU)) == ["APPLIED"] * 3
    go(model, MONDAY)
    assert award(model, MONDAY) == "APPLIED"
    assert (model.account(A)["status"], model.account(A)["balance"]) == ("FROZEN", 1_990)
    assert model.books()[OTARU]["accounts"] == 1
    assert outcomes(model, unfreeze(), unfreeze(), give(home=OTARU), freeze(NOBODY), unfreeze(NOBODY)) == [
        "APPLIED", "ACCOUNT_NOT_FROZEN", "APPLIED", "ACCOUNT_UNKNOWN", "ACCOUNT_UNKNOWN"]


# ---- merging

def test_merge_checks_in_order():
    model = rich(make_model())
    applied(model, body("open_account", account=C, municipality=EBETSU), closing(C), freeze(B))
    assert outcomes(model, merge(A, NOBODY), merge(NOBODY, A), merge(C, NOBODY), merge(A, C), merge(C, B), merge(B, C),
                    merge(A, B), merge(B, B), merge(A, A)) == [
                        "ACCOUNT_UNKNOWN", "ACCOUNT_UNKNOWN", "ACCOUNT_UNKNOWN", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED",
                        "ACCOUNT_CLOSED", "ACCOUNT_FROZEN", "ACCOUNT_FROZEN", "MERGE_INVALID"]


def test_a_merge_takes_over_points_and_conversions():
    model = rich(make_model())
    pending, settled = request(B, 100), request(B, 30)
    applied(model, body("move_account", account=A, municipality=OTARU), pending, settled,
            body("settle_conversion", conversion=settled.id))
    last, other = model.account(A)["last"], model.account(B)["last"]
    assert submit(model, merge()) == [("APPLIED", 870, 0, last)]
    at = model.sequence
    assert model.books()[OTARU] | {"accounts": 0} == dict.fromkeys(model.books()[OTARU], 0) | {"balances": 1_870, "held": 100}
    assert model.books()[SAPPORO]["accounts"] == 0 and model.books()[OTARU]["accounts"] == 1
    assert [row[1:5] for row in model.pending()] == [(pending.id, A, SAPPORO, 100)]
    assert {n: model.account(B)[n] for n in ("status", "merged_into", "balance", "held", "last", "progress")} == {
        "status": "MERGED", "merged_into": A, "balance": 0, "held": 0, "last": other, "progress": {}}
    assert outcomes(model, closing(A), merge(A, B), award_of(B)) == ["CONVERSION_PENDING", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED"]
    assert submit(model, body("refuse_conversion", conversion=pending.id)) == [("APPLIED", 100, 0, at + 2)]
    assert model.account(A)["balance"] == 1_970 and model.account(B)["last"] == at + 3


def award_of(account):
    return body("award", account=account, quest=1, occurred_at=0)


def test_progress_adds_up():
    """The periods that either had are had; cap and campaign's cap count both."""
    model = make_model()
    applied(model, body("define_campaign", campaign=1, name="c", cap_points=650), body("set_budget", campaign=1, points=2_000),
            *(body("open_account", account=a, municipality=SAPPORO) for a in (A, B, C)))
    define(model, 1, campaign=1, cap_points=350, times=2)
    define(model, 2, campaign=1)
    first = model.time
    assert award(model, first) == award(model, first, B) == award(model, first, B, 2) == "APPLIED"
    applied(model, merge())
    assert award(model, first) == award(model, first, quest=2) == "ALREADY_AWARDED"
    week = rules.week_of(rules.day_of(first))
    assert model.account(A)["progress"] == {1: (2, 200, week), 2: (1, 100, week)}
    go(model, MONDAY)
    assert [award(model, MONDAY) for _ in range(2)] == ["APPLIED", "CAP_REACHED"]
    assert award(model, MONDAY, quest=2) == "APPLIED"
    go(model, MONDAY + 7 * DAY)
    assert award(model, MONDAY + 7 * DAY, quest=2) == "APPLIED"
    go(model, MONDAY + 14 * DAY)
    assert award(model, MONDAY + 14 * DAY, quest=2) == "CAP_REACHED"  # 600 of 650
    assert model.campaign(1)["residents"] == 2


def test_awards_of_a_period_may_pass_times():
    model = make_model()
    applied(model, *(body("open_account", account=a, municipality=SAPPORO) for a in (A, B)))
    define(model, times=3)
    assert [award(model, model.time, a) for a in (A, A, B, B)] == ["APPLIED"] * 4
    applied(model, merge())
    assert award(model, model.time) == "ALREADY_AWARDED"
    assert model.account(A)["progress"][1][:2] == (4, 400)


@pytest.mark.parametrize("at, day, month", [
    (jst(2021, 11, 20), 200, 200),  # the same day as B's
    (jst(2021, 11, 19), 100, 200),  # the same month: of the days, the newer counts
    (jst(2021, 10, 31), 100, 100)])
def test_limits_of_merged_accounts(at, day, month):
    """A asks for 100 points, B for 100 on 20 November, and they are merged: so much counts for A's day and month."""
    model = make_model(time=jst(2021, 10, 25), policies=[(tx.CONVERSION_OPENS_AT, 0)])
    define(model, points=1_000, first_day=0)
    applied(model, *(body("open_account", account=a, municipality=SAPPORO) for a in (A, B)))
    assert award(model, model.time) == award(model, model.time, B) == "APPLIED"
    go(model, at)
    first, second = request(A, 100), request(B, 100)
    applied(model, first)
    go(model, jst(2021, 11, 20))
    applied(model, second, merge())
    limits = lambda of_day, of_month: applied(
        model, body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=of_day),
        body("set_policy", policy=tx.CONVERSION_MONTH_MAX_POINTS, value=of_month))
    limits(day, 0)
    assert outcomes(model, request(A, 1)) == ["LIMIT_REACHED"]
    limits(0, month)
    assert outcomes(model, request(A, 1)) == ["LIMIT_REACHED"]
    applied(model, body("refuse_conversion", conversion=second.id))
    limits(day, month)
    assert outcomes(model, request(A, 101), request(A, 100)) == ["LIMIT_REACHED", "APPLIED"]


@pytest.mark.parametrize("seed", range(5))
def test_merging_earns_nobody_more(seed):
    """Whoever is merged into whom, and awarded before and after: nobody is awarded more than one person could be, save in
    periods and caps that both had used before they were one."""
    chance, model = random.Random(seed), make_model()
    accounts = [bytes([n]) * 16 for n in range(1, 9)]
    define(model, cap_points=600, period=tx.DAILY, grace_s=3 * DAY)
    applied(model, *(body("open_account", account=a, municipality=SAPPORO) for a in accounts))
    one = {a: {a} for a in accounts}                   # who is one person by now
    had = {a: {} for a in accounts}                    # {day: awards} of the person
    for _ in range(150):
        now = model.next_time()
        account = chance.choice(accounts)
        if chance.random() < 0.05:
            merged = chance.choice(accounts)
            code = outcomes(model, merge(account, merged))[0]
            if code == "APPLIED":
                one[account] |= one.pop(merged)
                for day, count in had.pop(merged).items():
                    had[account][day] = had[account].get(day, 0) + count
            continue
        at = now - chance.randrange(3 * DAY)
        day = rules.day_of(at)
        code = award(model, at, account)
        if code == "APPLIED":
            assert had[account].get(day, 0) == 0 and sum(had[account].values()) < 6
            had[account][day] = 1
        elif code in ("ALREADY_AWARDED", "CAP_REACHED"):
            assert had[account].get(day, 0) or sum(had[account].values()) >= 6
        else:
            assert code == ("ACCOUNT_CLOSED" if account not in one else "QUEST_CLOSED")
        if chance.random() < 0.3:
            go(model, now + chance.randrange(DAY))
    assert 1 < len(one) < len(accounts)
    for account, days in had.items():
        assert model.account(account)["balance"] == 100 * sum(days.values())
        assert model.account(account)["progress"].get(1, (0,))[0] == sum(days.values())
