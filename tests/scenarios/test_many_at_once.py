"""Awards and reversals in bulk on the real daemon: who may sign them, and what a dry run says and does not do."""
import hashlib
import re

import pytest

import pointsclient as pc
from conftest import TESTS
from pointsclient import api
from pointsclient import transaction as tx
from test_bad_input import refusal, registering, unchanged
from test_operations import clocked
from test_programme import C, EBETSU, NOBODY, bought, merge, request, terms
from world import A, B, DAY, OTARU, SAPPORO, TODAY, a_quest, as_fields, body

TWO = ("operator-1", "operator-2")
ALL = TWO + ("app", "waon")
DIGEST = hashlib.sha256(b"a report").digest()


def reverse(target, reason="誤り"):
    return body("reverse", target=getattr(target, "id", target), reason=reason)


class Office:
    """A daemon with A in Sapporo, B in Otaru, C in Ebetsu, weekly quest 1 of 100 points, purpose 1; conversions are open."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = daemon.client("operator-1")
        self.applied(*(body("open_account", account=a, municipality=m) for a, m in ((A, SAPPORO), (B, OTARU), (C, EBETSU))),
                     body("define_purpose", purpose=1, name="p", first_day=TODAY, last_day=TODAY + 400),
                     body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
        self.define(1)

    def submit(self, *transactions, by=ALL, digest=DIGEST):
        """The rows of an envelope's outcomes."""
        signers = [self.daemon.keys[name] for name in by]
        return pc.outcome_rows(self.client.submit(transactions, signers, dry_run_sha256=digest).outcomes)

    def applied(self, *transactions):
        assert {row[0] for row in self.submit(*transactions)} == {"APPLIED"}

    def define(self, number, budget=100_000, **fields):
        self.applied(body("define_quest", **as_fields(a_quest(number, **fields))),
                     body("set_budget", quest=number, points=budget))

    def award(self, account=A, quest=1, at=None):
        """An award of now, or of another time; not sent yet."""
        return body("award", account=account, quest=quest, occurred_at=self.client.hello().time if at is None else at)

    def earned(self, *args, **given):
        """An award that was applied."""
        made = self.award(*args, **given)
        self.applied(made)
        return made

    def tried(self, *transactions):
        """The rows of a dry run, which leaves no trace."""
        with unchanged(self.daemon):
            reply = self.client.dry_run(transactions)
        hello = self.client.hello()
        assert (reply.time, reply.last_sequence) == (hello.time, hello.transactions)
        return pc.outcome_rows(reply.outcomes)

    def tried_and_done(self, transaction):
        """Code and points, foreseen and then decided."""
        (foreseen,) = self.tried(transaction)
        (decided,) = self.submit(transaction)
        assert foreseen == (*decided[:2], 0, 0)
        return decided[:2]

    def go(self, time):
        self.applied(body("set_time", time=time))

    def restart(self):
        self.daemon.restart()
        self.client = self.daemon.client("operator-1")


@pytest.fixture
def office(daemon):
    return Office(daemon)


# ---- who may

@pytest.mark.parametrize("signers, dry_run, permitted", [
    (("app",), False, True), (("app",), True, True), (TWO, True, True), (("operator-2", "operator-3"), True, True),
    (("operator-1", "app"), True, True), (TWO, False, False), (("operator-1", "operator-2", "operator-3"), False, False),
    (("operator-1",), True, False), (("operator-1", "twin"), True, False), (("operator-1", "waon"), True, False),
    (("waon", "auditor"), True, False)])
def test_signers_of_awards(office, signers, dry_run, permitted):
    keys, digest = office.daemon.keys, DIGEST if dry_run else b""
    keys["twin"] = pc.key_from_seed(b"t" * 32)
    holder = next(row.key.holder for row in office.client.programme(api.KEYS) if row.key.key == pc.public(keys["operator-1"]))
    office.applied(registering(keys["twin"], tx.OPERATOR, holder))
    award = office.award()
    if permitted:
        assert office.submit(award, by=signers, digest=digest)[0][:2] == ("APPLIED", 100)
    else:
        with unchanged(office.daemon):
            assert refusal(office.submit, award, by=signers, digest=digest).code == "NOT_PERMITTED"
    donation = body("donate", account=A, municipality=SAPPORO, purpose=1, points=1)
    with unchanged(office.daemon):
        refused = refusal(office.submit, office.award(B), donation, by=TWO, digest=DIGEST)
    assert refused.code == "NOT_PERMITTED" and "transactions[1] (Donate)" in refused.message, "a dry run is for awards"


