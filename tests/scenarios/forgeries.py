"""Every kind of forgery that the auditor must find, at a place of the dice's choice, and what it must say of it."""
import dataclasses
import hashlib

import model as rules
import pointsclient as pc
from forger import (FORMAT, NOTHING_NEW, WITNESS, Block, Refolding, cosignature, flipped, kept_place, note, note_line, pack_rows,
                    refused_whole, row_fault)
from pointsclient import transaction as tx

FAULT, UNREADABLE = 1, 3
OTHER_HISTORY = (r"FAULT (the ledger does not extend the checkpoint in .*: (it was cut short|they were rewritten)"
                 r"|.* is no checkpoint of this ledger, or the ledger does not extend it: .* with a key that may sign it)\n")
CHECKPOINT_WORDS = "(the ledger is damaged: )?(the|its) checkpoint('s)? "
CHECKPOINT_UNSIGNED = "FAULT in the checkpoint: the checkpoint is not signed by "


@dataclasses.dataclass
class Forgery:
    """`said` is a regular expression that the output must begin with. `whole`: the forged ledger agrees with itself in all, and
    only who kept an older checkpoint can tell."""
    what: str
    said: str
    code: int = FAULT
    whole: bool = False


KINDS = {}  # name: function
TURNS = {}  # name: after so many forgeries of a kind all its variants had their turn


def kind(function):
    return kind_of(1)(function)


def kind_of(turns):
    def enter(function):
        KINDS[function.__name__], TURNS[function.__name__] = function, turns
        return function
    return enter


class Forger:
    """The n-th forgery of a kind, of a copy of the base's records."""

    def __init__(self, base, dice, n=0):
        self.base, self.dice, self.n, self.book = base, dice, n, base.book.copy()
        self.size = len(self.book.headers)

    def in_turn(self, variants):
        return variants[self.n % len(variants)]

    # places

    def some_block(self, first=1, end=None):
        return self.dice.randrange(first, end or self.size)

    def two_blocks(self, first=1):
        return sorted(self.dice.sample(range(first, self.size), 2))

    def block_where(self, fits, end=None):
        """The number of some block that fits; not genesis."""
        return self.dice.choice([k for k in range(1, end or self.size) if fits(self.book.block(k))])

    def flip(self, data, first=0, end=None):
        """A byte changed somewhere; and where, in words."""
        offset = self.dice.randrange(first, len(data) if end is None else end)
        mask = self.dice.choice([1 << self.dice.randrange(8), self.dice.randrange(1, 256)])
        return flipped(data, offset, mask), f"byte {offset} ^ {mask:#x}"

    def stranger(self):
        return pc.key_from_seed(self.dice.randbytes(32))

    # keys

    def live(self, k, role):
        """Secret keys of a role that block k may be signed with."""
        return [self.base.secrets[key] for key, v in self.base.keys_after[k].items()
                if v["role"] == role and not v["revoked"] and key in self.base.secrets]

    # putting together again

    def resign(self):
        """With the daemon's keys; no witness has seen it."""
        self.book.cosigned = {}
        self.book.retree()
        self.book.sign_all(self.base.signers_after)

    def sign_somehow(self):
        """The tree is right; its checkpoint is the daemon's, another's, or the old one. Which."""
        self.book.retree()
        how = self.dice.choice(["daemon", "stranger", "old"])
        stranger = self.stranger()
        if how != "old":
            self.book.sign_all(self.base.signers_after if how == "daemon" else lambda size: [stranger])
        return how

    def changed_block(self, k, change):
        block = self.book.block(k)
        change(block)
        self.book.put_block(k, block)

    def refolded(self, what):
        """A self-consistent forgery of the blocks as they are now, and what the model thinks of them."""
        refolding = Refolding(self.book.blocks())
        said = refolding.fault()
        self.resign()
        if said is None:
            self.book.sign_all(lambda size: [
                key for key in self.base.daemon_keys if pc.public(key) in refolding.checkpoint_keys[size]])
        if said is None and refolding.texts().keys() != self.book.texts.keys():
            said = "FAULT in the texts: "
        return Forgery(what, said or OTHER_HISTORY, whole=said is None)

    def envelope(self, *transactions):
        return pc.build_envelope(self.base.ledger_id, transactions)

    def made(self, k, rows, envelope, signers):
        """A block that could come before block k."""
        time = self.book.block(k).header.time if k < self.size else self.base.history.model.next_time()
        header = pc.block.BlockHeader(version=1, rules_version=1, count=len(rows), time=time,
                                      signatures=pc.signatures(pc.ENVELOPE_PREFIX, envelope, signers))
        return Block(header, envelope, pack_rows(rows))

    def insert(self, k, block):
        """Before block k; all is counted and signed anew. Its first sequence number."""
        blocks = self.book.blocks()
        blocks.insert(k, block)
        self.book.put_blocks(blocks)
        self.resign()
        return block.header.first_sequence

    def opening(self):
        """An account that nobody has."""
        account, municipality = self.dice.randbytes(16), self.dice.choice(sorted(self.base.history.municipalities))
        return tx.Transaction(id=self.dice.randbytes(16), open_account=tx.OpenAccount(
            account=account, municipality=municipality))

    def sent_before(self, k, role=rules.APP):
        """A transaction decided before block k that a key of this role may sign, and its outcome."""
        model = self.base.history.model
        found = [e for e in model.entries.values() if e["block"] < k and rules.SIGNED_BY[
            e["transaction"].WhichOneof("body")] == (1, role)]
        entry = self.dice.choice(found)
        return entry["transaction"], entry["outcome"]


APPLIED = ("APPLIED", 0, 0, 0)


def in_block(k, words):
    return f"FAULT in block {k}: {words}"


# ---- single bytes and records, without any key

HEADER_WORDS = (r"(the header |its (first sequence number|time|signatures) |it has \d+|it was decided by rules version "
                "|the tree's hash at level 0 is not that of the header"
                "|the (envelope|outcomes) do(es)? not have the hash that the header gives)")
