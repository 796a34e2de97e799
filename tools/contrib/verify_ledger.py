#!/usr/bin/python3
"""Verifies an exported ledger of pointsd, independently: written from doc/protocol.md, doc/rules.md and proto/*.proto alone.

It checks: the canonical form of all that is stored; the hashes of envelopes and outcomes, the tree and its checkpoint, and that an
older checkpoint is of this ledger too; every signature, and that its signers were registered and may do what they signed; the
order of blocks, sequence numbers and time; that no id was decided twice, and what DUPLICATE and ID_REUSED point at; each account's
chain of entries; the stored texts; and the books: what outcomes say was moved was there to be moved, and was moved once.

It does not check: whether another outcome would have been right; what quests and receipts earn; limits in points, days and number;
and when points expire. It books them as expired when an outcome tells of it, that is when their account is next touched, at its
home of then; the daemon's books turn with the day. `points-audit verify` decides every transaction anew and checks all this.
"""
import argparse
import base64
import collections
import functools
import hashlib
import itertools
import json
import pathlib
import re
import sys
from types import SimpleNamespace

import nacl.exceptions
import nacl.signing

BOOKS = ("issued", "balances", "held", "donated", "converted", "expired", "forfeited", "reversed", "fees")
SIGNED_BY = {name: (role, holders) for role, holders, names in (  # doc/rules.md; an award may have two operators and a dry run
    ("APP", 1, "Award Donate RequestConversion OpenAccount MoveAccount CloseAccount"),
    ("WAON", 1, "SettleConversion RefuseConversion"),
    ("OPERATOR", 1, "DefineQuest DefinePurpose DefineCampaign RegisterShop CloseShop SetTime"),
    ("OPERATOR", 1, "MergeAccounts FreezeAccount UnfreezeAccount"),
    ("OPERATOR", 2, "ChangeQuest SetBudget SetPolicy RegisterKey RevokeKey Reverse SettleDonations"),
    ("MUNICIPALITY", 1, "PostNotice WithdrawNotice EraseNotice")) for name in names.split()}


class Fault(Exception):
    """The ledger is not as it must be."""


def require(condition, otherwise):
    if not condition:
        raise Fault(otherwise)


# ---- The formats: proto/*.proto, read from the files themselves, sizes from their comments; "Canonical form" in doc/protocol.md

DECLARATION = re.compile(r"^(message|enum) (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^( +)(repeated )?(\w+) (\w+) = (\d+)( \[packed = false\])?;(?: +// (.*))?$", re.MULTILINE)
SIZE = re.compile(r"(?:(\d+) to |(at most ))?([\d,]+) bytes")
FORBIDDEN = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
BITS = {"uint32": 32, "uint64": 64, "int64": 64, "bool": 1}


