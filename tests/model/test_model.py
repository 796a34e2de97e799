"""Tests of the model on examples worked by hand from doc/rules.md, and of the history generator."""
import pytest

import model as rules
import pointsclient as pc
import world
from history import History, jst
from pointsclient import transaction as tx
from world import (A, B, EBETSU, MONDAY, OTARU, SAPPORO, WEEK, applied, award, body, give, go, make_model, outcomes, programme,
                   refused, request, rich, submit)

# ---- the calendar

def test_days_and_weeks():
    assert rules.day_of(0) == 0 and rules.day_of(-32_400) == 0 and rules.day_of(-32_401) == -1
    assert rules.day_of(jst(2021, 11, 12, 0, 0)) == rules.day_number(2021, 11, 12)
    assert rules.day_of(jst(2021, 11, 12, 0, 0) - 1) == rules.day_number(2021, 11, 11)
    assert rules.day_start(rules.week_of(rules.day_of(MONDAY))) == MONDAY
    assert rules.day_start(rules.week_of(rules.day_of(MONDAY + WEEK - 1))) == MONDAY
    assert rules.day_start(rules.week_of(rules.day_of(MONDAY - 1))) == MONDAY - WEEK
    assert rules.date_of(rules.week_of(0)).isoformat() == "1969-12-29"
    assert all(rules.date_of(rules.week_of(d)).weekday() == 0 for d in range(-10, 30))


def test_months_and_fiscal_years():
    day = rules.day_number
    assert rules.month_of(day(2022, 2, 28)) == day(2022, 2, 1)
    assert rules.month_of(day(2024, 2, 29)) == day(2024, 2, 1)
    assert rules.fiscal_year_of(day(2022, 3, 31)) == day(2021, 4, 1)
    assert rules.fiscal_year_of(day(2022, 4, 1)) == day(2022, 4, 1)
    assert rules.fiscal_year_of(day(2022, 1, 1)) == day(2021, 4, 1)
    assert day(9999, 12, 31) == rules.LAST_DAY
    assert rules.day_start(rules.LAST_DAY + 1) - 1 == rules.END_OF_9999


# ---- awards

def test_one_award_a_week_in_jst():
    model = programme(make_model())
    go(model, MONDAY - 1)
    assert award(model, MONDAY - 1) == "APPLIED"
    assert award(model, MONDAY - WEEK) == "ALREADY_AWARDED"
    go(model, MONDAY)
    assert award(model, MONDAY) == "APPLIED"
    assert award(model, MONDAY) == "ALREADY_AWARDED"
    assert model.account(A)["progress"] == {1: (2, 200, rules.day_of(MONDAY))}


@pytest.mark.parametrize("grace", [0, 1, 3_600])
def test_grace_ends_after_its_last_second(grace):
    model = programme(make_model(), grace=grace)
    go(model, MONDAY + grace)
    assert award(model, MONDAY - 1) == "APPLIED"
    go(model, MONDAY + grace + 1)
    assert award(model, MONDAY - 1, B) == "TOO_LATE"


def test_quest_days_are_inclusive():
    model = programme(make_model(), grace=4 * WEEK, first=(2021, 11, 12), last=(2021, 11, 16))
    go(model, jst(2021, 11, 20))
    assert award(model, jst(2021, 11, 12) - 1) == "QUEST_CLOSED"
    assert award(model, jst(2021, 11, 17)) == "QUEST_CLOSED"
    assert award(model, jst(2021, 11, 12)) == "APPLIED"
    assert award(model, jst(2021, 11, 17) - 1) == "APPLIED"


def test_future_and_far_past():
    model = programme(make_model())
    now = model.time
    assert award(model, now + 61) == "IN_FUTURE"
    assert award(model, now + 61, b"?" * 16) == "IN_FUTURE"
    assert award(model, 2**63 - 1) == "IN_FUTURE"
    assert award(model, -2**63) == award(model, now - 100 * 366 * 86_400) == "QUEST_CLOSED"
    assert award(model, now, b"?" * 16) == "ACCOUNT_UNKNOWN"
    assert award(model, now, quest=9) == "QUEST_UNKNOWN"
    assert award(model, now + 60) == "APPLIED"


