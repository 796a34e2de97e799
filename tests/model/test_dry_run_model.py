"""Tests of the model's dry runs, and of what two operators may do in bulk with one."""
import hashlib

import model as rules
import pointsclient as pc
from pointsclient import transaction as tx
from world import (A, B, DAY, REPORT, SAPPORO, TODAY, applied, body, define, give, go, make_model, outcomes, programme, refused,
                   request, reverse, rich, submit)

C, NOBODY = b"C" * 16, b"?" * 16
TWO = ("operator-1", "operator-2")


def earn(account=A, quest=1, at=0):
    return body("award", account=account, quest=quest, occurred_at=at)


def daily(expires_after=0, **fields):
    """A model with quest 1: 100 points a day, for A and B."""
    model = programme(make_model())
    expiry = tx.Expiry(kind=tx.AFTER_DAYS, value=expires_after) if expires_after else None
    define(model, 2, period=tx.DAILY, grace_s=DAY, expiry=expiry, **fields)
    return model


def award_now(model, account=A, quest=2):
    return earn(account, quest, model.next_time())


def dry(model, *transactions):
    """The outcomes of a dry run, during which nothing changes."""
    before = fingerprint(model)
    said = model.dry_run([(t, pc.canonical(t)) for t in transactions])
    assert fingerprint(model) == before
    assert (said["time"], said["last_sequence"]) == (model.next_time(), model.sequence)
    return said["outcomes"]


def fingerprint(model):
    return (model.time, model.blocks, model.sequence, list(model.decided), model.books(), model.expiry(),
            {a: (model.account(a), model.lots(a)) for a in model.accounts})


def codes(model, *transactions):
    return [o[0] for o in dry(model, *transactions)]


# ---- who may

def test_awards_by_operators_need_two_and_a_dry_run():
    model = daily()
    award = award_now(model)
    assert refused(model, award, by=TWO, dry_run_sha256=b"") == "NOT_PERMITTED"
    assert refused(model, award, by=("operator-1",)) == "NOT_PERMITTED"
    assert refused(model, award, by=("operator-1", "waon", "sapporo")) == "NOT_PERMITTED"
    assert outcomes(model, award, by=TWO) == ["APPLIED"]


def test_two_keys_of_one_holder_are_one():
    model = daily()
    applied(model, body("register_key", key=b"s" * 32, role=tx.OPERATOR, holder="operator-1"))
    assert refused(model, award_now(model), by=("operator-1", b"s" * 32)) == "NOT_PERMITTED"
    assert outcomes(model, award_now(model), by=("operator-2", b"s" * 32)) == ["APPLIED"]


def test_an_app_needs_none():
    model = daily()
    assert outcomes(model, award_now(model), by=("app",), dry_run_sha256=b"") == ["APPLIED"]
    assert outcomes(model, award_now(model, B), by=("app",)) == ["APPLIED"]
    assert outcomes(model, award_now(model), by=("app", *TWO), dry_run_sha256=b"") == ["ALREADY_AWARDED"]


def test_only_awards_are_opened_to_operators():
    model = rich(make_model())
    for transaction in (give(), request(A, 10), body("open_account", account=C, municipality=SAPPORO)):
        assert refused(model, transaction, by=TWO) == "NOT_PERMITTED"
        assert refused(model, award_now(model, quest=1), transaction, by=TWO) == "NOT_PERMITTED"


def test_more_than_one_reversal_needs_a_dry_run():
    model = rich(make_model())
    gifts = [give(), give(), give()]
    applied(model, *gifts)
    assert outcomes(model, reverse(gifts[0]), by=TWO, dry_run_sha256=b"") == ["APPLIED"]
    assert refused(model, reverse(gifts[1]), reverse(gifts[2]), by=TWO, dry_run_sha256=b"") == "NOT_PERMITTED"
    assert refused(model, reverse(NOBODY), reverse(NOBODY), by=TWO, dry_run_sha256=b"") == "NOT_PERMITTED"
    policy = body("set_policy", policy=tx.TOTALS_SHARED, value=1)
    assert outcomes(model, policy, reverse(gifts[1]), policy, by=TWO, dry_run_sha256=b"") == ["APPLIED", "APPLIED", "DUPLICATE"]
    assert outcomes(model, reverse(gifts[2]), reverse(gifts[2]), by=TWO) == ["APPLIED", "ALREADY_REVERSED"]


def test_one_reversal_twice_is_more_than_one():
    model = rich(make_model())
    once = reverse(NOBODY)
    assert refused(model, once, once, by=TWO, dry_run_sha256=b"") == "NOT_PERMITTED"
    assert outcomes(model, once, by=TWO, dry_run_sha256=b"") == ["REVERSAL_UNKNOWN"]
    assert refused(model, once, reverse(NOBODY), by=TWO, dry_run_sha256=b"") == "NOT_PERMITTED"
    assert outcomes(model, once, once, by=TWO) == ["DUPLICATE", "DUPLICATE"]


