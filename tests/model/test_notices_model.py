"""Tests of the model's notices: who may post, texts beside the envelope, and what is in force for whom."""
import hashlib
import itertools

import pytest

import model as rules
import pointsclient as pc
from notices import text_invalid
from pointsclient import transaction as tx
from world import (A, B, KEYS, OTARU, SAPPORO, TEXT, TODAY, applied, body, erase, go, make_model, merge, outcomes, post,
                   programme, refused, submit, withdraw)

LAST = rules.LAST_DAY


def town():
    """A in Sapporo, B in Otaru."""
    model = programme(make_model())
    applied(model, body("move_account", account=B, municipality=OTARU))
    return model


def at(model, day):
    """The last second of a day, counted from the first."""
    go(model, rules.day_start(TODAY + day + 1) - 1)


def shown(model, account):
    """Ids of the notices in force for an account."""
    return model.notices_for(account)


# ---- who may

@pytest.mark.parametrize("make", [lambda m: post(m), lambda m: withdraw(b"?" * 16, m), lambda m: erase(b"?" * 16, m)],
                         ids=["post", "withdraw", "erase"])
def test_signers(make):
    model = make_model()
    assert refused(model, make(SAPPORO), by=("otaru",)) == "NOT_PERMITTED"
    assert refused(model, make(SAPPORO), by=("operator-1", "operator-2", "app", "waon")) == "NOT_PERMITTED"
    assert refused(model, make(SAPPORO), make(OTARU), by=("sapporo",)) == "NOT_PERMITTED"
    assert refused(model, make(1), by=("sapporo", "otaru")) == "NOT_PERMITTED"
    assert refused(model, make(0), by=("sapporo", "otaru")) == "NOT_PERMITTED"
    applied_or_unknown = {"APPLIED", "NOTICE_UNKNOWN"}
    assert set(outcomes(model, make(SAPPORO), by=("sapporo",))) <= applied_or_unknown
    assert set(outcomes(model, make(OTARU), make(SAPPORO), by=("sapporo", "otaru"))) <= applied_or_unknown


def test_a_revoked_key_posts_no_more():
    model = make_model()
    applied(model, body("revoke_key", key=pc.public(KEYS["otaru"])))
    assert refused(model, post(OTARU), by=("otaru",)) == "KEY_REVOKED"
    other = body("register_key", key=b"o" * 32, role=tx.MUNICIPALITY, holder="小樽市", municipality=OTARU)
    assert outcomes(model, other, by=("operator-1", "operator-2")) == ["APPLIED"]
    assert outcomes(model, post(OTARU), by=(b"o" * 32,)) == ["APPLIED"]


# ---- checks

@pytest.mark.parametrize("days, code", [
    ((0, 0), "APPLIED"), ((-5, 0), "APPLIED"), ((0, -1), "NOTICE_INVALID"), ((-5, -1), "NOTICE_INVALID"),
    ((2, 1), "NOTICE_INVALID"), ((300, 300), "APPLIED"), ((0, LAST - TODAY), "APPLIED"),
    ((LAST - TODAY, LAST - TODAY), "APPLIED"), ((0, LAST + 1 - TODAY), "NOTICE_INVALID"),
    ((LAST + 1 - TODAY, LAST + 1 - TODAY), "NOTICE_INVALID")])
def test_days(days, code):
    model, notice = make_model(), post(first=days[0], last=days[1])
    assert submit(model, notice) == [(code, 0, 0, 0)]
    assert list(model.texts) == list(model.notices) == ([notice.id] if code == "APPLIED" else [])


def test_the_day_is_that_of_the_block():
    model = make_model()
    at(model, 3)
    assert outcomes(model, post(last=2), post(last=3)) == ["NOTICE_INVALID", "APPLIED"]


def test_a_life_in_order():
    model, notice = make_model(), post()
    assert outcomes(model, withdraw(notice), erase(notice), notice, erase(notice), withdraw(notice), withdraw(notice),
                    erase(notice), erase(notice), withdraw(notice)) == [
                        "NOTICE_UNKNOWN", "NOTICE_UNKNOWN", "APPLIED", "NOTICE_NOT_WITHDRAWN", "APPLIED", "NOTICE_WITHDRAWN",
                        "APPLIED", "NOTICE_ERASED", "NOTICE_WITHDRAWN"]
    assert model.texts == {}


