"""Tests of the model's programme: what quests take, campaigns, residents counted, changes, receipts, shops and circulation."""
import random

import pytest

import model as rules
import pointsclient as pc
from history import jst
from pointsclient import transaction as tx
from world import (A, B, DAY, EBETSU, MONDAY, OTARU, SAPPORO, TODAY, WEEK, a_quest, applied, as_fields, award, body, change,
                   define, go, make_model, outcomes, submit)

C = b"C" * 16
STEPS = ((1_000, 10), (5_000, 60), (10_000, 150))


def terms(steps=STEPS, bonus_municipalities=0, bonus_points=0):
    return tx.ReceiptTerms(steps=[tx.ReceiptStep(amount_yen=a, points=p) for a, p in steps],
                           bonus_municipalities=bonus_municipalities, bonus_points=bonus_points)


def with_accounts(**given):
    """A in Sapporo, B in Otaru, C in Ebetsu; shops 1 to 3 likewise."""
    model = make_model(**given)
    for number, (account, home) in enumerate(((A, SAPPORO), (B, OTARU), (C, EBETSU)), 1):
        applied(model, body("open_account", account=account, municipality=home),
                body("register_shop", shop=number, name="s", municipality=home))
    return model


def buy(model, digest=None, shop=1, place=None, yen=1_000, account=A, at=None, quest=1):
    """An award with a receipt; its place is that of the shop unless told otherwise."""
    receipt = tx.Receipt(digest=digest or pc.new_uuid7() * 2, shop=shop, amount_yen=yen,
                         municipality=place or (SAPPORO, OTARU, EBETSU)[(shop - 1) % 3])
    return submit(model, body("award", account=account, quest=quest, occurred_at=model.time if at is None else at,
                              receipt=receipt))[0][:2]


# ---- definitions

@pytest.mark.parametrize("wrong", [
    {"quest": 0}, {"quest": 1_000_000_001}, {"period": tx.PERIOD_NONE}, {"points": 0}, {"points": 1_000_001},
    {"times": 1}, {"times": 256}, {"cap_points": 99}, {"first_day": TODAY + 101}, {"last_day": 2_932_897},
    {"grace_s": 60 * WEEK + 1}, {"times": 2, "grace_s": 4 * WEEK + 1}, {"municipalities": [OTARU, SAPPORO]},
    {"municipalities": [SAPPORO, SAPPORO]}])
def test_invalid_quests(wrong):
    model = make_model()
    assert outcomes(model, body("define_quest", **as_fields(a_quest(**wrong)))) == ["QUEST_INVALID"]
    define(model)
    if "quest" not in wrong:
        assert outcomes(model, change(**wrong)) == ["QUEST_INVALID"]
    define(model, 1_000_000_000, cap_points=100, times=255, grace_s=4 * WEEK, municipalities=[SAPPORO, OTARU])


@pytest.mark.parametrize("wrong", [
    terms(steps=()), terms(steps=((0, 1),)), terms(steps=((1, 0),)), terms(steps=((1_000_000_001, 1),)),
    terms(steps=((1, 1_000_001),)), terms(steps=((5, 1), (5, 2))), terms(steps=((5, 1), (4, 2))),
    terms(bonus_municipalities=1), terms(bonus_points=1), terms(bonus_municipalities=4, bonus_points=1),
    terms(bonus_municipalities=3, bonus_points=1_000_001)])
def test_invalid_receipt_terms(wrong):
    model = make_model()
    assert outcomes(model, body("define_quest", **as_fields(a_quest(receipt=wrong)))) == ["QUEST_INVALID"]
    define(model, receipt=terms())
    assert outcomes(model, change(receipt=wrong)) == ["QUEST_INVALID"]
    define(model, 2, receipt=terms(steps=tuple((1_000_000_000 - 20 + n, 1_000_000 - n) for n in range(1, 21)),
                                   bonus_municipalities=3, bonus_points=1_000_000))


def test_receipt_quests_have_no_points_and_a_cap_of_one_step_at_least():
    model = make_model()
    quest = lambda **fields: outcomes(model, body("define_quest", **as_fields(a_quest(receipt=terms(), **fields))))[0]
    assert [quest(points=1), quest(cap_points=9), quest(cap_points=10)] == ["QUEST_INVALID", "QUEST_INVALID", "APPLIED"]