def test_cap_and_budget():
    model = programme(make_model(), cap=250, budget=300)
    assert award(model, model.time) == "APPLIED"
    go(model, MONDAY)
    assert award(model, MONDAY) == "APPLIED"
    go(model, MONDAY + WEEK)
    assert award(model, MONDAY + WEEK) == "CAP_REACHED"
    assert award(model, MONDAY + WEEK, B) == "APPLIED"
    go(model, MONDAY + 2 * WEEK)
    assert award(model, MONDAY + 2 * WEEK, B) == "BUDGET_EXHAUSTED"
    assert outcomes(model, body("set_budget", quest=1, points=299), body("set_budget", quest=1, points=300),
                    body("set_budget", quest=1, points=2**62 + 1),
                    body("set_budget", quest=1, points=2**62)) == [
                        "BUDGET_BELOW_ISSUED", "APPLIED", "BUDGET_TOO_LARGE", "APPLIED"]


# ---- donations, conversions

def test_donation_checks_in_order():
    model = rich(make_model())
    code = lambda points, home=SAPPORO, purpose=1, account=A: outcomes(model, give(points, account, home, purpose))[0]
    assert code(0, OTARU, 9, b"?" * 16) == "ACCOUNT_UNKNOWN"
    assert code(0, OTARU, 9) == "PURPOSE_UNKNOWN"
    assert code(0, OTARU) == "NOT_HOME_MUNICIPALITY"
    assert code(0) == "AMOUNT_INVALID"
    assert code(1_001) == code(2**64 - 1) == "BALANCE_INSUFFICIENT"
    assert code(1_000) == "APPLIED"
    go(model, jst(2023, 1, 1) - 1)
    assert code(1) == "BALANCE_INSUFFICIENT"
    go(model, jst(2023, 1, 1))
    assert code(1, OTARU) == "PURPOSE_CLOSED"


def test_donation_totals_by_day_month_and_fiscal_year():
    model = rich(make_model())
    for moment, points in ((jst(2022, 3, 31), 1), (jst(2022, 4, 1) - 1, 2), (jst(2022, 4, 1), 4)):
        go(model, moment)
        assert outcomes(model, body("donate", account=A, municipality=SAPPORO, purpose=1, points=points)) == ["APPLIED"]
    day = rules.day_number
    last, first = day(2022, 3, 31), day(2022, 4, 1)
    assert model.donation_totals("DAY") == {(last, SAPPORO, 1): [2, 3, 0, 0, 1], (first, SAPPORO, 1): [1, 4, 0, 0, 1]}
    assert model.donation_totals("MONTH") == {
        (day(2022, 3, 1), SAPPORO, 1): [2, 3, 0, 0, 1], (first, SAPPORO, 1): [1, 4, 0, 0, 1]}
    assert model.donation_totals("FISCAL_YEAR") == {
        (day(2021, 4, 1), SAPPORO, 1): [2, 3, 0, 0, 1], (first, SAPPORO, 1): [1, 4, 0, 0, 1]}
    assert model.donation_totals("WHOLE", from_day=first, to_day=first) == {(first, SAPPORO, 1): [1, 4, 0, 0, 0]}
    assert model.donation_totals("WHOLE", municipality=OTARU) == {}


