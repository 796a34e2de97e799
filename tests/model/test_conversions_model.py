"""Tests of the model's conversions: the fee of each, the book of fees, and totals by day."""
import pytest

import model as rules
from history import jst
from pointsclient import transaction as tx
from world import (A, B, OTARU, SAPPORO, START, TODAY, applied, body, go, make_model, merge, outcomes, request, reverse, rich,
                   submit)


def fee(points):
    return body("set_policy", policy=tx.CONVERSION_FEE_POINTS, value=points)


def settle(conversion):
    return body("settle_conversion", conversion=conversion.id)


def refuse(conversion):
    return body("refuse_conversion", conversion=conversion.id)


def move(account=A, municipality=OTARU):
    return body("move_account", account=account, municipality=municipality)


def shown(model, municipality=None):
    """(held, converted, fees) of the books."""
    books = model.totals() if municipality is None else model.books()[municipality]
    return books["held"], books["converted"], books["fees"]


# ---- the fee

def test_the_fee_is_fixed_when_it_is_requested():
    model = rich(make_model())
    free, dear, cheap = request(A, 100), request(A, 100), request(B, 100)
    applied(model, free, fee(30), dear, fee(7), cheap, fee(99))
    assert [row[6] for row in model.pending()] == [0, 30, 7]
    assert shown(model) == (300, 0, 0)
    assert submit(model, settle(free), settle(dear), settle(cheap))[0][:2] == ("APPLIED", 100)
    assert shown(model) == (0, 300 - 37, 37)


def test_the_outcome_moves_the_whole():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40)]))
    asked, other = request(A, 100), request(A, 50)
    assert [o[1] for o in submit(model, asked, other, settle(asked), refuse(other))] == [100, 50, 100, 50]
    assert model.account(A)["balance"] == 900 and shown(model) == (0, 60, 40)


@pytest.mark.parametrize("points, code", [(0, "AMOUNT_INVALID"), (39, "AMOUNT_INVALID"), (40, "AMOUNT_INVALID"),
                                          (41, "APPLIED")])
def test_more_than_the_fee(points, code):
    assert outcomes(rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40)])), request(A, points)) == [code]


def test_the_amount_is_judged_before_limit_and_balance():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 2_000), (tx.CONVERSION_DAY_MAX_POINTS, 10)]))
    assert outcomes(model, request(A, 2_000), request(A, 2_001), fee(0), request(A, 10)) == [
        "AMOUNT_INVALID", "LIMIT_REACHED", "APPLIED", "APPLIED"]


def test_limits_count_the_fee_too():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40), (tx.CONVERSION_MONTH_MAX_POINTS, 100)]))
    assert outcomes(model, request(A, 60), request(A, 41)) == ["APPLIED", "LIMIT_REACHED"]


def test_range_of_the_policy():
    model = make_model()
    assert outcomes(model, fee(1_000_000), fee(1_000_001), fee(0)) == ["APPLIED", "POLICY_INVALID", "APPLIED"]
    assert model.policies["CONVERSION_FEE_POINTS"] == 0


def test_refused_or_reversed_it_costs_nothing():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40)]))
    one, two = request(A, 100), request(A, 200)
    applied(model, one, two, refuse(one), reverse(two))
    assert model.account(A)["balance"] == 1_000 and shown(model) == (0, 0, 0)


def test_the_fee_stands_in_the_home_of_the_settlement():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40)]))
    asked = request(A, 100)
    applied(model, asked, move(), settle(asked), move(municipality=SAPPORO))
    assert shown(model, OTARU) == (0, 60, 40) and shown(model, SAPPORO) == (0, 0, 0)


def test_the_fee_of_a_merged_account_stays():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 40)]))
    asked = request(B, 100)
    applied(model, asked, fee(3), move(), merge(A, B))
    assert model.pending()[0][2:] == (A, SAPPORO, 100, START, 40)
    applied(model, settle(asked))
    assert shown(model, OTARU) == (0, 60, 40)


# ---- totals

def test_each_thing_counts_on_its_own_day_and_home():
    model = rich(make_model(policies=[(tx.CONVERSION_FEE_POINTS, 5)]))
    one, two, three = request(A, 100), request(A, 30), request(B, 7)
    applied(model, one, two, three)
    assert model.conversion_totals("DAY") == {(TODAY, SAPPORO): [3, 137, 0, 0, 0, 0, 0]}
    go(model, rules.day_start(TODAY + 1))
    applied(model, move(), settle(one), refuse(three))
    go(model, rules.day_start(TODAY + 2))
    applied(model, reverse(two))
    assert model.conversion_totals("DAY") == {
        (TODAY, SAPPORO): [3, 137, 0, 0, 0, 0, 0], (TODAY + 1, SAPPORO): [0, 0, 0, 0, 0, 1, 7],
        (TODAY + 1, OTARU): [0, 0, 1, 100, 5, 0, 0], (TODAY + 2, OTARU): [0, 0, 0, 0, 0, 1, 30]}
    assert model.conversion_totals() == {(0, SAPPORO): [3, 137, 0, 0, 0, 1, 7], (0, OTARU): [0, 0, 1, 100, 5, 1, 30]}
    assert model.conversion_totals(only=OTARU) == model.conversion_totals(municipality=OTARU) == {
        (0, OTARU): [0, 0, 1, 100, 5, 1, 30]}
    assert model.conversion_totals(from_day=TODAY + 1, to_day=TODAY + 1) == {
        (TODAY + 1, SAPPORO): [0, 0, 0, 0, 0, 1, 7], (TODAY + 1, OTARU): [0, 0, 1, 100, 5, 0, 0]}


def test_what_was_not_applied_counts_nowhere():
    model = rich(make_model())
    asked = request(A, 100)
    assert outcomes(model, request(A, 5_000), asked, settle(asked), settle(asked), refuse(asked)) == [
        "BALANCE_INSUFFICIENT", "APPLIED", "APPLIED", "CONVERSION_NOT_PENDING", "CONVERSION_NOT_PENDING"]
    assert model.conversion_totals() == {(0, SAPPORO): [1, 100, 1, 100, 0, 0, 0]}


def test_months_and_fiscal_years():
    model = rich(make_model())
    day = rules.day_number
    for moment, points in ((jst(2022, 3, 31), 1), (jst(2022, 4, 1) - 1, 2), (jst(2022, 4, 1), 4)):
        go(model, moment)
        asked = request(A, points)
        applied(model, asked, settle(asked))
    march, april = day(2022, 3, 1), day(2022, 4, 1)
    assert model.conversion_totals("MONTH") == {(march, SAPPORO): [2, 3, 2, 3, 0, 0, 0], (april, SAPPORO): [1, 4, 1, 4, 0, 0, 0]}
    assert list(model.conversion_totals("FISCAL_YEAR")) == [(day(2021, 4, 1), SAPPORO), (april, SAPPORO)]
    assert model.conversion_totals("MONTH", from_day=march + 30, to_day=march + 30) == {
        (march, SAPPORO): [2, 3, 2, 3, 0, 0, 0]}