def test_more_than_one_reversal(office):
    awards = [office.earned(account) for account in (A, B, C)]
    first = reverse(awards[0])
    for several in ([first, reverse(awards[1])], [first, first], [first, office.award(B), reverse(NOBODY)]):
        with unchanged(office.daemon):
            refused = refusal(office.submit, *several, digest=b"")
        assert refused.code == "NOT_PERMITTED" and "2 reversals" in refused.message and "--dry-run DIR" in refused.message
    with unchanged(office.daemon):
        assert refusal(office.submit, first, reverse(awards[1]), by=TWO[:1]).code == "NOT_PERMITTED", "one operator alone"
    assert office.submit(first, body("set_budget", quest=1, points=100_001), digest=b"")[0][:2] == ("APPLIED", 100), "one is fine"
    assert [row[0] for row in office.submit(first, reverse(awards[1]), reverse(awards[2]), by=TWO)] == [
        "DUPLICATE", "APPLIED", "APPLIED"]
    with unchanged(office.daemon):
        refused = refusal(office.submit, first, reverse(awards[1]), digest=b"")
    assert refused.code == "NOT_PERMITTED", "though both were decided before"


def test_what_is_said(office):
    says = lambda *signers, digest: refusal(office.submit, office.award(), by=signers, digest=digest).message
    needs = "transactions[0] (Award) needs signatures of 1 different holder with role APP; it has 0"
    assert says("waon", digest=b"") == needs
    assert says(*TWO, digest=b"") == needs + ". Operators sign it with a dry run: points batch FILE --dry-run DIR"
    assert says("operator-1", digest=DIGEST) == needs + ". Or of 2 operators; it has 1: points approve DIR"


def raw(office, data, *signers):
    return office.client.submit_bytes(data, [office.daemon.keys[name] for name in signers])


def test_the_digest_has_32_bytes_or_is_absent(office):
    award = pc.canonical(office.award())
    ledger, body_ = b"\x0a\x20" + office.client.ledger_id, b"\x12" + bytes([len(award)]) + award
    field = lambda size: b"\x1a" + bytes([size]) + b"d" * size
    for data, said in [(ledger + body_ + field(31), "has 31 bytes, must have 32"), (ledger + body_ + field(33), "33 bytes"),
                       (ledger + body_ + field(0), "is empty: leave the field out"), (ledger + body_ + field(32) * 2, "stands twice"),
                       (ledger + body_ + field(32)[:-1], "is cut short"), (ledger + body_ + field(32) + body_, "out of order")]:
        with unchanged(office.daemon):
            refused = refusal(raw, office, data, *TWO)
        assert refused.code == "MALFORMED" and said in refused.message, (said, refused.message)
        assert refused.field == "dry_run_sha256" or said == "out of order"
    assert pc.codes(raw(office, ledger + body_ + field(32), *TWO)) == ["APPLIED"]


# ---- a dry run

def test_who_may_ask(office):
    for role, allowed in ((None, 0), ("app", 0), ("waon", 0), ("auditor", 1), ("operator-2", 1)):
        client = office.daemon.client(role)
        if allowed:
            assert pc.codes(client.dry_run([office.award()])) == ["APPLIED"]
        else:
            assert refusal(client.dry_run, [office.award()]).code == "NOT_PERMITTED"