def test_conversion_limits_and_refusals():
    model = rich(make_model(policies=[(tx.CONVERSION_DAY_MAX_POINTS, 300), (tx.CONVERSION_MONTH_MAX_POINTS, 500),
                                      (tx.CONVERSION_UNIT_POINTS, 50), (tx.CONVERSION_MIN_POINTS, 100)]))
    first = request(A, 300)
    assert outcomes(model, request(A, 50), request(A, 125), request(A, 0), first, request(A, 100)) == [
        "AMOUNT_INVALID", "AMOUNT_INVALID", "AMOUNT_INVALID", "APPLIED", "LIMIT_REACHED"]
    go(model, jst(2021, 11, 2))
    assert outcomes(model, request(A, 250), request(A, 200)) == ["LIMIT_REACHED", "APPLIED"]
    go(model, jst(2021, 11, 30))
    assert outcomes(model, request(A, 100)) == ["LIMIT_REACHED"]
    assert submit(model, body("refuse_conversion", conversion=first.id))[0][:2] == ("APPLIED", 300)
    assert outcomes(model, request(A, 300)) == ["APPLIED"]
    go(model, jst(2021, 12, 1))
    assert outcomes(model, request(A, 300)) == ["APPLIED"]
    assert model.account(A)["held"] == 800 and model.account(A)["balance"] == 200
    assert outcomes(model, request(A, 300)) == ["LIMIT_REACHED"]


def test_conversion_opens_at_its_second():
    model = rich(make_model())
    assert outcomes(model, body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=MONDAY), request(A, 0)) == [
        "APPLIED", "CONVERSION_CLOSED"]
    go(model, MONDAY - 1)
    assert outcomes(model, request(A, 1)) == ["CONVERSION_CLOSED"]
    go(model, MONDAY)
    assert outcomes(model, request(A, 1), request(A, 1_000)) == ["APPLIED", "BALANCE_INSUFFICIENT"]


def test_answers_to_conversions():
    model = rich(make_model())
    good, bad = request(A, 10), request(A, 5_000)
    early, late = body("settle_conversion", conversion=good.id), body("settle_conversion", conversion=good.id)
    assert outcomes(model, early, good, bad, late, body("refuse_conversion", conversion=good.id),
                    body("settle_conversion", conversion=bad.id), body("settle_conversion", conversion=early.id),
                    body("settle_conversion", conversion=b"?" * 16)) == [
                        "CONVERSION_UNKNOWN", "APPLIED", "BALANCE_INSUFFICIENT", "APPLIED", "CONVERSION_NOT_PENDING",
                        "CONVERSION_NOT_PENDING", "CONVERSION_NOT_PENDING", "CONVERSION_UNKNOWN"]
    assert model.totals()["converted"] == 10 and model.pending() == []


def test_books_follow_the_home():
    model = rich(make_model())
    pending = request(A, 100)
    assert set(outcomes(model, pending, request(A, 50), body("donate", account=A, municipality=SAPPORO, purpose=1, points=7),
                        body("move_account", account=A, municipality=OTARU),
                        body("settle_conversion", conversion=pending.id))) == {"APPLIED"}
    books = model.books()
    assert books[SAPPORO] == {"accounts": 1, "issued": 2_000, "balances": 1_000, "held": 0, "donated": 7, "converted": 0,
                              "expired": 0, "forfeited": 0, "reversed": 0, "fees": 0}
    assert books[OTARU] == {"accounts": 1, "issued": 0, "balances": 843, "held": 50, "donated": 0, "converted": 100,
                            "expired": 0, "forfeited": 0, "reversed": 0, "fees": 0}
    assert books[EBETSU] == dict.fromkeys(books[OTARU], 0)
    assert model.pending()[0][3] == SAPPORO


def test_quest_totals_count_residents_once():
    model = programme(make_model())
    assert award(model, model.time) == "APPLIED"
    assert outcomes(model, body("move_account", account=A, municipality=OTARU)) == ["APPLIED"]
    go(model, MONDAY)
    assert award(model, MONDAY) == award(model, MONDAY, B) == "APPLIED"
    totals = model.quest_totals(1)
    assert totals["municipalities"] == {SAPPORO: [2, 2, 200], OTARU: [0, 1, 100]}
    week = rules.day_of(MONDAY)
    assert totals["periods"] == {(week - 7, SAPPORO): [1, 100], (week, SAPPORO): [1, 100], (week, OTARU): [1, 100]}
    assert list(model.quest_totals(1, from_day=week)["periods"]) == [(week, SAPPORO), (week, OTARU)]
    assert set(model.quest_totals(1, from_day=week - 1, to_day=week - 1)["periods"]) == {(week - 7, SAPPORO)}
    assert model.quest_totals(1, only=OTARU)["municipalities"] == {OTARU: [0, 1, 100]}