def test_only_its_own():
    model, mine, invalid = make_model(), post(), post(last=-1)
    other = body("move_account", account=A, municipality=OTARU)
    assert outcomes(model, mine, invalid, other) == ["APPLIED", "NOTICE_INVALID", "ACCOUNT_UNKNOWN"]
    assert outcomes(model, withdraw(mine, OTARU), withdraw(invalid), withdraw(other), withdraw(b"?" * 16)) == [
        "NOTICE_UNKNOWN"] * 4
    assert outcomes(model, withdraw(mine), erase(mine, OTARU), erase(mine)) == ["APPLIED", "NOTICE_UNKNOWN", "APPLIED"]


def test_notices_touch_no_account():
    model, notice = town(), post(to_all=True)
    before = {a: model.account(a)["last"] for a in (A, B)}
    assert submit(model, notice, withdraw(notice), erase(notice), withdraw(b"?" * 16)) == [
        ("APPLIED", 0, 0, 0)] * 3 + [("NOTICE_UNKNOWN", 0, 0, 0)]
    assert before == {a: model.account(a)["last"] for a in (A, B)}


# ---- texts

def versions(*languages, title="t", paragraphs=("p",)):
    return [tx.NoticeVersion(language=n, title=title, paragraphs=paragraphs) for n in languages]


def text(*languages, link="", **fields):
    return pc.canonical(tx.NoticeText(versions=versions(*languages, **fields), link=link))


LANGUAGES = [f"l{n}" for n in range(10)]


@pytest.mark.parametrize("data", [
    text("ja"), text("en", "ja"), text(*LANGUAGES), text("x" * 20), text("ja", title="札" * 66 + "xx"),
    text("ja", paragraphs=[]), text("ja", paragraphs=["p"] * 50), text("ja", paragraphs=["札" * 666 + "xx"]),
    text("ja", link="https://" + "x" * 492), text("ja", link="http://x"), text("ja", title="\u2027\u202f\u2065\u206a"), text("JA", "ja"), text("ja", "ja-Hira"), TEXT,
    text("ja", paragraphs=["x" * 2_000] * 3 + ["x" * 1_978])], ids=itertools.count())
def test_right_texts(data):
    assert len(data) <= 8_000 and not text_invalid(hashlib.sha256(data).digest(), data)
    assert outcomes(make_model(), post(text=data), texts=[data]) == ["APPLIED"]


@pytest.mark.parametrize("data", [
    b"", text(link="x"), text("ja", "en"), text("ja", "ja"), text(*LANGUAGES, "m0"), text("j"), text("x" * 21), text("ja", title=""),
    text("ja", title="札" * 67), text("ja", paragraphs=[""]), text("ja", paragraphs=["札" * 667]),
    text("ja", paragraphs=["p"] * 51), text("ja", link="https://" + "x" * 493), text("ja", title="a\nb"), text("ja", link="https://\x7f"),
    *(text("ja", link=link) for link in ("https://", "javascript:x", "HTTPS://x", " https://x", "https://x y", "https://x/雪", "x")),
    *(text("ja", title=f"a{c}b") for c in "\u2028\u2029\u202a\u202e\u2066\u2069"),
    text("ja", paragraphs=["\u0085"]), text("ja\0"), text("ja", paragraphs=["x" * 2_000] * 3 + ["x" * 1_979]),
    TEXT + b"\x18\x01", TEXT + b"\x12\x00", TEXT[:-1], b"\x12\x01x" + TEXT, TEXT.replace("大".encode(), b"\xff\xfe\xfd"),
    b"\x0a\x87\x00" + b"\x0a\x02ja\x12\x01t", b"\x0a\x07" + b"\x12\x01t\x0a\x02ja"], ids=itertools.count())
def test_wrong_texts(data):
    """Not a NoticeText of the right sizes, or not in canonical form, though the digest is its own."""
    assert refused(make_model(), post(text=data), texts=[data]) == "MALFORMED"


def test_the_largest_text():
    data = text("ja", paragraphs=["x" * 2_000] * 3 + ["x" * 1_978])
    assert len(data) == 8_000


