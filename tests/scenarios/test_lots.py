"""Points that expire, reversals and settlements on the real daemon: every answer and query against the model."""
import pytest

import model as rules
import pointsclient as pc
from history import jst
from pointsclient import api
from pointsclient import transaction as tx
from test_bad_input import SAPPORO, refusal, unchanged
from test_programme import ALL, C, EBETSU, OTARU, Stage, bought, merge, request, terms
from world import A, B, DAY, TODAY, WEEK, a_quest, as_fields, body, change

NOBODY = b"?" * 16


def expiry(kind, value=0):
    return tx.Expiry(kind=kind, value=value)


def reverse(target, reason="誤り"):
    return body("reverse", target=getattr(target, "id", target), reason=reason)


def settle(to_day, municipality=SAPPORO, purpose=1, reference="振込 1"):
    return body("settle_donations", municipality=municipality, purpose=purpose, to_day=to_day, reference=reference)


def give(points=1, account=A, home=SAPPORO):
    return body("donate", account=account, municipality=home, purpose=1, points=points)


class LotsStage(Stage):
    """A Stage with quests 11 to 13, daily, of 100 points that expire after 3, 9 and 30 days, and 10 of 500 that never do;
    purpose 1; conversions are open."""

    def __init__(self, scene):
        super().__init__(scene)
        self.define(10, points=500, period=tx.DAILY, grace_s=9 * DAY)
        for number, days in ((11, 3), (12, 9), (13, 30)):
            self.define(number, period=tx.DAILY, grace_s=9 * DAY, expiry=expiry(tx.AFTER_DAYS, days))
        self.applied(body("define_purpose", purpose=1, name="p", first_day=TODAY, last_day=TODAY + 9_000),
                     body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))

    def earn(self, *quests, account=A):
        """Awards of now; the transactions."""
        made = [body("award", account=account, quest=q, occurred_at=self.model.next_time()) for q in quests]
        self.applied(*made)
        return made

    def day(self, day, second=0):
        """Time stands so many days after the first."""
        self.go(rules.day_start(TODAY + day) + second)

    def lots(self, account=A):
        """{days from the first: points}, as the daemon shows them."""
        return {lot.last_day - TODAY: lot.points for lot in self.daemon.client("auditor").account(account).lots}

    def balance(self, account=A):
        return self.daemon.client("auditor").account(account).balance_points

    def last(self):
        """The outcome of the newest transaction of the ledger that has one of its own."""
        return self.model.entries[self.model.sequence]["outcome"]


@pytest.fixture
def stage(scene):
    """A LotsStage; afterwards every query is the model's, before and after a restart, and after a power cut."""
    made = LotsStage(scene)
    yield made
    made.compare()
    for kill in (False, True):
        made.restart(kill)
        made.compare()


# ---- who may, and what is malformed

@pytest.mark.parametrize("transaction", [reverse(NOBODY), settle(0)], ids=["reverse", "settle_donations"])
def test_signers(stage, transaction):
    for signers in (("operator-1",), ("operator-1", "app"), ("app", "waon"), ("waon", "auditor")):
        with unchanged(stage.daemon):
            assert refusal(stage.scene.submit, transaction, by=signers).code == "NOT_PERMITTED"
    assert stage.scene.submit(transaction, by=("operator-2", "operator-3"))[0] in ("REVERSAL_UNKNOWN", "NOTHING_TO_SETTLE")


@pytest.mark.parametrize("field, transaction", [
    ("reverse.target", reverse(b"t" * 15)), ("reverse.target", reverse(b"")), ("reverse.reason", reverse(NOBODY, "")),
    ("reverse.reason", reverse(NOBODY, "x" * 201)), ("settle_donations.reference", settle(1, reference="")),
    ("settle_donations.reference", settle(1, reference="x" * 101))])
def test_sizes(stage, field, transaction):
    with unchanged(stage.daemon):
        refused = refusal(stage.scene.submit, transaction, by=ALL)
    assert refused.code == "MALFORMED" and refused.field == "transactions[0]." + field


