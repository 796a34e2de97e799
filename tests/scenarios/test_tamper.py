"""A ledger that was forged or damaged: the auditor must find it, and name the place.

More of it: tests/nightly. A miss tells the seed with which it is seen again."""
import hashlib
import itertools
import os
import random
import re
import shutil
import subprocess

import pytest

import forger as forging
import pointsclient as pc
from conftest import binary
from forgeries import FAULT, KINDS, TURNS, UNREADABLE, Forger, cut
from pointsclient import transaction as tx

EDITS = int(os.environ.get("TAMPER_EDITS", "300"))
SEED = int(os.environ.get("TAMPER_SEED", "20211112"))
OF_A_KIND = max(2, EDITS * 4 // 5 // len(KINDS))
OF_THE_FILE = EDITS // 5
SAPPORO = 11_002
PAGE = 4_096


def verify(folder, *options):
    try:
        done = subprocess.run([binary("points-audit"), "verify", str(folder), *options], capture_output=True, text=True,
                              timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return None, "it did not end"
    assert "runtime error" not in done.stderr, done.stderr  # of a build with sanitizers
    return done.returncode, done.stdout + done.stderr


def told(output):
    """Whether it is one line of words, after what LMDB may say of itself."""
    output = re.sub(r"^mdb\.c:.*\n+", "", output)
    return output.count("\n") == 1 and output.startswith(("FAULT ", "points-audit: "))


# ---- forged records

@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """A ledger with envelopes of all sizes, and one of single transactions."""
    made = [forging.Base(SEED, 2_000), forging.Base(SEED, 300, forging.OneByOne)]
    for base in made:
        base.seen = tmp_path_factory.mktemp("seen") / "checkpoint"
        base.seen.write_bytes(base.book.checkpoints[base.book.newest()])
    return made


@pytest.fixture
def folders(tmp_path):
    """Makes folders, each for a ledger of these records, and takes the one before away."""
    def make(*many_records):
        folder = tmp_path / "ledger"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for records in many_records:
            forging.load(folder, records)
        return folder
    return make


def test_what_is_forged_holds(bases, folders):
    for base in bases:
        folder = folders(base.book.records())
        code, output = verify(folder)
        assert code == 0, output
        assert forging.dump(folder) == base.book.records()


@pytest.mark.parametrize("kind", KINDS)
def test_forgeries(bases, kind, folders):
    missed = []
    for n, base in zip(range(max(OF_A_KIND, TURNS[kind])), itertools.cycle(bases)):
        forger = Forger(base, random.Random(f"{SEED} {kind} {n}"), n)
        forgery = KINDS[kind](forger)
        folder = folders(forger.book.records())
        code, output = verify(folder, *["--from-checkpoint", base.seen] * forgery.whole)
        found = code == forgery.code and re.match(forgery.said, output) and told(output)
        if forgery.whole:
            found = found and verify(folder)[0] == 0
        elif found and code == FAULT:  # what goes on after a fault must tell it too, and come to an end
            code, output = verify(folder, "--all")
            found = code == FAULT and re.search("^" + forgery.said, output, re.MULTILINE)
        if not found:
            missed.append(f"TAMPER_SEED={SEED}, {n}: {forgery.what}\n  awaited {forgery.code}, {forgery.said!r}\n"
                          f"  came {code}, {output[:300]!r}")
    assert not missed, "\n".join(missed)


def test_numbers_at_their_ends(bases, folders):
    """Numbers that only a forger writes are faults: nothing is divided by them, counted on from them, or passed over for them."""
    base, last = bases[1], 2**64 - 1
    genesis, kept, late = (base.book.copy() for _ in range(3))
    genesis.headers, genesis.bodies = genesis.headers[:1], genesis.bodies[:1]
    genesis.checkpoints, genesis.cosigned, genesis.texts = {}, {}, {}
    block = genesis.block(0)
    block.header.first_sequence = 0
    genesis.put_block(0, block)
    genesis.retree()
    kept.cosigned[last] = kept.cosigned[max(kept.cosigned)]
    block = late.block(-1)
    block.header.time = 2**63 - 1
    late.put_block(-1, block)
    late.retree()
    for book, command, said in [
            (genesis, ["verify"], "in block 0: its first sequence number is 0, the block before it ends at 0\n"),
            (genesis, ["trial-balance"], "in block 0: its first sequence number is 0, the block before it ends at 0\n"),
            (kept, ["verify", "--all"], "in the kept checkpoints: the ledger is damaged: a checkpoint is kept under no day\n"),
            (late, ["verify"], f"in block {len(late.headers) - 1}: its time {2**63 - 1} cannot follow"),
            (late, ["export", "--format", "csv"], f"in block {len(late.headers) - 1}: its time {2**63 - 1} cannot follow")]:
        folder = folders(book.records())
        done = subprocess.run([binary("points-audit"), command[0], folder, *command[1:]], capture_output=True, text=True, timeout=30,
                              check=False)
        assert done.returncode == 1 and f"FAULT {said}" in done.stdout and not done.stderr, (command, done)


# ---- a damaged file

def damage(data, dice):
    """Something in the file is changed; what, in words."""
    how = dice.choice(["bit", "bit", "structure", "structure", "structure", "page", "pages", "cut"])
    pages = len(data) // PAGE
    if how in ("bit", "structure"):
        at = dice.randrange(len(data))
        if how == "structure":  # what a page's head says of it, and the head of a node
            at = at // PAGE * PAGE + dice.choice([*range(24), 40, 41, 44, 45, dice.randrange(16, 200)])
        mask = 1 << dice.randrange(8)
        data[at] ^= mask
        return f"byte {at} ^ {mask:#x}"
    one, other = dice.randrange(pages), dice.randrange(pages)
    if how == "cut":
        size = dice.choice([one * PAGE, dice.randrange(len(data)), other * PAGE + 100])
        del data[size:]
        return f"cut down to {size} bytes"
    taken = bytes(data[other * PAGE:][:PAGE]) if how == "pages" else bytes(PAGE)
    data[one * PAGE:(one + 1) * PAGE] = taken
    return f"page {one} is that of {other}" if how == "pages" else f"page {one} is zeros"


def place_of(before, after, newest):
    """How the message begins, if one record differs and nothing else."""
    if after is None or before.keys() != after.keys():
        return ""
    different = [where for where in before if before[where] != after[where]]
    return forging.place(*different[0], newest) if len(different) == 1 else ""


def test_damage_of_the_file(bases, folders):
    """What LMDB trips over is told, and what it does not see is; only what lies in no record may be damaged unseen."""
    missed = []
    for n, base in zip(range(OF_THE_FILE), itertools.cycle(bases)):
        dice, before = random.Random(f"{SEED} file {n}"), Forger(base, None)
        cut(before, before.size - 1)
        before.resign()
        older, records = before.book.records(), base.book.records()
        folder = folders(older, records)  # so there are free pages, and a root that is not in use
        data = bytearray((folder / "data.mdb").read_bytes())
        what = damage(data, dice)
        (folder / "data.mdb").write_bytes(data)
        code, output = verify(folder)
        left = forging.dump(folder)
        where = place_of(records, left, base.book.newest())
        if code == 0:
            found = left == records or (left == older and verify(folder, "--from-checkpoint", base.seen)[0] == 1)
        else:
            found = code in (FAULT, UNREADABLE) and told(output) and re.search("^" + where, output, re.MULTILINE)
        if not found:
            missed.append(f"TAMPER_SEED={SEED}, {n}: {what}\n  awaited {where!r}\n"
                          f"  came {code}, {output[:300]!r}")
    assert not missed, "\n".join(missed)


def test_a_copy_cut_short_cannot_be_read(bases, folders):
    data = folders(bases[0].book.records()) / "data.mdb"
    size = data.stat().st_size
    for left in (size // 2, 8192, 4096, 100, 0):
        with open(data, "r+b") as file:
            file.truncate(left)
        code, output = verify(data.parent)
        assert code == 3 and re.match("points-audit: .+\n", output), (left, code, output)


# ---- the daemon's own ledger

@pytest.fixture
def notices(ledger):
    """Three notices, the second of them withdrawn and erased, on a ledger at rest: of each its id, its sequence and its text."""
    ledger.start()
    client, key = ledger.client(), ledger.offices[SAPPORO]
    texts = [pc.notice_text(f"お知らせ {n}", "x" * size) for n, size in enumerate((1, 20, 1_900))]
    posted = [tx.Transaction(id=pc.new_uuid7(), post_notice=tx.PostNotice(
        municipality=SAPPORO, text_sha256=hashlib.sha256(text).digest(), last_day=2_932_896)) for text in texts]
    target = dict(municipality=SAPPORO, notice=posted[1].id)
    undone = [tx.Transaction(id=pc.new_uuid7(), withdraw_notice=tx.WithdrawNotice(**target)),
              tx.Transaction(id=pc.new_uuid7(), erase_notice=tx.EraseNotice(**target))]
    reply = client.submit(posted, [key], texts)
    assert set(pc.codes(reply) + pc.codes(client.submit(undone, [key]))) == {"APPLIED"}
    ledger.stop()
    return [(p.id.hex(), reply.first_sequence + n, text.hex()) for n, (p, text) in enumerate(zip(posted, texts))]


def test_texts_that_should_not_be_there_or_are_not(ledger, notices):
    """A text exchanged, taken away, put back after it was erased, or of no notice: neither audited nor served."""
    one, erased, last = notices
    folder, key = ledger.dir / "ledger", "{:016x}".format
    records = forging.dump(folder)
    of = lambda notice: f"the text of notice {notice[0]} (sequence {notice[1]})"
    for texts, said in [
            ({key(one[1]): last[2]}, f"{of(one)} does not have"),
            ({key(one[1]): None}, f"{of(one)} is missing, and was not erased"),
            ({key(last[1]): None}, f"{of(last)} is missing"),
            ({key(erased[1]): erased[2]}, f"{of(erased)} is there, though it was erased"),
            ({key(last[1] + 1): "78"}, "3 are stored, but the blocks know of 2"),
            ({"00": "78"}, "3 are stored, but the blocks know of 2"),
            ({key(one[1]): None, key(last[1] + 1): "78"}, of(one))]:
        changed = records | {("texts", at): text for at, text in texts.items()}
        forging.load(folder, {where: value for where, value in changed.items() if value is not None})
        code, output = verify(folder)
        assert code == 1 and output.startswith(f"FAULT in the texts: {said}") and told(output), output
        assert f"this ledger is not served: in the texts: {said}" in ledger.refuses_to_start()
    forging.load(folder, records)
    assert verify(folder)[0] == 0


def test_what_the_daemon_wrote_is_read_back(ledger, notices):
    """The forger's hand changes nothing of itself."""
    folder = ledger.dir / "ledger"
    records = forging.dump(folder)
    forging.load(folder, records)
    assert forging.dump(folder) == records and verify(folder)[0] == 0


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
