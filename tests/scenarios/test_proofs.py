"""Proofs that leave the ledger: made by points-audit, checked by it and, independently, by hashlib and nacl alone; blocks shown and
ledgers compared."""
import base64
import hashlib
import json
import os
import random
import shutil
import subprocess
import uuid

import pytest

import forger
import pointsclient as pc
from conftest import ORIGIN, binary
from history import History
from pointsclient import transaction as tx

SEED = 20211112
TRANSACTIONS = 200
MUTATIONS = int(os.environ.get("PROOF_MUTATIONS", "150"))
SAPPORO = 11_002


def audit(*arguments, code=0):
    """Output and messages of points-audit, which must leave with `code` (one, or one of several)."""
    done = subprocess.run([binary("points-audit"), *map(str, arguments)], capture_output=True, timeout=60, check=False)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), (arguments, done.returncode, done.stdout, done.stderr)
    return done


def asked(*arguments, code=0):
    """The JSON of a command."""
    done = audit(*arguments, "--json", code=code)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def verifier_key(daemon):
    typed = b"\x01" + daemon.checkpoint_key
    return f"{ORIGIN}+{pc.note_key_id(ORIGIN, daemon.checkpoint_key).hex()}+{base64.b64encode(typed).decode()}"


def open_account(account):
    return tx.Transaction(id=pc.new_uuid7(), open_account=tx.OpenAccount(account=account, municipality=SAPPORO))


def newest_day(header):
    """The JST day that the newest checkpoint is kept under: that of the last block's time."""
    return (pc.block.BlockHeader.FromString(header).time + 9 * 3600) // 86_400


class Recorded:
    """A ledger of all kinds of transactions, at rest: its folder, and its blocks as the daemon gave them."""

    def __init__(self, daemon):
        daemon.start()
        client = daemon.client()
        history = History(SEED, daemon.model(), client.ledger_id, [*daemon.keys.values(), *daemon.offices.values()])
        self.submitted = {}
        for step in history.steps(TRANSACTIONS):
            signed = step.signed()
            client.send(submit=signed)
            client.receive(client.last_id)
            self.submitted[signed.envelope] = signed
        self.blocks = daemon.client("auditor").blocks()
        daemon.stop()
        self.daemon, self.key, self.dir = daemon, verifier_key(daemon), daemon.dir / "ledger"

    def header(self, index):
        return pc.block.BlockHeader.FromString(self.blocks[index].header)

    def transactions(self, index):
        return pc.envelope.Envelope.FromString(self.blocks[index].body.envelope).transactions if index else []

    def outcomes(self, index):
        return pc.outcome_rows(pc.outcome.Outcomes.FromString(self.blocks[index].body.outcomes))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    from conftest import Daemon
    daemon = Daemon(tmp_path_factory.mktemp("recorded"))
    yield Recorded(daemon)
    daemon.discard()


# ---- proofs

def read_proof(text):
    """(header, index, path, checkpoint) of a tlog-proof, by the letter of its form."""
    proof, separator, note = text.partition("\n\n")
    assert separator
    first, extra, index, *path = proof.split("\n")
    assert first == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index ")
    return (base64.b64decode(extra[6:], validate=True), int(index[6:]), [base64.b64decode(p, validate=True) for p in path], note)


def assert_proves(text, recorded, index):
    header, number, path, note = read_proof(text)
    size, root = pc.check_note(note, ORIGIN, recorded.daemon.checkpoint_key)
    assert (number, size, header) == (index, len(recorded.blocks), recorded.blocks[index].header)
    assert pc.check_inclusion(pc.leaf_hash(header), index, size, path, root)


def test_each_block_and_each_transaction_is_proved(recorded, tmp_path):
    first = {}
    for index in range(len(recorded.blocks)):
        assert_proves(audit("prove", recorded.dir, f"block:{index}").stdout, recorded, index)
        for position, transaction in enumerate(recorded.transactions(index)):
            first.setdefault(transaction.id, (index, position, recorded.header(index).first_sequence + position))
    dice = random.Random(SEED)
    for transaction_id, (index, position, sequence) in dice.sample(sorted(first.items()), 40):
        text = audit("prove", recorded.dir, dice.choice([transaction_id.hex(), uuid.UUID(bytes=transaction_id)])).stdout
        assert_proves(text, recorded, index)
        told = asked("prove", recorded.dir, f"sequence:{sequence}")
        assert told["proof"] == text and told["key"] == recorded.key and told["blocks"] == len(recorded.blocks)
        outcome = recorded.outcomes(index)[position]
        assert (told["block"], told["sequence"], told["outcome"], told["points"]) == (index, sequence, *outcome[:2])
        assert told["id"] == str(uuid.UUID(bytes=transaction_id))