@pytest.mark.parametrize("kind, value", [
    (tx.EXPIRY_NONE, 0), (tx.EXPIRY_NONE, 1), (tx.ON_DAY, 0), (tx.ON_DAY, TODAY + 99), (tx.ON_DAY, 2_932_897),
    (tx.AFTER_DAYS, 0), (tx.AFTER_DAYS, 3_661), (tx.AFTER_MONTHS, 0), (tx.AFTER_MONTHS, 121), (tx.END_OF_FISCAL_YEAR, 2),
    (tx.AFTER_DAYS, 2**32 - 1), (tx.AFTER_MONTHS, 2**32 - 1)])
def test_invalid_expiry(stage, kind, value):
    wrong = body("define_quest", **as_fields(a_quest(1, expiry=expiry(kind, value))))
    if kind == tx.EXPIRY_NONE and not value:
        assert wrong.define_quest.HasField("expiry")
    stage.define(2)
    assert stage.codes(wrong, change(2, expiry=expiry(kind, value))) == ["QUEST_INVALID"] * 2


# ---- expiring

@pytest.mark.parametrize("start, kind, value, last", [
    (jst(2022, 1, 31, 12), tx.AFTER_MONTHS, 1, (2022, 2, 28)), (jst(2024, 1, 31, 12), tx.AFTER_MONTHS, 1, (2024, 2, 29)),
    (jst(2024, 2, 29, 12), tx.AFTER_MONTHS, 12, (2025, 2, 28)), (jst(2024, 2, 29, 12), tx.AFTER_MONTHS, 48, (2028, 2, 29)),
    (jst(2096, 2, 29, 12), tx.AFTER_MONTHS, 48, (2100, 2, 28)), (jst(2022, 12, 31, 12), tx.AFTER_MONTHS, 120, (2032, 12, 31)),
    (jst(2022, 3, 31, 23, 59), tx.END_OF_FISCAL_YEAR, 0, (2022, 3, 31)), (jst(2022, 4, 1), tx.END_OF_FISCAL_YEAR, 0, (2023, 3, 31)),
    (jst(2022, 3, 31, 12), tx.END_OF_FISCAL_YEAR, 1, (2023, 3, 31)),
    (jst(2022, 12, 31, 12), tx.END_OF_FISCAL_YEAR, 1, (2024, 3, 31)),
    (jst(2022, 1, 1), tx.AFTER_DAYS, 1, (2022, 1, 2)), (jst(2022, 1, 1), tx.AFTER_DAYS, 3_660, (2032, 1, 9)),
    (jst(2022, 1, 1), tx.ON_DAY, rules.day_number(2099, 12, 31), (2099, 12, 31))])
def test_last_days(stage, start, kind, value, last):
    stage.define(1, last_day=rules.day_number(2099, 12, 31), expiry=expiry(kind, value))
    stage.go(start)
    stage.earn(1)
    assert stage.lots() == {rules.day_number(*last) - TODAY: 100}
    stage.go(rules.day_start(rules.day_number(*last) + 1) - 1)
    stage.applied(body("freeze_account", account=B))
    assert stage.balance() == 100
    stage.go(rules.day_start(rules.day_number(*last) + 1))
    stage.applied(body("freeze_account", account=A))
    assert stage.last()[2] == 100 and stage.balance() == 0 and stage.lots() == {}


def test_an_award_in_the_grace_after_a_fixed_day_lives_for_its_day(stage):
    stage.define(1, last_day=TODAY + 6, grace_s=2 * WEEK, expiry=expiry(tx.ON_DAY, TODAY + 7))
    stage.day(9, DAY - 1)
    assert stage.award(at=rules.day_start(TODAY)) == "APPLIED" and stage.lots() == {9: 100}
    stage.day(10)
    assert stage.codes(give(1)) == ["BALANCE_INSUFFICIENT"] and stage.last()[2] == 100


