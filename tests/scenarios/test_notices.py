"""Notices: posted with their texts, read by residents, withdrawn and erased; and texts that nobody signed for."""
import hashlib

import pytest

import pointsclient as pc
from history import jst
from pointsclient import api, transaction as tx
from test_bad_input import refusal, unchanged
from tool import TWO, Tool

SAPPORO, OTARU, EBETSU = 11_002, 12_033, 12_173
DAY = 86_400
TODAY = (jst(2021, 11, 1, 9, 0) + 9 * 3_600) // DAY
HERE, THERE = b"H" * 16, b"T" * 16  # accounts in Otaru and in Sapporo
TEXT = pc.notice_text("冬の除雪について", "十一月一日から除雪を始めます。", "道路に雪を出さないでください。", link="https://example.jp/yuki")


def body(name, /, **fields):
    return tx.Transaction(id=pc.new_uuid7(), **{name: fields})


def post(text=TEXT, municipality=OTARU, first=TODAY, last=TODAY + 10, to_all=False):
    return body("post_notice", municipality=municipality, text_sha256=hashlib.sha256(text).digest(), first_day=first,
                last_day=last, to_all=to_all)


def withdraw(posted, municipality=OTARU, reason=""):
    return body("withdraw_notice", municipality=municipality, notice=posted.id, reason=reason)


def erase(posted, municipality=OTARU):
    return body("erase_notice", municipality=municipality, notice=posted.id)


class Board:
    """A daemon with two accounts, and short ways to post and read."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.keys = daemon.keys | {code: pc.key_from_file(daemon.dir / "keys" / f"municipality-{code:06}.key")
                                   for code in (SAPPORO, OTARU, EBETSU)}
        self.connect()
        assert self.submit(body("open_account", account=HERE, municipality=OTARU),
                           body("open_account", account=THERE, municipality=SAPPORO), by=("app",)) == ["APPLIED"] * 2

    def connect(self):
        self.client, self.app = self.daemon.client("auditor"), self.daemon.client("app")

    def restart(self):
        self.daemon.restart()
        self.connect()

    def signed(self, *transactions, texts=None, by=(OTARU,)):
        """A SignedEnvelope; its texts are TEXT for each PostNotice unless they are given."""
        if texts is None:
            texts = [TEXT] * sum(t.WhichOneof("body") == "post_notice" for t in transactions)
        data = pc.build_envelope(self.client.ledger_id, transactions)
        return pc.sign_envelope(data, [self.keys[name] for name in by], texts)

    def submit(self, *transactions, **how):
        return pc.codes(self.client.call(submit=self.signed(*transactions, **how)))

    def applied(self, *transactions, **how):
        assert set(self.submit(*transactions, **how)) == {"APPLIED"}

    def refused(self, *transactions, **how):
        """The refusal of the whole, by which nothing changes."""
        with unchanged(self.daemon):
            return refusal(self.client.call, submit=self.signed(*transactions, **how))

    def set_time(self, *when):
        self.applied(body("set_time", time=jst(*when)), by=("operator-1",))

    def read(self, account):
        """The ids of what an account's resident may read now, newest first."""
        return [n.id for n in self.app.notices(account=account)]

    def all(self, **which):
        return {n.id: n for n in self.client.notices(all=True, **which)}

    def municipal(self, code):
        client = self.daemon.client()
        client.authenticate(self.keys[code])
        return client


@pytest.fixture
def board(daemon):
    return Board(daemon)


# ---- posting and reading

def test_residents_read_what_their_home_posts(board):
    own, to_all, other = post(), post(to_all=True), post(municipality=SAPPORO)
    board.applied(own, to_all, other, by=(OTARU, SAPPORO))
    for _ in range(2):
        assert board.read(HERE) == [to_all.id, own.id] and board.read(THERE) == [other.id, to_all.id]
        assert [n.id for n in board.client.notices()] == [other.id, to_all.id, own.id]
        assert [n.id for n in board.client.notices(municipality=OTARU)] == [to_all.id, own.id]
        shown = board.app.notices(account=HERE)[1]
        assert (shown.posted, shown.sequence, shown.posted_at) == (own.post_notice, 3, jst(2021, 11, 1, 9, 0))
        assert (shown.withdrawn, shown.erased, shown.text) == (False, False, TEXT)
        text = tx.NoticeText.FromString(shown.text)
        assert (text.versions[0].title, text.link) == ("冬の除雪について", "https://example.jp/yuki")
        board.restart()


