"""`points batch --dry-run` and `points approve`: what one operator prepares, another checks, signs and sends, once."""
import hashlib
import json
import struct
import subprocess
import uuid

import pytest

import pointsclient as pc
from conftest import DEADLINE
from pointsclient import envelope
from pointsclient import transaction as tx
from test_bad_input import unchanged
from test_batch import Gate, account_of
from tool import TWO, Tool
from world import SAPPORO, START, body

COLUMNS = "type,account,quest,occurred_at,target,reason\n"
FIRST, SECOND, THIRD = (("--key", f"operator-{number}") for number in (1, 2, 3))


def award_row(number, quest=1, at="2021-11-01 08:00"):
    return f"award,{account_of(number)},{quest},{at},,\n"


def reverse_row(target, reason="二重投稿"):
    return f"reverse,,,,{target},{reason}\n"


class Desk:
    """The tool on a ledger with accounts 0 to 9, of which 0 to 2 were awarded; and a folder for a dry run."""

    def __init__(self, daemon, folder):
        self.daemon, self.tool, self.file, self.dir = daemon, Tool(daemon.dir), folder / "list.csv", folder / "dry"
        self.tool.begin()
        opened = [body("open_account", account=uuid.UUID(account_of(number)).bytes, municipality=SAPPORO) for number in range(10)]
        earned = [body("award", account=t.open_account.account, quest=1, occurred_at=START) for t in opened[:3]]
        assert set(pc.codes(daemon.client().submit(opened + earned, [daemon.keys["app"]]))) == {"APPLIED"}
        self.awards = [str(uuid.UUID(bytes=t.id)) for t in earned]

    def lists(self, *rows):
        """The file has these rows."""
        self.file.write_text(COLUMNS + "".join(rows))

    def prepare(self, *rows):
        """The first operator's step; the row that it prints."""
        self.lists(*rows)
        return self.tool.row("batch", self.file, *FIRST, "--dry-run", self.dir)

    def digest(self):
        return hashlib.sha256((self.dir / "dry-run.txt").read_bytes()).hexdigest()

    def approve(self, *keys, code=0):
        """The second operator's step; a row for each transaction."""
        return self.tool.rows("approve", self.dir, *(keys or SECOND), "--digest", self.digest(), code=code)

    def refuses(self, *args, code=2):
        """What `approve` says when it does nothing."""
        with unchanged(self.daemon):
            return self.tool.refuses("approve", self.dir, *args, code=code)

    def stays_out(self, said, digest=None, keys=SECOND, code=2):
        """With a digest, nothing is signed or sent, and the message says why."""
        message = self.refuses(*keys, "--digest", digest or self.digest(), code=code)
        assert said in message, message
        assert not (self.dir / "answers").exists() or not (self.dir / "answers").read_bytes()

    # the outbox, as tools/batch/outbox.h describes it

    def envelopes(self):
        """[(SignedEnvelope, its lines)]."""
        data = (self.dir / "envelopes").read_bytes()
        assert data[:16] == b"points outbox 1\n" and data[-32:] == hashlib.sha256(data[:-32]).digest()
        (count,), at, found = struct.unpack(">I", data[80:84]), 84, []
        for _ in range(count):
            size, transactions = struct.unpack(">II", data[at:at + 8])
            lines = struct.unpack(f">{transactions}I", data[at + 8:at + 8 + 4 * transactions])
            at += 8 + 4 * transactions
            found.append((envelope.SignedEnvelope.FromString(data[at:at + size]), lines))
            at += size
        assert at == len(data) - 32
        return found

    def write_envelopes(self, pairs):
        old, data = (self.dir / "envelopes").read_bytes(), b""
        for signed, lines in pairs:
            raw = pc.canonical(signed)
            data += struct.pack(f">{2 + len(lines)}I", len(raw), len(lines), *lines) + raw
        data = old[:80] + struct.pack(">I", len(pairs)) + data
        (self.dir / "envelopes").write_bytes(data + hashlib.sha256(data).digest())

    def contents(self):
        """[Envelope] of the outbox."""
        return [envelope.Envelope.FromString(signed.envelope) for signed, _ in self.envelopes()]

    def signed(self, message, by="operator-1"):
        return pc.sign_envelope(pc.canonical(message), [self.daemon.keys[by]])

    def forge(self, rows, digest=None, by="operator-1"):
        """A first operator's own work: one envelope of (transaction, outcome, points), with a fitting report and summary."""
        report = pc.dry_run_report(self.daemon.client().ledger_id, [t for t, *_ in rows], [row[1:] for row in rows])
        message = envelope.Envelope(ledger_id=self.daemon.client().ledger_id, transactions=[t for t, *_ in rows],
                                    dry_run_sha256=digest or hashlib.sha256(report).digest())
        (self.dir / "dry-run.txt").write_bytes(report)
        self.write_envelopes([(self.signed(message, by), range(2, 2 + len(rows)))])


