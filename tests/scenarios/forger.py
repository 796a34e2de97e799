"""A ledger in the hands of a forger: its records taken apart, changed, and put together again with whatever keys were stolen.

The ledger that is forged is made here too, of a random history, by the model and the client's code alone: the same seed
makes the same bytes."""
import base64
import collections
import dataclasses
import hashlib
import pathlib
import random
import subprocess

import model as rules
import pointsclient as pc
from conftest import ORIGIN, binary
from history import History, jst
from pointsclient import transaction as tx

MUNICIPALITIES = [(11_002, "札幌市", "Sapporo"), (12_033, "小樽市", "Otaru"), (12_173, "江別市", "Ebetsu"),
                  (12_246, "千歳市", "Chitose")]
FORMAT, WITNESS = b"format", "witness.test/w"
TABLES = ("headers", "bodies", "tree", "texts", "checkpoints", "cosigned", "meta")


# ---- records

def _tamper(verb, folder, lines=None):
    helper = pathlib.Path(binary("points-audit")).parent / "tests" / "tamper"
    return subprocess.run([helper, verb, folder], input=lines, capture_output=True, text=True, timeout=20, check=False)


def dump(folder):
    """All records as {(table, key): value} in hexadecimal; None where LMDB cannot go through them."""
    done = _tamper("dump", folder)
    if done.returncode:
        return None
    rows = [line.split(" ") for line in done.stdout.splitlines()]
    return {(table, *key[:1]): "".join(key[1:]) for table, *key in rows}


def load(folder, records):
    """Makes the ledger in a folder, which may be empty, one of these records, as `dump` has them."""
    lines = "".join(" ".join((*where, value)).rstrip() + "\n" for where, value in records.items())
    done = _tamper("load", folder, lines)
    assert done.returncode == 0, done.stderr


def flip(folder, table, key, offset, mask=1):
    """Changes a byte of one record in a ledger's folder; its key is in hexadecimal."""
    records = dump(folder)
    records[table, key] = flipped(bytes.fromhex(records[table, key]), offset, mask).hex()
    load(folder, records)


def place(table, key, newest):
    """How the fault must begin that names a record, in a regular expression; `newest`: the day of the newest checkpoint."""
    if table == "meta":
        return "points-audit: the ledger in "
    if table in ("checkpoints", "cosigned"):
        day = int(key, 16)
        return f"({kept_place(table, day, newest)}|FAULT in the kept checkpoints: .* {rules.date_of(day)} )"
    if table == "texts":
        return rf"FAULT in the texts: the text of notice [0-9a-f]+ \(sequence {int(key, 16)}\) "
    return f"FAULT in block {int(key, 16)}: "


def kept_place(table, day, newest):
    """How a fault begins in the checkpoint, or the cosigned one, that is kept of a day."""
    if (table, day) == ("checkpoints", newest):
        return "FAULT in the checkpoint: "
    return f"FAULT in the {'cosigned ' * (table == 'cosigned')}checkpoint of {rules.date_of(day)}: "


def note(keys, size, root, name=ORIGIN):
    """A checkpoint that these keys sign."""
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n"
    return (text + "\n" + "".join(note_line(key, text, name) for key in keys)).encode()


def note_line(key, text, name):
    return blob_line(name, pc.note_key_id(name, pc.public(key)) + key.sign(text.encode()).signature)


def cosignature(key, text, name, time):
    """A witness's line."""
    key_id = hashlib.sha256(name.encode() + b"\x0a\x04" + pc.public(key)).digest()[:4]
    signature = key.sign(f"cosignature/v1\ntime {time}\n{text}".encode()).signature
    return blob_line(name, key_id + time.to_bytes(8, "big") + signature)


def blob_line(name, blob):
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


@dataclasses.dataclass
class Block:
    header: pc.block.BlockHeader
    envelope: bytes
    outcomes: bytes

    def transactions(self):
        return pc.envelope.Envelope.FromString(self.envelope).transactions

    def rows(self):
        return pc.outcome_rows(pc.outcome.Outcomes.FromString(self.outcomes))


def pack_rows(rows):
    """The bytes of the Outcomes of rows (code's name, points, expired, previous)."""
    codes, *columns = zip(*rows)
    return pc.canonical(pc.outcome.Outcomes(code=map(pc.outcome.OutcomeCode.Value, codes),
                                            **dict(zip(("points", "expired", "previous"), columns))))


def flipped(data, offset, mask):
    changed = bytearray(data)
    changed[offset] ^= mask
    return bytes(changed)


