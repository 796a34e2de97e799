"""`points batch`: many transactions from a file, each in the ledger exactly once, whatever dies on the way."""
import hashlib
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import threading
import time
import uuid

import pytest

import compare
from conftest import DEADLINE, Daemon
from tool import TWO, Tool

RESIDENTS = 12_000
BOOKS = compare.ALL_BOOKS[:5]
HEADER = "type,id,account,municipality,quest,occurred_at,purpose,points,conversion,reason\n"


@pytest.fixture
def begun(daemon):
    tool = Tool(daemon.dir)
    tool.begin()
    return tool


def account_of(number):
    return str(uuid.UUID(int=number + 1))


def a_file(path, residents=RESIDENTS):
    """Opens accounts and gives each an award; how many rows it has."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("type,account,municipality,quest,occurred_at\n")
        for number in range(residents):
            file.write(f"open-account,{account_of(number)},{'札幌' if number % 2 else 'Otaru'},,\n")
        for number in range(residents):
            file.write(f"award,{account_of(number)},,1,2021-11-01 08:00\n")
    return 2 * residents


def counted(daemon):
    """Transactions of the ledger, and its books."""
    client = daemon.client("auditor")
    reply = client.trial_balance()
    return (client.hello().transactions, sum(m.accounts for m in reply.municipalities),
            {name: getattr(reply.total, name) for name in BOOKS})


def exactly_once(daemon, before, rows, residents=RESIDENTS):
    """Every row of a_file is in the ledger once: none is missing, and none was even tried twice."""
    points = 100 * residents
    assert counted(daemon) == (before[0] + 2 * residents, residents,
                               dict(issued=points, balances=points, held=0, donated=0, converted=0))
    assert [row["line"] for row in rows] == list(range(2, 2 * residents + 2))
    assert {(row["type"], row["outcome"], row["points"]) for row in rows} == {
        ("open-account", "APPLIED", 0), ("award", "APPLIED", 100)}
    assert len({row["id"] for row in rows}) == 2 * residents
    assert sorted(row["sequence"] for row in rows) == list(range(before[0] + 1, before[0] + 2 * residents + 1))
    client = daemon.client("auditor")
    for row in rows[::1_501]:
        assert client.transaction(uuid.UUID(row["id"]).bytes).sequence == row["sequence"]


class Gate:
    """Stands between `points` and the daemon and lets so many of its answers through; one more is kept back."""

    def __init__(self, daemon, path, answers):
        self.path, self.answers = path, answers
        self.shut = threading.Event()  # the daemon has answered, and the client will not hear of it
        self.target = str(daemon.dir / "pointsd.sock")
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        self.listener.close()
        with client, socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(self.target)
            try:
                self.carry(client, daemon)
            except ConnectionError:
                pass

    def carry(self, client, daemon):
        kept = b""
        while True:
            for ready in select.select([client, daemon], [], [], DEADLINE)[0]:
                data = ready.recv(1 << 20)
                if not data:
                    return
                if ready is client:
                    daemon.sendall(data)
                else:
                    kept = self.let_through(client, kept + data)

    def let_through(self, client, data):
        while len(data) >= 4 and len(data) - 4 >= (size := struct.unpack(">I", data[:4])[0]):
            if not self.answers:
                self.shut.set()
                break
            client.sendall(data[:4 + size])
            data, self.answers = data[4 + size:], self.answers - 1
        return data


def killed_at(daemon, tool, path, gate_path, answers):
    """A batch that is killed when so many answers have come and the daemon has given one more."""
    gate = Gate(daemon, gate_path, answers)
    process = tool.start("batch", path, "--socket", gate_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    process.kill()
    process.wait(DEADLINE)
    gate.thread.join(DEADLINE)


# ---- the rows

RESIDENT = "11111111-1111-1111-1111-111111111111"
PENDING = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
STORY = [
    dict(type="open-account", account=RESIDENT, municipality="小樽"),
    dict(type="Move_Account", account="1" * 32, municipality="011002"),
    dict(type="award", account=RESIDENT, quest=1, occurred_at="2021-11-01T08:00:00+09:00"),
    dict(type="donate", account=RESIDENT, municipality="Sapporo", purpose=1, points=10),
    dict(type="convert", account=RESIDENT, points=20, id=PENDING[0]),
    dict(type="convert", account=RESIDENT, points=30, id=PENDING[1]),
    dict(type="settle", conversion=PENDING[0]),
    dict(type="refuse", conversion=PENDING[1], reason='カード, "無効"'),
]


def story_csv():
    columns = HEADER.strip().split(",")
    quoted = [['"' + str(row.get(name, "")).replace('"', '""') + '"' for name in columns] for row in STORY]
    return "\ufeff" + HEADER + "\n".join(",".join(row) for row in quoted)


def story_json():
    return "\n" + "\n\n".join(json.dumps(row, ensure_ascii=number % 2 == 0) for number, row in enumerate(STORY)) + "\n"


@pytest.mark.parametrize("text", [story_csv(), story_csv().replace("\n", "\r\n"), story_json()], ids=["csv", "crlf", "json"])
def test_all_kinds_of_rows(daemon, begun, tmp_path, text):
    path = tmp_path / "story"
    path.write_text(text, newline="")
    rows = begun.rows("batch", path)
    assert [(row["type"], row["outcome"], row["points"], row["decided_before"]) for row in rows] == [
        (name, "APPLIED", points, False) for name, points in
        [("open-account", 0), ("move-account", 0), ("award", 100), ("donate", 10), ("convert", 20), ("convert", 30),
         ("settle", 20), ("refuse", 30)]]
    got = daemon.client("auditor").account(uuid.UUID(RESIDENT).bytes)
    assert (got.municipality, got.balance_points, got.held_points) == (11_002, 70, 0)
    assert counted(daemon)[1:] == (1, dict(issued=100, balances=70, held=0, donated=10, converted=20))
    entry = daemon.client("auditor").transaction(uuid.UUID(rows[-1]["id"]).bytes)
    assert entry.transaction.refuse_conversion.reason == 'カード, "無効"'


AWARD = f"award,,{RESIDENT},,1,2021-11-01 08:00,,,,\n"


RECEIPT = HEADER.strip() + ",receipt_digest,shop,yen\n" + AWARD.strip()


WRONG = [
    (RECEIPT + ",,1,500\n", ["line 2: an award with a receipt needs receipt_digest", "no shop has the number 1; see"]),
    (RECEIPT + f",{'a' * 64},,\n", ["line 2: an award with a receipt needs shop", "line 2: an award with a receipt needs yen"]),
    (RECEIPT + f",{'a' * 63},0,-1\n", ["is not 64 hex digits (a SHA-256)", 'line 2: shop "0" is no', 'line 2: yen "-1" is no']),
    (RECEIPT.replace("award,", "close-account,") + ",,,5\n", ["line 2: close-account takes no yen", "close-account takes no quest"]),
    (HEADER + AWARD.replace("award", "札" * 30), [f'type "{"札" * 19}…" is none of: award, ']),
    (HEADER + AWARD + "aword" + AWARD[5:], ['line 3: type "aword" is none of: award, donate, ']),
    (HEADER + AWARD.replace("2021-11-01", "2021-11-31"), ['line 2: occurred_at "2021-11-31 08:00" is no time']),
    (HEADER + AWARD.replace("award", "donate"), ["line 2: donate needs municipality", "line 2: donate needs purpose",
                                                 "line 2: donate takes no quest; leave it empty"]),
    (HEADER + f"open-account,,{RESIDENT},函館,,,,,,\n", ['line 2: no municipality "函館"; there are: 011002 札幌市']),
    (HEADER + f"convert,12,{RESIDENT},,,,,1e3,,\n", ['line 2: id "12" is not 32 hex digits', 'line 2: points "1e3" is no']),
    (HEADER + f"convert,,{RESIDENT},,,,,{2**64},,\n", ["is no whole number from 0 to 18446744073709551615"]),
    (HEADER + "refuse,,,,,,,,1,\n", ['line 2: conversion "1" is not 32 hex digits']),
    (HEADER + f"refuse,,,,,,,,{'0' * 32},{'x' * 201}\n", ["line 2: ", "reason"]),
    (HEADER + AWARD + "\n\n" + AWARD[:-2] + "\n", ["line 5: 9 cells, but the header has 10"]),
    (HEADER + AWARD + '"award,x\n', ["line 3: "]),
    (HEADER + AWARD.replace(",,", ",a\0b,", 1), ["line 2: a NUL byte"]),
    (HEADER + AWARD + f"convert,{'a' * 32},{RESIDENT},,,,,1,,\n" * 2, ["line 4: its id stands on line 3 already"]),
    (HEADER.replace("quest", "quests") + AWARD, ['line 1: no column is named "quests"; there are: type, id, account']),
    (HEADER.replace("quest", "id") + AWARD, ['line 1: column "id" stands there twice']),
    (AWARD + AWARD, ["line 1: "]), ("account,points\n1,2\n", ['line 1: the first line should name the columns, "type"']),
    ('{"type": "award"}\n\n{"type": \n', ["line 1: award needs account", "line 3: no JSON: it ends too soon"]),
    ('{"typo": "award"}\n', ['line 1: no column is named "typo"']), ('{"type": "award"} x\n', ["line 1: no JSON"]),
    (HEADER + AWARD + f'refuse,,,,,,,,{"0" * 32},"zwei\nZeilen"\n' + "aword" + AWARD[5:],
     ["line 3: the reason has more than one line; write it in one", 'line 5: type "aword"']),
    (HEADER + f"refuse,,,,,,,,{'0' * 32},a\tb\n", ["line 2: the reason holds a tab; write a blank"]),
    (HEADER + f"refuse,,,,,,,,{'0' * 32},a\x07b\n", ["line 2: the reason holds an invisible control character"]),
    (HEADER + AWARD + f'refuse,,,,,,,,{"0" * 32},"open\n' + AWARD * 3, ["line 3: a quote is opened here and never closed"]),
    (HEADER + f'refuse,,,,,,,,{"0" * 32},"a\nb"\n' + f'refuse,,,,,,,,{"0" * 32},"open\n' + AWARD + f'refuse,,,,,,,,{"0" * 32},"b"\n',
     ["line 4: a quote is opened here and not closed where the cell ends (line 6 has the next one)"]),
    (HEADER + f'refuse,,,,,,,,{"0" * 32},a "b"\n', ["line 2: a quote stands in the middle of a cell"]),
    (HEADER + f'refuse,,,,,,"a\nb",,"{"0" * 32}", "open\n' + AWARD, ["line 3: a quote is opened here and never closed"]),
    ('{"type": "close-account", "account": "%s", "reason": {"type": 1}, "type": "award"}\n{"type": "x\\"", "\\u0074ype": "x"}\n' % RESIDENT,
     ['line 1: "type" stands there twice', 'line 2: "type" stands there twice']),
    ('{"type": "convert", "points": 1.5}\n[1]\n', ["line 1: points should be a text or a whole number", "line 2: "]),
    (json.dumps(dict(type="refuse", conversion="0" * 32, reason="a\0b")) + "\n", ["line 1: reason has a NUL byte"]),
    (json.dumps(dict(type="convert", account=RESIDENT, points=2**64)) + "\n", ["line 1: points is too large a number"]),
]


def test_files_in_another_form(daemon, begun, tmp_path):
    path, before, award = tmp_path / "rows.csv", daemon.look(), HEADER + AWARD
    for data, said in [(award.encode("utf-16"), 'line 1: the file is not UTF-8: save it as UTF-8 (in Excel: "CSV UTF-8")'),
                       ((award + "open-account,,,札幌,,,,,,\n").encode("cp932"), "line 3: the file is not UTF-8: save it as UTF-8"),
                       (award.encode() + b"\xed\xa0\x80", "line 3: the file is not UTF-8"),
                       (award.encode() + "札".encode()[:2], "line 3: the file is not UTF-8"),
                       (award.replace(",", ";").encode(), "separated by commas, not by semicolons or tabs"),
                       (("\ufeff" + award.replace(",", "\t")).encode(), "separated by commas, not by semicolons or tabs"),
                       (json.dumps(STORY).encode(), "line 1: a JSON array: write one object a line"),
                       (b'\xef\xbb\xbf\n [\n{"type": "award"}\n]\n', "a JSON array")]:
        path.write_bytes(data)
        message = begun.refuses("batch", path)
        assert said in message and "1 mistake in " in message, (data, message)
    assert daemon.look() == before


def test_receipts_and_closing(daemon, begun, tmp_path):
    path = tmp_path / "rows.csv"
    begun.does("define-quest", 5, "レシート", "--first", "2021-11-01", "--last", "2022-02-25", "--step", "500=50", "--period", "daily",
               "--times", 3)
    begun.does("set-budget", 5, 1_000, *TWO)
    begun.does("register-shop", 3, "道の駅", "石狩")
    digest = "0123456789abcdef" * 4
    rows = [dict(type="open-account", account=RESIDENT, municipality="札幌"),
            dict(type="award", account=RESIDENT, quest=5, occurred_at="2021-11-01 08:00", receipt_digest=digest, shop=3, yen=700),
            dict(type="award", account=RESIDENT, quest=5, occurred_at="2021-11-01 08:00", receipt_digest=digest.upper(), shop=3,
                 yen=700),
            dict(type="award", account=RESIDENT, quest=1, occurred_at="2021-11-01 08:00"), dict(type="close-account", account=RESIDENT)]
    columns = HEADER.strip() + ",receipt_digest,shop,yen"
    path.write_text(columns + "\n" + "".join(
        ",".join(str(row.get(name, "")) for name in columns.split(",")) + "\n" for row in rows))
    got = begun.rows("batch", path, code=3)
    assert [(row["type"], row["outcome"], row["points"]) for row in got] == [
        ("open-account", "APPLIED", 0), ("award", "APPLIED", 50), ("award", "EVIDENCE_USED", 0), ("award", "APPLIED", 100),
        ("close-account", "APPLIED", 150)]
    summary = [line.split()[:4] for line in begun("batch", path, code=3).stdout.splitlines()[1:5]]
    assert summary == [["award", "APPLIED", "2", "150"], ["award", "EVIDENCE_USED", "1", "0"],
                       ["open-account", "APPLIED", "1", "0"], ["close-account", "APPLIED", "1", "150"]]
    receipt = daemon.client("auditor").transaction(uuid.UUID(got[1]["id"]).bytes).transaction.award.receipt
    assert (receipt.digest.hex(), receipt.shop, receipt.municipality, receipt.amount_yen) == (digest, 3, 12_351, 700)
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [row["outcome"] for row in begun.rows("batch", lines, code=3)] == ["ACCOUNT_EXISTS"] + ["ACCOUNT_CLOSED"] * 4


def test_wrong_rows_are_named_and_nothing_is_sent(daemon, begun, tmp_path):
    path, before = tmp_path / "wrong.csv", daemon.look()
    for text, said in WRONG:
        path.write_text(text)
        message = begun.refuses("batch", path)
        for line in said:
            assert line in message, (text, message)
        assert "nothing was signed or sent" in message
        assert not (tmp_path / "wrong.csv.outbox" / "envelopes").exists()
    assert daemon.look() == before


def test_no_rows_at_all(begun, tmp_path):
    path = tmp_path / "none.csv"
    assert "cannot read" in begun.refuses("batch", path)
    for text in ("", "\n", HEADER):
        path.write_text(text)
        assert "mistake" in (said := begun.refuses("batch", path)) or "no transactions" in said
    assert "--outbox" in begun.refuses("batch", path, "--out", tmp_path / "x")


def test_mended_file_after_wrong_rows(daemon, begun, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + f"open-account,,{RESIDENT},函館,,,,,,\n")
    begun.refuses("batch", path)
    path.write_text(HEADER + f"open-account,,{RESIDENT},札幌,,,,,,\n")
    assert [row["outcome"] for row in begun.rows("batch", path)] == ["APPLIED"]
    assert counted(daemon)[1] == 1


# ---- exactly once

def test_many_at_once_and_again(daemon, begun, tmp_path):
    path, before = tmp_path / "rows.csv", counted(daemon)
    count = a_file(path)
    started = time.monotonic()
    done = begun("batch", path)
    assert time.monotonic() - started < 5
    summary = done.stdout.splitlines()
    assert [line.split()[:5] for line in summary[1:]] == [["award", "APPLIED", f"{RESIDENTS:,}", f"{100 * RESIDENTS:,}", "0"],
                                                          ["open-account", "APPLIED", f"{RESIDENTS:,}", "0", "0"]]
    assert "\r" not in done.stderr and "%" not in done.stderr, "progress is for terminals"
    rows = begun.rows("batch", path)
    exactly_once(daemon, before, rows)
    assert {row["decided_before"] for row in rows} == {False}
    look = daemon.look()
    assert "going on with the outbox" in (again := begun("batch", path)).stderr and again.stdout == done.stdout
    assert begun.csv_rows("batch", path) == [
        {name: {True: "yes", False: "no"}[cell] if name == "decided_before" else str(cell) for name, cell in row.items()}
        for row in rows]
    assert daemon.look() == look


def test_killed_batches_are_resumed(daemon, begun, tmp_path):
    """Before any envelope, between envelopes, with several under way; what was decided unheard is known as such."""
    path, before = tmp_path / "rows.csv", counted(daemon)
    a_file(path)
    gate = Gate(daemon, tmp_path / "gate.sock", 3)  # no envelope's answer comes through
    early = begun.start("batch", path, "--socket", gate.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "rows.csv.outbox").exists():  # it is being written when the batch dies
        assert early.poll() is None
    early.kill()
    early.wait(DEADLINE)
    for answers in (0, 1, 2, 4, 1, 8, 12):
        killed_at(daemon, begun, path, tmp_path / "gate.sock", answers)
    rows = begun.rows("batch", path)
    exactly_once(daemon, before, rows)
    assert 0 < sum(row["decided_before"] for row in rows) < len(rows)
    look = daemon.look()
    assert begun.rows("batch", path) == rows and daemon.look() == look


def test_a_daemon_that_dies_in_the_middle(daemon, begun, tmp_path):
    path, before = tmp_path / "rows.csv", counted(daemon)
    a_file(path)
    for answers in (2, 5, 9):
        gate = Gate(daemon, tmp_path / "gate.sock", answers)
        process = begun.start("batch", path, "--socket", gate.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert gate.shut.wait(DEADLINE)
        daemon.kill9()
        output, message = process.communicate(timeout=DEADLINE)
        assert process.returncode == 1 and not output
        assert b"connection to pointsd was lost" in message
        assert (b"run the same command again" in message) == (answers > 2), "before that, nothing was sent"
        assert "is it running" in begun.refuses("batch", path, code=1)
        daemon.start()
    exactly_once(daemon, before, begun.rows("batch", path))


def test_killed_while_answers_are_written(daemon, begun, tmp_path):
    path, before = tmp_path / "rows.csv", counted(daemon)
    answers = tmp_path / "rows.csv.outbox" / "answers"
    a_file(path)
    for size in (1, 10_000, 20_000, 40_000, 60_000):
        process = begun.start("batch", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (answers.exists() and answers.stat().st_size >= size):
            pass
        process.kill()
        process.wait(DEADLINE)
    exactly_once(daemon, before, begun.rows("batch", path))


def test_rows_of_another_batch_count_as_decided_before(daemon, begun, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + f"open-account,{'a' * 32},{RESIDENT},札幌,,,,,,\n")
    (first,) = begun.rows("batch", path)
    look = daemon.look()
    shutil.rmtree(tmp_path / "rows.csv.outbox")
    (again,) = begun.rows("batch", path)
    assert again == first | {"decided_before": True}
    assert begun("batch", path).stdout.splitlines()[1].split()[:5] == ["open-account", "APPLIED", "1", "0", "1"]
    assert daemon.look() == look


# ---- the outbox

@pytest.fixture
def sent(begun, tmp_path):
    """A small batch that was sent: (tool, file, outbox)."""
    path = tmp_path / "rows.csv"
    a_file(path, 1_000)
    begun("batch", path)
    return begun, path, tmp_path / "rows.csv.outbox"


def test_an_outbox_belongs_to_one_file_and_ledger(daemon, sent, tmp_path):
    tool, path, outbox = sent
    other, look = tmp_path / "other.csv", daemon.look()
    a_file(other, 10)
    assert "belongs to another file" in tool.refuses("batch", other, "--outbox", outbox, code=1)
    path.write_text(path.read_text() + f"award,{account_of(1)},,1,2021-11-01 08:00\n")
    assert "the file was changed after it was signed" in tool.refuses("batch", path, code=1)
    a_file(path, 1_000)
    tool.rows("batch", path)
    (tmp_path / "another").mkdir()
    another = Daemon(tmp_path / "another")
    another.start()
    try:
        assert "signed for another ledger" in Tool(another.dir).refuses("batch", path, code=1)
        assert counted(another)[0] == 0
    finally:
        another.discard()
    assert daemon.look() == look


def test_answers_that_were_cut_off_are_asked_again(daemon, sent):
    tool, path, outbox = sent
    answers, look, rows = outbox / "answers", daemon.look(), tool.rows("batch", path)
    whole = answers.read_bytes()
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:] for at in (0, 3, 7, 8, 41, 43, len(whole) // 2, -2)]
    for damaged in (b"", whole[:-1], whole[:50], whole + b"\0" * 20, *flipped):
        answers.write_bytes(damaged)
        got = tool.rows("batch", path)
        assert [row | {"decided_before": False} for row in got] == rows
        assert answers.stat().st_size >= len(whole)
    assert daemon.look() == look


def test_a_damaged_outbox_is_not_sent(daemon, sent):
    tool, path, outbox = sent
    envelopes, look = outbox / "envelopes", daemon.look()
    whole = envelopes.read_bytes()
    for damaged in (b"", whole[:-1], whole[:20], bytes([whole[0] ^ 1]) + whole[1:], whole[:5_000] + b"x" + whole[5_001:]):
        envelopes.write_bytes(damaged)
        assert "is damaged" in tool.refuses("batch", path, code=1)
    assert daemon.look() == look


def test_one_run_at_a_time(daemon, begun, tmp_path):
    path = tmp_path / "rows.csv"
    a_file(path, 1_000)
    gate = Gate(daemon, tmp_path / "gate.sock", 4)
    first = begun.start("batch", path, "--socket", gate.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    assert "another run uses the outbox" in begun.refuses("batch", path, code=1)
    first.kill()
    first.wait(DEADLINE)
    assert len(begun.rows("batch", path)) == 2_000


def test_outbox_in_a_folder_of_ones_choice(begun, tmp_path):
    path = tmp_path / "rows.csv"
    a_file(path, 10)
    assert len(begun.rows("batch", path, "--outbox", tmp_path / "box")) == 20
    assert sorted(p.name for p in (tmp_path / "box").iterdir()) == ["answers", "envelopes"]
    assert not (tmp_path / "rows.csv.outbox").exists()
    assert "cannot open the outbox" in begun.refuses("batch", path, "--outbox", tmp_path / "none" / "box", code=1)


# ---- refusals

def test_refused_rows(daemon, begun, tmp_path):
    path = tmp_path / "rows.csv"
    a_file(path, 10)
    path.write_text(path.read_text() + f"award,{account_of(0)},,1,2021-11-01 08:00\n" * 30)
    done = begun("batch", path, code=3)
    lines = done.stdout.splitlines()
    assert [line.split()[:5] for line in lines[1:4]] == [
        ["award", "APPLIED", "10", "1,000", "0"], ["award", "ALREADY_AWARDED", "30", "0", "0"],
        ["open-account", "APPLIED", "10", "0", "0"]]
    assert [line.split()[0] for line in lines[7:27]] == [str(number) for number in range(22, 42)]
    assert lines[27].startswith("and 10 more; ")
    rows = begun.rows("batch", path, code=3)
    assert [row["line"] for row in rows if row["outcome"] == "ALREADY_AWARDED"] == list(range(22, 52))
    assert counted(daemon)[2]["issued"] == 1_000


def test_refused_whole_then_permitted(daemon, begun, tmp_path):
    path, before, look = tmp_path / "rows.csv", counted(daemon), daemon.look()
    count = a_file(path, 2_000)
    for _ in range(2):
        message = begun.refuses("batch", path, "--key", "waon", code=4)
        assert f"0 of {count} transactions are answered" in message
        assert "NOT_PERMITTED" in message and "use the right key with --key" in message
    said = begun.refuses("batch", path, code=4)
    assert f"going on with the outbox {path}.outbox, which was signed with waon; if that is refused, run the same command" in said
    assert daemon.look() == look
    exactly_once(daemon, before, begun.rows("batch", path, "--key", "app"), 2_000)


def test_a_key_that_is_revoked_in_the_middle(daemon, begun, tmp_path):
    path, key = tmp_path / "rows.csv", tmp_path / "new.key"
    count = a_file(path, 4_000)
    begun("keygen", key)
    assert "KEY_UNKNOWN" in begun.refuses("batch", path, "--key", key, code=4)
    begun.does("register-key", key, "app", "New backend", *TWO)
    gate = Gate(daemon, tmp_path / "gate.sock", 5)
    process = begun.start("batch", path, "--socket", gate.path, "--key", key, stdout=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    process.kill()
    process.wait(DEADLINE)
    begun.does("revoke-key", key, *TWO)
    before = counted(daemon)
    assert "KEY_REVOKED" in (message := begun.refuses("batch", path, code=4)) and "sign with the key" in message
    assert f" of {count} transactions are answered" in message and counted(daemon) == before
    rows = begun.rows("batch", path, "--key", "app")
    assert {row["outcome"] for row in rows} == {"APPLIED"} and len({row["sequence"] for row in rows}) == count
    assert counted(daemon)[1:] == (4_000, dict(issued=400_000, balances=400_000, held=0, donated=0, converted=0))


def test_a_lost_answer_to_a_single_transaction(daemon, begun, tmp_path):
    gate = Gate(daemon, tmp_path / "gate.sock", 3)
    process = begun.start("open-account", RESIDENT, "札幌", "--socket", gate.path, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert gate.shut.wait(DEADLINE)
    daemon.kill9()
    output, message = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1 and not output and b"before you try again, ask: points transaction " in message
    daemon.start()
    assert begun.row("transaction", message.split()[-1].decode())["outcome"] == "APPLIED"
    assert counted(daemon)[1] == 1


# ---- progress

def on_a_terminal(tool, *args):
    """What it writes on a terminal as stderr, and how it leaves."""
    ours, theirs = pty.openpty()
    process = tool.start(*args, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 4_096)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    return process.wait(DEADLINE), written.decode()


def test_progress_on_a_terminal(begun, tmp_path):
    path = tmp_path / "rows.csv"
    count = a_file(path)
    code, written = on_a_terminal(begun, "batch", path)
    assert code == 0
    shown = [line for line in written.replace("\r\n", "\r").split("\r") if "answered" in line]
    assert shown and all(f" of {count} transactions answered (" in line for line in shown)
    assert shown[-1] == f"{count} of {count} transactions answered (100%)" and written.endswith("\r\n")


# ---- reversals

def test_rows_that_reverse(daemon, begun, tmp_path):
    path, awards = tmp_path / "reversals.csv", []
    for number in range(3):
        begun.does("open-account", account_of(number), "札幌")
        awards.append(begun.does("award", account_of(number), 1)["id"])
    before = daemon.look()
    path.write_text("type,target,reason\n" + f"reverse,{awards[0]},\nreverse,x,y\naward,{awards[0]},x\n")
    message = begun.refuses("batch", path, *TWO)
    for said in ("line 2: reverse needs reason", 'line 3: target "x" is not 32 hex digits', "line 4: award takes no target"):
        assert said in message
    path.write_text(f"type,target,reason\nreverse,{awards[0]},二重投稿\n")
    for keys in ((), ("--key", "operator-1")):
        assert "give --key operator-1 --key operator-2" in begun.refuses("batch", path, *keys)
    assert daemon.look() == before
    rows = begun.rows("batch", path, *TWO)
    assert [(row["type"], row["outcome"], row["points"]) for row in rows] == [("reverse", "APPLIED", 100)]
    path.write_text(f"type,target,reason\nreverse,{awards[0]},二度\n")
    assert [row["outcome"] for row in begun.rows("batch", path, *TWO, "--outbox", tmp_path / "box", code=3)] == ["ALREADY_REVERSED"]
    assert daemon.client("auditor").trial_balance().total.reversed == 100
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(json.dumps(dict(type="reverse", target=awards[2], reason="x")) + "\n" +
                     json.dumps(dict(type="award", account=account_of(0), quest=1, occurred_at="2021-11-01 08:00")))
    assert [row["outcome"] for row in begun.rows("batch", mixed, *TWO, "--key", "app", code=3)] == ["APPLIED", "ALREADY_AWARDED"]


# ---- the settlement run

WAITING = 5


@pytest.fixture
def waiting(begun, tmp_path):
    """Conversions of 10, 11 … points that wait, by id; exported to `out.csv`."""
    begun.does("open-account", RESIDENT, "札幌")
    begun.does("award", RESIDENT, 1)
    begun.conversions = [begun.does("convert", RESIDENT, 10 + number)["id"] for number in range(WAITING)]
    begun.exported = tmp_path / "out.csv"
    begun("waon", "export", begun.exported)
    return begun


def results(path, rows, columns="conversion,result,reason"):
    path.write_text(columns + "\n" + "".join(",".join(row) + "\n" for row in rows))
    return path


def imports(tool, path, *args, code=0):
    return tool("waon", "import", path, "--exported", tool.exported, "--json", *args, code=code)


def outcomes(done):
    (rows,) = json.loads(done.stdout).values()
    return [(row["line"], row["type"], row["outcome"], row["points"], row["decided_before"]) for row in rows]


def test_waon_export(daemon, waiting, tmp_path):
    text = waiting.exported.read_bytes()
    header, *rows, last, rest = text.split(b"\r\n")
    assert header == b"number,sequence,conversion,account,points,fee_points,payout_points,requested_at" and rest == b"" and len(rows) == WAITING
    digest = hashlib.sha256(b"".join(row + b"\r\n" for row in rows)).hexdigest()
    assert last.decode() == f"total,{WAITING},{digest},,60,0,60,"
    pending = waiting.rows("conversions")
    assert [row.decode() for row in rows] == [
        f"{number},{row['sequence']},{row['conversion']},{RESIDENT},{row['points']},0,{row['points']},2021-11-01 09:00:00"
        for number, row in enumerate(pending, 1)]
    assert "exists" in waiting.refuses("waon", "export", waiting.exported) and waiting.exported.read_bytes() == text
    again = tmp_path / "again.csv"
    assert waiting.row("waon", "export", again) == {
        "file": str(again), "conversions": WAITING, "points": 60, "fee_points": 0, "payout_points": 60, "sha256": digest}
    assert again.read_bytes() == text and again.stat().st_mode & 0o777 == 0o600
    assert "none of: export, import" in waiting.refuses("waon", "exprot", again)
    assert "go with import" in waiting.refuses("waon", "export", tmp_path / "x", "--outbox", tmp_path)
    assert "--exported is missing" in waiting.refuses("waon", "import", again)
    assert "NOT_PERMITTED" in waiting.refuses("waon", "export", tmp_path / "x", "--key", "app", code=4)
    assert not (tmp_path / "x").exists()


def test_waon_import_and_again(daemon, waiting, tmp_path):
    first, second, third, fourth, fifth = waiting.conversions
    late = waiting.does("convert", RESIDENT, 1)["id"]
    path = results(tmp_path / "results.csv", [[second, "refused", "カードなし", "7"], [first.upper(), "settled", "", "8"],
                                              [fifth, "settled", "", "9"]], "conversion,result,reason,terminal")
    done = imports(waiting, path)
    applied = [(2, "refuse", "APPLIED", 11, False), (3, "settle", "APPLIED", 10, False), (4, "settle", "APPLIED", 14, False)]
    assert outcomes(done) == applied
    for said in ("5 exported; 3 results: 2 settled, 1 refused; 0 of them answered before",
                 f"missing: no result for number 3, conversion {third}, 12 points",
                 f"missing: no result for number 4, conversion {fourth}, 13 points",
                 "missing: 2 of 5 exported conversions wait and have no result", "1 more wait that were not exported"):
        assert said in done.stderr, done.stderr
    assert [row["conversion"] for row in waiting.rows("conversions")] == [third, fourth, late]
    entry = daemon.client("auditor").whole_statement(uuid.UUID(RESIDENT).bytes)[0][2].transaction
    assert entry.refuse_conversion.reason == "カードなし"
    before = daemon.look()
    again = imports(waiting, path)
    assert outcomes(again) == applied and "going on with the outbox" in again.stderr and "3 of them answered before" in again.stderr
    fresh = imports(waiting, path, "--outbox", tmp_path / "other")
    assert outcomes(fresh) == [row[:4] + (True,) for row in applied]
    assert daemon.look()[2] == before[2], "nothing moved"
    rest = results(tmp_path / "rest.csv", [[first, "settled"], [third, "settled"], [fourth, "refused"]], "conversion,result")
    done = imports(waiting, rest)
    assert [(outcome, points, known) for _, _, outcome, points, known in outcomes(done)] == [
        ("APPLIED", 10, True), ("APPLIED", 12, False), ("APPLIED", 13, False)]
    assert "missing" not in done.stderr
    other = results(tmp_path / "contrary.csv", [[third, "refused", ""]])
    assert [row[2] for row in outcomes(imports(waiting, other, code=3))] == ["CONVERSION_NOT_PENDING"]
    shown = waiting("waon", "import", other, "--exported", waiting.exported, code=3).stdout
    assert "\nNot taken; with CONVERSION_NOT_PENDING, the conversion was answered before, and that answer stands:\nLINE" in shown
    assert re.search("^ *2 .* refuse +CONVERSION_NOT_PENDING", shown, re.M) and "fresh id" not in shown
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert outcomes(imports(waiting, path, "--outbox", tmp_path / "crlf")) == [row[:4] + (True,) for row in applied]


def test_waon_import_when_the_daemon_dies(daemon, waiting, tmp_path):
    """Decided, unheard, and sent again: once."""
    path = results(tmp_path / "results.csv", [[conversion, "settled", ""] for conversion in waiting.conversions])
    gate = Gate(daemon, tmp_path / "gate", 3)  # hello, proof, conversions; the envelope's answer is kept back
    process = waiting.start("waon", "import", path, "--exported", waiting.exported, "--socket", gate.path,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert gate.shut.wait(DEADLINE)
    process.kill()
    process.wait(DEADLINE)
    gate.thread.join(DEADLINE)
    assert waiting.rows("conversions") == []
    assert {row[2:] for row in outcomes(imports(waiting, path))} == {("APPLIED", 10 + n, True) for n in range(WAITING)}
    assert daemon.client("auditor").trial_balance().total.converted == 60


def test_results_that_do_not_match(daemon, waiting, tmp_path):
    first, second, *_ = waiting.conversions
    before, path = daemon.look(), tmp_path / "results.csv"
    for rows, said in [([["1" * 32, "settled", ""]], f"line 2: conversion {'1' * 32} is unknown: it is not in the exported file"),
                       ([[first, "settled", ""], [first, "refused", ""]], f"line 3: conversion {first} stands on line 2 already"),
                       ([[first, "Settled", ""]], 'line 2: result "Settled" is none of: settled, refused'),
                       ([["x", "settled", ""]], 'line 2: conversion "x" is not 32 hex digits'),
                       ([[first, "settled", "why"]], "line 2: what is settled has no reason"),
                       ([[first, "refused", "x" * 201]], "line 2: "), ([[first, "settled"]], "line 2: 2 cells, but the first line has 3"),
                       ([], "holds no results")]:
        assert said in waiting.refuses("waon", "import", results(path, rows), "--exported", waiting.exported), said
    assert 'no column "result"' in waiting.refuses("waon", "import", results(path, [], "conversion"), "--exported", waiting.exported)
    path.write_text("")
    assert "is empty" in waiting.refuses("waon", "import", path, "--exported", waiting.exported)
    results(path, [[first, "settled", ""]])
    text = waiting.exported.read_bytes()
    lines = text.splitlines(keepends=True)
    for changed, said in [(text.replace(b",10,", b",90,"), "count or points"), (b"".join(lines[:-1]), "totals is missing"),
                          (b"".join(lines[:2] + lines[3:]), "not numbered"), (text.replace(b"09:00:00", b"09:00:01"), "the digest"),
                          (text.replace(b"number,", b"row,"), "the columns"), (text.replace(b"\r\n", b"\n"), "line 1: the lines end with LF alone, no longer with CR LF"),
                          (text.replace(b",11,", b",x,"), "line 3: a cell cannot be read"), (b"", "is empty")]:
        waiting.exported.write_bytes(changed)
        assert said in waiting.refuses("waon", "import", path, "--exported", waiting.exported), said
    assert "cannot read" in waiting.refuses("waon", "import", path, "--exported", tmp_path / "none")
    assert daemon.look() == before and not (tmp_path / "results.csv.outbox" / "envelopes").exists()