class Formats:
    def __init__(self, folder):
        self.enums, self.messages = {}, {}
        files = ("transaction", "envelope", "outcome", "block", "genesis")
        declarations = DECLARATION.findall("".join((folder / f"{file}.proto").read_text("utf-8") for file in files))
        for kind, name, body in sorted(declarations):  # enums first
            if kind == "enum":
                self.enums[name] = {int(number): value for value, number in re.findall(r"(\w+) = (\d+);", body)}
            else:
                self.messages[name] = {int(field[4]): self.field(*field) for field in FIELD.findall(body)}

    def field(self, indent, repeated, kind, name, _, unpacked, comment):
        one_of, varint = len(indent) > 2, kind in BITS or kind in self.enums
        packed = bool(repeated and varint and not unpacked)
        size = kind in ("bytes", "string") and SIZE.search(comment)
        high = int(size[3].replace(",", "")) if size else 0
        low = int(size[1] or (0 if size[2] else high)) if size else 0
        empty = {"bytes": b"", "string": ""}.get(kind, 0 if kind in BITS else self.enums[kind][0] if varint else None)
        return SimpleNamespace(
            name="body" if one_of else name, type=kind, varint=varint, packed=packed, several=repeated and not packed,
            sizes=size and range(low, high + 1), needed=one_of or low and not repeated and "or absent" not in comment,
            empty=() if repeated else empty)

    def read(self, kind, data):
        """The message of `kind` whose canonical form is `data`: its fields as attributes, its `type`, its bytes as `raw`."""
        fields, last, values = self.messages[kind], 0, {}
        for number, found in parts(data):
            field = fields.get(number)
            require(field and isinstance(found, int) == (field.varint and not field.packed), f"{kind}: unknown field {number}")
            require(number > last or number == last and field.several, f"{kind}: fields are not in order")
            require(found or field.several or field.type in self.messages, f"{kind}.{field.name}: a default is written")
            value = [self.value(field, one) for one in varints(found)] if field.packed else self.value(field, found)
            if field.several:
                values.setdefault(field.name, []).append(value)
            else:
                require(field.name not in values, f"{kind} has two bodies")
                values[field.name] = value
            last = number
        for field in fields.values():
            require(field.name in values or not field.needed, f"{kind} has no {field.name}")
            values.setdefault(field.name, field.empty)
        return SimpleNamespace(type=kind, raw=data, **values)

    def value(self, field, found):
        require(not field.sizes or len(found) in field.sizes, f"{field.name} has a wrong size")
        if field.type in self.messages:
            return self.read(field.type, found)
        if field.type in self.enums:
            require(found in self.enums[field.type], f"{field.name}: there is no {field.type} {found}")
            return self.enums[field.type][found]
        if field.type == "string":
            require(not FORBIDDEN.search(found.decode()), f"{field.name} has control characters")
            return found.decode()
        require(not field.varint or not found >> BITS[field.type], f"{field.name} is out of range")
        return found - (found >> 63 << 64) if field.type == "int64" else found


def varints(data):
    """The numbers in `data`, each in its fewest bytes."""
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            require((byte or shift == 7) and value < 1 << 64, "a number is not in its fewest bytes")
            yield value
            value = shift = 0
    require(not shift, "a number is cut off")


def parts(data):
    """The fields in `data`: number and value, an int or bytes."""
    rest = iter(data)
    numbers = varints(rest)
    for tag in numbers:
        found = next(numbers, None)
        require(tag & 7 in (0, 2) and found is not None, "a field is cut off, or of a wire type that is not used")
        if tag & 7 == 2:
            size, found = found, bytes(itertools.islice(rest, found))
            require(len(found) == size, "a field is cut off")
        yield tag >> 3, found


# ---- "Tree, checkpoints and proofs" in doc/protocol.md

def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def is_signed(key, message, signature):
    try:
        return bool(nacl.signing.VerifyKey(key).verify(message, signature))
    except (nacl.exceptions.CryptoError, ValueError):
        return False


class Tree:
    """RFC 6962, leaf by leaf: `peaks` are the roots of the perfect subtrees that make it up, the largest first."""
    size, peaks = 0, ()

    def append(self, leaf):
        rest, self.size = self.size, self.size + 1
        while rest & 1:
            leaf, self.peaks, rest = sha256(b"\1", self.peaks[-1], leaf), self.peaks[:-1], rest >> 1
        self.peaks += (leaf,)

    def root(self):
        return base64.b64encode(functools.reduce(lambda right, left: sha256(b"\1", left, right), self.peaks[::-1])).decode()

    def check(self, note, origin, keys):
        """The note must be of this very tree and signed by one of the keys; other signers' lines do not matter."""
        text, _, lines = note.partition("\n\n")
        require(text == f"{origin}\n{self.size}\n{self.root()}", f"the checkpoint is not of these blocks, of root {self.root()}")
        signatures = [base64.b64decode(line) for line in re.findall(f"^— {re.escape(origin)} (\\S+)$", lines, re.MULTILINE)]
        require(any(blob[:4] == sha256(origin.encode(), b"\n\1", key)[:4] and is_signed(key, f"{text}\n".encode(), blob[4:])
                    for blob in signatures for key in keys), "the checkpoint is not signed by a checkpoint key of the ledger")


# ---- doc/rules.md: what is moved, and whom it touches

MOVES = {"Award": ("issued", "balances"), "Donate": ("balances", "donated"), "RequestConversion": ("balances", "held"),
         "CloseAccount": ("balances", "forfeited"), "SettleConversion of RequestConversion": ("held", "converted"),
         "RefuseConversion of RequestConversion": ("held", "balances"), "Reverse of RequestConversion": ("held", "balances"),
         "Reverse of Donate": ("donated", "balances"), "Reverse of Award": ("balances", "reversed")}
