"""The scrub: a running daemon goes through all its blocks, and leaves when one is not as it was written."""
import ctypes
import pathlib
import shutil
import signal
import uuid

import pytest

import pointsclient as pc
from conftest import Daemon
from test_bad_input import SAPPORO
from test_snapshots import snapshots, wait_until
from tool import Tool

WHOLE = "blocks are as they were written"


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A daemon at rest with so many blocks that index and snapshot know the older ones: a start does not look at them."""
    made = Daemon(tmp_path_factory.mktemp("scrub"))
    made.start()
    rows = made.dir / "many.csv"
    rows.write_text("type,account,municipality\n" + "".join(f"open-account,{uuid.uuid4()},{SAPPORO}\n" for _ in range(530_000)))
    Tool(made.dir)("batch", rows)
    ids, client = made.dir / "ledger.derived" / "ids", made.client("auditor")
    wait_until(made, lambda: client.hello() and list(ids.glob("*.run")), "ids stay in memory")
    made.blocks = client.blocks(0, 4)
    made.stop()
    assert snapshots(made)
    return made


@pytest.fixture
def old(many):
    """Its ledger may be changed."""
    kept = many.dir / "kept"
    shutil.copytree(many.dir / "ledger", kept)
    yield many
    many.discard()
    shutil.rmtree(many.dir / "ledger")
    kept.rename(many.dir / "ledger")


def change(daemon, data):
    """Changes a bit of these bytes wherever the ledger's file has them."""
    file = daemon.dir / "ledger" / "data.mdb"
    whole = file.read_bytes()
    assert data in whole
    file.write_bytes(whole.replace(data, data[:8] + bytes([data[8] ^ 1]) + data[9:]))


def test_it_goes_through_all_that_is_there(ledger):
    ledger.start()
    wait_until(ledger, lambda: f"all 1 {WHOLE}" in ledger.messages(), "it did not go through all")
    ledger.stop()


def leaves(daemon):
    return [pc.leaf_hash(b.header) for b in daemon.blocks]


@pytest.mark.parametrize("find, said", [
    (lambda d: d.blocks[2].header[-40:], "block 2: the tree's hash at level 0 is not that of the header"),
    (lambda d: d.blocks[2].body.envelope[100:140], "block 2: the envelope does not have the hash that the header gives"),
    (lambda d: leaves(d)[2], "block 2: the tree's hash at level 0 is not that of the header"),
    (lambda d: pc.node_hash(*leaves(d)[2:4]), "block 3: the tree's hash at level 1 is not that of the subtree")],
    ids=("header", "envelope", "leaf", "subtree"))
def test_a_block_that_was_changed_ends_the_daemon(old, find, said):
    change(old, find(old))
    message = old.refuses_to_start()
    assert "going on from the snapshot" in message  # so it was not the start that found it
    assert "leaving: the ledger is not as it was written: " + said in message, message


def test_without_it_nobody_looks(old):
    change(old, old.blocks[2].body.envelope[100:140])
    old.configure("ledger", "scrub_days", 0)
    old.start()
    assert old.client().hello().transactions == 530_000
    old.stop()
    old.configure("ledger", "scrub_days", 30)


def thread(process, name):
    tasks = pathlib.Path(f"/proc/{process.pid}/task")
    return next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text() == name + "\n")


def test_a_page_that_cannot_be_read_is_named(old):
    """As when the disk fails below a page that is mapped."""
    old.start()
    wait_until(old, lambda: "scrub" in [t.read_text().strip() for t in pathlib.Path(f"/proc/{old.process.pid}").glob("task/*/comm")],
               "it does not begin")
    ctypes.CDLL(None).tgkill(old.process.pid, thread(old.process, "scrub"), signal.SIGBUS)
    assert old.ended_by_itself() == 3
    assert "a page of it cannot be read" in old.messages()