NO_HASH = "the envelope does not have the hash that the header gives\n"


@kind
def header_byte(forger):
    k = forger.some_block(0)
    forger.book.headers[k], what = forger.flip(forger.book.headers[k])
    return Forgery(f"header {k}, {what}", in_block(k, HEADER_WORDS))


@kind
def envelope_byte(forger):
    k = forger.some_block(0)
    block = forger.book.block(k)
    body = forger.book.bodies[k]
    at = body.index(block.envelope)
    forger.book.bodies[k], what = forger.flip(body, at, at + len(block.envelope))
    return Forgery(f"envelope {k}, {what}", in_block(k, NO_HASH))


@kind
def outcomes_byte(forger):
    k = forger.some_block()
    body, outcomes = forger.book.bodies[k], forger.book.block(k).outcomes
    forger.book.bodies[k], what = forger.flip(body, len(body) - len(outcomes))
    return Forgery(f"outcomes {k}, {what}", in_block(k, "the outcomes do not have the hash that the header gives\n"))


@kind
def body_byte(forger):
    """The first bytes are the fields' tags and sizes."""
    k = forger.some_block(0)
    body = forger.book.bodies[k]
    forger.book.bodies[k], what = forger.flip(body, 0, forger.dice.choice([3, len(body)]))
    return Forgery(f"body {k}, {what}", in_block(
        k, rf"(the ledger is damaged: the body of block {k} is no BlockBody|the (envelope|outcomes) do(es)? not have the hash)"))