# ---- ids, history, envelopes

def test_ids_are_decided_once():
    model = programme(make_model())
    first = body("move_account", account=A, municipality=OTARU)
    other = body("move_account", account=A, municipality=EBETSU)
    other.id = first.id
    before = model.sequence
    assert submit(model, first, first, other) == [
        ("APPLIED", 0, 0, before - 1), ("DUPLICATE", 0, 0, before + 1), ("ID_REUSED", 0, 0, before + 1)]
    blocks = model.blocks
    again = model.submit([(first, pc.canonical(first))], [pc.public(world.KEYS["app"])])
    assert again["block"] == again["first_sequence"] == again["time"] == 0 and model.blocks == blocks
    assert again["originals"] == [(0, before + 1, ("APPLIED", 0, 0, before - 1))]
    assert outcomes(model, other) == ["ID_REUSED"] and model.blocks == blocks
    assert [e["sequence"] for e in model.statement(A)] == [before + 1, before - 1]


def test_refusals_consume_ids_and_touch_accounts():
    model = programme(make_model())
    refused = body("donate", account=A, municipality=SAPPORO, purpose=1, points=5)
    opened = model.account(A)["last"]
    assert submit(model, refused) == [("BALANCE_INSUFFICIENT", 0, 0, opened)]
    at = model.sequence
    assert submit(model, refused, body("open_account", account=A, municipality=1)) == [
        ("DUPLICATE", 0, 0, at), ("ACCOUNT_EXISTS", 0, 0, at)]
    nobody = body("award", account=b"?" * 16, quest=1, occurred_at=0)
    assert submit(model, nobody, body("open_account", account=b"!" * 16, municipality=1)) == [
        ("ACCOUNT_UNKNOWN", 0, 0, 0), ("MUNICIPALITY_UNKNOWN", 0, 0, 0)]


def test_conversion_answers_touch_only_when_applied():
    model = rich(make_model())
    asked = request(A, 10)
    submit(model, asked)
    at = model.sequence
    assert submit(model, body("settle_conversion", conversion=asked.id)) == [("APPLIED", 10, 0, at)]
    assert submit(model, body("settle_conversion", conversion=asked.id)) == [("CONVERSION_NOT_PENDING", 0, 0, 0)]
    assert model.account(A)["last"] == at + 1


def test_signers():
    model = programme(make_model())
    policy, move = body("set_policy", policy=1, value=1), body("move_account", account=A, municipality=OTARU)
    assert refused(model, policy, by=("operator-1",)) == "NOT_PERMITTED"
    assert refused(model, policy, by=("operator-1", "app")) == "NOT_PERMITTED"
    assert refused(model, policy, move, by=("operator-1", "operator-2")) == "NOT_PERMITTED"
    assert refused(model, move, by=("waon",)) == "NOT_PERMITTED"
    assert refused(model, move, by=("app", b"k" * 32)) == "KEY_UNKNOWN"
    second = body("register_key", key=b"s" * 32, role=tx.OPERATOR, holder="operator-1")
    third = body("revoke_key", key=pc.public(world.KEYS["operator-3"]))
    assert outcomes(model, second, third, by=("operator-1", "operator-3")) == ["APPLIED", "APPLIED"]
    assert refused(model, policy, by=("operator-1", b"s" * 32)) == "NOT_PERMITTED"
    assert refused(model, policy, by=("operator-1", "operator-3")) == "KEY_REVOKED"
    assert refused(model, policy, by=("operator-1", "operator-3", b"k" * 32)) == "KEY_UNKNOWN"
    assert outcomes(model, policy, by=("operator-1", "operator-2")) == ["APPLIED"]


