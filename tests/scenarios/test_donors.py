"""Donors on the real daemon: distinct accounts by day, month, fiscal year and over all, however the rows are grouped."""
import itertools
import random

import pytest

import model as rules
import pointsclient as pc
from history import jst
from pointsclient import api
from pointsclient import transaction as tx
from test_bad_input import SAPPORO, refusal
from test_programme import C, EBETSU, OTARU, Stage, merge
from tool import Tool
from world import A, B, TODAY, body

D, E = b"D" * 16, b"E" * 16
UNITS = {"WHOLE": lambda day: 0, "DAY": lambda day: day, "MONTH": rules.month_of, "FISCAL_YEAR": rules.fiscal_year_of}
GROUPS = {"MUNICIPALITY_AND_PURPOSE": lambda home, purpose: (home, purpose), "BY_MUNICIPALITY": lambda home, _: (home, 0),
          "TOGETHER": lambda *_: (0, 0)}


def asked(client, unit="WHOLE", group="MUNICIPALITY_AND_PURPOSE", **which):
    """All DonationTotals over all pages."""
    query = api.GetDonationTotals(unit=api.TotalsUnit.Value(unit), group=api.TotalsGroup.Value(group), **which)
    rows = []
    while True:
        page = client.call(get_donation_totals=query)
        rows += page.rows
        query.offset = page.next_offset
        if not page.next_offset:
            return rows


class DonorStage(Stage):
    """A Stage whose accounts are rich, two of them (D, E) more in Sapporo and Otaru; purposes 1 and 2. It keeps what was
    given, as told, and counts donors from that."""

    def __init__(self, scene):
        super().__init__(scene)
        self.rich(1_000_000)
        self.applied(body("define_purpose", purpose=2, name="p", first_day=TODAY, last_day=TODAY + 900),
                     *(body("open_account", account=a, municipality=m) for a, m in ((D, SAPPORO), (E, OTARU))))
        assert [self.award(a, 99) for a in (D, E)] == ["APPLIED"] * 2
        self.homes = {A: SAPPORO, B: OTARU, C: EBETSU, D: SAPPORO, E: OTARU}
        self.given = {account: [] for account in self.homes}  # (day, home, purpose)
        self.first = []                                       # (day, home, purpose, those that were so before)

    def define(self, number=1, budget=100_000_000, **fields):
        super().define(number, budget, **fields)

    def give(self, account=A, purpose=1, points=1):
        made = body("donate", account=account, municipality=self.homes[account], purpose=purpose, points=points)
        self.applied(made)
        gift = (rules.day_of(self.model.time), self.homes[account], purpose)
        self.first.append((*gift, list(self.given[account])))
        self.given[account].append(gift)
        return made

    def merge(self, account, merged):
        self.applied(merge(account, merged))
        self.given[account] += self.given.pop(merged)
        del self.homes[merged]

    def move(self, account, home):
        self.applied(body("move_account", account=account, municipality=home))
        self.homes[account] = home

    def donors(self, unit, group):
        """{(first day, municipality, purpose): donors}, from what was given."""
        begin, key, found = UNITS[unit], GROUPS[group], {}
        for day, home, purpose, before in self.first:
            row = (begin(day), *key(home, purpose))
            found.setdefault(row, 0)
            found[row] += all((begin(d), *key(h, p)) != row for d, h, p in before)
        return found

    def check(self):
        client = self.daemon.client("auditor")
        for unit, group in itertools.product(UNITS, GROUPS):
            rows = asked(client, unit, group)
            expected = self.donors(unit, group)
            got = {(r.first_day, r.municipality, r.purpose): r.donors for r in rows if r.donations}
            assert got == expected, (unit, group)
            keys = [(r.first_day, r.municipality, r.purpose) for r in rows]
            assert keys == sorted(keys) and len(set(keys)) == len(keys)
            self.check_sums(client, unit, group, rows)

    @staticmethod
    def check_sums(client, unit, group, rows):
        """The other numbers of a group's rows are the sums of the rows by municipality and purpose."""
        sums = {}
        for row in asked(client, unit):
            sum_of = sums.setdefault((row.first_day, *GROUPS[group](row.municipality, row.purpose)), [0] * 4)
            for i, name in enumerate(("donations", "points", "reversed_donations", "reversed_points")):
                sum_of[i] += getattr(row, name)
        assert {(r.first_day, r.municipality, r.purpose): [r.donations, r.points, r.reversed_donations, r.reversed_points]
                for r in rows} == sums


@pytest.fixture
def stage(scene):
    """A DonorStage; afterwards donors are those told, before and after a restart, and after a power cut."""
    made = DonorStage(scene)
    yield made
    made.check()
    for kill in (False, True):
        made.restart(kill)
        made.check()


def counts(stage, unit="WHOLE", group="MUNICIPALITY_AND_PURPOSE", role="auditor", **which):
    return [r.donors for r in asked(stage.daemon.client(role), unit, group, **which)]