def test_definitions_are_checked_in_order():
    model = make_model()
    quest = lambda **fields: body("define_quest", **as_fields(a_quest(**fields)))
    assert outcomes(model, quest(campaign=1, municipalities=[1], times=1), quest(municipalities=[1], times=1),
                    quest(municipalities=[SAPPORO, 999_999]), quest(times=1), quest(), quest(campaign=1, times=1)) == [
                        "CAMPAIGN_UNKNOWN", "MUNICIPALITY_UNKNOWN", "MUNICIPALITY_UNKNOWN", "QUEST_INVALID", "APPLIED",
                        "QUEST_EXISTS"]
    assert outcomes(model, change(2, times=1, municipalities=[1]), change(1, times=1, municipalities=[1])) == [
        "QUEST_UNKNOWN", "MUNICIPALITY_UNKNOWN"]


def test_campaigns_are_defined_once():
    campaign = lambda number: body("define_campaign", campaign=number, name="c")
    assert outcomes(make_model(), campaign(0), campaign(1_000_000_001), campaign(1_000_000_000), campaign(1), campaign(1)) == [
        "CAMPAIGN_INVALID", "CAMPAIGN_INVALID", "APPLIED", "APPLIED", "CAMPAIGN_EXISTS"]


def test_shops():
    model = make_model()
    shop = lambda number, municipality=SAPPORO: body("register_shop", shop=number, name="s", municipality=municipality)
    close = lambda number, day: body("close_shop", shop=number, last_day=day)
    assert outcomes(model, shop(0, 1), shop(0), shop(1), shop(1, 1), shop(2, 0), shop(2**32 - 1)) == [
        "MUNICIPALITY_UNKNOWN", "SHOP_INVALID", "APPLIED", "SHOP_EXISTS", "MUNICIPALITY_UNKNOWN", "APPLIED"]
    assert outcomes(model, close(9, 2_932_897), close(1, 2_932_897), close(1, 2_932_896), close(1, 2_932_897)) == [
        "SHOP_UNKNOWN", "SHOP_INVALID", "APPLIED", "SHOP_CLOSED"]
    assert outcomes(model, shop(1)) == ["SHOP_EXISTS"]


# ---- who may, and how often

def test_times_in_a_period():
    model = with_accounts()
    define(model, times=3)
    assert [award(model, model.time) for _ in range(4)] == ["APPLIED"] * 3 + ["ALREADY_AWARDED"]
    assert award(model, model.time, B) == "APPLIED"
    go(model, MONDAY)
    assert award(model, MONDAY) == "APPLIED"
    assert model.account(A)["progress"] == {1: (4, 400, rules.day_of(MONDAY))}


def test_quests_for_some_municipalities():
    model = with_accounts()
    define(model, municipalities=[OTARU, EBETSU])
    assert [award(model, model.time, a) for a in (A, B, C)] == ["NOT_ELIGIBLE", "APPLIED", "APPLIED"]
    applied(model, body("move_account", account=A, municipality=EBETSU), body("move_account", account=B, municipality=SAPPORO))
    assert [award(model, model.time, a) for a in (A, B)] == ["APPLIED", "NOT_ELIGIBLE"]
    assert award(model, model.time - WEEK) == "QUEST_CLOSED"
    go(model, MONDAY + 1)
    assert award(model, MONDAY - 1, B) == "TOO_LATE"


def test_the_first_residents():
    model = with_accounts()
    define(model, residents_max=2)
    assert [award(model, model.time, a) for a in (A, B, C, A)] == ["APPLIED", "APPLIED", "RESIDENTS_FULL", "ALREADY_AWARDED"]
    go(model, MONDAY)
    assert [award(model, MONDAY, a) for a in (C, A)] == ["RESIDENTS_FULL", "APPLIED"]
    applied(model, change(residents_max=3))
    assert award(model, MONDAY, C) == "APPLIED"
    applied(model, change(residents_max=1))
    go(model, MONDAY + WEEK)
    assert [award(model, MONDAY + WEEK, a) for a in (A, B, C)] == ["APPLIED"] * 3


def test_full_of_merged_residents():
    """A merge leaves the count as it was; an account that took over an award is in."""
    model = with_accounts()
    define(model, period=tx.DAILY, residents_max=2)
    assert award(model, model.time, A) == award(model, model.time, B) == "APPLIED"
    applied(model, body("merge_accounts", account=C, merged=A))
    go(model, tomorrow := model.time + DAY)
    assert award(model, tomorrow, C) == "APPLIED"
    applied(model, body("merge_accounts", account=C, merged=B), body("open_account", account=b"D" * 16, municipality=SAPPORO))
    assert award(model, model.time, b"D" * 16) == "RESIDENTS_FULL"
    assert sum(row[0] for row in model.quest_totals(1)["municipalities"].values()) == 2


# ---- campaigns

