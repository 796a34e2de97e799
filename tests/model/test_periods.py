"""Where periods of quests begin and end: against a calendar that counts day after day, and in awards to the second."""
import random

import pytest

import model as rules
from dates import DAILY, MONTHLY, ONCE, WEEKLY, period_of
from history import jst
from world import A, B, DAY, SAPPORO, a_quest, applied, as_fields, award, body, define, go, make_model, outcomes

FIRST, LAST = (2019, 12, 31), (2033, 1, 2)


def naive_calendar():
    """[(day, year, month, day of month, weekday)] from FIRST to LAST, counted on from Tuesday 31 December 2019."""
    day, (year, month, number), weekday = 18_261, FIRST, 1
    found = []
    while (year, month, number) <= LAST:
        found.append((day, year, month, number, weekday))
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        length = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        day, number, weekday = day + 1, number + 1, (weekday + 1) % 7
        if number > length:
            number, month = 1, month + 1
        if month > 12:
            month, year = 1, year + 1
    return found


def naive_periods(period):
    """{day: (first, last)} by cutting the naive calendar wherever a new period begins; whole ones only."""
    begins = {DAILY: lambda number, weekday: True, WEEKLY: lambda number, weekday: weekday == 0,
              MONTHLY: lambda number, weekday: number == 1}[period]
    cuts = [day for day, _, _, number, weekday in naive_calendar() if begins(number, weekday)]
    return {day: (first, after - 1) for first, after in zip(cuts, cuts[1:]) for day in range(first, after)}


@pytest.mark.parametrize("period", [DAILY, WEEKLY, MONTHLY])
def test_periods_are_those_of_the_naive_calendar(period):
    naive = naive_periods(period)
    assert len(naive) > 4_700
    quest = a_quest(period=period)
    assert {day: period_of(quest, day) for day in naive} == naive


def test_the_naive_calendar_itself():
    found = {day: when for day, *when in naive_calendar()}
    assert found[rules.day_number(2024, 2, 29)] == [2024, 2, 29, 3]
    assert found[rules.day_number(2027, 1, 3)] == [2027, 1, 3, 6]
    assert all(rules.day_number(*when[:3]) == day and rules.date_of(day).weekday() == when[3] for day, when in found.items())


def day(*when):
    return rules.day_number(*when)


# (period, a day, the day with whose 24:00 its period ends)
ENDS = [
    (DAILY, day(2024, 2, 28), day(2024, 2, 28)), (DAILY, day(2024, 2, 29), day(2024, 2, 29)),
    (DAILY, day(2023, 12, 31), day(2023, 12, 31)),
    (MONTHLY, day(2024, 2, 1), day(2024, 2, 29)), (MONTHLY, day(2024, 2, 29), day(2024, 2, 29)),
    (MONTHLY, day(2023, 2, 28), day(2023, 2, 28)), (MONTHLY, day(2024, 1, 31), day(2024, 1, 31)),
    (MONTHLY, day(2024, 4, 1), day(2024, 4, 30)), (MONTHLY, day(2023, 12, 1), day(2023, 12, 31)),
    (MONTHLY, day(9999, 12, 1), day(9999, 12, 31)),
    (WEEKLY, day(2024, 2, 26), day(2024, 3, 3)), (WEEKLY, day(2024, 2, 29), day(2024, 3, 3)),
    (WEEKLY, day(2026, 12, 28), day(2027, 1, 3)),  # week 53 of 2026
    (WEEKLY, day(2026, 12, 31), day(2027, 1, 3)), (WEEKLY, day(2027, 1, 3), day(2027, 1, 3)),
    (WEEKLY, day(2024, 12, 30), day(2025, 1, 5)),  # week 1 of 2025
    (ONCE, day(2024, 1, 1), day(2024, 3, 15)), (ONCE, day(2024, 3, 15), day(2024, 3, 15)),
]