Done = collections.namedtuple("Done", "kind account points fee row")


class Books:
    """Whose the points are. `done`, by id: what can be answered or reversed. `unpaid`: donations less payments, by row, that is
    municipality and purpose. `issued` is negative in `totals`, as the source of all points."""
    def __init__(self, genesis):
        self.accounts, self.done, self.totals, self.unpaid = {}, {}, dict.fromkeys(BOOKS, 0), collections.Counter()
        self.fee = sum(policy.value for policy in genesis.policies if policy.policy == "CONVERSION_FEE_POINTS")

    def subject(self, body, applied):
        """The account that a transaction touches, or None; and what was done that it answers or reverses, or None."""
        if hasattr(body, "account"):
            account = self.accounts.get(body.account)
            require(not applied or (account is None) == (body.type == "OpenAccount"), "the account is unknown, or opened again")
            return account, None
        if not applied or body.type not in ("SettleConversion", "RefuseConversion", "Reverse"):
            return None, None
        done = self.done.pop(body.target if body.type == "Reverse" else body.conversion, None)
        require(done, "answers or reverses what was not applied, or was answered or reversed before")
        account = done.account
        while account.heir:
            account = account.heir
        return account, done

    def move(self, points, source, target, account):
        for book, change in (source, -points), (target, points):
            self.totals[book] += change
            if book in ("balances", "held"):
                vars(account)[book] += change
                require(points >= 0 and vars(account)[book] >= 0, f"{points} points from {source} to {target} are not there")

    def merge(self, account, merged, points, expired):
        """`expired` is of both accounts, `points` what the merged one had after that."""
        require(merged and merged is not account and not merged.heir, "merges what is not there")
        lapsed = merged.balances - points
        self.move(lapsed, "balances", "expired", merged)
        self.move(expired - lapsed, "balances", "expired", account)
        account.balances, account.held = account.balances + points, account.held + merged.held
        merged.balances, merged.held, merged.heir = 0, 0, account

    def apply(self, tx, account, done, points):
        """Moves what an applied transaction moves; `points` must be what the rules and the books so far make it."""
        body, kind = tx.body, f"{tx.body.type} of {done.kind}" if done else tx.body.type
        require(kind in MOVES or not done, f"there is no {kind}")
        due = (min(done.points, account.balances) if kind == "Reverse of Award" else done.points if done else
               body.points if kind in ("Donate", "RequestConversion") else account.balances if kind == "CloseAccount" else
               points if kind in ("Award", "SettleDonations", "MergeAccounts") else 0)
        require(points == due, f"{points} points where it must be {due}")
        self.move(points, *MOVES.get(kind, ("issued", "issued")), account)
        row = done.row if done else (getattr(body, "municipality", 0), getattr(body, "purpose", 0))
        if kind in ("Award", "Donate", "RequestConversion"):
            self.done[tx.id] = Done(kind, account, points, self.fee, row)
        if kind == "OpenAccount":
            self.accounts[body.account] = SimpleNamespace(last=0, balances=0, held=0, heir=None)
        elif kind.startswith("SettleConversion"):
            self.move(done.fee, "converted", "fees", account)
        elif kind in ("Donate", "Reverse of Donate", "SettleDonations"):
            self.unpaid[row] += points if kind == "Donate" else -points
            require(kind != "SettleDonations" or self.unpaid[row] >= 0, "pays out more than was given")
        elif kind == "SetPolicy" and body.policy == "CONVERSION_FEE_POINTS":
            self.fee = body.value


# ---- Blocks: who signed them, and in which order