@pytest.fixture
def desk(daemon, tmp_path):
    return Desk(daemon, tmp_path)


def came_to(rows):
    return [(row["type"], row["outcome"], row["points"]) for row in rows]


# ---- the two steps

def test_from_a_file_to_the_ledger(desk, daemon):
    look = daemon.look()
    rows = [award_row(3), award_row(4), reverse_row(desk.awards[0]), award_row(99), award_row(0), reverse_row("9" * 32)]
    made = desk.prepare(*rows)
    assert made == {"folder": str(desk.dir), "sha256": desk.digest(), "transactions": 6, "applied": 3, "points": 300, "repeats": 0}
    assert daemon.look() == look, "nothing was sent"
    assert sorted(p.name for p in desk.dir.iterdir()) == ["answers", "dry-run.txt", "envelopes", "summary"]
    assert {p.stat().st_mode & 0o777 for p in desk.dir.iterdir()} == {0o600}

    (message,), client = desk.contents(), daemon.client("auditor")
    foreseen = pc.outcome_rows(client.dry_run(message.transactions).outcomes)
    report = pc.dry_run_report(client.ledger_id, message.transactions, foreseen)
    assert (desk.dir / "dry-run.txt").read_bytes() == report
    assert message.dry_run_sha256 == hashlib.sha256(report).digest()
    assert [code for code, *_ in foreseen] == ["APPLIED"] * 3 + ["ACCOUNT_UNKNOWN", "ALREADY_AWARDED", "REVERSAL_UNKNOWN"]

    looked = desk.tool("approve", desk.dir, *SECOND)
    assert looked.stdout == (desk.dir / "summary").read_text() and "nothing was signed or sent now; to approve this, add --digest" in looked.stderr
    looked = desk.tool.rows("approve", desk.dir, *SECOND)
    assert [(row["line"], row["dry_run"], row["dry_run_points"]) for row in looked] == [
        (line, *row[:2]) for line, row in enumerate(foreseen, 2)]
    assert account_of(3) in looked[0]["fields"] and desk.awards[0] in looked[2]["fields"] and "二重投稿" in looked[2]["fields"]
    assert daemon.look() == look
    rows = desk.approve(code=3)
    assert [(row["outcome"], row["points"]) for row in rows] == [row[:2] for row in foreseen]
    assert [(row["dry_run"], row["dry_run_points"]) for row in rows] == [row[:2] for row in foreseen]
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 6, 7] and not any(row["decided_before"] for row in rows)
    assert [uuid.UUID(row["id"]).bytes for row in rows] == [t.id for t in message.transactions]

    look = daemon.look()
    for keys in (SECOND, THIRD):
        assert desk.approve(*keys, code=3) == rows
    assert daemon.look() == look
    block = client.blocks()[-1]
    header = pc.block.BlockHeader.FromString(block.header)
    assert block.body.envelope == pc.canonical(message)
    assert [s.key for s in header.signatures] == sorted(pc.public(daemon.keys[name]) for name in TWO[1::2])


