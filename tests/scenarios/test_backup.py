"""Backups of a ledger in use and what is restored from them: whole or not there, and without what was erased."""
import base64
import contextlib
import hashlib
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import threading

import pytest

import audit_tool
import forger
import pointsclient as pc
from audit_tool import audit, audit_as_reader, audit_json, holds
from conftest import ORIGIN
from history import History
from test_bad_input import opening
from test_notices import Board, erase, post, withdraw

SEED = 20211112
KILLS = int(os.environ.get("BACKUP_KILLS", "12"))


def files(folder):
    return sorted(path.name for path in pathlib.Path(folder).iterdir())


def open_accounts(daemon, client, count):
    assert set(pc.codes(client.submit([opening() for _ in range(count)], [daemon.keys["app"]]))) == {"APPLIED"}


def play(daemon, transactions, seed=SEED):
    client = daemon.client()
    history = History(seed, daemon.model(), client.ledger_id, [*daemon.keys.values(), *daemon.offices.values()])
    for step in history.steps(transactions):
        client.receive(client.send(submit=step.signed()))


@contextlib.contextmanager
def load(daemon):
    """Envelopes of 20 accounts one after the other, as fast as they are answered."""
    ended = threading.Event()

    def run():
        client = daemon.client()
        while not ended.is_set():
            open_accounts(daemon, client, 20)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def extends(daemon, blocks, root):
    """Whether the daemon's ledger begins with so many blocks of this root."""
    client = daemon.client()
    size, newest = pc.check_note(client.checkpoint(), ORIGIN, daemon.checkpoint_key)
    proof = client.consistency_proof(blocks, size).hashes
    return pc.check_consistency(blocks, base64.b64decode(root), size, newest, proof)


# ---- backup

def test_backups_of_a_daemon_that_writes(daemon, tmp_path):
    play(daemon, 300)
    with load(daemon):
        for number in range(4):
            copy = tmp_path / str(number)
            if number % 2:
                copy.mkdir()
            before = daemon.client().hello()
            made = audit_json("backup", daemon.dir / "ledger", copy)
            after = daemon.client().hello()
            assert before.blocks <= made["blocks"] <= after.blocks
            assert before.transactions <= made["transactions"] <= after.transactions
            assert files(copy) == ["data.mdb"] and made["bytes"] == (copy / "data.mdb").stat().st_size
            assert extends(daemon, made["blocks"], made["root"])
            assert made["root"] in holds(copy)
    assert before.blocks < after.blocks
    daemon.restart()


def test_a_backup_of_a_ledger_at_rest_and_of_a_backup(ledger, tmp_path):
    ledger.start()
    play(ledger, 200)
    ledger.stop()
    first = audit_json("backup", ledger.dir / "ledger", tmp_path / "1")
    (tmp_path / "2").mkdir()
    done = audit("backup", tmp_path / "1", tmp_path / "2")
    assert re.search(rf"^transactions +{first['transactions']}$", done.stdout, re.M) and first["root"] in done.stdout
    assert f"the backup in {tmp_path / '2'} was checked" in done.stdout and done.stderr == ""
    assert (tmp_path / "1" / "data.mdb").read_bytes() == (tmp_path / "2" / "data.mdb").read_bytes()
    holds(tmp_path / "2")
    ledger.start()


def test_a_ledger_that_may_only_be_read(ledger, tmp_path):
    """At rest it can be copied by whoever may read it; in use, or where nobody can tell, it cannot."""
    folder, names = ledger.dir / "ledger", ("lock.mdb", "ledger.lock", "data.mdb")
    ledger.start()
    play(ledger, 100)

    def modes(*of):
        for name, mode in zip(names, of):
            (folder / name).chmod(mode)

    modes(0o400, 0o400, 0o400)
    said = audit_as_reader("backup", folder, tmp_path / "copy", code=3).stderr
    assert "in use by pointsd or points-audit follow: who copies it meanwhile must be the user" in said
    ledger.stop()
    audit_as_reader("backup", folder, tmp_path / "copy")
    assert holds(tmp_path / "copy") == holds(folder)
    modes(0o400, 0o000, 0o400)
    assert "it alone tells whether the ledger is in use" in audit_as_reader("backup", folder, tmp_path / "no", code=3).stderr
    modes(0o400, 0o400, 0o000)
    assert "cannot be opened: Permission denied" in audit_as_reader("backup", folder, tmp_path / "no", code=3).stderr
    assert not (tmp_path / "no").exists()


def test_what_is_no_ledger_or_no_place(daemon, tmp_path):
    def refused(source, copy, code, said):
        done = audit("backup", source, copy, code=code)
        assert said in done.stderr and done.stdout == "", done

    ledger = daemon.dir / "ledger"
    refused(tmp_path, tmp_path / "copy", 3, "there is no ledger")
    refused(ledger, tmp_path / "no" / "copy", 3, "cannot be made")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    refused(ledger, tmp_path / "full", 2, "is not empty, it holds letter.txt")
    refused(ledger, ledger, 2, "holds a ledger already")
    refused(ledger, "x" * 5_000, 2, "too long")
    refused(ledger, "", 2, "the name of the folder is empty")
    refused("", tmp_path / "copy", 3, "the name of the folder is empty")
    assert files(tmp_path) == ["full"] and files(tmp_path / "full") == ["letter.txt"]