def a_campaign(model, cap=0, budget=10_000, quests=(1, 2), **fields):
    applied(model, body("define_campaign", campaign=7, name="c", cap_points=cap),
            body("set_budget", campaign=7, points=budget))
    for number in quests:
        define(model, number, campaign=7, **fields)


def test_the_cap_of_a_campaign():
    model = with_accounts()
    a_campaign(model, cap=250, period=tx.DAILY, cap_points=200)
    define(model, 3)
    assert [award(model, model.time, quest=q) for q in (1, 2, 3)] == ["APPLIED"] * 3
    go(model, tomorrow := model.time + DAY)
    assert [award(model, tomorrow, quest=q) for q in (1, 2)] == ["CAP_REACHED", "CAP_REACHED"]
    assert award(model, model.time, B) == "APPLIED"
    assert model.campaign(7) | {"message": None} == {
        "message": None, "budget": 10_000, "issued": 300, "residents": 2, "quests": [1, 2]}


def test_the_budget_of_a_campaign_runs_out_over_its_quests():
    model = with_accounts()
    a_campaign(model, budget=299)
    budget = lambda points: outcomes(model, body("set_budget", quest=99, campaign=7, points=points))[0]
    assert [award(model, model.time, quest=q) for q in (1, 2)] == ["APPLIED"] * 2
    assert [award(model, model.time, B, quest=q) for q in (2, 1)] == ["BUDGET_EXHAUSTED"] * 2
    assert [budget(199), budget(300), budget(2**62 + 1)] == ["BUDGET_BELOW_ISSUED", "APPLIED", "BUDGET_TOO_LARGE"]
    assert [award(model, model.time, B, quest=q) for q in (2, 1)] == ["APPLIED", "BUDGET_EXHAUSTED"]


def test_budgets_name_a_quest_or_a_campaign():
    model = with_accounts()
    a_campaign(model)
    set_budget = lambda points, **which: outcomes(model, body("set_budget", points=points, **which))[0]
    assert [set_budget(1), set_budget(1, quest=9), set_budget(1, campaign=9), set_budget(1, quest=1, campaign=9)] == [
        "QUEST_UNKNOWN", "QUEST_UNKNOWN", "CAMPAIGN_UNKNOWN", "CAMPAIGN_UNKNOWN"]
    assert [set_budget(2**62, campaign=7), set_budget(2**62 - 1_000_000, quest=1), set_budget(1_000_001, quest=2)] == [
        "APPLIED", "APPLIED", "BUDGET_TOO_LARGE"]
    applied(model, body("define_campaign", campaign=8, name="c"))
    assert set_budget(1, campaign=8) == "BUDGET_TOO_LARGE"


def test_campaigns_count_residents_once():
    model = with_accounts()
    a_campaign(model)
    assert [award(model, model.time, a, q) for a, q in ((A, 1), (A, 2), (B, 2))] == ["APPLIED"] * 3
    applied(model, body("merge_accounts", account=C, merged=A))
    go(model, MONDAY)
    assert award(model, MONDAY, C) == "APPLIED"
    assert model.campaign(7)["residents"] == 2 and model.campaign(8) is None


# ---- changes

def test_what_cannot_change():
    model = with_accounts()
    a_campaign(model, quests=(1,), times=2)
    assert outcomes(model, change(campaign=7, times=2), change(times=2), change(campaign=7), change(campaign=7, times=3),
                    change(campaign=7, times=2, period=tx.DAILY), change(campaign=7, times=2, first_day=TODAY + 1),
                    change(campaign=7, times=2, receipt=terms())) == ["APPLIED"] + 6 * ["QUEST_INVALID"]
    define(model, 2, receipt=terms())
    assert outcomes(model, change(2, receipt=terms(((1, 1),))), change(2)) == ["APPLIED", "QUEST_INVALID"]


def test_a_change_counts_from_the_next_transaction_on():
    model = with_accounts()
    define(model, cap_points=250)
    first, second = (body("award", account=a, quest=1, occurred_at=model.time) for a in (A, B))
    assert [o[:2] for o in submit(model, first, change(points=180, cap_points=250, name="new"), second)] == [
        ("APPLIED", 100), ("APPLIED", 0), ("APPLIED", 180)]
    go(model, MONDAY)
    assert award(model, MONDAY) == "CAP_REACHED"
    assert model.account(A)["progress"] == {1: (1, 100, rules.week_of(TODAY))}
    assert model.quests[1]["message"].name == "new" and model.quests[1]["issued"] == 280
    assert outcomes(model, change(last_day=TODAY)) == ["APPLIED"]
    assert award(model, MONDAY) == "QUEST_CLOSED"


# ---- receipts