def test_questions_that_cannot_be_answered(office):
    ask = lambda data: refusal(office.client.call, dry_run=api.DryRun(envelope=data))
    envelope = lambda *transactions, ledger=office.client.ledger_id: pc.build_envelope(ledger, transactions)
    award = office.award()
    with unchanged(office.daemon):
        for data, code, field in [
                (b"", "MALFORMED", "dry_run.envelope"), (b"nonsense", "MALFORMED", ""), (envelope(), "MALFORMED", "transactions"),
                (envelope(body("award", account=b"A" * 15)), "MALFORMED", "transactions[0].award.account"),
                (envelope(award) + b"\0", "MALFORMED", ""), (envelope(*[award] * 1_001), "TOO_LARGE", "transactions"),
                (envelope(award) + bytes(52_000), "TOO_LARGE", "dry_run.envelope"),
                (envelope(award, ledger=b"x" * 32), "WRONG_LEDGER", "ledger_id"),
                (envelope(award, body("donate", account=A, municipality=SAPPORO, purpose=1, points=1), request(A, 1)),
                 "OUT_OF_RANGE", "transactions[1]"), (envelope(body("set_time", time=2**40)), "OUT_OF_RANGE", "transactions[0]")]:
            refused = ask(data)
            assert (refused.code, refused.field) == (code, field), (refused, field)
    reply = office.client.call(dry_run=api.DryRun(envelope=pc.build_envelope(office.client.ledger_id, [award], DIGEST)))
    assert pc.codes(reply) == ["APPLIED"], "with a digest as without"


def test_with_an_unsure_clock(new_ledger):
    daemon, clock = clocked(new_ledger, "+0")
    ask = lambda: daemon.client("operator-1").dry_run([body("award", account=A, quest=1, occurred_at=0)])
    assert pc.codes(ask()) == ["ACCOUNT_UNKNOWN"]
    clock.write_text("+365d")
    assert refusal(ask).code == "CLOCK_UNSURE", "it would be judged by a time that no block gets"
    daemon.client("operator-1").accept_time()
    assert pc.codes(ask()) == ["ACCOUNT_UNKNOWN"]


def documented(name):
    """The refusals of a type, as doc/rules.md lists them."""
    return set(re.search(rf"^\| {name} \|[^|]*\| (.*) \|$", (TESTS.parent / "doc" / "rules.md").read_text(), re.M)[1].split(", "))


def test_every_outcome_of_an_award(office):
    now = office.client.hello().time
    office.define(2, budget=250, period=tx.DAILY, grace_s=DAY)
    office.define(3, period=tx.DAILY, times=2, cap_points=300, residents_max=1)
    office.define(4, receipt=terms(2, 1_000), period=tx.DAILY, times=9)
    office.define(5, municipalities=[OTARU])
    office.define(6, first_day=TODAY + 1)
    office.applied(body("define_campaign", campaign=7, name="c", cap_points=150), body("set_budget", campaign=7, points=10_000),
                   *(body("register_shop", shop=n, name="s", municipality=m) for n, m in ((1, SAPPORO), (2, OTARU), (3, EBETSU))),
                   body("close_shop", shop=3, last_day=TODAY - 1),
                   body("open_account", account=NOBODY, municipality=SAPPORO), body("close_account", account=NOBODY),
                   body("freeze_account", account=C))
    office.define(8, campaign=7, period=tx.DAILY)
    office.define(9, campaign=7, period=tx.DAILY)
    seen = set()

    def comes_to(code, points, transaction):
        assert office.tried_and_done(transaction) == (code, points)
        seen.add(code)

    comes_to("APPLIED", 100, office.award())
    comes_to("ALREADY_AWARDED", 0, office.award())
    comes_to("APPLIED", 100, office.award(C))  # frozen, which is no hindrance
    comes_to("IN_FUTURE", 0, office.award(at=now + 61))
    comes_to("ACCOUNT_UNKNOWN", 0, office.award(b"!" * 16))
    comes_to("ACCOUNT_CLOSED", 0, office.award(NOBODY))
    comes_to("QUEST_UNKNOWN", 0, office.award(quest=77))
    comes_to("QUEST_CLOSED", 0, office.award(quest=6))
    comes_to("NOT_ELIGIBLE", 0, office.award(quest=5))
    comes_to("APPLIED", 100, office.award(A, 3))
    comes_to("APPLIED", 100, office.award(A, 3))
    comes_to("RESIDENTS_FULL", 0, office.award(B, 3))
    comes_to("APPLIED", 100, office.award(A, 2))
    comes_to("APPLIED", 100, office.award(B, 2))
    comes_to("BUDGET_EXHAUSTED", 0, office.award(C, 2))
    comes_to("APPLIED", 100, office.award(A, 8))
    comes_to("CAP_REACHED", 0, office.award(A, 9))  # of the campaign
    comes_to("RECEIPT_INVALID", 0, office.award(A, 4))
    comes_to("APPLIED", 60, first := bought(now, A, 4, shop=1, yen=5_000))
    comes_to("EVIDENCE_USED", 0, bought(now, B, 4, digest=first.award.receipt.digest))
    comes_to("SHOP_UNKNOWN", 0, bought(now, A, 4, shop=9))
    comes_to("SHOP_UNKNOWN", 0, bought(now, A, 4, shop=2, place=SAPPORO))
    comes_to("SHOP_CLOSED", 0, bought(now, A, 4, shop=3))
    comes_to("APPLIED", 1_010, bought(now, A, 4, shop=2))  # the bonus with it
    office.go(now + 2 * DAY)
    comes_to("APPLIED", 100, office.award(A, 3))
    comes_to("CAP_REACHED", 0, office.award(A, 3))
    office.go(now + 3 * DAY)
    comes_to("TOO_LATE", 0, office.award(A, 2, at=now))
    assert seen == documented("Award") | {"APPLIED"}


