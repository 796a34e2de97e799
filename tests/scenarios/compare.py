"""Comparisons of what the daemon answers with what the model says."""
import model as rules
import pointsclient as pc
from pointsclient import api

BOOKS = ("issued", "balances", "held", "donated", "converted")
ALL_BOOKS = BOOKS + ("expired", "forfeited", "reversed", "fees")
GROUPS = ("MUNICIPALITY_AND_PURPOSE", "BY_MUNICIPALITY", "TOGETHER")
UNITS = ("WHOLE", "DAY", "MONTH", "FISCAL_YEAR")


def reply(got, expected):
    """A SubmitReply."""
    assert pc.outcome_rows(got.outcomes) == expected["outcomes"]
    assert (got.block, got.first_sequence, got.time) == tuple(expected[n] for n in ("block", "first_sequence", "time"))
    assert [(o.position, o.sequence, pc.outcome_row(o.outcome)) for o in got.originals] == expected["originals"]


def response(got, expected):
    """The Response to a submit: a reply, or a refusal of the whole."""
    if isinstance(expected, rules.Refused):
        assert got.WhichOneof("body") == "error", f"should be {expected.code}"
        assert api.Refusal.Name(got.error.code) == expected.code, got.error
    else:
        reply(pc.Client.body(got), expected)


def dry_run(client, transactions, expected):
    """A dry run, by which nothing changes."""
    before = client.hello()
    got, after = client.dry_run(transactions), client.hello()
    assert (got.time, got.last_sequence, pc.outcome_rows(got.outcomes)) == tuple(
        expected[n] for n in ("time", "last_sequence", "outcomes"))
    assert (before.blocks, before.transactions) == (after.blocks, after.transactions)


def counts(client, model):
    hello = client.hello()
    assert (hello.blocks, hello.transactions, hello.time) == (model.blocks, model.sequence, model.next_time())


def accounts(client, model):
    ids = list(model.accounts)
    answers = client.pipeline(dict(get_account=api.GetAccount(account=a)) for a in ids)
    for account, answer in zip(ids, answers):
        got, expected = client.body(answer), model.account(account)
        assert got.account == account
        assert [(lot.last_day, lot.points) for lot in got.lots] == model.lots(account)[:200]
        assert (got.municipality, got.balance_points, got.held_points, got.last_sequence) == tuple(
            expected[n] for n in ("home", "balance", "held", "last"))
        assert (api.AccountStatus.Name(got.status), got.merged_into) == (expected["status"], expected["merged_into"])
        shown = {p.quest: (p.awards, p.points, p.last_period_day) for p in got.progress}
        assert len(shown) == len(got.progress) == min(len(expected["progress"]), 200)
        assert shown.items() <= expected["progress"].items()


def entry(got, expected):
    """A LedgerEntry."""
    assert (got.sequence, got.block, got.time) == tuple(expected[n] for n in ("sequence", "block", "time"))
    assert pc.canonical(got.transaction) == expected["bytes"]
    assert pc.outcome_row(got.outcome) == expected["outcome"]


def statements(client, model, every=1):
    """Whole statements of every n-th account, in pages of several sizes."""
    for number, account in enumerate(list(model.accounts)[::every]):
        got, balance = client.whole_statement(account, limit=(0, 1, 3, 100)[number % 4])
        expected = model.statement(account)
        assert [e.sequence for e in got] == [e["sequence"] for e in expected]
        for one, other in zip(got, expected):
            entry(one, other)
        assert balance == model.account(account)["balance"]


def transactions(client, model):
    ids = list(model.decided)
    answers = client.pipeline(dict(get_transaction=api.GetTransaction(id=i)) for i in ids)
    for transaction_id, answer in zip(ids, answers):
        entry(client.body(answer).entry, model.decided[transaction_id])


def quest(client, model, number, from_day=0, to_day=0):
    got, expected = client.quest(number, from_day, to_day), model.quest_totals(number, from_day, to_day)
    assert got.quest == model.quests[number]["message"]
    assert got.budget_points == model.quests[number]["budget"]
    assert got.issued_points == model.quests[number]["issued"]
    assert (got.reversed_points, got.shortfall_points) == model.quest_reversals(number)
    assert {m.municipality: [m.residents, m.awards, m.points] for m in got.municipalities
            if m.awards} == expected["municipalities"]
    assert got.residents == sum(row[0] for row in expected["municipalities"].values())
    rows = [((p.first_day, p.municipality), [p.awards, p.points]) for p in got.periods]
    assert rows == list(expected["periods"].items())


