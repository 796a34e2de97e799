"""Snapshots of the state: what a daemon that went on from one answers, and what becomes of snapshots that do not fit."""
import copy
import hashlib
import random
import shutil
import struct
import time

import pytest

import compare
from test_random_histories import begin, compare_all, play

EVERY = 500        # transactions between two snapshots
HEADER_PAGE = 4_096
DEADLINE = 20.0
HEADER_BYTES = 16 + 32 + 8 + 8 + 32 + 8 + 32 + 32  # its hash stands at the end
PROGRAM_AT = 16
GENESIS_AT = 24 + 16  # in the state, after its head and its own length


def derived(daemon):
    return daemon.dir / "ledger.derived"


def snapshots(daemon):
    """Files of snapshots, oldest first."""
    return sorted(derived(daemon).glob("state-*.snapshot"))


def wait_until(daemon, true, what):
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, f"{what}:\n{daemon.messages()}"
        time.sleep(0.002)


def wait_for_snapshot(daemon, made):
    """Asks on, since snapshots are made between requests, until the log has so many, or failures to make one."""
    client = daemon.client()
    said = lambda: client.hello() and daemon.messages().count("snapshot of the state after") >= made
    wait_until(daemon, said, f"there are no {made} snapshots")


def start_with_snapshots(ledger, every=EVERY):
    ledger.configure("ledger", "snapshot_transactions", every)
    ledger.start()


def play_to_snapshot(daemon, history, transactions):
    """Plays on until one more snapshot is there; the newest."""
    made = daemon.messages().count("snapshot of the state after")
    play(daemon, list(history.steps(transactions)))
    wait_for_snapshot(daemon, made + 1)
    return snapshots(daemon)[-1]


def start_saying(daemon):
    """Starts the daemon; what it says."""
    before = len(daemon.messages())
    daemon.start()
    return daemon.messages()[before:]


def goes_on_from_snapshot(daemon, true=True):
    """Starts the daemon, which must go on from a snapshot, or fold all; what it says."""
    said = start_saying(daemon)
    assert ("going on from the snapshot" in said) == true, said
    return said


@pytest.fixture
def stopped(ledger):
    """A ledger with a history and a snapshot that is not its end; stopped, with snapshots off."""
    start_with_snapshots(ledger)
    history = begin(ledger, 11)
    play_to_snapshot(ledger, history, 700)
    play(ledger, list(history.steps(60)))
    ledger.stop()
    ledger.configure("ledger", "snapshot_transactions", 0)
    assert len(snapshots(ledger)) == 1
    return ledger, history


def audit(daemon):
    if daemon.running:
        daemon.stop()
    code, output = daemon.audit()
    assert code == 0, output


# ---- going on from a snapshot


@pytest.mark.parametrize("seed", (5, 6))
def test_what_goes_on_from_a_snapshot_answers_as_ever(ledger, seed):
    """Each query against the model, after each start from a snapshot; in the end the same from the whole ledger."""
    start_with_snapshots(ledger)
    history = begin(ledger, seed)
    for stop in (ledger.stop, ledger.kill9, ledger.stop):
        play_to_snapshot(ledger, history, 1_500)
        play(ledger, list(history.steps(100)))
        compare_all(ledger, history)
        stop()
        goes_on_from_snapshot(ledger)
        compare_all(ledger, history)
    ledger.stop()
    shutil.rmtree(derived(ledger))
    goes_on_from_snapshot(ledger, False)
    compare_all(ledger, history)
    audit(ledger)


def test_ids_that_the_index_lacks_are_added_before_the_snapshot(stopped):
    """What was sent before the snapshot is still known, though the index of ids is gone."""
    daemon, history = stopped
    shutil.rmtree(derived(daemon) / "ids")
    goes_on_from_snapshot(daemon)
    play(daemon, [history.step(s.transactions, s.signers, s.dry_run_sha256) for s in history.steps_made[:40]])
    compare_all(daemon, history)
    audit(daemon)


def test_only_the_newest_is_kept(ledger):
    start_with_snapshots(ledger)
    history = begin(ledger, 12)
    names = [play_to_snapshot(ledger, history, 600).name for _ in range(3)]
    assert len(set(names)) == 3 and names == sorted(names)
    assert [path.name for path in snapshots(ledger)] == names[-1:]
    audit(ledger)


def test_none_are_made_when_none_are_wanted(ledger):
    start_with_snapshots(ledger, 0)
    play(ledger, list(begin(ledger, 13).steps(700)))
    ledger.stop()
    assert not list(derived(ledger).glob("state*"))


def test_a_power_cut_at_any_moment(ledger):
    """With a snapshot always under way: what is on disk is the ledger's, whatever became of the snapshot."""
    start_with_snapshots(ledger, 1)
    history, chance = begin(ledger, 14), random.Random(14)
    for _ in range(25):
        play(ledger, list(history.steps(chance.randint(1, 60))))
        ledger.kill9()
        ledger.start()
        compare.books(ledger.client("auditor"), history.model)
        assert "is not used" not in ledger.messages()
    compare_all(ledger, history)
    ledger.stop()
    assert len(snapshots(ledger)) == 1 and not (derived(ledger) / "state.new").exists()
    audit(ledger)