def test_each_is_counted_once(stage):
    for account, purpose in ((A, 1), (A, 1), (D, 1), (A, 2), (B, 1)):
        stage.give(account, purpose)
    assert counts(stage) == counts(stage, "DAY") == [2, 1, 1]
    assert counts(stage, group="BY_MUNICIPALITY") == [2, 1]
    assert counts(stage, group="TOGETHER") == [3]
    assert counts(stage, municipality=OTARU) == counts(stage, municipality=OTARU, group="BY_MUNICIPALITY") == [1]
    assert counts(stage, purpose=2) == [1] and counts(stage, purpose=3) == []


@pytest.mark.parametrize("before, new", [((2021, 11, 2), "DAY"), ((2021, 12, 1), "MONTH"), ((2022, 4, 1), "FISCAL_YEAR")])
def test_the_last_second_in_japan(stage, before, new):
    """A gift in a day's, month's or fiscal year's last second, and one in the first of the next."""
    stage.go(jst(*before) - 1)
    stage.give()
    stage.give()
    stage.go(jst(*before))
    stage.give()
    for unit in UNITS:
        rows = 2 if list(UNITS).index(unit) and list(UNITS).index(unit) <= list(UNITS).index(new) else 1
        for group in GROUPS:
            assert counts(stage, unit, group) == [1] * rows, (unit, group)


def test_a_day_again_and_again(stage):
    """Each day's first gift counts for the day alone; the other purpose's, for its own rows."""
    for day in range(3):
        stage.go(jst(2021, 12, 30 + day) if day < 2 else jst(2022, 1, 1))
        stage.give(A, 1 + day % 2)
        stage.give(A, 1)
    assert counts(stage, "DAY", "TOGETHER") == [1, 1, 1] and counts(stage, "MONTH", "TOGETHER") == [1, 1]
    assert counts(stage, "MONTH") == [1, 1, 1] and counts(stage, "FISCAL_YEAR") == [1, 1]


def test_reversed_and_closed_donors_stay(stage):
    given = stage.give(A, points=7)
    stage.give(C)
    stage.applied(body("reverse", target=given.id, reason="x"), body("close_account", account=C))
    assert counts(stage) == [1, 1] and counts(stage, by_original=True) == [1, 1]
    stage.go(jst(2021, 11, 2))
    given = stage.give(A)
    stage.go(jst(2021, 11, 3))
    stage.applied(body("reverse", target=given.id, reason="x"))
    assert counts(stage, "DAY", municipality=SAPPORO) == [1, 1, 0]
    assert counts(stage, "DAY", municipality=SAPPORO, by_original=True) == [1, 1]


def test_merged_donors_count_as_one_from_then_on(stage):
    stage.give(A)
    stage.give(D)
    assert counts(stage) == counts(stage, "DAY") == [2]
    stage.merge(A, D)
    stage.give(A)
    assert counts(stage) == counts(stage, "DAY") == [2], "before, each counted for itself"
    stage.go(jst(2021, 11, 2))
    stage.give(A)
    assert counts(stage, "DAY") == [2, 1] and counts(stage, "MONTH") == [2]


@pytest.mark.parametrize("account, merged", [(A, D), (D, A)])
def test_of_merged_accounts_the_newest_day_counts(stage, account, merged):
    """D gave yesterday, A today: today's gift of whoever stays is not the first, on whichever side it stood."""
    stage.give(D)
    stage.go(jst(2021, 11, 2))
    stage.give(A)
    stage.give(A, 2)
    stage.merge(account, merged)
    stage.give(account)
    stage.give(account, 2)
    assert counts(stage, "DAY") == [1, 1, 1] and counts(stage, "DAY", "TOGETHER") == [1, 1]
    stage.merge(E, account)
    stage.give(E)
    assert counts(stage, "DAY", "TOGETHER") == [1, 1], "it gave today, in Sapporo"
    assert counts(stage, "DAY", municipality=OTARU) == [1], "but in Otaru it is new"


def test_a_move_makes_a_donor_of_two_municipalities(stage):
    stage.give(A)
    stage.move(A, OTARU)
    stage.give(A)
    stage.give(B)
    assert counts(stage, group="BY_MUNICIPALITY") == [1, 2] and counts(stage, group="TOGETHER") == [2]


def test_spans_that_the_asked_days_cut(stage):
    first, last = rules.day_number(2021, 12, 1), rules.day_number(2021, 12, 31)
    for day in (rules.day_number(2021, 11, 30), first, first + 9, last, last + 1):
        stage.go(rules.day_start(day))
        stage.give()
    for from_day, to_day, whole in ((first, last, True), (first, 0, True), (0, last, True), (first - 1, last + 1, True),
                                    (first + 1, last, False), (first, last - 1, False), (first + 1, 0, False)):
        rows = asked(stage.daemon.client("auditor"), "MONTH", from_day=from_day, to_day=to_day)
        assert {r.first_day: r.donors for r in rows}[first] == whole, (from_day, to_day)
        assert all(r.donations for r in rows)
    assert counts(stage, "DAY", from_day=first + 1, to_day=last - 1) == [1]
    year = rules.day_number(2021, 4, 1)
    assert counts(stage, "FISCAL_YEAR", from_day=year, to_day=rules.day_number(2022, 3, 31)) == [1]
    assert counts(stage, "FISCAL_YEAR", from_day=year + 1) == counts(stage, "FISCAL_YEAR", to_day=last + 1) == [0]
    for which in ({"from_day": 1}, {"to_day": 2**32 - 1}, {"from_day": first, "to_day": last}):
        assert counts(stage, **which) == [0], "only the whole without days"
    assert counts(stage, "MONTH", from_day=last + 2) == counts(stage, from_day=last + 2) == []


