#!/usr/bin/python3
"""Verifies an exported ledger of pointsd, independently: written from doc/protocol.md, doc/rules.md and proto/*.proto alone.

It checks canonical form, but for sizes; hashes, tree, checkpoint, and that an older one is of this ledger too; signatures, and what
their keys may sign; the order of blocks, numbers and time; that no id was decided twice, and what DUPLICATE and ID_REUSED point at;
each account's chain of entries; the texts; and the books: that what outcomes move was there, and is moved once. It does not check
whether another outcome would have been right, what quests, receipts and settlements come to, limits, and when points expire:
`points-audit verify` does. Exit status: 0 all holds, 1 a fault (the first is told), 2 wrong use, 3 it cannot be read, or PyNaCl is missing.
"""
import argparse, base64, collections, functools, hashlib, json, pathlib, re, sys, types
try:
    import nacl.exceptions, nacl.signing
except ImportError as missing:
    sys.exit(print(f"{missing}: install PyNaCl (Debian: python3-nacl)", file=sys.stderr) or 3)

SIGNED_BY = {name: (role, holders) for role, holders, names in (  # doc/rules.md: the role, and how many holders of it
    ("APP", 1, "Award Donate RequestConversion OpenAccount MoveAccount CloseAccount"),
    ("WAON", 1, "SettleConversion RefuseConversion"),
    ("OPERATOR", 1, "DefineQuest DefinePurpose DefineCampaign RegisterShop CloseShop SetTime MergeAccounts FreezeAccount UnfreezeAccount"),
    ("OPERATOR", 2, "ChangeQuest SetBudget SetPolicy RegisterKey RevokeKey Reverse SettleDonations"),
    ("MUNICIPALITY", 1, "PostNotice WithdrawNotice EraseNotice")) for name in names.split()}
MOVES = {  # doc/rules.md: from which book to which an applied transaction moves its points
    "Award": ("issued", "balances"), "Donate": ("balances", "donated"), "RequestConversion": ("balances", "held"),
    "CloseAccount": ("balances", "forfeited"), "SettleConversion of RequestConversion": ("held", "converted"),
    "RefuseConversion of RequestConversion": ("held", "balances"), "Reverse of RequestConversion": ("held", "balances"),
    "Reverse of Donate": ("donated", "balances"), "Reverse of Award": ("balances", "reversed")}
BOOKS = ("issued", "balances", "held", "donated", "converted", "expired", "forfeited", "reversed", "fees")
FIELD = re.compile(r"^( +)(repeated )?(\w+) (\w+) = (\d+)( \[packed = false\])?;", re.M)
BITS = {"uint32": 32, "uint64": 64, "int64": 64, "bool": 1}
FORBIDDEN = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")  # the last: bytes that are not UTF-8
Done = collections.namedtuple("Done", "kind account points fee")
sha256 = lambda *pieces: hashlib.sha256(b"".join(pieces)).digest()
VARINT = re.compile(rb"[\x80-\xff]{1,9}[\x01-\x7f]|[\0-\x7f]")  # in the fewest bytes


class Fault(Exception):
    """The ledger is not as it must be."""


def require(condition, otherwise):
    if not condition:
        raise Fault(otherwise)


