"""An independent client of pointsd, written from doc/protocol.md and proto/ alone."""
import atexit
import base64
import hashlib
import os
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import nacl.exceptions
import nacl.signing

REPO = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 10.0
MAX_REQUEST = 65_536
MAX_RESPONSE = 131_072
MAX_ENVELOPE = 52_000
ENVELOPE_PREFIX = b"points.v1 envelope\n"
GENESIS_PREFIX = b"points.v1 genesis\n"
SESSION_PREFIX = b"points.v1 session\n"


def _protobuf_modules():
    """The folder of the *_pb2.py modules: POINTS_PB, or made by protoc for this process."""
    given = os.environ.get("POINTS_PB")
    if given:
        return given
    made = tempfile.mkdtemp(prefix="points-pb-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    protos = sorted(str(p) for p in (REPO / "proto").glob("*.proto"))
    subprocess.run(["protoc", f"--proto_path={REPO / 'proto'}", f"--python_out={made}", *protos],
                   check=True, timeout=60)
    return made


sys.path.insert(0, _protobuf_modules())
import api_pb2 as api                  # noqa: E402
import block_pb2 as block              # noqa: E402, F401
import envelope_pb2 as envelope        # noqa: E402
import genesis_pb2 as genesis          # noqa: E402
import outcome_pb2 as outcome          # noqa: E402
import transaction_pb2 as transaction  # noqa: E402


# ---- bytes, ids, keys

def canonical(message):
    """The one canonical form of a message's bytes."""
    return message.SerializeToString(deterministic=True)


def new_uuid7(milliseconds=None, random=os.urandom):
    """A fresh UUIDv7 as 16 bytes."""
    if milliseconds is None:
        milliseconds = time.time_ns() // 1_000_000
    raw = bytearray(milliseconds.to_bytes(6, "big") + random(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def key_from_seed(seed):
    """An Ed25519 key from its 32-byte seed."""
    return nacl.signing.SigningKey(seed)


def key_from_file(path):
    """The key of a secret key file, whose last line is the seed in hex."""
    return key_from_seed(bytes.fromhex(pathlib.Path(path).read_text().split()[-1]))


def public(key):
    """A key's public half: 32 bytes, also its id."""
    return bytes(key.verify_key)


def signatures(prefix, data, signers):
    """Signatures over prefix and data, in ascending order of the keys."""
    return [envelope.Signature(key=public(k), signature=k.sign(prefix + data).signature)
            for k in sorted(signers, key=public)]


def verifies(public_key, signed, signature):
    """Whether an Ed25519 signature is right."""
    try:
        nacl.signing.VerifyKey(public_key).verify(signed, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError, TypeError):
        return False


def build_envelope(ledger_id, transactions, dry_run_sha256=b""):
    """The bytes of an Envelope."""
    return canonical(envelope.Envelope(ledger_id=ledger_id, transactions=transactions, dry_run_sha256=dry_run_sha256))


def sign_envelope(data, signers, texts=()):
    """A SignedEnvelope of these bytes, with the texts of its PostNotices."""
    return envelope.SignedEnvelope(envelope=data, signatures=signatures(ENVELOPE_PREFIX, data, signers), texts=texts)


def notice_text(title, *paragraphs, language="ja", link=""):
    """The bytes of a NoticeText in one language."""
    version = transaction.NoticeVersion(language=language, title=title, paragraphs=paragraphs)
    return canonical(transaction.NoticeText(versions=[version], link=link))


def dry_run_report(ledger_id, transactions, rows):
    """The report of a dry run of transactions, whose outcomes are `rows` (code's name, points, ...)."""
    lines = ["points.v1 dry run", f"ledger {ledger_id.hex()}"]
    lines += [f"{t.id.hex()} {hashlib.sha256(canonical(t)).hexdigest()} {row[0]} {row[1]}"
              for t, row in zip(transactions, rows, strict=True)]
    return "".join(line + "\n" for line in lines).encode()


def build_genesis(*, origin, time, checkpoint_key, municipalities, keys, signers,
                  policies=(), nonce=None, time_source=genesis.SCRIPTED, rules_version=1):
    """Genesis bytes and their signatures.

    municipalities: (code, name_ja, name_en); policies: (policy, value);
    keys: (public key, role, holder, municipality or 0); signers: signing keys.
    """
    message = genesis.Genesis(
        nonce=nonce or os.urandom(16), origin=origin, time_source=time_source, time=time,
        rules_version=rules_version, checkpoint_key=checkpoint_key,
        municipalities=[genesis.Municipality(code=c, name_ja=j, name_en=e)
                        for c, j, e in sorted(municipalities)],
        policies=[transaction.SetPolicy(policy=p, value=v) for p, v in sorted(policies)],
        keys=[transaction.RegisterKey(key=k, role=r, holder=h, municipality=m) for k, r, h, m in keys])
    data = canonical(message)
    return data, signatures(GENESIS_PREFIX, data, signers)


# ---- the connection

class Refused(Exception):
    """The daemon's Error: .code is the refusal's name."""

    def __init__(self, error):
        super().__init__(f"{api.Refusal.Name(error.code)}: {error.message} [{error.field}]")
        self.code = api.Refusal.Name(error.code)
        self.field = error.field
        self.message = error.message


class Closed(ConnectionError):
    """The daemon closed the connection."""


class Client:
    """One connection; all that waits ends after `timeout` seconds."""

    def __init__(self, sock, timeout=TIMEOUT):
        self.sock = sock
        self.timeout = timeout
        self.sock.setblocking(False)
        self.buffer = bytearray()
        self.answers = {}
        self.last_id = 0
        self._ledger_id = None

    @classmethod
    def unix(cls, path, timeout=TIMEOUT):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(str(path))
        except OSError:
            sock.close()
            raise
        return cls(sock, timeout)

    @classmethod
    def tcp(cls, host, port, timeout=TIMEOUT):
        sock = socket.create_connection((host, port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    # bytes and frames

    def _wait(self, deadline, write=False):
        """What can be done without waiting: (read, write)."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no progress on the connection in {self.timeout} s")
        poller = select.poll()
        poller.register(self.sock, select.POLLIN | (select.POLLOUT if write else 0))
        events = dict(poller.poll(left * 1_000)).get(self.sock.fileno(), 0)
        return events & ~select.POLLOUT, events & select.POLLOUT

    def _read_some(self):
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionError as e:
            raise Closed(str(e)) from e
        if not data:
            raise Closed("the daemon closed the connection")
        self.buffer += data

    def send_raw(self, data):
        """Sends these very bytes; reads meanwhile, so that neither side waits for the other."""
        deadline = time.monotonic() + self.timeout
        view = memoryview(data)
        while view:
            readable, writable = self._wait(deadline, write=True)
            if readable:
                self._read_some()
            if writable:
                try:
                    view = view[self.sock.send(view):]
                except BlockingIOError:
                    pass
                except ConnectionError as e:
                    raise Closed(str(e)) from e

    def send_frame(self, data):
        """Sends bytes as one frame, whatever they are."""
        self.send_raw(struct.pack(">I", len(data)) + data)

    def _frame(self):
        if len(self.buffer) < 4:
            return None
        length = struct.unpack(">I", self.buffer[:4])[0]
        if length > MAX_RESPONSE:
            raise AssertionError(f"a response of {length} bytes")
        if len(self.buffer) < 4 + length:
            return None
        data = bytes(self.buffer[4:4 + length])
        del self.buffer[:4 + length]
        return data

    def receive_any(self):
        """The next Response that comes."""
        deadline = time.monotonic() + self.timeout
        while (data := self._frame()) is None:
            if self._wait(deadline)[0]:
                self._read_some()
        return api.Response.FromString(data)

    def closed_by_daemon(self):
        """Waits until the daemon closes; answers that come before are dropped."""
        try:
            while True:
                self.receive_any()
        except Closed:
            return True
        except TimeoutError:
            return False

    # requests

    def send(self, **body):
        """Sends a Request with this body; returns its id."""
        self.last_id += 1
        self.send_frame(canonical(api.Request(id=self.last_id, **body)))
        return self.last_id

    def receive(self, request_id):
        """The Response to a request, in whatever order they come."""
        while request_id not in self.answers:
            response = self.receive_any()
            assert response.id not in self.answers, f"two answers to request {response.id}"
            self.answers[response.id] = response
        return self.answers.pop(request_id)

    @staticmethod
    def body(response):
        """What a Response says; an Error is raised as Refused."""
        kind = response.WhichOneof("body")
        assert kind is not None, "a response without a body"
        if kind == "error":
            raise Refused(response.error)
        return getattr(response, kind)

    def call(self, **body):
        """Asks and waits: the reply's message, or Refused."""
        (kind,) = body
        response = self.receive(self.send(**body))
        got = response.WhichOneof("body")
        expected = {"get_inclusion_proof": "proof", "get_consistency_proof": "proof"}.get(
            kind, kind.removeprefix("get_"))
        assert got in (expected, "error"), f"{kind} was answered with {got}"
        return self.body(response)

    def pipeline(self, bodies, window=256):
        """Sends many requests, at most `window` under way; yields their Responses in the order of `bodies`."""
        waiting = []
        for body in bodies:
            waiting.append(self.send(**body))
            if len(waiting) >= window:
                yield self.receive(waiting.pop(0))
        for request_id in waiting:
            yield self.receive(request_id)

    # the connection itself

    def hello(self):
        return self.call(hello=api.Hello())

    @property
    def ledger_id(self):
        if self._ledger_id is None:
            self._ledger_id = self.hello().ledger_id
        return self._ledger_id

    def authenticate(self, key):
        greeting = self.hello()
        signed = SESSION_PREFIX + greeting.ledger_id + greeting.nonce
        return self.call(authenticate=api.Authenticate(key=public(key), signature=key.sign(signed).signature))

    def accept_time(self):
        return self.call(accept_time=api.AcceptTime())

    # submitting

    def submit_raw(self, data, sigs):
        """Submits bytes with a list of Signature, whatever they are."""
        return self.call(submit=envelope.SignedEnvelope(envelope=data, signatures=sigs))

    def submit_bytes(self, data, signers, texts=()):
        """Signs and submits envelope bytes."""
        return self.call(submit=sign_envelope(data, signers, texts))

    def submit(self, transactions, signers, texts=(), dry_run_sha256=b""):
        """Builds, signs and submits an envelope."""
        return self.submit_bytes(build_envelope(self.ledger_id, transactions, dry_run_sha256), signers, texts)

    def dry_run(self, transactions):
        """What each transaction would come to now, if it stood alone."""
        return self.call(dry_run=api.DryRun(envelope=build_envelope(self.ledger_id, transactions)))

    # queries

    def account(self, account):
        return self.call(get_account=api.GetAccount(account=account))

    def statement(self, account, before=0, limit=0):
        return self.call(get_statement=api.GetStatement(account=account, before=before, limit=limit))

    def whole_statement(self, account, limit=0):
        """All entries, newest first, and the balance of the first page."""
        page = self.statement(account, limit=limit)
        entries, balance = list(page.entries), page.balance_points
        while page.next:
            page = self.statement(account, before=page.next, limit=limit)
            entries += page.entries
        return entries, balance

    def transaction(self, transaction_id):
        return self.call(get_transaction=api.GetTransaction(id=transaction_id)).entry

    def quest(self, quest, from_day=0, to_day=0):
        return self.call(get_quest=api.GetQuest(quest=quest, from_day=from_day, to_day=to_day))

    def campaign(self, campaign):
        return self.call(get_campaign=api.GetCampaign(campaign=campaign))

    def _rows(self, ask):
        """All rows of ask(offset)'s pages; begins again when the ledger moved between pages."""
        for _ in range(10):
            rows, offset, sequences = [], 0, set()
            while True:
                page = ask(offset)
                rows += page.rows
                sequences.add(page.last_sequence)
                offset = page.next_offset
                if not offset:
                    break
            if len(sequences) == 1:
                return rows
        raise AssertionError("the ledger would not stand still")

    def circulation(self, quest=0, from_day=0, to_day=0):
        """All rows over all pages."""
        return self._rows(lambda offset: self.call(get_circulation=api.GetCirculation(
            quest=quest, from_day=from_day, to_day=to_day, offset=offset)))

    def donation_totals(self, unit=api.WHOLE, municipality=0, purpose=0, from_day=0, to_day=0, by_original=False,
                        group=api.MUNICIPALITY_AND_PURPOSE):
        """All rows over all pages."""
        return self._rows(lambda offset: self.call(get_donation_totals=api.GetDonationTotals(
            unit=unit, municipality=municipality, purpose=purpose, from_day=from_day, to_day=to_day, offset=offset,
            by_original=by_original, group=group)))

    def conversion_totals(self, unit=api.WHOLE, municipality=0, from_day=0, to_day=0):
        """All rows over all pages."""
        return self._rows(lambda offset: self.call(get_conversion_totals=api.GetConversionTotals(
            unit=unit, municipality=municipality, from_day=from_day, to_day=to_day, offset=offset)))

    def expiry(self, municipality=0, from_day=0, to_day=0):
        """All rows over all pages."""
        return self._rows(lambda offset: self.call(get_expiry=api.GetExpiry(
            municipality=municipality, from_day=from_day, to_day=to_day, offset=offset)))

    def settlements(self, municipality=0, purpose=0):
        """All settlements over all pages, and what is open."""
        rows, offset = [], 0
        while True:
            page = self.call(get_settlements=api.GetSettlements(municipality=municipality, purpose=purpose, offset=offset))
            rows += page.settlements
            offset = page.next_offset
            if not offset:
                return rows, page.open

    def pending_conversions(self, limit=0):
        """All pending conversions over all pages."""
        rows, after = [], 0
        while True:
            page = self.call(get_pending_conversions=api.GetPendingConversions(after=after, limit=limit))
            rows += page.conversions
            after = page.next
            if not after:
                return rows

    def notices(self, limit=0, **which):
        """All notices over all pages, newest first; `which` as in GetNotices."""
        rows, before = [], 0
        while True:
            page = self.call(get_notices=api.GetNotices(before=before, limit=limit, **which))
            rows += page.notices
            before = page.next
            if not before:
                return rows

    def trial_balance(self):
        return self.call(get_trial_balance=api.GetTrialBalance())

    def programme(self, part):
        """All rows of one part over all pages."""
        field = api.ProgrammePart.Name(part).lower()
        rows, offset = [], 0
        while True:
            page = self.call(get_programme=api.GetProgramme(part=part, offset=offset))
            rows += getattr(page, field)
            offset = page.next_offset
            if not offset:
                return rows

    def checkpoint(self, size=0):
        return self.call(get_checkpoint=api.GetCheckpoint(size=size)).note

    def cosigned(self, size=0):
        """The cosigned checkpoint; "" when there is none."""
        return self.call(get_checkpoint=api.GetCheckpoint(size=size)).cosigned

    def add_cosignature(self, note, key):
        """Posts a note with the line of the witness whose public key this is; what is kept then."""
        return self.call(add_cosignature=api.AddCosignature(note=note.encode(), key=key)).note

    def inclusion_proof(self, index, size=0):
        return self.call(get_inclusion_proof=api.GetInclusionProof(index=index, size=size))

    def consistency_proof(self, from_size, to_size=0):
        return self.call(get_consistency_proof=api.GetConsistencyProof(from_size=from_size, to_size=to_size))

    def blocks(self, first=0, limit=0):
        """All blocks from one on."""
        found = []
        while True:
            page = self.call(get_blocks=api.GetBlocks(limit=limit, **{"from": first + len(found)}))
            found += page.blocks
            if not page.blocks:
                assert first + len(found) >= page.size, "an empty page before the ledger's end"
                return found


# ---- outcomes

def outcome_rows(outcomes):
    """The columns of Outcomes as rows (code's name, points, expired, previous)."""
    columns = (outcomes.code, outcomes.points, outcomes.expired, outcomes.previous)
    assert len({len(c) for c in columns}) == 1, "columns of unequal length"
    return [(outcome.OutcomeCode.Name(c), p, e, v) for c, p, e, v in zip(*columns)]


def outcome_row(message):
    """One Outcome as a row (code's name, points, expired, previous)."""
    return outcome.OutcomeCode.Name(message.code), message.points, message.expired, message.previous


def codes(reply):
    """The names of the outcomes of a SubmitReply."""
    return [row[0] for row in outcome_rows(reply.outcomes)]


# ---- tree, proofs and notes (RFC 6962, section 2.1)

def leaf_hash(header):
    return hashlib.sha256(b"\x00" + header).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(leaves):
    """The root over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def check_inclusion(leaf, index, size, proof, root):
    """Whether `leaf` stands at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    at, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def check_consistency(old_size, old_root, new_size, new_root, proof):
    """Whether the tree of old_size leaves is the beginning of the one of new_size."""
    proof = list(proof)
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size & (old_size - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def note_key_id(origin, public_key):
    return hashlib.sha256(origin.encode() + b"\x0a\x01" + public_key).digest()[:4]


def check_note(note, origin, public_key):
    """(size, root) of a checkpoint with a right signature; ValueError otherwise."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise ValueError("not a signed note")
    text += "\n"
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != origin or str(int(lines[1])) != lines[1]:
        raise ValueError("not a checkpoint of this ledger")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise ValueError("a root that is not 32 bytes")
    for line in tail[:-1].split("\n"):
        if not line.startswith("\u2014 "):
            raise ValueError("not a signature line")
        name, _, blob = line[2:].partition(" ")
        raw = base64.b64decode(blob, validate=True)
        if name == origin and raw[:4] == note_key_id(origin, public_key):
            if len(raw) == 68 and verifies(public_key, text.encode(), raw[4:]):
                return int(lines[1]), root
            raise ValueError("a wrong signature")
    raise ValueError("no signature of this key")


def sign_note(origin, size, root, *signers):
    """A checkpoint, signed by these keys."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    lines = [base64.b64encode(note_key_id(origin, public(k)) + k.sign(text.encode()).signature).decode() for k in signers]
    return text + "\n" + "".join(f"\u2014 {origin} {line}\n" for line in lines)


# ---- cosignatures (C2SP tlog-cosignature)

def cosignature_key_id(name, public_key):
    return hashlib.sha256(name.encode() + b"\x0a\x04" + public_key).digest()[:4]


def cosignature_message(note, time):
    return f"cosignature/v1\ntime {time}\n".encode() + note.partition("\n\n")[0].encode() + b"\n"


def cosign(note, name, signer, time):
    """A note with the witness's line added."""
    raw = cosignature_key_id(name, public(signer)) + time.to_bytes(8, "big")
    raw += signer.sign(cosignature_message(note, time)).signature
    return note + f"\u2014 {name} {base64.b64encode(raw).decode()}\n"


def cosignature_times(note, name, public_key):
    """The times of a witness's lines; ValueError when one does not verify."""
    times = []
    for line in note.partition("\n\n")[2].splitlines():
        found, _, blob = line.removeprefix("\u2014 ").partition(" ")
        raw = base64.b64decode(blob, validate=True)
        if found != name or raw[:4] != cosignature_key_id(name, public_key):
            continue
        time = int.from_bytes(raw[4:12], "big")
        if len(raw) != 76 or not verifies(public_key, cosignature_message(note, time), raw[12:]):
            raise ValueError("a wrong cosignature")
        times.append(time)
    return times