def test_many_envelopes(desk, daemon):
    """An auditor with the report alone: every envelope that names its digest holds just its transactions, signed by two."""
    numbers = range(1_000, 3_500)
    with open(desk.file, "w") as file:
        file.write("type,account,municipality\n" + "".join(f"open-account,{account_of(n)},札幌\n" for n in numbers))
    desk.tool.rows("batch", desk.file)
    desk.prepare(*(award_row(n) for n in numbers))
    assert len(desk.contents()) == 3
    rows = desk.approve()
    assert {(row["outcome"], row["points"], row["dry_run"]) for row in rows} == {("APPLIED", 100, "APPLIED")}
    assert [row["line"] for row in rows] == list(range(2, 2_502))

    report, client = (desk.dir / "dry-run.txt").read_bytes(), daemon.client("auditor")
    head, ledger, *lines = report.decode().splitlines()
    assert head == "points.v1 dry run" and ledger == f"ledger {client.ledger_id.hex()}"
    operators = {row.key.key: row.key.holder for row in client.programme(pc.api.KEYS) if row.key.role == tx.OPERATOR}
    approved = []
    for block in client.blocks(1):
        message = envelope.Envelope.FromString(block.body.envelope)
        if message.dry_run_sha256 == hashlib.sha256(report).digest():
            signers = pc.block.BlockHeader.FromString(block.header).signatures
            assert len({operators[s.key] for s in signers}) == 2
            assert all(pc.verifies(s.key, pc.ENVELOPE_PREFIX + block.body.envelope, s.signature) for s in signers)
            approved += [f"{t.id.hex()} {hashlib.sha256(pc.canonical(t)).hexdigest()}" for t in message.transactions]
    assert [line.rsplit(" ", 2)[0] for line in lines] == approved


def test_for_people(desk):
    desk.lists(award_row(3), award_row(4), award_row(3, at="2021-11-01 08:30"), reverse_row(desk.awards[0]),
               award_row(3, at="2021-11-02 00:00"), reverse_row(desk.awards[0].upper(), "again"), award_row(99))
    done = desk.tool("batch", desk.file, *FIRST, "--dry-run", desk.dir)
    digest = desk.digest()
    assert done.stdout == (desk.dir / "summary").read_text() == "\n".join([
        "Dry run of 7 transactions: what each would come to if it stood alone.", f"digest {digest}", "",
        "award    APPLIED                       3 transactions          300 points",
        "award    IN_FUTURE                     1 transaction             0 points",
        "award    ACCOUNT_UNKNOWN               1 transaction             0 points",
        "reverse  APPLIED                       2 transactions          200 points",
        "quest 1: 5 awards, of which 3 would be applied, 300 points", "",
        "Warning, lines that repeat another: 2",
        f"line 4 repeats line 2: quest 1, account {account_of(3)}, 2021-11-01",
        f"line 7 repeats line 5: reversal of {desk.awards[0]}", ""])
    assert "points: quest 1: 300 points of awards, 9999700 are left of its budget\n" in done.stderr
    assert f"points approve {desk.dir} --key operator-2 --digest {digest}" in done.stderr
    done = desk.tool("approve", desk.dir, *SECOND, "--digest", digest, code=3)
    summary, outcomes, others = done.stdout.split("\nTYPE")[0] + "\n", *done.stdout.split("\nTYPE")[1].split("\n\n")
    assert summary == (desk.dir / "summary").read_text()
    assert [line.split()[:4] for line in outcomes.splitlines()[1:]] == [
        ["award", "APPLIED", "2", "200"], ["award", "IN_FUTURE", "1", "0"], ["award", "ACCOUNT_UNKNOWN", "1", "0"],
        ["award", "ALREADY_AWARDED", "1", "0"], ["reverse", "APPLIED", "1", "100"], ["reverse", "ALREADY_REVERSED", "1", "0"]]
    heading, _, *rows = others.splitlines()
    assert heading == "2 came to something else than the dry run said:"
    assert [(row.split()[0], row.split()[3], row.split()[-2:]) for row in rows] == [
        ("4", "ALREADY_AWARDED", ["APPLIED", "100"]), ("7", "ALREADY_REVERSED", ["APPLIED", "100"])]
    again = desk.tool("approve", desk.dir, *SECOND, "--digest", digest, code=3)
    assert again.stdout == done.stdout and "left of its budget" not in again.stderr


def test_as_the_dry_run_said(desk):
    desk.prepare(award_row(3))
    assert "\nAll came to what the dry run said.\n" in desk.tool("approve", desk.dir, *SECOND, "--digest", desk.digest()).stdout