def test_a_moved_account_reads_its_new_homes_notices(board):
    here, there = post(), post(municipality=SAPPORO)
    board.applied(here, there, by=(OTARU, SAPPORO))
    assert board.read(HERE) == [here.id]
    board.applied(body("move_account", account=HERE, municipality=SAPPORO), by=("app",))
    assert board.read(HERE) == [there.id]


def test_in_force_from_the_first_day_to_the_last(board):
    """Judged by the time of a block now, whether or not one has come."""
    one = post(first=TODAY + 1, last=TODAY + 2, to_all=True)
    board.applied(one)
    assert board.read(HERE) == [] and one.id in board.all()
    for when, seen in [((2021, 11, 1, 23, 59, 59), []), ((2021, 11, 2), [one.id]), ((2021, 11, 3, 23, 59, 59), [one.id]),
                       ((2021, 11, 4), [])]:
        board.set_time(*when)
        for _ in range(2):
            assert board.read(HERE) == board.read(THERE) == [n.id for n in board.client.notices()] == seen, when
            board.applied(body("open_account", account=pc.new_uuid7(), municipality=OTARU), by=("app",))
    assert board.all()[one.id].text == TEXT


def test_withdrawn_it_is_in_force_no_longer(board):
    one, two = post(), post()
    board.applied(one, two)
    board.applied(withdraw(one, reason="日付の誤り"))
    assert board.read(HERE) == [two.id]
    for _ in range(2):
        shown = board.all()[one.id]
        assert (shown.withdrawn, shown.erased, shown.text) == (True, False, TEXT)
        board.restart()


def largest_text(number):
    """8,000 bytes in three languages."""
    def text(fill):
        return pc.canonical(tx.NoticeText(link="https://example.jp/" + str(number), versions=[
            tx.NoticeVersion(language=language, title="題" * 66, paragraphs=["雪" * 600, "p" * fill])
            for language in ("en", "ja", "zh-Hant")] + [tx.NoticeVersion(language="zz", title="t" * (fill % 3 + 1))]))
    (made,) = {t for fill in range(400, 700) if len(t := text(fill)) == 8_000}
    return made


def test_a_page_of_the_largest_texts(board):
    texts, ids = [largest_text(n) for n in range(10, 23)], []
    for text in texts:
        posted = post(text)
        board.applied(posted, texts=[text])
        ids.insert(0, posted.id)
    page = board.client.call(get_notices=api.GetNotices())
    assert [n.id for n in page.notices] == ids[:12] and page.next == page.notices[-1].sequence
    assert [n.text for n in page.notices] == texts[:0:-1]


def test_a_full_envelope_with_texts_fits_a_frame(board):
    """52,000 bytes, four signatures, and more than 12,000 bytes of texts."""
    texts = [pc.notice_text("t", *["p" * 1_500] * count) for count in (5, 3)]
    transactions = [post(t) for t in texts]
    while len(pc.build_envelope(board.client.ledger_id, transactions)) <= 52_000 - 240:
        transactions.append(withdraw(transactions[0], reason="x" * 190))
    transactions.append(withdraw(transactions[0]))
    while len(pc.build_envelope(board.client.ledger_id, transactions)) < 52_000:
        transactions[-1].withdraw_notice.reason += "x"
    signed = board.signed(*transactions, texts=texts, by=(OTARU, SAPPORO, EBETSU, "app"))
    assert len(signed.envelope) == 52_000 and sum(map(len, texts)) > 12_000
    codes = pc.codes(board.client.call(submit=signed))
    assert codes[:3] == ["APPLIED"] * 3 and set(codes[3:]) == {"NOTICE_WITHDRAWN"}


