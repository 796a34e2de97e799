"""What `points-audit verify` is asked for beyond the first fault: that the ledger extends a checkpoint seen before, all faults, JSON."""
import json
import shutil
import subprocess

import pytest

import pointsclient as pc
from conftest import binary
from pointsclient import transaction as tx

SAPPORO = 11_002


def verify(folder, *options, code):
    done = subprocess.run([binary("points-audit"), "verify", str(folder), *map(str, options)], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if code < 2 else done.stderr


def open_accounts(daemon, count):
    """Each in a block of its own."""
    client = daemon.client()
    for _ in range(count):
        account = tx.Transaction(id=pc.new_uuid7(), open_account=tx.OpenAccount(account=pc.new_uuid7(), municipality=SAPPORO))
        envelope = pc.build_envelope(client.ledger_id, [account])
        assert pc.codes(client.call(submit=pc.sign_envelope(envelope, [daemon.keys["app"]]))) == ["APPLIED"]


def checkpoint(daemon, path):
    """What an auditor would keep."""
    path.write_text(daemon.client().checkpoint())
    return path


def copy(daemon, path):
    """The ledger as it is now; the daemon stops and starts for it."""
    daemon.stop()
    shutil.copytree(daemon.dir / "ledger", path)
    daemon.start()
    return path


@pytest.fixture
def seen(ledger, tmp_path):
    """A daemon after four blocks, a copy of its ledger then, and a checkpoint of two blocks more."""
    ledger.start()
    open_accounts(ledger, 3)
    older = copy(ledger, tmp_path / "older")
    open_accounts(ledger, 2)
    note = checkpoint(ledger, tmp_path / "seen.checkpoint")
    return ledger, older, note


def test_a_ledger_extends_what_was_seen(seen):
    ledger, _, note = seen
    open_accounts(ledger, 1)
    ledger.stop()
    assert f"It extends the checkpoint of 6 blocks in {note}." in verify(ledger.dir / "ledger", "--from-checkpoint", note, code=0)
    told = json.loads(verify(ledger.dir / "ledger", "--from-checkpoint", note, "--json", code=0))
    assert (told["holds"], told["blocks"], told["from_blocks"], told["faults"]) == (True, 7, 6, [])


def test_a_ledger_that_was_cut_short(seen):
    """Whole and signed, as it once was: only who has seen more knows."""
    _, older, note = seen
    verify(older, code=0)
    fault = verify(older, "--from-checkpoint", note, code=1)
    assert "does not extend" in fault and "6 blocks, the ledger has 4: it was cut short" in fault


def test_a_history_that_was_rewritten(seen):
    """The daemon goes on from an older state with its own key: each is consistent in itself."""
    ledger, older, note = seen
    ledger.stop()
    shutil.rmtree(ledger.dir / "ledger")
    shutil.rmtree(ledger.dir / "ledger.derived", ignore_errors=True)
    shutil.copytree(older, ledger.dir / "ledger")
    ledger.start()
    open_accounts(ledger, 4)
    ledger.stop()
    verify(ledger.dir / "ledger", code=0)
    told = json.loads(verify(ledger.dir / "ledger", "--json", "--from-checkpoint", note, code=1))
    assert told["holds"] is False and "first 6 blocks have another root: they were rewritten" in told["faults"][0]["fault"]


def test_a_checkpoint_of_another_ledger(seen, new_ledger, tmp_path):
    ledger, _, _ = seen
    other = new_ledger()
    other.start()
    foreign = checkpoint(other, tmp_path / "foreign")
    ledger.stop()
    assert "is no checkpoint of this ledger" in verify(ledger.dir / "ledger", "--from-checkpoint", foreign, code=1)


@pytest.mark.parametrize("text", ("", "points.test/ledger\n", "points.test/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"))
def test_a_file_that_is_no_checkpoint(seen, tmp_path, text):
    ledger, _, _ = seen
    ledger.stop()
    (tmp_path / "note").write_text(text)
    assert f"{tmp_path / 'note'}" in verify(ledger.dir / "ledger", "--from-checkpoint", tmp_path / "note", code=1)


def test_a_checkpoint_that_is_not_there(seen, tmp_path):
    ledger, _, _ = seen
    ledger.stop()
    assert "none" in verify(ledger.dir / "ledger", "--from-checkpoint", tmp_path / "none", code=3)