def test_budgets(desk):
    desk.tool.does("define-campaign", 7, "めぐり")
    desk.tool.does("set-budget", 250, "--campaign", 7, *TWO)
    for quest in (2, 3):
        desk.tool.does("define-quest", quest, "q", "--points", 100, "--first", "2021-11-01", "--last", "2021-12-31", "--campaign", 7)
        desk.tool.does("set-budget", quest, 200, *TWO)
    desk.lists(*(award_row(number, quest) for quest, count in ((2, 1), (3, 3)) for number in range(count)), award_row(9, 77))
    said = desk.tool("batch", desk.file, *FIRST, "--dry-run", desk.dir).stderr
    for line in ("quest 2: 100 points of awards, 200 are left of its budget\n",
                 "quest 3: 300 points of awards, but only 200 are left of its budget: the last of them would be refused",
                 "campaign 7: 400 points of awards, but only 250 are left of its budget: the last of them would be refused"):
        assert line in said, said
    assert "quest 77: " not in said, "nothing of it would be applied"
    rows = desk.approve(code=3)
    assert [row["outcome"] for row in rows] == ["APPLIED", "APPLIED"] + ["BUDGET_EXHAUSTED"] * 2 + ["QUEST_UNKNOWN"]


def test_receipts_of_one_day_do_not_repeat_each_other(desk):
    desk.tool.does("define-quest", 2, "r", "--first", "2021-11-01", "--last", "2021-12-31", "--period", "daily", "--times", 3,
                   "--step", "1=10")
    desk.tool.does("set-budget", 2, 1_000, *TWO)
    desk.tool.does("register-shop", 1, "道の駅", "札幌")
    row = "award,{},2,2021-11-01 08:00,{},1,100\n".format
    desk.file.write_text("type,account,quest,occurred_at,receipt_digest,shop,yen\n" + row(account_of(1), "a" * 64) +
                         row(account_of(1), "b" * 64) + row(account_of(1), "a" * 64))
    assert desk.tool.row("batch", desk.file, *FIRST, "--dry-run", desk.dir)["repeats"] == 1
    assert "line 4 repeats line 2: " in (desk.dir / "summary").read_text()
    assert [row["outcome"] for row in desk.approve(code=3)] == ["APPLIED", "APPLIED", "EVIDENCE_USED"]


def test_the_ledger_goes_on_meanwhile(desk):
    desk.prepare(award_row(3), award_row(4), award_row(77), reverse_row(desk.awards[0]))
    desk.tool.does("award", account_of(3), 1)
    desk.tool.does("open-account", account_of(77), "Otaru")
    desk.tool.does("donate", account_of(0), "札幌", 1, 30)
    said = desk.tool("approve", desk.dir, *SECOND).stderr
    for line in ("line 2: the report says APPLIED, 100 points; now it would be ALREADY_AWARDED, 0 points",
                 "line 4: the report says ACCOUNT_UNKNOWN, 0 points; now it would be APPLIED, 100 points",
                 "line 5: the report says APPLIED, 100 points; now it would be APPLIED, 70 points",
                 "3 of 4 would come to something else now than the report says"):
        assert line in said, said
    assert [(row["outcome"], row["points"], row["dry_run"]) for row in desk.approve(code=3)] == [
        ("ALREADY_AWARDED", 0, "APPLIED"), ("APPLIED", 100, "APPLIED"), ("APPLIED", 100, "ACCOUNT_UNKNOWN"), ("APPLIED", 70, "APPLIED")]


def test_rows_with_ids_that_were_decided(desk):
    ids = [str(uuid.uuid4()) for _ in range(2)]
    row = "award,{},{},1,2021-11-01 08:00\n".format
    desk.file.write_text("type,id,account,quest,occurred_at\n" + row(ids[0], account_of(3)))
    desk.tool.rows("batch", desk.file)
    desk.file.write_text("type,id,account,quest,occurred_at\n" + row(ids[0], account_of(3)) + row(ids[1], account_of(4)) +
                         row(desk.awards[0], account_of(5)))
    desk.tool.row("batch", desk.file, *FIRST, "--dry-run", desk.dir)
    rows = desk.approve(code=3)
    assert [(row["outcome"], row["dry_run"], row["decided_before"]) for row in rows] == [
        ("APPLIED", "DUPLICATE", True), ("APPLIED", "APPLIED", False), ("ID_REUSED", "ID_REUSED", False)]
    assert rows[2]["sequence"] == desk.tool.row("transaction", desk.awards[0])["sequence"]
    assert "All came to what the dry run said." in desk.tool("approve", desk.dir, *SECOND, "--digest", desk.digest(), code=3).stdout