class Formats:
    """The messages of proto/*.proto, read from these files themselves, in their canonical form: doc/protocol.md."""
    def __init__(self):
        text = "".join(path.read_text("utf-8") for path in pathlib.Path(__file__).resolve().parents[2].glob("proto/*.proto"))
        enums, messages = (re.findall(fr"^{kind} (\w+) \{{\n(.*?)^\}}", text, re.M | re.S) for kind in ("enum", "message"))
        self.enums = {name: {int(number): value for value, number in re.findall(r"(\w+) = (\d+);", body)} for name, body in enums}
        self.messages = {name: {int(field[4]): self.field(*field) for field in FIELD.findall(body)} for name, body in messages}

    def field(self, indent, repeated, kind, name, _, unpacked):
        varint, one_of = kind in BITS or kind in self.enums, len(indent) > 2
        packed = bool(repeated and varint and not unpacked)
        empty = {"string": "", "bytes": b""}.get(kind, self.enums.get(kind, {0: 0})[0] if varint else None)
        return types.SimpleNamespace(name="body" if one_of else name, one_of=one_of, type=kind, empty=[] if repeated else empty,
                               packed=packed, several=repeated and not packed, wire_type=0 if varint and not packed else 2)

    def read(self, kind, data):
        """The message of `kind` whose canonical form is `data`: its fields as attributes, its `type`, its bytes as `raw`."""
        values, last, at = {}, 0, 0
        while at < len(data):
            (tag, at), before = self.number(data, at), last
            last, field = tag >> 3, self.messages[kind].get(tag >> 3)
            require(field and tag & 7 == field.wire_type, f"{kind} has an unknown field, {last}")
            require(last > before and field.name not in values or last == before and field.several, f"{kind}: fields are not in order")
            found, at = self.number(data, at)
            if field.wire_type == 2:
                found, at = data[at:at + found], at + found
            require(at <= len(data), f"{kind}.{field.name} is cut off")
            require(found or field.several or field.type in self.messages, f"{kind}.{field.name}: a default is written")
            if field.several:
                values.setdefault(field.name, []).append(self.value(field, found))
            else:
                values[field.name] = self.value(field, found)
        for field in self.messages[kind].values():
            require(values.setdefault(field.name, field.empty) is not None or not field.one_of, f"{kind} has no body")
        return types.SimpleNamespace(type=kind, raw=data, **values)

    def value(self, field, found):
        if field.packed and isinstance(found, bytes):
            require(not VARINT.sub(b"", found), f"{field.name} is cut off, or a number is not in its fewest bytes")
            return [self.value(field, self.number(one, 0)[0]) for one in VARINT.findall(found)]
        if field.type in self.messages:
            return self.read(field.type, found)
        if field.type in self.enums:
            require(found in self.enums[field.type], f"{field.name}: there is no {field.type} {found}")
            return self.enums[field.type][found]
        if field.type == "string":
            found = found.decode("utf-8", "surrogateescape")
            require(not FORBIDDEN.search(found), f"{field.name} has control characters, or is not UTF-8")
        require(field.type not in BITS or not found >> BITS[field.type], f"{field.name} is out of range")
        return found - (found >> 63 << 64) if field.type == "int64" else found

    def number(self, data, at):
        found = VARINT.match(data, at)
        require(found, "a number is cut off, or not in its fewest bytes")
        return sum((byte & 127) << 7 * place for place, byte in enumerate(found[0])), found.end()


class Tree:
    """RFC 6962, leaf by leaf: `peaks` are the roots of the perfect subtrees that make it up, the largest first."""
    size, peaks = 0, ()

    def append(self, leaf):
        rest, self.size = self.size, self.size + 1
        while rest & 1:
            leaf, self.peaks, rest = sha256(b"\1", self.peaks[-1], leaf), self.peaks[:-1], rest >> 1
        self.peaks += (leaf,)

    def root(self):
        root = functools.reduce(lambda right, left: sha256(b"\1", left, right), reversed(self.peaks)) if self.peaks else sha256()
        return base64.b64encode(root).decode()