class Book:
    """What a ledger stores: headers, bodies and tree nodes by block, texts by sequence number, checkpoints and cosigned ones by
    JST day, meta. A record of None was taken away; `stray` are more, in hexadecimal."""

    def __init__(self):
        self.headers, self.bodies, self.tree, self.texts = [], [], [], {}
        self.checkpoints, self.cosigned, self.meta, self.stray = {}, {}, {}, {}

    def copy(self):
        other = Book()
        for name, value in vars(self).items():
            setattr(other, name, value.copy())
        return other

    def records(self):
        made = {}
        for table in TABLES:
            rows = getattr(self, table)
            made[(table,)] = ""
            for key, value in enumerate(rows) if isinstance(rows, list) else sorted(rows.items()):
                if value is not None:
                    made[table, (key if isinstance(key, bytes) else key.to_bytes(8, "big")).hex()] = value.hex()
        return made | self.stray

    def block(self, k):
        body = pc.block.BlockBody.FromString(self.bodies[k])
        return Block(pc.block.BlockHeader.FromString(self.headers[k]), body.envelope, body.outcomes)

    def blocks(self):
        return [self.block(k) for k in range(len(self.headers))]

    def put_block(self, k, block):
        """Header and body, with the hashes of the body in the header; the tree stays as it was."""
        block.header.envelope_sha256 = hashlib.sha256(block.envelope).digest()
        block.header.outcomes_sha256 = hashlib.sha256(block.outcomes).digest()
        self.headers[k] = pc.canonical(block.header)
        self.bodies[k] = pc.canonical(pc.block.BlockBody(envelope=block.envelope, outcomes=block.outcomes))

    def put_blocks(self, blocks):
        """These blocks and no others, counted anew."""
        self.headers, self.bodies = [None] * len(blocks), [None] * len(blocks)
        sequence = 1
        for k, block in enumerate(blocks):
            block.header.index, block.header.first_sequence = k, sequence
            self.put_block(k, block)
            sequence += block.header.count

    def retree(self):
        """The tree over the headers as they are."""
        roots, self.tree = [], []
        for k, header in enumerate(self.headers):
            completed = [pc.leaf_hash(header)]
            while k >> (len(completed) - 1) & 1:
                completed.append(pc.node_hash(roots.pop(), completed[-1]))
            roots.append(completed[-1])
            self.tree.append(b"".join(completed))

    def root(self, size=None):
        """Of the tree over the first so many headers."""
        return pc.tree_root([pc.leaf_hash(header) for header in self.headers[:size]])

    def day(self, k):
        """The JST day of a block, as checkpoints are kept by it."""
        return max(0, rules.day_of(pc.block.BlockHeader.FromString(self.headers[k]).time))

    def newest(self):
        """The day of the newest checkpoint."""
        return max(self.checkpoints)

    def sign(self, key, name=ORIGIN, **other):
        """The newest checkpoint: of all blocks, or of another `size` or `root`."""
        size = other.get("size", len(self.headers))
        self.checkpoints[self.day(-1)] = note([key], size, other.get("root") or self.root(), name)

    def sign_all(self, keys_after):
        """A checkpoint of each day's last block, by `keys_after` so many blocks."""
        ends = {self.day(k): k + 1 for k in range(len(self.headers))}
        self.checkpoints = {day: note(keys_after(size), size, self.root(size)) for day, size in ends.items()}


# ---- the ledger that is forged

class Mixed(History):
    """A history that never revokes the keys in `kept`, the daemon's neither."""

    def revoke_key(self):
        while (made := super().revoke_key()).revoke_key.key in self.kept:
            pass
        return made


class OneByOne(Mixed):
    """A history whose envelopes hold one transaction each, once there are accounts."""

    def step(self, transactions, signers, dry_run_sha256=None):
        return super().step(transactions[:1] if self.model.accounts else transactions, signers, dry_run_sha256)


class Refold(rules.Model):
    """The model without the texts, which a forger may have or not."""

    def _check_texts(self, transactions, texts):
        pass

    def _keep_texts(self, transactions, outcomes, texts):
        pass

    def refusal(self, transactions, signers, dry_run_sha256):
        """The name of the refusal of an envelope by these public keys, or None."""
        try:
            self._check_signers([(t, b"") for t in transactions], signers, dry_run_sha256)
        except rules.Refused as refused:
            return refused.code
        return None