def test_looking_at_what_is_decided(desk):
    """All of it, or a part: the rest alone counts for the budget."""
    desk.prepare(award_row(3), award_row(4), award_row(5))
    transactions = desk.contents()[0].transactions
    desk.daemon.client().submit(transactions[:1], [desk.daemon.keys["app"]])
    said = desk.tool("approve", desk.dir, *SECOND).stderr
    assert "1 of 3 are decided already (DUPLICATE)" in said and "to approve the rest, add --digest" in said, said
    assert "quest 1: 200 points of awards, 9999600 are left of its budget\n" in said, said
    assert "1 of 3 are decided already" in desk.tool("approve", desk.dir, *SECOND, "--digest", desk.digest()).stderr
    for answers in (True, False):  # this folder knows, or only the ledger does
        if not answers:
            (desk.dir / "answers").unlink()
        done = desk.tool("approve", desk.dir, *SECOND)
        assert "3 of 3 are decided already (DUPLICATE)" in done.stderr, done.stderr
        assert "all 3 were decided before: nothing is left to approve, and nothing was signed or sent now" in done.stderr
        assert "budget" not in done.stderr and "add --digest" not in done.stderr


# ---- who, and with what

def test_who_prepares(desk, daemon, tmp_path):
    desk.lists(award_row(3))
    with unchanged(daemon):
        refuses = lambda *args, code=2: desk.tool.refuses("batch", desk.file, "--dry-run", desk.dir, *args, code=code)
        for keys in ((), ("--key", "app"), ("--key", "auditor"), ("--key", "waon")):
            assert "a dry run is for operators" in refuses(*keys)
        assert "one operator at a time" in refuses(*TWO)
        assert "exclude each other" in refuses(*FIRST, "--outbox", tmp_path / "box")
        assert "--out is for single transactions" in refuses(*FIRST, "--out", tmp_path / "x")
        desk.file.write_text("type,account,municipality,quest,occurred_at\n" + f"open-account,{account_of(77)},札幌,,\n")
        assert "line 2 is of type open-account: only awards and reversals" in refuses(*FIRST)
        desk.lists("award,x,1,2021-11-01 08:00,,\n")
        assert 'line 2: account "x" is not' in refuses(*FIRST)
        desk.lists()
        assert "holds no transactions" in refuses(*FIRST)
        assert "KEY_UNKNOWN" in refuses("--key", desk.tool("keygen", tmp_path / "k.key") and tmp_path / "k.key", code=4)
        desk.prepare(award_row(3))
        assert "holds signed envelopes already; choose another folder" in refuses(*FIRST)
        assert "belongs to another file" in desk.tool.refuses("batch", desk.file, "--outbox", desk.dir, code=1)


def test_without_a_dry_run(desk, daemon):
    """What needs one is not even sent."""
    with unchanged(daemon):
        desk.lists(award_row(3))
        for keys in (FIRST, TWO, TWO + THIRD, ("--key", "waon") + FIRST):
            said = desk.tool.refuses("batch", desk.file, *keys)
            assert "operators post them with a dry run" in said and f"points batch {desk.file} --key operator-1 --dry-run DIR" in said
        desk.lists(*map(reverse_row, desk.awards[:2]))
        for keys in ((), FIRST, TWO, ("--key", "app") + TWO):
            assert "2 reversals at once need a dry run" in desk.tool.refuses("batch", desk.file, *keys)
    desk.lists(reverse_row(desk.awards[0]), award_row(3))
    assert came_to(desk.tool.rows("batch", desk.file, *TWO, "--key", "app")) == [("reverse", "APPLIED", 100), ("award", "APPLIED", 100)]


def test_who_approves(desk, tmp_path):
    desk.prepare(award_row(3))
    said = "Operator 1 has signed"
    desk.stays_out(said, keys=FIRST)
    desk.tool("keygen", twin := tmp_path / "twin.key", "--holder", "Operator 1")
    desk.tool.does("register-key", twin.with_suffix(".pub"), "operator", "Operator 1", *TWO)
    desk.stays_out(said, keys=("--key", twin))
    for name in ("app", "waon", "auditor"):
        desk.stays_out("a dry run is for operators", keys=("--key", name))
    desk.stays_out("with which key?", keys=())
    desk.stays_out("one operator at a time", keys=SECOND + THIRD)
    assert "--out is for single transactions" in desk.refuses(*SECOND, "--digest", desk.digest(), "--out", tmp_path / "x")
    assert "--digest: \"x\" is not 64 hex digits" in desk.refuses(*SECOND, "--digest", "x")
    assert came_to(desk.approve(*THIRD)) == [("award", "APPLIED", 100)]