class Ledger:
    """What is known after each block. `done`, by id: what can be answered or reversed yet."""
    def __init__(self, formats, older):
        self.formats, self.older, self.tree, self.where, self.origin = formats, older, Tree(), "the first line", ""
        self.keys, self.ids, self.texts, self.sequence, self.time, self.set_time = {}, {}, {}, 0, 0, 0
        self.accounts, self.done, self.books, self.fee = {}, {}, dict.fromkeys(BOOKS, 0), 0  # what is issued is below 0: the source

    def read(self, file):
        note = None
        for line in file:
            require(note is None, "lines follow the checkpoint")
            match json.loads(line):
                case {"block": int(index), "header": str(header), "envelope": str(envelope), "outcomes": str(outcomes)}:
                    self.where = f"block {index}"
                    self.block(index, *(base64.b64decode(one, validate=True) for one in (header, envelope, outcomes)))
                case {"text": int(sequence), "bytes": str(data)}:
                    self.where, data = f"the text of notice {sequence}", base64.b64decode(data, validate=True)
                    self.formats.read("NoticeText", data)
                    require(self.texts.pop(sequence, None) == sha256(data), "not what was signed, or not to be stored")
                case {"checkpoint": str(note)}:
                    self.check(note, "the checkpoint")
                case _:
                    raise ValueError("a line of no kind that an exported ledger has")
        self.where = "the end"
        require(not self.texts, f"texts of notices are missing: {sorted(self.texts)}")
        require(not self.older, "the older checkpoint is of more blocks than there are")
        require(note or self.tree.size == 1, "the checkpoint is missing")

    def block(self, index, raw, data, outcomes):
        header, leaf = self.formats.read("BlockHeader", raw), sha256(b"\0", raw)
        require((header.version, header.rules_version) == (1, 1), "the header is of another version")
        require(index == header.index == self.tree.size, f"not block {self.tree.size}, which must follow")
        require(header.first_sequence == self.sequence + 1, f"its first sequence number is not {self.sequence + 1}")
        require(header.envelope_sha256 == sha256(data), "the envelope is not that of the header")
        require(header.outcomes_sha256 == sha256(outcomes), "the outcomes are not those of the header")
        require(header.time >= self.time, "time goes back")
        (self.envelope if index else self.genesis)(header, data, outcomes, leaf)
        self.time = header.time
        self.tree.append(leaf)
        if self.older and self.older.split("\n")[1:2] == [str(self.tree.size)]:
            self.check(self.older, "the older checkpoint")
            self.older = None

    def check(self, note, where):
        """The note must be of the blocks so far, and signed by a checkpoint key; other signers' lines do not matter."""
        self.where, (text, _, lines) = where, note.partition("\n\n")
        require(text == f"{self.origin}\n{self.tree.size}\n{self.tree.root()}", f"not of these blocks, of root {self.tree.root()}")
        keys = [key for key, made in self.keys.items() if made and made.role == "CHECKPOINT"]
        ids = {sha256(self.origin.encode(), b"\n\1", key)[:4]: nacl.signing.VerifyKey(key) for key in keys}
        blobs = map(base64.b64decode, re.findall(f"^— {re.escape(self.origin)} ([A-Za-z0-9+/]{{91}}=)$", lines, re.M))
        signed = [ids[blob[:4]].verify(f"{text}\n".encode(), blob[4:]) for blob in blobs if blob[:4] in ids]
        require(signed, "not signed by a checkpoint key of the ledger")

    def signers(self, header, message):
        keys = [one.key for one in header.signatures]
        require(1 <= len(keys) <= 4 and keys == sorted(set(keys)), "not 1 to 4 signatures in ascending order of keys")
        for one in header.signatures:
            require(self.keys.get(one.key), f"signed with a key that is not registered, or is revoked: {one.key.hex()}")
            nacl.signing.VerifyKey(one.key).verify(message, one.signature)
        return [self.keys[key] for key in keys]

    def genesis(self, header, data, outcomes, leaf):
        genesis = self.formats.read("Genesis", data)
        self.id, self.origin, self.scripted = leaf, genesis.origin, genesis.time_source == "SCRIPTED"
        first = types.SimpleNamespace(key=genesis.checkpoint_key, role="CHECKPOINT", holder=self.origin, municipality=0)
        self.keys = {key.key: key for key in (*genesis.keys, first)}
        require(len(self.keys) == len(genesis.keys) + 1, "a key is named twice")
        self.fee = sum(policy.value for policy in genesis.policies if policy.policy == "CONVERSION_FEE_POINTS")
        require((header.count, outcomes, header.time, genesis.rules_version) == (0, b"", genesis.time, 1), "not a first block")
        signers = self.signers(header, b"points.v1 genesis\n" + data)
        require({key.role for key in signers} == {"OPERATOR"} and len({key.holder for key in signers}) > 1, "not by two operators")

    def envelope(self, header, data, outcomes, _):
        envelope, outcomes = self.formats.read("Envelope", data), self.formats.read("Outcomes", outcomes)
        columns = envelope.transactions, outcomes.code, outcomes.points, outcomes.expired, outcomes.previous
        require({len(column) for column in columns} == {header.count}, "the numbers of transactions differ")
        require(envelope.ledger_id == self.id, "the envelope names another ledger")
        require(not self.scripted or header.time == max(self.time, self.set_time), "its time is not the one that was set")
        require(set(outcomes.code) - {"DUPLICATE", "ID_REUSED"}, "nothing in it is new")
        signers = self.signers(header, b"points.v1 envelope\n" + data)
        reversals = sum(tx.body.type == "Reverse" for tx in envelope.transactions)
        for tx, *outcome in zip(*columns):
            self.sequence += 1
            self.where = f"block {header.index}, transaction {self.sequence} ({tx.body.type})"
            self.permit(tx.body, signers, envelope.dry_run_sha256, reversals)
            self.transaction(tx, *outcome)

    def permit(self, body, signers, dry_run, reversals):
        in_bulk = body.type == "Award" and all(key.role != "APP" for key in signers)
        role, needed = ("OPERATOR", 2) if in_bulk else SIGNED_BY[body.type]
        fit = [key for key in signers if key.role == role and (role != "MUNICIPALITY" or key.municipality == body.municipality)]
        require(len({key.holder for key in fit}) >= needed, "its signers may not make it")
        require(dry_run or not in_bulk and (body.type != "Reverse" or reversals == 1), "there was no dry run")

    def transaction(self, tx, code, points, expired, previous):
        """Follows what was decided; its points must be what the rules and the books so far make them."""
        first, digest = self.ids.setdefault(tx.id, (self.sequence, sha256(tx.raw)))
        if first < self.sequence:
            due = "DUPLICATE" if digest == sha256(tx.raw) else "ID_REUSED", 0, 0, first
            return require((code, points, expired, previous) == due, f"{code} of {previous}, where {due[0]} of {first} is due")
        require(code not in ("DUPLICATE", "ID_REUSED"), f"{code}, but its id is new")
        body, kind, applied, done = tx.body, tx.body.type, code == "APPLIED", None
        account = self.accounts.get(getattr(body, "account", None))
        if applied and kind in ("SettleConversion", "RefuseConversion", "Reverse"):
            done = self.done.pop(body.target if kind == "Reverse" else body.conversion, None)
            kind = f"{kind} of {done.kind if done else 'nothing'}"
            require(kind in MOVES, "it answers or reverses what was not applied, or was answered or reversed before")
            account = done.account
            while account.heir:
                account = account.heir
        elif applied and hasattr(body, "account"):
            require((account is None) == (kind == "OpenAccount"), "the account is unknown, or is opened again")
        require(previous == (account.last if account else 0), f"previous is {previous}: another entry is the account's last")
        if applied and kind == "MergeAccounts":
            self.merge(account, self.accounts.get(body.merged), points, expired)
        if account:
            self.move(expired, "balances", "expired", account)
            account.last = self.sequence
        require(account or not expired, "points expire of no account")
        due = (0 if not applied else min(done.points, account.balances) if kind == "Reverse of Award" else done.points if done else
               body.points if kind in ("Donate", "RequestConversion") else account.balances if kind == "CloseAccount" else
               points if kind in ("Award", "SettleDonations", "MergeAccounts") else 0)
        require(points == due, f"its points are {points}, where {due} are due")
        if applied:
            self.apply(kind, tx, body, account, done, points)

    def move(self, points, source, target, account):
        for book, change in (source, -points), (target, points):
            self.books[book] += change
            if book in ("balances", "held"):
                vars(account)[book] += change
                require(vars(account)[book] >= 0, f"{points} points go from {source} to {target}, and are not there")

    def merge(self, account, merged, points, expired):
        """What expired is of both accounts; `points` is what the merged one had after that."""
        require(merged and merged is not account and not merged.heir, "it merges what is not there")
        lapsed = merged.balances - points
        require(0 <= lapsed <= expired <= lapsed + account.balances, "the points are not what the merged account had")
        account.balances, account.held = account.balances + merged.balances, account.held + merged.held
        merged.balances, merged.held, merged.heir = 0, 0, account

    def apply(self, kind, tx, body, account, done, points):
        if kind in MOVES:
            self.move(points, *MOVES[kind], account)
        if kind in ("Award", "Donate", "RequestConversion"):
            self.done[tx.id] = Done(kind, account, points, self.fee)
        elif kind == "SettleConversion of RequestConversion":
            self.move(done.fee, "converted", "fees", account)
        elif kind == "OpenAccount":
            self.accounts[body.account] = types.SimpleNamespace(last=self.sequence, balances=0, held=0, heir=None)
        elif kind == "SetPolicy" and body.policy == "CONVERSION_FEE_POINTS":
            self.fee = body.value
        elif kind == "SetTime":  # like keys, from the next block on: those of this one were judged before
            self.set_time = body.time
        elif kind == "RegisterKey":
            require(self.keys.setdefault(body.key, body) is body, "it registers a key for the second time")
        elif kind == "RevokeKey":
            self.keys[body.key] = None
        elif kind == "PostNotice":
            self.texts[self.sequence] = body.text_sha256
        elif kind == "EraseNotice":
            require(self.texts.pop(self.ids.get(body.notice, [0])[0], None), "it erases a text that is not there")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", help="a file as `points-audit export DIR --format ledger` writes it; - is standard input")
    parser.add_argument("--from-checkpoint", metavar="NOTE", type=pathlib.Path, help="an older checkpoint, that it must extend")
    arguments = parser.parse_args()
    try:
        ledger = Ledger(Formats(), arguments.from_checkpoint and arguments.from_checkpoint.read_text("utf-8"))
        ledger.read(open(0 if arguments.ledger == "-" else arguments.ledger, encoding="utf-8"))
    except (Fault, nacl.exceptions.CryptoError) as fault:
        sys.exit(f"{ledger.where}: {fault}")
    except (OSError, ValueError, KeyError, RecursionError) as error:
        parser.exit(3, f"cannot be read: {error}\n")
    print(f"All holds: {ledger.tree.size} blocks, {ledger.sequence} transactions, root {ledger.tree.root()}")
    print("\n".join(f"{book:10} {abs(ledger.books[book]):15,}" for book in BOOKS))
    print("Points that have expired, but of which no outcome tells yet, are balances here; points-audit and the daemon call them expired.")


if __name__ == "__main__":
    main()