@kind
def tree_byte(forger):
    k = forger.some_block(0)
    level = forger.dice.randrange(len(forger.book.tree[k]) // 32)
    forger.book.tree[k], what = forger.flip(forger.book.tree[k], 32 * level, 32 * level + 32)
    of = "subtree" if level else "header"
    return Forgery(f"tree {k}, {what}", in_block(k, f"the tree's hash at level {level} is not that of the {of}\n"))


@kind
def checkpoint_byte(forger):
    """Of the newest, or of one that is kept of another day."""
    book = forger.book
    day = forger.dice.choice([book.newest(), *book.checkpoints])
    book.checkpoints[day], what = forger.flip(book.checkpoints[day])
    return Forgery(f"checkpoint of {rules.date_of(day)}, {what}", kept_words("checkpoints", day, book.newest()))


def kept_words(table, day, newest):
    """What is said of bytes that are no checkpoint of that day."""
    return (f"({kept_place(table, day, newest)}{CHECKPOINT_WORDS}"
            f"|FAULT in the kept checkpoints: the ledger is damaged: what is kept of {rules.date_of(day)} is no signed note\n)")


@kind
def format_byte(forger):
    forger.book.meta[FORMAT], what = forger.flip(forger.book.meta[FORMAT])
    return Forgery(f"format, {what}", r"points-audit: the ledger in .* has format \d+, this program reads format 3\n", UNREADABLE)


@kind
def format_of_another_size(forger):
    gone = forger.dice.choice([b"", b"\0\0\3", b"\0\0\0\3\0", None])
    if gone is None:
        del forger.book.meta[FORMAT]
        return Forgery("no format", "points-audit: there is no ledger in ", UNREADABLE)
    forger.book.meta[FORMAT] = gone
    return Forgery(f"format {gone.hex()}", "points-audit: .* its format record has another size\n", UNREADABLE)


@kind
def edge_bytes(forger):
    """The first or last byte of a table's first or last record, all its bits."""
    table = forger.dice.choice(["headers", "bodies", "tree"])
    records, k = getattr(forger.book, table), forger.dice.choice([0, forger.size - 1])
    records[k] = flipped(records[k], offset := forger.dice.choice([0, len(records[k]) - 1]), 0xff)
    return Forgery(f"{table} {k}, all bits of byte {offset}", in_block(k, ""))


@kind
def record_of_another_size(forger):
    table, k = forger.dice.choice(["headers", "bodies", "tree"]), forger.some_block(0)
    records = getattr(forger.book, table)
    left = forger.dice.choice([0, len(records[k]) - 1, forger.dice.randrange(len(records[k])), len(records[k]) + 1])
    records[k] = (records[k] + b"\0")[:left]
    said = {"headers": HEADER_WORDS, "tree": r"the tree lacks its \d+ hashes\n",
            "bodies": f"(the ledger is damaged: the body of block {k} is no BlockBody|.* not have the hash that )"}
    return Forgery(f"{table} {k} has {left} bytes", in_block(k, said[table]))


@kind
def record_gone(forger):
    table, k = forger.dice.choice(["headers", "bodies", "tree"]), forger.dice.choice([0, forger.size - 1, forger.some_block(0)])
    getattr(forger.book, table)[k] = None
    return Forgery(f"{table} {k} taken away",
                   rf"points-audit: the ledger is damaged: block {k} has no record in `{table}`\n", UNREADABLE)


@kind
def block_gone(forger):
    """Of all tables; nothing else is changed."""
    k = forger.some_block(1, forger.size - 1)
    for records in (forger.book.headers, forger.book.bodies, forger.book.tree):
        records[k] = None
    return Forgery(f"block {k} taken away", f"points-audit: the ledger is damaged: there is no block {k}, but `", UNREADABLE)


@kind
def record_replaced(forger):
    """So that the number of records stays what it was."""
    table, k = forger.dice.choice(["headers", "bodies", "tree"]), forger.some_block(1, forger.size - 1)
    getattr(forger.book, table)[k] = None
    forger.book.stray[table, "00"] = "00"
    return Forgery(f"{table} {k} taken away, another put there",
                   in_block(k, rf"(the ledger is damaged: block {k} has no record in `{table}`|the tree lacks its \d+ hashes)\n"))


@kind
def stray_record(forger):
    table = forger.dice.choice(["headers", "bodies", "tree"])
    key = forger.dice.choice(["00", "ff", "ff" * 8, f"{forger.some_block():016x}00"])
    forger.book.stray[table, key] = forger.dice.randbytes(40).hex()
    return Forgery(f"{key} put into {table}",
                   f"points-audit: the ledger is damaged: there is no block {forger.size}, but `{table}` has records besides\n",
                   UNREADABLE)


@kind
def record_of_the_next_block(forger):
    """Without the block's other records."""
    table = forger.dice.choice(["headers", "bodies", "tree"])
    getattr(forger.book, table).append(forger.dice.randbytes(40))
    return Forgery(f"{table} has a record more",
                   f"points-audit: the ledger is damaged: block {forger.size} has no record in `", UNREADABLE)


@kind
def bodies_swapped(forger):
    i, j = forger.two_blocks()
    bodies = forger.book.bodies
    bodies[i], bodies[j] = bodies[j], bodies[i]
    return Forgery(f"bodies {i} and {j} swapped", in_block(i, NO_HASH))


@kind
def headers_swapped(forger):
    i, j = forger.two_blocks()
    headers = forger.book.headers
    headers[i], headers[j] = headers[j], headers[i]
    return Forgery(f"headers {i} and {j} swapped", in_block(i, f"the header says that it is block {j}\n"))


@kind
def nodes_swapped(forger):
    i, j = forger.two_blocks()
    tree = forger.book.tree
    tree[i], tree[j] = tree[j], tree[i]
    return Forgery(f"nodes {i} and {j} swapped", in_block(
        i, r"(the tree's hash at level 0 is not that of the header|the tree lacks its \d+ hashes)\n"))


# ---- the checkpoint

@kind
def checkpoints_gone(forger):
    """All, or the newest, so that the one before it takes its place."""
    days = sorted(forger.book.checkpoints)
    if forger.dice.random() < 0.5:
        forger.book.checkpoints = {}
        return Forgery("no checkpoint", "FAULT in the checkpoint: the ledger has no checkpoint yet")
    del forger.book.checkpoints[days[-1]]
    size = forger.book.checkpoints[days[-2]].split(b"\n")[1].decode()
    return Forgery("no newest checkpoint",
                   f"FAULT in the checkpoint: the checkpoint speaks of {size} blocks, the ledger has {forger.size}\n")


@kind
def checkpoint_of_another(forger):
    """By a key that is registered for something else, or revoked, or by none; or under another name."""
    fit = {key for key, v in forger.base.keys_after[-1].items() if v["role"] == rules.CHECKPOINT and not v["revoked"]}
    others = [secret for key, secret in forger.base.secrets.items() if key not in fit]
    key = forger.dice.choice([forger.stranger(), *others])
    if forger.dice.random() < 0.7:
        forger.book.sign(key)
        return Forgery("signed by another key", CHECKPOINT_UNSIGNED)
    forger.book.sign(forger.base.daemon_keys[1], name="points.test/other")
    return Forgery("signed for another origin", "FAULT in the checkpoint: the checkpoint is of another ledger: ")


@kind
def checkpoint_of_another_size(forger):
    size = forger.dice.choice([0, 1, forger.size - 1, forger.size + 1, 2**64 - 1])
    forger.book.sign(forger.base.daemon_keys[1], size=size)
    return Forgery(f"signed for {size} blocks",
                   f"FAULT in the checkpoint: the checkpoint speaks of {size} blocks, the ledger has {forger.size}\n")


@kind
def checkpoint_of_another_root(forger):
    forger.book.sign(forger.base.daemon_keys[1], root=forger.dice.randbytes(32))
    return Forgery("signed for another root",
                   f"FAULT in the checkpoint: the checkpoint's root is not that of the tree of {forger.size} blocks\n")


@kind_of(4)
def checkpoint_text(forger):
    """Another size, root or signature in the newest note as it stands."""
    day = forger.book.newest()
    lines = forger.book.checkpoints[day].decode().split("\n")
    change = forger.in_turn(["size", "root", "line", "blob"])
    unverified = "FAULT in the checkpoint: the checkpoint has a line of a key of .* that does not verify\n"
    said = {"line": "FAULT in the checkpoint: .*the checkpoint is no note of three lines"}.get(change, unverified)
    if change == "size":
        lines[1] = str(int(lines[1]) + forger.dice.choice([-1, 1]))
    elif change == "root":
        lines[2] = pc.base64.b64encode(forger.dice.randbytes(32)).decode()
    elif change == "line":
        lines.insert(3, "extension")
    else:
        lines[4] = lines[4][:-4] + "AAA="
    forger.book.checkpoints[day] = "\n".join(lines).encode()
    return Forgery(f"the checkpoint's {change} changed", said)


@kind
def checkpoint_of_a_revoked_key(forger):
    """The daemon's first key, which was stolen, and revoked."""
    forger.book.sign(forger.base.daemon_keys[0])
    return Forgery("signed with the daemon's revoked key", CHECKPOINT_UNSIGNED)


@kind_of(6)
def kept_checkpoint(forger):
    """Of a day before the last: moved to another day, of another root, size or key, or with a line that is nobody's."""
    book, days = forger.book, sorted(forger.book.checkpoints)
    table = forger.dice.choice(["checkpoints", "checkpoints", "cosigned"])
    kept = getattr(book, table)
    day = forger.dice.choice([d for d in kept if d != days[-1]])
    text = kept[day].decode().split("\n\n")[0] + "\n"
    size, root = int(text.split("\n")[1]), pc.base64.b64decode(text.split("\n")[2])
    daemon = forger.base.signers_after(size)
    how, where = forger.in_turn(["day", "root", "size", "key", "other key", "line"]), kept_place(table, day, days[-1])
    if how == "day":
        other = forger.dice.choice([d for d in range(days[0] - 2, days[-1]) if d not in days] or [days[0] - 1])
        kept[other], where = kept.pop(day), kept_place(table, other, days[-1])
        said = f"the checkpoint of {size} blocks is not of this day\n"
    elif how == "root":
        kept[day] = note(daemon, size, forger.dice.randbytes(32))
        said = f"the checkpoint's root is not that of the tree of {size} blocks\n"
    elif how == "size":
        kept[day] = note(daemon, forger.size + 1, root)
        said = f"a checkpoint speaks of {forger.size + 1} blocks, the ledger has {forger.size}\n"
    elif how in ("key", "other key"):
        others = [key for key in forger.base.daemon_keys if key not in daemon]
        kept[day] = note([forger.dice.choice(others if others and how == "other key" else [forger.stranger()])], size, root)
        said = "the checkpoint is not signed by .* with a key that may sign it\n"
    else:
        kept[day] += note_line(forger.stranger(), text, forger.dice.choice(["points.test/w", WITNESS])).encode()
        said = "the checkpoint has a line that no key of this ledger made\n"
    return Forgery(f"{table} of {rules.date_of(day)}: {how}", where + said)


@kind
def cosigned_byte(forger):
    day = forger.dice.choice(sorted(forger.book.cosigned))
    forger.book.cosigned[day], what = forger.flip(forger.book.cosigned[day])
    return Forgery(f"cosigned of {rules.date_of(day)}, {what}", kept_words("cosigned", day, 0))


@kind
def cosigned_by_nobody(forger):
    """Without the witness's line, or with one of a key that is no witness's."""
    day = forger.dice.choice(sorted(forger.book.cosigned))
    kept = forger.book.checkpoints[day]
    text, how = kept.decode().split("\n\n")[0] + "\n", forger.dice.choice(["none", "stranger", "daemon"])
    key = {"stranger": forger.stranger(), "daemon": forger.base.daemon_keys[1]}.get(how)
    forger.book.cosigned[day] = kept + (cosignature(key, text, WITNESS, 1_700_000_000).encode() if key else b"")
    said = "has a line that no key of this ledger made" if key else "is not cosigned by a witness"
    return Forgery(f"cosigned of {rules.date_of(day)}: {how}", kept_place("cosigned", day, 0) + f"the checkpoint {said}\n")


@kind
def what_a_witness_saw(forger):
    """A history rewritten with the daemon's key, in which a cosigned checkpoint was left."""
    cosigned, day = forger.book.cosigned, max(forger.book.cosigned)
    size = int(cosigned[day].split(b"\n")[1])
    add_fit_signature(forger, forger.block_where(lambda block: len(block.header.signatures) < 4, end=size))
    forger.resign()
    forger.book.cosigned = {day: cosigned[day]}
    return Forgery("another history under a cosigned checkpoint", kept_place("cosigned", day, 0)
                   + f"the checkpoint's root is not that of the tree of {size} blocks\n")


@kind_of(7)
def stray_elsewhere(forger):
    """Records of no day or of one to come, and tables and meta of nobody's."""
    book, days = forger.book, sorted(forger.book.checkpoints)
    after = forger.dice.randrange(len(days))
    misplaced = r"FAULT in the tables: `{}` has something else after {} of its {} records\n".format
    too_many = r"FAULT in the tables: `{}` has {} records, a ledger has {}\n".format
    where, said = forger.in_turn([
        (("checkpoints", "00"), misplaced("checkpoints", 0, len(days) + 1)),
        (("checkpoints", f"{days[after]:016x}00"), misplaced("checkpoints", after + 1, len(days) + 1)),
        (("cosigned", "00"), misplaced("cosigned", 0, len(book.cosigned) + 1)),
        (("cosigned", "ff" * 20), "FAULT in the kept checkpoints: the ledger is damaged: a checkpoint is kept under no day\n"),
        (("checkpoints", "7f" * 8), "FAULT in the checkpoint: the ledger is damaged: the checkpoint is no note "),
        (("more",), too_many("tables", 8, 7)), (("meta", b"more".hex()), too_many("meta", 2, 1))])
    book.stray[where] = "78" if where[1:] else ""
    if after == len(days) - 1 and where == ("checkpoints", f"{days[after]:016x}00"):
        said = "FAULT in the checkpoint: the ledger is damaged: the checkpoint is no note "
    return Forgery(f"a record more: {where}", said)


# ---- headers that are consistent: the tree over them is right, whoever signed it

HEADER_FIELDS = {
    "version": lambda d, h: (d.choice([0, 2, 2**32 - 1]), "the header has version {new}, this program reads 1\n"),
    "rules_version": lambda d, h: (d.choice([0, 2, 7]), "it was decided by rules version {new}, this program knows version 1\n"),
    "index": lambda d, h: (h.index + d.choice([-1, 1, 2**40]), "the header says that it is block {new}\n"),
    "first_sequence": lambda d, h: (h.first_sequence + d.choice([-1, 1, 2**60]), "its first sequence number is {new}, the block"),
    "count": lambda d, h: (h.count + d.choice([-1, 1, 900]),
                           "the header counts {new} transactions, the envelope has {old}\n"),
    "time": lambda d, h: (h.time + d.choice([-1, 1, -86_400, 86_400, 2**40]),
                          "its time (is before that of the block before it|{new} cannot follow the time of the block before it)"),
    "envelope_sha256": lambda d, h: (d.randbytes(32), NO_HASH),
    "outcomes_sha256": lambda d, h: (d.randbytes(32), "the outcomes do not have the hash that the header gives\n"),
}


@kind_of(8)
def header_field(forger):
    k, field = forger.some_block(), forger.in_turn(list(HEADER_FIELDS))
    header = forger.book.block(k).header
    old = getattr(header, field)
    new, words = HEADER_FIELDS[field](forger.dice, header)
    if (field, new) == ("count", 0):
        words = "it has 0 transactions\n"
    setattr(header, field, new)
    forger.book.headers[k] = pc.canonical(header)
    how = forger.sign_somehow()
    return Forgery(f"{field} of header {k} is {new}, not {old}; checkpoint: {how}",
                   in_block(k, words.format(new=new, old=old)))


@kind_of(4)
def header_form(forger):
    k = forger.some_block()
    more = forger.in_turn([b"\x78\x01", b"\x08\x01", b"\x7a\x00", b"\x4a\x00"])  # unknown, twice, unknown, an empty signature
    forger.book.headers[k] += more
    how = forger.sign_somehow()
    return Forgery(f"header {k} ends with {more.hex()}; checkpoint: {how}", in_block(k, "the header is not canonical: "))


def add_fit_signature(forger, k):
    """One more signature of a registered key, which the rules do not mind."""
    block = forger.book.block(k)
    theirs = [s.key for s in block.header.signatures]
    others = [s for s in forger.live(k, rules.AUDITOR) + forger.live(k, rules.APP) if pc.public(s) not in theirs]
    block.header.signatures.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, [forger.dice.choice(others)]))
    sort_signatures(block)
    forger.book.put_block(k, block)