def test_a_text_for_each_in_their_order():
    other = pc.notice_text("別のお知らせ")
    one, two, last = post(), post(text=other), post(OTARU)
    sent = (one, body("open_account", account=A, municipality=SAPPORO), two, last)
    for texts in ([], [TEXT], [TEXT, other], [other, TEXT, TEXT], [TEXT, other, TEXT, TEXT], [TEXT, other, other],
                  [TEXT, other, TEXT + b" "]):
        assert refused(make_model(), *sent, texts=texts) == "MALFORMED"
    model = make_model()
    assert set(outcomes(model, *sent, texts=[TEXT, other, TEXT])) == {"APPLIED"}
    assert model.texts == {one.id: TEXT, two.id: other, last.id: TEXT}


def test_a_text_without_a_notice():
    model, notice = make_model(), post()
    applied(model, notice)
    assert refused(model, body("open_account", account=A, municipality=SAPPORO), texts=[TEXT]) == "MALFORMED"
    assert refused(model, withdraw(notice), texts=[TEXT]) == "MALFORMED"


def test_malformed_comes_before_keys_and_signers():
    assert refused(make_model(), post(), texts=[], by=(b"k" * 32,)) == "MALFORMED"
    assert refused(make_model(), post(), texts=[], by=("waon",)) == "MALFORMED"


def test_sent_again_with_its_text_and_never_without():
    model, notice = make_model(), post()
    applied(model, notice)
    assert refused(model, notice, texts=[]) == "MALFORMED"
    blocks = model.blocks
    assert outcomes(model, notice) == ["DUPLICATE"] and model.blocks == blocks
    other = post(text=pc.notice_text("別"))
    other.id = notice.id
    another = post(OTARU)
    assert outcomes(model, other, another, texts=[pc.notice_text("別"), TEXT]) == ["ID_REUSED", "APPLIED"]
    assert model.texts == {notice.id: TEXT, another.id: TEXT}


def test_an_erased_text_stays_erased():
    model, notice = make_model(), post()
    applied(model, notice)
    applied(model, withdraw(notice))
    assert model.texts == {notice.id: TEXT}
    applied(model, erase(notice))
    assert model.texts == {}
    assert outcomes(model, notice, body("open_account", account=A, municipality=SAPPORO)) == ["DUPLICATE", "APPLIED"]
    assert model.texts == {}


# ---- what is shown

def test_in_force_for_whom():
    model = town()
    own, all_, other = post(), post(to_all=True), post(OTARU)
    applied(model, own, all_, other)
    assert shown(model, A) == [all_.id, own.id]
    assert shown(model, B) == [other.id, all_.id]
    applied(model, body("move_account", account=A, municipality=OTARU))
    assert shown(model, A) == [other.id, all_.id]
    applied(model, withdraw(all_))
    assert shown(model, A) == [other.id]


def test_in_force_on_its_days():
    model, notice = town(), post(first=2, last=4)
    applied(model, notice)
    seen = []
    for day in range(6):
        at(model, day)
        seen.append(bool(shown(model, A)))
    assert seen == [False, False, True, True, True, False]


def test_the_day_of_a_query_is_that_of_the_next_block():
    model, notice = town(), post(last=0)
    applied(model, notice)
    applied(model, body("set_time", time=rules.day_start(TODAY + 1) - 1))
    assert shown(model, A) == [notice.id]
    applied(model, body("set_time", time=rules.day_start(TODAY + 1)))
    assert rules.day_of(model.time) == TODAY and shown(model, A) == []


def test_lists_of_a_municipality_and_of_all():
    model = town()
    early, own, gone, other = post(first=5), post(), post(), post(OTARU, to_all=True)
    applied(model, early, own, gone, other, withdraw(gone))
    assert model.notices_shown() == [other.id, own.id]
    assert model.notices_shown(SAPPORO) == [own.id]
    assert model.notices_shown(SAPPORO, everything=True) == [gone.id, own.id, early.id]
    assert model.notices_shown(everything=True) == [other.id, gone.id, own.id, early.id]
    assert model.notices[early.id]["sequence"] + 1 == model.notices[own.id]["sequence"]


def test_accounts_that_ended_keep_their_home():
    model = town()
    notice = post(OTARU)
    applied(model, notice, merge(A, B))
    assert shown(model, B) == [notice.id] and shown(model, A) == []