def test_every_outcome_of_a_reversal(office):
    for number, days in ((2, 3), (3, 30)):
        office.define(number, period=tx.DAILY, grace_s=9 * DAY, expiry=tx.Expiry(kind=tx.AFTER_DAYS, value=days))
    office.define(4, points=500)
    give = lambda points: body("donate", account=A, municipality=SAPPORO, purpose=1, points=points)
    seen = set()

    def comes_to(code, points, target):
        assert office.tried_and_done(reverse(target)) == (code, points)
        seen.add(code)

    whole, spent, settled, waits = office.earned(A), office.earned(A, 4), request(A, 30), request(A, 40)
    office.applied(given := give(500), settled, waits, body("settle_conversion", conversion=settled.id))
    comes_to("APPLIED", 30, spent)  # what is left of 600
    comes_to("ALREADY_REVERSED", 0, spent)
    comes_to("APPLIED", 500, given)
    comes_to("APPLIED", 40, waits)
    comes_to("NOT_REVERSIBLE", 0, settled)
    comes_to("APPLIED", 100, whole)
    comes_to("REVERSAL_UNKNOWN", 0, b"?" * 16)
    office.submit(refused := office.award(A, 77), other := body("move_account", account=A, municipality=SAPPORO))
    comes_to("NOT_REVERSIBLE", 0, refused)
    comes_to("NOT_REVERSIBLE", 0, other)
    office.applied(body("open_account", account=NOBODY, municipality=SAPPORO), ended := office.award(NOBODY),
                   body("close_account", account=NOBODY))
    comes_to("NOT_REVERSIBLE", 0, ended)
    moved = office.earned(B, 4)
    office.applied(merge(A, B))
    comes_to("APPLIED", 500, moved)  # of the account that took it over
    assert seen == documented("Reverse") | {"APPLIED"}


def test_time_is_that_of_the_next_block(office):
    """Nothing has been decided at it yet: lots have expired and windows have closed all the same, and are not touched."""
    now = office.client.hello().time
    office.define(2, period=tx.DAILY, grace_s=DAY, expiry=tx.Expiry(kind=tx.AFTER_DAYS, value=3))
    office.define(3, points=30, period=tx.DAILY)
    short, long = office.earned(A, 2), office.earned(A, 3)
    office.applied(given := body("donate", account=A, municipality=SAPPORO, purpose=1, points=10))
    late = office.award(A, 2, at=now)
    office.go(now + 4 * DAY)
    assert office.tried(reverse(short), reverse(long)) == [("APPLIED", 30, 0, 0), ("APPLIED", 30, 0, 0)]
    assert office.tried(late, office.award(A, 2, at=now + 4 * DAY)) == [("TOO_LATE", 0, 0, 0), ("APPLIED", 100, 0, 0)]
    assert office.client.account(A).balance_points == 120, "what expired leaves with the next block"
    assert office.submit(reverse(short))[0][:3] == ("APPLIED", 30, 90)
    office.go(now + 14 * DAY)
    assert office.tried(reverse(given)) == [("APPLIED", 10, 0, 0)]
    office.go(now + 15 * DAY)
    assert office.tried(reverse(given)) == [("NOT_REVERSIBLE", 0, 0, 0)]
    assert office.tried_and_done(reverse(given)) == ("NOT_REVERSIBLE", 0)


