"""A conversion's fee, and the totals of conversions, on the real daemon."""
import pytest

import pointsclient as pc
from history import jst
from pointsclient import api
from pointsclient import transaction as tx
from test_bad_input import SAPPORO, refusal
from test_lots import expiry
from test_programme import C, EBETSU, OTARU, Stage, merge, request
from tool import Tool
from world import A, B, DAY, TODAY, body


class ConversionStage(Stage):
    """A Stage whose accounts have 1,000 points each, and conversions are open."""

    def __init__(self, scene):
        super().__init__(scene)
        self.rich()

    def fee(self, points):
        self.applied(body("set_policy", policy=tx.CONVERSION_FEE_POINTS, value=points))

    def ask(self, points, account=A):
        """The id of a conversion that waits."""
        made = request(account, points)
        self.applied(made)
        return made.id

    def settle(self, *conversions):
        self.applied(*(body("settle_conversion", conversion=c) for c in conversions))

    def refuse(self, *conversions):
        self.applied(*(body("refuse_conversion", conversion=c) for c in conversions))

    def held(self, account=A):
        got = self.daemon.client("auditor").account(account)
        return got.balance_points, got.held_points

    def books(self, municipality=None):
        """(held, converted, fees), of all or of one municipality."""
        got = self.daemon.client("auditor").trial_balance()
        books = got.total if municipality is None else next(
            m.books for m in got.municipalities if m.municipality == municipality)
        return books.held, books.converted, books.fees

    def totals(self, unit="WHOLE", role="auditor", **which):
        """{(first day, municipality): its numbers}."""
        query = api.GetConversionTotals(unit=api.TotalsUnit.Value(unit), **which)
        rows = {}
        while True:
            page = self.daemon.client(role).call(get_conversion_totals=query)
            rows |= {(r.first_day, r.municipality): (r.requested, r.requested_points, r.settled, r.settled_points, r.fee_points,
                                                     r.refused, r.refused_points) for r in page.rows}
            query.offset = page.next_offset
            if not page.next_offset:
                return rows


@pytest.fixture
def stage(scene):
    """A ConversionStage; afterwards every query is the model's, before and after a restart, and after a power cut."""
    made = ConversionStage(scene)
    yield made
    made.compare()
    before = made.totals("DAY"), made.books()
    for kill in (False, True):
        made.restart(kill)
        made.compare()
        assert (made.totals("DAY"), made.books()) == before


# ---- the fee

def test_the_fee_is_that_of_the_request(stage):
    stage.fee(10)
    first = stage.ask(100)
    stage.fee(30)
    second = stage.ask(200)
    stage.fee(0)
    third = stage.ask(50)
    waiting = stage.daemon.client("waon").pending_conversions()
    assert [(c.id, c.points, c.fee_points) for c in waiting] == [(first, 100, 10), (second, 200, 30), (third, 50, 0)]
    stage.fee(1_000)
    assert stage.held() == (650, 350) and stage.books() == (350, 0, 0)
    stage.settle(first)
    assert stage.model.entries[stage.model.sequence]["outcome"][:2] == ("APPLIED", 100), "all that was held has left"
    assert stage.held() == (650, 250) and stage.books() == (250, 90, 10)
    stage.settle(second, third)
    assert stage.held() == (650, 0) and stage.books() == (0, 310, 40)
    assert stage.totals() == {(0, SAPPORO): (3, 350, 3, 350, 40, 0, 0)}


def test_a_fee_asked_for_in_the_same_envelope(stage):
    made = request(A, 10)
    stage.applied(request(A, 1), body("set_policy", policy=tx.CONVERSION_FEE_POINTS, value=9), made,
                  body("settle_conversion", conversion=made.id))
    assert stage.codes(request(A, 9)) == ["AMOUNT_INVALID"] and stage.books() == (1, 1, 9)