@kind
def header_that_refolds(forger):
    """Only the checkpoint tells, and with the daemon's key not even that."""
    k = forger.block_where(lambda block: len(block.header.signatures) < 4)
    add_fit_signature(forger, k)
    how = forger.sign_somehow()
    forger.book.cosigned = {}
    said = {"old": f"FAULT in the checkpoint: the checkpoint's root is not that of the tree of {forger.size} blocks\n",
            "stranger": CHECKPOINT_UNSIGNED, "daemon": OTHER_HISTORY}[how]
    return Forgery(f"a fit signature more in block {k}; checkpoint: {how}", said, whole=how == "daemon")


def sort_signatures(block):
    ordered = sorted(block.header.signatures, key=lambda s: s.key)
    del block.header.signatures[:]
    block.header.signatures.extend(ordered)


# ---- signatures, with the daemon's key

@kind
def signature_byte(forger):
    k = forger.some_block(0)
    block = forger.book.block(k)
    i = forger.dice.randrange(len(block.header.signatures))
    block.header.signatures[i].signature, what = forger.flip(block.header.signatures[i].signature)
    forger.book.put_block(k, block)
    how = forger.sign_somehow()
    return Forgery(f"signature {i} of block {k}, {what}; checkpoint: {how}", in_block(k, f"signature {i} does not verify\n"))


