"""`points simulate`: what it says a design costs, against the rules' model in Python and against a real daemon."""
import itertools
import re
import subprocess

import pytest

from conftest import TESTS, binary
from pointsclient import new_uuid7, transaction as tx
from tool import Tool
import world
from dates import date_of, day_number, day_start, period_of, week_of

SAPPORO, OTARU, EBETSU = world.SAPPORO, world.OTARU, world.EBETSU
RESIDENTS = {SAPPORO: 30, OTARU: 20, EBETSU: 10}
NAMES = {SAPPORO: ("札幌市", "Sapporo"), OTARU: ("小樽市", "Otaru"), EBETSU: ("江別市", "Ebetsu")}
EVERYBODY = {"participation": {"share": "100%", "completion": "100%"}}
EXAMPLE = TESTS.parent / "doc" / "examples" / "campaign.ini"


def ini(design):
    """A design file: {section: {key: value}}."""
    return "\n".join(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
                     for section, values in design.items())


class Simulation(Tool):
    """Runs `points simulate` on designs, for a few people in three municipalities unless told otherwise."""

    def __init__(self, folder):
        super().__init__(folder)
        self.folder = folder
        self.census(RESIDENTS)

    def census(self, residents):
        self.people = self.folder / "people.csv"
        self.people.write_text("code,name_ja,name_en,population_2020\n" + "".join(
            f"{code:06},{NAMES[code][0]},{NAMES[code][1]},{count}\n" for code, count in residents.items()))

    def args(self, design, *options):
        path = self.folder / "design.ini"
        if not isinstance(design, bytes):
            design = (design if isinstance(design, str) else ini(design)).encode()
        path.write_bytes(design)
        return ("simulate", path, "--municipalities", self.people, *options)

    def table(self, by, design, *options):
        return self.rows(*self.args(design, "--sample", 1, "--by", by, *options))

    def says(self, design, *options):
        return self(*self.args(design, "--sample", 1, *options)).stdout

    def wrong(self, design, *options):
        return self.refuses(*self.args(design, *options))


@pytest.fixture
def simulation(tmp_path):
    return Simulation(tmp_path)


def quest(**given):
    """A quest's section: 100 points a week, for the four weeks from Monday 1 November 2021, with more than it needs."""
    made = {"name": "散歩", "points": 100, "first": "2021-11-01", "last": "2021-11-28", "budget": 1_000_000}
    made |= {key.replace("_", "-"): value for key, value in given.items()}
    return {key: value for key, value in made.items() if value is not None}


def receipts(steps="500=50, 1000=120", amounts="1000=100%", home_share="100%", **given):
    return quest(**{"points": None, "steps": steps, "amounts": amounts, "home_share": home_share, "receipts": 7,
                    "period": "daily"} | given)


def design(*quests, **sections):
    return EVERYBODY | sections | {f"quest {n}": q for n, q in enumerate(quests, 1)}


# ---- the same, played on the model of the rules

def day(text):
    return day_number(*map(int, text.split("-")))


def definition(number, section, campaign):
    """The DefineQuest of a design's section."""
    terms = None
    if "steps" in section:
        terms = tx.ReceiptTerms(
            steps=[tx.ReceiptStep(amount_yen=int(y), points=int(p))
                   for y, p in (step.split("=") for step in section["steps"].split(", "))],
            bonus_municipalities=section.get("bonus-municipalities", 0), bonus_points=section.get("bonus-points", 0))
    codes = {en: code for code, (_, en) in NAMES.items()}
    times = section.get("times", 1)
    return tx.DefineQuest(
        quest=number, name=section["name"], points=section.get("points", 0), cap_points=section.get("cap", 0),
        period=tx.Period.Value(section.get("period", "weekly").upper()), times=0 if times == 1 else times,
        first_day=day(section["first"]), last_day=day(section["last"]), campaign=campaign, receipt=terms,
        residents_max=section.get("residents-max", 0), expiry=section.get("_expiry"),
        municipalities=sorted(codes[m] for m in section["municipalities"].split(", ")) if "municipalities" in section else [])


def set_up(model, plan):
    """Defines all of a design; the definitions."""
    campaign = plan.get("campaign")
    if campaign:
        world.applied(model, world.body("define_campaign", campaign=1, name=campaign["name"], cap_points=campaign.get("cap", 0)))
    made = []
    for section in (s for name, s in plan.items() if name.startswith("quest")):
        made.append(definition(len(made) + 1, section, 1 if campaign else 0))
        budget = section.get("budget", campaign and campaign.get("budget"))
        world.applied(model, world.body("define_quest", **world.as_fields(made[-1])),
                      world.body("set_budget", quest=made[-1].quest, points=budget))
    if campaign:
        total = campaign.get("budget", sum(plan[name].get("budget", 0) for name in plan if name.startswith("quest")))
        world.applied(model, world.body("set_budget", campaign=1, points=total))
    for shop, code in enumerate(NAMES, 1):
        world.applied(model, world.body("register_shop", shop=shop, name="-", municipality=code))
    return made


