"""Points that expire, reversals, and donations paid out, on the real daemon: each answer stands here and agrees with the model."""
import pytest

import compare
import pointsclient as pc
from pointsclient import api
from pointsclient import transaction as tx
from test_programme import C, EBETSU, OTARU, Stage
from test_bad_input import SAPPORO
from world import A, B, DAY, TODAY, body


@pytest.fixture
def stage(scene):
    """Purpose 1; quest 1 never expires, 2 expires after 10 days, 3 after 3; 100 points each, once a day; conversions are open."""
    made = Stage(scene)
    for number, days in ((1, 0), (2, 10), (3, 3)):
        expiry = {"expiry": tx.Expiry(kind=tx.AFTER_DAYS, value=days)} if days else {}
        made.define(number, period=tx.DAILY, **expiry)
    made.applied(body("define_purpose", purpose=1, name="p", first_day=TODAY, last_day=TODAY + 400),
                 body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
    yield made
    made.compare()
    made.restart()
    made.compare()


def earn(stage, *quests, account=A):
    for quest in quests:
        assert stage.award(account, quest) == "APPLIED"


def days_pass(stage, days):
    stage.go(stage.model.time + days * DAY)


def shown(stage, account=A):
    """Balance, and the lots: (days from TODAY, points)."""
    got = stage.daemon.client("app").account(account)
    return got.balance_points, [(lot.last_day - TODAY, lot.points) for lot in got.lots]


def row(stage, *transactions):
    """(code, points, expired) of each."""
    reply = stage.scene.client.call(submit=stage.scene.signed(*transactions, by=("operator-1", "operator-2", "app", "waon")))
    compare.reply(reply, stage.scene.decide(*transactions, by=("operator-1", "operator-2", "app", "waon")))
    return [o[:3] for o in pc.outcome_rows(reply.outcomes)]


def give(points, account=A, home=SAPPORO):
    return body("donate", account=account, municipality=home, purpose=1, points=points)


def reverse(target):
    return body("reverse", target=target.id, reason="誤り")


def settle(to_day, home=SAPPORO):
    return body("settle_donations", municipality=home, purpose=1, to_day=to_day, reference="振込 1")


def books(stage):
    return stage.daemon.client("auditor").trial_balance().total


# ---- expiry

def test_the_last_day_is_the_last(stage):
    earn(stage, 1, 3)
    assert shown(stage) == (200, [(3, 100)])
    days_pass(stage, 3)
    assert row(stage, give(1)) == [("APPLIED", 1, 0)]
    days_pass(stage, 1)
    assert row(stage, give(200)) == [("BALANCE_INSUFFICIENT", 0, 99)]
    assert shown(stage) == (100, []) and books(stage).expired == 99
    assert row(stage, give(100)) == [("APPLIED", 100, 0)]


def test_books_know_before_the_account_is_touched(stage):
    earn(stage, 2, 3)
    earn(stage, 3, account=B)
    days_pass(stage, 4)
    earn(stage, 1, account=C)
    assert books(stage).expired == 200 and shown(stage) == (100, [(10, 100)])
    rows = stage.daemon.client("auditor").expiry()
    assert [(r.last_day - TODAY, r.municipality, r.points, r.expired) for r in rows] == [
        (3, SAPPORO, 100, True), (3, OTARU, 100, True), (10, SAPPORO, 100, False)]


def test_the_earliest_is_spent_first(stage):
    earn(stage, 1, 2, 3)
    assert row(stage, give(150)) == [("APPLIED", 150, 0)]
    assert shown(stage) == (150, [(10, 50)])
    assert row(stage, give(100)) == [("APPLIED", 100, 0)]
    assert shown(stage) == (50, [])


def test_lots_move_with_their_account(stage):
    earn(stage, 3)
    stage.applied(body("move_account", account=A, municipality=EBETSU))
    days_pass(stage, 4)
    earn(stage, 1, account=B)
    rows = {m.municipality: m.books for m in stage.daemon.client("auditor").trial_balance().municipalities}
    assert (rows[EBETSU].expired, rows[SAPPORO].expired, rows[SAPPORO].issued) == (100, 0, 100)


def test_a_merge_tells_what_expired_on_both(stage):
    earn(stage, 2, 3)
    earn(stage, 2, 3, account=B)
    days_pass(stage, 4)
    assert row(stage, body("merge_accounts", account=A, merged=B)) == [("APPLIED", 100, 200)]
    assert shown(stage) == (200, [(10, 200)])


def test_a_closed_account_loses_what_lives(stage):
    earn(stage, 2, 3)
    days_pass(stage, 4)
    assert row(stage, body("close_account", account=A)) == [("APPLIED", 100, 100)]
    days_pass(stage, 20)
    earn(stage, 1, account=B)
    assert (books(stage).expired, books(stage).forfeited) == (100, 100)


# ---- conversions and their lots

@pytest.mark.parametrize("days, balance, lots", [(2, 200, [(3, 100), (10, 100)]), (5, 200, [(10, 100), (35, 100)]),
                                                 (20, 200, [(50, 200)])])
def test_refused_points_return_to_their_lots_or_live_on_for_a_while(stage, days, balance, lots):
    earn(stage, 2, 3)
    asked = body("request_conversion", account=A, points=200)
    assert row(stage, asked) == [("APPLIED", 200, 0)]
    days_pass(stage, days)
    assert row(stage, body("refuse_conversion", conversion=asked.id)) == [("APPLIED", 200, 0)]
    assert shown(stage) == (balance, lots) and books(stage).expired == 0


# ---- reversals

def test_an_award_is_reversed_once(stage):
    earn(stage, 1, 2)
    award = body("award", account=A, quest=3, occurred_at=stage.model.time)
    assert row(stage, award) == [("APPLIED", 100, 0)]
    assert row(stage, reverse(award), reverse(award)) == [("APPLIED", 100, 0), ("ALREADY_REVERSED", 0, 0)]
    assert shown(stage) == (200, [(10, 100)])
    again = body("award", account=A, quest=3, occurred_at=stage.model.time)
    assert row(stage, again) == [("ALREADY_AWARDED", 0, 0)], "the period stays taken"
    assert stage.daemon.client("auditor").quest(3).reversed_points == 100


def test_a_reversed_award_that_was_spent_leaves_a_shortfall(stage):
    award = body("award", account=A, quest=3, occurred_at=stage.model.time)
    stage.applied(award, give(70))
    assert row(stage, reverse(award)) == [("APPLIED", 30, 0)]
    quest = stage.daemon.client("auditor").quest(3)
    assert (quest.issued_points, quest.reversed_points, quest.shortfall_points) == (70, 30, 70)
    assert shown(stage) == (0, [])


def test_budget_and_cap_come_back(stage):
    stage.define(4, budget=100, period=tx.DAILY, cap_points=100)
    award = lambda account=A: body("award", account=account, quest=4, occurred_at=stage.model.next_time())
    first = award()
    assert row(stage, first, reverse(first)) == [("APPLIED", 100, 0), ("APPLIED", 100, 0)]
    days_pass(stage, 1)
    assert row(stage, award(), award(B)) == [
        ("APPLIED", 100, 0), ("BUDGET_EXHAUSTED", 0, 0)]


def test_a_donation_is_reversed_inside_its_window_only(stage):
    earn(stage, 2, 3)
    gifts = give(150), give(10)
    assert row(stage, *gifts) == [("APPLIED", 150, 0), ("APPLIED", 10, 0)]
    days_pass(stage, 14)
    assert row(stage, reverse(gifts[0])) == [("APPLIED", 150, 40)]
    assert shown(stage) == (150, [(44, 150)])
    days_pass(stage, 1)
    assert row(stage, reverse(gifts[1])) == [("NOT_REVERSIBLE", 0, 0)]
    client = stage.daemon.client("auditor")
    rows = lambda **which: [(r.first_day - TODAY, r.donations, r.points, r.reversed_donations, r.reversed_points)
                            for r in client.donation_totals(api.DAY, **which)]
    assert rows() == [(0, 2, 160, 0, 0), (14, 0, 0, 1, 150)]
    assert rows(by_original=True) == [(0, 2, 160, 1, 150)]


def test_a_waiting_conversion_is_reversed_and_a_settled_one_is_not(stage):
    earn(stage, 1, 2)
    asked = [body("request_conversion", account=A, points=50) for _ in range(2)]
    stage.applied(*asked, body("settle_conversion", conversion=asked[0].id))
    assert row(stage, reverse(asked[0]), reverse(asked[1]), body("settle_conversion", conversion=asked[1].id)) == [
        ("NOT_REVERSIBLE", 0, 0), ("APPLIED", 50, 0), ("CONVERSION_NOT_PENDING", 0, 0)]


def test_what_cannot_be_reversed(stage):
    earn(stage, 1)
    opened = body("open_account", account=b"D" * 16, municipality=SAPPORO)
    refused = give(1_000)
    done = body("award", account=B, quest=1, occurred_at=stage.model.time)
    stage.applied(opened, done)
    undo = reverse(done)
    assert row(stage, refused, undo) == [("BALANCE_INSUFFICIENT", 0, 0), ("APPLIED", 100, 0)]
    assert row(stage, reverse(opened), reverse(refused), reverse(undo), reverse(give(1))) == [
        ("NOT_REVERSIBLE", 0, 0)] * 3 + [("REVERSAL_UNKNOWN", 0, 0)]
    last = body("award", account=C, quest=1, occurred_at=stage.model.time)
    stage.applied(last, body("close_account", account=C))
    assert row(stage, reverse(last)) == [("NOT_REVERSIBLE", 0, 0)]


def test_a_reversal_finds_the_merged_account_and_needs_two_operators(stage):
    award = body("award", account=B, quest=2, occurred_at=stage.model.time)
    stage.applied(award, body("merge_accounts", account=A, merged=B))
    with pytest.raises(pc.Refused, match="NOT_PERMITTED"):
        stage.scene.client.call(submit=stage.scene.signed(reverse(award), by=("operator-1",)))
    assert row(stage, reverse(award)) == [("APPLIED", 100, 0)]
    statement = stage.daemon.client("auditor").statement(A)
    assert statement.entries[0].transaction.WhichOneof("body") == "reverse"
    assert stage.daemon.client("auditor").statement(A, before=statement.entries[0].sequence).entries


# ---- paying out

def test_what_is_reversed_after_its_payment_is_carried_into_the_next(stage):
    earn(stage, 1, 2, 3)
    gifts = give(100), give(50)
    stage.applied(*gifts)
    assert row(stage, settle(TODAY)) == [("SETTLEMENT_INVALID", 0, 0)], "today is not over"
    days_pass(stage, 1)
    assert row(stage, settle(TODAY), settle(TODAY)) == [("APPLIED", 150, 0), ("SETTLEMENT_INVALID", 0, 0)]
    assert row(stage, reverse(gifts[0])) == [("APPLIED", 100, 0)]
    open_now = stage.daemon.client("auditor").settlements().open
    assert [(o.municipality, o.purpose, o.points) for o in open_now] == [(SAPPORO, 1, -100)]
    stage.applied(give(130))
    days_pass(stage, 1)
    assert row(stage, settle(TODAY + 1)) == [("APPLIED", 30, 0)]
    days_pass(stage, 1)
    assert row(stage, settle(TODAY + 2), settle(TODAY + 2, OTARU), settle(TODAY, 999_999)) == [
        ("NOTHING_TO_SETTLE", 0, 0), ("NOTHING_TO_SETTLE", 0, 0), ("MUNICIPALITY_UNKNOWN", 0, 0)]
    assert [s.points for s in stage.daemon.client("auditor").settlements(SAPPORO, 1).settlements] == [150, 30]