@kind
def signature_of_another_envelope(forger):
    i, j = forger.two_blocks()
    block, other = forger.book.block(i), forger.book.block(j)
    del block.header.signatures[:]
    block.header.signatures.extend(other.header.signatures)
    forger.book.put_block(i, block)
    forger.resign()
    return Forgery(f"signatures of block {j} in block {i}", in_block(i, "signature 0 does not verify\n"))


@kind
def signature_key(forger):
    k = forger.some_block(0)
    block = forger.book.block(k)
    i = forger.dice.randrange(len(block.header.signatures))
    block.header.signatures[i].key, what = forger.flip(block.header.signatures[i].key)
    forger.book.put_block(k, block)
    forger.resign()
    return Forgery(f"key of signature {i} of block {k}, {what}", in_block(
        k, f"(signature {i} does not verify|its signatures are not in ascending order of distinct keys)\n"))


@kind_of(5)
def signatures_form(forger):
    """None, too many, one twice, or not in order."""
    k = forger.some_block()
    block = forger.book.block(k)
    theirs = block.header.signatures
    how = forger.in_turn(["none", "five", "ten", "twice", "order"])
    if how == "none":
        said = "it has 0 signatures, there must be 1 to 4\n"
        del theirs[:]
    elif how in ("five", "ten"):
        many = {"five": 5, "ten": 10}[how]
        said = {5: "it has 5 signatures, there must be 1 to 4\n", 10: r"the header has \d+ bytes, at most 1024 are allowed\n"}[many]
        theirs.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, [forger.stranger() for _ in range(many - len(theirs))]))
        sort_signatures(block)
    else:
        said = "its signatures are not in ascending order of distinct keys\n"
        del theirs[3:]
        theirs.append(theirs[0])
        if how == "order":
            del theirs[:]
            theirs.extend(reversed(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, [forger.stranger(), forger.stranger()])))
    forger.book.put_block(k, block)
    forger.resign()
    return Forgery(f"signatures of block {k}: {how}", in_block(k, said))


@kind
def signers_replaced(forger):
    """By one to four other keys, right signatures all: registered, revoked, or unknown."""
    k = forger.some_block()
    block = forger.book.block(k)
    theirs = {s.key for s in block.header.signatures}
    others = [secret for key, secret in forger.base.secrets.items() if key not in theirs] + [forger.stranger()]
    signers = forger.dice.sample(others, forger.dice.choice([1, 1, 2, 4]))
    del block.header.signatures[:]
    block.header.signatures.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, signers))
    return signers_judged(forger, k, block, f"block {k} signed by {len(signers)} others")


@kind
def signature_dropped(forger):
    k = forger.block_where(lambda block: len(block.header.signatures) > 1)
    block = forger.book.block(k)
    i = forger.dice.randrange(len(block.header.signatures))
    del block.header.signatures[i]
    return signers_judged(forger, k, block, f"signature {i} of block {k} dropped")


@kind
def signature_added(forger):
    """Of a key that the ledger does not know, or no longer."""
    k = forger.block_where(lambda block: len(block.header.signatures) < 4)
    block = forger.book.block(k)
    revoked = [forger.base.secrets[key] for key, v in forger.base.keys_after[k].items()
               if v["revoked"] and key in forger.base.secrets]
    key = forger.dice.choice([forger.stranger(), *revoked])
    block.header.signatures.extend(pc.signatures(pc.ENVELOPE_PREFIX, block.envelope, [key]))
    sort_signatures(block)
    return signers_judged(forger, k, block, f"a signature more in block {k}")


def signers_judged(forger, k, block, what):
    forger.book.put_block(k, block)
    forger.resign()
    code = forger.base.refusal(k, block.envelope, [s.key for s in block.header.signatures])
    return Forgery(what, refused_whole(k, code) if code else OTHER_HISTORY, whole=code is None)


# ---- outcomes, with the daemon's key: only refolding tells