class Ledger:
    def __init__(self, formats, older):
        self.formats, self.older, self.tree, self.where = formats, older, Tree(), "the first line"
        self.known, self.notices, self.texts, self.sequence, self.time, self.set_time = {}, {}, {}, 0, 0, 0

    def block(self, index, raw, data, outcomes):
        header = self.formats.read("BlockHeader", raw)
        require((header.version, header.rules_version) == (1, 1) and len(raw) <= 1024, "a header of another version, or too long")
        require(index == header.index == self.tree.size, "not the block that follows")
        require(header.first_sequence == self.sequence + 1, f"its first sequence number is not {self.sequence + 1}")
        require(header.envelope_sha256 == sha256(data), "the envelope is not that of the header")
        require(header.outcomes_sha256 == sha256(outcomes), "the outcomes are not those of the header")
        require(header.time >= self.time, "time goes back")
        require(len(data) <= 52000, "the envelope is too long")
        if index == 0:
            self.begin(header, data, outcomes, sha256(b"\0", raw))
        else:
            self.envelope(header, data, self.formats.read("Outcomes", outcomes))
        self.time = header.time
        self.tree.append(sha256(b"\0", raw))
        if self.older and self.older.split("\n")[1:2] == [str(self.tree.size)]:
            self.tree.check(self.older, self.genesis.origin, self.checkpoint_keys)
            self.older = None

    def signers(self, header, message):
        keys = [one.key for one in header.signatures]
        require(1 <= len(keys) <= 4 and keys == sorted(set(keys)), "not 1 to 4 signatures, ascending by key")
        for one in header.signatures:
            require(one.key in self.keys, f"signed by a key that is not registered, or is revoked: {one.key.hex()}")
            require(is_signed(one.key, message, one.signature), f"a signature does not verify, of the key {one.key.hex()}")
        return [self.keys[key] for key in keys]

    def begin(self, header, data, outcomes, ledger_id):
        genesis = self.genesis = self.formats.read("Genesis", data)
        self.id, self.books, self.checkpoint_keys = ledger_id, Books(genesis), {genesis.checkpoint_key}
        self.keys = {key.key: key for key in genesis.keys}
        self.registered = set(self.keys)
        operators = [key for key in genesis.keys if key.role == "OPERATOR"]
        codes = [one.code for one in genesis.municipalities]
        require(len(operators) >= 3 and len({key.holder for key in operators}) >= 2, "too few operators")
        require(len(self.keys) == len(genesis.keys) <= 100 and codes and codes == sorted(set(codes)), "genesis lists one twice")
        require(not re.search("[ +]", genesis.origin) and genesis.time_source != "TIME_SOURCE_NONE", "genesis: origin or time")
        require((header.time, header.count, outcomes, genesis.rules_version) == (genesis.time, 0, b"", 1), "not a first block")
        signers = self.signers(header, b"points.v1 genesis\n" + data)
        require({key.role for key in signers} == {"OPERATOR"} and len({key.holder for key in signers}) >= 2, "not by two operators")

    def envelope(self, header, data, outcomes):
        envelope = self.formats.read("Envelope", data)
        columns = outcomes.code, outcomes.points, outcomes.expired, outcomes.previous
        require({header.count} == {len(part) for part in (envelope.transactions, *columns)}, "counts differ")
        require(1 <= header.count <= 1000, "not 1 to 1,000 transactions")
        require(envelope.ledger_id == self.id, "it is for another ledger")
        scripted = self.genesis.time_source == "SCRIPTED"
        require(not scripted or header.time == max(self.time, self.set_time), "its time is not the one that was set")
        require(set(outcomes.code) - {"DUPLICATE", "ID_REUSED"}, "nothing in it was new")
        signers = self.signers(header, b"points.v1 envelope\n" + data)
        reversals = sum(tx.body.type == "Reverse" for tx in envelope.transactions)
        for tx in envelope.transactions:
            require(self.permitted(tx.body, signers, envelope.dry_run_sha256, reversals), f"a {tx.body.type} that its signers may not make")
        for tx, *outcome in zip(envelope.transactions, *columns):
            self.sequence += 1
            self.where = f"block {header.index}, transaction {self.sequence} ({tx.body.type})"
            self.transaction(tx, *outcome)

    def permitted(self, body, signers, dry_run, reversals):
        role, needed = SIGNED_BY[body.type]
        holders = {role: {key.holder for key in signers if key.role == role} for role in ("APP", "OPERATOR", role)}
        if role == "MUNICIPALITY":
            return any(key.role == role and key.municipality == body.municipality for key in signers)
        if body.type == "Award" and not holders["APP"]:
            return len(holders["OPERATOR"]) >= 2 and dry_run
        return len(holders[role]) >= needed and (body.type != "Reverse" or reversals == 1 or dry_run)

    def transaction(self, tx, code, points, expired, previous):
        """One transaction and what was decided about it."""
        digest = sha256(tx.raw)
        if tx.id in self.known:
            sequence, earlier = self.known[tx.id]
            require(code == ("DUPLICATE" if digest == earlier else "ID_REUSED"), f"{code}, but its id was decided at {sequence}")
            require((points, expired, previous) == (0, 0, sequence), f"its id was decided at {sequence}, not {previous}")
            return
        require(code not in ("DUPLICATE", "ID_REUSED"), f"{code}, but no earlier transaction has its id")
        self.known[tx.id] = self.sequence, digest
        applied = code == "APPLIED"
        account, done = self.books.subject(tx.body, applied)
        last = account.last if account else 0
        require(previous == last, f"the entry before is {last}, not {previous}")
        if applied and tx.body.type == "MergeAccounts":
            self.books.merge(account, self.books.accounts.get(tx.body.merged), points, expired)
        else:
            require(account or not expired, "points expire of no account")
            if account:
                self.books.move(expired, "balances", "expired", account)
        if applied:
            self.books.apply(tx, account, done, points)
            self.programme(tx.id, tx.body)
        require(applied or not points, "points of a refusal")
        account = account or self.books.accounts.get(getattr(tx.body, "account", None))
        if account:
            account.last = self.sequence

    def programme(self, id, body):
        """Keys and time count from the next block on: this one's signatures and time were judged before."""
        if body.type == "RegisterKey":
            require(body.key not in self.registered, "registers a key again")
            self.registered.add(body.key)
            self.keys[body.key] = body
        elif body.type == "RevokeKey":
            require(self.keys.pop(body.key, None), "revokes a key that is not registered")
        elif body.type == "SetTime":
            self.set_time = body.time
        elif body.type == "PostNotice":
            self.notices[id], self.texts[self.sequence] = self.sequence, body.text_sha256
        elif body.type == "EraseNotice":
            require(self.texts.pop(self.notices.get(body.notice), None), "erases what is not there")

    def text(self, sequence, data):
        self.formats.read("NoticeText", data)
        require(self.texts.pop(sequence, None) == sha256(data), "not the text that was signed, or not to be stored")

    def end(self, note):
        require(not self.texts, f"the text of the notice {min(self.texts, default=0)} is missing")
        require(not self.older, "it is shorter than the older checkpoint")
        require(note or self.tree.size == 1, "the checkpoint is missing")
        if note:
            self.tree.check(note, self.genesis.origin, self.checkpoint_keys)