def test_a_first_operator_who_is_none_any_more(desk):
    desk.prepare(award_row(3))
    desk.tool.does("revoke-key", desk.daemon.dir / "keys" / "operator-1.pub", "--key", "operator-2", "--key", "operator-3")
    desk.stays_out("signed with a key that is no operator's, or no longer")


# ---- tampering

def test_another_digest(desk, tmp_path):
    desk.prepare(award_row(3))
    desk.stays_out("has another digest than --digest", digest="0" * 64)
    other = Desk.__new__(Desk)
    other.__dict__ |= desk.__dict__ | {"dir": tmp_path / "other"}
    other.prepare(award_row(4))
    desk.stays_out("it was changed, or it is the report of another dry run", digest=other.digest())
    (desk.dir / "envelopes").write_bytes((other.dir / "envelopes").read_bytes())
    desk.stays_out("envelopes: envelope 1 names another digest than that of dry-run.txt")


def test_a_changed_report(desk):
    desk.prepare(award_row(3), award_row(99))
    told, path = desk.digest(), desk.dir / "dry-run.txt"
    whole = path.read_text()
    for changed in (whole.replace("ACCOUNT_UNKNOWN 0", "APPLIED 100"), whole[:-1], whole + "\n", whole.replace("APPLIED 100", "APPLIED 10"), ""):
        assert changed != whole
        path.write_text(changed)
        desk.stays_out("dry-run.txt has another digest than --digest", digest=told)
        desk.stays_out("names another digest than that of dry-run.txt")
    path.unlink()
    desk.stays_out("cannot read", digest=told)
    path.write_text(whole)
    desk.approve(code=3)


UNFIT = [
    (lambda lines: lines[:-1], "the report ends at line 3, but the envelopes hold 2 transactions"),
    (lambda lines: lines + lines[-1:], "the report speaks of more than the 2 transactions"),
    (lambda lines: lines[:2] + lines[:1:-1], "line 3 of the report is not of the transaction"),
    (lambda lines: lines[:3] + [lines[3].replace("APPLIED", "GRANTED")], "line 4 of the report ends with no outcome"),
    (lambda lines: lines[:3] + [lines[3].replace(" 100", " 0100")], "line 4 of the report ends with no outcome"),
    (lambda lines: lines[:3] + [lines[3].replace(" 100", " -1")], "line 4 of the report ends with no outcome"),
    (lambda lines: lines[:3] + [lines[3] + " "], "line 4 of the report ends with no outcome"),
    (lambda lines: lines[:3] + ["x" * 500], "the report ends at line 3"),
    (lambda lines: lines[:2] + [lines[2].upper()] + lines[3:], "line 3 of the report is not of the transaction"),
    (lambda lines: lines[:3] + [lines[3].replace(lines[3][40:50], "0" * 10)], "line 4 of the report is not of the transaction"),
    (lambda lines: [lines[0], "ledger " + "0" * 64] + lines[2:], "the report is of another ledger"),
    (lambda lines: ["points.v2 dry run"] + lines[1:], "it is no report of a dry run"), (lambda lines: [], "it is no report")]


def test_reports_that_do_not_fit(desk):
    """The first operator wrote them so, and signed their digests."""
    desk.prepare(award_row(3), award_row(4))
    path = desk.dir / "dry-run.txt"
    lines = path.read_text().splitlines()
    for change, said in UNFIT:
        path.write_text("".join(line + "\n" for line in change(lines)))
        ((signed, numbers),) = desk.envelopes()
        message = envelope.Envelope.FromString(signed.envelope)
        message.dry_run_sha256 = bytes.fromhex(desk.digest())
        desk.write_envelopes([(desk.signed(message), numbers)])
        desk.stays_out("dry-run.txt: " + said)


def test_a_changed_summary(desk):
    desk.prepare(award_row(3), award_row(3))
    path = desk.dir / "summary"
    whole = path.read_text()
    for changed in (whole.replace("2 transactions", "1 transactions"), whole.replace("line 3 repeats line 2", "line 3"),
                    whole + "all is well\n", ""):
        assert changed != whole
        path.write_text(changed)
        desk.stays_out("summary does not say what the report says: it was changed")
    path.unlink()
    desk.stays_out("cannot read")