def test_expired_is_said_once_over_restarts(stage):
    stage.earn(11, 12)
    stage.earn(11, account=B)
    spent = give(1)
    stage.applied(spent)
    stage.day(4)
    stage.applied(body("freeze_account", account=C))  # a block that touches neither
    stage.compare()
    stage.restart(kill=True)
    other = give(2)
    other.id = spent.id
    assert stage.codes(spent, other) == ["DUPLICATE", "ID_REUSED"]
    stage.restart()
    assert stage.codes(give(200), give(200)) == ["BALANCE_INSUFFICIENT"] * 2
    assert [e.outcome.expired for e in stage.daemon.client("auditor").statement(A).entries][:3] == [0, 99, 0]
    stage.applied(body("move_account", account=B, municipality=EBETSU))
    assert stage.last()[2] == 100
    shown = [(r.last_day - TODAY, r.municipality, r.points, r.expired) for r in stage.daemon.client("auditor").expiry()]
    assert shown == [(3, SAPPORO, 99, True), (3, OTARU, 100, True), (9, SAPPORO, 100, False)]


def test_spending_takes_the_earliest_first(stage):
    stage.earn(10, 13, 11, 12)
    for points, left in ((50, {3: 50, 9: 100, 30: 100}), (100, {9: 50, 30: 100}), (151, {}), (1, {})):
        stage.applied(give(points))
        assert stage.lots() == left
    assert stage.balance() == 498


def test_many_lots(stage):
    """More days than an account shows, in awards of every day; half are spent."""
    stage.define(1, period=tx.DAILY, last_day=TODAY + 400, budget=10**6, expiry=expiry(tx.AFTER_DAYS, 300))
    for day in range(1, 231):
        stage.applied(body("set_time", time=rules.day_start(TODAY + day)))
        stage.earn(1)
    assert list(stage.lots().items()) == [(300 + day, 100) for day in range(1, 201)]
    stage.applied(give(10_050))
    assert list(stage.lots().items())[:2] == [(401, 50), (402, 100)]
    stage.compare()
    stage.day(500)
    stage.applied(give(1))
    assert stage.last()[2] == 50 + 98 * 100


def test_moves_take_lots_along(stage):
    stage.earn(11, 12)
    stage.applied(body("move_account", account=A, municipality=OTARU))
    stage.day(4)
    stage.applied(body("move_account", account=A, municipality=EBETSU))
    stage.compare()
    stage.day(10)
    stage.applied(body("move_account", account=A, municipality=SAPPORO))
    assert [(r.last_day - TODAY, r.municipality) for r in stage.daemon.client("auditor").expiry()] == [(3, OTARU), (9, EBETSU)]


def test_merges_unite_lots(stage):
    stage.earn(10, 11, 12)
    stage.earn(11, 12, 13, account=B)
    held = request(B, 150)
    stage.applied(held)
    stage.day(4)
    stage.applied(merge(A, B))
    assert stage.last()[1:3] == (150, 100) and stage.lots() == {9: 150, 30: 100}
    assert stage.lots(B) == {}
    stage.restart(kill=True)
    stage.applied(body("refuse_conversion", conversion=held.id))
    assert stage.lots() == {9: 200, 30: 100, 34: 100}
    stage.applied(body("move_account", account=A, municipality=EBETSU))
    stage.compare()
    stage.day(35)
    stage.applied(body("close_account", account=A))
    assert stage.last()[1:3] == (500, 400)


# ---- conversions

def test_conversions_refused_in_time_and_too_late(stage):
    stage.earn(10, 11, 12)
    first, second = request(A, 150), request(A, 100)
    stage.applied(first, second)
    assert stage.lots() == {}
    stage.day(4, -1)
    stage.applied(body("refuse_conversion", conversion=first.id))
    assert stage.lots() == {3: 100, 9: 50}
    stage.day(10)
    stage.applied(body("set_policy", policy=tx.REFUND_GRACE_DAYS, value=0))
    stage.restart()
    stage.applied(reverse(second))
    assert stage.last()[1:3] == (100, 150) and stage.lots() == {10: 50}
    assert stage.codes(reverse(second), body("settle_conversion", conversion=second.id), reverse(first)) == [
        "ALREADY_REVERSED", "CONVERSION_NOT_PENDING", "NOT_REVERSIBLE"]
    stage.day(11)
    assert stage.codes(give(551, home=SAPPORO)) == ["BALANCE_INSUFFICIENT"] and stage.last()[2] == 50