def verify(file, ledger):
    for line in file:
        match json.loads(line):
            case {"block": index, "header": header, "envelope": envelope, "outcomes": outcomes}:
                ledger.where = f"block {index}"
                ledger.block(index, *(base64.b64decode(one, validate=True) for one in (header, envelope, outcomes)))
            case {"text": sequence, "bytes": data}:
                ledger.where = f"the text of the notice {sequence}"
                ledger.text(sequence, base64.b64decode(data, validate=True))
            case {"checkpoint": note}:
                ledger.where = "the checkpoint"
                return ledger.end(note)
            case _:
                raise ValueError("a line is of no kind that an exported ledger has")
    ledger.where = "the end"
    return ledger.end(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger")
    parser.add_argument("--from-checkpoint")
    parser.add_argument("--proto", default=pathlib.Path(__file__).resolve().parents[2] / "proto", type=pathlib.Path)
    arguments = parser.parse_args()
    older = arguments.from_checkpoint and pathlib.Path(arguments.from_checkpoint).read_text("utf-8")
    ledger = Ledger(Formats(arguments.proto), older)
    with sys.stdin if arguments.ledger == "-" else open(arguments.ledger, encoding="utf-8") as file:
        try:
            verify(file, ledger)
        except Fault as fault:
            print(f"{ledger.where}: {fault}")
            return 1
    print(f"holds: {ledger.tree.size} blocks, {ledger.sequence} transactions, root {ledger.tree.root()}")
    for book in BOOKS:
        print(f"{book:10} {abs(ledger.books.totals[book]):16,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