@kind_of(4)
def outcome_changed(forger):
    k = forger.some_block()
    block = forger.book.block(k)
    rows = block.rows()
    i, column = forger.dice.randrange(len(rows)), forger.in_turn(range(4))
    old = rows[i]
    codes = [c for c in pc.outcome.OutcomeCode.keys() if c != old[0]]
    numbers = [n for n in (0, old[column] - 1, old[column] + 1, old[column] + 100, 2**64 - 1)
               if n != old[column] and 0 <= n < 2**64] if column else []
    new = (*old[:column], forger.dice.choice(numbers or [*codes, *["APPLIED"] * 9 * (old[0] != "APPLIED")]), *old[column + 1:])
    rows[i] = new
    block.outcomes = pack_rows(rows)
    forger.book.put_block(k, block)
    forger.resign()
    return Forgery(f"outcome {i} of block {k} is {new}, not {old}", row_fault(k, i, block.header.first_sequence + i, new, old))


@kind
def outcomes_swapped(forger):
    """Two rows of one block."""
    k = forger.block_where(lambda block: len(set(block.rows())) > 1)
    block = forger.book.block(k)
    rows = block.rows()
    i = forger.dice.choice([n for n in range(len(rows)) if rows[n] != rows[0]])
    was = list(rows)
    rows[0], rows[i] = rows[i], rows[0]
    block.outcomes = pack_rows(rows)
    forger.book.put_block(k, block)
    forger.resign()
    return Forgery(f"outcomes 0 and {i} of block {k} swapped", row_fault(k, 0, block.header.first_sequence, rows[0], was[0]))


def varint(number):
    return bytes([number & 0x7f | 0x80]) + varint(number >> 7) if number > 0x7f else bytes([number])


@kind_of(8)
def outcomes_form(forger):
    """Columns of another length, and other bytes for the same outcomes."""
    k = forger.some_block()
    block = forger.book.block(k)
    columns = [[varint(value) for value in column] for column in zip(
        *[(pc.outcome.OutcomeCode.Value(code), *rest) for code, *rest in block.rows()])]
    column = forger.dice.choice(columns)
    how = forger.in_turn(["less", "more", "overlong", "wide", "unknown", "none", "garbage", "order"])
    i = forger.dice.randrange(len(column))
    if how == "less":
        column.pop()
    elif how == "more":
        column.append(b"\0")
    elif how == "overlong":
        column[i] = column[i][:-1] + bytes([column[i][-1] | 0x80, 0])
    elif how == "wide":  # the code, and 2^32 more
        columns[0][i] = varint(pc.outcome.OutcomeCode.Value(block.rows()[i][0]) + 2**32)
    fields = [varint(number << 3 | 2) + varint(len(data)) + data for number, data in enumerate(map(b"".join, columns), 1)]
    if how == "order":
        fields.reverse()
    data = b"".join(fields)
    block.outcomes = {"unknown": data + b"\x78\x01", "none": b"", "garbage": b"\xff\xff"}.get(how, data)
    forger.book.put_block(k, block)
    forger.resign()
    return Forgery(f"outcomes of block {k}: {how}", in_block(
        k, "the outcomes are not the canonical form of four columns with an entry for each of the "
        f"{block.header.count} transactions\n"))


# ---- envelopes, with the daemon's key and, mostly, those of its signers

@kind
def envelope_changed(forger):
    """Another amount or account under the old signatures."""
    k = forger.some_block()
    block = forger.book.block(k)
    envelope = pc.envelope.Envelope.FromString(block.envelope)
    forger.dice.choice(envelope.transactions).id = forger.dice.randbytes(16)
    block.envelope = pc.canonical(envelope)
    forger.book.put_block(k, block)
    how = forger.sign_somehow()
    return Forgery(f"a transaction of block {k} changed; checkpoint: {how}", in_block(k, "signature 0 does not verify\n"))