def test_receipts_earn_by_steps():
    model = with_accounts()
    define(model, receipt=terms(), times=255)
    assert [buy(model, yen=y) for y in (999, 1_000, 4_999, 5_000, 9_999, 10_000, 1_000_000_000, 1_000_000_001, 2**64 - 1)] == [
        ("RECEIPT_INVALID", 0), ("APPLIED", 10), ("APPLIED", 10), ("APPLIED", 60), ("APPLIED", 60), ("APPLIED", 150),
        ("APPLIED", 150), ("RECEIPT_INVALID", 0), ("RECEIPT_INVALID", 0)]


def test_receipt_checks_in_order():
    model = with_accounts()
    define(model, receipt=terms(), times=2)
    define(model, 2)
    one, two = b"1" * 32, b"2" * 32
    assert award(model, model.time) == "RECEIPT_INVALID"
    assert buy(model, one, quest=2)[0] == "RECEIPT_INVALID"
    assert buy(model, one)[0] == "APPLIED"
    assert buy(model, one, shop=9, yen=999)[0] == "RECEIPT_INVALID"
    assert buy(model, one, shop=9)[0] == buy(model, one, shop=1, place=OTARU)[0] == "SHOP_UNKNOWN"
    applied(model, body("close_shop", shop=1, last_day=TODAY - 1))
    assert buy(model, one)[0] == "SHOP_CLOSED"
    assert buy(model, one, shop=2)[0] == buy(model, one, shop=2, account=B)[0] == "EVIDENCE_USED"
    assert [buy(model, d, shop=2)[0] for d in (two, one)] == ["APPLIED", "EVIDENCE_USED"]
    assert buy(model, shop=2)[0] == "ALREADY_AWARDED"


def test_a_digest_is_used_up_by_an_award_alone_and_everywhere():
    model = with_accounts()
    define(model, receipt=terms(), budget=15)
    define(model, 2, receipt=terms())
    digest = b"d" * 32
    assert buy(model, digest, yen=5_000) == ("BUDGET_EXHAUSTED", 0)
    assert buy(model, digest) == ("APPLIED", 10)
    assert buy(model, digest, quest=2, account=B)[0] == "EVIDENCE_USED"


def test_the_last_day_of_a_shop():
    model = with_accounts()
    define(model, receipt=terms(), times=9, grace_s=WEEK)
    closing = jst(2021, 11, 3)
    applied(model, body("close_shop", shop=1, last_day=rules.day_of(closing)))
    assert buy(model)[0] == "APPLIED"
    go(model, closing + 2 * DAY)
    assert buy(model, at=closing + DAY - 1)[0] == "APPLIED"
    assert buy(model, at=closing + DAY)[0] == "SHOP_CLOSED"


def test_the_bonus_comes_once():
    model = with_accounts()
    define(model, receipt=terms(bonus_municipalities=2, bonus_points=500), times=20)
    define(model, 2, receipt=terms(bonus_municipalities=1, bonus_points=7))
    assert [buy(model, shop=s)[1] for s in (1, 1, 3, 2, 3)] == [10, 10, 510, 10, 10]
    assert buy(model, quest=2)[1] == 17 and buy(model, account=B)[1] == 10
    assert model.account(A)["progress"][1][:2] == (5, 550)


def test_the_bonus_counts_in_cap_and_budget():
    model = with_accounts()
    bonus = terms(bonus_municipalities=2, bonus_points=500)
    define(model, receipt=bonus, times=20, cap_points=519)
    assert [buy(model, shop=s) for s in (1, 2, 1)] == [("APPLIED", 10), ("CAP_REACHED", 0), ("APPLIED", 10)]
    applied(model, change(receipt=bonus, times=20), body("set_budget", quest=1, points=529))
    assert [buy(model, shop=s) for s in (2, 1)] == [("BUDGET_EXHAUSTED", 0), ("APPLIED", 10)]
    applied(model, body("set_budget", quest=1, points=540))
    assert buy(model, shop=2) == ("APPLIED", 510)


def test_a_bonus_promised_later_comes_with_the_next_receipt():
    model = with_accounts()
    define(model, receipt=terms(), times=20)
    assert [buy(model, shop=s)[1] for s in (1, 2)] == [10, 10]
    applied(model, change(receipt=terms(bonus_municipalities=2, bonus_points=5), times=20))
    assert [buy(model)[1] for _ in range(2)] == [15, 10]
    applied(model, change(receipt=terms(bonus_municipalities=3, bonus_points=9), times=20))
    assert buy(model, shop=3)[1] == 10