def test_pages(board):
    ids = []
    for day in range(10):
        posted = [post(last=TODAY + 20, to_all=n == 1, municipality=(OTARU, SAPPORO, SAPPORO)[n]) for n in range(3)]
        board.applied(*posted, by=(OTARU, SAPPORO))
        ids = [p.id for p in reversed(posted)] + ids
    for limit in (0, 1, 5, 12):
        assert [n.id for n in board.client.notices(limit=limit)] == ids
        assert [n.id for n in board.app.notices(limit=limit, account=HERE)] == [
            i for n, i in enumerate(ids) if n % 3 != 0]
        assert [n.id for n in board.client.notices(limit=limit, municipality=OTARU, all=True)] == ids[2::3]
    page = board.client.call(get_notices=api.GetNotices(limit=5))
    assert [n.id for n in page.notices] == ids[:5] and page.next == page.notices[-1].sequence
    assert board.client.call(get_notices=api.GetNotices(before=1)) == api.NoticesReply()


# ---- refusals

def test_days_that_make_no_sense(board):
    far = 2_932_896
    invalid = [post(first=TODAY + 1, last=TODAY), post(first=TODAY - 2, last=TODAY - 1), post(last=far + 1),
               post(first=far + 1, last=far + 1)]
    valid = [post(first=TODAY, last=TODAY), post(first=0, last=far), post(first=far, last=far)]
    assert board.submit(*invalid, *valid) == ["NOTICE_INVALID"] * 4 + ["APPLIED"] * 3
    assert set(board.all()) == {t.id for t in valid}


def test_notices_that_are_unknown(board):
    """Never posted, refused when it was, another's, not posted yet, or something else altogether."""
    refused, sapporos, later, account = post(first=1, last=1), post(municipality=SAPPORO), post(), None
    account = body("open_account", account=b"3" * 16, municipality=OTARU)
    assert board.submit(refused, sapporos, account, by=(OTARU, SAPPORO, "app")) == ["NOTICE_INVALID", "APPLIED", "APPLIED"]
    for target in (post(), refused, sapporos, later, account):
        for undo in (withdraw, erase):
            assert board.submit(undo(target)) == ["NOTICE_UNKNOWN"]
    assert board.submit(withdraw(later), later, withdraw(later)) == ["NOTICE_UNKNOWN", "APPLIED", "APPLIED"]
    own = withdraw(later)
    own.withdraw_notice.notice = own.id
    assert board.submit(own) == ["NOTICE_UNKNOWN"]


def test_each_step_comes_once_and_in_order(board):
    one = post()
    assert board.submit(one, erase(one), withdraw(one), withdraw(one), erase(one), erase(one), withdraw(one)) == [
        "APPLIED", "NOTICE_NOT_WITHDRAWN", "APPLIED", "NOTICE_WITHDRAWN", "APPLIED", "NOTICE_ERASED", "NOTICE_WITHDRAWN"]
    board.restart()
    assert board.submit(withdraw(one), erase(one)) == ["NOTICE_WITHDRAWN", "NOTICE_ERASED"]


def test_sizes(board):
    long = withdraw(post(), reason="x" * 201)
    short = body("erase_notice", municipality=OTARU, notice=b"n" * 15)
    for wrong, field in [(body("post_notice", municipality=OTARU, text_sha256=b"d" * 31), "post_notice.text_sha256"),
                         (body("post_notice", municipality=OTARU), "post_notice.text_sha256"),
                         (long, "withdraw_notice.reason"), (short, "erase_notice.notice")]:
        refused = board.refused(wrong)
        assert (refused.code, refused.field) == ("MALFORMED", "transactions[0]." + field)


# ---- who may

