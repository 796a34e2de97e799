"""Tests of the model's lots: when points expire, by a naive calendar, and what a definition may say."""
import datetime

import pytest

import model as rules
from pointsclient import transaction as tx
from world import TODAY, a_quest, body, make_model, outcomes


def last_day(kind, value, today):
    return rules.last_day_of(a_quest(expiry=tx.Expiry(kind=kind, value=value)), today)


@pytest.mark.parametrize("today, months, last", [
    ((2021, 11, 30), 1, (2021, 12, 30)), ((2022, 1, 31), 1, (2022, 2, 28)), ((2024, 1, 31), 1, (2024, 2, 29)),
    ((2024, 2, 29), 12, (2025, 2, 28)), ((2021, 12, 15), 1, (2022, 1, 15)), ((2021, 8, 31), 120, (2031, 8, 31))])
def test_months_end_where_the_month_does(today, months, last):
    assert last_day(tx.AFTER_MONTHS, months, rules.day_number(*today)) == rules.day_number(*last)


def test_fiscal_years_end_on_31_march():
    for day in range(rules.day_number(2021, 1, 1), rules.day_number(2025, 1, 1), 7):
        date = rules.date_of(day)
        end = datetime.date(date.year + (date.month >= 4), 3, 31)
        assert rules.date_of(last_day(tx.END_OF_FISCAL_YEAR, 0, day)) == end
        assert rules.date_of(last_day(tx.END_OF_FISCAL_YEAR, 1, day)) == end.replace(year=end.year + 1)


def test_a_fixed_day_is_never_before_the_award():
    assert last_day(tx.ON_DAY, TODAY + 200, TODAY) == TODAY + 200
    assert last_day(tx.ON_DAY, TODAY, TODAY + 3) == TODAY + 3


@pytest.mark.parametrize("kind, value, code", [
    (tx.EXPIRY_NONE, 0, "QUEST_INVALID"), (tx.AFTER_DAYS, 0, "QUEST_INVALID"), (tx.AFTER_DAYS, 1, "APPLIED"),
    (tx.AFTER_DAYS, 3_660, "APPLIED"), (tx.AFTER_DAYS, 3_661, "QUEST_INVALID"), (tx.AFTER_MONTHS, 0, "QUEST_INVALID"),
    (tx.AFTER_MONTHS, 120, "APPLIED"), (tx.AFTER_MONTHS, 121, "QUEST_INVALID"), (tx.END_OF_FISCAL_YEAR, 0, "APPLIED"),
    (tx.END_OF_FISCAL_YEAR, 1, "APPLIED"), (tx.END_OF_FISCAL_YEAR, 2, "QUEST_INVALID"),
    (tx.ON_DAY, TODAY + 99, "QUEST_INVALID"), (tx.ON_DAY, TODAY + 100, "APPLIED"), (tx.ON_DAY, 2_932_897, "QUEST_INVALID")])
def test_what_an_expiry_may_say(kind, value, code):
    fields = dict(quest=1, name="q", period=tx.WEEKLY, points=1, first_day=TODAY, last_day=TODAY + 100)
    assert outcomes(make_model(), body("define_quest", expiry=tx.Expiry(kind=kind, value=value), **fields)) == [code]