@pytest.mark.parametrize("grace", [0, 1, 3_600, 2 * DAY])
@pytest.mark.parametrize("period, at, last", ENDS)
def test_grace_ends_to_the_second(period, at, last, grace):
    quest_days = (day(2024, 1, 1), last) if period == ONCE else (at, at)
    for second in (rules.day_start(at), rules.day_start(at + 1) - 1):
        over = rules.day_start(last) + DAY + grace
        if over + 1 > rules.END_OF_9999:
            continue
        model = make_model()
        define(model, period=period, grace_s=grace, first_day=quest_days[0], last_day=quest_days[1])
        applied(model, *(body("open_account", account=a, municipality=SAPPORO) for a in (A, B)))
        go(model, over)
        assert award(model, second) == "APPLIED"
        assert award(model, second) == "ALREADY_AWARDED"
        go(model, over + 1)
        assert award(model, second, B) == award(model, second) == "TOO_LATE"


def test_the_last_month_there_is():
    model = make_model()
    define(model, period=MONTHLY, first_day=day(9999, 12, 1), last_day=day(9999, 12, 31))
    applied(model, body("open_account", account=A, municipality=SAPPORO))
    go(model, rules.END_OF_9999)
    assert award(model, jst(9999, 12, 1)) == "APPLIED"
    assert award(model, rules.END_OF_9999) == "ALREADY_AWARDED"
    assert award(model, rules.END_OF_9999 + 1) == "QUEST_CLOSED"


@pytest.mark.parametrize("period", [DAILY, WEEKLY, MONTHLY])
@pytest.mark.parametrize("seed", range(3))
def test_awards_of_random_days(period, seed):
    """Awards in time order: too late, awarded or neither, as the naive calendar says."""
    chance, naive = random.Random(seed), naive_periods(period)
    length = {DAILY: 1, WEEKLY: 7, MONTHLY: 28}[period]
    times, grace = chance.choice([0, 2, 3]), chance.randrange(4 * length * DAY)
    model, days = make_model(), sorted(naive)
    define(model, period=period, times=times, grace_s=grace, first_day=days[0], last_day=days[-1])
    applied(model, body("open_account", account=A, municipality=SAPPORO))
    had, seen, now = {}, set(), jst(2023, 12, 1)
    while now < jst(2025, 2, 1):
        now += chance.randrange(2 * length * DAY // 3)
        go(model, now)
        for _ in range(3):
            at = now - chance.randrange(6 * length * DAY)
            first, last = naive[(at + 9 * 3_600) // DAY]
            if now > last * DAY + 15 * 3_600 + grace:  # 24:00 JST is 15:00 UTC
                expected = "TOO_LATE"
            elif had.get(first, 0) == max(times, 1):
                expected = "ALREADY_AWARDED"
            else:
                expected = "APPLIED"
                had[first] = had.get(first, 0) + 1
            assert award(model, at) == expected
            seen.add(expected)
    assert seen == {"APPLIED", "TOO_LATE", "ALREADY_AWARDED"}
    assert {first: count[0] for (first, _), count in model.quest_totals(1)["periods"].items()} == had
    assert model.account(A)["progress"][1] == (sum(had.values()), 100 * sum(had.values()), max(had))


def test_a_whole_quest_is_one_period():
    model = make_model()
    today = rules.day_of(model.time)
    define(model, period=ONCE, times=2, first_day=today, last_day=today + 40)
    applied(model, body("open_account", account=A, municipality=SAPPORO))
    assert award(model, model.time) == "APPLIED"
    go(model, model.time + 40 * DAY)
    assert [award(model, model.time), award(model, model.time)] == ["APPLIED", "ALREADY_AWARDED"]
    assert model.quest_totals(1)["periods"] == {(today, SAPPORO): [2, 200]}
    assert model.quest_totals(1, from_day=today + 40)["periods"] and model.quest_totals(1, to_day=today)["periods"]
    assert not model.quest_totals(1, from_day=today + 41)["periods"]
    assert not model.quest_totals(1, to_day=today - 1)["periods"]
    assert model.account(A)["progress"] == {1: (2, 200, today)}


@pytest.mark.parametrize("period, days", [(DAILY, 1), (WEEKLY, 7), (MONTHLY, 28), (ONCE, 7)])
@pytest.mark.parametrize("times, periods", [(0, 60), (2, 4), (255, 4)])
def test_the_longest_grace(period, days, times, periods):
    longest = periods * days * DAY
    define_with = lambda grace: outcomes(make_model(), body("define_quest", **as_fields(
        a_quest(period=period, times=times, grace_s=grace))))
    assert define_with(longest) == ["APPLIED"]
    assert define_with(longest + 1) == ["QUEST_INVALID"]