def test_a_fault_in_the_ledger_makes_no_backup(ledger, tmp_path):
    ledger.start()
    play(ledger, 50)
    ledger.stop()
    forger.flip(ledger.dir / "ledger", "bodies", f"{2:016x}", 40)
    done = audit("backup", ledger.dir / "ledger", tmp_path / "copy", code=1)
    assert done.stdout.startswith("FAULT in block 2: ")
    done = audit_json("backup", ledger.dir / "ledger", tmp_path / "copy", code=1)
    assert not done["holds"] and done["block"] == 2
    assert files(tmp_path) == []


def test_a_full_disk(daemon, tmp_path):
    open_accounts(daemon, daemon.client(), 900)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    (tmp_path / "empty").mkdir()
    for copy in (tmp_path / "copy", tmp_path / "empty"):
        done = audit("backup", daemon.dir / "ledger", copy, code=3, preexec_fn=limit)
        assert "the copy was not made: writing the copy: " in done.stderr and done.stdout == "", done
    assert files(tmp_path) == ["empty"] and files(tmp_path / "empty") == []


def is_backup_or_none(copy):
    """A ledger that holds, or nothing that could be taken for one."""
    if (copy / "data.mdb").exists():
        holds(copy)
        return True
    assert not copy.exists() or files(copy) in ([], ["unfinished"])
    assert "no ledger" in audit("verify", copy, code=3).stderr
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_at_any_moment(daemon, tmp_path, how):
    """Never half a backup; the next one is made in the same place; and the daemon's file grows no more than by its records."""
    dice, data, client = random.Random(SEED), daemon.dir / "ledger" / "data.mdb", daemon.client()
    for _ in range(30):
        open_accounts(daemon, client, 1_000)
    complete = 0
    with load(daemon):
        for number in range(KILLS):
            copy = tmp_path / str(number)
            process = audit_tool.start("backup", daemon.dir / "ledger", copy, stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(dice.uniform(0, 0.5))
            process.send_signal(how)
            assert process.wait(10) in (0, -how)
            assert how == signal.SIGKILL or not (copy / "unfinished").exists()
            if is_backup_or_none(copy):
                complete += 1
            else:
                audit("backup", daemon.dir / "ledger", copy)
                assert files(copy) == ["data.mdb"]
    assert complete < KILLS
    process = audit_tool.start("backup", daemon.dir / "ledger", tmp_path / "last", stdout=subprocess.DEVNULL)
    process.send_signal(how)
    process.wait(10)
    before, commits = data.stat().st_size, 1_500
    for _ in range(commits):
        open_accounts(daemon, client, 1)
    pages_pinned, pages_of_records = 256 * 16, commits
    assert data.stat().st_size - before < 4_096 * (pages_pinned + pages_of_records)


def test_two_backups_to_one_place(daemon, tmp_path):
    for _ in range(20):
        open_accounts(daemon, daemon.client(), 1_000)
    both = [audit_tool.start("backup", daemon.dir / "ledger", tmp_path / "copy", stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL) for _ in range(2)]
    assert sorted(process.wait(30) for process in both)[0] == 0
    holds(tmp_path / "copy")


# ---- what was erased

def test_a_backup_holds_nothing_that_was_erased(daemon, tmp_path):
    board = Board(daemon)
    secrets = [f"消してほしい{number}" for number in range(6)]
    texts = [pc.notice_text("お知らせ", *[secret + "、" + "雪" * 600 for _ in range(size)])
             for secret, size in zip(secrets, (1, 1, 2, 2, 3, 4))]
    posted = [post(text) for text in texts]
    for notice, text in zip(posted, texts):
        board.applied(notice, texts=[text])
    kept = board.all()
    for notice in posted[:-1]:
        board.applied(withdraw(notice), erase(notice))
    assert hashlib.sha256(kept[posted[-1].id].text).digest() == posted[-1].post_notice.text_sha256
    live = (daemon.dir / "ledger" / "data.mdb").read_bytes()
    assert [secret for secret in secrets if secret.encode() in live] != secrets[-1:]  # or there is nothing to see
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    copied = (tmp_path / "copy" / "data.mdb").read_bytes()
    assert [secret for secret in secrets if secret.encode() in copied] == secrets[-1:]


# ---- restore

def checkpoint_file(folder, note, name="checkpoint"):
    path = folder / name
    path.write_text(note)
    return path


def test_a_restored_ledger_is_the_one_that_was_backed_up(daemon, tmp_path):
    play(daemon, 200)
    made = audit_json("backup", daemon.dir / "ledger", tmp_path / "copy")
    restored = audit_json("restore", tmp_path / "copy", tmp_path / "ledger")
    assert made == restored
    assert holds(tmp_path / "ledger") == holds(tmp_path / "copy")
    assert files(tmp_path / "ledger") == ["data.mdb"] and files(tmp_path / "copy") == ["data.mdb"]
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "lock.mdb").touch()
    done = audit("restore", tmp_path / "copy", tmp_path / "again")
    assert "of 2021-1" in done.stderr and "fork" in done.stderr and "--from-checkpoint" in done.stderr
    assert "WARNING: what was acknowledged after this backup" in done.stderr


