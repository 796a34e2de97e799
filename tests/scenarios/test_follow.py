"""An auditor's mirror: it follows an honest daemon through all that happens, and raises an alarm at one that is not."""
import base64
import contextlib
import hashlib
import json
import os
import queue
import random
import re
import signal
import socket
import subprocess
import threading

import pytest

import audit_tool
import pointsclient as pc
from audit_tool import audit, audit_json, holds
from conftest import ORIGIN
from false_daemon import Forger
from pointsclient import api
from test_backup import SEED, load, open_accounts, play, swap
from test_notices import Board, erase, post, withdraw

DEADLINE = 20.0
KILLS = int(os.environ.get("FOLLOW_KILLS", "8"))


class Follower:
    """`points-audit follow`, under way."""

    def __init__(self, mirror, socket, key, *more):
        self.process = audit_tool.start("follow", mirror, "--socket", socket, "--key", key, "--json", *more,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.said = queue.Queue(), queue.Queue()
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.said)):
            threading.Thread(target=lambda s=stream, q=lines: [q.put(line) for line in s], daemon=True).start()

    def until(self, true):
        """The first line from here on of which it is true."""
        while True:
            row = json.loads(self.lines.get(timeout=DEADLINE))
            if true(row):
                return row

    def says(self, text):
        while text not in self.said.get(timeout=DEADLINE):
            pass

    def ends(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.leaves()

    def leaves(self):
        return self.process.wait(DEADLINE)


@pytest.fixture
def follow(tmp_path):
    """Starts Followers of a Daemon, by default into tmp_path/mirror as auditor."""
    started = []

    def start(daemon, *more, key="auditor", mirror=tmp_path / "mirror"):
        started.append(Follower(mirror, daemon.dir / "pointsd.sock", daemon.dir / "keys" / f"{key}.key", *more))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def arguments(daemon, mirror, *more):
    return ("follow", mirror, "--socket", daemon.dir / "pointsd.sock", "--key", daemon.dir / "keys" / "auditor.key", *more)


def catch_up(daemon, mirror, *more, code=0):
    return audit(*arguments(daemon, mirror, "--once", *more), code=code)


def blocks_of(daemon):
    return daemon.client().hello().blocks


def same_ledger(mirror, daemon, key=None):
    """The mirror holds, and with the root that the daemon signed."""
    _, root = pc.check_note(daemon.client().checkpoint(), ORIGIN, key or daemon.checkpoint_key)
    found = audit_json("verify", mirror)
    assert found["holds"] and base64.b64decode(found["root"]) == root


# ---- an honest daemon

def test_it_follows_all_that_happens(daemon, follow, tmp_path):
    follower = follow(daemon)
    follower.until(lambda row: row["blocks"] == 1)
    play(daemon, 600)
    follower.until(lambda row: row["blocks"] == blocks_of(daemon))
    daemon.restart()
    follower.says("trying again")
    open_accounts(daemon, daemon.client(), 3)
    last = follower.until(lambda row: row["blocks"] == blocks_of(daemon))
    assert last["transactions"] == daemon.client().hello().transactions and last["lag_blocks"] == 0
    assert follower.ends() == 0
    same_ledger(tmp_path / "mirror", daemon)


def test_it_follows_a_daemon_under_load(daemon, follow, tmp_path):
    follower = follow(daemon)
    with load(daemon):
        seen = [follower.until(lambda row: row["blocks"] > 1)["blocks"] for _ in range(4)]
    assert seen == sorted(set(seen))
    follower.until(lambda row: row["blocks"] == blocks_of(daemon))
    assert follower.ends(signal.SIGTERM) == 0
    same_ledger(tmp_path / "mirror", daemon)


def test_once_and_again(daemon, tmp_path):
    mirror = tmp_path / "mirror"
    play(daemon, 300)
    first = catch_up(daemon, mirror)
    ledger_id = daemon.client().ledger_id.hex()
    assert "first contact: nothing vouches for it" in first.stderr and ledger_id in first.stderr
    assert re.fullmatch(r"\d+ blocks, \d+ transactions, last block 20\S+ \S+ JST, 0 behind\n", first.stdout)
    again = catch_up(daemon, mirror, "--ledger-id", ledger_id)
    assert again.stdout == first.stdout and again.stderr == ""
    open_accounts(daemon, daemon.client(), 5)
    assert catch_up(daemon, mirror).stdout != first.stdout
    same_ledger(mirror, daemon)
    assert "is of the ledger" in catch_up(daemon, mirror, "--ledger-id", "ab" * 32, code=2).stderr
    backup = audit_json("backup", mirror, tmp_path / "copy")
    assert backup["blocks"] == blocks_of(daemon)


def test_the_ledger_id_pins_the_first_contact(daemon, tmp_path):
    done = catch_up(daemon, tmp_path / "mirror", "--ledger-id", "ab" * 32, code=1)
    assert done.stdout.startswith("ALARM OTHER_LEDGER: ") and not (tmp_path / "mirror").exists()
    done = catch_up(daemon, tmp_path / "mirror", "--ledger-id", daemon.client().ledger_id.hex())
    assert done.stderr == ""


def test_who_may_not_and_who_is_not_there(daemon, tmp_path):
    key = daemon.dir / "keys" / "app.key"
    done = audit("follow", tmp_path / "mirror", "--socket", daemon.dir / "pointsd.sock", "--key", key, "--once", code=3)
    assert "NOT_PERMITTED" in done.stderr and not (tmp_path / "mirror").exists()
    done = audit("follow", tmp_path / "mirror", "--socket", tmp_path / "no.sock", "--key", key, "--once", code=3)
    assert "no.sock" in done.stderr
    audit("follow", tmp_path / "mirror", "--socket", tmp_path / "no.sock", "--key", tmp_path / "no.key", code=3)


def test_over_tcp(ledger, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ledger.configure("listen", "tcp_port", port)
    ledger.start()
    play(ledger, 100)
    follower = Follower(tmp_path / "mirror", f"tcp://127.0.0.1:{port}", ledger.dir / "keys" / "auditor.key")
    try:
        follower.until(lambda row: row["blocks"] == blocks_of(ledger))
        ledger.restart()
        follower.says("trying again")
        open_accounts(ledger, ledger.client(), 3)
        follower.until(lambda row: row["blocks"] == blocks_of(ledger))
        assert follower.ends() == 0
    finally:
        follower.process.kill()
    same_ledger(tmp_path / "mirror", ledger)


@pytest.mark.parametrize("address, said", [
    ("tcp://127.0.0.1", "should be tcp://HOST:PORT"), ("tcp://127.0.0.1:99999", "from 1 to 65535"),
    ("tcp://:7000", "should be tcp://HOST:PORT"), ("tcp://h:0", "from 1 to 65535"), ("tcp://h:18446744073709551617", "65535"),
    ("tcp://h:7000x", "65535"), ("x" * 108, "is longer than 107 bytes"), ("", "the name of the socket is empty")])
def test_an_address_that_can_never_work_is_not_tried(ledger, tmp_path, address, said):
    done = audit("follow", tmp_path / "mirror", "--socket", address, "--key", ledger.dir / "keys" / "auditor.key", code=2)
    assert said in done.stderr and "trying again" not in done.stderr


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_public_key_is_not_taken_for_a_secret_one(ledger, tmp_path, mode):
    for name in ("auditor.pub", "renamed.key"):
        path = tmp_path / name
        path.write_text("# points: Ed25519 public key of somebody\n" + "ab" * 32 + "\n")
        path.chmod(mode)
        done = audit("follow", tmp_path / "mirror", "--socket", tmp_path / "no.sock", "--key", path, code=3)
        assert f"{path} is a public key; the secret one is wanted" in done.stderr and "chmod" not in done.stderr
    done = audit("follow", tmp_path / "mirror", "--socket", tmp_path / "no.sock", "--key", "", code=3)
    assert "the name of the key's file is empty" in done.stderr
    done = audit("follow", "", "--socket", tmp_path / "no.sock", "--key", path, code=2)
    assert "folder is empty" in done.stderr


def test_a_mirror_in_use(daemon, follow, tmp_path):
    follower = follow(daemon)
    follower.until(lambda row: row["blocks"] == 1)
    said = audit("verify", tmp_path / "mirror", code=3).stderr
    assert "in use by pointsd or points-audit follow: stop it" in said
    audit("backup", tmp_path / "mirror", tmp_path / "copy")


def test_it_waits_for_a_daemon(ledger, follow):
    follower = follow(ledger)
    follower.says("trying again in 0.5 s")
    follower.says("trying again in 1.0 s")
    ledger.start()
    follower.until(lambda row: row["blocks"] == 1)
    assert follower.ends() == 0


def test_killed_at_any_moment_it_goes_on(daemon, tmp_path):
    dice, mirror = random.Random(SEED), tmp_path / "mirror"
    for _ in range(10):
        open_accounts(daemon, daemon.client(), 1_000)
    with load(daemon):
        for _ in range(KILLS):
            process = audit_tool.start(*arguments(daemon, mirror), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(dice.uniform(0.02, 0.6))
            process.kill()
            process.wait()
    catch_up(daemon, mirror)
    same_ledger(mirror, daemon)


def test_texts_are_mirrored_and_erased(daemon, follow, tmp_path):
    board, mirror = Board(daemon), tmp_path / "mirror"
    before, one, two = post(), post(), post()
    board.applied(before, withdraw(before), erase(before))
    board.applied(one, two)
    follower = follow(daemon)
    follower.until(lambda row: row["blocks"] == blocks_of(daemon))
    board.applied(withdraw(one))
    board.applied(erase(one), withdraw(two))
    follower.until(lambda row: row["blocks"] == blocks_of(daemon))
    assert follower.ends() == 0
    same_ledger(mirror, daemon)  # which knows of every text that must be there, or must not
    board.applied(erase(two), post())
    catch_up(daemon, mirror)
    same_ledger(mirror, daemon)


def next_key(daemon):
    """A second checkpoint key, which the daemon has from its next start on; its public half."""
    path = daemon.dir / "keys" / "daemon-2.key"
    path.touch(mode=0o600)
    path.write_text("# of a test\n" + "77" * 32 + "\n")
    daemon.configure("ledger", "next_checkpoint_key", path)
    return pc.public(pc.key_from_file(path))


@pytest.mark.parametrize("each_step", [True, False])
def test_the_daemons_key_changes(daemon, tmp_path, each_step):
    """Whether the mirror saw each step of it or was away all the time."""
    def submit(**body):
        operators = [daemon.keys["operator-1"], daemon.keys["operator-2"]]
        made = pc.transaction.Transaction(id=pc.new_uuid7(), **body)
        assert pc.codes(daemon.client().submit([made], operators)) == ["APPLIED"]
        if each_step:
            catch_up(daemon, mirror)

    mirror, tx = tmp_path / "mirror", pc.transaction
    catch_up(daemon, mirror)
    key = next_key(daemon)
    daemon.restart()
    submit(register_key=tx.RegisterKey(key=key, role=tx.CHECKPOINT, holder="daemon"))
    submit(revoke_key=tx.RevokeKey(key=daemon.checkpoint_key))
    open_accounts(daemon, daemon.client(), 2)
    with pytest.raises(ValueError):
        same_ledger(mirror, daemon)  # the first key signs no more
    catch_up(daemon, mirror)
    same_ledger(mirror, daemon, key)


# ---- an operator who is not honest: a real daemon on a ledger that was exchanged

def evidence(mirror, daemon):
    """(size, root) of the two notes that were kept, theirs and ours; both are signed."""
    notes = sorted(path.name for path in mirror.glob("evidence-*"))
    assert len(notes) == 2 and notes[0].endswith("-ours.note"), notes
    return [pc.check_note((mirror / name).read_text(), ORIGIN, daemon.checkpoint_key) for name in reversed(notes)]


@pytest.mark.parametrize("more, name", [(0, "SHRUNK"), (1, "FORK"), (2, "FORK"), (3, "FORK")])
def test_an_older_copy_in_the_ledgers_place(daemon, follow, tmp_path, more, name):
    """What the mirror saw is two blocks longer than the copy; the copy goes on by `more` blocks of its own."""
    mirror = tmp_path / "mirror"
    play(daemon, 100)
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    for _ in range(2):
        open_accounts(daemon, daemon.client(), 2)
    seen = blocks_of(daemon)
    follower = follow(daemon)
    follower.until(lambda row: row["blocks"] == seen)
    assert follower.ends() == 0
    daemon.stop()
    swap(daemon, tmp_path / "copy")
    daemon.start()
    for _ in range(more):
        open_accounts(daemon, daemon.client(), 2)
    done = catch_up(daemon, mirror, code=1)
    assert done.stdout.startswith(f"ALARM {name}: the daemon") and "evidence-" in done.stdout, done.stdout
    theirs, ours = evidence(mirror, daemon)
    assert ours[0] == seen and theirs[0] == seen - 2 + more and theirs != ours
    assert follow(daemon).until(lambda row: "alarm" in row)["alarm"] == name
    assert audit_json("verify", mirror)["blocks"] == seen  # still the one that was seen


@pytest.mark.parametrize("more, name", [(0, "SHRUNK"), (1, "FORK"), (9, "FORK")])
def test_an_older_copy_from_before_the_keys_change(daemon, tmp_path, more, name):
    """It is signed by a key that is revoked by now, which says nothing of what was done to the ledger."""
    mirror, tx = tmp_path / "mirror", pc.transaction
    operators = [daemon.keys["operator-1"], daemon.keys["operator-2"]]
    play(daemon, 100)
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    key = next_key(daemon)
    daemon.restart()
    for body in (dict(register_key=tx.RegisterKey(key=key, role=tx.CHECKPOINT, holder="daemon")),
                 dict(revoke_key=tx.RevokeKey(key=daemon.checkpoint_key))):
        made = tx.Transaction(id=pc.new_uuid7(), **body)
        assert pc.codes(daemon.client().submit([made], operators)) == ["APPLIED"]
    catch_up(daemon, mirror)
    daemon.stop()
    swap(daemon, tmp_path / "copy")
    daemon.start()
    for _ in range(more):
        open_accounts(daemon, daemon.client(), 2)
    assert catch_up(daemon, mirror, code=1).stdout.startswith(f"ALARM {name}: the daemon")


def test_a_fork_while_it_follows(daemon, follow, tmp_path):
    audit("backup", daemon.dir / "ledger", tmp_path / "copy")
    follower = follow(daemon)
    open_accounts(daemon, daemon.client(), 2)
    follower.until(lambda row: row["blocks"] == 2)
    daemon.stop()
    follower.says("trying again")
    swap(daemon, tmp_path / "copy")
    client = daemon.start() or daemon.client()
    for _ in range(3):
        open_accounts(daemon, client, 2)
    alarm = follower.until(lambda row: "alarm" in row)
    assert alarm["alarm"] in ("SHRUNK", "FORK") and follower.leaves() == 1


def test_another_ledger_at_the_address(daemon, new_ledger, tmp_path):
    catch_up(daemon, tmp_path / "mirror")
    other = new_ledger()
    other.start()
    assert catch_up(other, tmp_path / "mirror", code=1).stdout.startswith("ALARM OTHER_LEDGER: ")
    assert not list((tmp_path / "mirror").glob("evidence-*"))


# ---- a forger with the daemon's key

class Forgery:
    """What a daemon had, at the hands of a Forger; the mirror saw a part of it."""

    def __init__(self, daemon, folder):
        self.daemon, self.mirror, self.socket = daemon, folder / "mirror", folder / "forger.sock"
        self.board = board = Board(daemon)
        board.applied(post())
        catch_up(daemon, self.mirror)
        for _ in range(3):
            open_accounts(daemon, daemon.client(), 4)
        self.second = post()
        board.applied(self.second)
        client = daemon.client("auditor")
        page = client.call(get_blocks=api.GetBlocks())
        self.texts = {text.sequence: text.text for text in page.texts}
        assert len(self.texts) == 2
        key = pc.key_from_file(daemon.dir / "keys" / "daemon.key")
        self.forger = Forger(self.socket, ORIGIN, key, page.blocks, self.texts)

    def catch_up(self, code=0):
        key = self.daemon.dir / "keys" / "auditor.key"
        return audit("follow", self.mirror, "--socket", self.socket, "--key", key, "--once", code=code)

    def alarm(self, name, said=""):
        done = self.catch_up(code=1)
        assert done.stdout.startswith(f"ALARM {name}: ") and said in done.stdout, done.stdout


@pytest.fixture
def forgery(daemon, tmp_path):
    made = Forgery(daemon, tmp_path)
    yield made
    made.forger.close()


def test_the_forger_serves_what_the_daemon_served(forgery):
    forgery.catch_up()
    same_ledger(forgery.mirror, forgery.daemon)


def test_a_checkpoint_that_is_not_signed(forgery):
    forgery.forger.key = forgery.daemon.keys["app"]
    forgery.alarm("WRONG_SIGNATURE")
    for note in ("", "x\n", "x" * 5_000):
        forgery.forger.change = lambda r, note=note: r.HasField("checkpoint") and setattr(r.checkpoint, "note", note)
        forgery.alarm("WRONG_SIGNATURE")
    assert len(list(forgery.mirror.glob("evidence-*-ours.note"))) == 4


def test_a_history_that_was_rewritten(forgery):
    """The last block that the mirror has is another one now, and all after it stays."""
    header = pc.block.BlockHeader.FromString(forgery.forger.blocks[1].header)
    header.time += 1
    forgery.forger.blocks[1].header = pc.canonical(header)
    forgery.alarm("FORK")
    theirs, ours = evidence(forgery.mirror, forgery.daemon)
    assert theirs[0] > ours[0]
    forgery.alarm("FORK", f"root {base64.b64encode(theirs[1]).decode()}, ")


def test_a_proof_that_is_none(forgery):
    def spoil(response):
        if response.HasField("proof"):
            response.proof.hashes[0] = bytes(32)
    forgery.forger.change = spoil
    forgery.alarm("FORK")
    forgery.forger.change = lambda r: r.HasField("proof") and r.proof.hashes.extend([bytes(32)] * 200)
    forgery.alarm("FORK")


def changed_body(block):
    block.body.envelope = block.body.envelope[:-1] + b"x"


def changed_header(block):
    header = pc.block.BlockHeader.FromString(block.header)
    header.time += 1
    block.header = pc.canonical(header)


@pytest.mark.parametrize("change, said", [
    (lambda reply: changed_body(reply.blocks[0]), "hash that the header gives"),
    (lambda reply: reply.blocks[0].body.ClearField("outcomes"), "hash that the header gives"),
    (lambda reply: reply.blocks[0].ClearField("body"), "without its body"),
    (lambda reply: changed_header(reply.blocks[-1]), "not those of the checkpoint"),
    (lambda reply: reply.blocks[0].ClearField("header"), "does not have its header"),
    (lambda reply: reply.blocks.pop(0), "does not have its header"),
    (lambda reply: reply.blocks.extend([reply.blocks[0]]), "more blocks"),
    (lambda reply: reply.texts.add(sequence=1_000, text=b"x"), "belongs to none"),
    (lambda reply: reply.texts.pop(), "keeps back the text"),
    (lambda reply: setattr(reply.texts[0], "text", b"x"), "does not have the SHA-256 that was signed"),
])
def test_blocks_that_are_not_those_that_were_signed(forgery, change, said):
    forgery.forger.change = lambda response: change(response.blocks) if response.HasField("blocks") else None
    forgery.alarm("WRONG_BLOCK", said)
    forgery.forger.change = lambda response: None  # nothing of it was taken
    forgery.catch_up()
    same_ledger(forgery.mirror, forgery.daemon)


def test_a_block_that_breaks_a_rule(forgery):
    """Signed by the daemon's key, in its place in the tree, and wrong: its ids were all decided before."""
    forgery.forger.add_block_like(-2)
    forgery.alarm("WRONG_BLOCK", f"in block {len(forgery.forger.blocks) - 1}: ")
    done = audit("verify", forgery.mirror, code=1)
    assert done.stdout.startswith("FAULT in block ")
    assert forgery.catch_up(code=1).stdout.startswith("FAULT in block ")


def test_a_ledger_that_ends_before_its_checkpoint(forgery):
    """Blocks that do not come are no alarm, but nothing is believed without them."""
    def keep_back(response):
        if response.HasField("blocks"):
            response.blocks.ClearField("blocks")
            response.blocks.ClearField("texts")
    forgery.forger.change = keep_back
    assert "gave no blocks" in forgery.catch_up(code=3).stderr
    holds(forgery.mirror)


def test_a_genesis_that_is_not_the_one_it_claims(forgery, tmp_path):
    forgery.mirror = tmp_path / "fresh"
    forgery.forger.ledger_id = bytes(32)
    forgery.alarm("WRONG_BLOCK", "does not have the ledger id")
    forgery.forger.ledger_id = pc.leaf_hash(forgery.forger.blocks[0].header)
    header = pc.block.BlockHeader.FromString(forgery.forger.blocks[0].header)
    header.signatures[0].signature = bytes(64)
    forgery.forger.blocks[0].header = pc.canonical(header)
    forgery.forger.ledger_id = pc.leaf_hash(forgery.forger.blocks[0].header)
    forgery.alarm("WRONG_BLOCK", "genesis does not hold")
    forgery.forger.blocks[0].body.envelope += b"x"
    forgery.alarm("WRONG_BLOCK", "genesis does not hold: the envelope does not have the hash")
    header.envelope_sha256 = hashlib.sha256(forgery.forger.blocks[0].body.envelope).digest()
    forgery.forger.blocks[0].header = pc.canonical(header)
    forgery.forger.ledger_id = pc.leaf_hash(forgery.forger.blocks[0].header)
    forgery.alarm("WRONG_BLOCK", "genesis does not hold: the genesis is not canonical")
    assert not forgery.mirror.exists()


def test_a_text_erased_between_checkpoint_and_block(forgery):
    """The checkpoint was made before the erasure, the blocks are asked for after it: the text never comes, and that is right."""
    before = len(forgery.forger.blocks)
    board = forgery.board
    board.connect()
    board.applied(withdraw(forgery.second))
    board.applied(erase(forgery.second))
    forgery.forger.blocks = board.client.blocks()
    sequence = max(forgery.texts)
    del forgery.forger.texts[sequence]
    seen = []

    def older_first(response):
        if response.HasField("checkpoint"):
            seen.append(len(seen))
            response.checkpoint.note = forgery.forger.note(before if len(seen) == 1 else None)
    forgery.forger.change = older_first
    forgery.catch_up()
    assert len(seen) == 2
    same_ledger(forgery.mirror, forgery.daemon)


def test_a_lost_connection_in_the_middle(forgery, daemon):
    """What was fetched before is kept; the checkpoint that it leads to is still the one to reach."""
    for _ in range(150):
        open_accounts(daemon, daemon.client(), 1)
    forgery.forger.blocks = daemon.client("auditor").blocks()
    asked = []

    def lose(response):
        if response.HasField("blocks"):
            asked.append(response.blocks.blocks[0].header)
            if len(asked) in (2, 3):
                raise OSError
    forgery.forger.change = lose
    follower = Follower(forgery.mirror, forgery.socket, daemon.dir / "keys" / "auditor.key")
    follower.until(lambda row: row["blocks"] == len(forgery.forger.blocks))
    assert follower.ends() == 0
    assert asked[1] == asked[2] == asked[3] and len(set(asked)) == len(asked) - 2
    same_ledger(forgery.mirror, daemon)


def test_a_checkpoint_that_nobody_vouched_for_is_forgotten(forgery, daemon):
    """Somebody in between spoke of more blocks, under a key that they might have registered, and gave none of them."""
    honest, blocks = forgery.forger.key, list(forgery.forger.blocks)
    forgery.forger.key = daemon.keys["app"]
    forgery.forger.add_block_like(-2)

    def lose_once(response):
        if response.HasField("blocks") and forgery.forger.key is not honest:
            forgery.forger.key, forgery.forger.blocks = honest, blocks
            raise OSError
    forgery.forger.change = lose_once
    follower = Follower(forgery.mirror, forgery.socket, daemon.dir / "keys" / "auditor.key")
    follower.until(lambda row: row["blocks"] == len(blocks))
    assert follower.ends() == 0
    same_ledger(forgery.mirror, daemon)
