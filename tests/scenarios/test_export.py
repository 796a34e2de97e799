"""points-audit export: what each format says against the daemon, the independent model, and Debian's hledger."""
import base64
import collections
import contextlib
import csv
import datetime
import io
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile

import pytest

import forger
import pointsclient as pc
from conftest import Daemon, binary
from history import jst
from test_random_histories import begin, play
from pointsclient import transaction as tx
from tool import Tool

SEED, TRANSACTIONS = 1, 4_000
BOOKS = ("issued", "balances", "held", "donated", "converted", "expired", "forfeited", "reversed", "fees")
OUT_OF = "issued"  # where points come from: a journal has it below zero


class Played:
    """A ledger at rest with a random history on it, and what its daemon said about it."""

    def __init__(self, folder):
        self.daemon = Daemon(folder)
        self.daemon.start()
        history = begin(self.daemon, SEED)
        play(self.daemon, history.steps(TRANSACTIONS))
        self.model = history.model
        auditor, tool = self.daemon.client("auditor"), Tool(self.daemon.dir)
        self.blocks, self.checkpoint = auditor.blocks(), auditor.checkpoint()
        self.texts = {n.sequence: n.text for n in auditor.notices(all=True) if n.text}
        self.trial_balance = tool.rows("trial-balance")
        self.by_month = tool.rows("totals", "--by", "month")
        self.names = {part: {r.quest if part == "quests" else r.purpose: r.name for r in rows} for part, rows in
                      (("quests", [q.quest for q in auditor.programme(pc.api.QUESTS)]),
                       ("purposes", auditor.programme(pc.api.PURPOSES)))}
        self.daemon.stop()
        self.dir = self.daemon.dir / "ledger"

    def entries(self):
        """(sequence, block's header, transaction, outcome's row) of each transaction, as the blocks say."""
        for block in self.blocks[1:]:
            header = pc.block.BlockHeader.FromString(block.header)
            transactions = pc.envelope.Envelope.FromString(block.body.envelope).transactions
            rows = pc.outcome_rows(pc.outcome.Outcomes.FromString(block.body.outcomes))
            assert len(transactions) == len(rows)
            for number, (transaction, row) in enumerate(zip(transactions, rows)):
                yield header.first_sequence + number, header, transaction, row


@pytest.fixture(scope="module")
def played():
    folder = tempfile.mkdtemp(prefix="points-")
    made = None
    try:
        made = Played(folder)
        yield made
    finally:
        if made:
            made.daemon.discard()
        shutil.rmtree(folder, ignore_errors=True)


def run(*words, code=0, **options):
    done = subprocess.run([binary("points-audit"), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False, **options)
    assert done.returncode == code, (words, done.returncode, done.stdout[-2_000:], done.stderr)
    return done


def export(ledger, form, *words, code=0):
    """What is printed; the same must come into a file."""
    printed = run("export", ledger, "--format", form, *words, code=code).stdout
    with tempfile.TemporaryDirectory(prefix="points-") as folder:
        out = pathlib.Path(folder) / "out"
        done = run("export", ledger, "--format", form, *words, "--out", out, code=code)
        assert done.stdout == b"" and out.read_bytes() == printed and os.listdir(folder) == ["out"]
    return printed


def when(time):
    """As "2021-11-12 09:30:15" in Japan, of any year: the calendar comes again every 400."""
    turns, seconds = divmod(time + 9 * 3_600, 146_097 * 86_400)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return f"{moment.year + 400 * turns:04}{moment:-%m-%d %H:%M:%S}"


def uuid(data):
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


# ---- the ledger itself

def test_the_ledger_as_a_file(played):
    """By doc/protocol.md: the stored bytes, texts and checkpoint, in order, in the one form of each line."""
    lines = export(played.dir, "ledger").decode().split("\n")
    assert lines.pop() == ""
    made = [json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) for line in lines]
    assert made == lines
    rows = [json.loads(line) for line in lines]
    b64 = lambda data: base64.b64encode(data).decode()
    expected = [{"block": n, "header": b64(b.header), "envelope": b64(b.body.envelope), "outcomes": b64(b.body.outcomes)}
                for n, b in enumerate(played.blocks)]
    assert rows[:len(expected)] == expected
    texts = [{"text": n, "bytes": b64(text)} for n, text in sorted(played.texts.items())]
    assert texts and rows[len(expected):-1] == texts
    assert rows[-1] == {"checkpoint": played.checkpoint}
    pc.check_note(rows[-1]["checkpoint"], "points.test/ledger", played.daemon.checkpoint_key)