def test_only_a_key_of_the_municipality_that_is_named(board):
    one = post()
    board.applied(one)
    for by in ((SAPPORO,), ("operator-1", "operator-2"), ("app",), ("auditor",), (SAPPORO, "app", "operator-1")):
        for transaction in (post(), withdraw(one), erase(one)):
            refused = board.refused(transaction, by=by)
            assert refused.code == "NOT_PERMITTED" and "012033: a key of that municipality must sign it" in refused.message
    for nowhere in (0, 99_999):
        assert board.refused(post(municipality=nowhere), by=(OTARU, SAPPORO)).code == "NOT_PERMITTED"
    assert board.refused(post(), post(municipality=SAPPORO)).code == "NOT_PERMITTED"
    board.applied(post(), post(municipality=SAPPORO), withdraw(one), by=(OTARU, SAPPORO))
    assert board.refused(body("open_account", account=b"4" * 16, municipality=OTARU)).code == "NOT_PERMITTED"


def test_a_second_key_of_a_municipality_and_a_revoked_one(board):
    board.keys["second"] = pc.key_from_seed(b"2" * 32)
    two = ("operator-1", "operator-2")
    board.applied(body("register_key", key=pc.public(board.keys["second"]), role=tx.MUNICIPALITY, holder="小樽市 広報",
                       municipality=OTARU), by=two)
    one = post()
    board.applied(one, by=("second",))
    board.applied(body("revoke_key", key=pc.public(board.keys["second"])), by=two)
    assert board.refused(withdraw(one), by=("second",)).code == "KEY_REVOKED"
    board.applied(withdraw(one))


def test_who_may_ask(board):
    one, other = post(), post(municipality=SAPPORO, to_all=True)
    board.applied(one, other, by=(OTARU, SAPPORO))
    for role in ("app", "operator-1", "auditor"):
        client = board.daemon.client(role)
        assert [n.id for n in client.notices()] == [other.id, one.id]
        assert [n.id for n in client.notices(account=HERE)] == [other.id, one.id]
        for wrong, code, field in [({"account": b"?" * 16}, "NOT_FOUND", "account"), ({"municipality": 9}, "NOT_FOUND", "municipality"),
                                   ({"account": HERE, "municipality": OTARU}, "OUT_OF_RANGE", "municipality"),
                                   ({"account": HERE, "all": True}, "OUT_OF_RANGE", "all"),
                                   ({"limit": 13}, "OUT_OF_RANGE", "limit"), ({"account": HERE[:15]}, "MALFORMED", "account")]:
            refused = refusal(client.notices, **wrong)
            assert (refused.code, refused.field) == (code, "get_notices." + field)
    otaru = board.municipal(OTARU)
    for which in ({}, {"all": True}, {"municipality": OTARU}):
        assert [n.id for n in otaru.notices(**which)] == [one.id]
    board.applied(body("set_policy", policy=tx.TOTALS_SHARED, value=1), by=("operator-1", "operator-2"))
    for which in ({"account": HERE}, {"municipality": SAPPORO}, {"municipality": 9}):
        assert refusal(otaru.notices, **which).code == "NOT_PERMITTED"
    for client in (board.daemon.client("waon"), board.daemon.client()):
        assert refusal(client.notices).code == "NOT_PERMITTED"


# ---- texts

def test_texts_that_do_not_go_with_their_envelope(board):
    other = pc.notice_text("別のお知らせ")
    one, two, withdrawal = post(), post(other), withdraw(post())
    for transactions, texts, field in [
            ([one], [], ""), ([one], [TEXT, TEXT], ""), ([withdrawal], [TEXT], ""), ([one, two], [TEXT], ""),
            ([one], [other], "[0]"), ([one, two], [other, TEXT], "[0]"), ([one, withdrawal, two], [TEXT, TEXT], "[1]"),
            ([one], [b""], "[0]"), ([one], [TEXT + b"\0"], "[0]"), ([one], [TEXT.replace(b"yuki", b"yuka")], "[0]")]:
        refused = board.refused(*transactions, texts=texts)
        assert (refused.code, refused.field) == ("MALFORMED", "submit.texts" + field), (texts, refused)
    assert "has 0 entries, the envelope has 1 PostNotice: each comes with its text" in board.refused(one, texts=[]).message
    assert "is not the text whose SHA-256 transactions[2] gives" in board.refused(one, withdrawal, two, texts=[TEXT, TEXT]).message
    board.applied(one, two, texts=[TEXT, other])