def test_each_stands_alone(office):
    """The budget is enough for one, the period for one, and the target is taken once: each of them comes to something."""
    office.define(2, budget=100)
    award, taken = office.award(A, 2), office.earned(A)
    foreseen = office.tried(award, office.award(A, 2), office.award(B, 2), reverse(award), reverse(taken), reverse(taken), award)
    assert [row[0] for row in foreseen] == ["APPLIED"] * 3 + ["REVERSAL_UNKNOWN"] + ["APPLIED"] * 3
    decided = office.submit(award, office.award(A, 2), office.award(B, 2), reverse(award), reverse(taken), reverse(taken), award)
    assert [row[0] for row in decided] == ["APPLIED", "ALREADY_AWARDED", "BUDGET_EXHAUSTED", "APPLIED", "APPLIED",
                                           "ALREADY_REVERSED", "DUPLICATE"]


def test_ids_that_were_decided(office):
    first, refused = office.earned(A), office.award(A)
    office.submit(refused)
    other = body("award", account=B, quest=1, occurred_at=first.award.occurred_at)
    other.id = first.id
    place = {t.id: office.client.transaction(t.id).sequence for t in (first, refused)}
    assert office.tried(first, other, refused) == [
        ("DUPLICATE", 0, 0, place[first.id]), ("ID_REUSED", 0, 0, place[first.id]), ("DUPLICATE", 0, 0, place[refused.id])]
    office.restart()
    assert [row[0] for row in office.tried(first, other, refused)] == ["DUPLICATE", "ID_REUSED", "DUPLICATE"]


def test_what_is_not_on_disk_yet_is_seen(office):
    """Submits and dry runs, pipelined: each dry run tells of all that came before it on the connection."""
    signers, ledger = [office.daemon.keys["app"]], office.client.ledger_id
    awards = [office.award(account) for account in (A, B, C)]
    asked = []
    for award in awards:
        office.client.send(submit=pc.sign_envelope(pc.build_envelope(ledger, [award]), signers))
        asked.append(office.client.send(dry_run=api.DryRun(envelope=pc.build_envelope(ledger, [award, reverse(award)]))))
    for number, request_id in enumerate(asked):
        reply = office.client.receive(request_id).dry_run
        assert [(code, points) for code, points, *_ in pc.outcome_rows(reply.outcomes)] == [("DUPLICATE", 0), ("APPLIED", 100)]
        assert reply.outcomes.previous[0] == reply.last_sequence == office.client.hello().transactions - 2 + number


def everything(daemon):
    """What an auditor can ask."""
    client = daemon.client("auditor")
    queries = [client.trial_balance(), *(client.quest(q) for q in (1, 2)), *client.donation_totals(), *client.expiry(),
               *client.settlements()[0], *client.pending_conversions(), *client.blocks()]
    return [pc.canonical(q) for q in queries] + [pc.canonical(client.account(a)) for a in (A, B, C)] + [
        client.whole_statement(a) for a in (A, B, C)] + [client.checkpoint()]


def test_nothing_changes(office):
    office.define(2, period=tx.DAILY, times=200, expiry=tx.Expiry(kind=tx.AFTER_DAYS, value=3))
    awards = [office.earned(account, quest) for account in (A, B) for quest in (1, 2)]
    office.applied(given := body("donate", account=A, municipality=SAPPORO, purpose=1, points=50), waits := request(B, 20))
    office.go(office.client.hello().time + 5 * DAY)
    before = everything(office.daemon)
    many = [office.award(C, 2) for _ in range(500)] + [reverse(t) for t in (awards + [given, waits]) * 80]
    for _ in range(3):
        assert {row[0] for row in office.tried(*many)} == {"APPLIED"}
    assert everything(office.daemon) == before
    office.restart()
    assert everything(office.daemon) == before
    opened = office.client.whole_statement(C)[0][0].sequence
    assert office.submit(office.award(C, 2)) == [("APPLIED", 100, 0, opened)], "nothing was used up, nothing touched"