def test_what_a_municipality_sees(stage):
    stage.daemon.keys["otaru"] = pc.key_from_seed(b"o" * 32)
    stage.applied(body("register_key", key=pc.public(stage.daemon.keys["otaru"]), role=tx.MUNICIPALITY, holder="小樽市",
                       municipality=OTARU))
    for account, purpose in ((A, 1), (B, 1), (B, 2), (E, 2)):
        stage.give(account, purpose)
    shown = lambda group: [(r.municipality, r.purpose, r.donations, r.donors)
                           for r in asked(stage.daemon.client("otaru"), "MONTH", group)]
    assert shown("MUNICIPALITY_AND_PURPOSE") == [(OTARU, 1, 1, 1), (OTARU, 2, 2, 2)]
    assert shown("BY_MUNICIPALITY") == [(OTARU, 0, 3, 2)] and shown("TOGETHER") == [(0, 0, 3, 2)]
    stage.applied(body("set_policy", policy=tx.TOTALS_SHARED, value=1))
    assert shown("BY_MUNICIPALITY") == [(SAPPORO, 0, 1, 1), (OTARU, 0, 3, 2)] and shown("TOGETHER") == [(0, 0, 4, 3)]


def test_groups_that_leave_no_choice(stage):
    stage.give()
    client = stage.daemon.client("auditor")
    for group, which, field in (("BY_MUNICIPALITY", {"purpose": 1}, "purpose"), ("TOGETHER", {"purpose": 1}, "purpose"),
                                ("TOGETHER", {"municipality": SAPPORO}, "municipality"),
                                ("BY_MUNICIPALITY", {"purpose": 1, "municipality": SAPPORO}, "purpose"),
                                ("TOGETHER", {"from_day": 2, "to_day": 1}, "to_day")):
        refused = refusal(asked, client, group=group, **which)
        assert (refused.code, refused.field) == ("OUT_OF_RANGE", "get_donation_totals." + field)
    assert refusal(asked, client, group="TOGETHER", municipality=999).code == "NOT_FOUND"
    assert [r.donors for r in asked(client, group="BY_MUNICIPALITY", municipality=SAPPORO)] == [1]
    client.send_frame(b"\x08\x05\x4a\x02\x40\x03")  # a group 3
    assert client.receive_any().error.field == "get_donation_totals.group"


@pytest.mark.parametrize("seed", range(3))
def test_random_gifts(stage, seed):
    """Gifts, moves and merges over the ends of months and of a fiscal year."""
    chance = random.Random(seed)
    others = [bytes([n]) * 16 for n in range(1, 40)]
    stage.applied(*(body("open_account", account=a, municipality=SAPPORO) for a in others))
    stage.applied(*(body("award", account=a, quest=99, occurred_at=stage.model.time) for a in others))
    stage.homes |= dict.fromkeys(others, SAPPORO)
    stage.given |= {a: [] for a in others}
    time = jst(2021, 11, 20)
    for _ in range(250):
        account = chance.choice(sorted(stage.homes))
        act = chance.random()
        if act < 0.2:
            time += chance.choice((3_600, 86_400, 3 * 86_400, 9 * 86_400))
            stage.go(time)
        elif act < 0.3:
            stage.move(account, chance.choice((SAPPORO, OTARU, EBETSU)))
        elif act < 0.35 and len(stage.homes) > 4:
            other = chance.choice(sorted(set(stage.homes) - {account}))
            stage.merge(account, other)
        else:
            stage.give(account, chance.choice((1, 1, 2)))


def test_the_tool(stage):
    tool = Tool(stage.daemon.dir)
    for account, purpose in ((A, 1), (D, 1), (A, 2), (B, 1)):
        stage.give(account, purpose)
    shown = lambda *args: [(r["municipality"], r["purpose"], r["donations"], r["donors"]) for r in tool.rows("totals", *args)]
    assert shown() == shown("--group", "municipality-and-purpose") == [("011002", 1, 2, 2), ("011002", 2, 1, 1), ("012033", 1, 1, 1)]
    assert shown("--group", "by-municipality") == [("011002", None, 3, 2), ("012033", None, 1, 1)]
    assert shown("--group", "together", "--by", "month") == [(None, None, 4, 3)]
    assert shown("--from", "2021-11-01")[0] == ("011002", 1, 2, None), "not known of a part"
    assert tool("totals", "--group", "by-municipality").stdout.splitlines()[-1].split() == ["total", "4", "4", "0", "0"]
    assert "none of: municipality-and-purpose, by-municipality, together" in tool.refuses("totals", "--group", "all")
    assert "leave it out" in tool.refuses("totals", "--group", "together", "--purpose", 1, code=4)