# ---- each alone

def test_awards_stand_alone():
    model = daily(points=100, budget=150)
    one, two = award_now(model), award_now(model)
    assert dry(model, one, two, award_now(model, B)) == [("APPLIED", 100, 0, 0)] * 3
    assert outcomes(model, one, two, award_now(model, B)) == ["APPLIED", "ALREADY_AWARDED", "BUDGET_EXHAUSTED"]
    assert codes(model, award_now(model, B), award_now(model), earn(NOBODY), earn(quest=9), earn(at=2**62)) == [
        "BUDGET_EXHAUSTED", "ALREADY_AWARDED", "ACCOUNT_UNKNOWN", "QUEST_UNKNOWN", "IN_FUTURE"]


def test_one_id_twice_stands_alone_twice():
    model = daily()
    one, other = award_now(model), award_now(model, B)
    other.id = one.id
    assert dry(model, one, one, other) == [("APPLIED", 100, 0, 0)] * 3


def test_ids_decided_before():
    model = daily()
    one, other = award_now(model), award_now(model, B)
    other.id = one.id
    applied(model, one)
    at = model.sequence
    assert dry(model, one, other) == [("DUPLICATE", 0, 0, at), ("ID_REUSED", 0, 0, at)]


def test_no_history_and_nothing_expired_is_told():
    model = daily(expires_after=1)
    first = award_now(model)
    applied(model, first)
    go(model, model.time + 3 * DAY)
    again = award_now(model)
    assert dry(model, again, reverse(first)) == [("APPLIED", 100, 0, 0), ("APPLIED", 0, 0, 0)]
    assert submit(model, again)[0][2] == 100


def test_lots_of_days_that_have_passed_are_gone():
    """Time stands after the last day, and no block has come since."""
    model = daily(expires_after=1)
    first = award_now(model)
    applied(model, first, body("set_time", time=rules.day_start(TODAY + 2)))
    assert model.account(A)["balance"] == 100
    assert dry(model, reverse(first)) == [("APPLIED", 0, 0, 0)]
    assert submit(model, reverse(first)) == [("APPLIED", 0, 100, model.sequence - 2)]


def test_reversals_stand_alone():
    model = daily()
    award, gift = award_now(model), give(30)
    applied(model, award, gift)
    undo = [reverse(award), reverse(gift), reverse(gift), reverse(NOBODY)]
    assert dry(model, *undo) == [("APPLIED", 70, 0, 0), ("APPLIED", 30, 0, 0), ("APPLIED", 30, 0, 0),
                                 ("REVERSAL_UNKNOWN", 0, 0, 0)]
    assert [o[:2] for o in submit(model, *undo)] == [("APPLIED", 70), ("APPLIED", 30), ("ALREADY_REVERSED", 0),
                                                     ("REVERSAL_UNKNOWN", 0)]


def test_a_reversal_of_an_award_of_the_same_envelope_is_of_nothing():
    model = daily()
    award = award_now(model)
    assert codes(model, award, reverse(award)) == ["APPLIED", "REVERSAL_UNKNOWN"]


def test_conversions_and_what_is_not_reversible():
    model = rich(make_model())
    asked = request(A, 100)
    applied(model, asked)
    assert dry(model, reverse(asked)) == [("APPLIED", 100, 0, 0)]
    applied(model, body("settle_conversion", conversion=asked.id))
    assert codes(model, reverse(asked)) == ["NOT_REVERSIBLE"]


# ---- the report

def test_what_was_approved_can_be_checked():
    model = daily()
    awards = [award_now(model), award_now(model, B), award_now(model, NOBODY)]
    said = dry(model, *awards)
    report = pc.dry_run_report(b"L" * 32, awards, said)
    lines = report.decode().split("\n")
    assert lines[:2] == ["points.v1 dry run", "ledger " + "4c" * 32] and lines[-1] == "" and len(lines) == 6
    assert lines[4] == f"{awards[2].id.hex()} {hashlib.sha256(pc.canonical(awards[2])).hexdigest()} ACCOUNT_UNKNOWN 0"
    digest = hashlib.sha256(report).digest()
    assert outcomes(model, *awards, by=TWO, dry_run_sha256=digest) == ["APPLIED", "APPLIED", "ACCOUNT_UNKNOWN"]


def test_the_digest_is_no_part_of_a_transaction():
    model = daily()
    award = award_now(model)
    assert outcomes(model, award, by=TWO, dry_run_sha256=REPORT) == ["APPLIED"]
    assert outcomes(model, award, by=TWO, dry_run_sha256=b"e" * 32) == ["DUPLICATE"]
    assert outcomes(model, award, by=("app",), dry_run_sha256=b"") == ["DUPLICATE"]