def test_an_id_that_came_again_is_proved_where_it_was_decided(recorded):
    places = {}
    for index in range(1, len(recorded.blocks)):
        for transaction in recorded.transactions(index):
            places.setdefault(transaction.id, []).append(index)
    again = {key: found for key, found in places.items() if len(set(found)) > 1}
    assert again
    for transaction_id, found in again.items():
        assert read_proof(audit("prove", recorded.dir, transaction_id.hex()).stdout)[1] == found[0]


def test_a_proof_is_checked_without_the_ledger(recorded, tmp_path):
    proof, body, envelope = (tmp_path / name for name in ("proof", "body", "envelope"))
    for index in range(1, len(recorded.blocks), 7):
        header = recorded.header(index)
        done = audit("prove", recorded.dir, f"block:{index}", "--out", proof, "--body", body)
        assert done.stdout == "" and f"--key {recorded.key}\n" in done.stderr
        assert (" other residents' too" in done.stderr) == (header.count > 1)
        assert body.stat().st_mode & 0o777 == 0o600
        assert body.read_bytes() == recorded.blocks[index].body.SerializeToString()
        envelope.write_bytes(recorded.submitted[recorded.blocks[index].body.envelope].SerializeToString())

        text = audit("check-proof", proof, "--key", recorded.key).stdout
        assert text.endswith(f"\nThe proof holds: {ORIGIN} signed a ledger of {len(recorded.blocks)} blocks, and this is its block {index}.\n")
        told = asked("check-proof", proof, "--key", recorded.key)
        assert (told["holds"], told["ledger"], told["blocks"], told["block"]) == (True, ORIGIN, len(recorded.blocks), index)
        assert (told["signed_with"], told["count"], told["first_sequence"]) == (recorded.key, header.count, header.first_sequence)
        assert [row["key"] for row in told["signatures"]] == [s.key.hex() for s in header.signatures]
        assert "transactions" not in told

        told = asked("check-proof", proof, "--key", recorded.key, "--envelope", envelope)
        rows = [(row["sequence"], row["id"]) for row in told["transactions"]]
        assert rows == [(header.first_sequence + n, str(uuid.UUID(bytes=t.id))) for n, t in enumerate(recorded.transactions(index))]
        assert "outcome" not in told["transactions"][0]
        told = asked("check-proof", proof, "--key", recorded.key, "--body", body, "--envelope", envelope)
        assert [(row["sequence"], row["id"]) for row in told["transactions"]] == rows
        assert [(row["outcome"], row["points"], row["expired"], row["previous"] or 0) for row in told["transactions"]] == \
            recorded.outcomes(index)


def test_files_of_a_proof_are_new(recorded, tmp_path):
    """Links and files that could be taken for temporary ones are left alone; the body is its owner's, whatever lay there."""
    proof, body, other = (tmp_path / name for name in ("proof", "body", "other"))
    for path in (body, other, tmp_path / "body.tmp"):
        path.write_text("as it was")
        path.chmod(0o666)
    (tmp_path / "proof.tmp").symlink_to(other)
    audit("prove", recorded.dir, "block:3", "--out", proof, "--body", body)
    assert body.stat().st_mode & 0o777 == 0o600 and body.read_bytes() == recorded.blocks[3].body.SerializeToString()
    assert not proof.is_symlink() and proof.read_text() == audit("prove", recorded.dir, "block:3").stdout
    assert other.read_text() == (tmp_path / "body.tmp").read_text() == "as it was"
    assert len(list(tmp_path.iterdir())) == 5