def test_what_is_refused_or_reversed_comes_back_whole(stage):
    stage.define(3, period=tx.DAILY, expiry=expiry(tx.AFTER_DAYS, 9))
    assert stage.award(quest=3) == "APPLIED"
    lots = lambda: [(lot.last_day, lot.points) for lot in stage.daemon.client("auditor").account(A).lots]
    stage.fee(40)
    refused, reversed_ = stage.ask(100), stage.ask(60)
    assert stage.held() == (940, 160) and lots() == []
    stage.refuse(refused)
    stage.applied(body("reverse", target=reversed_, reason="x"))
    assert stage.held() == (1_100, 0) and lots() == [(TODAY + 9, 100)] and stage.books() == (0, 0, 0)
    for again in (refused, reversed_):
        assert stage.codes(body("settle_conversion", conversion=again)) == ["CONVERSION_NOT_PENDING"]
    assert stage.totals() == {(0, SAPPORO): (2, 160, 0, 0, 0, 2, 160)}


@pytest.mark.parametrize("policies, invalid, valid", [
    ({}, (0,), (1, 1_000)), ({"FEE": 1}, (0, 1), (2,)), ({"FEE": 50}, (0, 1, 49, 50), (51, 1_000)), ({"FEE": 1_000_000}, (1, 1_000), ()),
    ({"FEE": 50, "UNIT": 20}, (20, 40, 50, 51), (60, 1_000)), ({"FEE": 50, "MIN": 80}, (50, 51, 79), (80,)),
    ({"FEE": 80, "MIN": 50}, (50, 79, 80), (81,)), ({"FEE": 50, "UNIT": 50, "MIN": 50}, (50, 99, 101), (100,))])
def test_amounts(stage, policies, invalid, valid):
    for name, value in policies.items():
        stage.applied(body("set_policy", policy=tx.Policy.Value(f"CONVERSION_{name}_POINTS"), value=value))
    for points in invalid:
        assert stage.codes(request(A, points)) == ["AMOUNT_INVALID"], points
    for points in valid:
        stage.refuse(stage.ask(points))


def test_the_fee_in_the_order_of_checks(stage):
    stage.fee(50)
    stage.applied(body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=40))
    assert stage.codes(request(A, 50), request(A, 51), request(A, 2_000)) == ["AMOUNT_INVALID", "LIMIT_REACHED", "LIMIT_REACHED"]
    stage.applied(body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=0))
    assert stage.codes(request(A, 1_001), request(b"?" * 16, 1)) == ["BALANCE_INSUFFICIENT", "ACCOUNT_UNKNOWN"]
    stage.applied(body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=stage.model.time + 1))
    assert stage.codes(request(A, 1)) == ["CONVERSION_CLOSED"]


def test_limits_count_the_fee(stage):
    stage.fee(50)
    stage.applied(body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=200))
    first = stage.ask(150)
    assert stage.codes(request(A, 51)) == ["LIMIT_REACHED"], "its 51 count, not the 1 that is paid out"
    stage.refuse(first)
    stage.ask(200)


def test_the_range_of_the_fee(stage):
    for value, code in ((1_000_001, "POLICY_INVALID"), (2**64 - 1, "POLICY_INVALID"), (1_000_000, "APPLIED"), (0, "APPLIED")):
        assert stage.code("set_policy", policy=tx.CONVERSION_FEE_POINTS, value=value) == code
    assert [p.value for p in stage.daemon.client("app").programme(api.POLICIES) if p.policy == tx.CONVERSION_FEE_POINTS] == [0]


def test_fees_belong_to_the_home_at_the_settlement(stage):
    """One whose account moved, and one whose account was merged into another's, meanwhile."""
    stage.fee(10)
    moved, merged, refused = stage.ask(100, A), stage.ask(200, B), stage.ask(300, B)
    stage.applied(body("move_account", account=A, municipality=OTARU), merge(C, B))
    assert stage.held(C) == (1_500, 500) and stage.books(EBETSU) == (500, 0, 0) and stage.books(OTARU) == (100, 0, 0)
    assert [c.fee_points for c in stage.daemon.client("waon").pending_conversions()] == [10] * 3
    stage.settle(moved, merged)
    stage.refuse(refused)
    assert stage.books(SAPPORO) == (0, 0, 0) and stage.books(OTARU) == (0, 90, 10) and stage.books(EBETSU) == (0, 190, 10)
    assert stage.totals() == {(0, SAPPORO): (1, 100, 0, 0, 0, 0, 0), (0, OTARU): (2, 500, 1, 100, 10, 0, 0),
                              (0, EBETSU): (0, 0, 1, 200, 10, 1, 300)}