def version(language="ja", title="題", *paragraphs):
    return tx.NoticeVersion(language=language, title=title, paragraphs=paragraphs)


@pytest.mark.parametrize("field, text", [
    (".versions", pc.canonical(tx.NoticeText(link="l"))), (".versions", pc.canonical(tx.NoticeText(versions=[
        version(f"a{n:02}") for n in range(11)]))),
    ("", pc.canonical(tx.NoticeText(versions=[version("ja"), version("en")]))),
    ("", pc.canonical(tx.NoticeText(versions=[version("ja"), version("ja")]))),
    (".versions[0].title", pc.canonical(tx.NoticeText(versions=[version(title="")]))),
    (".versions[1].language", pc.canonical(tx.NoticeText(versions=[version("en"), version("j")]))),
    (".versions[0].title", pc.canonical(tx.NoticeText(versions=[version(title="題" * 67)]))),
    (".versions[0].paragraphs[1]", pc.canonical(tx.NoticeText(versions=[version("ja", "題", "一", "二\n三")]))),
    (".link", pc.canonical(tx.NoticeText(versions=[version()], link="l" * 501))),
    *((".link", pc.canonical(tx.NoticeText(versions=[version()], link=link))) for link in (
        "javascript:alert(1)", "https://", "http:/x", "HTTPS://x", "https://x y", "https://example.jp/雪", "https://x\u00a0")),
    *((".versions[0].title", pc.canonical(tx.NoticeText(versions=[version(title=f"題{c}")]))) for c in "\u2028\u2029\u202a\u202e\u2066\u2069"),
    (".versions[0].title", b"\x0a\x07\x0a\x02ja\x12\x01\xff"), ("", b"\x0a"), ("", b"\x08\x01"),
    ("", pc.canonical(tx.NoticeText(versions=[version()])) + b"\x1a\x01x")])
def test_texts_that_are_not_in_their_form(board, field, text):
    refused = board.refused(post(text), texts=[text])
    assert refused.code == "MALFORMED" and refused.field.startswith("submit.texts[0]" + field), refused


def test_a_text_too_long(board):
    text = pc.canonical(tx.NoticeText(versions=[version("ja", "題", *["p" * 2_000] * 4)]))
    assert len(text) > 8_000
    refused = board.refused(post(text), texts=[text])
    assert (refused.code, refused.field) == ("MALFORMED", "submit.texts[0]")
    assert "must have 1 to 8000" in refused.message


def test_texts_are_judged_before_ledger_and_signatures(board):
    data = pc.build_envelope(b"L" * 32, [post()])
    signed = pc.sign_envelope(data, [pc.key_from_seed(b"?" * 32)])
    assert refusal(board.client.call, submit=signed).code == "MALFORMED"
    signed.texts.append(TEXT)
    assert refusal(board.client.call, submit=signed).code == "WRONG_LEDGER"


def test_a_refused_notice_leaves_no_text(board):
    """And the texts of the others go with the right ones."""
    texts = [pc.notice_text(f"第{n}号") for n in range(4)]
    posted = [post(texts[0], first=5, last=4), post(texts[1]), post(texts[2], first=5, last=4), post(texts[3])]
    assert board.submit(*posted, texts=texts) == ["NOTICE_INVALID", "APPLIED"] * 2
    assert {n.id: n.text for n in board.all().values()} == {posted[1].id: texts[1], posted[3].id: texts[3]}
    again = post(texts[2])
    assert board.submit(posted[1], again, posted[2], texts=[texts[1], texts[2], texts[2]]) == [
        "DUPLICATE", "APPLIED", "DUPLICATE"]
    board.restart()
    assert board.all()[again.id].text == texts[2] and len(board.all()) == 3


# ---- erasing