def deeds(rules, section, today, home):
    """The Awards of a resident who does everything, on a day: those of a period come on its last day."""
    _, last = period_of(rules, today)
    if not rules.first_day <= today <= rules.last_day or (rules.municipalities and home not in rules.municipalities):
        return
    if rules.HasField("receipt"):
        shop = list(NAMES).index(home) + 1
        for _ in range(int(section["receipts"]) // 7):
            yield tx.Receipt(digest=new_uuid7() * 2, shop=shop, municipality=home, amount_yen=int(section["amounts"].split("=")[0]))
    elif today == min(last, rules.last_day):
        yield from [None] * (rules.times or 1)


class Played:
    """A design in which everybody does everything, played on the model."""

    def __init__(self, plan, until=None):
        self.model = world.make_model()
        sections = [s for name, s in plan.items() if name.startswith("quest")]
        self.quests = set_up(self.model, plan)
        self.outcomes = {rules.quest: [] for rules in self.quests}  # (day, outcome, points)
        residents = [(bytes([i]) * 16, code) for code, count in RESIDENTS.items() for i in range(code % 100, code % 100 + count)]
        assert len({account for account, _ in residents}) == sum(RESIDENTS.values())
        world.applied(self.model, *(world.body("open_account", account=a, municipality=m) for a, m in residents))
        for today in range(min(q.first_day for q in self.quests), (until or max(q.last_day for q in self.quests)) + 1):
            now = day_start(today) + 20 * 3600
            world.go(self.model, now)
            for rules, section in zip(self.quests, sections):
                awards = [world.body("award", account=account, quest=rules.quest, occurred_at=now, receipt=receipt)
                          for account, home in residents for receipt in deeds(rules, section, today, home)]
                got = world.submit(self.model, *awards) if awards else []
                self.outcomes[rules.quest] += [(today, code, points) for code, points, *_ in got]
        world.go(self.model, now)  # a block at the last time

    def quest_row(self, number):
        found = [o for o in self.outcomes[number]]
        totals = self.model.quest_totals(number)["municipalities"]
        return {"awards": sum(o[1] == "APPLIED" for o in found), "used_points": sum(o[2] for o in found),
                "residents": sum(row[0] for row in totals.values()), "refused": sum(o[1] != "APPLIED" for o in found)}

    def refusals(self, number):
        found = {}
        for today, code, _ in self.outcomes[number]:
            if code != "APPLIED":
                row = found.setdefault(code, [0, today])
                row[0] += 1
        return {code: (count, date_of(first).isoformat()) for code, (count, first) in found.items()}

    def weeks(self, number):
        found = {}
        for today, code, points in self.outcomes[number]:
            row = found.setdefault(date_of(week_of(today)).isoformat(), [0, 0, 0])
            row[0 if code == "APPLIED" else 1] += 1
            row[2] += points
        return found


def same_quests(simulation, plan, played):
    rows = simulation.table("quest", plan)
    for rules, row in zip(played.quests, rows):
        expected = played.quest_row(rules.quest)
        assert {key: row[key] for key in expected} == expected, rules.quest
        if row["budget_points"] is not None:
            assert row["left_points"] == row["budget_points"] - row["used_points"]
    return rows


DAILY = {"period": "daily"}
PLANS = {
    "weekly": design(quest()),
    "a week cut at both ends": design(quest(first="2021-11-05", last="2021-11-23")),
    "daily": design(quest(**DAILY)),
    "one a day": design(quest(**DAILY, times=1)),
    "three a day": design(quest(**DAILY, times=3)),
    "monthly": design(quest(period="monthly", first="2021-11-10", last="2022-01-20")),
    "once": design(quest(period="once")),
    "cap": design(quest(cap=250)),
    "cap of a campaign": design(quest(points=70), quest(points=50), campaign={"name": "c", "cap": 300, "budget": 10**6}),
    "budget": design(quest(**DAILY, budget=55_555)),
    "budget of a campaign": design(quest(**DAILY, budget=None), quest(**DAILY, points=30, budget=50_000),
                                   campaign={"name": "c", "budget": 70_000}),
    "budgets of quests in a campaign": design(quest(**DAILY, budget=20_000), quest(**DAILY, points=30, budget=900_000),
                                              campaign={"name": "c"}),
    "the sum of budgets": design(quest(**DAILY, budget=168_000), quest(**DAILY, budget=500), campaign={"name": "c"}),
    "first residents": design(quest(**DAILY, residents_max=17)),
    "some municipalities": design(quest(municipalities="Otaru, Ebetsu"), quest(municipalities="Ebetsu")),
    "two quests": design(quest(**DAILY), quest(period="once", points=1_000)),
    "receipts": design(receipts()),
    "too many receipts": design(receipts(receipts=21, times=2)),
    "small receipts": design(receipts(amounts="499=100%")),
    "bonus": design(receipts(bonus_municipalities=1, bonus_points=500)),
    "bonus out of reach": design(receipts(bonus_municipalities=2, bonus_points=500)),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_as_the_model_decides(simulation, plan):
    played = Played(plan)
    same_quests(simulation, plan, played)
    weeks, refusals = simulation.table("week", plan), simulation.table("refusal", plan)
    together = [None] if len(played.outcomes) > 1 else []
    assert list(dict.fromkeys(row["quest"] for row in weeks)) == [*played.outcomes, *together]
    for number in played.outcomes:
        same_refusals(played.refusals(number), [row for row in refusals if row["quest"] == number], plan)
        same_weeks(played.weeks(number), [row for row in weeks if row["quest"] == number], plan)


def same_refusals(expected, rows, plan):
    if plan["quest 1"].get("period") != "daily":  # chance has the day
        expected, rows = ({code: (count, None) for code, (count, _) in expected.items()}, [row | {"first_day": None} for row in rows])
    assert {row["outcome"]: (row["awards"], row["first_day"]) for row in rows} == expected


def same_weeks(expected, rows, plan):
    assert [row["points_so_far"] for row in rows] == list(itertools.accumulate(row["points"] for row in rows))
    assert [day(row["first_day"]) for row in rows] == list(range(day(rows[0]["first_day"]), day(rows[-1]["first_day"]) + 1, 7))
    if "quest 2" not in plan and plan["quest 1"].get("period") in (None, "daily"):
        assert {row["first_day"]: [row["awards"], row["refused"], row["points"]] for row in rows} == expected


def test_by_municipality(simulation):
    plan = PLANS["some municipalities"]
    rows = simulation.table("municipality", plan)
    assert [(row["quest"], row["name_en"], row["population"], row["take_part"], row["residents"], row["awards"], row["points"])
            for row in rows] == [
        (1, "Sapporo", 30, 30, 0, 0, 0), (1, "Otaru", 20, 20, 20, 80, 8_000), (1, "Ebetsu", 10, 10, 10, 40, 4_000),
        (2, "Sapporo", 30, 30, 0, 0, 0), (2, "Otaru", 20, 20, 0, 0, 0), (2, "Ebetsu", 10, 10, 10, 40, 4_000),
        (None, "Sapporo", 30, 30, 0, 0, 0), (None, "Otaru", 20, 20, 20, 80, 8_000), (None, "Ebetsu", 10, 10, 10, 80, 8_000)]
    assert len(simulation.csv_rows(*simulation.args(plan, "--sample", 1, "--by", "municipality"))) == len(rows)


def test_the_day_on_which_a_budget_runs_out(simulation):
    """60 residents, 100 points each a day: 55,555 last for nine days and fifteen awards of the tenth."""
    (row,) = simulation.table("quest", PLANS["budget"])
    assert (row["awards"], row["left_points"], row["ran_out_on"]) == (555, 55, "2021-11-10")
    exact = design(quest(**DAILY, budget=60 * 28 * 100))
    (row,) = simulation.table("quest", exact)
    assert (row["left_points"], row["ran_out_on"], row["refused"]) == (0, None, 0)


def test_whose_budget_runs_out(simulation):
    first, second, campaign = simulation.table("quest", PLANS["budget of a campaign"])
    assert (first["budget_points"], first["ran_out_on"]) == (None, None)
    assert (second["budget_points"], second["ran_out_on"]) == (50_000, None)
    assert campaign["quest"] is None and campaign["ran_out_on"] == "2021-11-09"  # 60 × 130 a day
    assert campaign["used_points"] == first["used_points"] + second["used_points"] == 70_000 - campaign["left_points"]
    first, second, campaign = simulation.table("quest", PLANS["budgets of quests in a campaign"])
    assert (first["ran_out_on"], second["ran_out_on"]) == ("2021-11-04", None)
    assert (campaign["budget_points"], campaign["ran_out_on"]) == (None, None)
    for quests, campaigns, days in ((20_000, None, ["2021-11-04", None]), (None, 20_000, [None, "2021-11-04"]),
                                    (20_000, 20_000, ["2021-11-04"] * 2), (20_000, 20_001, ["2021-11-04", None])):
        plan = design(quest(**DAILY, budget=quests), campaign={"name": "c"} | ({"budget": campaigns} if campaigns else {}))
        assert [row["ran_out_on"] for row in simulation.table("quest", plan)] == days


def test_residents_of_several_quests_count_once(simulation):
    for plan in (PLANS["cap of a campaign"], PLANS["budgets of quests in a campaign"]):
        assert [row["residents"] for row in simulation.table("quest", plan)] == [60, 60, 60]


# ---- expiry and spending

EXPIRIES = {
    "2021-11-30": tx.Expiry(kind=tx.ON_DAY, value=day("2021-11-30")), "9d": tx.Expiry(kind=tx.AFTER_DAYS, value=9),
    "1m": tx.Expiry(kind=tx.AFTER_MONTHS, value=1), "fiscal-year": tx.Expiry(kind=tx.END_OF_FISCAL_YEAR),
    "next-fiscal-year": tx.Expiry(kind=tx.END_OF_FISCAL_YEAR, value=1), "never": None}


@pytest.mark.parametrize("text", EXPIRIES)
def test_expiry_as_the_model_has_it(simulation, text):
    plan = design(quest(**DAILY, expires=text), simulation={"until": "2021-12-10"})
    played = Played(design(quest(**DAILY) | {"_expiry": EXPIRIES[text]}), until=day("2021-12-10"))
    expected = {}
    for last_day, _, points, expired in played.model.expiry():
        row = expected.setdefault(date_of(last_day).isoformat(), [0, expired])
        row[0] += points
    rows = simulation.table("expiry", plan)
    assert {row["last_day"]: [row["points"], row["expired"]] for row in rows} == expected
    gone = sum(points for points, expired in expected.values() if expired)
    said = simulation.says(plan)
    assert f"0 points are spent, {gone:,} have expired, and residents have {28 * 60 * 100 - gone:,}." in said
    assert ("of these expire" in said) == any(not expired for _, expired in expected.values())


def test_who_spends_all_lets_nothing_expire(simulation):
    """Sundays are the 7th, 14th, 21st and 28th; points of the days after the last Sunday stay."""
    plan = design(quest(**DAILY, last="2021-11-26", expires="9d"), spending={"weekly": "100%"}, simulation={"until": "2021-11-27"})
    assert f"{21 * 6_000:,} points are spent, 0 have expired, and residents have {5 * 6_000:,}." in simulation.says(plan)
    plan["simulation"] = {"until": "2021-11-28"}
    assert f"{26 * 6_000:,} points are spent, 0 have expired, and residents have 0." in simulation.says(plan)


# ---- chance

def near(number, expected, share):
    assert abs(number - expected) <= share * expected, (number, expected)


def crowd(simulation):
    simulation.census({SAPPORO: 30_000, OTARU: 20_000, EBETSU: 10_000})


def test_shares_and_probabilities(simulation):
    crowd(simulation)
    plan = design(quest(budget=10**12), quest(completion="12.5%", budget=10**12), participation={"share": "40%", "completion": "60%"},
                  **{"participation 小樽": {"share": "80%"}, "participation Ebetsu": {"completion": "20%"}})
    rows = {(row["quest"], row["name_en"]): row for row in simulation.table("municipality", plan)}
    people = {"Sapporo": 12_000, "Otaru": 16_000, "Ebetsu": 4_000}
    for name, count in people.items():
        near(rows[1, name]["take_part"], count, 0.03)
        near(rows[1, name]["awards"], rows[1, name]["take_part"] * 4 * (0.2 if name == "Ebetsu" else 0.6), 0.04)
        near(rows[2, name]["awards"], rows[2, name]["take_part"] * 4 * 0.125, 0.08)
    near(rows[1, "Sapporo"]["residents"], rows[1, "Sapporo"]["take_part"] * (1 - 0.4**4), 0.02)


def test_days_of_a_period_are_alike(simulation):
    """Once in ten weeks: a tenth in each."""
    crowd(simulation)
    plan = design(quest(period="once", last="2022-01-09", budget=10**12))
    for row in simulation.table("week", plan):
        near(row["awards"], 6_000, 0.06)


def test_receipts_amounts_and_places(simulation):
    crowd(simulation)
    plan = design(receipts(receipts=3.5, amounts="400=30%, 700=50%, 5000=20%", last="2021-11-07", times=9, budget=10**12))
    (row,) = simulation.table("quest", plan)
    tried = row["awards"] + row["refused"]
    near(tried, 60_000 * 3.5, 0.01)
    near(row["refused"], tried * 0.3, 0.02)
    near(row["used_points"], tried * (0.5 * 50 + 0.2 * 120), 0.02)
    for home_share, at_home in (("50%", 0.5), ("100%", 1), ("0%", 0)):  # on two days: from two places, with what probability?
        plan = design(receipts(home_share=home_share, bonus_municipalities=2, bonus_points=10_000, last="2021-11-02", budget=10**12))
        (row,) = simulation.table("quest", plan)
        assert row["awards"] == 120_000
        two_places = 1 - at_home**2 - 2 * ((1 - at_home) / 2)**2
        near((row["used_points"] - 120_000 * 120) / 10_000, 60_000 * two_places, 0.03)


CHANCY = design(quest(**DAILY, budget=90_000), participation={"share": "70%", "completion": "40%"}, spending={"weekly": "30%"})


def test_the_same_seed_gives_the_same(simulation):
    seeded = lambda seed: simulation.says(CHANCY | {"simulation": {"seed": seed}})
    assert seeded(5) == seeded(5) == seeded(5)
    assert seeded(5).replace("seed 5", "") != seeded(6).replace("seed 6", "")
    assert simulation.says(CHANCY) == seeded(1)


def test_runs(simulation):
    for count in (1, 4, 5):
        alone = [simulation.table("quest", CHANCY | {"simulation": {"seed": seed}})[0] for seed in range(7, 7 + count)]
        (row,) = simulation.rows(*simulation.args(CHANCY | {"simulation": {"seed": 7, "sample": 1}}, "--runs", count))
        points = sorted(one["used_points"] for one in alone)
        ends = sorted(one["ran_out_on"] or "9" for one in alone)
        assert [row["points_min"], row["points_median"], row["points_max"]] == [points[0], points[(count - 1) // 2], points[-1]]
        assert row["ran_out_runs"] == sum(end != "9" for end in ends)
        assert [row["ran_out_min"], row["ran_out_median"], row["ran_out_max"]] == [
            end if end != "9" else None for end in (ends[0], ends[(count - 1) // 2], ends[-1])]
    said = simulation.says(CHANCY, "--runs", 3)
    assert "3 runs, seeds 1 to 3." in said and "One resident" not in said
    assert "One resident in 2 played." in simulation(*simulation.args(CHANCY, "--runs", 2, "--sample", 2)).stdout


def test_a_sample_is_scaled_up(simulation):
    """Of residents who do everything, a tenth is as good as all; budgets and places for the first are divided, too."""
    simulation.census({SAPPORO: 300, OTARU: 200, EBETSU: 100})
    tables = {"quest", "week", "refusal"}
    for one, same in ((quest(**DAILY, budget=555_000), tables), (quest(residents_max=170), tables),
                      (quest(**DAILY, expires="9d", cap=2_000, budget=10**9), tables | {"municipality", "expiry"})):
        for by in same:
            sampled = simulation.rows(*simulation.args(design(one), "--sample", 10, "--by", by))
            assert sampled == simulation.table(by, design(one)), by
    assert simulation.rows(*simulation.args(design(quest(**DAILY, budget=555_555)), "--sample", 10))[0]["left_points"] == 555
    plan = design(quest(**DAILY, budget=10**6), quest(**DAILY, budget=10**6), campaign={"name": "c", "budget": 10**6})
    assert simulation.rows(*simulation.args(plan, "--sample", 10)) == simulation.table("quest", plan)
    assert "One resident in 10 plays" in simulation(*simulation.args(plan)).stdout  # unless told otherwise
    assert "One resident in 20 plays" in simulation(*simulation.args(plan | {"simulation": {"sample": 20}})).stdout
    assert "One resident" not in simulation(*simulation.args(plan | {"simulation": {"sample": 20}}, "--sample", 1)).stdout


# ---- a real ledger

def test_the_commands_set_it_up_and_a_real_ledger_comes_to_the_same(daemon, tmp_path):
    """Everybody does the daily quests; what the daemon has then is what was foretold."""
    tool, simulation = Tool(daemon.dir), Simulation(tmp_path)
    plan = design(quest(**DAILY, name="it's", last="2021-11-07", cap=500, budget=None, grace_hours=24, times=2, municipalities="Ebetsu, Otaru",
                        residents_max=25, expires="3m"),
                  quest(period="once", budget=2_000, first="2021-11-08", last="2021-11-08", expires="2022-03-31"),
                  receipts(bonus_municipalities=2, bonus_points=500, last="2021-11-03"),
                  campaign={"number": 7, "name": "冬", "cap": 640, "budget": 30_000})
    commands = simulation.says(plan, "--commands")
    path = {"PATH": f"{binary('points').rsplit('/', 1)[0]}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-ec", commands], env=tool.env | path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    named = {row["quest"]: row for row in tool.rows("programme", "quests")}
    assert named[1]["name"] == "it's"
    client, key = daemon.client(), daemon.keys["app"]
    for shop, code in enumerate(NAMES, 1):
        tool.does("register-shop", shop, "-", code)
    residents = [(bytes([code % 251, i]) * 8, code) for code, count in RESIDENTS.items() for i in range(count)]
    client.submit([tx.Transaction(id=new_uuid7(), open_account=tx.OpenAccount(account=a, municipality=m)) for a, m in residents], [key])
    sections = [plan[f"quest {n}"] for n in (1, 2, 3)]
    quests = [definition(n, section, 7) for n, section in enumerate(sections, 1)]
    for today in range(day("2021-11-01"), day("2021-11-08") + 1):
        now = day_start(today) + 20 * 3600
        tool.does("set-time", f"@{now}")
        for rules, section in zip(quests, sections):
            awards = [tx.Transaction(id=new_uuid7(), award=tx.Award(account=account, quest=rules.quest, occurred_at=now, receipt=receipt))
                      for account, home in residents for receipt in deeds(rules, section, today, home)]
            if awards:
                client.submit(awards, [key])
    told = {row["quest"]: row for row in simulation.table("quest", plan)}
    for number in (1, 2, 3):
        real = tool.row("quest", number)
        assert {key: real[key] for key in ("name", "residents", "used_points", "first_day", "last_day")} == {
            key: told[number][key] for key in ("name", "residents", "used_points", "first_day", "last_day")}
    real = tool.row("campaign", 7)
    assert [real[key] for key in ("used_points", "left_points", "budget_points", "residents", "cap_points")] == [
        told[None][key] for key in ("used_points", "left_points", "budget_points", "residents")] + [640]
    assert (told[1]["residents"], told[2]["used_points"], told[None]["ran_out_on"]) == (25, 1_400, "2021-11-08")


# ---- what people read

def test_the_report(simulation):
    said = simulation.says(PLANS["budget of a campaign"] | {"campaign": {"name": "冬", "budget": 70_000}})
    assert "Of 60 residents 60 take part (100.0%), and 60 have an award.\n" in said
    assert "\n散歩: the budget of 50,000 points lasts; " in said
    assert "\n冬: the budget of 70,000 points RUNS OUT ON 2021-11-09, 19 days before the last day" in said
    for heading in ("Quests", "Weeks", "Municipalities", "Refused"):
        assert f"\n{heading}\n" in said
    assert re.search(r"^BUDGET_EXHAUSTED +[\d,]+ 2021-11-09 the budget of the quest, or of its campaign, is used up", said, re.M)
    assert re.search(r"^2021-11-01 +840 +0 +54,600 +54,600 ▇{30}$", said, re.M)
    assert "One resident" not in said
    lasting = simulation.says(design(quest()))
    assert "散歩: the budget of 1,000,000 points lasts; 976,000 (97.6%) are left.\n" in lasting and "Refused" not in lasting


def test_the_example_plays(tmp_path):
    said = Tool(tmp_path)("simulate", EXAMPLE, "--sample", 1000).stdout
    assert "Of 2,604,945 residents" in said and "札幌市" in said
    assert Tool(tmp_path)("simulate", EXAMPLE, "--commands").stdout.startswith("points define-campaign 1 ")


# ---- what is wrong

GOOD = ini(design(quest()))


@pytest.mark.parametrize("text, said", [
    ("", "there is no quest; begin one with [quest 1]"),
    ("points = 3\n", "line 1: [] is no section"),
    ("[quset 1]\npoints = 3\nname = x\n", "line 1: [quset 1] is no section; there are: [simulation], [campaign], [quest NUMBER]"),
    ("[quest one]\npoints = 3\n", "line 1: [quest one] should have its number, as in [quest 1]"),
    ("[quest 1]\npionts = 3\n", 'line 2: [quest 1] has no "pionts"; there are: name, period, times, first, last, points,'),
    ("[quest 1]\n\npoints = -3\n", 'line 3: [quest 1] points: "-3" should be a whole number'),
    ("[quest 1]\npoints = 1\n# again\npoints = 1\n", "line 4: [quest 1] points is given twice"),
    ("[quest 1]\npoints = 1\n[campaign]\nname = c\n[quest 01]\npoints = 1\n", "line 6: [quest 1] points is given twice"),
    ("[quest 1]\nfirst = 2021-02-29\n", 'line 2: [quest 1] first: "2021-02-29" should be a day, as in 2021-11-12'),
    ("[quest 1]\nperiod = yearly\n", 'line 2: [quest 1] period: "yearly" should be weekly, daily, monthly or once'),
    ("[quest 1]\ntimes = 0\n", '"0" should be how many awards a period allows, from 1 to 255'),
    ("[quest 1]\ngrace-hours = 1193047\n", "should be a whole number of hours"),
    ("[quest 1]\nexpires = soon\n", '"soon" should be never, a day as in 2022-03-31, days after the award as in 90d,'),
    ("[quest 1]\nmunicipalities = Otaru, Tokyo\n", '[quest 1] municipalities: "Otaru, Tokyo" should be a list of municipalities; no municipality "Tokyo"; there are: 011002'),
    ("[quest 1]\nmunicipalities = Otaru, 小樽市\n", "should be a list that names each municipality once"),
    ("[quest 1]\nsteps = 500\n", "should be up to 20 steps YEN=POINTS with ascending amounts"),
    ("[quest 1]\nsteps = 500=5, 500=6\n", "should be up to 20 steps YEN=POINTS with ascending amounts"),
    ("[quest 1]\nsteps = " + ", ".join(f"{n}={n}" for n in range(1, 22)) + "\n", "should be up to 20 steps"),
    ("[quest 1]\namounts = 400=30%, 500=69.9%\n", "amounts YEN=SHARE whose shares make 100%"),
    ("[quest 1]\nreceipts = 1,5\n", "should be a mean number a week from 0 to 1000, as in 2 or 1.5"),
    ("[quest 1]\nreceipts = 1000.001\n", "should be a mean number a week from 0 to 1000"),
    ("[participation]\nshare = 35\n", 'share: "35" should be a share from 0% to 100%, as in 35% or 12.5%'),
    ("[participation]\nshare = 100.0001%\n", "should be a share from 0% to 100%"),
    ("[participation Tokyo]\nshare = 35%\n", '[participation Tokyo]: no municipality "Tokyo"; there are: 011002 札幌市 Sapporo,'),
    ("[simulation]\nsample = 0\n", "should be a whole number from 1 to 100000"),
    ("[simulation]\nseed = x\n", '[simulation] seed: "x" should be a whole number'),
    ("[quest 1]\npoints\n", "line 2: the line should be [SECTION], KEY = VALUE or a comment"),
    ("[quest 1]\n  points = 3\n", "line 2: the line is indented; begin it in the first column"),
    ("[quest 1]\nname = " + "x" * 300 + "\npoints = x\n", "line 2: the line is too long; 198 bytes are the most"),
    ("[quest 1]\nname = " + "x" * 300 + "\npoints = x\n", 'line 3: [quest 1] points: "x"'),
    ("[quest 1]\n[quest 2]\npoints = 3\n", "line 1: this section is empty"),
    ("[quest 2]\npoints = 3\n[quest 3]", "line 3: this section is empty"),
    ("".join(f"[quest {n}]\npoints = 1\n" for n in range(1, 66)), "at most 64 quests"),
    ("[quest 1]\nname =\n", '[quest 1] name: "" should be a text'),
])
def test_what_cannot_be_read(simulation, text, said):
    found = simulation.wrong(text)
    assert said in found and f"{simulation.folder}/design.ini" in found
    assert re.search(r"^points: [1-9]\d* mistakes? in .*; nothing was played$", found, re.M)


@pytest.mark.parametrize("plan, said", [
    ({"quest 1": {"points": 1}}, ["[quest 1] has no name; it needs one", "[quest 1] has no first", "[quest 1] has no last",
                                  "[quest 1] has no budget, and no [campaign] has one for it", "[participation] share is missing",
                                  "[participation] completion is missing"]),
    (design(quest(points=None)), ["line 5: [quest 1] has no points; it needs one"]),
    (design(quest(receipts=1)), ["line 5: [quest 1] receipts is for quests with steps of receipts"]),
    (design(receipts(completion="3%")), ["[quest 1] completion is for quests without steps of receipts"]),
    (design(receipts(points=3)), ["[quest 1] points is for quests without steps of receipts"]),
    (design(quest(bonus_points=3)), ["[quest 1] has no steps; it needs one", "[quest 1] has no receipts", "[quest 1] has no amounts",
                                      "[quest 1] has no home-share", "[quest 1] points is for quests without steps"]),
    (design(quest(), campaign={"cap": 3}), ["[campaign] has no name"]),
    (design(quest(), participation={"share": "3%"}), ["[participation] completion is missing: with which probability"]),
    (design(quest(), participation={"completion": "3%"}), ["[participation] share is missing: what share of the residents"]),
    (design(quest(), simulation={"until": "2021-11-27"}), ["[simulation] until lies before the last day of a quest"]),
    (design(quest(), simulation={"until": "2031-11-09"}), ["there are more than 3660 days"]),
])
def test_what_does_not_fit_together(simulation, plan, said):
    found = simulation.wrong(plan)
    for one in said:
        assert one in found
    assert f"{len(said)} mistake" in found


def test_participation_may_be_given_for_each(simulation):
    each = {f"participation {en}": {"share": "100%"} for _, en in NAMES.values()}
    plan = {"quest 1": quest(completion="100%"), **each}
    assert simulation.table("quest", plan)[0]["awards"] == 240
    del plan["participation Ebetsu"]
    assert "[participation] share is missing" in simulation.wrong(plan)


@pytest.mark.parametrize("plan, said", [
    (design(quest(points=1_000_001)), "line 5: the ledger would refuse [quest 1]: QUEST_INVALID: number, period, times, points,"),
    (design(quest(times=256)), "[quest 1]: QUEST_INVALID"), (design(quest(cap=99)), "[quest 1]: QUEST_INVALID"),
    (design(quest(first="2021-11-29")), "[quest 1]: QUEST_INVALID"),
    (design(quest(grace_hours=60 * 7 * 24 + 1)), "[quest 1]: QUEST_INVALID"),
    (design(quest(expires="2021-11-27")), "[quest 1]: QUEST_INVALID"),
    (design(receipts(bonus_municipalities=2)), "[quest 1]: QUEST_INVALID"),
    (design(receipts(bonus_municipalities=4, bonus_points=1)), "[quest 1]: QUEST_INVALID"),
    (EVERYBODY | {"quest 0": quest()}, "[quest 0]: QUEST_INVALID"),
    (design(quest(), quest(points=0), quest(times=999)), "[quest 3]: QUEST_INVALID"),
    (design(quest(), campaign={"name": "c", "number": 0}), "line 5: the ledger would refuse [campaign]: CAMPAIGN_INVALID: "),
    (design(quest(budget=2**62 + 1)), "the budget of [quest 1]: BUDGET_TOO_LARGE: "),
    (design(quest(), campaign={"name": "c", "budget": 2**62 + 1}), "the budget of [campaign]: BUDGET_TOO_LARGE: "),
    (design(quest(name="あ" * 34)), "the ledger would refuse [quest 1]: define_quest.name: "),
])
def test_what_the_ledger_would_refuse(simulation, plan, said):
    found = simulation.wrong(plan)
    assert said in found and "nothing was played" in found
    if "quest 3" in plan:
        assert "[quest 2]: QUEST_INVALID" in found
    assert simulation.wrong(plan, "--commands") == found


def test_a_sample_is_judged_as_a_whole(simulation):
    """What a sample's budget and places come to is no reason to refuse or to take a design."""
    assert simulation.rows(*simulation.args(design(quest(budget=9, residents_max=1)), "--sample", 10))[0]["awards"] == 0
    assert "BUDGET_TOO_LARGE" in simulation.wrong(design(quest(budget=2**62 + 1)), "--sample", 10)


def test_wrong_use(simulation, tmp_path):
    for options, said in [(("--by", "day"), '"day" is none of: quest, municipality, week, refusal, expiry'),
                          (("--sample", 0), "--sample"), (("--runs", 0), "--runs"), (("--runs", 2, "--by", "week"), "--by is for one run"),
                          (("--commands", "--json"), "plays nothing"), (("--commands", "--runs", 2), "plays nothing"),
                          (("--out", "x"), "--out is for")]:
        assert said in simulation.wrong(GOOD, *options), options
    assert "FILE is missing" in simulation.refuses("simulate")
    assert "cannot be read: No such file" in simulation.refuses("simulate", tmp_path / "none")
    assert "cannot be read: it is a folder" in simulation.refuses("simulate", tmp_path)
    simulation.people.write_text("code,name_ja,name_en,population_2020\n011002,札幌市,Sapporo,many\n")
    assert "does not say how many live in 札幌市" in simulation.wrong(GOOD)
    simulation.people.write_text("code,name_ja,name_en\n011002,札幌市,Sapporo\n")
    assert "does not say how many live in 札幌市" in simulation.wrong(GOOD)


def test_damaged_files_are_told(simulation):
    for text in (b"\0" * 500, b"[quest 1]\nname = \0x\n", b"\xff" * 3_000, b"[" * 199 + b"\n" + b"=" * 300, GOOD.encode()[:-30], b"\n" * 100_000):
        simulation.wrong(text)


def test_byte_order_mark_colons_and_comments(simulation):
    marked = "\ufeff; a design\n" + GOOD.replace(" = ", ": ").replace("散歩", "散歩 ; a walk").replace("\n", "\r\n")
    assert simulation.says(marked) == simulation.says(GOOD)


def test_nobody(simulation):
    simulation.census({SAPPORO: 0})
    assert simulation.table("quest", design(quest()))[0]["awards"] == 0
    assert "Of 0 residents 0 take part (0.0%)" in simulation.says(design(quest()))
    simulation.census({SAPPORO: 5})
    assert simulation.table("quest", design(receipts(home_share="0%")))[0]["awards"] == 5 * 28  # there is no other place