@pytest.mark.parametrize("first, second, expected", [
    ((1,), (2,), 15),        # together in two municipalities: the next receipt has the bonus
    ((1, 2), (), 10), ((), (1, 2), 10), ((1, 2), (2, 3), 10),  # had
    ((1,), (1,), 10)])
def test_the_bonus_of_merged_accounts(first, second, expected):
    model = with_accounts()
    define(model, receipt=terms(bonus_municipalities=2, bonus_points=5), times=20)
    for account, shops in ((A, first), (B, second)):
        for shop in shops:
            assert buy(model, shop=shop, account=account)[0] == "APPLIED"
    applied(model, body("merge_accounts", account=A, merged=B))
    assert buy(model)[1] == expected


# ---- circulation

def test_circulation_by_month_home_and_place():
    model = with_accounts()
    define(model, receipt=terms(bonus_municipalities=2, bonus_points=500), times=20, grace_s=4 * WEEK)
    define(model, 2, receipt=terms())
    november, december = rules.day_number(2021, 11, 1), rules.day_number(2021, 12, 1)
    go(model, jst(2021, 12, 1))
    last = jst(2021, 12, 1) - 1
    for given in ({"at": last}, {"at": last, "yen": 5_000}, {"at": last, "shop": 2}, {"at": last + 1, "quest": 2},
                  {"at": last + 1, "account": B}, {"at": last + 1}):
        assert buy(model, **given)[0] == "APPLIED"
    assert model.circulation() == {
        (november, SAPPORO, SAPPORO): [2, 6_000, 1, 70], (november, SAPPORO, OTARU): [1, 1_000, 1, 510],
        (december, SAPPORO, SAPPORO): [2, 2_000, 1, 20], (december, OTARU, SAPPORO): [1, 1_000, 1, 10]}
    assert model.circulation(2) == {(december, SAPPORO, SAPPORO): [1, 1_000, 1, 10]}
    assert model.circulation(1)[december, SAPPORO, SAPPORO] == [1, 1_000, 1, 10]
    assert list(model.circulation(0, december)) == list(model.circulation())[2:]
    assert len(model.circulation(0, december - 1)) == len(model.circulation(0, 0, december)) == 4
    assert len(model.circulation(0, november, december - 1)) == len(model.circulation(0, 1, november)) == 2
    assert model.circulation(0, december + 31) == model.circulation(0, 0, november - 1) == {}


def test_circulation_counts_merged_residents_once_from_then_on():
    model = with_accounts()
    define(model, receipt=terms(), times=20)
    applied(model, body("move_account", account=B, municipality=SAPPORO))
    assert [buy(model, account=a)[0] for a in (A, B)] == ["APPLIED"] * 2
    applied(model, body("merge_accounts", account=C, merged=A), body("move_account", account=C, municipality=SAPPORO))
    assert buy(model, account=C)[0] == "APPLIED"
    (row,) = model.circulation().values()
    assert row == [3, 3_000, 2, 30]
    applied(model, body("move_account", account=C, municipality=EBETSU))
    assert buy(model, account=C)[0] == "APPLIED"
    assert model.circulation(1)[rules.month_of(TODAY), EBETSU, SAPPORO] == [1, 1_000, 1, 10]


@pytest.mark.parametrize("seed", range(3))
def test_random_receipts_add_up(seed):
    """Each digest once, each resident's bonus once, and circulation is the sum of what was moved."""
    chance, model = random.Random(seed), with_accounts()
    define(model, receipt=terms(bonus_municipalities=3, bonus_points=1_000), times=255)
    define(model, 2, period=tx.DAILY, receipt=terms())
    digests, moved, applied_digests = [chance.randbytes(32) for _ in range(60)], 0, []
    for _ in range(200):
        digest = chance.choice(digests)
        account = chance.choice((A, B, C))
        code, points = buy(model, digest, shop=chance.randint(1, 3), account=account, quest=chance.choice((1, 1, 2)),
                           yen=chance.randrange(900, 12_000))
        applied_digests += [digest] * (code == "APPLIED")
        moved += points
        if chance.random() < 0.2:
            go(model, model.time + DAY)
        if chance.random() < 0.1:
            applied(model, body("move_account", account=account, municipality=chance.choice((SAPPORO, OTARU, EBETSU))))
    assert len(applied_digests) == len(set(applied_digests)) > 30
    assert [sum(row[n] for row in model.circulation().values()) for n in (0, 3)] == [len(applied_digests), moved]
    assert [sum(row[0] for row in model.circulation(q).values()) for q in (1, 2)] == [
        sum(row[1] for row in model.quest_totals(q)["municipalities"].values()) for q in (1, 2)]
    assert [model.account(a)["progress"][1][1] >= 1_000 for a in (A, B, C)] == [True] * 3