def test_a_proof_overwrites_nothing_of_its_own(recorded, tmp_path):
    before = (recorded.dir / "data.mdb").read_bytes()
    for option in ("--out", "--body"):
        for name in ("data.mdb", "lock.mdb", "ledger.lock"):
            said = audit("prove", recorded.dir, "block:3", option, recorded.dir / name, code=2).stderr
            assert f"would overwrite a ledger's own {name}" in said
    assert (recorded.dir / "data.mdb").read_bytes() == before
    (tmp_path / "link").symlink_to(tmp_path)
    for ledger in (recorded.dir, tmp_path / "none"):  # before anything is read
        for other in (tmp_path / "x", tmp_path / "link" / "x", f"{tmp_path}/./x"):
            said = audit("prove", ledger, "block:3", "--out", tmp_path / "x", "--body", other, code=2).stderr
            assert "--out and --body name the same file" in said
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_one_of_several_keys_is_enough(recorded, tmp_path):
    other = f"{ORIGIN}+{pc.note_key_id(ORIGIN, bytes(32)).hex()}+{base64.b64encode(bytes([1]) + bytes(32)).decode()}"
    proof = tmp_path / "proof"
    audit("prove", recorded.dir, "block:3", "--out", proof)
    assert asked("check-proof", proof, "--key", other, "--key", recorded.key)["signed_with"] == recorded.key
    assert asked("check-proof", proof, "--key", other, code=1)["fault"].startswith("in the proof: the checkpoint is not signed by ")
    renamed = recorded.key.replace(ORIGIN, "other.test/ledger")
    assert "is no verifier key" in audit("check-proof", proof, "--key", renamed, code=2).stderr  # its hex is of the name too


def test_genesis_is_proved_too(recorded, tmp_path):
    proof, body = tmp_path / "proof", tmp_path / "body"
    audit("prove", recorded.dir, "block:0", "--out", proof, "--body", body)
    told = asked("check-proof", proof, "--key", recorded.key, "--body", body)
    assert (told["block"], told["origin"], told["checkpoint_key"]) == (0, ORIGIN, recorded.daemon.checkpoint_key.hex())
    assert pc.leaf_hash(recorded.blocks[0].header).hex() == told["leaf"]


def test_what_does_not_belong_together(recorded, tmp_path):
    proof, body, envelope = (tmp_path / name for name in ("proof", "body", "envelope"))
    audit("prove", recorded.dir, "block:5", "--out", proof)
    audit("prove", recorded.dir, "block:6", "--out", tmp_path / "p6", "--body", body)
    checked = ("check-proof", proof, "--key", recorded.key)

    def fault(*arguments):
        told = asked(*checked, *arguments, code=1)
        assert told["holds"] is False
        return told["fault"]

    assert fault("--body", body) == "in the body: the envelope does not have the hash that the header gives"
    own = pc.block.BlockBody.FromString(recorded.blocks[5].body.SerializeToString())
    own.outcomes = recorded.blocks[6].body.outcomes + b"\0"
    body.write_bytes(own.SerializeToString())
    assert fault("--body", body) == "in the body: the outcomes do not have the hash that the header gives"
    body.write_bytes(b"")
    assert fault("--body", body).startswith("in the body: ")
    body.write_bytes(b"\xff" * 100)
    assert "no canonical BlockBody" in fault("--body", body)

    signed = recorded.submitted[recorded.blocks[5].body.envelope]
    envelope.write_bytes(recorded.submitted[recorded.blocks[6].body.envelope].SerializeToString())
    assert "it is not the block's" in fault("--envelope", envelope)
    envelope.write_bytes(pc.sign_envelope(signed.envelope, [pc.key_from_seed(bytes(32))]).SerializeToString())
    assert fault("--envelope", envelope) == "in the envelope: its signatures are not those that the header has"
    envelope.write_bytes(signed.envelope)
    assert "no canonical SignedEnvelope" in fault("--envelope", envelope)
    envelope.write_bytes(signed.SerializeToString())
    audit(*checked, "--envelope", envelope)

    # a right path from another block's header; a right header under another index
    lines, others = (path.read_text().split("\n") for path in (proof, tmp_path / "p6"))
    proof.write_text("\n".join([lines[0], others[1], *lines[2:]]))
    assert "the header says that it is block 6" in fault()
    proof.write_text("\n".join([*lines[:2], others[2], *lines[3:]]))
    assert "the header says that it is block 5" in fault()
    proof.write_text("\n".join([*lines[:3], *others[3:]]))
    assert "the path does not lead from the header of block 5 to the checkpoint's root" in fault()