class Base:
    """A ledger that holds; every secret key that there is to steal (`secrets` by public key, `daemon_keys`, `witness`); the
    keys as they were after so many blocks (`keys_after`).

    Block `registered_at` registers an app's key, `stolen`, and the second of the daemon's; block `revoked_at` revokes the
    app's and the first of the daemon's."""

    def __init__(self, seed, transactions, kind=Mixed):
        self.dice = random.Random(f"{seed} keys")
        self.daemon_keys, self.stolen, self.witness = [self.new_key(), self.new_key()], self.new_key(), self.new_key()
        self.book, self.keys_after = Book(), [{}]
        self.book.meta[FORMAT] = (3).to_bytes(4, "big")
        self.begin()
        genesis = pc.genesis.Genesis.FromString(self.book.block(0).envelope)
        self.ledger_id = pc.leaf_hash(self.book.headers[0])
        self.history = kind(seed, rules.Model(genesis), self.ledger_id, list(self.secrets.values()))
        self.history.kept |= {pc.public(key) for key in (self.stolen, self.witness, *self.daemon_keys)}
        self.note_keys()
        self.fill(transactions)
        self.secrets = self.history.secrets
        self.notices = self.history.model.notices
        self.all_texts = {i: self.history.texts[n["message"].text_sha256] for i, n in self.notices.items()}
        self.book.texts = {self.notices[i]["sequence"]: text for i, text in self.history.model.texts.items()}
        self.book.retree()
        self.book.sign_all(self.signers_after)
        for day in sorted(self.book.checkpoints)[-4::2]:
            self.book.cosigned[day] = self.cosigned(self.book.checkpoints[day])

    def fill(self, transactions):
        register = lambda key, role, holder: self.history.make(register_key=tx.RegisterKey(
            key=pc.public(key), role=role, holder=holder))
        revoke = lambda key: self.history.make(revoke_key=tx.RevokeKey(key=pc.public(key)))
        self.play(self.history.steps(transactions // 2))
        self.registered_at = len(self.book.headers)
        self.own_step(register(self.stolen, tx.APP, "app 2"), register(self.daemon_keys[1], tx.CHECKPOINT, ORIGIN),
                      register(self.witness, tx.WITNESS, WITNESS))
        self.secrets[pc.public(self.stolen)] = self.history.secrets[pc.public(self.stolen)] = self.stolen
        self.play(self.history.steps(transactions // 4))
        self.revoked_at = len(self.book.headers)
        self.own_step(revoke(self.stolen), revoke(self.daemon_keys[0]))
        self.play(self.history.steps(transactions // 4))
        self.erased_notice()

    def note_keys(self):
        self.keys_after.append({key: dict(is_) for key, is_ in self.history.model.keys.items()})

    def signers_after(self, size):
        """The daemon's keys that sign a checkpoint of so many blocks."""
        keys = self.keys_after[min(size, len(self.keys_after) - 1)]
        return [key for key in self.daemon_keys if pc.public(key) in keys and not keys[pc.public(key)]["revoked"]]

    def cosigned(self, checkpoint):
        text = checkpoint.decode().split("\n\n")[0] + "\n"
        return checkpoint + cosignature(self.witness, text, WITNESS, 1_700_000_000).encode()

    def refusal(self, k, envelope, signers):
        """Why an envelope would be refused under these public keys in the place of block k; None if it would not."""
        envelope = pc.envelope.Envelope.FromString(envelope)
        model = Refold(pc.genesis.Genesis.FromString(self.book.block(0).envelope))
        model.keys = self.keys_after[k]
        return model.refusal(envelope.transactions, signers, envelope.dry_run_sha256)

    def new_key(self):
        return pc.key_from_seed(self.dice.randbytes(32))

    def begin(self):
        names = {"operator-1": tx.OPERATOR, "operator-2": tx.OPERATOR, "operator-3": tx.OPERATOR, "app": tx.APP,
                 "waon": tx.WAON, "auditor": tx.AUDITOR}
        keys = [(self.new_key(), role, name, 0) for name, role in names.items()]
        keys += [(self.new_key(), tx.MUNICIPALITY, english, code) for code, _, english in MUNICIPALITIES[:3]]
        self.operators = [key for key, role, *_ in keys if role == tx.OPERATOR]
        self.secrets = {pc.public(key): key for key, *_ in keys}
        time = jst(2021, 11, 1, 9)
        envelope, signatures = pc.build_genesis(
            origin=ORIGIN, time=time, checkpoint_key=pc.public(self.daemon_keys[0]), municipalities=MUNICIPALITIES,
            keys=[(pc.public(key), *rest) for key, *rest in keys], signers=self.operators[:2], nonce=self.dice.randbytes(16))
        header = pc.block.BlockHeader(version=1, rules_version=1, first_sequence=1, time=time, signatures=signatures)
        self.book.headers.append(b"")
        self.book.bodies.append(b"")
        self.book.put_block(0, Block(header, envelope, b""))

    def own_step(self, *transactions, by=None):
        """Transactions, each alone in its envelope where the history says so, which must be applied."""
        signers = by or self.history.two()
        for some in [[one] for one in transactions] if isinstance(self.history, OneByOne) else [transactions]:
            while isinstance((step := self.history.step(list(some), signers)).expected, rules.Refused):
                pass  # a history spoils some envelopes: their ids are free
            assert {row[0] for row in step.expected["outcomes"]} == {"APPLIED"}
            self.play([step])

    def erased_notice(self):
        """At least one notice whose text was erased, as the last blocks."""
        office, day = MUNICIPALITIES[0][0], rules.day_of(self.history.model.next_time())
        signers, text = self.history.office(office), pc.notice_text("お知らせ")
        digest = hashlib.sha256(text).digest()
        self.history.texts[digest] = text
        notice = self.history.make(post_notice=tx.PostNotice(
            municipality=office, text_sha256=digest, first_day=day, last_day=day))
        own = dict(municipality=office, notice=notice.id)
        self.own_step(notice, by=signers)
        self.own_step(self.history.make(withdraw_notice=tx.WithdrawNotice(**own)), by=signers)
        self.own_step(self.history.make(erase_notice=tx.EraseNotice(**own)), by=signers)

    def play(self, steps):
        """Enters what the model says of each step."""
        for step in steps:
            if isinstance(step.expected, rules.Refused) or not step.expected["block"]:
                continue
            signed, expected = step.signed(), step.expected
            header = pc.block.BlockHeader(
                version=1, rules_version=1, index=expected["block"], first_sequence=expected["first_sequence"],
                count=len(step.transactions), time=expected["time"], signatures=signed.signatures)
            self.book.headers.append(b"")
            self.book.bodies.append(b"")
            self.book.put_block(header.index, Block(header, step.data, pack_rows(expected["outcomes"])))
            self.note_keys()


# ---- what is wrong with a ledger that its keys' holders forged

NOTHING_NEW = "all its ids were decided before: there should be no such block\n"
COLUMNS = ("as", "with points", "with expired", "with previous")


def row_fault(k, i, sequence, recorded, decided):
    """Of an outcome that is not what the rules say."""
    column = next(n for n in range(4) if recorded[n] != decided[n])
    return (rf"FAULT in block {k}: outcome of transaction {i} \(sequence {sequence}\) is recorded "
            f"{COLUMNS[column]} {recorded[column]}, the rules say {decided[column]}\n")


def refused_whole(k, code):
    return f"FAULT in block {k}: its envelope should have been refused whole with {code}: "


class Refolding:
    """Blocks decided again by the model; `texts` are those that must be there, by sequence number."""

    def __init__(self, blocks):
        self.model = Refold(pc.genesis.Genesis.FromString(blocks[0].envelope))
        self.blocks, self.checkpoint_keys = blocks, [[], self.model.checkpoint_keys()]  # after so many blocks

    def decide(self, block):
        """The reply to a block that comes next, or rules.Refused. If it is that of block 0, there is nothing new in it."""
        envelope = pc.envelope.Envelope.FromString(block.envelope)
        return self.model.submit([(t, pc.canonical(t)) for t in envelope.transactions],
                                 [s.key for s in block.header.signatures], dry_run_sha256=envelope.dry_run_sha256)

    def fault(self):
        """What the message must begin with that names the first fault of the rules, in a regular expression; or None."""
        for k, block in enumerate(self.blocks[1:], 1):
            time, said = self.model.next_time(), f"FAULT in block {k}: "
            if block.header.time < self.model.time:
                return said + "its time is before that of the block before it\n"
            if block.header.time != time:
                return said + f"its time {block.header.time} cannot follow the time of the block before it, {self.model.time}\n"
            try:
                decided = self.decide(block)
            except rules.Refused as refused:
                return refused_whole(k, refused.code)
            for i, (recorded, right) in enumerate(zip(block.rows(), decided["outcomes"], strict=True)):
                if recorded != right:
                    return row_fault(k, i, block.header.first_sequence + i, recorded, right)
            if not decided["block"]:
                return said + NOTHING_NEW
            self.checkpoint_keys.append(self.model.checkpoint_keys())
        return None

    def rewrite(self):
        """The blocks that the rules take, with the time and the outcomes that they have then."""
        made = self.blocks[:1]
        for block in self.blocks[1:]:
            time = self.model.next_time()
            try:
                decided = self.decide(block)
            except rules.Refused:
                continue
            if decided["block"]:
                block.header.time, block.outcomes = time, pack_rows(decided["outcomes"])
                made.append(block)
        return made

    def texts(self):
        """The sequence numbers of the notices that have a text, with the notices' ids."""
        return {n["sequence"]: i for i, n in self.model.notices.items() if not n["erased"]}