def test_an_erased_text_is_gone_and_the_ledger_still_holds(board):
    one, two = post(), post()
    signed = board.signed(one)
    board.client.call(submit=signed)
    board.applied(two)
    root = board.client.checkpoint()
    board.applied(withdraw(one))
    board.applied(erase(one))
    for _ in range(2):
        shown = board.all()
        assert (shown[one.id].withdrawn, shown[one.id].erased, shown[one.id].text) == (True, True, b"")
        assert shown[one.id].posted == one.post_notice and shown[two.id].text == TEXT
        assert board.read(HERE) == [two.id]
        assert pc.codes(board.client.call(submit=signed)) == ["DUPLICATE"]
        board.daemon.stop()
        assert board.daemon.audit()[0] == 0  # which knows of every text that should not be there
        board.daemon.start()
        board.connect()
    assert board.client.checkpoint() != root


def test_an_erased_text_does_not_come_back_with_a_new_block(board):
    one, two = post(), post()
    board.applied(one, withdraw(one), erase(one))
    assert board.submit(one, two) == ["DUPLICATE", "APPLIED"]
    assert (board.all()[one.id].text, board.all()[two.id].text) == (b"", TEXT)
    board.restart()
    assert (board.all()[one.id].text, board.all()[two.id].text) == (b"", TEXT)


def test_the_id_of_an_erased_notice_is_taken(board):
    one = post()
    board.applied(one, withdraw(one), erase(one))
    other = pc.notice_text("別のお知らせ")
    again = post(other)
    again.id = one.id
    assert board.submit(again, post(), texts=[other, TEXT]) == ["ID_REUSED", "APPLIED"]
    assert board.all()[one.id].text == b""


def test_killed_right_after_the_answer(board):
    for _ in range(3):
        one, two = post(), post()
        board.applied(one, two, withdraw(one))
        board.applied(erase(one))
        board.daemon.kill9()
        board.daemon.start()
        board.connect()
        assert (board.all()[one.id].text, board.all()[two.id].text) == (b"", TEXT)


def test_a_question_while_the_text_is_erased(board):
    """Questions and an erasure in one breath: a notice is in force with its text, or it is not there."""
    for _ in range(20):
        one = post()
        board.applied(one)
        signed = board.signed(withdraw(one), erase(one))
        bodies = [dict(get_notices=api.GetNotices(all=all)) for all in (False, True)] * 20
        bodies.insert(20, dict(submit=signed))
        answers = [pc.Client.body(r) for r in board.client.pipeline(bodies)]
        assert pc.codes(answers.pop(20)) == ["APPLIED"] * 2
        for number, answer in enumerate(answers):
            found = [n for n in answer.notices if n.id == one.id]
            assert found or number % 2 == 0
            assert all((n.text == TEXT) == (not n.erased) and n.erased <= n.withdrawn for n in found)
            assert number % 2 or not any(n.withdrawn for n in answer.notices)
        assert not [n for n in answers[-2].notices if n.id == one.id] and answers[-1].notices[0].erased


def test_many_notices_that_are_over_do_not_hide_those_in_force(board):
    first = post(last=TODAY + 400)
    board.applied(first)
    board.applied(*[post(first=TODAY, last=TODAY) for _ in range(150)])
    board.set_time(2021, 11, 2)
    last = post()
    board.applied(last)
    assert board.read(HERE) == [last.id, first.id]
    assert len(board.all()) == 152


# ---- the tools

ID = "00000000-0000-4000-8000-000000000001"
DAYS = ("--first", "2021-11-01", "--last", "2021-11-30")


@pytest.fixture
def tool(daemon):
    return Tool(daemon.dir)


@pytest.fixture
def files(tmp_path):
    """A notice in two languages, as different editors write files."""
    (tmp_path / "ja.txt").write_bytes("\ufeff冬の除雪\r\n\r\n  十一月一日から始めます。 \r\n　雪を出さないでください。\r\n".encode())
    (tmp_path / "en.txt").write_text("\nSnow\nIt begins on 1 November.")
    return "--text", f"ja={tmp_path / 'ja.txt'}", "--text", f"en={tmp_path / 'en.txt'}"


def shown_to(tool, *which):
    """(title, withdrawn, erased) of each row."""
    return [(r["title"], r["withdrawn"], r["erased"]) for r in tool.rows("notices", *which)]


