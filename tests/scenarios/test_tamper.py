"""One changed byte anywhere in what the ledger stores: the auditor must find it and name the place."""
import datetime
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import time

import pytest

import pointsclient as pc
from conftest import binary
from history import History
from pointsclient import transaction as tx

EDITS = int(os.environ.get("TAMPER_EDITS", "160"))
RAW_EDITS = int(os.environ.get("TAMPER_RAW_EDITS", "60"))
SEED = 20211112
TRANSACTIONS = 400
TABLES = ("headers", "bodies", "tree", "texts", "checkpoints", "cosigned")
SAPPORO = 11_002
WITNESS = "witness.test/w"


def tamper(*arguments):
    helper = pathlib.Path(binary("points-audit")).parent / "tests" / "tamper"
    done = subprocess.run([str(helper), *map(str, arguments)], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verify(folder):
    done = subprocess.run([binary("points-audit"), "verify", str(folder)], capture_output=True, text=True, timeout=30,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def records(folder):
    """What the ledger stores, as (table, key in hex, size); but for the number of the format, which is no part of the proof."""
    rows = [row.split() for row in tamper(folder, "list").splitlines()]
    kept = [(table, key, int(size)) for table, key, size in rows if (table, key) != ("meta", b"format".hex())]
    assert {table for table, _, _ in kept} == set(TABLES)
    return kept


def place(table, key, newest):
    """How the fault must begin that names the record; `newest`: the key of the last checkpoint."""
    if table == "cosigned":
        return f"FAULT in the cosigned checkpoint of {date_of(int(key, 16))}: "
    if table == "checkpoints":
        return "FAULT in the checkpoint: " if key == newest else f"FAULT in the checkpoint of {date_of(int(key, 16))}: "
    if table == "texts":
        return "FAULT in the texts: the text of notice "
    return f"FAULT in block {int(key, 16)}: "


def date_of(day):
    """A JST day as it is printed."""
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


def edits(stored):
    """First and last byte of the first, a middle and the last record of each table, all bits of them; then bytes at random."""
    dice = random.Random(SEED)
    for table in TABLES:
        of_table = [r for r in stored if r[0] == table]
        for _, key, size in {of_table[0], of_table[len(of_table) // 2], of_table[-1]}:
            for offset in (0, size - 1):
                yield table, key, offset, 0xff
    for _ in range(EDITS):
        table = dice.choice(["headers", "bodies", "bodies", "tree", "texts", "checkpoints", "cosigned"])
        _, key, size = dice.choice([r for r in stored if r[0] == table])
        yield table, key, dice.randrange(size), dice.choice([1 << dice.randrange(8), dice.randrange(1, 256)])


def post_notices(ledger, client):
    """Three notices, the second of them withdrawn and erased; each with its text and the key of its record."""
    key = pc.key_from_file(ledger.dir / "keys" / f"municipality-{SAPPORO:06}.key")
    texts = [pc.notice_text(f"お知らせ {n}", "x" * size) for n, size in enumerate((1, 20, 1_900))]
    posted = [tx.Transaction(id=pc.new_uuid7(), post_notice=tx.PostNotice(
        municipality=SAPPORO, text_sha256=hashlib.sha256(text).digest(), last_day=2_932_896)) for text in texts]
    target = dict(municipality=SAPPORO, notice=posted[1].id)
    undone = [tx.Transaction(id=pc.new_uuid7(), withdraw_notice=tx.WithdrawNotice(**target)),
              tx.Transaction(id=pc.new_uuid7(), erase_notice=tx.EraseNotice(**target))]
    reply = client.submit(posted, [key], texts)
    assert set(pc.codes(reply) + pc.codes(client.submit(undone, [key]))) == {"APPLIED"}
    return [(p.id.hex(), f"{reply.first_sequence + n:016x}", text) for n, (p, text) in enumerate(zip(posted, texts))]


def register_witness(ledger, client):
    """The secret key of a witness, registered under its name."""
    key = pc.key_from_seed(b"w" * 32)
    registered = tx.Transaction(id=pc.new_uuid7(), register_key=tx.RegisterKey(
        key=pc.public(key), role=tx.WITNESS, holder=WITNESS))
    assert pc.codes(client.submit([registered], [ledger.keys["operator-1"], ledger.keys["operator-2"]])) == ["APPLIED"]
    return key


def cosign(client, key):
    client.add_cosignature(pc.cosign(client.checkpoint(), WITNESS, key, int(time.time())), pc.public(key))


@pytest.fixture
def stored(ledger):
    """The folder of a small ledger of all kinds of transactions, at rest, cosigned now and then; its notices are
    `ledger.notices`."""
    ledger.start()
    client = ledger.client()
    witness = register_witness(ledger, client)
    history = History(SEED, ledger.model(), client.ledger_id, [*ledger.keys.values(), *ledger.offices.values()])
    for step in history.steps(TRANSACTIONS):
        client.send(submit=step.signed())
        client.receive(client.last_id)
        if client.last_id % 20 == 0:
            cosign(client, witness)
    ledger.notices = post_notices(ledger, client)
    ledger.stop()
    return ledger.dir / "ledger"


def test_every_changed_byte_is_found(stored, tmp_path):
    code, output = verify(stored)
    assert code == 0, output
    kept = records(stored)
    newest = max(key for table, key, _ in kept if table == "checkpoints")
    for table, key, offset, mask in edits(kept):
        copy = tmp_path / "copy"
        copy.mkdir()
        shutil.copy(stored / "data.mdb", copy)
        tamper(copy, "flip", table, key, offset, mask)
        code, output = verify(copy)
        assert code == 1 and output.startswith(place(table, key, newest)) and output.count("\n") == 1, (
            table, key, offset, mask, code, output)
        shutil.rmtree(copy)


def test_texts_that_should_not_be_there_or_are_not(ledger, stored):
    """A text exchanged, taken away, put back after it was erased, or of no notice: neither audited nor served."""
    one, erased, last = ledger.notices
    whole, data = (stored / "data.mdb").read_bytes(), stored / "data.mdb"
    no_notice = f"{int(last[1], 16) + 1:016x}"
    texts = sum(table == "texts" for table, _, _ in records(stored))
    for edits_made, said in [
            ([("put", one[1], last[2].hex())], f"the text of notice {one[0]} (sequence {int(one[1], 16)}) does not have"),
            ([("take", one[1])], f"the text of notice {one[0]} (sequence {int(one[1], 16)}) is missing, and was not erased"),
            ([("take", last[1])], f"the text of notice {last[0]} (sequence {int(last[1], 16)}) is missing"),
            ([("put", erased[1], erased[2].hex())],
             f"the text of notice {erased[0]} (sequence {int(erased[1], 16)}) is there, though it was erased"),
            ([("put", no_notice, "78")], f"{texts + 1} are stored, but the blocks know of {texts}"),
            ([("put", "00", "78")], f"{texts + 1} are stored, but the blocks know of {texts}"),
            ([("take", one[1]), ("put", no_notice, "78")], f"the text of notice {one[0]}")]:
        for how, *arguments in edits_made:
            tamper(stored, how, "texts", *arguments)
        code, output = verify(stored)
        assert code == 1 and output.startswith(f"FAULT in the texts: {said}") and output.count("\n") == 1, output
        assert f"this ledger is not served: in the texts: {said}" in ledger.refuses_to_start()
        data.write_bytes(whole)
    assert verify(stored)[0] == 0


def test_a_copy_cut_short_cannot_be_read(stored, tmp_path):
    shutil.copy(stored / "data.mdb", tmp_path)
    data = tmp_path / "data.mdb"
    size = data.stat().st_size
    for left in (size // 2, 8192, 4096, 100, 0):
        with open(data, "r+b") as file:
            file.truncate(left)
        code, output = verify(tmp_path)
        assert code == 3 and re.match("points-audit: .+\n", output), (left, code, output)


def test_damage_of_the_database_itself_ends_in_words(stored, tmp_path):
    """Bits of LMDB's own pages: what it trips over is told, never a bare signal."""
    whole = (stored / "data.mdb").read_bytes()
    dice = random.Random(SEED)
    structural = [page + offset for page in range(0, len(whole), 4096) for offset in (*range(8, 24), 41, 44, 45)]
    for offset in dice.sample(structural, RAW_EDITS):
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << dice.randrange(8)
        (tmp_path / "data.mdb").write_bytes(damaged)
        code, output = verify(tmp_path)
        assert code in (0, 1, 3) and output, (offset, code, output)


def test_wrong_use_and_nothing_to_read(ledger, tmp_path):
    assert verify(tmp_path)[0] == 3
    assert verify(tmp_path / "none")[0] == 3
    ledger.start()
    code, output = verify(ledger.dir / "ledger")
    assert code == 3 and "in use" in output and "points-audit backup" in output
    (tmp_path / "data.mdb").touch()
    assert "data.mdb is empty, and no LMDB database" in verify(tmp_path)[1]
    for arguments in ([], ["verify"], ["verify", "--none"], ["verify", "a", "b"], ["check", "a"]):
        done = subprocess.run([binary("points-audit"), *arguments], capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 2 and "points-audit" in done.stderr.splitlines()[-1] + done.stderr.splitlines()[0], arguments