def quests(client, model):
    for number in model.quests:
        quest(client, model, number)
    days = sorted({award["day"] for award in model.awards})
    if days:
        middle = rules.week_of(days[len(days) // 2])
        month = rules.month_of(middle)
        for from_day, to_day in ((middle, 0), (middle + 6, middle + 7), (middle + 7, 0), (0, middle), (0, middle - 1),
                                 (days[0], days[-1]), (month, month), (0, month - 1), (rules.month_end(month), 0)):
            for number in set(model.quests) & {1, 2, *range(101, 107)}:  # those of the history's prologue
                quest(client, model, number, from_day, to_day)


def campaign(client, model, number):
    got, expected = client.campaign(number), model.campaign(number)
    assert got.campaign == expected["message"]
    assert (got.budget_points, got.issued_points, got.residents, list(got.quests)) == tuple(
        expected[n] for n in ("budget", "issued", "residents", "quests"))


def campaigns(client, model):
    for number in model.campaigns:
        campaign(client, model, number)


def circulation_rows(client, model, **which):
    got = [((r.first_day, r.home, r.place), [r.receipts, r.amount_yen, r.residents, r.points])
           for r in client.circulation(**which)]
    assert got == list(model.circulation(**which).items()), which


def circulation(client, model):
    days = sorted(receipt["day"] for receipt in model.receipts) or [rules.day_of(model.time)]
    first, middle, last = days[0], days[len(days) // 2], days[-1]
    month, end = rules.month_of(middle), rules.month_end(middle)
    for number in [0] + [n for n, q in model.quests.items() if q["message"].HasField("receipt")]:
        for from_day, to_day in ((0, 0), (middle, 0), (end + 1, 0), (0, month - 1), (0, month), (month, end), (end, end),
                                 (first, last), (last + 31, 0)):
            circulation_rows(client, model, quest=number, from_day=from_day, to_day=to_day)


def donation_rows(client, model, unit, group="MUNICIPALITY_AND_PURPOSE", only=None, **which):
    rows = client.donation_totals(api.TotalsUnit.Value(unit), group=api.TotalsGroup.Value(group), **which)
    got = [((r.first_day, r.municipality, r.purpose),
            [r.donations, r.points, r.reversed_donations, r.reversed_points, r.donors]) for r in rows]
    assert got == list(model.donation_totals(unit, group=group, only=only, **which).items()), (unit, group, which)


def spans(days):
    """Spans of the days on which something happened, and of the months and fiscal years about them, cut and whole."""
    days = sorted(days) or [rules.day_number(2021, 11, 1)]
    first, middle, last = days[0], days[len(days) // 2], days[-1]
    month, year = rules.month_of(middle), rules.fiscal_year_of(last)
    asked = ((0, 0), (middle, 0), (0, middle), (first, middle), (middle, middle), (first, last), (last + 1, 0),
             (month, rules.month_end(month)), (month + 1, 0), (0, rules.month_end(month) - 1), (year, 0), (year + 1, 0),
             (0, year - 1))
    return [{"from_day": begin, "to_day": end} for begin, end in asked]


def donations(client, model, only=None):
    asked = spans({row[0] for row in model.donations})
    home = only or max(model.municipalities, key=lambda m: sum(row[1] == m for row in model.donations))
    for unit in UNITS:
        for which in (*asked, {"purpose": 1}, {"municipality": home, "purpose": 2}, asked[5] | {"municipality": home}):
            donation_rows(client, model, unit, only=only, **which)
        for which in ({}, {"municipality": home}, asked[3], asked[5]):
            donation_rows(client, model, unit, only=only, by_original=True, **which)
        for which in (*asked, {"municipality": home}):
            donation_rows(client, model, unit, "BY_MUNICIPALITY", only, **which)
        for which in asked:
            donation_rows(client, model, unit, "TOGETHER", only, **which)
        donation_rows(client, model, unit, "BY_MUNICIPALITY", only, by_original=True)
        donation_rows(client, model, unit, "TOGETHER", only, by_original=True)


def conversion_totals(client, model, only=None):
    home = only or max(model.municipalities, key=lambda m: sum(c["home"] == m for c in model.conversion_days))
    asked = spans({c["day"] for c in model.conversion_days})
    for unit in UNITS:
        for which in (*asked, {"municipality": home}, asked[5] | {"municipality": home}):
            got = [((r.first_day, r.municipality), [r.requested, r.requested_points, r.settled, r.settled_points,
                                                    r.fee_points, r.refused, r.refused_points])
                   for r in client.conversion_totals(api.TotalsUnit.Value(unit), **which)]
            assert got == list(model.conversion_totals(unit, only=only, **which).items()), (unit, which)


def notice_rows(client, model, expected, **which):
    """The notices of a query are those with these ids."""
    got = client.notices(**which)
    assert [n.id for n in got] == expected, which
    for notice in got:
        known = model.notices[notice.id]
        assert (notice.sequence, notice.posted, notice.posted_at, notice.withdrawn, notice.erased) == tuple(
            known[n] for n in ("sequence", "message", "time", "withdrawn", "erased"))
        assert notice.text == model.texts.get(notice.id, b"")
        assert notice.erased == (notice.id not in model.texts)


def notices(client, model):
    """Those in force for each account, and those of each municipality and of all, in pages of several sizes."""
    for number, account in enumerate(model.accounts):
        notice_rows(client, model, model.notices_for(account), account=account, limit=(0, 1, 5, 12)[number % 4])
    for number, municipality in enumerate([0, *model.municipalities]):
        for everything in (False, True):
            notice_rows(client, model, model.notices_shown(municipality, everything), municipality=municipality, all=everything,
                        limit=(0, 1, 5, 12)[number % 4])


def municipality_queries(client, model, code):
    """What a municipality's key may ask: its own or, where totals are shared, all; of notices its own."""
    only = None if model.policies["TOTALS_SHARED"] else code
    donations(client, model, only)
    conversion_totals(client, model, only)
    for everything in (False, True):
        for municipality in (0, code):
            notice_rows(client, model, model.notices_shown(code, everything), municipality=municipality, all=everything)


def expiry_rows(client, model, **which):
    got = [(r.last_day, r.municipality, r.points, r.expired) for r in client.expiry(**which)]
    assert got == model.expiry(**which), which


def expiry(client, model):
    rows = model.expiry() or [(0, min(model.municipalities), 0, False)]
    first, middle, last, home = rows[0][0], rows[len(rows) // 2][0], rows[-1][0], rows[len(rows) // 2][1]
    for which in ({}, {"municipality": home}, {"from_day": middle}, {"to_day": middle}, {"from_day": middle, "to_day": middle},
                  {"from_day": first, "to_day": last, "municipality": home}, {"from_day": middle + 1}, {"from_day": last + 1},
                  {"to_day": rules.day_of(model.time)}, {"from_day": rules.day_of(model.time)}):
        expiry_rows(client, model, **which)


def settlement_rows(client, model, **which):
    made, still_open = client.settlements(**which)
    expected, expected_open = model.settlements_shown(**which)
    assert [{name: getattr(s, name) for name in e} for s, e in zip(made, expected)] == expected, which
    assert len(made) == len(expected)
    assert [((o.municipality, o.purpose), o.points) for o in still_open] == list(expected_open.items()), which


def settlements(client, model):
    home = max(model.municipalities, key=lambda m: sum(row[1] == m for row in model.donations))
    for which in ({}, {"municipality": home}, {"purpose": 1}, {"municipality": home, "purpose": 2}):
        settlement_rows(client, model, **which)


def pending(client, model):
    for limit in (0, 1, 1_000):
        got = [(c.sequence, c.id, c.account, c.municipality, c.points, c.requested_at, c.fee_points)
               for c in client.pending_conversions(limit)]
        assert got == model.pending()


def books(client, model):
    got = client.trial_balance()
    totals = model.totals()
    assert got.total.issued == sum(getattr(got.total, n) for n in ALL_BOOKS if n != "issued")
    assert {n: getattr(got.total, n) for n in ALL_BOOKS} == {n: totals[n] for n in ALL_BOOKS}
    rows = {m.municipality: {"accounts": m.accounts} | {n: getattr(m.books, n) for n in ALL_BOOKS}
            for m in got.municipalities}
    assert len(rows) == len(got.municipalities)
    nothing = dict.fromkeys(("accounts",) + ALL_BOOKS, 0)
    expected = model.books()
    assert set(rows) <= set(expected)
    assert {m: rows.get(m, nothing) for m in expected} == expected
    assert got.last_sequence == model.sequence
    counts(client, model)


def programme(client, model):
    assert [m.code for m in client.programme(api.MUNICIPALITIES)] == sorted(model.municipalities)
    assert [(q.quest, q.budget_points) for q in client.programme(api.QUESTS)] == [
        (q["message"], q["budget"]) for q in model.quests.values()]
    assert list(client.programme(api.PURPOSES)) == list(model.purposes.values())
    assert [(c.campaign, c.budget_points) for c in client.programme(api.CAMPAIGNS)] == [
        (c["message"], c["budget"]) for c in model.campaigns.values()]
    assert [(s.shop, s.closed, s.last_day) for s in client.programme(api.SHOPS)] == [
        (s["message"], s["closed"] is not None, s["closed"] or 0) for s in model.shops.values()]
    policies = {rules.POLICIES[p.policy][0]: p.value for p in client.programme(api.POLICIES)}
    defaults = {name: default for name, _, _, default in rules.POLICIES.values()}
    assert defaults | policies == model.policies
    assert [(k.key.key, k.key.role, k.key.holder, k.key.municipality, k.revoked) for k in client.programme(api.KEYS)] == [
        (key, k["role"], k["holder"], k["municipality"], k["revoked"]) for key, k in model.keys.items()]


def all_queries(client, model):
    """Everything an auditor may ask about accounts, programme and totals."""
    counts(client, model)
    accounts(client, model)
    statements(client, model, every=3)
    transactions(client, model)
    quests(client, model)
    campaigns(client, model)
    circulation(client, model)
    donations(client, model)
    conversion_totals(client, model)
    notices(client, model)
    expiry(client, model)
    settlements(client, model)
    pending(client, model)
    books(client, model)
    programme(client, model)