def test_a_ledger_whose_daemon_never_ran(ledger):
    line, = export(ledger.dir / "ledger", "ledger").decode().splitlines()
    row = json.loads(line)
    assert list(row) == ["block", "header", "envelope", "outcomes"] and (row["block"], row["outcomes"]) == (0, "")
    assert pc.genesis.Genesis.FromString(base64.b64decode(row["envelope"])).origin == "points.test/ledger"
    assert export(ledger.dir / "ledger", "json-lines") == b""
    assert export(ledger.dir / "ledger", "csv").count(b"\r\n") == 1
    assert set(hledger(export(ledger.dir / "ledger", "hledger"), "balance")) == set()


# ---- rows

def kind(name):
    return {"request_conversion": "convert", "settle_conversion": "settle", "refuse_conversion": "refuse"}.get(
        name, name.replace("_", "-"))


def as_json(message):
    """A message's fields as JSON lines have them, by the descriptors of protobuf's own library."""
    row = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.label == field.LABEL_REPEATED:
            row[field.name] = [value_of(field, one) for one in value]
        elif field.message_type is None or message.HasField(field.name):
            row[field.name] = value_of(field, value)
    return row


def value_of(field, value):
    if field.message_type is not None:
        return as_json(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if isinstance(value, bytes):
        return uuid(value) if len(value) == 16 else value.hex()
    if field.name in ("municipality", "municipalities"):
        return f"{value:06}"
    if field.name.endswith("_day"):
        return when(jst(1970, 1, 1) + value * 86_400).split()[0]
    return when(value) if field.type == field.TYPE_INT64 else value


def statements(rows):
    """{account: sequences of its statement}: what names or touches it, from its opening on."""
    found = {}
    for row in rows:
        if row["type"] == "open-account" and row["outcome"] == "APPLIED":
            found[row["account"]] = []
        if row.get("account") in found and row["outcome"] not in ("DUPLICATE", "ID_REUSED"):
            found[row["account"]].append(row["sequence"])
    return found


def test_json_lines(played):
    """Every transaction, with every field and its outcome; and whose it was, where it does not say so itself."""
    rows = [json.loads(line) for line in export(played.dir, "json-lines").splitlines()]
    entries = list(played.entries())
    assert len(rows) == len(entries) == played.model.sequence
    for row, (sequence, header, transaction, outcome) in zip(rows, entries):
        body = transaction.WhichOneof("body")
        assert (row["sequence"], row["block"], row["time"]) == (sequence, header.index, when(header.time))
        assert (row["type"], row["id"]) == (kind(body), uuid(transaction.id))
        assert (row["outcome"], row["points"], row["expired"], row["previous"]) == outcome
        assert row["fields"] == as_json(getattr(transaction, body)), row
    assert statements(rows) == {uuid(account): sequences for account, sequences in played.model.statements.items()}
    assert {"settle", "refuse", "reverse"} <= {r["type"] for r in rows if "account" in r and "account" not in r["fields"]}


def test_whose_it_was_before_a_merge_in_the_same_block(scene):
    """Answers to conversions name no account: they touch whose it was then, whatever became of it in the same block."""
    make = lambda **body: tx.Transaction(id=pc.new_uuid7(), **body)
    a, b = b"a" * 16, b"b" * 16
    operators = ("operator-1", "operator-2")
    scene.submit(make(define_quest=tx.DefineQuest(quest=1, name="q", period=tx.WEEKLY, points=100, first_day=18_932, last_day=19_000)),
                 make(set_budget=tx.SetBudget(quest=1, points=100)),
                 make(set_policy=tx.SetPolicy(policy=tx.CONVERSION_OPENS_AT, value=0)), by=operators)
    asked = [make(request_conversion=tx.RequestConversion(account=a, points=30)) for _ in range(3)]
    scene.submit(*(make(open_account=tx.OpenAccount(account=one, municipality=11_002)) for one in (a, b)),
                 make(award=tx.Award(account=a, quest=1, occurred_at=scene.model.time)), *asked)
    merge = make(merge_accounts=tx.MergeAccounts(account=b, merged=a))
    codes = scene.submit(make(settle_conversion=tx.SettleConversion(conversion=asked[0].id)),
                         make(reverse=tx.Reverse(target=asked[1].id, reason="x")), merge,
                         make(refuse_conversion=tx.RefuseConversion(conversion=asked[2].id)), by=("waon", *operators))
    assert codes == ["APPLIED"] * 4
    scene.daemon.stop()
    rows = [json.loads(line) for line in export(scene.daemon.dir / "ledger", "json-lines").splitlines()]
    assert [row["account"] for row in rows[-4:]] == [uuid(a), uuid(a), uuid(b), uuid(b)]
    scene.daemon.start()


def csv_rows(data, encoding="utf-8"):
    text = data.decode(encoding)
    if encoding == "utf-8":
        assert text.startswith("\ufeff")
        text = text[1:]
    outside = re.sub('"(?:[^"]|"")*"', "", text)
    assert text.endswith("\r\n") and not set('"\n\r') & set(outside.replace("\r\n", ""))
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv(played):
    """A row a transaction that says the same as JSON lines, with the names that staff look for."""
    rows = csv_rows(export(played.dir, "csv"))
    told = [json.loads(line) for line in export(played.dir, "json-lines").splitlines()]
    assert len(rows) == len(told)
    municipalities = {f"{m.code:06}": m.name_ja for m in pc.genesis.Genesis.FromString(
        played.blocks[0].body.envelope).municipalities}
    quests, purposes, by_id = {}, {}, {}
    for row, other in zip(rows, told):
        fields = other["fields"].get("definition", other["fields"])
        applied = other["outcome"] == "APPLIED"
        assert all(row[n] == str(other[n]) for n in ("sequence", "block", "time", "type", "id", "outcome", "points", "expired"))
        assert row["previous"] == str(other["previous"] or "")
        assert (row["account"], row["municipality"]) == (other.get("account", ""), other.get("municipality", ""))
        assert row["municipality_name"] == municipalities.get(row["municipality"], "")
        if applied and "name" in fields and other["type"].endswith("quest"):
            quests[fields["quest"]] = fields["name"]
        if applied and "name" in fields and "purpose" in fields:
            purposes[fields["purpose"]] = fields["name"]
        undone = by_id[fields["target"]]["fields"] if other["type"] == "reverse" and applied else {}
        for name, names in (("quest", quests), ("purpose", purposes)):
            number = fields.get(name) or undone.get(name)
            assert (row[name], row[f"{name}_name"]) == (str(number or ""), names.get(number, "")), row
        assert row["other_account"] == fields.get("merged", "")
        assert row["target"] == next((fields[n] for n in ("conversion", "target", "notice") if n in fields), "")
        assert row["remark"] == fields.get("reason", fields.get("reference", ""))
        assert all(f"{n}={v}" in row["details"] for n, v in fields.items() if v and n in ("account", "points", "reason", "name"))
        by_id.setdefault(other["id"], other)
    assert (quests, purposes) == (played.names["quests"], played.names["purposes"])
    home = {r["account"]: r["municipality"] for r in rows if r["type"] in ("open-account", "move-account") and r["outcome"] == "APPLIED"}
    assert all(f"{v['home']:06}" == home[uuid(a)] for a, v in played.model.accounts.items())
    issued = collections.Counter()
    for row in rows:
        if row["type"] == "award":
            issued[row["municipality"]] += int(row["points"])
    assert {r["municipality"]: r["issued"] for r in played.trial_balance if r["municipality"]} == {
        code: issued[code] for code in municipalities}


def test_days(played):
    """From a day, to a day, both inclusive: the rows of the whole that lie between; in the same words."""
    whole = export(played.dir, "json-lines").splitlines()
    days = sorted({json.loads(line)["time"][:10] for line in whole})
    first, last = days[len(days) // 3], days[len(days) // 2]
    inside = lambda line, a, b: a <= json.loads(line)["time"][:10] <= b
    for words, a, b in ((("--from", first), first, "9999"), (("--to", last), "", last), (("--from", first, "--to", last), first, last),
                        (("--from", first, "--to", first), first, first), (("--from", "9000-01-01"), "9000", "9999")):
        assert export(played.dir, "json-lines", *words).splitlines() == [line for line in whole if inside(line, a, b)]
        rows = csv_rows(export(played.dir, "csv", *words))
        assert [r["id"] for r in rows] == [json.loads(line)["id"] for line in whole if inside(line, a, b)]
    all_rows = {r["sequence"]: r for r in csv_rows(export(played.dir, "csv"))}
    assert all(r == all_rows[r["sequence"]] for r in csv_rows(export(played.dir, "csv", "--from", first)))  # names from before


# ---- hledger

def hledger(journal, *words):
    """{account: [points by column]} of a balance report by Debian's hledger, which checks the journal's assertions too."""
    with tempfile.NamedTemporaryFile(prefix="points-", suffix=".journal") as file:
        file.write(journal)
        file.flush()
        ask = lambda *what: subprocess.run(["hledger", "-f", file.name, *what], capture_output=True, text=True, timeout=120,
                                           check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
        checked = ask("check", "--strict")
        assert checked.returncode == 0, checked.stderr[-2_000:]
        done = ask(*words, "--output-format", "csv", "--no-total")
        assert done.returncode == 0, done.stderr
    head, *rows = csv.reader(io.StringIO(done.stdout), strict=True)
    assert head[0] == "account"
    hledger.columns = head[1:]
    return {row[0]: [int(cell.removesuffix(" P")) for cell in row[1:]] for row in rows}


def by_book(balances):
    """{(book, municipality): points}, with issued ones above zero, of `hledger balance`."""
    sums = collections.Counter()
    for account, (points,) in balances.items():
        book, municipality, *_ = account.split(":")
        sums[book, municipality] += -points if book == OUT_OF else points
    return {place: points for place, points in sums.items() if points}


def books_of(rows):
    return {(book, row["municipality"]): row[book] for row in rows if row["municipality"] for book in BOOKS if row[book]}


def test_hledger_agrees_with_the_daemon(played):
    """The books by municipality, and the donations by purpose and month."""
    journal = export(played.dir, "hledger")
    books = books_of(played.trial_balance)
    assert by_book(hledger(journal, "balance")) == books
    assert {book for book, _ in books} == set(BOOKS)  # each has had points
    months = collections.Counter()
    for row in played.by_month:
        months[row["from"][:7], row["municipality"], row["purpose"]] += row["points"] - row["reversed_points"]
    monthly = hledger(journal, "balance", "donated", "--monthly")
    found = {(month, account.split(":")[1], int(account.rpartition("purpose-")[2])): points
             for account, row in monthly.items() for month, points in zip(hledger.columns, row) if points}
    assert found == {place: points for place, points in months.items() if points}
    quests = collections.Counter()
    for account, (points,) in hledger(journal, "balance", "issued").items():
        quests[int(account.rpartition("quest-")[2])] -= points
    assert quests == collections.Counter({q: points for q, points in awarded(played).items() if points})


def awarded(played):
    sums = collections.Counter()
    for _, _, transaction, outcome in played.entries():
        if transaction.HasField("award"):
            sums[transaction.award.quest] += outcome[1]
    return sums


def test_each_move_of_points_is_in_the_journal(played):
    """A journal transaction for each transaction that moved points from one account of it to another, and for no other; days expire."""
    journal = export(played.dir, "hledger").decode()
    heads = re.findall(r"^(\d{4}-\d\d-\d\d) \((\d+)\) (\S+) (\S+)$", journal, re.M)
    assert [int(h[1]) for h in heads] == sorted({int(h[1]) for h in heads})
    entries = {sequence: (header, transaction, outcome) for sequence, header, transaction, outcome in played.entries()}
    for day, sequence, name, identity in heads:
        header, transaction, outcome = entries[int(sequence)]
        assert (day, name, identity) == (when(header.time)[:10], kind(transaction.WhichOneof("body")), uuid(transaction.id))
        assert outcome[0] == "APPLIED"
    written = {int(h[1]) for h in heads}
    for sequence, (_, transaction, outcome) in entries.items():
        body = transaction.WhichOneof("body")
        if body not in ("move_account", "merge_accounts", "settle_donations"):  # these leave most books as they are
            assert (sequence in written) == (outcome[0] == "APPLIED" and outcome[1] > 0), (sequence, body)
    assert {"move-account", "merge-accounts", "close-account", "reverse"} <= {h[2] for h in heads}
    expiries = re.findall(r"^(\S+) expiry of (\S+)$", journal, re.M)
    assert len(expiries) > 3 and all(day > last for day, last in expiries)


def test_journals_of_parts_join(played):
    """What was in the books on a day ends one journal and opens the next; days far before and behind are no exception."""
    days = sorted({when(header.time)[:10] for _, header, _, _ in played.entries()})
    whole, dice = by_book(hledger(export(played.dir, "hledger"), "balance")), random.Random(SEED)
    for day in dice.sample(days[1:], 3):
        before = days[days.index(day) - 1]
        first = export(played.dir, "hledger", "--to", before)
        second = export(played.dir, "hledger", "--from", day)
        assert by_book(hledger(second, "balance")) == whole
        opening = re.search(rf"^{day} opening balances\n((?:    .*\n)+)", second.decode(), re.M)
        assert by_book(hledger(first, "balance")) == by_book(opening_of(opening[1]))
    assert by_book(hledger(export(played.dir, "hledger", "--from", "2999-01-01"), "balance")) == whole


def opening_of(text):
    return {account: [int(points)] for account, points in re.findall(r"^    (\S+)  (-?\d+) P$", text, re.M)}


def test_hledger_sees_a_wrong_journal(played):
    """The assertions at the end do bite."""
    journal = export(played.dir, "hledger").decode()
    place = list(re.finditer(r"^    donated:\S+  (\d+) P$", journal, re.M))[5]
    other = journal[:place.start(1)] + str(int(place[1]) + 1) + journal[place.end(1):]
    with pytest.raises(AssertionError, match="balance"):
        hledger(other.encode(), "balance")


# ---- what goes wrong

@pytest.fixture
def tampered(played):
    """A copy with one bit of a late block's outcome changed."""
    with tempfile.TemporaryDirectory(prefix="points-") as folder:
        copy = pathlib.Path(folder) / "ledger"
        shutil.copytree(played.dir, copy)
        key = f"{len(played.blocks) - 20:016x}"
        forger.flip(copy, "bodies", key, -1)
        yield copy, len(played.blocks) - 20


@pytest.mark.parametrize("form", ["csv", "json-lines", "hledger"])
def test_a_fault_ends_the_export(tampered, form):
    ledger, block = tampered
    lines = run("export", ledger, "--format", form, code=1).stdout.decode().splitlines()
    assert len(lines) > 100 and lines[-1].startswith(f"FAULT in block {block}: ")
    out = ledger.parent / "out"
    out.write_text("as it was")
    done = run("export", ledger, "--format", form, "--out", out, code=1)
    assert done.stdout.decode().startswith(f"FAULT in block {block}: ") and done.stdout.count(b"\n") == 1
    assert out.read_text() == "as it was" and sorted(os.listdir(ledger.parent)) == ["ledger", "out"]


def test_the_fault_of_json_lines_is_json(tampered):
    ledger, block = tampered
    lines = run("export", ledger, "--format", "json-lines", "--json", code=1).stdout.splitlines()
    assert (json.loads(lines[-1])["holds"], json.loads(lines[-1])["block"]) == (False, block)


def test_the_ledger_is_exported_as_it_is(tampered, played):
    """Verifiers are to see the fault for themselves."""
    rows = [json.loads(line) for line in export(tampered[0], "ledger").splitlines()]
    differ = [n for n, block in enumerate(played.blocks) if base64.b64decode(rows[n]["outcomes"]) != block.body.outcomes]
    assert differ == [tampered[1]]


def test_wrong_use(played):
    for words, said in (
            ((), "--format"), (("--format", "xml"), "there are csv, json-lines, hledger and ledger"),
            (("--format", "hledger", "--csv"), "--csv"), (("--format", "ledger", "--from", "2021-11-01"), "leave out --from and --to"),
            (("--format", "csv", "--from", "2021-11-02", "--to", "2021-11-01"), "--to is before --from"),
            (("--format", "csv", "--from", "yesterday"), "yesterday"), (("--format", "csv", "--to", "2020-01-01"), "begins after --to")):
        done = run("export", played.dir, *words, code=2)
        assert said in done.stderr.decode() and done.stdout == b"", words
    assert "no ordinary file" in run("export", played.dir, "--format", "csv", "--out", "/dev/null", code=3).stderr.decode()
    assert pathlib.Path("/dev/null").is_char_device()
    for form in ("csv", "json-lines", "hledger", "ledger"):
        assert "cannot write" in run("export", played.dir, "--format", form, "--out", "/nowhere/x", code=3).stderr.decode()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([binary("points-audit"), "export", played.dir, "--format", form], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        assert done.returncode == 3 and b"could not be written" in done.stderr


# ---- the file it goes to

def start_export(ledger, out):
    """An export to a file with "as it was" in it, stopped once it had written some, and not all. One may be too quick for that."""
    for _ in range(50):
        out.write_text("as it was")
        process = subprocess.Popen([binary("points-audit"), "export", ledger, "--format", "json-lines", "--out", out])
        with contextlib.suppress(FileNotFoundError):  # it was renamed meanwhile
            while process.poll() is None and not any(path.stat().st_size for path in begun(out)):
                pass
        process.send_signal(signal.SIGSTOP)
        if process.poll() is None and os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code == os.CLD_STOPPED \
                and begun(out):
            return process
        process.send_signal(signal.SIGCONT)
        assert process.wait(60) == 0
    raise AssertionError("no export was slow enough")


def begun(out):
    return list(out.parent.glob(f"{out.name}.*"))


def test_the_file_is_for_its_owner_alone(played, tmp_path):
    """Whatever lay there; links and files of others that could be taken for the temporary one are left alone."""
    out, other, old = tmp_path / "out", tmp_path / "other", os.umask(0)
    try:
        for form in ("csv", "json-lines", "hledger", "ledger"):
            for path in (out, other):
                path.write_text("as it was")
                path.chmod(0o666)
            (tmp_path / "out.tmp").symlink_to(other)
            run("export", played.dir, "--format", form, "--out", out)
            assert out.stat().st_mode & 0o777 == 0o600 and not out.is_symlink() and out.stat().st_size > 1_000
            assert (other.read_text(), other.stat().st_mode & 0o777) == ("as it was", 0o666)
            assert sorted(os.listdir(tmp_path)) == ["other", "out", "out.tmp"]
            (tmp_path / "out.tmp").unlink()
    finally:
        os.umask(old)


def test_two_exports_to_one_file(played, tmp_path):
    """Each is whole: the last one stays."""
    out = tmp_path / "out"
    first = start_export(played.dir, out)
    assert len(begun(out)) == 1
    csv_form = export(played.dir, "csv")
    run("export", played.dir, "--format", "csv", "--out", out)
    assert out.read_bytes() == csv_form
    first.send_signal(signal.SIGCONT)
    assert first.wait(60) == 0 and out.read_bytes() == export(played.dir, "json-lines") and os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGBUS])
def test_an_interrupted_export_leaves_nothing(played, tmp_path, how):
    out = tmp_path / "out"
    process = start_export(played.dir, out)
    temporary, = begun(out)
    assert temporary.stat().st_mode & 0o777 == 0o600
    process.send_signal(how)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == (3 if how == signal.SIGBUS else -how)  # which a failing disk raises, and which is told
    assert out.read_text() == "as it was" and os.listdir(tmp_path) == ["out"]


def test_an_export_beyond_the_limit_of_files(played, tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    for form in ("csv", "json-lines", "hledger", "ledger"):
        done = run("export", played.dir, "--format", form, "--out", tmp_path / "out", code=3, preexec_fn=limit)
        assert b"cannot write" in done.stderr and b"File too large" in done.stderr and os.listdir(tmp_path) == []


def test_the_ledger_is_not_overwritten(played, tmp_path):
    """By name, whether the file is there or not, in any ledger; or through links."""
    ledger = tmp_path / "ledger"
    shutil.copytree(played.dir, ledger)
    (ledger / "data.mdb").rename(tmp_path / "elsewhere")
    (ledger / "data.mdb").symlink_to(tmp_path / "elsewhere")
    (ledger / "lock.mdb").unlink(missing_ok=True)
    (tmp_path / "by-link").symlink_to(ledger)
    before = (tmp_path / "elsewhere").read_bytes()
    for out in (ledger / "data.mdb", ledger / "lock.mdb", ledger / "ledger.lock", tmp_path / "by-link" / "data.mdb",
                tmp_path / "elsewhere", tmp_path / "data.mdb"):
        for form in ("csv", "ledger"):
            done = run("export", ledger, "--format", form, "--out", out, code=2)
            assert b"would overwrite a ledger's own" in done.stderr and done.stdout == b""
    done = run("export", tmp_path / "none", "--format", "csv", "--out", tmp_path / "none" / "data.mdb", code=2)
    assert b"would overwrite" in done.stderr  # before anything is read
    assert (tmp_path / "elsewhere").read_bytes() == before and not (ledger / "lock.mdb").exists()


def test_cp932(daemon):
    """Bytes that older spreadsheets take; what they cannot hold is told where it stands, and is not lost silently."""
    tool, ledger = Tool(daemon.dir), daemon.dir / "ledger"
    tool.begin()
    daemon.stop()
    assert csv_rows(export(ledger, "csv", "--cp932"), "cp932") == csv_rows(export(ledger, "csv"))
    daemon.start()
    tool.does("define-purpose", 2, "𠮷野家,\"🍎\"〜①髙", "--first", "2021-11-01", "--last", "2022-05-31")
    daemon.stop()
    done = run("export", ledger, "--format", "csv", "--cp932", code=3)
    rows = csv_rows(done.stdout, "cp932")
    assert rows[-1]["purpose_name"] == "〓野家,\"〓\"～①髙"  # CP932 has the wide tilde for the wave dash
    said = done.stderr.decode()
    assert f'row {len(rows) + 1}, column purpose_name: CP932 has no "𠮷"; 〓 stands there' in said
    assert "4 characters were lost to CP932" in said
    with tempfile.TemporaryDirectory(prefix="points-") as folder:
        run("export", ledger, "--format", "csv", "--cp932", "--out", f"{folder}/out", code=3)
        assert pathlib.Path(folder, "out").read_bytes() == done.stdout
    done = run("show", ledger, len(csv_rows(export(ledger, "csv"))), "--cp932", code=3)  # a block for each row
    assert "〓野家" in done.stdout.decode("cp932") and b"2 characters were lost to CP932" in done.stderr
