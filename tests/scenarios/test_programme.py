"""The programme on the real daemon: quests of every kind, campaigns, receipts, and accounts closed, frozen and merged."""
import pytest

import compare
import model as rules
import pointsclient as pc
from conftest import Scene
from history import jst
from pointsclient import api
from pointsclient import transaction as tx
from test_bad_input import SAPPORO, refusal, unchanged
from world import A, B, DAY, MONDAY, TODAY, WEEK, a_quest, as_fields, body, change

HOUR = 3_600
OTARU, EBETSU = 12_033, 12_173
C, NOBODY = b"C" * 16, b"?" * 16
ALL = ("operator-1", "operator-2", "app", "waon")
STEPS = ((1_000, 10), (5_000, 60), (10_000, 150))


class Stage:
    """A Scene with A in Sapporo, B in Otaru, C in Ebetsu, shops 1 to 3 likewise; everybody signs everything."""

    def __init__(self, scene):
        self.scene, self.daemon, self.model = scene, scene.daemon, scene.model
        for number, (account, home) in enumerate(((A, SAPPORO), (B, OTARU), (C, EBETSU)), 1):
            self.applied(body("open_account", account=account, municipality=home),
                         body("register_shop", shop=number, name=f"道の駅 {number}", municipality=home))

    def codes(self, *transactions):
        return self.scene.submit(*transactions, by=ALL)

    def code(self, name, /, **fields):
        return self.codes(body(name, **fields))[0]

    def applied(self, *transactions):
        assert set(self.codes(*transactions)) == {"APPLIED"}

    def define(self, number=1, budget=100_000, **fields):
        self.applied(body("define_quest", **as_fields(a_quest(number, **fields))),
                     body("set_budget", quest=number, points=budget))

    def campaign(self, cap=0, budget=100_000):
        """Campaign 7."""
        self.applied(body("define_campaign", campaign=7, name="めぐり", cap_points=cap),
                     body("set_budget", campaign=7, points=budget))

    def award(self, account=A, quest=1, at=None):
        return self.code("award", account=account, quest=quest, occurred_at=self.model.next_time() if at is None else at)

    def buy(self, account=A, quest=1, at=None, **receipt):
        """An award with a receipt: its code."""
        return self.codes(bought(self.model.next_time() if at is None else at, account, quest, **receipt))[0]

    def go(self, time):
        self.applied(body("set_time", time=time))

    def rich(self, points=1_000):
        """A, B and C have so many points of quest 99; purpose 1; conversions are open."""
        self.define(99, points=points)
        self.applied(body("define_purpose", purpose=1, name="p", first_day=TODAY, last_day=TODAY + 400),
                     body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
        assert [self.award(a, 99) for a in (A, B, C)] == ["APPLIED"] * 3

    def restart(self, kill=False):
        (self.daemon.kill9 if kill else self.daemon.stop)()
        self.daemon.start()
        self.scene.client = self.daemon.client()

    def compare(self):
        compare.all_queries(self.daemon.client("auditor"), self.model)


@pytest.fixture
def stage(scene):
    """A Stage; afterwards every query is the model's, before and after a restart."""
    made = Stage(scene)
    yield made
    made.compare()
    made.restart()
    made.compare()


def terms(bonus_municipalities=0, bonus_points=0, steps=STEPS):
    return tx.ReceiptTerms(steps=[tx.ReceiptStep(amount_yen=a, points=p) for a, p in steps],
                           bonus_municipalities=bonus_municipalities, bonus_points=bonus_points)


def bought(at, account=A, quest=1, digest=None, shop=1, place=None, yen=1_000):
    receipt = tx.Receipt(digest=digest or pc.new_uuid7() * 2, shop=shop, amount_yen=yen,
                         municipality=place or (SAPPORO, OTARU, EBETSU)[(shop - 1) % 3])
    return body("award", account=account, quest=quest, occurred_at=at, receipt=receipt)


def request(account, points):
    return body("request_conversion", account=account, points=points)


def merge(account=A, merged=B):
    return body("merge_accounts", account=account, merged=merged)


# ---- who may ask for it

@pytest.mark.parametrize("kind", ["close_account", "merge_accounts", "freeze_account", "unfreeze_account", "define_campaign",
                                  "change_quest", "register_shop", "close_shop"])
def test_signers(stage, kind):
    fields = {"close_account": {"account": A}, "merge_accounts": {"account": A, "merged": B}, "freeze_account": {"account": A},
              "unfreeze_account": {"account": A}, "define_campaign": {"campaign": 1, "name": "c"},
              "change_quest": {"definition": a_quest()}, "register_shop": {"shop": 9, "name": "s", "municipality": SAPPORO},
              "close_shop": {"shop": 1, "last_day": TODAY}}[kind]
    needed, role = rules.SIGNED_BY[kind]
    fit = {rules.APP: ["app"], rules.OPERATOR: ["operator-1", "operator-2"][:needed]}[role]
    unfit = [("waon", "auditor"), ("app",) if role == rules.OPERATOR else ("operator-1", "operator-2")]
    if needed == 2:
        unfit.append(("operator-1", "app"))
    for signers in unfit:
        with unchanged(stage.daemon):
            assert refusal(stage.scene.submit, body(kind, **fields), by=signers).code == "NOT_PERMITTED"
    assert stage.scene.submit(body(kind, **fields), by=fit)[0] in ("APPLIED", "QUEST_UNKNOWN", "ACCOUNT_NOT_FROZEN")


@pytest.mark.parametrize("field, transaction", [
    ("award.receipt.digest", bought(0, digest=b"d" * 31)), ("award.receipt.digest", bought(0, digest=b"d" * 33)),
    ("award.receipt.digest", body("award", account=A, quest=1, receipt=tx.Receipt(shop=1))),
    ("freeze_account.reason", body("freeze_account", account=A, reason="x" * 201)),
    ("unfreeze_account.reason", body("unfreeze_account", account=A, reason="x" * 201)),
    ("close_account.account", body("close_account", account=b"A" * 15)), ("merge_accounts.merged", merge(A, b"")),
    ("define_campaign.name", body("define_campaign", campaign=1)), ("register_shop.name", body("register_shop", shop=1)),
    ("change_quest.definition", body("change_quest")), ("change_quest.definition.name", change(name="")),
    ("change_quest.definition.municipalities", change(municipalities=range(1, 102))),
    ("define_quest.municipalities", body("define_quest", **as_fields(a_quest(municipalities=range(1, 102)))))])
def test_sizes(stage, field, transaction):
    with unchanged(stage.daemon):
        refused = refusal(stage.scene.submit, transaction, by=ALL)
    assert refused.code == "MALFORMED" and refused.field.startswith("transactions[0]." + field)


# ---- quests

@pytest.mark.parametrize("wrong", [
    {"quest": 0}, {"quest": 1_000_000_001}, {"period": tx.PERIOD_NONE}, {"points": 0}, {"points": 1_000_001},
    {"times": 1}, {"times": 256}, {"cap_points": 99}, {"first_day": TODAY + 101}, {"last_day": 2_932_897},
    {"grace_s": 60 * WEEK + 1}, {"period": tx.DAILY, "grace_s": 60 * DAY + 1}, {"period": tx.ONCE, "grace_s": 60 * WEEK + 1},
    {"period": tx.MONTHLY, "grace_s": 60 * 28 * DAY + 1}, {"times": 2, "grace_s": 4 * WEEK + 1},
    {"period": tx.MONTHLY, "times": 255, "grace_s": 4 * 28 * DAY + 1},
    {"municipalities": [OTARU, SAPPORO]}, {"municipalities": [SAPPORO, SAPPORO]},
    {"receipt": terms(), "points": 1}, {"receipt": terms(), "cap_points": 9}, {"receipt": terms(steps=((0, 1),))},
    {"receipt": terms(steps=((1, 0),))}, {"receipt": terms(steps=((1_000_000_001, 1),))},
    {"receipt": terms(steps=((1, 1_000_001),))}, {"receipt": terms(steps=((5, 1), (5, 2)))},
    {"receipt": terms(1, 0)}, {"receipt": terms(0, 1)}, {"receipt": terms(2, 1_000_001)}, {"receipt": terms(2**32 - 1, 1)}])
def test_invalid_quests(stage, wrong):
    assert stage.codes(body("define_quest", **as_fields(a_quest(**wrong)))) == ["QUEST_INVALID"]
    stage.define(period=wrong.get("period") or tx.WEEKLY, times=wrong.get("times", 0) % 256 & ~1,
                 receipt=terms() if "receipt" in wrong else None)
    if "quest" not in wrong:
        assert stage.codes(change(**wrong)) == ["QUEST_INVALID"]


def test_the_widest_quests(stage):
    most = dict(first_day=0, last_day=2_932_896, cap_points=2**64 - 1, residents_max=2**64 - 1)
    codes = sorted(stage.model.municipalities)
    stage.define(1_000_000_000, points=1_000_000, grace_s=60 * 28 * DAY, period=tx.MONTHLY, municipalities=codes, **most)
    stage.define(1, times=255, period=tx.ONCE, grace_s=4 * WEEK, **most, receipt=terms(
        len(codes), 1_000_000, tuple((10**9 - 20 + n, 10**6 - n) for n in range(1, 21))))
    assert stage.award(quest=1_000_000_000) == "BUDGET_EXHAUSTED"
    assert stage.buy(yen=10**9) == "BUDGET_EXHAUSTED" and stage.buy(yen=10**9 - 20) == "RECEIPT_INVALID"
    stage.applied(body("set_budget", quest=1, points=999_980))
    assert [stage.buy(yen=10**9), stage.buy(yen=10**9)] == ["APPLIED", "BUDGET_EXHAUSTED"]


def test_definitions_in_order(stage):
    quest = lambda **fields: body("define_quest", **as_fields(a_quest(**fields)))
    assert stage.codes(quest(campaign=1, municipalities=[1], times=1), quest(municipalities=[SAPPORO, 999_999], times=1),
                       quest(times=1), quest(), quest(campaign=1), change(2, municipalities=[1]), change(municipalities=[1]),
                       change(times=1)) == [
                           "CAMPAIGN_UNKNOWN", "MUNICIPALITY_UNKNOWN", "QUEST_INVALID", "APPLIED", "QUEST_EXISTS",
                           "QUEST_UNKNOWN", "MUNICIPALITY_UNKNOWN", "QUEST_INVALID"]


@pytest.mark.parametrize("period, end", [(tx.DAILY, jst(2021, 11, 2)), (tx.WEEKLY, MONDAY), (tx.MONTHLY, jst(2021, 12, 1)),
                                         (tx.ONCE, jst(2022, 1, 11))])
def test_periods_times_and_grace(stage, period, end):
    stage.define(period=period, times=3, grace_s=HOUR, last_day=rules.day_number(2022, 1, 10))
    stage.define(2, period=period, last_day=rules.day_number(2022, 1, 10))
    begun = stage.model.time
    assert [stage.award() for _ in range(2)] == ["APPLIED"] * 2
    assert [stage.award(quest=2) for _ in range(2)] == ["APPLIED", "ALREADY_AWARDED"]
    stage.restart()
    stage.go(end)
    assert [stage.award(at=end - 1) for _ in range(2)] == ["APPLIED", "ALREADY_AWARDED"]
    assert stage.award(at=begun, account=B, quest=2) == "APPLIED"
    assert stage.award() == ("QUEST_CLOSED" if period == tx.ONCE else "APPLIED")
    stage.go(end + 1)
    assert stage.award(at=begun, account=C, quest=2) == "TOO_LATE"
    stage.go(end + HOUR)
    assert stage.award(at=begun, account=B) == "APPLIED"
    stage.go(end + HOUR + 1)
    assert stage.award(at=end - 1, account=B) == stage.award(at=begun) == "TOO_LATE"


@pytest.mark.parametrize("start, last, at, end", [
    ((2024, 1, 1), (2024, 12, 31), (2024, 2, 1), (2024, 3, 1)), ((2024, 1, 1), (2024, 12, 31), (2024, 2, 29), (2024, 3, 1)),
    ((2023, 1, 1), (2023, 12, 31), (2023, 2, 28), (2023, 3, 1)), ((2023, 1, 1), (2024, 1, 31), (2023, 12, 31), (2024, 1, 1))])
def test_month_ends(stage, start, last, at, end):
    stage.define(period=tx.MONTHLY, first_day=rules.day_number(*start), last_day=rules.day_number(*last))
    stage.go(jst(*end))
    assert [stage.award(at=jst(*at)), stage.award(at=jst(*end) - 1), stage.award(at=jst(*end))] == [
        "APPLIED", "ALREADY_AWARDED", "APPLIED"]
    stage.go(jst(*end) + 1)
    assert stage.award(B, at=jst(*at)) == "TOO_LATE"


def test_for_some_municipalities(stage):
    stage.define(municipalities=[SAPPORO, OTARU])
    assert [stage.award(a) for a in (A, B, C)] == ["APPLIED", "APPLIED", "NOT_ELIGIBLE"]
    stage.applied(body("move_account", account=C, municipality=OTARU), body("move_account", account=A, municipality=EBETSU))
    assert [stage.award(a) for a in (C, A)] == ["APPLIED", "NOT_ELIGIBLE"]


def test_for_the_first_residents(stage):
    stage.define(residents_max=2, period=tx.DAILY)
    assert [stage.award(a) for a in (A, B, A, C)] == ["APPLIED", "APPLIED", "ALREADY_AWARDED", "RESIDENTS_FULL"]
    stage.restart()
    stage.go(stage.model.time + DAY)
    assert [stage.award(a) for a in (C, A)] == ["RESIDENTS_FULL", "APPLIED"]
    stage.applied(merge(C, A))
    stage.go(stage.model.time + DAY)
    assert [stage.award(a) for a in (C, A, B)] == ["APPLIED", "ACCOUNT_CLOSED", "APPLIED"]
    stage.applied(merge(B, C), body("open_account", account=b"D" * 16, municipality=SAPPORO))
    assert stage.award(b"D" * 16) == "RESIDENTS_FULL"


def test_a_change_of_a_quest(stage):
    stage.campaign()
    stage.define(campaign=7, cap_points=300, times=2)
    first, second = (body("award", account=A, quest=1, occurred_at=stage.model.time) for _ in range(2))
    assert stage.codes(first, change(campaign=7, times=2, points=250, cap_points=300, name="新"), second) == [
        "APPLIED", "APPLIED", "CAP_REACHED"]
    assert stage.award(B) == "APPLIED"
    for wrong in ({"times": 0}, {"times": 3}, {"campaign": 0}, {"first_day": TODAY + 1}, {"period": tx.DAILY},
                  {"receipt": terms(), "points": 0}):
        assert stage.codes(change(**{"campaign": 7, "times": 2} | wrong)) == ["QUEST_INVALID"]
    stage.restart()
    stage.applied(change(campaign=7, times=2, last_day=TODAY, residents_max=1, municipalities=[SAPPORO]))
    assert [stage.award(a) for a in (A, B, A)] == ["APPLIED", "NOT_ELIGIBLE", "ALREADY_AWARDED"]
    stage.go(MONDAY)
    assert stage.award(at=MONDAY) == "QUEST_CLOSED"


# ---- campaigns

def test_campaigns_are_defined_once(stage):
    campaign = lambda number, cap=0: body("define_campaign", campaign=number, name="c", cap_points=cap)
    assert stage.codes(campaign(0), campaign(1_000_000_001), campaign(1_000_000_000, 2**64 - 1), campaign(1), campaign(1, 5)) == [
        "CAMPAIGN_INVALID", "CAMPAIGN_INVALID", "APPLIED", "APPLIED", "CAMPAIGN_EXISTS"]
    assert refusal(stage.daemon.client("auditor").campaign, 2).code == "NOT_FOUND"


def test_a_budget_runs_out_over_two_quests(stage):
    stage.campaign(budget=349)
    stage.define(1, campaign=7)
    stage.define(2, campaign=7, points=50)
    assert [stage.award(a, q) for a, q in ((A, 1), (B, 2), (B, 1), (A, 2), (C, 1))] == ["APPLIED"] * 4 + ["BUDGET_EXHAUSTED"]
    assert stage.award(C, 2) == "BUDGET_EXHAUSTED"
    stage.restart(kill=True)
    budget = lambda points: stage.code("set_budget", campaign=7, quest=1, points=points)
    assert [budget(299), budget(350)] == ["BUDGET_BELOW_ISSUED", "APPLIED"]
    assert [stage.award(C, q) for q in (1, 2)] == ["BUDGET_EXHAUSTED", "APPLIED"]
    shown = stage.daemon.client("app").campaign(7)
    assert (shown.budget_points, shown.issued_points, shown.residents, list(shown.quests)) == (350, 350, 3, [1, 2])


def test_the_cap_of_a_campaign(stage):
    stage.campaign(cap=250)
    for number in (1, 2, 3):
        stage.define(number, campaign=7 if number < 3 else 0)
    assert [stage.award(quest=q) for q in (1, 2, 3)] == ["APPLIED"] * 3
    stage.go(MONDAY)
    assert [stage.award(quest=q) for q in (1, 2, 3)] == ["CAP_REACHED", "CAP_REACHED", "APPLIED"]
    stage.applied(merge(B, A))
    assert [stage.award(a) for a in (B, C)] == ["CAP_REACHED", "APPLIED"]


def test_budgets(stage):
    stage.campaign(budget=1)
    stage.define(campaign=7)
    budget = lambda points, **which: body("set_budget", points=points, **which)
    assert stage.codes(budget(1), budget(1, quest=9), budget(1, campaign=9), budget(1, quest=1, campaign=9),
                       budget(2**62, campaign=7), budget(2**62 + 1, campaign=7), budget(2**62, quest=1)) == [
                           "QUEST_UNKNOWN", "QUEST_UNKNOWN", "CAMPAIGN_UNKNOWN", "CAMPAIGN_UNKNOWN", "APPLIED",
                           "BUDGET_TOO_LARGE", "APPLIED"]


# ---- shops and receipts

def test_shops(stage):
    shop = lambda number, municipality=SAPPORO: body("register_shop", shop=number, name="s", municipality=municipality)
    close = lambda number, day: body("close_shop", shop=number, last_day=day)
    assert stage.codes(shop(0, 1), shop(0), shop(2**32 - 1), shop(1, 1), shop(8, 0), close(9, 2_932_897), close(1, 2_932_897),
                       close(1, 0), close(1, 2_932_897), shop(1)) == [
                           "MUNICIPALITY_UNKNOWN", "SHOP_INVALID", "APPLIED", "SHOP_EXISTS", "MUNICIPALITY_UNKNOWN",
                           "SHOP_UNKNOWN", "SHOP_INVALID", "APPLIED", "SHOP_CLOSED", "SHOP_EXISTS"]


def test_receipts(stage):
    stage.define(receipt=terms(), times=7)
    stage.define(2)
    one = b"1" * 32
    assert stage.award() == stage.buy(quest=2) == stage.buy(yen=999) == stage.buy(yen=10**9 + 1) == "RECEIPT_INVALID"
    assert stage.buy(yen=0) == stage.buy(yen=2**64 - 1) == "RECEIPT_INVALID"
    assert [stage.buy(yen=y) for y in (1_000, 4_999, 5_000, 10_000, 10**9)] == ["APPLIED"] * 5
    assert stage.model.account(A)["balance"] == 10 + 10 + 60 + 150 + 150
    assert stage.buy(digest=one) == "APPLIED"
    assert stage.buy(shop=9, digest=one) == stage.buy(shop=0, place=SAPPORO) == stage.buy(place=OTARU) == "SHOP_UNKNOWN"
    stage.applied(body("close_shop", shop=1, last_day=TODAY - 1))
    assert stage.buy(digest=one) == "SHOP_CLOSED"
    assert stage.buy(digest=one, shop=2) == stage.buy(B, digest=one, shop=2) == "EVIDENCE_USED"
    stage.restart(kill=True)
    assert stage.buy(C, digest=one, shop=3) == "EVIDENCE_USED"
    assert [stage.buy(shop=2) for _ in range(2)] == ["APPLIED", "ALREADY_AWARDED"]


def test_a_refused_receipt_is_not_used_up(stage):
    stage.define(receipt=terms(), budget=15, cap_points=10)
    digest = b"d" * 32
    assert [stage.buy(digest=digest, yen=y) for y in (5_000, 1_000)] == ["CAP_REACHED", "APPLIED"]
    stage.define(2, receipt=terms(), budget=15)
    assert [stage.buy(B, 2, digest=d, yen=y) for d, y in ((b"e" * 32, 5_000), (digest, 1_000), (b"e" * 32, 1_000))] == [
        "BUDGET_EXHAUSTED", "EVIDENCE_USED", "APPLIED"]


def test_the_last_day_of_a_shop(stage):
    stage.define(receipt=terms(), times=9, grace_s=WEEK)
    last = jst(2021, 11, 4) - 1
    stage.applied(body("close_shop", shop=1, last_day=rules.day_of(last)))
    stage.go(last + WEEK)
    assert [stage.buy(at=last), stage.buy(at=last + 1), stage.buy(shop=2)] == ["APPLIED", "SHOP_CLOSED", "APPLIED"]


def test_the_bonus_comes_once(stage):
    stage.define(receipt=terms(3, 500), times=20, budget=540)
    assert [stage.buy(shop=s) for s in (1, 1, 2)] == ["APPLIED"] * 3
    assert stage.buy(shop=3, yen=5_000) == "BUDGET_EXHAUSTED"
    assert stage.buy(shop=3) == "APPLIED" and stage.model.account(A)["balance"] == 540
    stage.applied(body("set_budget", quest=1, points=10_000))
    stage.restart()
    assert [stage.buy(shop=s) for s in (3, 2)] == ["APPLIED"] * 2 and stage.model.account(A)["balance"] == 560
    stage.applied(change(times=20, receipt=terms(1, 7)))
    assert [stage.buy(), stage.buy(B), stage.buy(B)] == ["APPLIED"] * 3
    assert [stage.model.account(a)["balance"] for a in (A, B)] == [570, 27]


def test_the_bonus_of_merged_accounts(stage):
    stage.define(receipt=terms(2, 500), times=20)
    assert [stage.buy(A), stage.buy(B, shop=2), stage.buy(C, shop=2), stage.buy(C, shop=3)] == ["APPLIED"] * 4
    stage.applied(merge(A, B))
    stage.restart()
    assert [stage.buy() for _ in range(2)] == ["APPLIED"] * 2
    assert stage.model.account(A)["balance"] == 540
    stage.applied(merge(C, A))
    assert stage.buy(C, shop=1) == "APPLIED" and stage.model.account(C)["balance"] == 540 + 520 + 10


def test_circulation(stage):
    stage.define(receipt=terms(2, 500), times=50, grace_s=4 * WEEK)
    stage.define(2, receipt=terms(), times=50, period=tx.DAILY)
    last = jst(2021, 12, 1) - 1
    stage.go(last + 1)
    for given in (dict(at=last), dict(at=last, shop=2, yen=5_000), dict(), dict(account=B), dict(account=B, quest=2, yen=4_321)):
        assert stage.buy(**given) == "APPLIED"
    stage.applied(body("move_account", account=B, municipality=SAPPORO))
    assert stage.buy(B) == "APPLIED"
    stage.applied(merge(C, B), body("move_account", account=C, municipality=SAPPORO))
    assert stage.buy(C) == stage.buy(C, quest=2) == "APPLIED"
    stage.applied(merge(A, C))
    assert stage.buy(A) == "APPLIED"
    december = rules.day_number(2021, 12, 1)
    rows = stage.daemon.client("auditor").circulation(from_day=december)
    assert [(r.home, r.place, r.receipts, r.residents) for r in rows] == [(SAPPORO, SAPPORO, 5, 2), (OTARU, SAPPORO, 2, 1)]


def test_one_digest_on_two_connections(stage):
    """Receipts in flight on two connections at once: each digest is awarded once, to one of the two."""
    stage.define(receipt=terms(2, 500), times=255)
    stage.define(2, receipt=terms(), times=255)
    one, two = stage.daemon.client(), stage.daemon.client()
    time, digests = stage.model.time, [pc.new_uuid7() * 2 for _ in range(200)]
    sent = []
    for number, digest in enumerate(digests):
        pair = [(one, A, 1), (two, B, 2)]
        for client, account, quest in pair[::-1] if number % 2 else pair:
            transaction = bought(time, account, quest, digest=digest, shop=1 + number % 3)
            sent.append((client, client.send(submit=stage.scene.signed(transaction))))
    codes = [pc.codes(client.body(client.receive(request_id)))[0] for client, request_id in sent]
    assert all(sorted(pair) == ["APPLIED", "EVIDENCE_USED"] for pair in zip(codes[::2], codes[1::2]))
    replay(stage)
    assert all(stage.model.account(a)["progress"] for a in (A, B)) and len(stage.model.receipts) == 200
    stage.restart()
    assert stage.buy(C, digest=digests[0]) == "EVIDENCE_USED"


def replay(stage):
    """Gives the model the blocks that it has not seen, in the daemon's order, and compares their outcomes."""
    for block in stage.daemon.client("auditor").blocks(stage.model.blocks):
        header = pc.block.BlockHeader.FromString(block.header)
        pairs = [(t, pc.canonical(t)) for t in pc.envelope.Envelope.FromString(block.body.envelope).transactions]
        expected = stage.model.submit(pairs, [s.key for s in header.signatures])
        assert pc.outcome_rows(pc.outcome.Outcomes.FromString(block.body.outcomes)) == expected["outcomes"]


# ---- accounts

def test_a_closed_account(stage):
    stage.rich()
    asked = request(A, 10)
    closing = body("close_account", account=A)
    assert stage.codes(body("close_account", account=NOBODY), asked, closing, body("settle_conversion", conversion=asked.id),
                       body("close_account", account=A), body("close_account", account=A)) == [
                           "ACCOUNT_UNKNOWN", "APPLIED", "CONVERSION_PENDING", "APPLIED", "APPLIED", "ACCOUNT_CLOSED"]
    everything = [body("award", account=A, quest=77, occurred_at=0), request(A, 0), merge(A, B), merge(B, A),
                  body("donate", account=A, municipality=OTARU, purpose=9), body("freeze_account", account=A),
                  body("unfreeze_account", account=A), body("move_account", account=A, municipality=1)]
    assert set(stage.codes(*everything)) == {"ACCOUNT_CLOSED"}
    assert stage.code("open_account", account=A, municipality=SAPPORO) == "ACCOUNT_EXISTS"
    shown = stage.daemon.client("auditor").trial_balance()
    assert (shown.total.forfeited, shown.total.issued, shown.total.converted) == (990, 3_000, 10)
    assert stage.daemon.client("app").account(A).status == api.CLOSED


def test_a_frozen_account(stage):
    stage.rich()
    asked, other = request(A, 10), request(A, 20)
    freeze = lambda: body("freeze_account", account=A, reason="調査")
    unfreeze = lambda: body("unfreeze_account", account=A)
    assert stage.codes(unfreeze(), asked, other, freeze(), freeze()) == [
        "ACCOUNT_NOT_FROZEN", "APPLIED", "APPLIED", "APPLIED", "ACCOUNT_FROZEN"]
    stage.restart()
    assert set(stage.codes(body("donate", account=A, municipality=OTARU, purpose=9), request(A, 0), merge(A, B), merge(B, A),
                           merge(A, A), body("close_account", account=A))) == {"ACCOUNT_FROZEN"}
    stage.applied(body("settle_conversion", conversion=asked.id), body("refuse_conversion", conversion=other.id),
                  body("move_account", account=A, municipality=OTARU))
    stage.go(MONDAY)
    assert stage.award(quest=99) == "APPLIED"
    shown = stage.daemon.client("app").account(A)
    assert (shown.status, shown.balance_points, shown.municipality) == (api.FROZEN, 1_990, OTARU)
    assert stage.codes(unfreeze(), body("donate", account=A, municipality=OTARU, purpose=1, points=1_990),
                       body("freeze_account", account=NOBODY), body("unfreeze_account", account=NOBODY)) == [
                           "APPLIED", "APPLIED", "ACCOUNT_UNKNOWN", "ACCOUNT_UNKNOWN"]


def test_merges_in_order(stage):
    stage.applied(body("close_account", account=C), body("freeze_account", account=B))
    assert stage.codes(merge(A, NOBODY), merge(NOBODY, A), merge(NOBODY, NOBODY), merge(C, NOBODY), merge(A, C), merge(C, A),
                       merge(C, C), merge(B, C), merge(A, B), merge(B, A), merge(B, B), merge(A, A)) == (
                           ["ACCOUNT_UNKNOWN"] * 4 + ["ACCOUNT_CLOSED"] * 4 + ["ACCOUNT_FROZEN"] * 3 + ["MERGE_INVALID"])


def test_a_merge_takes_over_points_conversions_and_limits(stage):
    stage.rich()
    stage.applied(body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=300),
                  body("set_policy", policy=tx.CONVERSION_MONTH_MAX_POINTS, value=450))
    kept, refused, mine = request(B, 100), request(B, 90), request(A, 110)
    stage.applied(kept, refused, mine, merge(A, B))
    assert stage.codes(request(A, 1), merge(A, B), request(B, 1), body("close_account", account=A)) == [
        "LIMIT_REACHED", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED", "CONVERSION_PENDING"]
    stage.restart()
    stage.applied(body("refuse_conversion", conversion=refused.id))
    assert stage.codes(request(A, 91), request(A, 90)) == ["LIMIT_REACHED", "APPLIED"]
    stage.go(stage.model.time + DAY)
    assert stage.codes(request(A, 151), request(A, 150)) == ["LIMIT_REACHED", "APPLIED"]
    stage.applied(body("settle_conversion", conversion=kept.id), merge(C, A), body("settle_conversion", conversion=mine.id))
    shown = stage.daemon.client("app")
    assert [shown.account(a).merged_into for a in (A, B, C)] == [C, A, b""]
    assert (shown.account(C).balance_points, shown.account(C).held_points) == (3_000 - 450, 240)
    assert shown.transaction(kept.id).transaction.request_conversion.account == B
    books = {m.municipality: m for m in stage.daemon.client("auditor").trial_balance().municipalities}
    assert (books[EBETSU].accounts, books[EBETSU].books.balances, books[EBETSU].books.held) == (1, 2_550, 240)
    assert (books[SAPPORO].books.converted, books[EBETSU].books.converted) == (100, 110)


@pytest.mark.parametrize("at, day, month", [((2021, 11, 20), 200, 200), ((2021, 11, 19), 100, 200),
                                            ((2021, 10, 31), 100, 100)])
@pytest.mark.parametrize("into", [A, B])
def test_limits_after_a_merge(new_ledger, at, day, month, into):
    """A asks at one time, B on 20 November, then they are merged, either way: so much counts for day and month."""
    daemon = new_ledger(time=("--time-source", "scripted", "--time", "2021-10-25 09:00"))
    daemon.start()
    stage = Stage(Scene(daemon))
    stage.define(points=1_000, first_day=0)
    stage.applied(body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
    assert stage.award(A) == stage.award(B) == "APPLIED"
    first, second = request(A, 100), request(B, 100)
    stage.go(jst(*at))
    stage.applied(first)
    stage.go(jst(2021, 11, 20))
    stage.applied(second, merge(into, B if into == A else A))
    for policy, value in ((tx.CONVERSION_DAY_MAX_POINTS, day), (tx.CONVERSION_MONTH_MAX_POINTS, month)):
        stage.applied(body("set_policy", policy=policy, value=value))
        assert stage.codes(request(into, 1)) == ["LIMIT_REACHED"]
    stage.applied(body("refuse_conversion", conversion=second.id))
    assert stage.codes(request(into, 101), request(into, 100)) == ["LIMIT_REACHED", "APPLIED"]
    stage.applied(body("refuse_conversion", conversion=first.id))
    assert stage.codes(request(into, 100)) == (["APPLIED"] if day == month == 200 else ["LIMIT_REACHED"])
    stage.compare()
    stage.restart()
    stage.compare()


def test_awards_after_a_merge(stage):
    """What either had is had: periods, caps; and the two earn as one from then on."""
    stage.campaign(cap=650)
    stage.define(1, campaign=7, cap_points=350, times=2)
    stage.define(2, campaign=7)
    assert [stage.award(a, q) for a, q in ((A, 1), (B, 1), (B, 2))] == ["APPLIED"] * 3
    stage.applied(merge())
    assert [stage.award(quest=q) for q in (1, 2)] == ["ALREADY_AWARDED"] * 2
    assert stage.award(B) == "ACCOUNT_CLOSED"
    stage.go(MONDAY)
    stage.restart(kill=True)
    assert [stage.award(quest=q) for q in (1, 1, 2)] == ["APPLIED", "CAP_REACHED", "APPLIED"]
    stage.go(MONDAY + WEEK)
    assert [stage.award(quest=q) for q in (2, 2)] == ["APPLIED", "ALREADY_AWARDED"]
    stage.go(MONDAY + 2 * WEEK)
    assert stage.award(quest=2) == "CAP_REACHED"


def test_more_awards_than_times_after_a_merge(stage):
    stage.define(times=3)
    assert [stage.award(a) for a in (A, A, B, B)] == ["APPLIED"] * 4
    stage.applied(merge())
    assert stage.award() == "ALREADY_AWARDED"
    assert stage.daemon.client("app").account(A).progress[0].awards == 4


def test_killed_in_the_middle(stage):
    """A chain of merges, a bonus, a freeze and a changed quest outlive a power cut; what was sent again is not done twice."""
    stage.define(receipt=terms(2, 500), times=20)
    digest = b"d" * 32
    done = [bought(stage.model.time, A, digest=digest), bought(stage.model.time, B, shop=2), merge(B, A), merge(C, B),
            bought(stage.model.time, C, shop=3), change(times=20, receipt=terms(3, 900, ((2_000, 20),))),
            body("freeze_account", account=C)]
    stage.applied(*done)
    stage.restart(kill=True)
    assert set(stage.codes(*done)) == {"DUPLICATE"}
    assert [stage.buy(C, digest=digest, yen=2_000), stage.buy(C, yen=1_999), stage.buy(C, yen=2_000)] == [
        "EVIDENCE_USED", "RECEIPT_INVALID", "APPLIED"]
    assert stage.model.account(C)["balance"] == 10 + 10 + 510 + 20


def test_statements_of_merged_accounts(stage):
    """An answer stands in the statement of the account that had the conversion when it came, and begins a page there alone."""
    stage.rich()
    asked = [request(B, n) for n in (1, 2, 3, 4)]
    settle = [body("settle_conversion", conversion=t.id) for t in asked]
    stage.applied(*asked)
    touched = []
    for answer, into, merged in zip(settle, (B, A, C, C), (None, B, A, None)):
        stage.applied(*([merge(into, merged)] if merged else []), answer)
        touched.append((into, stage.model.sequence))
    for _ in range(2):
        client = stage.daemon.client("app")
        for account in (A, B, C):
            expected = [e["sequence"] for e in stage.model.statement(account)]
            for limit in (1, 2, 3):
                assert [e.sequence for e in client.whole_statement(account, limit)[0]] == expected
            for owner, sequence in touched:
                if owner == account:
                    assert client.statement(account, before=sequence).entries[0].sequence == sequence
                else:
                    assert refusal(client.statement, account, before=sequence).code == "OUT_OF_RANGE"
        stage.restart()


# ---- many

def test_pages_of_circulation(stage):
    """More rows than a page holds: accounts of every home in shops of every place, month after month."""
    codes, number = sorted(stage.model.municipalities), 0
    stage.define(receipt=terms(), period=tx.DAILY, times=255, last_day=TODAY + 3_000, budget=10**9)
    homes = {code: bytes([n]) * 16 for n, code in enumerate(codes)}
    stage.applied(*(body("open_account", account=a, municipality=code) for code, a in homes.items()),
                  *(body("register_shop", shop=code, name="s", municipality=code) for code in codes))
    while number <= 2_100:
        now = stage.model.next_time()
        stage.applied(*(bought(now, a, shop=place, place=place, digest=(number + n).to_bytes(32, "big")) for n, (a, place) in
                        enumerate((a, place) for a in homes.values() for place in codes)))
        number += len(codes)**2
        stage.go(rules.day_start(rules.month_end(rules.day_of(now)) + 1) + DAY)
    assert len(stage.daemon.client("auditor").circulation(1)) == number


def test_caps_of_many_residents(stage):
    """However much memory moves as residents begin one quest after another, each has what the campaign's cap allows."""
    stage.campaign(cap=300, budget=10**6)
    for number in (1, 2, 3, 4):
        stage.define(number, campaign=7)
    assert stage.award() == "APPLIED"  # so that the residents' quests do not begin at even numbers
    residents = [bytes([1, n]) * 8 for n in range(250)]
    stage.applied(*(body("open_account", account=a, municipality=OTARU) for a in residents))
    award = lambda account, quest: body("award", account=account, quest=quest, occurred_at=stage.model.time)
    stage.applied(*(award(a, n) for a in residents for n in (1, 2, 3)))
    assert set(stage.codes(*(award(a, 4) for a in residents))) == {"CAP_REACHED"}


def test_pages_of_the_programme(stage):
    """More shops, campaigns, quests and progress than one answer holds."""
    stage.applied(*(body("register_shop", shop=n, name="s", municipality=OTARU) for n in range(10, 460)))
    stage.applied(*(body("define_campaign", campaign=n, name="c") for n in range(1, 402)),
                  body("set_budget", campaign=7, points=100_000))
    for first in (1, 101, 201):
        numbers = range(first, first + 100)
        stage.applied(*(body("define_quest", **as_fields(a_quest(n, campaign=7))) for n in numbers),
                      *(body("set_budget", quest=n, points=1_000) for n in numbers))
    assert [s.shop.shop for s in stage.daemon.client("app").programme(api.SHOPS)] == [1, 2, 3, *range(10, 460)]
    stage.applied(*(body("award", account=A, quest=n, occurred_at=stage.model.time) for n in range(200, 100, -1)))
    stage.applied(*(body("award", account=A, quest=n, occurred_at=stage.model.time) for n in (*range(1, 50), *range(201, 252))))
    assert len(stage.model.account(A)["progress"]) == 200
    stage.compare()
    stage.applied(*(body("award", account=A, quest=n, occurred_at=stage.model.time) for n in range(60, 65)))
    shown = stage.daemon.client("app").account(A)
    newest = [*range(64, 59, -1), *range(251, 200, -1), *range(49, 0, -1), *range(101, 196)]
    assert [p.quest for p in shown.progress] == newest


def test_a_single_period_may_become_longer(stage):
    stage.define(period=tx.ONCE, times=2, last_day=TODAY + 2)
    assert stage.award() == "APPLIED"
    stage.applied(change(period=tx.ONCE, times=2, last_day=TODAY + 30))
    stage.go(stage.model.time + 20 * DAY)
    assert [stage.award(), stage.award(), stage.award(B)] == ["APPLIED", "ALREADY_AWARDED", "APPLIED"]
    client = stage.daemon.client("auditor")
    for from_day, to_day in ((TODAY + 30, 0), (TODAY + 31, 0), (0, TODAY), (0, TODAY - 1), (TODAY + 5, TODAY + 6)):
        compare.quest(client, stage.model, 1, from_day, to_day)
    stage.applied(change(period=tx.ONCE, times=2, last_day=TODAY + 4))
    for from_day, to_day in ((TODAY + 4, 0), (TODAY + 5, 0)):
        compare.quest(client, stage.model, 1, from_day, to_day)


def test_who_may_ask(stage):
    stage.campaign()
    for role, campaign, circulation in ((None, 0, 0), ("app", 1, 0), ("waon", 0, 0), ("operator-1", 1, 1), ("auditor", 1, 1)):
        client = stage.daemon.client(role)
        for may, ask in ((campaign, lambda: client.campaign(7)), (circulation, client.circulation)):
            assert ask() is not None if may else refusal(ask).code == "NOT_PERMITTED"
    assert refusal(stage.daemon.client("auditor").campaign, 8).code == "NOT_FOUND"
