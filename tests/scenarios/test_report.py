"""Reports against the independent model: figures, forms of output, charts, what a municipality's key gets; and open data."""
import collections
import csv
import io
import json
import re
import xml.etree.ElementTree as xml

import pytest

import compare
import model as rules
import pointsclient as pc
from conftest import TESTS
from history import DAY, History, jst
from pointsclient import transaction as tx
from test_suppression import could_be_another, hidden_lines
from tool import TWO, Tool

SAPPORO, OTARU, EBETSU = 11_002, 12_033, 12_173
ALL = ("operator-1", "operator-2", "app", "waon")
UNITS = {"whole": "WHOLE", "day": "DAY", "month": "MONTH", "fiscal-year": "FISCAL_YEAR"}
SVG = "{http://www.w3.org/2000/svg}"


def known_residents():
    with open(TESTS.parent / "data" / "municipalities.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return ({int(r["code"]): int(r["population_2020"]) for r in rows}, {int(r["code"]): r["name_ja"] for r in rows})


POPULATION, NAMES = known_residents()


class Plain(History):
    """A history of what reports are about: no notices, nothing in bulk, and more donations that are applied."""

    def next_step(self):
        return self.step(*self.pick({self.residents: 60, self.waon: 12, self.one_operator: 4, self.correction: 16,
                                     self.move_time: 12})())

    def resident(self):
        return self.pick({self.award: 50, self.donate: 30, self.request_conversion: 8, self.open_account: 7,
                          self.move_account: 6, self.close_account: 0.5})()

    def donate(self):
        rich = [a for a, v in self.model.accounts.items() if v["balance"] > 20 and v["status"] == "OPEN"]
        if not rich or self.chance(0.2):
            return super().donate()
        account = self.random.choice(rich)
        return self.make(donate=tx.Donate(
            account=account, municipality=self.model.accounts[account]["home"], purpose=self.pick({1: 3, 2: 1}),
            points=self.random.randint(1, min(self.model.accounts[account]["balance"], 60))))

    def correction(self):
        return [self.pick({self.reverse: 3, self.settle_donations: 4, self.set_budget: 1})()], self.two()


def play(daemon, history, steps):
    answers = daemon.client().pipeline((dict(submit=s.signed()) for s in steps), window=64)
    for step, answer in zip(steps, answers):
        compare.response(answer, step.expected)


@pytest.fixture
def tool(daemon):
    return Tool(daemon.dir)


def make(**body):
    return tx.Transaction(id=pc.new_uuid7(), **body)


class Played:
    """A ledger with a random history, its model, and a tool."""

    def __init__(self, daemon, seed):
        keys = [*daemon.keys.values(), *daemon.offices.values()]
        history = Plain(seed, daemon.model(), daemon.client().ledger_id, keys)
        play(daemon, history, list(history.steps(2_500)))
        self.model, self.tool, self.daemon, self.history = history.model, Tool(daemon.dir), daemon, history

    def submit(self, *transactions, by=ALL):
        """What must be applied, in the daemon and in the model."""
        expected = self.model.submit([(t, pc.canonical(t)) for t in transactions], [pc.public(self.daemon.keys[n]) for n in by])
        reply = self.daemon.client().submit(transactions, [self.daemon.keys[n] for n in by])
        compare.reply(reply, expected)
        assert set(pc.codes(reply)) == {"APPLIED"}, pc.codes(reply)


@pytest.fixture(params=[11, 12])
def played(daemon, request):
    return Played(daemon, request.param)


def day_text(day):
    """As JSON has it; none where all days are together."""
    return str(rules.date_of(day)) if day else None


def code_text(code):
    return f"{code:06}" if code else None


def keyed(rows, *figures, keys=("from", "municipality")):
    """Rows as {their keys: their figures}; each key once."""
    found = {tuple(r[k] for k in keys): [r[f] for f in figures] for r in rows}
    assert len(found) == len(rows)
    return found


# ---- donations

DONATION_FIGURES = ("donations", "points", "reversed_donations", "reversed_points", "net_points", "donors")
DONATION_KEYS = ("from", "municipality", "purpose")


def expected_donations(model, unit, group, **which):
    """What a report of donations says, put together from the rows of each municipality and purpose, or as the model groups."""
    asked = {"municipality-and-purpose": "MUNICIPALITY_AND_PURPOSE", "by-municipality": "BY_MUNICIPALITY",
             "by-purpose": "MUNICIPALITY_AND_PURPOSE", "together": "TOGETHER"}[group]
    rows = collections.defaultdict(list)
    for (first, home, purpose), numbers in model.donation_totals(UNITS[unit], group=asked, **which).items():
        rows[day_text(first), code_text(0 if group == "by-purpose" else home), purpose or None].append(numbers)
    expected = {}
    for key, several in rows.items():
        total = [sum(column) for column in zip(*several)]
        donors = total[4] if len(several) == 1 and (total[4] or not total[0]) else 0 if not total[0] else None
        expected[key] = [*total[:4], total[1] - total[3], donors]
    return expected


def test_donations(played):
    model, tool = played.model, played.tool
    home = max(model.municipalities, key=lambda m: sum(d[1] == m for d in model.donations))
    days = sorted(d[0] for d in model.donations)
    middle = days[len(days) // 2]
    assert any(model.donations_undone) and model.settlements
    spans = [((), {}), (("--from", day_text(middle)), {"from_day": middle}),
             (("--from", day_text(days[0]), "--to", day_text(middle)), {"from_day": days[0], "to_day": middle})]
    for unit in UNITS:
        for group in ("municipality-and-purpose", "by-municipality", "by-purpose", "together"):
            for words, which in spans:
                for dated in ("donation", "original"):
                    rows = tool.rows("report", "donations", "--by", unit, "--group", group, "--dated", dated, *words)
                    assert keyed(rows, *DONATION_FIGURES, keys=DONATION_KEYS) == expected_donations(
                        model, unit, group, by_original=dated == "original", **which), (unit, group, dated, words)
    rows = tool.rows("report", "donations")
    assert rows == tool.rows("report", "donations", "--by", "month", "--group", "municipality-and-purpose", "--dated", "donation")
    assert rows[0].keys() == {"from", "municipality", "name_ja", "name_en", "purpose", "purpose_name", *DONATION_FIGURES}
    assert all(r["name_ja"] == NAMES[int(r["municipality"])] for r in rows)
    # where one municipality or purpose is chosen, the rows are those of the finer groups, with their donors
    one = tool.rows("report", "donations", "--group", "together", "--municipality", home)
    assert keyed(one, *DONATION_FIGURES, keys=DONATION_KEYS) == expected_donations(
        model, "month", "by-municipality", municipality=home)
    one = tool.rows("report", "donations", "--group", "by-municipality", "--purpose", 1)
    assert keyed(one, *DONATION_FIGURES, keys=DONATION_KEYS) == expected_donations(
        model, "month", "municipality-and-purpose", purpose=1)


def test_donations_for_people(played):
    printed = played.tool("report", "donations", "--group", "by-municipality").stdout
    rows = expected_donations(played.model, "month", "by-municipality")
    total = [sum(r[i] for r in rows.values()) for i in range(5)]
    assert [int(n.replace(",", "")) for n in re.search(r"^total +(.*?) *$", printed, re.M)[1].split()] == total
    for group, hidden in (("together", {"MUNICIPALITY", "PURPOSE"}), ("by-purpose", {"MUNICIPALITY"}),
                          ("by-municipality", {"PURPOSE"}), ("municipality-and-purpose", set())):
        headings = played.tool("report", "donations", "--group", group).stdout.splitlines()[0].split()
        assert {"MUNICIPALITY", "PURPOSE"} - set(headings) == hidden and {"FROM", "DONORS"} <= set(headings)
        assert ("JA" in headings) == ("MUNICIPALITY" in headings)
    assert "PURPOSE" in played.tool("report", "donations", "--group", "together", "--purpose", 1).stdout


def test_an_unknown_purpose(played):
    for words in (("totals",), ("report", "donations"), ("settlements",)):
        said = played.tool.refuses(*words, "--purpose", 999, code=4)
        assert "NOT_FOUND: no purpose 999 is defined" in said
        assert "points programme purposes" in said
        played.tool(*words, "--purpose", 1)


def test_donations_on_the_day_of_their_payment(played):
    model = played.model
    for unit, begin in (("day", lambda d: d), ("month", rules.month_of), ("fiscal-year", rules.fiscal_year_of), ("whole", lambda _: 0)):
        for group, home, purpose in (("municipality-and-purpose", 1, 1), ("by-municipality", 1, 0), ("by-purpose", 0, 1), ("together", 0, 0)):
            expected = collections.defaultdict(lambda: [0, 0])
            for s in model.settlements:
                row = expected[day_text(begin(s["day"])), code_text(s["municipality"] * home), s["purpose"] * purpose or None]
                row[0] += 1
                row[1] += s["points"]
            rows = played.tool.rows("report", "donations", "--dated", "settlement", "--by", unit, "--group", group)
            assert keyed(rows, "settlements", "points", keys=DONATION_KEYS) == expected, (unit, group)
    day = model.settlements[len(model.settlements) // 2]["day"]
    for words, wanted in ((("--from", day_text(day)), lambda d: d >= day), (("--to", day_text(day)), lambda d: d <= day)):
        rows = played.tool.rows("report", "donations", "--dated", "settlement", "--by", "day", *words)
        assert sum(r["settlements"] for r in rows) == sum(wanted(s["day"]) for s in model.settlements)


# ---- conversions, expiry, books

CONVERSION_FIGURES = ("requested", "requested_points", "settled", "settled_points", "fee_points", "refused", "refused_points")


def test_conversions(played):
    model = played.model
    played.submit(*(make(set_policy=tx.SetPolicy(policy=policy, value=value)) for policy, value in (
        (tx.CONVERSION_OPENS_AT, 0), (tx.CONVERSION_UNIT_POINTS, 1), (tx.CONVERSION_MIN_POINTS, 1),
        (tx.CONVERSION_DAY_MAX_POINTS, 0), (tx.CONVERSION_MONTH_MAX_POINTS, 0), (tx.CONVERSION_FEE_POINTS, 3))))
    midnight = rules.day_start(rules.month_end(rules.day_of(model.next_time())) + 1)  # in UTC it is the month before
    played.submit(make(set_time=tx.SetTime(time=midnight + 1_800)))
    rich = [a for a, v in model.accounts.items() if v["balance"] > 20 and v["status"] == "OPEN"][:6]
    requests = [make(request_conversion=tx.RequestConversion(account=a, points=n)) for n, a in enumerate(rich, 10)]
    played.submit(*requests)
    played.submit(make(settle_conversion=tx.SettleConversion(conversion=requests[0].id)),
                  make(refuse_conversion=tx.RefuseConversion(conversion=requests[1].id)))
    home = max(model.municipalities, key=lambda m: sum(c["home"] == m for c in model.conversion_days))
    days = sorted(c["day"] for c in model.conversion_days)
    middle = days[len(days) // 2]
    assert model.pending()
    for unit in UNITS:
        for words, which in (((), {}), (("--municipality", home), {"municipality": home}),
                             (("--from", day_text(middle)), {"from_day": middle}), (("--to", day_text(middle)), {"to_day": middle})):
            expected = {(day_text(first), code_text(m)): [*numbers, 0, 0]
                        for (first, m), numbers in model.conversion_totals(UNITS[unit], **which).items()}
            for _, _, _, m, points, time, _ in model.pending():
                day = rules.day_of(time)
                if which.get("municipality", m) != m or not which.get("from_day", 0) <= day <= which.get("to_day", day):
                    continue
                first = which.get("from_day", 0) if unit == "whole" else rules.BEGINS[UNITS[unit]](day)
                row = expected[day_text(first), code_text(m)]
                row[7] += 1
                row[8] += points
            rows = played.tool.rows("report", "conversions", "--by", unit, *words)
            assert keyed(rows, *CONVERSION_FIGURES, "pending", "pending_points") == expected, (unit, words)
    assert played.tool.rows("report", "conversions", "--key", "waon") == played.tool.rows("report", "conversions", "--by", "month")


def test_expiry(played):
    model = played.model
    rows = model.expiry()
    today = rules.day_of(model.time)
    assert {expired for *_, expired in rows} == {True, False}
    for unit in UNITS:
        for words, which in (((), {}), (("--from", day_text(today)), {"from_day": today}), (("--to", day_text(today)), {"to_day": today})):
            expected = collections.defaultdict(lambda: [0, 0])
            for day, home, points, expired in model.expiry(**which):
                first = which.get("from_day", 0) if unit == "whole" else rules.BEGINS[UNITS[unit]](day)
                expected[day_text(first), code_text(home)][not expired] += points
            got = played.tool.rows("report", "expiry", "--by", unit, *words)
            assert keyed(got, "expired_points", "will_expire_points") == expected, (unit, words)


def test_books_and_circulation_are_those_of_the_queries(played):
    for name, *words in (("trial-balance",), ("circulation",), ("circulation", "--quest", "101")):
        for form in ("--json", "--csv"):
            assert played.tool("report", name, *words, form).stdout == played.tool(name, *words, form).stdout
        assert played.tool("report", name, *words).stdout == played.tool(name, *words).stdout


# ---- a campaign

def percent(part, whole):
    return round(int(part * 20_000 + whole) // (2 * whole) / 100, 2)


def pace_of(model, number, today):
    """(points, days) of the latest complete periods that make 28 days, or None."""
    quest = model.quests[number]["message"]
    if quest.period == tx.ONCE:
        return None
    points = collections.Counter()
    for (first, _), (_, amount) in model.quest_totals(number)["periods"].items():
        points[first] += amount
    periods = sorted({rules.period_of(quest, day) for day in range(quest.first_day, min(quest.last_day, today) + 1)}, reverse=True)
    chosen, days = [], 0
    for first, last in periods:
        if min(last, quest.last_day) >= today:
            continue  # not complete
        if days >= 28:
            break
        chosen.append(first)
        days += min(last, quest.last_day) - max(first, quest.first_day) + 1
    return (sum(points[first] for first in chosen), days) if days else None


def outlook_of(model, numbers, left, today):
    """(outlook, day), a day after the other."""
    last = max(model.quests[n]["message"].last_day for n in numbers)
    paces = {n: pace_of(model, n, today) for n in numbers}
    if not left:
        return "used up", None
    if today > last:
        return "over", None
    if not any(p for n, p in paces.items() if model.quests[n]["message"].last_day >= today):
        return "no pace yet", None
    for day in range(today, last + 1):
        wanted = 0
        for n, pace in paces.items():
            days = min(day, model.quests[n]["message"].last_day) - today + 1
            wanted += pace[0] * days // pace[1] if pace and days > 0 else 0
        if wanted > left:
            return "runs out", day
    return "lasts to the end", None


def check_summary(played, words, numbers, purse):
    model = played.model
    row, *rest = played.tool.rows("report", "campaign", *words)
    for quest, number in zip(rest, numbers, strict=words[0] == "--campaign"):
        assert quest == played.tool.row("report", "campaign", number)  # as when it is asked for alone
    if rest:
        assert row["awarded_points"] == sum(q["awarded_points"] for q in rest)
    assert row["used_points"] == row["awarded_points"] - row["reversed_points"]
    today = rules.day_of(model.next_time())
    left = purse["budget"] - purse["issued"]
    outlook, day = outlook_of(model, numbers, left, today)
    assert (row["budget_points"], row["used_points"], row["left_points"]) == (purse["budget"], purse["issued"], left)
    assert (row["outlook"], row["runs_out_on"]) == (outlook, day and day_text(day)), (words, row)
    paces = [pace_of(model, n, today) for n in numbers if model.quests[n]["message"].last_day >= today]
    tenths = sum(p[0] * 10 // p[1] for p in paces if p)
    assert row["points_a_day"] == (tenths / 10 if outlook in ("runs out", "lasts to the end") else None)
    assert row["population"] == sum(POPULATION.values())
    assert row["percent"] == percent(row["residents"], row["population"])
    return row, outlook


def test_campaigns(played):
    model, tool = played.model, played.tool
    seen, reversed_points = set(), 0
    numbers = [n for n in model.quests if model.quests[n]["message"].last_day < 30_000][:30]
    for number in numbers:
        row, outlook = check_summary(played, (number,), [number], model.quests[number])
        totals = model.quest_totals(number)
        message = model.quests[number]["message"]
        assert (row["kind"], row["number"], row["name"]) == ("quest", number, message.name)
        assert (row["first_day"], row["last_day"]) == (day_text(message.first_day), day_text(message.last_day))
        assert row["residents"] == sum(m[0] for m in totals["municipalities"].values())
        assert row["awarded_points"] == sum(m[2] for m in totals["municipalities"].values())
        asked = tool.row("quest", number)
        assert all(row[n] == asked[n] for n in ("budget_points", "used_points", "left_points", "awarded_points", "reversed_points"))
        reversed_points += row["reversed_points"]
        seen.add(outlook)
    for number, campaign in model.campaigns.items():
        if campaign["quests"]:
            row, outlook = check_summary(played, ("--campaign", number), sorted(campaign["quests"]), campaign)
            assert (row["kind"], row["number"], row["residents"]) == ("campaign", number, campaign["residents"])
    assert {"used up", "lasts to the end"} <= seen and reversed_points
    for number in (1, 103, 104, 105):
        totals, quest = model.quest_totals(number), model.quests[number]["message"]
        rows = tool.rows("report", "campaign", number, "--by", "municipality")
        assert [int(r["municipality"]) for r in rows] == sorted(NAMES)
        for row in rows:
            home = int(row["municipality"])
            expected = totals["municipalities"].get(home, [0, 0, 0])
            assert [row["residents"], row["awards"], row["awarded_points"]] == expected
            assert (row["quest"], row["population"], row["percent"]) == (
                number, POPULATION[home], percent(expected[0], POPULATION[home]))
        rows = tool.rows("report", "campaign", number, "--by", "period")
        assert keyed(rows, "awards", "awarded_points", keys=("first_day", "municipality")) == {
            (day_text(first), code_text(m)): numbers for (first, m), numbers in totals["periods"].items()}
        for row in rows:
            whole = POPULATION[int(row["municipality"])]
            assert (row["population"], row["percent"]) == (
                (whole, percent(row["awards"], whole)) if quest.times <= 1 else (None, None))


def test_a_daily_quest_is_shown_by_week(tool):
    tool.does("define-quest", 1, "歩こう", "--points", 10, "--period", "daily", "--first", "2021-11-01", "--last", "2021-12-31")
    tool.does("set-budget", 1, 10_000, *TWO)
    tool.does("open-account", "1" * 32, "札幌市")
    for day in (1, 3, 7, 8):
        tool.does("set-time", f"2021-11-{day:02} 12:00")
        tool.does("award", "1" * 32, 1)
    shown = tool("report", "campaign", 1).stdout.split("\nQuest 1 歩こう: awards by week\n")[1]
    assert [(line.split()[0], line.split()[-1]) for line in shown.splitlines()[1:]] == [("2021-11-01", "3"), ("2021-11-08", "1")]
    assert [r["first_day"] for r in tool.rows("report", "campaign", 1, "--by", "period")] == [
        "2021-11-01", "2021-11-03", "2021-11-07", "2021-11-08"]


def test_when_a_budget_runs_out(tool):
    """Weeks of a few awards, the first of five days only; then the same pace with budgets at the edges."""
    tool.does("define-quest", 1, "エコ袋", "--points", 100, "--first", "2021-11-03", "--last", "2021-12-31", "--grace-hours", 0)
    tool.does("set-budget", 1, 10_000, *TWO)
    people = [f"{n:032x}" for n in range(1, 10)]
    for account in people:
        tool.does("open-account", account, "札幌市")

    def row(week, awards):
        tool.does("set-time", f"2021-11-{week:02} 12:00" if week <= 30 else f"2021-12-{week - 30:02} 12:00")
        for account in people[:awards]:
            tool.does("award", account, 1)
        got = tool.row("report", "campaign", 1)
        return got["outlook"], got["points_a_day"], got["runs_out_on"]

    assert row(5, 9) == ("no pace yet", None, None)
    assert row(8, 1) == ("runs out", 180.0, "2021-12-28")  # 900 in the five days of the first week; 9,000 are left
    assert row(15, 1)[1] == 83.3                           # 1,000 in 12 days
    assert row(22, 2)[1] == 57.8                           # 1,100 in 19 days
    assert row(29, 4)[1] == 50.0                           # 1,300 in 26 days: all there are
    assert row(36, 0) == ("lasts to the end", 28.5, None)  # 800 in 28 days: the first week is past
    issued = tool.row("quest", 1)["used_points"]
    tool.does("set-budget", 1, issued + 284, *TWO)         # ten days from today, 2021-12-06, on: 285.7
    assert row(36, 0) == ("runs out", 28.5, "2021-12-15")
    tool.does("set-budget", 1, issued + 285, *TWO)
    assert row(36, 0) == ("runs out", 28.5, "2021-12-16")
    tool.does("set-budget", 1, issued + 742, *TWO)         # 26 days to the last: 742.8
    assert row(36, 0) == ("lasts to the end", 28.5, None)
    tool.does("set-budget", 1, issued + 741, *TWO)
    assert row(36, 0) == ("runs out", 28.5, "2021-12-31")
    tool.does("set-budget", 1, issued, *TWO)
    assert row(36, 0) == ("used up", None, None)
    said = tool("report", "campaign", 1).stdout
    assert "\nThe budget is used up.\n" in said and re.search(r"^2021-11-01 +9 ", said, re.M)
    tool.does("set-budget", 1, issued + 286, *TWO)
    assert ("\nAt 28.5 points a day, as in the complete periods of the last 28 days, the budget runs out on 2021-12-16.\n"
            in tool("report", "campaign", 1).stdout)
    tool.does("set-time", "2022-01-01 00:00")
    assert tool.row("report", "campaign", 1)["outlook"] == "over"
    assert "\nIt ended on 2021-12-31.\n" in tool("report", "campaign", 1).stdout


# ---- homes

def test_homes(played):
    model, tool = played.model, played.tool
    longest = next(a for a, v in model.accounts.items() if v["status"] == "OPEN")
    played.submit(*(make(move_account=tx.MoveAccount(account=longest, municipality=sorted(NAMES)[n // 3 % 12])) for n in range(260)))
    moves = {}
    for account in model.accounts:
        homes = []
        for entry in reversed(model.statement(account)):
            done = entry["transaction"]
            for kind in ("open_account", "move_account"):
                if entry["outcome"][0] == "APPLIED" and done.HasField(kind):
                    homes.append((entry["time"], getattr(done, kind).municipality, entry["sequence"]))
        moves[account] = [h for before, h in zip([(0, 0, 0), *homes], homes) if h[1] != before[1]]
    chosen = sorted(moves, key=lambda a: -len(moves[a]))[:12]
    assert chosen[0] == longest and len(moves[longest]) > 80 and len(moves[chosen[3]]) > 1
    for account in chosen:
        rows = tool.rows("homes", account.hex())
        assert [(r["from"], int(r["municipality"]), r["name_ja"], r["sequence"]) for r in rows] == [
            (str(rules.date_of(rules.day_of(t))) + f" {(t + 32_400) % DAY // 3_600:02}:{t % 3_600 // 60:02}:{t % 60:02}", m, NAMES[m], s)
            for t, m, s in moves[account]]
    assert "\ufefffrom,municipality,name_ja,name_en,sequence\r\n" in tool("homes", longest.hex(), "--csv").stdout
    assert "NOT_FOUND" in tool.refuses("homes", "00" * 16, code=4)
    assert "NOT_PERMITTED" in tool.refuses("homes", longest.hex(), "--key", "municipality-011002", code=4)


# ---- who sees what

def test_a_municipality_sees_its_own(played):
    model, tool = played.model, played.tool
    totals = model.quest_totals(1)["municipalities"]
    home = max(totals, key=lambda m: totals[m][1])
    other = min(m for m in NAMES if m != home)
    key = ("--key", f"municipality-{home:06}")
    if model.policies["TOTALS_SHARED"]:
        tool.does("set-policy", "totals-shared", 0, *TWO)
    rows = tool.rows("report", "donations", *key)
    assert rows and rows == tool.rows("report", "donations", "--municipality", NAMES[home])
    assert keyed(tool.rows("report", "donations", "--group", "together", *key), *DONATION_FIGURES[:5]) == {
        (k[0], None): v[:5] for k, v in expected_donations(model, "month", "by-municipality", municipality=home).items()}
    assert "NOT_PERMITTED" in tool.refuses("report", "donations", "--municipality", NAMES[other], *key, code=4)
    assert tool.rows("report", "donations", "--dated", "settlement", *key) == tool.rows(
        "report", "donations", "--dated", "settlement", "--municipality", NAMES[home])
    rows, all_rows = tool.rows("report", "conversions", *key), tool.rows("report", "conversions", "--municipality", NAMES[home])
    assert keyed(rows, *CONVERSION_FIGURES) == keyed(all_rows, *CONVERSION_FIGURES)
    assert {(r["pending"], r["pending_points"]) for r in rows} == {(None, None)}
    assert tool.rows("report", "expiry", *key) == tool.rows("report", "expiry", "--municipality", NAMES[home])
    row = tool.row("report", "campaign", 1, *key)
    assert (row["residents"], row["awarded_points"], row["population"]) == (totals[home][0], totals[home][2], POPULATION[home])
    assert {row[n] for n in ("budget_points", "used_points", "left_points", "reversed_points", "points_a_day")} == {None} and not row["outlook"]
    assert "budget" not in tool("report", "campaign", 1, *key).stdout
    assert {r["municipality"] for r in tool.rows("report", "campaign", 1, "--by", "period", *key)} == {code_text(home)}
    for words in (("trial-balance",), ("campaign", "--campaign", 1)):
        assert "NOT_PERMITTED" in tool.refuses("report", *words, *key, code=4)
    open_rows = tool.rows("report", "open-data", "donations", "--threshold", 1, *key)
    assert {r["municipality"] for r in open_rows} == {code_text(home), None}
    tool.does("set-policy", "totals-shared", 1, *TWO)
    assert tool.rows("report", "donations", *key) == tool.rows("report", "donations")


def test_an_empty_ledger(tool, tmp_path):
    for words in (("donations",), ("donations", "--dated", "settlement"), ("circulation",), ("conversions",), ("expiry",),
                  ("open-data", "donations"), ("open-data", "circulation")):
        assert tool.rows("report", *words) == []
        assert re.fullmatch(r"\(no \w+\)\n", tool("report", *words).stdout)
        assert tool.csv_rows("report", *words) == []
    assert len(tool.rows("report", "trial-balance")) == 12
    assert "NOT_FOUND" in tool.refuses("report", "campaign", 1, code=4)
    assert "NOT_FOUND" in tool.refuses("report", "open-data", "participation", 1, code=4)
    for words in (("donations",), ("circulation",)):
        tool("report", *words, "--svg", tmp_path / "chart.svg")
        assert "データがありません" in texts_of(drawn(tmp_path / "chart.svg"))
    tool.does("define-quest", 1, "まだ", "--points", 1, "--first", "2021-12-01", "--last", "2021-12-31")
    tool("report", "campaign", 1, "--svg", tmp_path / "chart.svg")
    assert "データがありません" in texts_of(drawn(tmp_path / "chart.svg"))
    assert tool.rows("report", "open-data", "participation", 1) == []
    assert tool.row("report", "campaign", 1)["outlook"] == "used up"
    tool.does("define-campaign", 1, "空")
    assert tool.row("report", "campaign", "--campaign", 1)["number"] == 1


@pytest.mark.parametrize("args, said", [
    (("donations", "--by", "week"), "none of: whole, day, month, fiscal-year"),
    (("donations", "--group", "purpose"), "none of: municipality-and-purpose, by-municipality, by-purpose, together"),
    (("donations", "--dated", "now"), "none of: donation, original, settlement"),
    (("donations", "--open"), "no option --open"), (("expiry", "--svg", "x"), "no option --svg"),
    (("campaign",), "of what? Give QUEST, or --campaign CAMPAIGN"), (("campaign", "1", "--campaign", "1"), "of what?"),
    (("campaign", "1", "--by", "week"), "none of: municipality, period"), (("campaign", "0"), "no whole number from 1"),
    (("circulation", "--show", "all"), "none of: amount, receipts, residents, points"),
    (("open-data", "all"), "none of: donations, circulation, participation"),
    (("open-data", "donations", "1"), "QUEST goes with participation"), (("open-data", "participation"), "QUEST is missing"),
    (("open-data", "donations", "--threshold", "0"), "no whole number from 1 to 1000000")])
def test_wrong_use(tool, args, said):
    assert said in tool.refuses("report", *args)


# ---- CP932

def test_cp932(tool):
    """Bytes that older spreadsheets take; what they cannot hold is told where it stands, and is not lost silently."""
    tool.begin()
    tool.does("define-purpose", 2, "𠮷野家,\"🍎\"〜①髙", "--first", "2021-11-01", "--last", "2022-05-31")
    account = "1" * 32
    tool.does("open-account", account, "札幌市")
    tool.does("award", account, 1)
    tool.does("donate", account, "札幌", 1, 10)

    def bytes_of(*words, code):
        process = tool.start("report", "donations", *words, stdout=-1, stderr=-1)
        out, said = process.communicate(timeout=10)
        assert process.returncode == code, said
        return out, said.decode()

    out, said = bytes_of("--cp932", code=0)
    assert out.decode("cp932") == bytes_of("--csv", code=0)[0].decode("utf-8-sig") and "コロナ対策" in out.decode("cp932")
    assert "CP932" not in said
    tool.does("donate", account, "札幌", 2, 30)
    out, said = bytes_of("--cp932", code=1)
    rows = list(csv.reader(io.StringIO(out.decode("cp932"), newline=""), strict=True))
    assert rows[2][5] == "〓野家,\"〓\"～①髙"  # CP932 has the wide tilde for the wave dash
    assert re.findall("^points: (row .*)$", said, re.M) == [
        'row 3, column purpose_name: CP932 has no "𠮷"; 〓 stands there',
        'row 3, column purpose_name: CP932 has no "🍎"; 〓 stands there']
    assert "points: 2 characters were lost to CP932; --csv keeps them\n" in said
    assert [r[6:] for r in rows[1:]] == [["1", "10", "0", "0", "10", "1"], ["1", "30", "0", "0", "30", "1"]]
    # where something is signed, the code says what became of that, and nothing else
    envelope = tool.dir / "purpose"
    tool("define-purpose", 3, "🍎", "--first", "2021-11-01", "--last", "2022-05-31", "--out", envelope)
    for words, code in ((("countersign", envelope, "--key", "operator-2"), 0), (("show", envelope), 1)):
        process = tool.start(*words, "--cp932", stdout=-1, stderr=-1)
        out, said = process.communicate(timeout=10)
        assert process.returncode == code and "〓" in out.decode("cp932") and 'has no "🍎"' in said.decode(), words


# ---- charts

def drawn(path):
    """A picture that is well-formed, plain, and has nothing from elsewhere."""
    text = path.read_text()
    root = xml.fromstring(text)
    assert root.tag == f"{SVG}svg"
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "desc", "rect", "line", "polyline", "polygon", "circle", "text"}
    assert not re.search(r"href|url\(|<!|style=|\son\w+=", text)
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter(f"{SVG}text"):
        assert 0 <= float(element.get("x")) <= width and 0 <= float(element.get("y")) <= height
    for element in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(element.get(n)) for n in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and w >= 0 and h >= 0 and x + w <= width and y + h <= height + 0.1
    return root


def texts_of(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def hints_of(root):
    return [element.text for element in root.iter(f"{SVG}title")][1:]


def test_chart_of_donations(played, tmp_path):
    model, path = played.model, tmp_path / "donations.svg"
    for dated in ("donation", "original", "settlement"):
        played.tool("report", "donations", "--dated", dated, "--svg", path)
        root, expected = drawn(path), collections.Counter()
        if dated == "settlement":
            for s in model.settlements:
                expected[s["municipality"], rules.month_of(s["day"])] += s["points"]
        else:
            rows = model.donation_totals("MONTH", group="BY_MUNICIPALITY", by_original=dated == "original")
            for (first, home, _), numbers in rows.items():
                expected[home, first] += numbers[1] - numbers[3] * (dated == "original")
        hints = {f"{NAMES[home]} {rules.date_of(first).year}年{rules.date_of(first).month}月: {points:,} ポイント"
                 for (home, first), points in expected.items() if points}
        assert set(hints_of(root)) == hints and len(hints_of(root)) == len(hints), dated
        homes = {home for home, _ in expected}
        totals = [f"{sum(p for (h, _), p in expected.items() if h == home):,}" for home in sorted(homes, reverse=True)]
        texts = texts_of(root)
        begin = texts.index(NAMES[max(homes)])
        assert texts[begin:begin + 3 * len(homes):3] == [NAMES[h] for h in sorted(homes, reverse=True)]
        assert texts[begin + 1:begin + 3 * len(homes):3] == totals
        assert texts[texts.index("合計") + 1] == f"{sum(expected.values()):,}"
        assert any("試験・実演用の台帳" in t for t in texts)
        titles = {"donation": "寄附ポイント(取消を差し引く前)", "original": "寄附ポイント(取消を除く)", "settlement": "寄附の支払ポイント"}
        assert texts[0].startswith(titles[dated] + " ")
        if dated == "donation":
            undone = sum(numbers[3] for numbers in rows.values())
            assert undone and f"。同じ期間の取消 {undone:,} ポイントは差し引いていません" in texts[1]
        else:
            assert "差し引いていません" not in texts[1]


def test_chart_of_participation(played, tmp_path):
    model, path = played.model, tmp_path / "participation.svg"
    played.tool("report", "campaign", 1, "--svg", path)
    root, totals = drawn(path), played.model.quest_totals(1)["periods"]
    weeks = range(min(totals)[0], max(totals)[0] + 1, 7)
    homes = sorted({home for _, home in totals})
    expected = {f"{NAMES[h]} {rules.date_of(w).year}年{rules.date_of(w).month}/{rules.date_of(w).day}: "
                f"{percent(totals.get((w, h), [0])[0], POPULATION[h]):.2f} %" for w in weeks for h in homes}
    assert set(hints_of(root)) == expected and len(hints_of(root)) == len(expected)
    assert len(list(root.iter(f"{SVG}polyline"))) == len(homes)
    assert {NAMES[h] for h in homes} <= set(texts_of(root)) and "(%)" in texts_of(root)
    played.tool("report", "campaign", "--campaign", 2, "--svg", path)
    assert any("人口千人あたりの参加回数" in t for t in texts_of(drawn(path)))
    assert model.quests[1]["message"].name in texts_of(root)[0]


def test_chart_of_circulation(played, tmp_path):
    path, measures = tmp_path / "circulation.svg", {"receipts": (0, "枚"), "amount": (1, "円"), "residents": (2, "人"), "points": (3, "ポイント")}
    for show, (column, unit) in measures.items():
        played.tool("report", "circulation", "--show", show, "--svg", path)
        root, rows = drawn(path), played.model.circulation()
        months = sorted({month for month, _, _ in rows})
        expected = [f"{NAMES[h]} → {NAMES[p]}: {rows.get((m, h, p), [0] * 4)[column]:,} {unit}"
                    for m in months for h in sorted(NAMES) for p in sorted(NAMES)]
        assert hints_of(root) == expected, show
        assert ("合計" in texts_of(root)) == (show != "residents")
    played.tool("report", "circulation", "--show", "points", "--svg", path)
    bold = [e.text for e in drawn(path).iter(f"{SVG}text") if e.get("font-weight") == "bold" and re.fullmatch(r"[\d,]+", e.text)]
    expected = []
    for month in months:
        points = {(h, p): rows.get((month, h, p), [0] * 4)[3] for h in NAMES for p in NAMES}
        for m in sorted(NAMES):  # the sum of its row, then that of its column; in the end of all
            expected += [sum(points[m, other] for other in NAMES), sum(points[other, m] for other in NAMES)]
        expected.append(sum(points.values()))
    assert bold == [f"{n:,}" for n in expected]


def test_names_in_a_chart_are_text(tool, tmp_path):
    """Whatever a purpose or a quest is called, it is shown, and shown only."""
    names = {1: "<script>alert(1)</script>", 2: "\"&amp;'", 3: "と" * 33}
    account = "1" * 32
    tool.does("define-quest", 1, names[1], "--points", 1_000, "--first", "2021-11-01", "--last", "2022-03-31")
    tool.does("set-budget", 1, 1_000_000, *TWO)
    tool.does("open-account", account, "札幌市")
    tool.does("award", account, 1)
    for number, name in names.items():
        tool.does("define-purpose", number, name, "--first", "2021-11-01", "--last", "2022-03-31")
        tool.does("donate", account, "札幌市", number, number * 100)
    tool("report", "donations", "--svg", tmp_path / "a.svg")
    root = drawn(tmp_path / "a.svg")
    assert [h.partition(" 2021年")[0] for h in hints_of(root)] == list(names.values())
    assert names[2] in texts_of(root) and any(re.fullmatch("と+…", t) for t in texts_of(root))
    tool("report", "campaign", 1, "--svg", tmp_path / "b.svg")
    assert names[1] in texts_of(drawn(tmp_path / "b.svg"))[0]
    assert "cannot write" in tool.refuses("report", "donations", "--svg", tmp_path / "none" / "a.svg", code=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "b.svg"]
    said = tool.refuses("report", "donations", "--by", "day", "--svg", tmp_path / "c.svg", "--csv", "--json")
    assert "exclude each other" in said


# ---- open data

class OpenTable:
    """A published two-way table: cells and sums as the CSV has them, X for what is withheld."""

    def __init__(self, rows, row_key, column_key, figures):
        self.figures = figures
        self.row_names = list(dict.fromkeys(r[row_key] for r in rows))
        self.column_names = list(dict.fromkeys(r[column_key] for r in rows))
        self.cells = {(self.row_names.index(r[row_key]), self.column_names.index(r[column_key])): [r[f] for f in figures]
                      for r in rows}
        assert len(self.cells) == len(rows) == len(self.row_names) * len(self.column_names)
        self.rows, self.columns = len(self.row_names) - 1, len(self.column_names) - 1
        self.hidden = {place for place, cell in self.cells.items() if "X" in cell}
        assert all(set(cell) <= {"X", ""} for place, cell in self.cells.items() if place in self.hidden)

    def check(self, truth, people, threshold):
        """What is published is true, what is small is withheld; `truth`: figures that add up of each (row, column); `people`
        likewise, None where it is not known."""
        adding = len(next(iter(truth.values())))
        filled = {p: truth.get((self.row_names[p[0]], self.column_names[p[1]]), [0] * adding) for p in self.cells}
        for place, cell in self.cells.items():
            if place not in self.hidden:
                assert list(map(int, cell[:adding])) == filled[place], (place, cell)
                count = people.get((self.row_names[place[0]], self.column_names[place[1]]), 0)
                assert not any(filled[place]) or (count is not None and count >= threshold), (place, cell)
            else:
                assert all(filled[place])
        return [[[filled[r, c][i] for c in range(self.columns + 1)] for r in range(self.rows + 1)] for i in range(adding)]

    def no_line_leaves_a_small_sum(self, people, threshold):
        """What the published cells of a line leave of its published sum is of one cell nowhere, and of enough people."""
        lines = hidden_lines(self.rows, self.columns, self.hidden)
        counts = [[people.get((self.row_names[r], self.column_names[c]), 0) for r, c in line] for line in lines]
        return all(len(line) > 1 and sum(line) >= threshold for line in counts)


def with_totals(truth):
    """{(row, column): numbers} with the sums under "" and "total", as CSV has them."""
    whole = collections.defaultdict(lambda: [0] * len(next(iter(truth.values()))))
    for (row, column), numbers in truth.items():
        for place in ((row, column), (row, ""), ("total", column), ("total", "")):
            whole[place] = [a + b for a, b in zip(whole[place], numbers)]
    return whole


def open_donations(model):
    truth = with_totals({(day_text(first), code_text(home)): numbers[:2] for (first, home, _), numbers
                         in model.donation_totals("MONTH", group="BY_MUNICIPALITY").items() if numbers[0]})
    people = {}
    for unit in ("MONTH", "WHOLE"):
        for group in ("BY_MUNICIPALITY", "TOGETHER"):
            for (first, home, _), numbers in model.donation_totals(unit, group=group).items():
                people[day_text(first) or "total", code_text(home) or ""] = numbers[4]
    return truth, people


@pytest.mark.parametrize("threshold", [None, 2, 5, 30])
def test_open_donations_of_a_history(daemon, threshold):
    played = Played(daemon, 13)
    truth, people = open_donations(played.model)
    words = () if threshold is None else ("--threshold", threshold)
    rows = played.tool.csv_rows("report", "open-data", "donations", *words)
    table = OpenTable(rows, "month", "municipality", ("donations", "points", "donors"))
    months = sorted(m for m, _ in truth if m != "total")
    assert table.row_names[0] == months[0] and table.row_names[-2:] == [months[-1], "total"]
    assert table.column_names == [*map(code_text, sorted(NAMES)), ""]
    table.check(truth, people, threshold or 10)
    assert table.hidden and table.no_line_leaves_a_small_sum(people, threshold or 10)
    for place, cell in table.cells.items():
        if place not in table.hidden:
            assert int(cell[2]) == people.get((table.row_names[place[0]], table.column_names[place[1]]), 0)
    shown = played.tool.rows("report", "open-data", "donations", *words)
    assert [[r[n] for n in ("donations", "points", "donors")] for r in shown] == [
        [None if r[n] == "X" else int(r[n]) for n in ("donations", "points", "donors")] for r in rows]
    assert played.tool.csv_rows("report", "open-data", "donations", "--threshold", 1) != rows
    assert all("X" not in r.values() for r in played.tool.csv_rows("report", "open-data", "donations", "--threshold", 1))


def test_open_participation_and_circulation_of_a_history(played):
    model, tool = played.model, played.tool
    for number, threshold in ((1, 3), (103, 8), (105, 4)):
        totals, quest = model.quest_totals(number), model.quests[number]["message"]
        truth = with_totals({(day_text(first), code_text(m)): numbers for (first, m), numbers in totals["periods"].items()})
        people = {place: -(-numbers[0] // max(quest.times, 1)) for place, numbers in truth.items() if place[0] != "total"}
        people |= {("total", code_text(m)): numbers[0] for m, numbers in totals["municipalities"].items()}
        people["total", ""] = sum(numbers[0] for numbers in totals["municipalities"].values())
        rows = tool.csv_rows("report", "open-data", "participation", number, "--threshold", threshold)
        table = OpenTable(rows, "first_day", "municipality", ("awards", "points"))
        table.check(truth, people, threshold)
        assert table.hidden and table.no_line_leaves_a_small_sum(people, threshold)
    rows = tool.csv_rows("report", "open-data", "circulation", "--threshold", 4)
    circulation = model.circulation()
    for month in sorted({m for m, _, _ in circulation}):
        cells = {(code_text(h), code_text(p)): numbers for (m, h, p), numbers in circulation.items() if m == month}
        truth = collections.defaultdict(lambda: [0, 0, 0])
        people = collections.Counter()
        for (home, place), (receipts, yen, residents, points) in cells.items():
            for at in ((home, place), (home, ""), ("", place), ("", "")):
                truth[at] = [a + b for a, b in zip(truth[at], (receipts, yen, points))]
                people[at] = max(people[at], residents)
        table = OpenTable([r for r in rows if r["month"] == day_text(month)], "home", "place",
                          ("receipts", "amount_yen", "points", "residents"))
        table.check(truth, people, 4)
        assert table.no_line_leaves_a_small_sum(people, 4)
        for (row, column), cell in table.cells.items():
            if (row, column) not in table.hidden:
                sums = row == table.rows or column == table.columns
                assert cell[3] == ("" if sums else str(cells.get((table.row_names[row], table.column_names[column]), [0] * 3)[2]))


def given(daemon, gifts):
    """A ledger with so many donors in each (month of 2021, municipality); each gives 10 points."""
    keys, client = daemon.keys, daemon.client()
    first, last = rules.day_number(2021, 11, 1), rules.day_number(2022, 12, 31)

    def submit(transactions):
        for at in range(0, len(transactions), 300):
            assert set(pc.codes(client.submit(transactions[at:at + 300], [keys[n] for n in ALL]))) == {"APPLIED"}

    submit([make(define_quest=tx.DefineQuest(quest=1, name="q", period=tx.MONTHLY, points=10, first_day=first, last_day=last)),
            make(set_budget=tx.SetBudget(quest=1, points=1_000_000)),
            make(define_purpose=tx.DefinePurpose(purpose=1, name="p", first_day=first, last_day=last))])
    number = 0
    for month in sorted({m for m, _ in gifts}):
        submit([make(set_time=tx.SetTime(time=jst(2021, month, 5)))])
        made = []
        for home in (SAPPORO, OTARU, EBETSU):
            for _ in range(gifts.get((month, home), 0)):
                number += 1
                account = number.to_bytes(16, "big")
                made += [make(open_account=tx.OpenAccount(account=account, municipality=home)),
                         make(award=tx.Award(account=account, quest=1, occurred_at=jst(2021, month, 5))),
                         make(donate=tx.Donate(account=account, municipality=home, purpose=1, points=10))]
        submit(made)


@pytest.fixture
def three(new_ledger, tmp_path):
    """A running Daemon of three municipalities."""
    path = tmp_path / "three.csv"
    path.write_text("code,name_ja,name_en\n011002,札幌市,Sapporo\n012033,小樽市,Otaru\n012173,江別市,Ebetsu\n")
    daemon = new_ledger(time=("--time-source", "scripted", "--time", "2021-11-01 09:00", "--municipalities", str(path)))
    daemon.start()
    return daemon


@pytest.mark.parametrize("gifts, hidden", [
    ({(11, SAPPORO): 40, (11, OTARU): 30, (12, SAPPORO): 25, (12, OTARU): 20}, 0),
    ({(11, SAPPORO): 40, (11, OTARU): 3, (12, SAPPORO): 25, (12, OTARU): 20}, 4),   # a square
    ({(11, SAPPORO): 40, (11, OTARU): 3, (12, SAPPORO): 25}, None),                 # the column's sum is small too
    ({(11, SAPPORO): 3}, 4),                                                        # everything is small
    ({(11, SAPPORO): 1, (11, OTARU): 1, (12, SAPPORO): 1, (12, OTARU): 1}, 9),      # ones cannot fall
    ({(11, SAPPORO): 40, (11, OTARU): 3, (11, EBETSU): 3, (12, SAPPORO): 45, (12, OTARU): 20, (12, EBETSU): 30}, 6),  # 3 + 3
    ({(11, SAPPORO): 40, (11, OTARU): 6, (11, EBETSU): 6, (12, SAPPORO): 45, (12, OTARU): 20, (12, EBETSU): 30}, 4),  # 6 + 6
    ({(11, OTARU): 4, (11, EBETSU): 50, (12, SAPPORO): 5, (12, EBETSU): 12}, None)])
def test_what_is_withheld_cannot_be_computed(three, gifts, hidden):
    given(three, gifts)
    tool = Tool(three.dir)
    rows = tool.csv_rows("report", "open-data", "donations")
    table = OpenTable(rows, "month", "municipality", ("donations", "points", "donors"))
    truth = with_totals({(f"2021-{month}-01", code_text(home)): [n, 10 * n, n] for (month, home), n in gifts.items()})
    people = {place: cell[2] for place, cell in truth.items()}
    numbers = table.check(truth, people, 10)
    assert table.no_line_leaves_a_small_sum(people, 10)
    if hidden is not None:
        assert len(table.hidden) == hidden, rows
    for figure in numbers:  # donations, points, donors: each as if it were published alone
        assert could_be_another(table.rows, table.columns, figure, table.hidden) == table.hidden
    total = next(r for r in rows if r["month"] == "total" and not r["municipality"])
    assert (total["name_ja"], total["name_en"]) == ("合計", "total")


def test_output_of_open_data_in_other_forms(three):
    given(three, {(11, SAPPORO): 40, (11, OTARU): 3, (12, SAPPORO): 25, (12, OTARU): 20})
    tool = Tool(three.dir)
    assert re.search(r"^2021-11-01 +012033 +小樽市 +Otaru +X +X +X$", tool("report", "open-data", "donations").stdout, re.M)
    rows = json.loads(tool("report", "open-data", "donations", "--json").stdout)["donations"]
    assert rows[1] | {"donations": None, "points": None, "donors": None} == rows[1]
    assert rows[1]["municipality"] == "012033"