def test_keys_of_a_block_sign_from_the_next_one_on():
    model = make_model()
    new = pc.key_from_seed(b"n" * 32)
    both = [pc.public(world.KEYS[n]) for n in ("operator-1", "operator-2")] + [pc.public(new)]
    register = body("register_key", key=pc.public(new), role=tx.APP, holder="new")
    opening = body("open_account", account=A, municipality=SAPPORO)
    assert refused(model, register, opening, by=both) == "KEY_UNKNOWN"
    submit(model, register, by=("operator-1", "operator-2"))
    revoke = body("revoke_key", key=pc.public(new))
    assert outcomes(model, revoke, opening, by=both) == ["APPLIED", "APPLIED"]
    assert refused(model, opening, by=both) == "KEY_REVOKED"


def test_key_checks():
    model = make_model()
    register = lambda key, role, municipality=0: body(
        "register_key", key=key, role=role, holder="h", municipality=municipality)
    revoke = lambda name: body("revoke_key", key=pc.public(world.KEYS[name]))
    assert outcomes(model, register(b"1" * 32, 0), register(b"1" * 32, tx.APP, SAPPORO),
                    register(b"1" * 32, tx.MUNICIPALITY), register(b"1" * 32, tx.MUNICIPALITY, 1),
                    register(b"1" * 32, tx.MUNICIPALITY, SAPPORO), register(b"1" * 32, 0)) == [
                        "KEY_INVALID", "KEY_INVALID", "MUNICIPALITY_UNKNOWN", "MUNICIPALITY_UNKNOWN", "APPLIED", "KEY_EXISTS"]
    assert outcomes(model, revoke("operator-3"), revoke("operator-3"), revoke("operator-2"),
                    body("revoke_key", key=b"?" * 32), revoke("auditor")) == [
                        "APPLIED", "KEY_ALREADY_REVOKED", "LAST_OPERATORS", "KEY_NOT_REGISTERED", "APPLIED"]


def test_keys_of_checkpoints_and_witnesses():
    model = make_model()
    register = lambda key, role, holder="h", municipality=0: body(
        "register_key", key=key, role=role, holder=holder, municipality=municipality)
    revoke = lambda key: body("revoke_key", key=key)
    old, new = world.CHECKPOINT_KEY, b"n" * 32
    assert model.checkpoint_keys() == [old]
    assert outcomes(model, register(old, tx.CHECKPOINT), revoke(old), register(new, tx.CHECKPOINT, "points d+", SAPPORO),
                    register(new, tx.CHECKPOINT, "points d+"), revoke(old), revoke(new), revoke(old)) == [
                        "KEY_EXISTS", "LAST_CHECKPOINT_KEY", "KEY_INVALID", "APPLIED", "APPLIED", "LAST_CHECKPOINT_KEY",
                        "KEY_ALREADY_REVOKED"]
    assert model.checkpoint_keys() == [new]
    assert outcomes(model, register(b"w" * 32, tx.WITNESS, "a b"), register(b"w" * 32, tx.WITNESS, "a+b"),
                    register(b"w" * 32, tx.WITNESS, "a", SAPPORO), register(b"w" * 32, tx.WITNESS, "a"),
                    revoke(b"w" * 32)) == ["KEY_INVALID", "KEY_INVALID", "KEY_INVALID", "APPLIED", "APPLIED"]


