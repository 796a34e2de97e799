"""Tests of the client's own proof, note and canonical form code, without a daemon."""
import hashlib
import socket
import struct

import pytest

import pointsclient as pc

ORIGIN = "points.example.jp/ledger"
LEAVES = [pc.leaf_hash(c) for c in (b"a", b"b", b"c", b"d", b"e")]
NOTE = (f"{ORIGIN}\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n\n\u2014 {ORIGIN} "
        "VKLT3RFUoeJjcVT14qhD9ObvNsz8ICB2Y+XST3I//MLYr+1YK6Fh15ixsghUv9HhI3EhVg8T2ual/P2NkLqpe5aPUAw=\n")
KEY = pc.public(pc.key_from_seed(bytes(range(32))))


def audit_path(index, leaves):
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) <= 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return audit_path(index, leaves[:split]) + [pc.tree_root(leaves[split:])]
    return audit_path(index - split, leaves[split:]) + [pc.tree_root(leaves[:split])]


def consistency_path(size, leaves, whole=True):
    """RFC 6962, section 2.1.2, word for word."""
    if size == len(leaves):
        return [] if whole else [pc.tree_root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if size <= split:
        return consistency_path(size, leaves[:split], whole) + [pc.tree_root(leaves[split:])]
    return consistency_path(size - split, leaves[split:], False) + [pc.tree_root(leaves[:split])]


def test_published_note():
    assert pc.check_note(NOTE, ORIGIN, KEY) == (5, pc.tree_root(LEAVES))


@pytest.mark.parametrize("broken", [
    NOTE.replace("\n5\n", "\n6\n"), NOTE.replace("\n5\n", "\n05\n"), NOTE[:-1], NOTE.replace("\n\n", "\n"),
    NOTE.replace("VKLT", "VKLU"), NOTE.replace("AUw", "AVw").replace("UAw=", "UAg="), NOTE.replace(ORIGIN, "other")])
def test_broken_note(broken):
    with pytest.raises(ValueError):
        pc.check_note(broken, ORIGIN, KEY)


def test_signing_and_cosigning():
    assert pc.sign_note(ORIGIN, 5, pc.tree_root(LEAVES), pc.key_from_seed(bytes(range(32)))) == NOTE
    witness, name = pc.key_from_seed(bytes(range(32, 64))), "witness.example.jp/w"
    cosigned = pc.cosign(NOTE, name, witness, 1_700_000_000)
    assert cosigned == NOTE + (
        f"\u2014 {name} uhZbRAAAAABlU/EAEOEAfU8BmJu9dH8bRAwp+mtxobJvbupEMqf1/mi+sRTWE7Ky9LHJNntd6ISCMCx3G2GjcuaTxKK6xac01JkADw==\n")
    assert pc.cosignature_times(cosigned, name, pc.public(witness)) == [1_700_000_000]
    assert pc.check_note(cosigned, ORIGIN, KEY) == (5, pc.tree_root(LEAVES))
    with pytest.raises(ValueError):
        pc.cosignature_times(cosigned.replace("\n5\n", "\n6\n"), name, pc.public(witness))


def test_inclusion_of_every_leaf():
    for size in range(1, 34):
        leaves = [pc.leaf_hash(bytes([n])) for n in range(size)]
        root = pc.tree_root(leaves)
        for index in range(size):
            path = audit_path(index, leaves)
            assert pc.check_inclusion(leaves[index], index, size, path, root)
            assert not pc.check_inclusion(leaves[index], index, size, path + [root], root)
            assert not pc.check_inclusion(pc.leaf_hash(b"other"), index, size, path, root)
            if path:
                assert not pc.check_inclusion(leaves[index], index, size, path[:-1], root)


def test_consistency_of_every_pair():
    for size in range(1, 34):
        leaves = [pc.leaf_hash(bytes([n])) for n in range(size)]
        root = pc.tree_root(leaves)
        for old in range(1, size + 1):
            path, old_root = consistency_path(old, leaves), pc.tree_root(leaves[:old])
            assert pc.check_consistency(old, old_root, size, root, path)
            assert not pc.check_consistency(old, hashlib.sha256(b"").digest(), size, root, path)
            if path:
                assert not pc.check_consistency(old, old_root, size, root, path[:-1])


def test_canonical_form_of_small_messages():
    assert pc.canonical(pc.api.Request(id=1, hello=pc.api.Hello())) == bytes.fromhex("08011a00")
    assert pc.canonical(pc.api.GetAccount()) == b""
    award = pc.transaction.Award(occurred_at=-1)
    assert pc.canonical(award) == b"\x18" + b"\xff" * 9 + b"\x01"


def test_uuid7():
    made = pc.new_uuid7(0x0123456789AB, lambda n: b"\xff" * n)
    assert made.hex() == "0123456789ab7fffbfffffffffffffff"
    assert len({pc.new_uuid7() for _ in range(1000)}) == 1000


def test_genesis_is_signed():
    keys = [pc.key_from_seed(bytes([n]) * 32) for n in range(3)]
    data, sigs = pc.build_genesis(
        origin="points.test/ledger", time=1, checkpoint_key=KEY, municipalities=[(11002, "札幌市", "Sapporo")],
        keys=[(pc.public(k), pc.transaction.OPERATOR, f"holder {n}", 0) for n, k in enumerate(keys)],
        signers=keys[:2], nonce=bytes(16))
    assert [s.key for s in sigs] == sorted(s.key for s in sigs)
    assert all(pc.verifies(s.key, pc.GENESIS_PREFIX + data, s.signature) for s in sigs)
    assert pc.canonical(pc.genesis.Genesis.FromString(data)) == data


def test_answers_in_any_order_and_timeouts():
    near, far = socket.socketpair()
    with far, pc.Client(near, timeout=0.05) as client:
        first, second = client.send(hello=pc.api.Hello()), client.send(get_checkpoint=pc.api.GetCheckpoint())
        for answer in (pc.api.Response(id=second, checkpoint=pc.api.CheckpointReply(note="n")),
                       pc.api.Response(id=first, error=pc.api.Error(code=pc.api.BUSY))):
            data = pc.canonical(answer)
            far.sendall(struct.pack(">I", len(data)) + data)
        with pytest.raises(pc.Refused) as refused:
            client.body(client.receive(first))
        assert refused.value.code == "BUSY"
        assert client.body(client.receive(second)).note == "n"
        with pytest.raises(TimeoutError):
            client.receive(99)
        far.close()
        assert client.closed_by_daemon()


# ---- dry runs and notices

def test_report_of_a_dry_run():
    """Worked by hand from doc/protocol.md."""
    tx = pc.transaction
    one = tx.Transaction(id=b"\x01" * 16, reverse=tx.Reverse(target=b"\x02" * 16, reason="x"))
    data = b"\x0a\x10" + b"\x01" * 16 + b"\xf2\x01\x15" + b"\x0a\x10" + b"\x02" * 16 + b"\x12\x01x"
    assert pc.canonical(one) == data
    assert pc.dry_run_report(b"\xab" * 32, [one], [("APPLIED", 1_600, 0, 0)]).decode() == (
        "points.v1 dry run\n" + "ledger " + "ab" * 32 + "\n"
        + "01" * 16 + " " + hashlib.sha256(data).hexdigest() + " APPLIED 1600\n")


def test_text_of_a_notice():
    """Field by field, as proto/transaction.proto numbers them."""
    version = b"\x0a\x02ja" + b"\x12\x06\xe9\x9b\xaa\xe3\x81\xbe" + b"\x1a\x01a" + b"\x1a\x01b"
    assert pc.notice_text("雪ま", "a", "b", link="z") == b"\x0a" + bytes([len(version)]) + version + b"\x12\x01z"