def test_changed_envelopes(desk, daemon):
    desk.prepare(award_row(3), award_row(4))
    whole = (desk.dir / "envelopes").read_bytes()
    for damaged in (whole[:-1], b"", whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]):
        (desk.dir / "envelopes").write_bytes(damaged)
        desk.stays_out("is damaged (its file `envelopes`)", code=1)
    (desk.dir / "envelopes").write_bytes(whole)
    ((signed, lines),) = desk.envelopes()

    def now_holds(said, change, sign=True, by="operator-1", lines=lines):
        message = envelope.Envelope.FromString(signed.envelope)
        change(message)
        made = desk.signed(message, by) if sign else envelope.SignedEnvelope(
            envelope=pc.canonical(message), signatures=signed.signatures)
        desk.write_envelopes([(made, lines)])
        desk.stays_out(said)

    def other_account(message):
        message.transactions[1].award.account = uuid.UUID(account_of(5)).bytes

    now_holds("envelope 1 was changed after it was signed: its signature does not verify", other_account, sign=False)
    now_holds("line 4 of the report is not of the transaction that the envelopes hold", other_account)
    now_holds("holds another number of transactions than the outbox says", lambda m: m.transactions.pop())
    now_holds("the report speaks of more than the 1 transactions", lambda m: m.transactions.pop(), lines=[2])
    now_holds("the report ends at line 4, but the envelopes hold 3", lambda m: m.transactions.append(
        body("award", account=b"x" * 16, quest=1)), lines=[2, 3, 4])
    now_holds("names another digest", lambda m: setattr(m, "dry_run_sha256", b"d" * 32))
    now_holds("names another digest", lambda m: m.ClearField("dry_run_sha256"))
    now_holds("is for another ledger", lambda m: setattr(m, "ledger_id", b"l" * 32))
    now_holds("is not well-formed", lambda m: setattr(m.transactions[0].award, "account", b"x"))
    now_holds("signed with a key that is no operator's", lambda m: None, by="app")
    desk.write_envelopes([])
    desk.stays_out("the report speaks of more than the 0 transactions")
    desk.write_envelopes([(envelope.SignedEnvelope(envelope=signed.envelope), lines)])
    desk.stays_out("envelope 1 is no signed envelope")
    desk.write_envelopes([(signed, lines), (signed, lines)])
    desk.stays_out("the report ends at line 4, but the envelopes hold 4 transactions")
    (desk.dir / "envelopes").unlink()
    desk.stays_out("holds no envelopes: the dry run was cut off")


def test_something_else_smuggled_in(desk):
    """An operator cannot have a colleague sign a key or a budget among the awards."""
    desk.prepare(award_row(3))
    (message,) = desk.contents()
    desk.forge([(message.transactions[0], "APPLIED", 100), (body("set_budget", quest=1, points=2**40), "APPLIED", 0)])
    desk.stays_out("line 3 is of type set-budget: only awards and reversals")


def test_a_report_that_lies(desk):
    """Outcomes that the first operator made up are named, since the daemon is asked again."""
    desk.prepare(award_row(3), award_row(4))
    (message,) = desk.contents()
    desk.forge([(message.transactions[0], "APPLIED", 1), (message.transactions[1], "ACCOUNT_UNKNOWN", 0)])
    said = desk.refuses(*SECOND)
    assert "summary does not say" in said
    digest = desk.digest()
    (desk.dir / "summary").write_text("\n".join([
        "Dry run of 2 transactions: what each would come to if it stood alone.", f"digest {digest}", "",
        "award    APPLIED                       1 transaction             1 points",
        "award    ACCOUNT_UNKNOWN               1 transaction             0 points",
        "quest 1: 2 awards, of which 1 would be applied, 1 points", "", "No line repeats another.", ""]))
    said = desk.tool("approve", desk.dir, *SECOND).stderr
    assert "line 2: the report says APPLIED, 1 points; now it would be APPLIED, 100 points" in said
    assert "line 3: the report says ACCOUNT_UNKNOWN, 0 points; now it would be APPLIED, 100 points" in said