def mutations(data, dice):
    """Bytes changed, taken out, put in, put in twice, cut off."""
    for _ in range(MUTATIONS):
        at, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        how = dice.randrange(6)
        if how == 0:
            changed = bytearray(data)
            changed[at % len(data)] ^= 1 << dice.randrange(8)
        elif how == 1:
            changed = data[:at]
        elif how == 2:
            changed = data[:at] + data[end:]
        elif how == 3:
            changed = data[:at] + data[at:end] + data[at:]
        elif how == 4:
            changed = data[:at] + dice.randbytes(dice.randrange(1, 9)) + data[at:]
        else:
            changed = data[:at] + data[end:] + data[at:end]
        if changed != data:
            yield bytes(changed)


@pytest.mark.parametrize("kind", ["proof", "body", "envelope"])
def test_no_changed_byte_is_believed(recorded, tmp_path, kind):
    index = max(range(1, len(recorded.blocks)), key=lambda n: recorded.header(n).count)
    files = {name: tmp_path / name for name in ("proof", "body", "envelope")}
    audit("prove", recorded.dir, f"block:{index}", "--out", files["proof"], "--body", files["body"])
    files["envelope"].write_bytes(recorded.submitted[recorded.blocks[index].body.envelope].SerializeToString())
    options = [word for name in ("body", "envelope") if kind in (name, "proof") for word in (f"--{name}", files[name])]
    data = files[kind].read_bytes()
    for changed in mutations(data, random.Random(SEED)):
        files[kind].write_bytes(changed)
        done = audit("check-proof", files["proof"], "--key", recorded.key, *options, code=(1, 3))
        if done.returncode == 1:
            assert done.stdout.startswith("FAULT in the ") and done.stdout.count("\n") == 1 and done.stderr == "", changed
        else:
            assert done.stdout == "" and done.stderr.startswith("points-audit: "), changed


def test_wrong_use(recorded, tmp_path, new_ledger):
    proof = tmp_path / "proof"
    audit("prove", recorded.dir, "block:1", "--out", proof)
    assert "--key is missing" in audit("check-proof", proof, code=2).stderr
    for key in ("", ORIGIN, recorded.key[:-1], recorded.key + "=", recorded.key.replace("+A", "+B")):
        assert "is no verifier key" in audit("check-proof", proof, "--key", key, code=2).stderr
    audit("check-proof", tmp_path / "none", "--key", recorded.key, code=3)
    audit("check-proof", tmp_path, "--key", recorded.key, code=3)
    assert "--csv and --cp932 are not for it" in audit("check-proof", proof, "--key", recorded.key, "--csv", code=2).stderr
    size = len(recorded.blocks)
    assert f"there is no block {size}: the ledger has {size}" in audit("prove", recorded.dir, f"block:{size}", code=2).stderr
    assert "no transaction with this id" in audit("prove", recorded.dir, "00" * 16, code=2).stderr
    assert "no transaction with sequence number" in audit("prove", recorded.dir, "sequence:99999999", code=2).stderr
    for wrong in ("1", "block:", "block:x", "sequence:0", "block:-1", "block:18446744073709551616", ""):
        audit("prove", recorded.dir, wrong, code=2)
    audit("prove", recorded.dir, "block:1", "--out", tmp_path / "none" / "proof", code=3)
    audit("prove", tmp_path / "none", "block:1", code=3)
    assert "no checkpoint yet" in audit("prove", new_ledger().dir / "ledger", "block:0", code=3).stderr


def test_a_damaged_ledger_proves_nothing(recorded, tmp_path):
    day, lying = newest_day(recorded.blocks[-1].header), "FAULT the ledger is damaged: the proof that it gives does not hold: "
    for table, record, offset, said in [("bodies", 7, 60, "FAULT in block 7: "), ("headers", 7, 20, "FAULT in block 7: "),
                                        ("tree", 7, 33, "FAULT in block 7: "), ("tree", 15, 100, lying),
                                        ("checkpoints", day, len(ORIGIN) + 8, "FAULT "), ("checkpoints", day, 150, "FAULT in the checkpoint: ")]:
        shutil.copy(recorded.dir / "data.mdb", tmp_path)
        forger.flip(tmp_path, table, f"{record:016x}", offset, 1)
        done = audit("prove", tmp_path, "block:7", code=1)
        assert done.stdout.startswith(said) and done.stdout.count("\n") == 1, (table, done.stdout)


# ---- show