def test_a_notice_from_post_to_erasure(tool, files):
    tool.does("open-account", "1" * 32, "小樽")
    tool.does("open-account", "2" * 32, "札幌")
    assert tool.does("post-notice", "小樽", *DAYS, *files, "--link", "https://example.jp/", "--id", ID)["id"] == ID
    rows = tool.rows("notices", "--account", "1" * 32)
    assert rows == tool.rows("notices", "--municipality", "Otaru") == tool.rows("notices", "--all", "--key", "municipality-012033")
    common = {"sequence": 3, "notice": ID, "posted_at": "2021-11-01 09:00:00", "municipality": "012033", "name_ja": "小樽市",
              "name_en": "Otaru", "first_day": "2021-11-01", "last_day": "2021-11-30", "to_all": False, "withdrawn": False,
              "erased": False, "link": "https://example.jp/"}
    assert rows == [
        common | {"language": "en", "title": "Snow", "paragraphs": "It begins on 1 November."},
        common | {"language": "ja", "title": "冬の除雪", "paragraphs": "十一月一日から始めます。\n　雪を出さないでください。"}]
    assert [r["paragraphs"] for r in tool.csv_rows("notices")] == [r["paragraphs"] for r in rows]
    assert tool("notices").stdout == (
        f"2021-11-01 to 2021-11-30, 小樽市 to its residents\nnotice {ID}, posted 2021-11-01 09:00:00\n"
        "  [en] Snow\n    It begins on 1 November.\n"
        "  [ja] 冬の除雪\n    十一月一日から始めます。\n    　雪を出さないでください。\n  https://example.jp/\n\n")
    assert tool.rows("notices", "--account", "2" * 32) == tool.rows("notices", "--municipality", "札幌") == []
    tool.refused("NOTICE_NOT_WITHDRAWN", "erase-notice", "Otaru", ID)
    withdrawn = tool.does("withdraw-notice", "Otaru", ID, "--reason", "another day")["id"]
    assert tool.row("transaction", withdrawn)["detail"] == f"{ID}, another day"
    tool.refused("NOTICE_WITHDRAWN", "withdraw-notice", "Otaru", ID)
    assert tool("notices").stdout == "(no notices)\n"
    assert shown_to(tool, "--all") == [("Snow", True, False), ("冬の除雪", True, False)]
    tool.does("erase-notice", "012033", ID)
    tool.refused("NOTICE_ERASED", "erase-notice", "012033", ID)
    assert shown_to(tool, "--all") == [(None, True, True)]
    assert tool("notices", "--all").stdout.startswith("2021-11-01 to 2021-11-30, 小樽市 to its residents, withdrawn, erased\n")
    assert tool.row("transaction", ID)["detail"] == "小樽市 to its residents, from 2021-11-01 to 2021-11-30"


def test_refused_notices_and_advice(tool, files):
    tool.refused("NOTICE_INVALID", "post-notice", "Otaru", "--first", "2021-11-02", "--last", "2021-11-01", *files)
    tool.refused("NOTICE_UNKNOWN", "withdraw-notice", "Otaru", ID)
    tool.does("post-notice", "Otaru", *DAYS, *files, "--to-all", "--id", ID)
    tool.refused("NOTICE_UNKNOWN", "withdraw-notice", "Sapporo", ID)
    assert "NOT_PERMITTED" in tool.refuses("withdraw-notice", "Otaru", ID, "--key", "municipality-011002", code=4)
    assert "NOT_PERMITTED" in tool.refuses("post-notice", "Otaru", *DAYS, *files, "--key", "operator-1", code=4)
    assert "NOT_PERMITTED" in tool.refuses("notices", "--key", "municipality-011002", "--municipality", "Otaru", code=4)
    assert "NOT_FOUND" in tool.refuses("notices", "--account", "9" * 32, code=4)
    assert "do not go with it" in tool.refuses("notices", "--account", "9" * 32, "--all")