def test_a_daemon_keeps_a_checkpoint_key():
    register = body("register_key", key=b"n" * 32, role=tx.CHECKPOINT, holder="h")
    other = body("register_key", key=b"o" * 32, role=tx.CHECKPOINT, holder="h")
    first, second = (body("revoke_key", key=key) for key in (world.CHECKPOINT_KEY, b"n" * 32))
    model = make_model()
    model.held = {world.CHECKPOINT_KEY}
    assert refused(model, register, first) == "CHECKPOINT_KEY_NEEDED"
    applied(model, register)
    assert refused(model, body("revoke_key", key=world.CHECKPOINT_KEY)) == "CHECKPOINT_KEY_NEEDED"
    model.held.add(b"n" * 32)
    assert outcomes(model, second, first) == ["APPLIED", "LAST_CHECKPOINT_KEY"]  # others keep none, the rules keep one
    assert refused(model, other, body("revoke_key", key=world.CHECKPOINT_KEY)) == "CHECKPOINT_KEY_NEEDED"


# ---- the programme and time

@pytest.mark.parametrize("change", [
    {"quest": 0}, {"period": 0}, {"points": 0}, {"points": 1_000_001}, {"cap_points": 99}, {"first_day": 21},
    {"last_day": 2_932_897}, {"grace_s": 36_288_001}])
def test_invalid_quests(change):
    right = dict(quest=1, name="q", period=tx.WEEKLY, points=100, cap_points=100, first_day=20, last_day=20,
                 grace_s=36_288_000)
    model = make_model()
    assert outcomes(model, body("define_quest", **right | change), body("define_quest", **right),
                    body("define_quest", **right)) == ["QUEST_INVALID", "APPLIED", "QUEST_EXISTS"]


def test_policies_and_purposes():
    policy = lambda number, value: body("set_policy", policy=number, value=value)
    purpose = lambda number, first, last: body("define_purpose", purpose=number, name="p", first_day=first, last_day=last)
    assert outcomes(make_model(), policy(0, 0), policy(1, 3_601), policy(1, 3_600), policy(3, 0), policy(7, 2),
                    policy(2, rules.END_OF_9999), policy(2, rules.END_OF_9999 + 1)) == [
                        "POLICY_INVALID", "POLICY_INVALID", "APPLIED", "POLICY_INVALID", "POLICY_INVALID",
                        "APPLIED", "POLICY_INVALID"]
    assert outcomes(make_model(), purpose(0, 1, 2), purpose(1, 2, 1), purpose(1, 1, 2_932_897), purpose(1, 1, 2_932_896),
                    purpose(1, 2, 1)) == ["PURPOSE_INVALID", "PURPOSE_INVALID", "PURPOSE_INVALID", "APPLIED", "PURPOSE_EXISTS"]


def test_time_moves_from_the_next_block_on():
    model = make_model()
    start = model.time
    to = lambda time: body("set_time", time=time)
    assert outcomes(model, to(start - 1), to(start + 10), to(start + 9), to(start + 10),
                    to(rules.END_OF_9999 + 1)) == ["TIME_INVALID", "APPLIED", "TIME_INVALID", "APPLIED", "TIME_INVALID"]
    assert model.time == start and model.next_time() == start + 10
    reply = model.submit([(t := to(rules.END_OF_9999), pc.canonical(t))], [pc.public(world.KEYS["operator-1"])])
    assert reply["time"] == start + 10 and model.next_time() == rules.END_OF_9999


def test_system_ledger_takes_its_time_from_outside():
    model = make_model(time_source=pc.genesis.SYSTEM)
    opening = body("open_account", account=A, municipality=SAPPORO)
    signer = [pc.public(world.KEYS["app"])]
    assert model.submit([(opening, pc.canonical(opening))], signer, time=world.START - 5)["time"] == world.START
    t = body("set_time", time=world.START)
    assert model.submit([(t, pc.canonical(t))], [pc.public(world.KEYS["operator-1"])],
                        time=world.START + 5)["outcomes"][0][0] == "TIME_NOT_SCRIPTED"


# ---- the generator

def history(seed):
    return History(seed, make_model(), b"L" * 32, list(world.KEYS.values()))


def test_histories_repeat():
    one, two = ([(s.data, [pc.public(k) for k in s.signers]) for s in history(7).steps(500)] for _ in range(2))
    assert one == two