# ---- totals

def test_each_stands_on_its_own_day(stage):
    """Over the last second of a day, of a month, and of a fiscal year."""
    stage.fee(10)
    asked = []
    moments = (jst(2021, 11, 2) - 1, jst(2021, 11, 2), jst(2021, 12, 1) - 1, jst(2021, 12, 1), jst(2022, 4, 1) - 1, jst(2022, 4, 1))
    for number, moment in enumerate(moments):
        stage.go(moment)
        asked.append(stage.ask(20 + number))
        if number % 2:
            stage.settle(asked[number - 1])
    stage.refuse(asked[1])
    stage.applied(body("reverse", target=asked[3], reason="x"))
    days = [(m + 9 * 3_600) // DAY for m in moments]
    nothing, settled = (0,) * 5, lambda points: (1, points, 10, 0, 0)
    assert stage.totals("DAY") == {
        (days[0], SAPPORO): (1, 20, *nothing), (days[1], SAPPORO): (1, 21, *settled(20)),
        (days[2], SAPPORO): (1, 22, *nothing), (days[3], SAPPORO): (1, 23, *settled(22)),
        (days[4], SAPPORO): (1, 24, *nothing), (days[5], SAPPORO): (1, 25, 1, 24, 10, 2, 44)}
    november, march = days[0] - 0, (jst(2022, 3, 1) + 9 * 3_600) // DAY
    assert stage.totals("MONTH") == {
        (november, SAPPORO): (3, 63, 1, 20, 10, 0, 0), (days[3], SAPPORO): (1, 23, 1, 22, 10, 0, 0),
        (march, SAPPORO): (1, 24, *nothing), (days[5], SAPPORO): (1, 25, 1, 24, 10, 2, 44)}
    year = (jst(2021, 4, 1) + 9 * 3_600) // DAY
    assert stage.totals("FISCAL_YEAR") == {(year, SAPPORO): (5, 110, 2, 42, 20, 0, 0), (days[5], SAPPORO): (1, 25, 1, 24, 10, 2, 44)}
    assert stage.totals(from_day=days[1], to_day=days[3]) == {(days[1], SAPPORO): (3, 66, 2, 42, 20, 0, 0)}
    assert stage.totals("MONTH", from_day=days[2]) == stage.totals("MONTH", from_day=days[2], to_day=2**32 - 1) == {
        (november, SAPPORO): (1, 22, *nothing)} | {row: v for row, v in stage.totals("MONTH").items() if row[0] > november}
    assert stage.totals(from_day=days[5] + 1) == stage.totals("DAY", to_day=days[0] - 1) == {}


def test_who_sees_conversion_totals(stage):
    stage.daemon.keys["otaru"] = pc.key_from_seed(b"o" * 32)
    stage.applied(body("register_key", key=pc.public(stage.daemon.keys["otaru"]), role=tx.MUNICIPALITY, holder="小樽市",
                       municipality=OTARU))
    stage.ask(1, A)
    stage.ask(2, B)
    one = {(0, OTARU): (1, 2, 0, 0, 0, 0, 0)}
    everything = {(0, SAPPORO): (1, 1, 0, 0, 0, 0, 0)} | one
    for role in ("operator-1", "waon", "auditor"):
        assert stage.totals(role=role) == everything and stage.totals(role=role, municipality=OTARU) == one
    assert stage.totals(role="otaru") == stage.totals(role="otaru", municipality=OTARU) == one
    refused = refusal(stage.totals, role="otaru", municipality=SAPPORO)
    assert (refused.code, refused.field) == ("NOT_PERMITTED", "get_conversion_totals.municipality")
    for role in ("app", None):
        assert refusal(stage.totals, role=role).code == "NOT_PERMITTED"
    stage.applied(body("set_policy", policy=tx.TOTALS_SHARED, value=1))
    assert stage.totals(role="otaru") == everything and stage.totals(role="otaru", municipality=SAPPORO)


def test_questions_that_have_no_answer(stage):
    for which, code, field in (({"municipality": 1}, "NOT_FOUND", "municipality"),
                               ({"from_day": 2, "to_day": 1}, "OUT_OF_RANGE", "to_day")):
        refused = refusal(stage.totals, **which)
        assert (refused.code, refused.field) == (code, "get_conversion_totals." + field)
    client = stage.daemon.client("auditor")
    client.send_frame(b"\x08\x05\xba\x01\x02\x20\x04")  # a unit 4
    assert client.receive_any().error.field == "get_conversion_totals.unit"
    assert stage.totals() == {} and stage.totals(municipality=SAPPORO, offset=2**32 - 1) == {}


def test_pages(scene):
    """More rows than one answer holds: 12 municipalities on 170 days."""
    stage = ConversionStage(scene)
    client = stage.daemon.client("auditor")
    homes = {bytes([n]) * 16: m.code for n, m in enumerate(client.programme(api.MUNICIPALITIES), 1)}
    stage.applied(*(body("open_account", account=a, municipality=m) for a, m in homes.items()))
    stage.applied(*(body("award", account=a, quest=99, occurred_at=stage.model.time) for a in homes))
    for day in range(170):
        stage.go(jst(2021, 11, 1, 9) + day * DAY)
        stage.applied(*(request(a, 1 + day % 3) for a in homes))
    rows = stage.totals("DAY")
    assert list(rows) == [(TODAY + day, m) for day in range(170) for m in sorted(homes.values())]
    assert all(numbers == (1, 1 + (day - TODAY) % 3, 0, 0, 0, 0, 0) for (day, _), numbers in rows.items())
    ask = lambda offset: client.call(get_conversion_totals=api.GetConversionTotals(unit=api.DAY, offset=offset))
    assert [(len(ask(o).rows), ask(o).next_offset) for o in (0, 1, 39, 40, 41, 2_000, 2_039, 2_040)] == [
        (2_000, 2_000), (2_000, 2_001), (2_000, 2_039), (2_000, 0), (1_999, 0), (40, 0), (1, 0), (0, 0)]
    assert ask(0).last_sequence == stage.model.sequence
    assert [(r.requested, r.requested_points) for r in client.call(
        get_conversion_totals=api.GetConversionTotals(municipality=EBETSU)).rows] == [(170, 339)]


# ---- the tools

RESIDENT, NEIGHBOUR = "a" * 32, "b" * 32
TWO = ("--key", "operator-1", "--key", "operator-2")


@pytest.fixture
def tool(daemon):
    """Two residents of Sapporo and Otaru with 100 points each; the fee is 10."""
    made = Tool(daemon.dir)
    made.begin()
    made.does("set-policy", "conversion-fee-points", 10, *TWO)
    for account, home in ((RESIDENT, "札幌"), (NEIGHBOUR, "小樽")):
        made.does("open-account", account, home)
        made.does("award", account, 1)
    return made


def test_the_tool_says_fees_and_totals(tool):
    first, second = (tool.does("convert", account, 40)["id"] for account in (RESIDENT, NEIGHBOUR))
    assert "fee" in tool.refused("AMOUNT_INVALID", "convert", RESIDENT, 10).stderr
    assert [(r["points"], r["fee_points"]) for r in tool.rows("conversions")] == [(40, 10)] * 2
    tool.does("set-time", "2021-12-01 00:00")
    tool.does("settle", first)
    tool.does("refuse", second)
    assert {r["municipality"]: (r["converted"], r["fees"]) for r in tool.rows("trial-balance") if r["accounts"]} == {
        "011002": (30, 10), "012033": (0, 0)}
    assert tool("trial-balance").stdout.splitlines()[-1].split() == [
        "total", "2", "200", "160", "0", "0", "30", "0", "0", "0", "10", "0"]
    names = ("from", "municipality", "requested", "requested_points", "settled", "settled_points", "fee_points", "refused",
             "refused_points")
    shown = lambda *args: [tuple(r[n] for n in names) for r in tool.rows("conversion-totals", *args)]
    assert shown() == shown("--by", "whole", "--key", "waon") == [
        (None, "011002", 1, 40, 1, 40, 10, 0, 0), (None, "012033", 1, 40, 0, 0, 0, 1, 40)]
    assert shown("--by", "month") == [
        ("2021-11-01", "011002", 1, 40, 0, 0, 0, 0, 0), ("2021-11-01", "012033", 1, 40, 0, 0, 0, 0, 0),
        ("2021-12-01", "011002", 0, 0, 1, 40, 10, 0, 0), ("2021-12-01", "012033", 0, 0, 0, 0, 0, 1, 40)]
    assert shown("--from", "2021-11-02", "--municipality", "小樽") == [("2021-11-02", "012033", 0, 0, 0, 0, 0, 1, 40)]
    assert shown("--by", "day", "--to", "2021-11-30", "--municipality", "Otaru", "--key", "municipality-012033") == [
        ("2021-11-01", "012033", 1, 40, 0, 0, 0, 0, 0)]
    assert tool("conversion-totals").stdout.splitlines()[-1].split() == ["total", "2", "80", "1", "40", "10", "1", "40"]
    assert "total" not in tool("conversion-totals", "--municipality", "札幌").stdout
    assert tool.csv_rows("conversion-totals") == [{n: "" if c is None else str(c) for n, c in row.items()}
                                                  for row in tool.rows("conversion-totals")]
    assert "none of: whole, day, month, fiscal-year" in tool.refuses("conversion-totals", "--by", "week")
    assert "NOT_PERMITTED" in tool.refuses("conversion-totals", "--key", "app", code=4)
    assert "OUT_OF_RANGE" in tool.refuses("conversion-totals", "--from", "2021-11-02", "--to", "2021-11-01", code=4)


def test_the_auditor_reports_fees(daemon, tool):
    tool.does("settle", tool.does("convert", RESIDENT, 40)["id"])
    daemon.stop()
    code, report = daemon.audit()
    assert code == 0 and "converted + expired + forfeited + reversed + fees\n" in report
    assert "FEES" in report and ["total", "2", "200", "160", "0", "0", "30", "0", "0", "0", "10", "0"] in [
        line.split() for line in report.splitlines()]


def test_the_waon_file_says_fee_and_payout(tool, tmp_path):
    first = tool.does("convert", RESIDENT, 40)["id"]
    tool.does("set-policy", "conversion-fee-points", 0, *TWO)
    second = tool.does("convert", RESIDENT, 60)["id"]
    path, results = tmp_path / "out.csv", tmp_path / "results.csv"
    exported = tool.row("waon", "export", path)
    assert (exported["conversions"], exported["points"], exported["fee_points"], exported["payout_points"]) == (2, 100, 10, 90)
    header, *rows, last, _ = path.read_bytes().decode().split("\r\n")
    columns = header.split(",")
    assert [tuple(dict(zip(columns, row.split(",")))[n] for n in ("conversion", "points", "fee_points", "payout_points"))
            for row in rows] == [(first, "40", "10", "30"), (second, "60", "0", "60")]
    assert last == f"total,2,{exported['sha256']},,100,10,90,"
    results.write_text(f"conversion,result\n{first},settled\n{second},refused\n")
    whole = path.read_bytes()
    for old, new, said in ((b",40,10,30,", b",40,20,20,", "count or points"), (b",40,10,30,", b",40,10,40,", "cannot be read"),
                           (b",40,10,30,", b",40,50,0,", "cannot be read"), (b",100,10,90,", b",100,0,100,", "count or points"),
                           (b",100,10,90,", b",100,10,91,", "count or points"), (b",fee_points,", b",fees,", "columns are others"),
                           (b",60,0,60,", b",60,60,0,", "count or points"), (b",60,0,60,", b",60,00,60,", "digest")):
        assert whole.count(old) == 1
        path.write_bytes(whole.replace(old, new))
        assert said in tool.refuses("waon", "import", results, "--exported", path), (old, new)
    path.write_bytes(whole)
    tool("waon", "import", results, "--exported", path)
    assert [sum(r[n] for r in tool.rows("trial-balance")) for n in ("balances", "held", "converted", "fees")] == [160, 0, 30, 10]
