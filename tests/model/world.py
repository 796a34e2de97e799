"""A small world for tests of the model alone: keys, a genesis, and short ways to make and submit transactions."""
import hashlib

import pytest

import model as rules
import pointsclient as pc
from history import jst
from pointsclient import transaction as tx

SAPPORO, OTARU, EBETSU = 11_002, 12_033, 12_173
ROLES = {"operator-1": tx.OPERATOR, "operator-2": tx.OPERATOR, "operator-3": tx.OPERATOR,
         "app": tx.APP, "waon": tx.WAON, "auditor": tx.AUDITOR, "sapporo": tx.MUNICIPALITY, "otaru": tx.MUNICIPALITY}
OFFICES = {"sapporo": SAPPORO, "otaru": OTARU}  # names of the municipalities' keys
KEYS = {name: pc.key_from_seed(hashlib.sha256(name.encode()).digest()) for name in ROLES}
CHECKPOINT_KEY = pc.public(pc.key_from_seed(hashlib.sha256(b"checkpoint").digest()))
START = jst(2021, 11, 1, 9, 0)
A, B = b"A" * 16, b"B" * 16
DAY, WEEK = 86_400, 7 * 86_400
MONDAY = jst(2021, 11, 8, 0, 0)  # the Monday after the ledger's first
TODAY = rules.day_of(START)
REPORT = b"d" * 32  # the digest of some dry run's report
TEXT = pc.notice_text("大雪のお知らせ", "除雪のため、駐車はご遠慮ください。")


def make_genesis(policies=(), time=START, time_source=pc.genesis.SCRIPTED):
    data, _ = pc.build_genesis(
        origin="points.test/ledger", time=time, checkpoint_key=CHECKPOINT_KEY, nonce=bytes(16),
        time_source=time_source, municipalities=[(SAPPORO, "札幌市", "Sapporo"), (OTARU, "小樽市", "Otaru"),
                                                 (EBETSU, "江別市", "Ebetsu")],
        keys=[(pc.public(KEYS[n]), role, n, OFFICES.get(n, 0)) for n, role in ROLES.items()], policies=policies,
        signers=[KEYS["operator-1"], KEYS["operator-2"]])
    return pc.genesis.Genesis.FromString(data)


def make_model(**given):
    return rules.Model(make_genesis(**given))


def body(name, /, **fields):
    """A Transaction with a fresh id: body("donate", account=..., ...)."""
    return tx.Transaction(id=pc.new_uuid7(), **{name: fields})


def submit(model, *transactions, by=tuple(KEYS), dry_run_sha256=REPORT, texts=None):
    """The outcomes of one envelope, signed by those named (or by public keys; everybody, unless told otherwise), with a
    dry run's digest; `texts`: TEXT for each PostNotice, unless told otherwise."""
    pairs = [(t, pc.canonical(t)) for t in transactions]
    if texts is None:
        texts = [TEXT for t in transactions if t.HasField("post_notice")]
    keys = [pc.public(KEYS[n]) if n in KEYS else n for n in by]
    return model.submit(pairs, keys, texts=texts, dry_run_sha256=dry_run_sha256)["outcomes"]


def outcomes(model, *transactions, **given):
    """Only the codes."""
    return [o[0] for o in submit(model, *transactions, **given)]


def refused(model, *transactions, **given):
    """The code with which an envelope is refused whole; nothing changes."""
    blocks = model.blocks, model.sequence
    with pytest.raises(rules.Refused) as caught:
        submit(model, *transactions, **given)
    assert (model.blocks, model.sequence) == blocks
    return caught.value.code


# ---- short ways

def applied(model, *transactions):
    """Submits what must be applied; the points moved, together."""
    found = submit(model, *transactions)
    assert {o[0] for o in found} == {"APPLIED"}, found
    return sum(o[1] for o in found)


def a_quest(number=1, receipt=None, **fields):
    """A DefineQuest of 100 points a week, from today for 100 days, or as the fields say; `receipt`: its terms."""
    fields = dict(quest=number, name="q", period=tx.WEEKLY, points=0 if receipt else 100,
                  first_day=TODAY, last_day=TODAY + 100) | fields
    return tx.DefineQuest(receipt=receipt, **fields)


def define(model, number=1, budget=1_000_000, receipt=None, **fields):
    applied(model, body("define_quest", **as_fields(a_quest(number, receipt, **fields))),
            body("set_budget", quest=number, points=budget))


def change(number=1, receipt=None, **fields):
    return body("change_quest", definition=a_quest(number, receipt, **fields))


def as_fields(message):
    """The fields of a message, to make the same again with body()."""
    return {field.name: value for field, value in message.ListFields()}


def programme(model, points=100, cap=0, grace=0, budget=10_000, first=(2021, 11, 1), last=(2022, 2, 25)):
    """One quest (1), one purpose (1), accounts A and B in Sapporo."""
    define(model, budget=budget, points=points, cap_points=cap, grace_s=grace, first_day=rules.day_number(*first),
           last_day=rules.day_number(*last))
    applied(model, body("define_purpose", purpose=1, name="p", first_day=rules.day_number(2021, 11, 1),
                        last_day=rules.day_number(2022, 12, 31)),
            body("open_account", account=A, municipality=SAPPORO), body("open_account", account=B, municipality=SAPPORO))
    return model


def rich(model, points=1_000):
    """A model in which A and B have points, and conversions are open."""
    programme(model, points=points)
    assert award(model, model.time) == award(model, model.time, B) == "APPLIED"
    applied(model, body("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0))
    return model


def go(model, time):
    applied(model, body("set_time", time=time))


def award(model, at, account=A, quest=1, **fields):
    return outcomes(model, body("award", account=account, quest=quest, occurred_at=at, **fields))[0]


def request(account, points):
    return body("request_conversion", account=account, points=points)


def give(points=1, account=A, home=SAPPORO, purpose=1):
    return body("donate", account=account, municipality=home, purpose=purpose, points=points)


def reverse(target, reason="誤り"):
    return body("reverse", target=getattr(target, "id", target), reason=reason)


def merge(account=A, merged=B):
    return body("merge_accounts", account=account, merged=merged)


def post(municipality=SAPPORO, first=0, last=9, text=TEXT, **fields):
    """A PostNotice from `first` to `last`, days from today."""
    return body("post_notice", **dict(municipality=municipality, text_sha256=hashlib.sha256(text).digest(),
                                      first_day=TODAY + first, last_day=TODAY + last) | fields)


def withdraw(notice, municipality=SAPPORO, reason=""):
    return body("withdraw_notice", municipality=municipality, notice=getattr(notice, "id", notice), reason=reason)


def erase(notice, municipality=SAPPORO):
    return body("erase_notice", municipality=municipality, notice=getattr(notice, "id", notice))
