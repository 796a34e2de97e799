"""One changed byte anywhere in what the ledger stores: the auditor must find it and name the block."""
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

from conftest import binary
from history import History

EDITS = int(os.environ.get("TAMPER_EDITS", "160"))
RAW_EDITS = int(os.environ.get("TAMPER_RAW_EDITS", "60"))
SEED = 20211112
CHECKPOINT = "checkpoint"
TRANSACTIONS = 400


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
    assert {table for table, _, _ in kept} == {"headers", "bodies", "tree", "meta"}
    return kept


def place(table, key):
    """How the fault must begin that names the record."""
    if table == "meta":
        assert bytes.fromhex(key).decode() == CHECKPOINT
        return "FAULT in the checkpoint: "
    return f"FAULT in block {int(key, 16)}: "


def edits(stored):
    """First and last byte of the first, a middle and the last record of each table, all bits of them; then bytes at random."""
    dice = random.Random(SEED)
    for table in ("headers", "bodies", "tree", "meta"):
        of_table = [r for r in stored if r[0] == table]
        for _, key, size in {of_table[0], of_table[len(of_table) // 2], of_table[-1]}:
            for offset in (0, size - 1):
                yield table, key, offset, 0xff
    for _ in range(EDITS):
        table = dice.choice(["headers", "bodies", "bodies", "tree", "meta"])
        _, key, size = dice.choice([r for r in stored if r[0] == table])
        yield table, key, dice.randrange(size), dice.choice([1 << dice.randrange(8), dice.randrange(1, 256)])


@pytest.fixture
def stored(ledger):
    """The folder of a small ledger of all kinds of transactions, at rest."""
    ledger.start()
    client = ledger.client()
    history = History(SEED, ledger.model(), client.ledger_id, list(ledger.keys.values()))
    for step in history.steps(TRANSACTIONS):
        client.send(submit=step.signed())
        client.receive(client.last_id)
    ledger.stop()
    return ledger.dir / "ledger"


def test_every_changed_byte_is_found(stored, tmp_path):
    code, output = verify(stored)
    assert code == 0, output
    for table, key, offset, mask in edits(records(stored)):
        copy = tmp_path / "copy"
        copy.mkdir()
        shutil.copy(stored / "data.mdb", copy)
        tamper(copy, "flip", table, key, offset, mask)
        code, output = verify(copy)
        assert code == 1 and output.startswith(place(table, key)) and output.count("\n") == 1, (
            table, key, offset, mask, code, output)
        shutil.rmtree(copy)


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
    assert code == 3 and "in use" in output
    for arguments in ([], ["verify"], ["verify", "--all"], ["verify", "a", "b"], ["check", "a"]):
        done = subprocess.run([binary("points-audit"), *arguments], capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 2 and done.stderr.startswith("usage: points-audit"), arguments