# ---- what is not whole, or does not fit


def starts_without(daemon, history, reason):
    """The snapshot is deleted with a line that says why, and the state is that of the whole ledger."""
    path = snapshots(daemon)[-1]
    said = start_saying(daemon)
    assert f"pointsd: the snapshot {path} is not used, and deleted: " in said and reason in said, said
    compare.books(daemon.client("auditor"), history.model)
    daemon.stop()
    assert not path.exists()


def test_a_damaged_snapshot_is_not_used(stopped):
    daemon, history = stopped
    path, chance = snapshots(daemon)[0], random.Random(15)
    whole = path.read_bytes()
    header = [*range(0, HEADER_BYTES, 13), HEADER_BYTES - 1]
    payload = [HEADER_PAGE, HEADER_PAGE + 40, len(whole) - 1, *(chance.randrange(HEADER_PAGE, len(whole)) for _ in range(20))]
    for at in header + payload:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        starts_without(daemon, history, "damaged")
    for size in (0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_PAGE, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        starts_without(daemon, history, "cut short" if size < HEADER_BYTES else "another size")
    path.write_bytes(whole + b"\0")
    starts_without(daemon, history, "another size")
    path.write_bytes(whole)
    goes_on_from_snapshot(daemon)
    compare_all(daemon, history)


def seal(data, at, new):
    """The bytes of a snapshot with others in its header, whose hash is right again."""
    header = data[:at] + new + data[at + len(new):HEADER_BYTES - 32]
    return header + hashlib.sha256(header).digest() + data[HEADER_BYTES:]


def test_a_snapshot_of_another_version_is_not_used(stopped):
    daemon, history = stopped
    path = snapshots(daemon)[0]
    path.write_bytes(seal(path.read_bytes(), PROGRAM_AT, b"0.0.1-other\0"))
    starts_without(daemon, history, "another version of pointsd wrote it")


def test_a_snapshot_from_which_the_ledger_does_not_follow_is_not_used(stopped):
    """Whole and sealed, yet wrong: the blocks after it, decided again, show it."""
    daemon, history = stopped
    path = snapshots(daemon)[0]
    data = path.read_bytes()
    genesis_bytes, = struct.unpack_from("<Q", data, HEADER_PAGE + GENESIS_AT - 8)
    at = HEADER_PAGE + GENESIS_AT + genesis_bytes + 2 * 8  # of the last sequence number, after two times
    sequence, = struct.unpack_from("<Q", data, at)
    assert path.name == f"state-{sequence:020}.snapshot"
    payload = data[HEADER_PAGE:at] + struct.pack("<Q", sequence - 1) + data[at + 8:]
    sha256_at = HEADER_BYTES - 64
    path.write_bytes(seal(data[:HEADER_PAGE] + payload, sha256_at, hashlib.sha256(payload).digest()))
    starts_without(daemon, history, "in block ")


def test_a_snapshot_newer_than_the_ledger_is_not_used(ledger):
    """The ledger is an older copy."""
    start_with_snapshots(ledger)
    history = begin(ledger, 16)
    play(ledger, list(history.steps(450)))
    ledger.stop()
    shutil.copytree(ledger.dir / "ledger", ledger.dir / "copy")
    model = copy.deepcopy(history.model)
    ledger.start()
    play_to_snapshot(ledger, history, 300)
    ledger.stop()
    shutil.rmtree(ledger.dir / "ledger")
    (ledger.dir / "copy").rename(ledger.dir / "ledger")
    history.model = model
    starts_without(ledger, history, "the ledger has fewer blocks")
    ledger.start()
    compare_all(ledger, history)
    audit(ledger)


def test_a_snapshot_of_another_ledger_is_not_used(stopped, new_ledger):
    daemon, _ = stopped
    other = new_ledger()
    other.start()
    history = begin(other, 17)
    play(other, list(history.steps(1_500)))
    other.stop()
    shutil.copy(snapshots(daemon)[0], derived(other))
    starts_without(other, history, "it is of another ledger")


def test_a_start_takes_the_newest_that_fits(stopped):
    daemon, history = stopped
    good = snapshots(daemon)[0]
    (derived(daemon) / f"state-{10**6:020}.snapshot").write_bytes(good.read_bytes())
    (derived(daemon) / "state.new").write_bytes(b"half of one")
    said = goes_on_from_snapshot(daemon)
    assert "its name is that of another" in said
    compare_all(daemon, history)
    assert snapshots(daemon) == [good] and not (derived(daemon) / "state.new").exists()


# ---- where none can be made


def test_the_daemon_goes_on_when_a_snapshot_cannot_be_made(ledger):
    start_with_snapshots(ledger)
    history = begin(ledger, 18)
    shutil.rmtree(derived(ledger))
    play(ledger, list(history.steps(1_200)))
    wait_for_snapshot(ledger, 1)
    assert "transactions: No such file or directory; the next one is tried later" in ledger.messages()
    derived(ledger).mkdir()
    play_to_snapshot(ledger, history, 600)
    compare_all(ledger, history)
    ledger.kill9()
    goes_on_from_snapshot(ledger)
    compare_all(ledger, history)
    audit(ledger)
