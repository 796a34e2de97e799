"""Tests of the model's donation totals in groups, and of the donors of their rows."""
import random

import pytest

import model as rules
from history import jst
from world import (A, B, OTARU, SAPPORO, START, TODAY, applied, award, body, give, go, make_model, merge, reverse, rich)

C, D = b"C" * 16, b"D" * 16


def move(account, municipality):
    return body("move_account", account=account, municipality=municipality)


def crowd(points=1_000):
    """A and B in Sapporo, C and D in Otaru, each with points; purposes 1 and 2 for years."""
    model = rich(make_model(), points)
    applied(model, *(body("open_account", account=a, municipality=OTARU) for a in (C, D)))
    assert award(model, START, C) == award(model, START, D) == "APPLIED"
    applied(model, body("define_purpose", purpose=2, name="p", first_day=TODAY, last_day=TODAY + 3_000))
    return model


def donors(model, unit="WHOLE", **which):
    """{first day, municipality, purpose: donors}."""
    return {row: found[4] for row, found in model.donation_totals(unit, **which).items()}


# ---- groups

def test_groups():
    model = crowd()
    applied(model, give(1), give(2, purpose=2), give(4, B), give(8, C, OTARU))
    assert model.donation_totals() == {(0, SAPPORO, 1): [2, 5, 0, 0, 2], (0, SAPPORO, 2): [1, 2, 0, 0, 1],
                                       (0, OTARU, 1): [1, 8, 0, 0, 1]}
    assert model.donation_totals(group="BY_MUNICIPALITY") == {(0, SAPPORO, 0): [3, 7, 0, 0, 2], (0, OTARU, 0): [1, 8, 0, 0, 1]}
    assert model.donation_totals(group="TOGETHER") == {(0, 0, 0): [4, 15, 0, 0, 3]}
    assert model.donation_totals(group="BY_MUNICIPALITY", municipality=OTARU) == {(0, OTARU, 0): [1, 8, 0, 0, 1]}


def test_what_a_municipality_sees_together_is_its_own():
    model = crowd()
    applied(model, give(1), give(4, B, purpose=2), give(8, C, OTARU))
    assert model.donation_totals(group="TOGETHER", only=SAPPORO) == {(0, 0, 0): [2, 5, 0, 0, 2]}
    assert model.donation_totals("DAY", group="TOGETHER", only=OTARU) == {(TODAY, 0, 0): [1, 8, 0, 0, 1]}


def test_reversals_stand_in_their_groups():
    model = crowd()
    gift = give(4, B, purpose=2)
    applied(model, give(1), gift, reverse(gift))
    assert model.donation_totals(group="BY_MUNICIPALITY") == {(0, SAPPORO, 0): [2, 5, 1, 4, 2]}
    assert model.donation_totals(group="TOGETHER") == {(0, 0, 0): [2, 5, 1, 4, 2]}


# ---- who counts, and where

def test_an_account_counts_once_in_each_row():
    model = crowd()
    applied(model, give(), give(), give(purpose=2), give(account=B))
    assert donors(model) == {(0, SAPPORO, 1): 2, (0, SAPPORO, 2): 1}
    assert donors(model, group="BY_MUNICIPALITY") == {(0, SAPPORO, 0): 2}


def test_days_months_and_fiscal_years():
    model = crowd()
    for moment in (jst(2022, 2, 28), jst(2022, 3, 1), jst(2022, 3, 2), jst(2022, 4, 1) - 1, jst(2022, 4, 1)):
        go(model, moment)
        applied(model, give(), give())
    applied(model, give(account=B))
    day = rules.day_number
    month = lambda number: (day(2022, number, 1), SAPPORO, 1)
    assert set(list(donors(model, "DAY").values())[:-1]) == {1} and donors(model, "DAY")[month(4)] == 2
    assert donors(model, "MONTH") == {month(2): 1, month(3): 1, month(4): 2}
    assert donors(model, "FISCAL_YEAR") == {(day(2021, 4, 1), SAPPORO, 1): 1, month(4): 2}
    assert donors(model) == {(0, SAPPORO, 1): 2}


def test_a_reversed_donation_has_its_donor():
    model = crowd()
    gift = give()
    applied(model, gift)
    go(model, START + 86_400)
    applied(model, reverse(gift))
    assert donors(model, "DAY") == {(TODAY, SAPPORO, 1): 1, (TODAY + 1, SAPPORO, 1): 0}
    assert donors(model, "DAY", by_original=True) == {(TODAY, SAPPORO, 1): 1}


def test_one_who_moves_is_a_donor_of_both():
    model = crowd()
    applied(model, give(), move(A, OTARU), give(home=OTARU), move(A, SAPPORO), give())
    assert donors(model, group="BY_MUNICIPALITY") == {(0, SAPPORO, 0): 1, (0, OTARU, 0): 1}
    assert donors(model, group="TOGETHER") == {(0, 0, 0): 1}


def test_a_closed_account_stays_a_donor():
    model = crowd()
    applied(model, give(), body("close_account", account=A))
    assert donors(model) == {(0, SAPPORO, 1): 1}


# ---- rows that the asked days cut