@kind_of(7)
def envelope_form(forger):
    """Signed as it is by a key that may sign it."""
    k, account = forger.some_block(forger.size // 4), forger.opening()
    right = forger.envelope(account)
    how = forger.in_turn(["unknown field", "overlong", "no transaction", "no body", "other ledger", "too large", "count"])
    more = [forger.opening() for _ in range(3)]
    large = [tx.Transaction(id=forger.dice.randbytes(16), freeze_account=tx.FreezeAccount(
        account=forger.dice.randbytes(16), reason="x" * 200)) for _ in range(300)]
    envelopes = {
        "unknown field": (right + b"\x78\x01", "the envelope is not canonical: "),
        "overlong": (right.replace(b"\x12", b"\x92\x00", 1), "the envelope is not canonical: "),
        "no transaction": (forger.envelope(), "(the envelope is not canonical|the header counts)"),
        "no body": (forger.envelope(tx.Transaction(id=account.id)), "the envelope is not canonical: "),
        "other ledger": (pc.build_envelope(forger.dice.randbytes(32), [account]), "the envelope was made for another ledger\n"),
        "too large": (forger.envelope(*large), r"the envelope has \d+ bytes, at most 52000 are allowed\n"),
        "count": (forger.envelope(account, *more), "the header counts 1 transactions, the envelope has 4\n")}
    data, said = envelopes[how]
    forger.insert(k, forger.made(k, [APPLIED], data, [forger.dice.choice(forger.live(k, rules.APP))]))
    return Forgery(f"an envelope with fault `{how}` put before block {k}", in_block(k, said))


@kind
def applied_twice(forger):
    """A transaction's bytes once more, signed again by the app and recorded as applied."""
    k = forger.dice.choice([forger.size, forger.some_block(forger.size // 4)])
    again, outcome = forger.sent_before(k)
    rows, transactions = [APPLIED, ("APPLIED", *outcome[1:])], [forger.opening(), again]
    i = forger.dice.choice([0, 1])
    if i == 0:
        rows, transactions = rows[::-1], transactions[::-1]
    signers = [forger.dice.choice(forger.live(k, rules.APP))]
    first = forger.insert(k, forger.made(k, rows, forger.envelope(*transactions), signers))
    return Forgery(f"transaction {again.id.hex()} applied again before block {k}",
                   row_fault(k, i, first + i, ("APPLIED",), ("DUPLICATE",)))


@kind
def applied_twice_at_once(forger):
    k, one = forger.dice.choice([forger.size, forger.some_block(forger.size // 4)]), forger.opening()
    signers = [forger.dice.choice(forger.live(k, rules.APP))]
    first = forger.insert(k, forger.made(k, [APPLIED] * 2, forger.envelope(one, one), signers))
    return Forgery(f"the same twice in an envelope before block {k}", row_fault(k, 1, first + 1, ("APPLIED",), ("DUPLICATE",)))


@kind
def nothing_new(forger):
    """An envelope whose ids were all decided before, recorded as a repetition or as it was."""
    k = forger.dice.choice([forger.size, forger.some_block(forger.size // 4)])
    again, outcome = forger.sent_before(k)
    sequence, repeated = forger.base.history.model.decided[again.id]["sequence"], forger.dice.random() < 0.5
    duplicate = ("DUPLICATE", 0, 0, sequence)
    signers = [forger.dice.choice(forger.live(k, rules.APP))]
    first = forger.insert(k, forger.made(k, [duplicate if repeated else outcome], forger.envelope(again), signers))
    said = in_block(k, NOTHING_NEW) if repeated else row_fault(k, 0, first, outcome, duplicate)
    return Forgery(f"transaction {again.id.hex()} alone before block {k}, as {'DUPLICATE' if repeated else outcome[0]}", said)


@kind
def id_used_twice(forger):
    k = forger.dice.choice([forger.size, forger.some_block(forger.size // 4)])
    before, _ = forger.sent_before(k)
    other, new = forger.opening(), forger.opening()
    other.id = before.id
    signers = [forger.dice.choice(forger.live(k, rules.APP))]
    first = forger.insert(k, forger.made(k, [APPLIED] * 2, forger.envelope(new, other), signers))
    return Forgery(f"id {before.id.hex()} used again before block {k}", row_fault(k, 1, first + 1, ("APPLIED",), ("ID_REUSED",)))


@kind
def stolen_key_after_its_revocation(forger):
    k = forger.dice.choice([forger.size, forger.some_block(forger.base.revoked_at + 1)])
    rows, transactions = zip(*[(APPLIED, forger.opening()) for _ in range(forger.dice.randint(1, 4))])
    forger.insert(k, forger.made(k, rows, forger.envelope(*transactions), [forger.base.stolen]))
    return Forgery(f"the key revoked in block {forger.base.revoked_at} signs before block {k}", refused_whole(k, "KEY_REVOKED"))


@kind
def key_before_its_registration(forger):
    k = forger.some_block(forger.size // 8, forger.base.registered_at)
    forger.insert(k, forger.made(k, [APPLIED], forger.envelope(forger.opening()), [forger.base.stolen]))
    return Forgery(f"the key registered in block {forger.base.registered_at} signs before block {k}",
                   refused_whole(k, "KEY_UNKNOWN"))


@kind_of(4)
def beyond_its_role(forger):
    """An app that raises a budget, registers a key, moves time or settles a conversion."""
    k = forger.dice.choice([forger.size, forger.some_block(forger.size // 4)])
    body = forger.in_turn([
        dict(set_budget=tx.SetBudget(quest=1, points=2**40)), dict(set_time=tx.SetTime(time=2**33)),
        dict(register_key=tx.RegisterKey(key=pc.public(forger.stranger()), role=tx.OPERATOR, holder="x")),
        dict(settle_conversion=tx.SettleConversion(conversion=forger.dice.randbytes(16)))])
    signers = [forger.dice.choice(forger.live(k, rules.APP))]
    envelope = forger.envelope(tx.Transaction(id=forger.dice.randbytes(16), **body))
    forger.insert(k, forger.made(k, [APPLIED], envelope, signers))
    return Forgery(f"an app signs {list(body)[0]} before block {k}", refused_whole(k, "NOT_PERMITTED"))


# ---- other histories, with the daemon's key

@kind
def block_removed(forger):
    k = forger.some_block(1, forger.size - 1)
    blocks = forger.book.blocks()
    del blocks[k]
    forger.book.put_blocks(blocks)
    return forger.refolded(f"block {k} removed")


@kind
def blocks_swapped(forger):
    i, j = forger.two_blocks()
    if forger.dice.random() < 0.5:
        j = i + 1 if i + 1 < forger.size else i - 1
    blocks = forger.book.blocks()
    blocks[i], blocks[j] = blocks[j], blocks[i]
    forger.book.put_blocks(blocks)
    return forger.refolded(f"blocks {i} and {j} swapped")


@kind
def block_copied(forger):
    i, j = forger.two_blocks()
    blocks = forger.book.blocks()
    blocks.insert(j + 1, forger.book.block(i))
    forger.book.put_blocks(blocks)
    return forger.refolded(f"block {i} once more after block {j}")


@kind_of(4)
def time_changed(forger):
    k = forger.some_block()
    by = forger.in_turn([-1, 1, -3_600, 3_600, -86_400, 86_400, -2**31, 2**31])
    forger.changed_block(k, lambda block: setattr(block.header, "time", block.header.time + by))
    return forger.refolded(f"time of block {k} moved by {by}")


def cut(forger, left):
    """Down to so many blocks, without their texts."""
    book = forger.book
    last = book.block(left).header.first_sequence
    del book.headers[left:], book.bodies[left:], book.tree[left:]
    book.texts = {sequence: text for sequence, text in book.texts.items() if sequence < last}


@kind_of(4)
def tail_cut(forger):
    """With the texts that were erased since, or without."""
    left = forger.dice.choice([forger.size - 1, forger.some_block()])
    cut(forger, left)
    if kept := forger.in_turn([True, True, False, False]):
        refolding = Refolding(forger.book.blocks())
        refolding.fault()
        put_texts(forger, refolding)
    return forger.refolded(f"cut down to {left} blocks, with a checkpoint of them, erased texts: {kept}")


@kind
def tail_cut_below_the_checkpoint(forger):
    left = forger.some_block()
    cut(forger, left)
    known = forger.base.daemon_keys[1] in forger.base.signers_after(left)
    said = f"FAULT in the checkpoint: the checkpoint speaks of {forger.size} blocks, the ledger has {left}\n"
    return Forgery(f"cut down to {left} blocks", said if known else CHECKPOINT_UNSIGNED)


@kind
def tail_grown_above_the_checkpoint(forger):
    kept = forger.book.checkpoints
    signers = [forger.dice.choice(forger.live(forger.size, rules.APP))]
    forger.insert(forger.size, forger.made(forger.size, [APPLIED], forger.envelope(forger.opening()), signers))
    forger.book.checkpoints = kept
    return Forgery("a fit block more than the checkpoint speaks of",
                   f"FAULT in the checkpoint: the checkpoint speaks of {forger.size} blocks, the ledger has {forger.size + 1}\n")


@kind
def history_rewritten(forger):
    """A block left out, and all that follows decided again by the rules."""
    k = forger.some_block(forger.size // 4)
    blocks = forger.book.blocks()
    del blocks[k]
    refolding = Refolding(blocks)
    forger.book.put_blocks(refolding.rewrite())
    put_texts(forger, refolding)
    return forger.refolded(f"history without block {k}")


def put_texts(forger, refolding):
    """All that the blocks as they were refolded want."""
    forger.book.texts = {sequence: forger.base.all_texts[notice] for sequence, notice in refolding.texts().items()}


# ---- genesis

@kind
def genesis_changed(forger):
    """Another nonce or daemon's key: another ledger, without operators (block 0) or with them (block 1)."""
    block = forger.book.block(0)
    genesis = pc.genesis.Genesis.FromString(block.envelope)
    key = forger.dice.choice([forger.stranger(), *forger.base.daemon_keys])
    genesis.checkpoint_key = pc.public(key)
    genesis.nonce = forger.dice.randbytes(16)
    block.envelope = pc.canonical(genesis)
    operators = forger.dice.random() < 0.5
    if operators:
        del block.header.signatures[:]
        block.header.signatures.extend(pc.signatures(pc.GENESIS_PREFIX, block.envelope, forger.base.operators))
    forger.book.put_block(0, block)
    forger.book.retree()
    forger.book.sign_all(lambda size: [key])
    said = in_block(*(1, "the envelope was made for another ledger\n") if operators else (0, "signature 0 does not verify\n"))
    return Forgery(f"another genesis, operators' keys: {operators}", said)


@kind_of(8)
def genesis_form(forger):
    block = forger.book.block(0)
    how = forger.in_turn(["unknown field", "outcomes", "time", "count", "one holder", "no operator", "more operators", "policies"])
    signers, said = forger.base.operators[:2], "genesis"
    if how == "unknown field":
        block.envelope, said = block.envelope + b"\x78\x01", "the genesis is not canonical: "
    elif how == "outcomes":
        block.outcomes, said = pack_rows([APPLIED]), "the block of the genesis has outcomes\n"
    elif how == "time":
        block.header.time += 1
        said = "the header has another rules version or time than the genesis\n"
    elif how == "count":
        block.header.count = 1
        said = "it has 1 transactions\n"
    elif how == "one holder":
        signers, said = signers[:1], "genesis: needs signatures of operators of at least two holders\n"
    elif how == "no operator":
        signers = [*signers, forger.stranger()]
        said = r"genesis: signature \d is not of one of its operators\n"
    elif how == "policies":
        genesis = pc.genesis.Genesis.FromString(block.envelope)
        genesis.policies.append(tx.SetPolicy(policy=99, value=1))
        block.envelope, said = pc.canonical(genesis), "(the genesis is not canonical: |genesis)"
    else:
        signers = forger.base.operators
    del block.header.signatures[:]
    block.header.signatures.extend(pc.signatures(pc.GENESIS_PREFIX, block.envelope, signers))
    forger.book.put_block(0, block)
    forger.resign()
    if how == "more operators":
        return Forgery(f"genesis: {how}", in_block(1, "the envelope was made for another ledger\n"))
    return Forgery(f"genesis: {how}", in_block(0, said))


# ---- texts of notices

def some_text(forger):
    sequence = forger.dice.choice(sorted(forger.book.texts))
    notice = next(i for i, n in forger.base.notices.items() if n["sequence"] == sequence)
    return sequence, rf"FAULT in the texts: the text of notice {notice.hex()} \(sequence {sequence}\) "


@kind
def text_byte(forger):
    sequence, said = some_text(forger)
    forger.book.texts[sequence], what = forger.flip(forger.book.texts[sequence])
    return Forgery(f"text {sequence}, {what}", said + "does not have the SHA-256 that was signed\n")


@kind
def text_exchanged(forger):
    sequence, said = some_text(forger)
    forger.book.texts[sequence] = pc.notice_text("お知らせ", forger.dice.choice(["x", "y"]))
    return Forgery(f"text {sequence} exchanged", said + "does not have the SHA-256 that was signed\n")


@kind
def text_gone(forger):
    sequence, said = some_text(forger)
    del forger.book.texts[sequence]
    if forger.dice.random() < 0.5:
        forger.book.texts[2**63] = b"x"
    return Forgery(f"text {sequence} taken away", said + "is missing, and was not erased\n")


@kind
def text_put_back(forger):
    """Of a notice whose text was erased."""
    notice = forger.dice.choice(sorted(i for i, n in forger.base.notices.items() if n["erased"]))
    sequence = forger.base.notices[notice]["sequence"]
    forger.book.texts[sequence] = forger.base.all_texts[notice]
    return Forgery(f"text {sequence} put back", rf"FAULT in the texts: the text of notice {notice.hex()} "
                   rf"\(sequence {sequence}\) is there, though it was erased\n")


@kind
def text_of_no_notice(forger):
    key = forger.dice.choice([f"{2**63:016x}", f"{0:016x}", "00", "ff" * 20])
    forger.book.stray["texts", key] = forger.dice.choice(["78", ""])
    count = len(forger.book.texts)
    return Forgery(f"a text at {key}", f"FAULT in the texts: {count + 1} are stored, but the blocks know of {count}\n")