def test_files_that_make_no_notice(tool, tmp_path):
    def refused(text, *more):
        (tmp_path / "n.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tool.refuses("post-notice", "Otaru", *DAYS, "--text", f"ja={tmp_path / 'n.txt'}", *more)
    for text, said in [("", "n.txt: title is missing"), ("\n \r\n", "title is missing"),
                       ("題" * 67, "n.txt: title has 201 bytes, must have 1 to 200"),
                       ("題\n\n一\n" + "p" * 2_001, "n.txt: paragraphs[1] has 2001 bytes"), ("題\n一\t二", "control characters"),
                       (b"\xff\xfe\x98\x30", "not UTF-8"), (b"t\0t", "no text in UTF-8"), ("題\n" + "p\n" * 51, "more than 50 paragraphs"),
                       ("題\n" + ("p" * 1_990 + "\n") * 5, "at most 8000 are allowed"), ("x" * 70_000, "too many")]:
        assert said in refused(text), said
    assert "two texts are in the language ja" in refused("題", "--text", f"ja={tmp_path / 'n.txt'}")
    assert "link has 501 bytes" in refused("題", "--link", "l" * 501)
    for link in ("www.example.jp", "https://", "https://example.jp/雪", "https://example.jp/a b"):
        assert "is no link: write https:// or http:// and more, in ASCII without blanks" in refused("題", "--link", link)
    for option in ("notice.txt", "=n.txt", "j=n.txt", "日本語=n.txt", "j a=n.txt", "abcdefghijklmnopqrstu=n.txt"):
        assert "is not LANGUAGE=FILE, as in ja=notice.txt" in tool.refuses("post-notice", "Otaru", *DAYS, "--text", option)
    assert "--text is missing: give the text with --text ja=FILE" in tool.refuses("post-notice", "Otaru", *DAYS)
    assert "cannot read" in tool.refuses("post-notice", "Otaru", *DAYS, "--text", "ja=nowhere")
    assert tool("notices", "--all").stdout == "(no notices)\n"


def test_whose_key_signs_a_notice(daemon, tool, files, tmp_path):
    """The municipality's own, wherever it lies; without any, what to do is said."""
    folder = daemon.dir / "keys"
    (folder / "municipality-012033.key").rename(tmp_path / "otaru.key")
    message = tool.refuses("post-notice", "Otaru", *DAYS, *files)
    assert "there is no key" in message and "municipality-012033.key" in message and "points register-key" in message
    tool.does("post-notice", "Otaru", *DAYS, *files, "--id", ID, "--key", tmp_path / "otaru.key")
    assert "小樽市" in tool.refuses("post-notice", "Paris", *DAYS, *files)
    for path in folder.glob("municipality-*.key"):
        path.unlink()
    assert "there is no key" in tool.refuses("post-notice", "Otaru", *DAYS, *files)
    tool("keygen", folder / "office.key")
    tool.does("register-key", "office", "municipality", "小樽市 広報", "--municipality", "Otaru", *TWO)
    tool.does("withdraw-notice", "Otaru", ID, "--key", "office")


def test_notices_by_way_of_a_file(daemon, tool, files, tmp_path):
    path, other = tmp_path / "notice.envelope", tmp_path / "other.envelope"
    tool("post-notice", "Otaru", *DAYS, *files, "--out", path)
    shown = tool.row("show", path)["fields"]
    assert "municipality=012033" in shown and "to_all=no" in shown and "last_day=18961 (2021-11-30)" in shown
    assert "language=ja title=冬の除雪 paragraphs=十一月一日から始めます。," in shown
    tool("countersign", path, "--key", "municipality-011002", "--out", other)
    assert len(pc.envelope.SignedEnvelope.FromString(other.read_bytes()).texts) == 1
    changed = pc.envelope.SignedEnvelope.FromString(path.read_bytes())
    changed.texts[0] = pc.notice_text("別のお知らせ")
    path.write_bytes(pc.canonical(changed))
    for command in (("show", path), ("countersign", path, "--key", "municipality-011002")):
        assert "notices and texts do not go together: texts[0] is not the text whose SHA-256" in tool.refuses(*command)
    assert "MALFORMED" in tool.refuses("submit", path, code=4)
    tool.does("submit", other)
    assert tool.row("submit", other)["duplicate_of"] == 1
    assert shown_to(tool) == [("Snow", False, False), ("冬の除雪", False, False)]