@pytest.mark.parametrize("unit, from_day, to_day, known", [
    ("WHOLE", (), (), True), ("WHOLE", (2022, 3, 5), (), False), ("WHOLE", (), (2022, 3, 5), False),
    ("WHOLE", (2000, 1, 1), (2030, 1, 1), False), ("DAY", (2022, 3, 5), (2022, 3, 5), True),
    ("MONTH", (2022, 3, 1), (2022, 3, 31), True), ("MONTH", (2022, 3, 2), (), False), ("MONTH", (), (2022, 3, 30), False),
    ("MONTH", (2022, 2, 28), (2022, 4, 1), True), ("FISCAL_YEAR", (2021, 4, 1), (2022, 3, 31), True),
    ("FISCAL_YEAR", (2021, 4, 2), (), False), ("FISCAL_YEAR", (), (2022, 3, 30), False),
    ("FISCAL_YEAR", (2022, 3, 1), (2022, 3, 31), False)])
def test_donors_are_given_for_whole_rows(unit, from_day, to_day, known):
    model = crowd()
    go(model, jst(2022, 3, 5))
    applied(model, give(), give(account=B))
    days = {name: rules.day_number(*day) for name, day in (("from_day", from_day), ("to_day", to_day)) if day}
    for group in ("MUNICIPALITY_AND_PURPOSE", "BY_MUNICIPALITY", "TOGETHER"):
        assert list(donors(model, unit, group=group, **days).values()) == [2 * known]


# ---- merges

def test_before_a_merge_each_counted_for_itself():
    model = crowd()
    applied(model, give(), give(account=B), merge())
    assert donors(model) == {(0, SAPPORO, 1): 2}
    applied(model, give())
    assert donors(model) == {(0, SAPPORO, 1): 2} and donors(model, "DAY") == {(TODAY, SAPPORO, 1): 2}


def test_after_a_merge_both_are_one():
    model = crowd()
    applied(model, give(account=B), merge(), give())
    assert donors(model) == {(0, SAPPORO, 1): 1}
    go(model, START + 86_400)
    applied(model, give())
    assert donors(model, "DAY") == {(TODAY, SAPPORO, 1): 1, (TODAY + 1, SAPPORO, 1): 1}
    assert donors(model, "MONTH") == {(TODAY, SAPPORO, 1): 1}


def test_a_merge_over_municipalities_and_purposes():
    model = crowd()
    applied(model, give(account=C, home=OTARU), give(purpose=2), merge(A, C), give())
    assert donors(model) == {(0, SAPPORO, 1): 1, (0, SAPPORO, 2): 1, (0, OTARU, 1): 1}
    assert donors(model, group="TOGETHER") == {(0, 0, 0): 2}
    applied(model, move(A, OTARU), give(home=OTARU))
    assert donors(model, group="BY_MUNICIPALITY") == {(0, SAPPORO, 0): 1, (0, OTARU, 0): 1}


def test_merges_of_merged_accounts():
    model = crowd()
    applied(model, give(account=D, home=OTARU), merge(C, D), merge(B, C), merge(A, B), move(A, OTARU), give(home=OTARU))
    assert donors(model) == {(0, OTARU, 1): 1}


def test_the_newest_of_eithers_days():
    """Of the same month each counted; in the next month one counted already, so the other does not."""
    model = crowd()
    applied(model, give(), give(account=B))
    go(model, jst(2021, 12, 1))
    applied(model, give(account=B))
    go(model, jst(2021, 12, 2))
    applied(model, merge(), give())
    day = rules.day_number
    assert donors(model, "MONTH") == {(day(2021, 11, 1), SAPPORO, 1): 2, (day(2021, 12, 1), SAPPORO, 1): 1}
    assert donors(model, "DAY")[day(2021, 12, 2), SAPPORO, 1] == 1
    assert donors(model) == {(0, SAPPORO, 1): 2}


def naive(log, begin):
    """The donors of each row of municipality and purpose: a person is whoever an account had become by the donation."""
    into, rows = {}, {}
    person = lambda account: person(into[account]) if account in into else account
    for what, *fields in log:
        if what == "merge":
            into[fields[1]] = fields[0]
            continue
        day, account, municipality, purpose = fields
        counted = rows.setdefault((begin(day), municipality, purpose), [])
        if person(account) not in map(person, counted):
            counted.append(account)
    return {row: len(counted) for row, counted in rows.items()}


@pytest.mark.parametrize("seed", range(20))
def test_against_a_log(seed):
    """Random gifts, moves and merges over a fiscal year's end, counted again from a list of what happened."""
    chance, model, log = random.Random(seed), crowd(), []
    go(model, jst(2022, 3, 20))
    alive, homes = [A, B, C, D], {A: SAPPORO, B: SAPPORO, C: OTARU, D: OTARU}
    for _ in range(60):
        account = chance.choice(alive)
        if chance.random() < 0.15:
            homes[account] = chance.choice([SAPPORO, OTARU])
            applied(model, move(account, homes[account]))
        if chance.random() < 0.05 and len(alive) > 2:
            merged = chance.choice([a for a in alive if a != account])
            alive.remove(merged)
            applied(model, merge(account, merged))
            log.append(("merge", account, merged))
        purpose = chance.choice([1, 2])
        applied(model, give(1, account, homes[account], purpose))
        log.append(("give", rules.day_of(model.time), account, homes[account], purpose))
        go(model, model.time + chance.randint(0, 86_400))
    begins = {"WHOLE": lambda _: 0, "DAY": lambda day: day, "MONTH": rules.month_of, "FISCAL_YEAR": rules.fiscal_year_of}
    for unit, begin in begins.items():
        assert donors(model, unit) == dict(sorted(naive(log, begin).items()))