def test_a_block_is_shown(recorded):
    holders = {key.key: (pc.transaction.Role.Name(key.role), key.holder)
               for key in pc.genesis.Genesis.FromString(recorded.blocks[0].body.envelope).keys}
    for index in range(1, len(recorded.blocks), 5):
        header, told = recorded.header(index), asked("show", recorded.dir, index)
        assert (told["block"], told["rules_version"], told["count"], told["first_sequence"]) == (
            index, header.rules_version, header.count, header.first_sequence)
        assert told["envelope_sha256"] == hashlib.sha256(recorded.blocks[index].body.envelope).hexdigest()
        assert told["leaf"] == pc.leaf_hash(recorded.blocks[index].header).hex()
        for row, signature in zip(told["signatures"], header.signatures, strict=True):
            assert row["key"] == signature.key.hex()
            assert signature.key not in holders or (row["role"], row["holder"]) == holders[signature.key]
        assert [row["id"] for row in told["transactions"]] == [str(uuid.UUID(bytes=t.id)) for t in recorded.transactions(index)]
        assert [(row["outcome"], row["points"], row["expired"], row["previous"] or 0) for row in told["transactions"]] == \
            recorded.outcomes(index)
        assert audit("show", recorded.dir, index).stdout.count("\n") > header.count
    told = asked("show", recorded.dir, 0)
    assert (told["origin"], len(told["municipalities"]), len(told["keys"])) == (ORIGIN, 12, 18)
    assert "there is no block" in audit("show", recorded.dir, len(recorded.blocks), code=2).stderr
    audit("show", recorded.dir, "one", code=2)


def test_keys_that_came_later(ledger):
    """Signers and checkpoint keys that genesis does not know are found in the blocks; a refused registration is none."""
    ledger.start()
    client, both = ledger.client(), [ledger.keys["operator-1"], ledger.keys["operator-2"]]
    app, checkpoint = (pc.key_from_seed(bytes([n]) * 32) for n in (7, 8))

    def register(key, role, holder, **more):
        return tx.Transaction(id=pc.new_uuid7(), register_key=tx.RegisterKey(key=pc.public(key), role=role, holder=holder, **more))
    reply = client.submit([register(app, tx.APP, "Nobody", municipality=SAPPORO), register(app, tx.APP, "New backend")], both)
    assert pc.codes(reply) == ["KEY_INVALID", "APPLIED"]
    client.submit([open_account(b"a" * 16)], [app])
    client.submit([register(checkpoint, tx.CHECKPOINT, ORIGIN)], both)
    ledger.stop()
    assert asked("show", ledger.dir / "ledger", 2)["signatures"] == [
        {"key": pc.public(app).hex(), "role": "APP", "holder": "New backend"}]
    assert asked("prove", ledger.dir / "ledger", "block:2")["key"] == verifier_key(ledger)

    seed = ledger.dir / "keys" / "next.key"
    seed.write_text((b"\x08" * 32).hex() + "\n")
    seed.chmod(0o600)
    ledger.configure("ledger", "next_checkpoint_key", seed)
    ledger.start()
    revoke = tx.Transaction(id=pc.new_uuid7(), revoke_key=tx.RevokeKey(key=ledger.checkpoint_key))
    assert pc.codes(ledger.client().submit([revoke], both)) == ["APPLIED"]
    ledger.stop()
    told = asked("prove", ledger.dir / "ledger", "block:2")
    assert base64.b64decode(told["key"].split("+", 2)[2]) == b"\x01" + pc.public(checkpoint)

    header, _, _, note = read_proof(told["proof"])  # the same checkpoint, signed with the revoked key: nobody's word any more
    text, daemon_key = note.partition("\n\n")[0] + "\n", pc.key_from_file(ledger.dir / "keys" / "daemon.key")
    blob = pc.note_key_id(ORIGIN, pc.public(daemon_key)) + daemon_key.sign(text.encode()).signature
    forged = f"{text}\n\u2014 {ORIGIN} {base64.b64encode(blob).decode()}\n"
    assert pc.check_note(forged, ORIGIN, pc.public(daemon_key))[0] == told["blocks"]
    records = forger.dump(ledger.dir / "ledger")
    records["checkpoints", f"{newest_day(header):016x}"] = forged.encode().hex()
    forger.load(ledger.dir / "ledger", records)
    assert "is not signed by" in asked("prove", ledger.dir / "ledger", "block:2", code=1)["fault"]