def test_a_reversed_conversion_does_not_count_for_limits(stage):
    stage.earn(10)
    stage.applied(body("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=100))
    held = request(A, 100)
    assert stage.codes(held, request(A, 1), reverse(held), request(A, 100)) == [
        "APPLIED", "LIMIT_REACHED", "APPLIED", "APPLIED"]


# ---- reversals

def test_reversed_awards(stage):
    never, first, second = stage.earn(10, 11, 12)
    stage.day(1)
    (third,) = stage.earn(11)
    stage.applied(reverse(third))
    assert stage.lots() == {3: 100, 9: 100}
    stage.applied(give(150), reverse(second))     # 50 of its own lot, the rest of what never expires
    assert stage.last()[1] == 100 and stage.lots() == {} and stage.balance() == 450
    stage.restart()
    stage.applied(reverse(never))
    assert stage.last()[1] == 450 and stage.balance() == 0
    assert stage.codes(reverse(first), reverse(never), reverse(first)) == ["APPLIED", "ALREADY_REVERSED", "ALREADY_REVERSED"]
    assert stage.model.quest_reversals(11) == (100, 100) and stage.model.quest_reversals(10) == (450, 50)
    assert stage.award(quest=11) == "ALREADY_AWARDED"


def test_the_definition_of_now_says_from_which_lot(stage):
    _, second, third, never = stage.earn(11, 12, 13, 10)
    stage.applied(change(12, period=tx.DAILY, grace_s=9 * DAY, expiry=expiry(tx.AFTER_DAYS, 30)), reverse(second))
    assert stage.lots() == {3: 100, 9: 100}
    stage.applied(change(13, period=tx.DAILY, grace_s=9 * DAY), reverse(third))
    assert stage.lots() == {3: 100, 9: 100} and stage.balance() == 600
    stage.applied(change(10, points=500, period=tx.DAILY, grace_s=9 * DAY, expiry=expiry(tx.AFTER_DAYS, 9)), reverse(never))
    assert stage.lots() == {} and stage.balance() == 100


def test_an_award_reversed_after_its_points_expired(stage):
    (first,) = stage.earn(11)
    stage.day(4)
    stage.applied(reverse(first))
    assert stage.last()[1:3] == (0, 100) and stage.model.quest_reversals(11) == (0, 100)


def test_budgets_and_caps_get_back_what_was_taken(stage):
    stage.campaign(cap=150, budget=150)
    for number in (1, 2):
        stage.define(number, campaign=7, period=tx.DAILY, times=9, cap_points=100, budget=300, residents_max=1)
    (first,) = stage.earn(1)
    assert stage.award() == stage.award(quest=2) == "CAP_REACHED"
    stage.applied(give(40), reverse(first))
    assert stage.last()[1] == 60
    assert stage.codes(body("set_budget", quest=1, points=39), body("set_budget", campaign=7, points=39)) == [
        "BUDGET_BELOW_ISSUED"] * 2
    assert stage.award(quest=2) == "APPLIED" and stage.award() == "CAP_REACHED"
    assert stage.award(account=B) == "RESIDENTS_FULL"


def test_receipts_and_bonuses_stay_used(stage):
    stage.define(1, receipt=terms(1, 7), times=9, expiry=expiry(tx.AFTER_DAYS, 5))
    first = bought(stage.model.time, digest=b"d" * 32)
    stage.applied(first, reverse(first))
    assert stage.last()[1] == 17
    assert stage.buy(digest=b"d" * 32) == "EVIDENCE_USED" and stage.buy() == "APPLIED" and stage.lots() == {5: 10}


def test_reversals_follow_merges(stage):
    first, _ = stage.earn(11, 10, account=B)
    given, held = give(50, B, OTARU), request(B, 70)
    stage.applied(given, held, merge(A, B), merge(C, A))
    stage.restart()
    stage.applied(reverse(given))
    assert stage.lots(C) == {3: 50} and stage.last()[3] == stage.model.sequence - 1
    stage.applied(reverse(held), reverse(first))
    assert stage.lots(C) == {} and stage.balance(C) == 500
    stage.applied(body("close_account", account=C))
    assert stage.codes(reverse(given), reverse(next(iter(stage.model.awarded)))) == ["ALREADY_REVERSED"] * 2
    never = next(i for i, a in stage.model.awarded.items() if a["quest"] == 10)
    assert stage.codes(reverse(never)) == ["NOT_REVERSIBLE"]


def test_refusals_of_reversals(stage):
    stage.earn(10)
    refused, given, held = give(9_999), give(10), request(A, 10)
    assert stage.codes(refused, given, held) == ["BALANCE_INSUFFICIENT", "APPLIED", "APPLIED"]
    back, itself = reverse(given), reverse(NOBODY)
    itself.reverse.target = itself.id
    assert stage.codes(reverse(NOBODY), itself, reverse(itself), reverse(refused), back, reverse(given), reverse(back), back,
                       body("freeze_account", account=A), reverse(held)) == [
        "REVERSAL_UNKNOWN", "REVERSAL_UNKNOWN", "NOT_REVERSIBLE", "NOT_REVERSIBLE", "APPLIED", "ALREADY_REVERSED",
        "NOT_REVERSIBLE", "DUPLICATE", "APPLIED", "APPLIED"]
    stage.restart()
    opened = next(i for i, d in stage.model.decided.items() if d["transaction"].WhichOneof("body") == "open_account")
    assert stage.codes(reverse(opened), reverse(back), reverse(given), reverse(held), reverse(refused)) == [
        "NOT_REVERSIBLE", "NOT_REVERSIBLE", "ALREADY_REVERSED", "ALREADY_REVERSED", "NOT_REVERSIBLE"]


@pytest.mark.parametrize("kind", ["award", "donate", "request_conversion"])
def test_in_one_envelope(stage, kind):
    stage.earn(10)
    done = {"award": body("award", account=A, quest=11, occurred_at=stage.model.time), "donate": give(5),
            "request_conversion": request(A, 5)}[kind]
    assert stage.codes(reverse(done), done, done, reverse(done), reverse(done), done) == [
        "REVERSAL_UNKNOWN", "APPLIED", "DUPLICATE", "APPLIED", "ALREADY_REVERSED", "DUPLICATE"]


# ---- donations

@pytest.mark.parametrize("after, code", [(14, "APPLIED"), (15, "NOT_REVERSIBLE")])
def test_the_window_of_a_donation(stage, after, code):
    stage.earn(10, 11, 13)
    given = give(150)
    stage.applied(given, body("move_account", account=A, municipality=OTARU))
    stage.day(after)
    stage.restart()
    assert stage.codes(reverse(given)) == [code]
    assert stage.lots() == ({30: 100, 44: 100} if code == "APPLIED" else {30: 50})


def test_the_window_is_that_of_the_policy_when_it_was_given(stage):
    stage.earn(10)
    first, second = give(10), give(10)
    policy = lambda value: body("set_policy", policy=tx.REVERSAL_DONATION_DAYS, value=value)
    stage.applied(policy(0), first, policy(366), second, policy(0))
    stage.day(366, DAY - 1)
    assert stage.codes(reverse(first), reverse(second)) == ["NOT_REVERSIBLE", "APPLIED"]


def test_reversed_donations_in_the_totals(stage):
    stage.earn(10)
    given = [give(points) for points in (10, 20, 40)]
    stage.applied(*given)
    stage.day(10)
    stage.applied(reverse(given[0]), give(5), reverse(given[2]))
    rows = lambda **which: [(r.first_day - TODAY, r.donations, r.points, r.reversed_donations, r.reversed_points)
                            for r in stage.daemon.client("auditor").donation_totals(api.DAY, **which)]
    assert rows() == [(0, 3, 70, 0, 0), (10, 1, 5, 2, 50)]
    assert rows(by_original=True) == [(0, 3, 70, 2, 50), (10, 1, 5, 0, 0)]
    assert rows(to_day=TODAY) == [(0, 3, 70, 0, 0)]


def test_settlements(stage):
    stage.earn(10)
    stage.earn(10, account=B)
    first, second = give(10), give(30)
    stage.applied(first, second, give(7, B, OTARU))
    assert stage.codes(settle(TODAY, 5, 99), settle(TODAY, purpose=99), settle(TODAY), settle(2**32 - 1), settle(TODAY - 1)) == [
        "MUNICIPALITY_UNKNOWN", "PURPOSE_UNKNOWN", "SETTLEMENT_INVALID", "SETTLEMENT_INVALID", "NOTHING_TO_SETTLE"]
    stage.day(1)
    stage.applied(settle(TODAY, reference="x" * 100))
    assert stage.codes(settle(TODAY), reverse(second), settle(TODAY, OTARU, reference="小樽")) == [
        "SETTLEMENT_INVALID", "APPLIED", "APPLIED"]
    stage.compare()
    assert [o.points for o in stage.daemon.client("auditor").settlements()[1]] == [-30]
    stage.restart(kill=True)
    stage.applied(give(25))
    stage.day(2)
    assert stage.codes(settle(TODAY + 1)) == ["NOTHING_TO_SETTLE"]
    stage.applied(give(20))
    stage.day(3)
    stage.applied(settle(TODAY + 2))
    assert stage.last() == ("APPLIED", 15, 0, 0)
    assert stage.codes(settle(TODAY + 1), settle(TODAY + 2), settle(TODAY + 3)) == ["SETTLEMENT_INVALID"] * 3


def test_many_settlements(stage):
    """More than a page."""
    stage.define(1, points=1_000_000, budget=10**6)
    stage.earn(1)
    for day in range(1, 511):
        stage.applied(give(day))
        stage.day(day)
        stage.applied(settle(TODAY + day - 1))
    assert len(stage.daemon.client("auditor").settlements()[0]) == 510
    page = stage.daemon.client("auditor").call(get_settlements=api.GetSettlements())
    assert (len(page.settlements), page.next_offset) == (500, 500)


# ---- who may ask

def test_who_may_ask(stage):
    key = pc.key_from_seed(b"m" * 32)
    stage.earn(11)
    stage.earn(11, account=B)
    stage.applied(give(10), give(10, B, OTARU), body("register_key", key=pc.public(key), role=tx.MUNICIPALITY, holder="小樽市",
                                                     municipality=OTARU))
    stage.day(1)
    stage.applied(settle(TODAY), settle(TODAY, OTARU), give(1), give(1, B, OTARU))
    for role in ("app", "waon"):
        client = stage.daemon.client(role)
        for ask in (client.expiry, client.settlements):
            assert refusal(ask).code == "NOT_PERMITTED"
    town = stage.daemon.client()
    town.authenticate(key)
    assert {r.municipality for r in town.expiry()} == {OTARU}
    made, still_open = town.settlements()
    assert [s.municipality for s in made] == [o.municipality for o in still_open] == [OTARU]
    assert refusal(town.expiry, municipality=SAPPORO).code == refusal(town.settlements, SAPPORO).code == "NOT_PERMITTED"
    stage.applied(body("set_policy", policy=tx.TOTALS_SHARED, value=1))
    assert {r.municipality for r in town.expiry()} == {SAPPORO, OTARU} and len(town.settlements()[0]) == 2


def test_questions_about_nothing(stage):
    client = stage.daemon.client("auditor")
    assert refusal(client.expiry, municipality=5).code == refusal(client.settlements, 5).code
    assert client.settlements(purpose=99)[0] == [] and client.expiry() == []
