"""Random histories on the real daemon: every outcome and every query against the model, before and after a restart."""
import hashlib

import pytest

import compare
import model as rules
import pointsclient as pc
from history import History


def play(daemon, seed, transactions):
    """Sends a history over one connection, pipelined; the model, and the replies of recorded envelopes."""
    model = daemon.model()
    client = daemon.client()
    history = History(seed, model, client.ledger_id, list(daemon.keys.values()))
    steps = list(history.steps(transactions))
    replies = []
    for step, answer in zip(steps, client.pipeline((dict(submit=s.signed()) for s in steps), window=64)):
        compare.response(answer, step.expected)
        if not isinstance(step.expected, rules.Refused) and step.expected["block"]:
            replies.append((step, answer.submit))
    return model, replies


def check_ledger(daemon, replies):
    """Every block's hashes, signatures and place in the tree, with nothing but the client's own code."""
    client = daemon.client("auditor")
    blocks = client.blocks()
    headers = [pc.block.BlockHeader.FromString(b.header) for b in blocks]
    assert len(blocks) == len(replies) + 1
    leaves = [pc.leaf_hash(b.header) for b in blocks]
    assert leaves[0] == client.ledger_id
    for number, (header, block) in enumerate(zip(headers, blocks)):
        prefix = pc.ENVELOPE_PREFIX if number else pc.GENESIS_PREFIX
        assert (header.version, header.rules_version, header.index) == (1, 1, number)
        assert len(block.header) <= 1_024 and pc.canonical(header) == block.header
        assert header.envelope_sha256 == hashlib.sha256(block.body.envelope).digest()
        assert header.outcomes_sha256 == hashlib.sha256(block.body.outcomes).digest()
        assert all(pc.verifies(s.key, prefix + block.body.envelope, s.signature) for s in header.signatures)
    for header, block, (step, reply) in zip(headers[1:], blocks[1:], replies):
        assert block.body.envelope == step.data
        assert block.body.outcomes == pc.canonical(reply.outcomes)
        assert list(header.signatures) == list(step.signed().signatures)
        assert (header.index, header.first_sequence, header.count, header.time) == (
            reply.block, reply.first_sequence, len(step.transactions), reply.time)
    check_proofs(client, daemon.checkpoint_key, blocks, leaves)


def check_proofs(client, key, blocks, leaves):
    size, root = pc.check_note(client.checkpoint(), client.hello().origin, key)
    assert (size, root) == (len(leaves), pc.tree_root(leaves))
    for index in {0, 1, 2, size // 3, size - 2, size - 1}:
        proof = client.inclusion_proof(index)
        assert proof.size == size and proof.header == blocks[index].header
        assert pc.check_inclusion(leaves[index], index, size, proof.hashes, root)
        assert pc.check_note(proof.checkpoint, client.hello().origin, key) == (size, root)
    for old in (1, 2, size // 2, size - 1):
        proof = client.inclusion_proof(old - 1, old)
        assert pc.check_inclusion(leaves[old - 1], old - 1, old, proof.hashes, pc.tree_root(leaves[:old]))
        proof = client.consistency_proof(old)
        assert proof.size == size
        assert pc.check_consistency(old, pc.tree_root(leaves[:old]), size, root, proof.hashes)
    assert not client.consistency_proof(size).hashes


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_history(daemon, seed):
    model, replies = play(daemon, seed, 3_000)
    compare.all_queries(daemon.client("auditor"), model)
    check_ledger(daemon, replies)
    daemon.restart()
    compare.all_queries(daemon.client("auditor"), model)
    check_ledger(daemon, replies)


def test_history_goes_on_after_each_restart(daemon):
    """The books balance, and are the model's, after every single block."""
    model = daemon.model()
    history = History(4, model, daemon.client().ledger_id, list(daemon.keys.values()))
    for stop in (daemon.stop, daemon.kill9, daemon.stop):
        client, auditor = daemon.client(), daemon.client("auditor")
        for step in history.steps(300):
            compare.response(client.receive(client.send(submit=step.signed())), step.expected)
            compare.books(auditor, model)
        stop()
        daemon.start()
        compare.all_queries(daemon.client("auditor"), model)