def test_one_run_at_a_time(desk, daemon, tmp_path):
    desk.prepare(award_row(3))
    gate = Gate(daemon, tmp_path / "gate.sock", 3)
    first = desk.tool.start("approve", desk.dir, *SECOND, "--digest", desk.digest(), "--socket", gate.path,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    desk.stays_out("another run uses the outbox", code=1)
    first.kill()
    first.wait(DEADLINE)


# ---- crashes

OPENED = range(100, 4_100)


@pytest.fixture
def long(desk):
    """A dry run of 4,000 awards, in envelopes of which the first 1,000 are one."""
    desk.file.write_text("type,account,municipality\n" + "".join(f"open-account,{account_of(n)},札幌\n" for n in OPENED))
    desk.tool.rows("batch", desk.file)
    desk.prepare(*(award_row(number) for number in OPENED))
    return desk


@pytest.mark.parametrize("answers, daemon_too", [(2, False), (4, True), (8, False), (8, True), (9, False), (11, True)])
def test_killed_while_approving(long, daemon, tmp_path, answers, daemon_too):
    """Hello, proof, keys, budget, four dry runs, then the envelopes: wherever it ends, once is once."""
    before = daemon.client("auditor").trial_balance().total.issued
    gate = Gate(daemon, tmp_path / "gate.sock", answers)
    process = long.tool.start("approve", long.dir, *SECOND, "--digest", long.digest(), "--socket", gate.path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    if daemon_too:
        daemon.kill9()
    process.kill()
    process.wait(DEADLINE)
    gate.thread.join(DEADLINE)
    if daemon_too:
        daemon.start()
    rows = long.approve()
    assert {(row["outcome"], row["points"], row["dry_run"]) for row in rows} == {("APPLIED", 100, "APPLIED")}
    assert len({row["sequence"] for row in rows}) == len(OPENED) == len(rows)
    assert any(row["decided_before"] for row in rows) == (answers >= 8)
    assert daemon.client("auditor").trial_balance().total.issued == before + 100 * len(OPENED)
    look = daemon.look()
    assert long.approve(*THIRD) == rows and daemon.look() == look


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_killed_while_preparing(desk, daemon, tmp_path, answers):
    """Without envelopes there is no dry run; the same command makes one."""
    desk.lists(award_row(3))
    gate = Gate(daemon, tmp_path / "gate.sock", answers)
    process = desk.tool.start("batch", desk.file, *FIRST, "--dry-run", desk.dir, "--socket", gate.path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    process.kill()
    process.wait(DEADLINE)
    assert not (desk.dir / "envelopes").exists()
    desk.prepare(award_row(3))
    for left in ("dry-run.txt", "summary"):
        (desk.dir / "envelopes").unlink(missing_ok=True)
        (desk.dir / left).write_text("half")
        desk.stays_out("holds no envelopes: the dry run was cut off")
        desk.prepare(award_row(3))
    assert came_to(desk.approve()) == [("award", "APPLIED", 100)]


def test_what_show_says_of_a_dry_run(desk, tmp_path):
    """One of its envelopes in a file of its own is a signed envelope like any."""
    desk.prepare(award_row(3))
    ((signed, _),) = desk.envelopes()
    (tmp_path / "one").write_bytes(pc.canonical(signed))
    done = desk.tool("show", tmp_path / "one")
    assert f"approves the dry run whose report has the SHA-256 {desk.digest()}" in done.stderr
    assert "NOT_PERMITTED" in desk.tool.refuses("submit", tmp_path / "one", code=4)
    desk.tool("countersign", tmp_path / "one", *SECOND)
    assert json.loads(desk.tool("submit", tmp_path / "one", "--json").stdout)["outcomes"][0]["outcome"] == "APPLIED"
    assert [(row["outcome"], row["decided_before"]) for row in desk.approve()] == [("APPLIED", True)]


def test_full_envelopes(desk):
    """In each there is room left for the digest, however the rows fill it."""
    def left(size):
        row = body("reverse", target=b"t" * 16, reason="x" * size)
        each = len(pc.build_envelope(b"l" * 32, [row])) - 34
        return (pc.MAX_ENVELOPE - 34) % each
    size = next(size for size in range(100, 201) if 4 <= left(size) < 34)
    desk.prepare(*(reverse_row(uuid.UUID(int=n + 1), "x" * size) for n in range(600)))
    assert max(len(signed.envelope) for signed, _ in desk.envelopes()) <= pc.MAX_ENVELOPE
    assert {row["outcome"] for row in desk.approve(code=3)} == {"REVERSAL_UNKNOWN"}