def test_a_damaged_block_is_not_shown_as_if_it_were_sound(recorded, tmp_path):
    shutil.copy(recorded.dir / "data.mdb", tmp_path)
    forger.flip(tmp_path, "bodies", f"{9:016x}", 50, 1)
    assert asked("show", tmp_path, 9, code=1) == {
        "holds": False, "block": 9, "fault": "in block 9: the envelope does not have the hash that the header gives"}
    audit("show", tmp_path, 8)


# ---- compare

def test_copies_are_the_same(recorded, tmp_path):
    shutil.copy(recorded.dir / "data.mdb", tmp_path)
    size = len(recorded.blocks)
    assert asked("compare", recorded.dir, tmp_path) == {"result": "same", "blocks_a": size, "blocks_b": size}
    assert asked("compare", tmp_path, tmp_path)["result"] == "same"
    assert f"They are the same: {size} blocks, byte by byte." in audit("compare", recorded.dir, tmp_path).stdout
    audit("compare", recorded.dir, tmp_path / "none", code=3)


@pytest.mark.parametrize("table, offset", [("bodies", 60), ("bodies", -1), ("headers", 9), ("headers", -1)])
def test_a_changed_byte_is_a_difference(recorded, tmp_path, table, offset):
    for index in (1, len(recorded.blocks) // 2, len(recorded.blocks) - 1):
        block = recorded.blocks[index]
        size = len(block.header) if table == "headers" else len(block.body.SerializeToString())
        shutil.copy(recorded.dir / "data.mdb", tmp_path)
        forger.flip(tmp_path, table, f"{index:016x}", offset % size, 1)
        told = asked("compare", recorded.dir, tmp_path, code=1)
        assert (told["result"], told["block"]) == ("different", index)
        fault = [(row["ledger"], row["value"]) for row in told["differences"] if row["what"] == "fault"]
        assert fault[0] == ("A", "(none)") and fault[1][0] == "B" and fault[1][1].startswith(f"in block {index}: ")


def test_ledgers_that_went_different_ways(ledger, tmp_path):
    """The same beginning, then each its own block: as when a backup was put back and took new transactions."""
    ledger.start()
    one, other, third = (open_account(bytes([n]) * 16) for n in (1, 2, 3))
    signers = [ledger.keys["app"]]
    ledger.client().submit([one], signers)
    ledger.stop()
    shutil.copytree(ledger.dir / "ledger", tmp_path / "before")
    ledger.start()
    ledger.client().submit([other, third], signers)
    ledger.stop()
    shutil.copytree(ledger.dir / "ledger", tmp_path / "after")

    told = asked("compare", tmp_path / "before", tmp_path / "after", code=1)
    assert told == {"result": "beginning", "blocks_a": 2, "blocks_b": 3}
    assert asked("compare", tmp_path / "after", tmp_path / "before", code=1)["result"] == "beginning"
    said = audit("compare", tmp_path / "after", tmp_path / "before", code=1).stdout
    assert said.endswith(f"{tmp_path / 'before'} is the beginning of {tmp_path / 'after'}, which goes on to 3 blocks.\n")

    shutil.rmtree(ledger.dir / "ledger")
    shutil.copytree(tmp_path / "before", ledger.dir / "ledger")
    for kept in [*ledger.dir.glob("snapshot*"), *ledger.dir.glob("index*")]:
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    ledger.start()
    ledger.client().submit([other, one], signers)
    ledger.stop()
    told = asked("compare", tmp_path / "after", ledger.dir / "ledger", code=1)
    rows = {(row["what"], row["ledger"]): row["value"] for row in told["differences"]}
    assert (told["result"], told["block"]) == ("different", 2)
    assert ("fault", "B") not in rows and ("count", "A") not in rows and ("transaction 0", "A") not in rows
    assert str(uuid.UUID(bytes=third.id)) in rows["transaction 1", "A"]
    assert str(uuid.UUID(bytes=one.id)) in rows["transaction 1", "B"]
    assert rows["outcome 1", "A"].startswith("APPLIED ") and rows["outcome 1", "B"].startswith("DUPLICATE ")
    assert rows["outcomes_sha256", "A"] != rows["outcomes_sha256", "B"]


def test_two_ledgers(recorded, new_ledger):
    other = new_ledger()
    told = asked("compare", recorded.dir, other.dir / "ledger", code=1)
    assert (told["result"], told["block"]) == ("different", 0)
    assert "They are two ledgers" in audit("compare", recorded.dir, other.dir / "ledger", code=1).stdout