def test_nothing_is_overwritten(daemon, tmp_path):
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    before = (tmp_path / "copy" / "data.mdb").read_bytes()
    assert "holds a ledger already" in audit("restore", tmp_path / "copy", tmp_path / "copy", code=2).stderr
    assert "holds a ledger already" in audit("restore", tmp_path / "copy", daemon.dir / "ledger", code=2).stderr
    assert (tmp_path / "copy" / "data.mdb").read_bytes() == before
    assert "in use by pointsd or points-audit follow: stop it" in audit("restore", daemon.dir / "ledger", tmp_path / "other", code=3).stderr
    assert not (tmp_path / "other").exists()
    data = daemon.dir / "ledger" / "data.mdb"
    data.rename(tmp_path / "kept")  # behind the daemon's back
    assert "stop it first" in audit("restore", tmp_path / "copy", daemon.dir / "ledger", code=3).stderr
    (tmp_path / "kept").rename(data)


def test_a_checkpoint_that_the_backup_must_reach(daemon, new_ledger, tmp_path):
    client = daemon.client()
    notes = [checkpoint_file(tmp_path, client.checkpoint(), "first")]
    for name in ("at", "after"):
        open_accounts(daemon, client, 3)
        notes.append(checkpoint_file(tmp_path, client.checkpoint(), name))
        if name == "at":
            audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    for number, note in enumerate(notes[:2]):
        done = audit("restore", tmp_path / "copy", tmp_path / f"restored-{number}", "--from-checkpoint", note)
        assert f"It holds all that {note} speaks of" in done.stderr
    refused = audit("restore", tmp_path / "copy", tmp_path / "no", "--from-checkpoint", notes[2], code=1)
    assert "that speaks of 3 blocks, the ledger has 2" in refused.stdout and "would sign a fork" in refused.stderr
    other = new_ledger()
    other.start()
    for note in (other.client().checkpoint(), "nothing\n"):
        path = checkpoint_file(tmp_path, note, "other")
        refused = audit("restore", tmp_path / "copy", tmp_path / "no", "--from-checkpoint", path, code=1)
        assert refused.stdout.startswith("FAULT ") and "checkpoint" in refused.stdout
    audit("restore", tmp_path / "copy", tmp_path / "no", "--from-checkpoint", tmp_path / "nowhere", code=3)
    assert not (tmp_path / "no").exists()


def swap(daemon, copy, checkpoint=None):
    """The stopped daemon's ledger is put aside, and the backup restored in its place."""
    (daemon.dir / "ledger").rename(daemon.dir / "aside")
    more = ("--from-checkpoint", checkpoint) if checkpoint else ()
    audit("restore", copy, daemon.dir / "ledger", *more)


def test_a_fork_is_told_by_its_checkpoint(daemon, tmp_path):
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    open_accounts(daemon, daemon.client(), 3)
    note = checkpoint_file(tmp_path, daemon.client().checkpoint())
    daemon.stop()
    swap(daemon, tmp_path / "copy")
    daemon.start()
    for _ in range(2):
        open_accounts(daemon, daemon.client(), 3)
    audit("backup", daemon.dir / "ledger", tmp_path / "fork")
    refused = audit("restore", tmp_path / "fork", tmp_path / "no", "--from-checkpoint", note, code=1)
    assert "blocks have another root" in refused.stdout and not (tmp_path / "no").exists()


def test_what_was_derived_from_a_newer_ledger_poisons_nothing(ledger, tmp_path):
    """Beside the restored ledger lie a snapshot and an index of ids that know of more than it holds."""
    ledger.configure("ledger", "snapshot_transactions", 100)
    ledger.start()
    play(ledger, 150)
    client = ledger.client()
    audit("backup", ledger.dir / "ledger", tmp_path / "copy")
    saved = ledger.look()
    lost = [opening() for _ in range(900)]
    assert set(pc.codes(client.submit(lost, [ledger.keys["app"]]))) == {"APPLIED"}
    ledger.stop()
    assert list((ledger.dir / "ledger.derived").glob("state-*.snapshot"))
    swap(ledger, tmp_path / "copy")
    ledger.start()
    assert ledger.look() == saved
    assert set(pc.codes(ledger.client().submit(lost[:100], [ledger.keys["app"]]))) == {"APPLIED"}  # whose ids it never saw
    ledger.restart()
    ledger.stop()
    assert ledger.audit()[0] == 0
    shutil.rmtree(ledger.dir / "aside")
