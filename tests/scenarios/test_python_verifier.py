"""The verifier in Python (tools/contrib) against real ledgers: one that holds, and the same one after every kind of lie.

Two kinds of liars: who changes a file, and a daemon that hashes and signs whatever it says."""
import ast
import base64
import copy
import hashlib
import json
import random
import re
import subprocess
import sys
import types

import pytest

import pointsclient as pc
from conftest import TESTS, Daemon, binary
from pointsclient import transaction as tx
from test_checkpoints import Keys
from test_random_histories import begin, play

PROGRAM = TESTS.parent / "tools" / "contrib" / "verify_ledger.py"
BOOKS = ("issued", "balances", "held", "donated", "converted", "expired", "forfeited", "reversed", "fees")
SEED, TRANSACTIONS, EDITS = 1, 1_000, 4


def b64(data):
    return base64.b64encode(data).decode()


class Export:
    """An exported ledger, taken apart: `blocks` (header, envelope, outcomes), `texts` (sequence: bytes), and the `note`."""

    def __init__(self, daemon, secrets=()):
        auditor, self.secrets = daemon.client("auditor"), dict(secrets)  # public key: secret key
        self.origin, self.key = auditor.hello().origin, pc.key_from_file(daemon.dir / "keys" / "daemon.key")
        self.blocks = [types.SimpleNamespace(
            header=pc.block.BlockHeader.FromString(b.header), envelope=b.body.envelope,
            outcomes=pc.outcome.Outcomes.FromString(b.body.outcomes)) for b in auditor.blocks()]
        self.texts = {n.sequence: n.text for n in auditor.notices(all=True)[::-1] if not n.erased}
        self.note = auditor.checkpoint()

    def bytes_of(self, block):
        return pc.canonical(block.header), block.envelope, pc.canonical(block.outcomes)

    def leaves(self):
        return [pc.leaf_hash(self.bytes_of(block)[0]) for block in self.blocks]

    def signed_note(self, *keys):
        """A checkpoint of the blocks as they are now."""
        text = f"{self.origin}\n{len(self.blocks)}\n{b64(pc.tree_root(self.leaves()))}\n"
        lines = [f"\u2014 {self.origin} {b64(pc.note_key_id(self.origin, pc.public(k)) + k.sign(text.encode()).signature)}\n"
                 for k in keys or [self.key]]
        return text + "\n" + "".join(lines)

    def hashed_and_signed(self):
        """Makes hashes and checkpoint right again, as a daemon that lies would."""
        for block in self.blocks:
            _, envelope, outcomes = self.bytes_of(block)
            block.header.envelope_sha256 = hashlib.sha256(envelope).digest()
            block.header.outcomes_sha256 = hashlib.sha256(outcomes).digest()
        self.note = self.signed_note()

    def rewrite(self, block, change):
        """Changes an envelope, which its signers sign again."""
        envelope = pc.envelope.Envelope.FromString(block.envelope)
        change(envelope)
        block.envelope = pc.canonical(envelope)
        signers = [self.secrets[one.key] for one in block.header.signatures]
        del block.header.signatures[:]
        block.header.signatures.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, signers))

    def lines(self):
        for index, block in enumerate(self.blocks):
            header, envelope, outcomes = map(b64, self.bytes_of(block))
            yield {"block": index, "header": header, "envelope": envelope, "outcomes": outcomes}
        for sequence, text in self.texts.items():
            yield {"text": sequence, "bytes": b64(text)}
        yield {"checkpoint": self.note}

    # where something is

    def decided(self):
        """Every transaction: its block, its place in it, itself, and its outcome's code."""
        for block in self.blocks[1:]:
            transactions = pc.envelope.Envelope.FromString(block.envelope).transactions
            for place, (one, row) in enumerate(zip(transactions, pc.outcome_rows(block.outcomes), strict=True)):
                yield block, place, one, row[0]

    def find(self, code, *kinds):
        """A transaction of a kind, or of any, with this outcome: its block and its place in it."""
        found = [(block, place) for block, place, one, decided in self.decided()
                 if decided == code and (not kinds or one.WhichOneof("body") in kinds)]
        assert found, f"the history has no {code} of {kinds}"
        return found[len(found) // 2]


def exported(folder):
    """What points-audit exports of a ledger at rest."""
    done = subprocess.run([binary("points-audit"), "export", str(folder), "--format", "ledger"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(lines, *options):
    """The program's exit code and what it says of a file's lines, or of its text."""
    text = lines if isinstance(lines, str) else "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([sys.executable, str(PROGRAM), "-", *map(str, options)], input=text, capture_output=True, text=True,
                          timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def books(output):
    return {name: int(points.replace(",", "")) for name, points in re.findall(r"^(\w+) +([\d,]+)$", output, re.MULTILINE)}


def touch_all(daemon, history):
    """Touches every account, so that outcomes have told of all that expired."""
    accounts = list(history.model.accounts)
    for first in range(0, len(accounts), 500):
        transactions = [tx.Transaction(id=random.randbytes(16), unfreeze_account=tx.UnfreezeAccount(account=a))
                        for a in accounts[first:first + 500]]
        daemon.client().submit(transactions, history.live(tx.OPERATOR)[:1])


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A ledger with a random history: what it holds, as the daemon tells it and as points-audit exports it (`file`), an older
    checkpoint, and the daemon's trial balance."""
    daemon = Daemon(tmp_path_factory.mktemp("played"))
    try:
        daemon.start()
        history = begin(daemon, SEED)
        play(daemon, list(history.steps(TRANSACTIONS)))
        older = daemon.client().checkpoint()
        play(daemon, list(history.steps(TRANSACTIONS)))
        untouched = Export(daemon)
        touch_all(daemon, history)
        found = types.SimpleNamespace(export=Export(daemon, history.secrets), older=older, untouched=untouched,
                                      balance=daemon.client("auditor").trial_balance())
        daemon.stop()
        found.file = exported(daemon.dir / "ledger")
        yield found
    finally:
        daemon.discard()


@pytest.fixture
def export(played):
    """A copy to be changed."""
    return copy.deepcopy(played.export)


# ---- what holds

def test_it_holds_and_its_books_are_the_daemons(played):
    code, output = run(played.file)
    assert code == 0, output
    root = b64(pc.tree_root(played.export.leaves()))
    count = played.balance.last_sequence
    assert output.startswith(f"All holds: {len(played.export.blocks)} blocks, {count} transactions, root {root}\n")
    assert books(output) == {name: getattr(played.balance.total, name) for name in BOOKS}
    assert all(points for name, points in books(output).items() if name != "held"), "every book should have been moved"


def test_the_exported_file_is_what_the_daemon_tells(played):
    assert [json.loads(line) for line in played.file.splitlines()] == list(played.export.lines())


def test_what_no_outcome_told_yet_is_not_expired(played):
    code, output = run(played.untouched.lines())
    assert code == 0, output
    assert output.splitlines()[-1].startswith("Points that have expired, but of which no outcome tells yet, are balances here; ")
    found = books(output)
    assert found["issued"] == sum(points for name, points in found.items() if name != "issued")


def test_it_extends_an_older_checkpoint(played, tmp_path):
    note = tmp_path / "note"
    for older in (played.older, played.export.note):
        note.write_text(older)
        assert run(played.export.lines(), "--from-checkpoint", note)[0] == 0


def test_a_ledger_of_genesis_alone_needs_no_checkpoint(export):
    del export.blocks[1:]
    export.texts.clear()
    first = next(export.lines())
    code, output = run([first])
    assert code == 0 and output.startswith("All holds: 1 blocks, 0 transactions"), output


def test_a_registered_checkpoint_key_signs(daemon):
    """From the block on that registers it; not before, and an unregistered one never."""
    fresh, stranger = pc.key_from_seed(b"f" * 32), pc.key_from_seed(b"s" * 32)
    before = Export(daemon)
    register = tx.RegisterKey(key=pc.public(fresh), role=tx.CHECKPOINT, holder="points.test/ledger")
    made = tx.Transaction(id=random.randbytes(16), register_key=register)
    reply = daemon.client().submit([made], [daemon.keys["operator-1"], daemon.keys["operator-2"]])
    assert pc.codes(reply) == ["APPLIED"]
    after = Export(daemon)
    for export, keys, code in ((after, [fresh], 0), (after, [stranger, fresh], 0), (after, [stranger], 1),
                               (before, [fresh], 1), (before, [before.key], 0)):
        export.note = export.signed_note(*keys)
        found, output = run(export.lines())
        assert found == code and (code == 0 or "not signed by a checkpoint key" in output), output


def test_rotated_checkpoint_keys(daemon, tmp_path):
    """The newest checkpoint is signed by the new key alone, an older one by the old one, which is revoked since."""
    keys, note = Keys(daemon), tmp_path / "note"
    keys.configure(0, second=1)
    note.write_text(daemon.client().checkpoint())
    assert keys.submit(keys.register()) == ["APPLIED"]
    both = Export(daemon)
    assert run(both.lines(), "--from-checkpoint", note)[0] == 0
    assert keys.submit(keys.revoke()) == ["APPLIED"]
    last = Export(daemon)
    assert run(last.lines(), "--from-checkpoint", note)[0] == 0
    last.note = last.signed_note(keys.secrets[0])
    code, output = run(last.lines())
    assert code == 1 and output == "the checkpoint: not signed by a checkpoint key of the ledger\n"
    both.note = both.note[:-10] + "A" * 8 + "=\n"
    code, output = run(both.lines())
    assert code == 1 and output == "the checkpoint: Signature was forged or corrupt\n"


# ---- what was changed in the file

def flip(data, at=-1):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def changed_envelope(export):
    export.blocks[5].envelope = flip(export.blocks[5].envelope)
    return "block 5: the envelope is not that of the header"


def changed_outcome(export):
    export.blocks[5].outcomes.points[0] += 1
    return "block 5: the outcomes are not those of the header"


def changed_header(export):
    export.blocks[5].header.signatures[0].signature = flip(export.blocks[5].header.signatures[0].signature)
    return "block 5: Signature was forged or corrupt"


def changed_genesis(export):
    header, genesis = export.blocks[0].header, pc.genesis.Genesis.FromString(export.blocks[0].envelope)
    genesis.nonce = b"n" * 16
    export.blocks[0].envelope = pc.canonical(genesis)
    header.envelope_sha256 = hashlib.sha256(export.blocks[0].envelope).digest()
    return "block 0: Signature was forged or corrupt"


def missing_block(export):
    del export.blocks[7]
    return "block 7: not block 7, which must follow"


def swapped_blocks(export):
    export.blocks[7:9] = export.blocks[8:6:-1]
    return "block 7: not block 7, which must follow"


def cut_short(export):
    del export.blocks[-1]
    return "the checkpoint: not of these blocks"


def changed_text(export):
    sequence, text = list(export.texts.items())[0]
    export.texts[sequence] = pc.notice_text("他のお知らせ", "本文")
    assert text != export.texts[sequence]
    return f"the text of notice {sequence}: not what was signed"


def missing_text(export):
    sequence = list(export.texts)[0]
    del export.texts[sequence]
    return f"the end: texts of notices are missing: [{sequence}]"


def text_of_nothing(export):
    export.texts[1] = list(export.texts.values())[0]
    return "the text of notice 1: not what was signed, or not to be stored"


def other_root(export):
    name, size, root, *rest = export.note.split("\n")
    export.note = "\n".join((name, size, b64(flip(base64.b64decode(root))), *rest))
    return "the checkpoint: not of these blocks"


def forged_checkpoint(export):
    export.note = export.note.replace(export.note[-10:], "A" * 7 + "A=\n")
    return "the checkpoint: Signature was forged or corrupt"


FILE_EDITS = (changed_envelope, changed_outcome, changed_header, changed_genesis, missing_block, swapped_blocks, cut_short,
              changed_text, missing_text, text_of_nothing, other_root, forged_checkpoint)


@pytest.mark.parametrize("edit", FILE_EDITS, ids=lambda edit: edit.__name__)
def test_a_changed_file(export, edit):
    expected = edit(export)
    code, output = run(export.lines())
    assert code == 1 and output.startswith(expected), output


# ---- what a daemon would say that hashes and signs its lies

def row(export, code, *kinds):
    """The outcomes of the block with such a transaction, and its place in them."""
    block, place = export.find(code, *kinds)
    return block.outcomes, place


def gift_of_another_amount(export):
    outcomes, place = row(export, "APPLIED", "donate")
    outcomes.points[place] += 1
    return r"\(Donate\): its points are \d+, where \d+ are due"


def refusal_that_moves(export):
    outcomes, place = row(export, "BALANCE_INSUFFICIENT", "donate")
    outcomes.points[place] = 1
    return r"\(Donate\): its points are 1, where 0 are due"


def gift_of_what_is_not_there(export):
    block, place = export.find("BALANCE_INSUFFICIENT", "donate")
    block.outcomes.code[place] = pc.outcome.APPLIED
    block.outcomes.points[place] = pc.envelope.Envelope.FromString(block.envelope).transactions[place].donate.points
    return r"\(Donate\): \d+ points go from balances to donated, and are not there"


def conversion_settled_again(export):
    outcomes, place = row(export, "CONVERSION_NOT_PENDING", "settle_conversion")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(SettleConversion\): it answers or reverses what was not applied"


def award_reversed_again(export):
    outcomes, place = row(export, "ALREADY_REVERSED", "reverse")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(Reverse\): it answers or reverses what was not applied"


def closed_with_something_left(export):
    outcomes, place = row(export, "APPLIED", "close_account")
    outcomes.points[place] += 1
    return r"\(CloseAccount\): its points are \d+, where \d+ are due"


def merged_with_more(export):
    outcomes, place = row(export, "APPLIED", "merge_accounts")
    outcomes.points[place] += 1
    return r"\(MergeAccounts\): the points are not what the merged account had"


def expired_more_than_there_was(export):
    outcomes, place = row(export, "APPLIED", "move_account")
    outcomes.expired[place] += 10**9
    return r"\(MoveAccount\): \d+ points go from balances to expired, and are not there"


def applied_for_the_second_time(export):
    outcomes, place = row(export, "DUPLICATE")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"APPLIED of \d+, where DUPLICATE of \d+ is due"


def duplicate_of_another(export):
    outcomes, place = row(export, "DUPLICATE")
    outcomes.previous[place] += 1
    return r"DUPLICATE of \d+, where DUPLICATE of \d+ is due"


def duplicate_of_other_bytes(export):
    outcomes, place = row(export, "ID_REUSED")
    outcomes.code[place] = pc.outcome.DUPLICATE
    return r"DUPLICATE of \d+, where ID_REUSED of \d+ is due"


def duplicate_of_nothing(export):
    outcomes, place = row(export, "APPLIED", "award")
    outcomes.code[place] = pc.outcome.DUPLICATE
    return r"\(Award\): DUPLICATE, but its id is new"


def entry_left_out_of_a_statement(export):
    outcomes, place = row(export, "APPLIED", "award")
    outcomes.previous[place] -= 1
    return r"\(Award\): previous is \d+: another entry is the account's last"


def gap_in_the_numbers(export):
    export.blocks[9].header.first_sequence += 1
    return "block 9: its first sequence number is not"


def time_goes_back(export):
    export.blocks[9].header.time = export.blocks[0].header.time - 1
    return "block 9: time goes back"


def time_that_nobody_set(export):
    export.blocks[9].header.time += 1
    return "block 9: its time is not the one that was set"


def second_operator_left_out(export):
    block, _ = export.find("APPLIED", "set_budget")
    del block.header.signatures[1:]
    return r"\(\w+\): its signers may not make it"


def signed_by_a_stranger(export):
    block = export.blocks[9]
    stranger = pc.key_from_seed(b"s" * 32)
    del block.header.signatures[:]
    block.header.signatures.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, [stranger]))
    return f"block 9: signed with a key that is not registered, or is revoked: {pc.public(stranger).hex()}"


def dry_run_left_out_of(export, kind):
    """Of an envelope that needs one: without it, this kind of transaction may not be made."""
    for block in export.blocks[:0:-1]:
        envelope = pc.envelope.Envelope.FromString(block.envelope)
        kinds = [one.WhichOneof("body") for one in envelope.transactions]
        if envelope.dry_run_sha256 and kinds.count(kind) > 1 and len(set(kinds)) == 1 and len(block.header.signatures) == 2:
            export.rewrite(block, lambda found: found.ClearField("dry_run_sha256"))
            return f"block {block.header.index}, .*: there was no dry run"
    pytest.fail("the history has none")


def awards_without_a_dry_run(export):
    return dry_run_left_out_of(export, "award")


def reversals_without_a_dry_run(export):
    return dry_run_left_out_of(export, "reverse")


def notice_of_another_municipality(export):
    block, place = export.find("APPLIED", "post_notice")

    def change(envelope):
        envelope.transactions[place].post_notice.municipality += 1
    export.rewrite(block, change)
    return r"\(PostNotice\): its signers may not make it"


def envelope_of_another_ledger(export):
    export.rewrite(export.blocks[9], lambda envelope: setattr(envelope, "ledger_id", b"l" * 32))
    return "block 9: the envelope names another ledger"


def other_version(export):
    export.blocks[9].header.version = 2
    return "block 9: the header is of another version"


def other_rules(export):
    export.blocks[9].header.rules_version = 2
    return "block 9: the header is of another version"


def key_registered_again(export):
    outcomes, place = row(export, "KEY_EXISTS", "register_key")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(RegisterKey\): it registers a key for the second time"


def account_opened_again(export):
    outcomes, place = row(export, "ACCOUNT_EXISTS", "open_account")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(OpenAccount\): the account is unknown, or is opened again"


def account_of_nobody(export):
    outcomes, place = row(export, "ACCOUNT_UNKNOWN", "award")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(Award\): the account is unknown, or is opened again"


def merged_with_itself(export):
    outcomes, place = row(export, "MERGE_INVALID", "merge_accounts")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(MergeAccounts\): it merges what is not there"


def erased_what_was_never_posted(export):
    outcomes, place = row(export, "NOTICE_UNKNOWN", "erase_notice")
    outcomes.code[place] = pc.outcome.APPLIED
    return r"\(EraseNotice\): it erases a text that is not there"


def points_expired_of_nobody(export):
    outcomes, place = row(export, "APPLIED", "define_quest")
    outcomes.expired[place] = 1
    return r"\(DefineQuest\): points expire of no account"


def signatures_out_of_order(export):
    block, _ = export.find("APPLIED", "set_budget")
    block.header.signatures.reverse()
    return f"block {block.header.index}: not 1 to 4 signatures in ascending order of keys"


def nothing_new(export):
    export.blocks.append(copy.deepcopy(export.blocks[9]))
    header, outcomes = export.blocks[-1].header, export.blocks[-1].outcomes
    header.index, header.first_sequence = len(export.blocks) - 1, sum(b.header.count for b in export.blocks[:-1]) + 1
    header.time = export.blocks[-2].header.time
    outcomes.code[:] = [pc.outcome.DUPLICATE] * header.count
    return f"block {header.index}: nothing in it is new"


def one_outcome_too_few(export):
    block, _ = export.find("APPLIED", "award")
    block.outcomes.expired.pop()
    return f"block {block.header.index}: the numbers of transactions differ"


DAEMON_LIES = (
    gift_of_another_amount, refusal_that_moves, gift_of_what_is_not_there, conversion_settled_again, award_reversed_again,
    closed_with_something_left, merged_with_more, expired_more_than_there_was, applied_for_the_second_time, duplicate_of_another,
    duplicate_of_other_bytes, duplicate_of_nothing, entry_left_out_of_a_statement, gap_in_the_numbers, time_goes_back,
    time_that_nobody_set, second_operator_left_out, signed_by_a_stranger, awards_without_a_dry_run,
    reversals_without_a_dry_run, notice_of_another_municipality, envelope_of_another_ledger, other_version, other_rules,
    key_registered_again, account_opened_again, account_of_nobody, merged_with_itself, erased_what_was_never_posted, points_expired_of_nobody,
    signatures_out_of_order, nothing_new, one_outcome_too_few)


@pytest.mark.parametrize("lie", DAEMON_LIES, ids=lambda lie: lie.__name__)
def test_a_daemon_that_signs_its_lies(export, lie):
    expected = lie(export)
    export.hashed_and_signed()
    code, output = run(export.lines())
    assert code == 1 and re.match(r"block \d+", output) and re.search(expected, output), output


def test_a_history_rewritten_since_an_older_checkpoint(played, export, tmp_path):
    """It is consistent in itself, signed and all: only who kept a checkpoint can tell."""
    note = tmp_path / "note"
    del export.blocks[-1]
    export.hashed_and_signed()
    assert run(export.lines())[0] == 0
    note.write_text(played.export.note)
    code, output = run(export.lines(), "--from-checkpoint", note)
    assert code == 1 and output == "the end: the older checkpoint is of more blocks than there are\n"
    name, size, root, *rest = played.older.split("\n")
    note.write_text("\n".join((name, size, b64(flip(base64.b64decode(root))), *rest)))
    code, output = run(export.lines(), "--from-checkpoint", note)
    assert code == 1 and output.startswith("the older checkpoint: not of these blocks")


# ---- how a ledger begins

GENESES = {  # what differs from a right one, and what is wrong with that
    "right": ({}, None),
    "one operator signs": ({"signers": [0]}, "block 0: not by two operators"),
    "one holder signs": ({"holders": "aab"}, "block 0: not by two operators"),
    "an app signs too": ({"signers": [0, 1, 3]}, "block 0: not by two operators"),
    "a key twice": ({"checkpoint": 3}, "block 0: a key is named twice"),
    "another time": ({"time": 2}, "block 0: not a first block"),
    "transactions": ({"count": 1}, "block 0: not a first block"),
    "outcomes": ({"outcomes": b"\x08\x01"}, "block 0: not a first block"),
}


@pytest.mark.parametrize("name", GENESES, ids=lambda name: name.replace(" ", "-"))
def test_genesis(name):
    given, expected = GENESES[name]
    keys = [pc.key_from_seed(bytes([number]) * 32) for number in range(5)]
    roles = zip(keys, (tx.OPERATOR,) * 3 + (tx.APP,), [*given.get("holders", "abc"), "app"])
    data, signatures = pc.build_genesis(
        origin="g", time=1, checkpoint_key=pc.public(keys[given.get("checkpoint", 4)]), municipalities=[(11_002, "札幌市", "Sapporo")],
        keys=[(pc.public(key), role, holder, 0) for key, role, holder in roles],
        signers=[keys[number] for number in given.get("signers", [0, 1])])
    outcomes = given.get("outcomes", b"")
    header = pc.block.BlockHeader(
        version=1, rules_version=1, first_sequence=1, time=given.get("time", 1), count=given.get("count", 0), signatures=signatures,
        envelope_sha256=hashlib.sha256(data).digest(), outcomes_sha256=hashlib.sha256(outcomes).digest())
    code, output = run([{"block": 0, "header": b64(pc.canonical(header)), "envelope": b64(data), "outcomes": b64(outcomes)}])
    assert (code, output.split("\n")[0]) == ((1, expected) if expected else (0, output.split("\n")[0])), output


# ---- bytes that are in no canonical form

NOT_CANONICAL = {  # a header's bytes, and what is wrong with them
    "an unknown field": (b"\x08\x01\x7a\x00", "BlockHeader has an unknown field, 15"),
    "another wire type": (b"\x0a\x00", "BlockHeader has an unknown field, 1"),
    "fields out of order": (b"\x10\x01\x08\x01", "BlockHeader: fields are not in order"),
    "a field twice": (b"\x08\x01\x08\x01", "BlockHeader: fields are not in order"),
    "a default": (b"\x08\x00", "BlockHeader.version: a default is written"),
    "a long number": (b"\x08\x81\x00", "a number is cut off, or not in its fewest bytes"),
    "a number cut off": (b"\x08\x81", "a number is cut off, or not in its fewest bytes"),
    "more than 32 bits": (b"\x08\x80\x80\x80\x80\x10", "version is out of range"),
    "more than 64 bits": (b"\x08\x01\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "index is out of range"),
    "bytes cut off": (b"\x08\x01\x3a\x20abc", "BlockHeader.envelope_sha256 is cut off"),
}


@pytest.mark.parametrize("wrong", NOT_CANONICAL, ids=lambda name: name.replace(" ", "-"))
def test_headers_that_are_not_canonical(wrong):
    header, expected = NOT_CANONICAL[wrong]
    code, output = run([{"block": 0, "header": b64(header), "envelope": "", "outcomes": ""}])
    assert code == 1 and output == f"block 0: {expected}\n"


TEXTS_NOT_CANONICAL = {
    "a control character": (pc.notice_text("a\nb"), "title has control characters, or is not UTF-8"),
    "a bidirectional control": (pc.notice_text("a\u202eb"), "title has control characters, or is not UTF-8"),
    "no UTF-8": (pc.notice_text("abc").replace(b"abc", b"a\xffc"), "title has control characters, or is not UTF-8"),
}


@pytest.mark.parametrize("wrong", TEXTS_NOT_CANONICAL, ids=lambda name: name.replace(" ", "-"))
def test_texts_that_are_not_canonical(export, wrong):
    sequence = list(export.texts)[0]
    export.texts[sequence], expected = TEXTS_NOT_CANONICAL[wrong]
    code, output = run(export.lines())
    assert code == 1 and output == f"the text of notice {sequence}: {expected}\n"


def test_a_transaction_of_two_bodies_or_none_or_another_enum_value(export):
    """Each stands in the first envelope, whose hash is right."""
    award = pc.canonical(tx.Award(account=b"a" * 16))
    block = export.blocks[1]
    for inner, expected in ((b"", "Transaction has no body"), (b"\x12%c%b\x1a\x00" % (len(award), award), "Transaction: fields are not"),
                            (b"\x9a\x01\x02\x08\x63", "policy: there is no Policy 99")):
        inner = b"\x0a\x10" + b"i" * 16 + inner
        block.envelope = b"\x0a\x20" + b"l" * 32 + b"\x12" + bytes([len(inner)]) + inner
        export.hashed_and_signed()
        code, output = run(export.lines())
        assert code == 1 and output.startswith(f"block 1: {expected}"), output


def test_outcomes_with_a_long_number(export):
    block = export.blocks[1]
    columns = [[0x80, 0x00], [0], [0], [0]]
    outcomes = b"".join(bytes([8 * number + 2, len(column), *column]) for number, column in enumerate(columns, 1))
    block.header.outcomes_sha256 = hashlib.sha256(outcomes).digest()
    lines = list(export.lines())
    lines[1]["outcomes"] = b64(outcomes)
    assert run(lines) == (1, "block 1: code is cut off, or a number is not in its fewest bytes\n")


# ---- any byte

def test_no_changed_byte_passes(export):
    """One bit of any header, body, text or of the checkpoint, at random; the program never breaks."""
    draw, lines = random.Random(SEED), list(export.lines())
    assert run(lines)[0] == 0
    for kind in ("header", "envelope", "outcomes", "bytes", "checkpoint") * EDITS:
        place = draw.choice([place for place, line in enumerate(lines) if line.get(kind)])
        data = bytearray(lines[place][kind].encode() if kind == "checkpoint" else base64.b64decode(lines[place][kind]))
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(7)
        changed = data.decode(errors="replace") if kind == "checkpoint" else b64(data)
        code, output = run([*lines[:place], {**lines[place], kind: changed}, *lines[place + 1:]])
        assert code == 1 and "All holds" not in output, output


# ---- how it is used

def test_exit_codes(export, tmp_path):
    lines = [json.dumps(line) for line in export.lines()]
    assert run("\n".join(lines) + "\n")[0] == 0
    assert run("") == (1, "the end: the checkpoint is missing\n")
    assert run("\n".join(lines[:-1])) == (1, "the end: the checkpoint is missing\n")
    assert run("\n".join(lines + lines[-1:])) == (1, "the checkpoint: lines follow the checkpoint\n")
    for unreadable in ("\n".join(lines)[:1_000], "[]\n", '{"block":0}\n', '{"text":1,"bytes":"?"}\n', "[" * 100_000):
        code, output = run(unreadable)
        assert code == 3 and output.startswith("cannot be read: "), output
    assert run("", "--from-checkpoint", tmp_path / "nothing")[0] == 3
    assert run("", "--nonsense")[0] == 2


def test_without_pynacl_it_says_what_is_missing():
    """-S: without the packages that are installed."""
    done = subprocess.run([sys.executable, "-I", "-S", str(PROGRAM), "-"], input="", capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "") and done.stderr == "No module named 'nacl': install PyNaCl (Debian: python3-nacl)\n"


def test_it_is_short_and_leans_on_little():
    text = PROGRAM.read_text()
    assert text.startswith("#!/usr/bin/python3\n") and PROGRAM.stat().st_mode & 0o111
    assert len(text.splitlines()) < 300
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "nacl"}


def test_who_signs_is_what_the_rules_say():
    """Its table against that of doc/rules.md."""
    rows = re.findall(r"^\| (\w+) \| (\d) (\w+?)s?(?:, or 2 operators with a dry run)? \|",
                      (TESTS.parent / "doc" / "rules.md").read_text(), re.MULTILINE)
    table = next(node for node in ast.parse(PROGRAM.read_text()).body
                 if isinstance(node, ast.Assign) and node.targets[0].id == "SIGNED_BY").value
    listed = ast.literal_eval(table.generators[0].iter)
    assert {name: (role.lower(), holders) for role, holders, names in listed for name in names.split()} == {
        name: (role, int(holders)) for name, holders, role in rows}
