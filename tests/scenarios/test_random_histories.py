"""Random histories on the real daemon: every outcome and every query against the model, before and after a restart."""
import collections
import hashlib

import pytest

import compare
import model as rules
import outcomes
import pointsclient as pc
from history import History

SEEDS, TRANSACTIONS = (1, 2, 3), 6_000
REACHED = {}  # seed: what its history reached


def begin(daemon, seed):
    """A history, and its model, that knows the key of everybody whom genesis names."""
    keys = [*daemon.keys.values(), *daemon.offices.values()]
    return History(seed, daemon.model(), daemon.client().ledger_id, keys)


def play(daemon, steps):
    """Sends a history over one connection, pipelined up to each dry run; the replies of recorded envelopes."""
    client, auditor, replies, waiting = daemon.client(), daemon.client("auditor"), [], []

    def send_waiting():
        answers = client.pipeline((dict(submit=s.signed()) for s in waiting), window=64)
        for step, answer in zip(waiting, answers):
            compare.response(answer, step.expected)
            if not isinstance(step.expected, rules.Refused) and step.expected["block"]:
                replies.append((step, answer.submit))
        waiting.clear()

    for step in steps:
        if step.dry_run:
            send_waiting()
            compare.dry_run(auditor, step.transactions, step.dry_run)
        waiting.append(step)
    send_waiting()
    return replies


def compare_all(daemon, history):
    """Every query of an auditor, and those of municipalities under their own keys."""
    compare.all_queries(daemon.client("auditor"), history.model)
    for code in history.offices()[:2]:
        client = daemon.client()
        client.authenticate(*history.office(code))
        compare.municipality_queries(client, history.model, code)


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


@pytest.mark.parametrize("seed", SEEDS)
def test_history(daemon, seed):
    history = begin(daemon, seed)
    replies = play(daemon, list(history.steps(TRANSACTIONS)))
    REACHED[seed] = outcomes.reached(history.steps_made)
    compare_all(daemon, history)
    check_ledger(daemon, replies)
    daemon.restart()
    compare_all(daemon, history)
    check_ledger(daemon, replies)


def test_these_histories_reach_every_outcome(new_ledger):
    """Each outcome of each transaction occurs in the histories that the test above plays."""
    for seed in set(SEEDS) - set(REACHED):  # when this test runs alone
        daemon = new_ledger()
        daemon.start()
        REACHED[seed] = outcomes.reached(begin(daemon, seed).steps(TRANSACTIONS))
    outcomes.assert_all(sum(REACHED.values(), collections.Counter()))


def test_history_goes_on_after_each_restart(daemon):
    """The books balance, and are the model's, after every single block."""
    history = begin(daemon, 4)
    for stop in (daemon.stop, daemon.kill9, daemon.stop):
        client, auditor = daemon.client(), daemon.client("auditor")
        for step in history.steps(300):
            if step.dry_run:
                compare.dry_run(auditor, step.transactions, step.dry_run)
            compare.response(client.receive(client.send(submit=step.signed())), step.expected)
            compare.books(auditor, history.model)
        stop()
        daemon.start()
        compare_all(daemon, history)
