"""What clients get wrong, by accident or on purpose: the answer to each, and a ledger that is none the worse for it."""
import contextlib
import random
import resource
import struct

import pytest

import compare
import pointsclient as pc
from history import jst
from pointsclient import api, envelope, transaction as tx

SAPPORO = 11_002
U64_MAX = 2**64 - 1
DAY = 86_400


# ---- helpers

def new(name, /, **fields):
    """A Transaction with a fresh id."""
    made = tx.Transaction(id=pc.new_uuid7())
    getattr(made, name).SetInParent()
    for field, value in fields.items():
        setattr(getattr(made, name), field, value)
    return made


def opening(account=None, municipality=SAPPORO):
    return new("open_account", account=account or pc.new_uuid7(), municipality=municipality)


def registering(key, role=tx.APP, holder="somebody"):
    return new("register_key", key=pc.public(key), role=role, holder=holder)


@contextlib.contextmanager
def unchanged(daemon):
    """Blocks, transactions and books are the same afterwards."""
    before = daemon.look()
    yield
    assert daemon.look() == before


def refusal(call, *args, **kwargs):
    """The Refused that a call ends with."""
    with pytest.raises(pc.Refused) as caught:
        call(*args, **kwargs)
    return caught.value


def error_of(response):
    assert response.WhichOneof("body") == "error", response
    return api.Refusal.Name(response.error.code)


def goes_on(client):
    """The connection still answers."""
    assert len(client.hello().ledger_id) == 32


def a_quest(scene, **fields):
    """Quest 1 of 100 points, purpose 1, and an account with its first 100 points."""
    account = pc.new_uuid7()
    today = (scene.model.time + 9 * 3_600) // DAY
    quest = dict(quest=1, name="クエスト", period=tx.WEEKLY, points=100, first_day=today, last_day=today + 100) | fields
    assert set(scene.submit(
        new("define_quest", **quest), new("set_budget", quest=1, points=10_000),
        new("define_purpose", purpose=1, name="使い道", first_day=today, last_day=today + 100),
        new("set_policy", policy=tx.CONVERSION_OPENS_AT, value=0), by=("operator-1", "operator-2"))) == {"APPLIED"}
    assert scene.submit(opening(account), new("award", account=account, quest=1, occurred_at=scene.model.time)) == [
        "APPLIED", "APPLIED"]
    return account


# protobuf by hand, for what no library would write

def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def num(field, value):
    return varint(field << 3) + varint(value)


def raw(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


# ---- frames

@pytest.mark.parametrize("sent", [b"\0", b"\0\0\0", b"\0\0\0\x64", b"\0\0\0\x64" + b"\x08\x01\x1a"])
def test_truncated_frame(daemon, sent):
    with unchanged(daemon):
        client = daemon.client()
        client.send_raw(sent)
        client.close()
        goes_on(daemon.client())


@pytest.mark.parametrize("length", [65_537, 1 << 24, 0x7FFFFFFF, 0xFFFFFFFF])
def test_oversized_frame(daemon, length):
    with unchanged(daemon):
        client = daemon.client()
        client.send_raw(struct.pack(">I", length))
        answer = client.receive_any()
        assert (answer.id, error_of(answer)) == (0, "TOO_LARGE")
        assert client.closed_by_daemon()


def test_largest_frame_is_read(daemon):
    with unchanged(daemon):
        client = daemon.client()
        client.send_frame(b"\xff" * 65_536)
        answer = client.receive_any()
        assert (answer.id, error_of(answer)) == (0, "MALFORMED")
        goes_on(client)


def test_zero_length_frame(daemon):
    with unchanged(daemon):
        client = daemon.client()
        for _ in range(3):
            client.send_frame(b"")
            answer = client.receive_any()
            assert (answer.id, error_of(answer)) == (0, "MALFORMED")
        goes_on(client)


def test_garbage_frames(daemon):
    chance = random.Random(1)
    with unchanged(daemon):
        client = daemon.client()
        for _ in range(200):
            client.send_frame(chance.randbytes(chance.choice([1, 2, 5, 50, 1_000])))
            assert error_of(client.receive_any()) == "MALFORMED"
        goes_on(client)


@pytest.mark.parametrize("data, request_id", [
    (raw(3, b""), 0),                            # no id
    (num(1, 0) + raw(3, b""), 0),                # id 0, written
    (num(1, 7), 7),                              # no body
    (num(1, 7) + raw(3, b"") + raw(11, b""), 7),  # two bodies
    (num(1, 7) + raw(40, b""), 7),               # a body nobody knows
    (num(1, 7) + raw(3, b"") + num(40, 1), 7),   # an unknown field
    (num(1, 7) + raw(3, num(1, 1)), 7),          # an unknown field inside
    (num(1, 7) + raw(3, b"") + raw(3, b""), 7),  # twice
    (num(1, 7) + num(3, 0), 7),                  # wrong wire type
    (num(1, 7) + b"\x1a\x80\x00", 7),            # a length in too many bytes
    (num(1, 7) + b"\x1a\x05ab", 7),              # a length past the end
    (num(1, 7) + raw(5, raw(1, b"a" * 15)), 7),  # an account of 15 bytes
    (num(1, 7) + raw(6, raw(1, b"a" * 16) + num(2, 0)), 7),  # a zero, written
    (num(1, 7) + raw(9, num(5, 4)), 7),          # an enum value nobody knows
    (num(1, 7) + raw(7, b""), 7),                # no transaction id
    (num(1, 7) + raw(2, b""), 7),                # an empty SignedEnvelope
])
def test_request_that_is_not_canonical(daemon, data, request_id):
    with unchanged(daemon):
        client = daemon.client("auditor")
        client.send_frame(data)
        answer = client.receive_any()
        assert (answer.id, error_of(answer)) == (request_id, "MALFORMED")
        goes_on(client)


def test_every_flipped_bit_and_every_cut_of_a_request(scene):
    with unchanged(scene.daemon):
        client, sent = scene.daemon.client(), {}
        plain = pc.canonical(api.Request(id=1, submit=scene.signed(opening())))[2:]
        broken = [plain[:n] + bytes([plain[n] ^ 1 << bit]) + plain[n + 1:]
                  for n in range(len(plain)) for bit in range(8)] + [plain[:n] for n in range(len(plain))]
        for request_id, data in enumerate(broken, start=1):
            client.send_frame(num(1, request_id) + data)
            sent[request_id] = data
        for _ in broken:
            answer = client.receive_any()
            assert sent.pop(answer.id, None) is not None, answer
            assert error_of(answer) in ("MALFORMED", "TOO_LARGE", "WRONG_LEDGER", "KEY_UNKNOWN", "BAD_SIGNATURE")


def test_disconnect_in_the_middle(scene):
    request = pc.canonical(api.Request(id=1, submit=scene.signed(opening())))
    frame = struct.pack(">I", len(request)) + request
    with unchanged(scene.daemon):
        for cut in (1, 4, 5, len(frame) // 2, len(frame) - 1):
            client = scene.daemon.client()
            client.send_raw(frame[:cut])
            client.close()
        goes_on(scene.daemon.client())


def test_disconnect_before_the_answer(scene):
    transactions = [opening() for _ in range(50)]
    client = scene.daemon.client()
    for transaction in transactions:
        client.send(submit=scene.signed(transaction))
    client.close()
    replies = [scene.client.call(submit=scene.signed(t)) for t in transactions]
    assert all(pc.codes(r) in (["APPLIED"], ["DUPLICATE"]) for r in replies)
    assert all(pc.outcome_row(o.outcome)[0] == "APPLIED" for r in replies for o in r.originals)
    for transaction in transactions:
        scene.decide(transaction)


def test_answers_read_late(daemon):
    client = daemon.client()
    frames = []
    for request_id in range(1, 3_001):
        data = pc.canonical(api.Request(id=request_id, get_checkpoint=api.GetCheckpoint()))
        frames.append(struct.pack(">I", len(data)) + data)
    sent = b"".join(frames)
    assert client.sock.send(sent) == len(sent)
    assert all(client.receive(i).WhichOneof("body") == "checkpoint" for i in range(1, 3_001))


def test_one_connection_too_many(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1_200:
        pytest.skip("too few file descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1_200), hard))
    try:
        goes_on(daemon.client())
        daemon.close_clients()
        others = [daemon.client() for _ in range(900)]
        for client in (others[0], others[-1]):
            goes_on(client)
        extra, refused = [], None
        for _ in range(110):
            client = daemon.client()
            extra.append(client)
            with contextlib.suppress(pc.Closed):
                client.send(hello=api.Hello())
            answer = client.receive_any()
            if answer.WhichOneof("body") == "error":
                refused = client, answer
                break
        assert refused, "no connection was refused"
        assert 99 <= len(extra) <= 102 and (refused[1].id, error_of(refused[1])) == (0, "BUSY")
        assert refused[0].closed_by_daemon()
        goes_on(others[0])
    finally:
        daemon.close_clients()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- signatures and keys

def test_wrong_signatures(scene):
    data, key = scene.envelope(opening()), scene.keys["app"]
    right = pc.signatures(pc.ENVELOPE_PREFIX, data, [key])[0].signature
    wrong = [key.sign(data).signature, key.sign(pc.GENESIS_PREFIX + data).signature,
             key.sign(pc.ENVELOPE_PREFIX + data + b"\0").signature, scene.keys["waon"].sign(pc.ENVELOPE_PREFIX + data).signature,
             bytes(64), b"\xff" * 64, right[32:] + right[:32], bytes([right[0] ^ 1]) + right[1:],
             right[:63] + bytes([right[63] ^ 0x80])]
    with unchanged(scene.daemon):
        for signature in wrong:
            sigs = [envelope.Signature(key=pc.public(key), signature=signature)]
            assert refusal(scene.client.submit_raw, data, sigs).code == "BAD_SIGNATURE"
    assert pc.codes(scene.client.submit_bytes(data, [key])) == ["APPLIED"]
    scene.decide(*envelope.Envelope.FromString(data).transactions)


def test_one_wrong_signature_among_right_ones(scene):
    data = scene.envelope(new("set_policy", policy=tx.TOTALS_SHARED, value=1))
    sigs = pc.signatures(pc.ENVELOPE_PREFIX, data, [scene.keys[f"operator-{n}"] for n in (1, 2, 3)])
    sigs[1].signature = sigs[0].signature
    with unchanged(scene.daemon):
        assert refusal(scene.client.submit_raw, data, sigs).code == "BAD_SIGNATURE"


def test_signatures_out_of_form(scene):
    data = scene.envelope(opening())
    five = pc.signatures(pc.ENVELOPE_PREFIX, data, list(scene.keys.values())[:5])
    one = pc.signatures(pc.ENVELOPE_PREFIX, data, [scene.keys["app"]])[0]
    short = envelope.Signature(key=one.key[:31], signature=one.signature)
    cut = envelope.Signature(key=one.key, signature=one.signature[:63])
    with unchanged(scene.daemon):
        for sigs in ([], five, [one, one], five[1::-1], [short], [cut], [envelope.Signature()]):
            assert refusal(scene.client.submit_raw, data, sigs).code == "MALFORMED"
        goes_on(scene.client)


def test_unknown_key_then_registered(scene):
    scene.keys = scene.keys | {"new": pc.key_from_seed(random.Random(2).randbytes(32))}
    transaction = opening()
    with unchanged(scene.daemon):
        assert refusal(scene.submit, transaction, by=("new",)).code == "KEY_UNKNOWN"
        assert refusal(scene.submit, transaction, by=("new", "app")).code == "KEY_UNKNOWN"
        assert refusal(scene.client.authenticate, scene.keys["new"]).code == "KEY_UNKNOWN"
    assert scene.submit(registering(scene.keys["new"]), by=("operator-1", "operator-2")) == ["APPLIED"]
    assert scene.submit(transaction, by=("new",)) == ["APPLIED"]


def test_revoked_key(scene):
    scene.keys = scene.keys | {"new": pc.key_from_seed(random.Random(3).randbytes(32))}
    done, account = opening(), pc.new_uuid7()
    assert scene.submit(registering(scene.keys["new"]), by=("operator-1", "operator-3")) == ["APPLIED"]
    assert scene.submit(done, opening(account), by=("new",)) == ["APPLIED", "APPLIED"]
    session = scene.daemon.client()
    session.authenticate(scene.keys["new"])
    assert session.account(account).account == account
    assert scene.submit(new("revoke_key", key=pc.public(scene.keys["new"])), by=("operator-1", "operator-3")) == ["APPLIED"]
    with unchanged(scene.daemon):
        assert refusal(scene.submit, opening(), by=("new",)).code == "KEY_REVOKED"
        assert refusal(scene.submit, opening(), by=("app", "new")).code == "KEY_REVOKED"
        assert refusal(scene.submit, done, by=("new",)).code == "KEY_REVOKED"
        assert refusal(scene.client.authenticate, scene.keys["new"]).code == "KEY_REVOKED"
        assert refusal(session.account, account).code == "NOT_PERMITTED"
    assert scene.submit(done, by=("app",)) == ["DUPLICATE"]


def test_key_of_another_role(scene):
    time = new("set_time", time=scene.model.time + 1)
    with unchanged(scene.daemon):
        for name in ("operator-1", "waon", "auditor"):
            assert refusal(scene.submit, opening(), by=(name,)).code == "NOT_PERMITTED"
        assert refusal(scene.submit, opening(), time, by=("app",)).code == "NOT_PERMITTED"
        assert refusal(scene.submit, new("settle_conversion", conversion=b"c" * 16), by=("app",)).code == "NOT_PERMITTED"
    assert scene.submit(opening(), time, by=("app", "operator-2")) == ["APPLIED", "APPLIED"]


def test_one_operator_then_countersigned(scene):
    key = pc.key_from_seed(random.Random(4).randbytes(32))
    transaction = registering(key, tx.OPERATOR, holder="somebody else")
    with unchanged(scene.daemon):
        for by in (("operator-1",), ("operator-1", "app"), ("operator-2", "auditor", "waon")):
            assert refusal(scene.submit, transaction, by=by).code == "NOT_PERMITTED"
    assert scene.submit(transaction, by=("operator-1", "operator-2")) == ["APPLIED"]
    assert scene.submit(transaction, by=("operator-1", "operator-3")) == ["DUPLICATE"]
    with unchanged(scene.daemon):
        assert refusal(scene.submit, transaction, by=("operator-1",)).code == "NOT_PERMITTED"


def test_two_keys_of_one_holder_are_one_operator(scene):
    scene.keys = scene.keys | {"second": pc.key_from_seed(random.Random(5).randbytes(32))}
    holder = scene.model.keys[pc.public(scene.keys["operator-1"])]["holder"]
    assert scene.submit(registering(scene.keys["second"], tx.OPERATOR, holder), by=("operator-1", "operator-2")) == ["APPLIED"]
    policy = new("set_policy", policy=tx.TOTALS_SHARED, value=1)
    with unchanged(scene.daemon):
        assert refusal(scene.submit, policy, by=("operator-1", "second")).code == "NOT_PERMITTED"
    assert scene.submit(policy, by=("operator-1", "second", "operator-2")) == ["APPLIED"]


def test_session_signature(daemon):
    client, key = daemon.client(), daemon.keys["auditor"]
    nonces = {daemon.client().hello().nonce for _ in range(5)} | {client.hello().nonce}
    assert len(nonces) == 6
    with unchanged(daemon):
        for signed in (b"", pc.SESSION_PREFIX + client.ledger_id + nonces.pop() + b"\0",
                       pc.ENVELOPE_PREFIX + client.ledger_id + client.hello().nonce,
                       pc.SESSION_PREFIX + client.ledger_id + daemon.client().hello().nonce):
            proof = api.Authenticate(key=pc.public(key), signature=key.sign(signed).signature)
            assert refusal(client.call, authenticate=proof).code == "BAD_SIGNATURE"
        assert refusal(client.trial_balance).code == "NOT_PERMITTED"
    assert client.authenticate(key).role == tx.AUDITOR


# ---- envelopes

def test_wrong_ledger(scene):
    other, stranger = bytes(32), pc.key_from_seed(random.Random(6).randbytes(32))
    data = pc.build_envelope(other, [opening()])
    with unchanged(scene.daemon):
        assert refusal(scene.client.submit_bytes, data, [scene.keys["app"]]).code == "WRONG_LEDGER"
        assert refusal(scene.client.submit_bytes, data, [stranger]).code == "WRONG_LEDGER"
        assert refusal(scene.client.submit_bytes, pc.build_envelope(other, []), [stranger]).code == "MALFORMED"


ID, ACCOUNT = raw(1, b"i" * 16), raw(1, b"a" * 16)
OPEN = raw(7, ACCOUNT + num(2, SAPPORO))


def refusing(reason):
    return ID + raw(6, raw(1, b"c" * 16) + raw(2, reason))


def quest_named(name):
    return ID + raw(16, num(1, 1) + name + num(3, 1) + num(4, 1) + num(6, 1) + num(7, 1))


BAD_TRANSACTIONS = {
    "empty": b"",
    "no body": ID,
    "no id": OPEN,
    "id of 0": raw(1, b"") + OPEN,
    "id of 15": raw(1, b"i" * 15) + OPEN,
    "id of 17": raw(1, b"i" * 17) + OPEN,
    "account of 15": ID + raw(7, raw(1, b"a" * 15) + num(2, SAPPORO)),
    "account of 17": ID + raw(7, raw(1, b"a" * 17) + num(2, SAPPORO)),
    "no account": ID + raw(7, num(2, SAPPORO)),
    "conversion of 15": ID + raw(5, raw(1, b"c" * 15)),
    "key of 31": ID + raw(20, raw(1, b"k" * 31) + num(2, 2) + raw(3, b"h")),
    "unknown field at the end": ID + OPEN + num(30, 1),
    "unknown field in the middle": ID + raw(7, ACCOUNT + num(2, SAPPORO) + num(3, 1)),
    "unknown body": ID + raw(15, b""),
    "body first": OPEN + ID,
    "fields descending": ID + raw(7, num(2, SAPPORO) + ACCOUNT),
    "id twice": ID + ID + OPEN,
    "field twice": ID + raw(7, ACCOUNT + num(2, SAPPORO) + num(2, SAPPORO)),
    "same body twice": ID + OPEN + OPEN,
    "two bodies": ID + OPEN + raw(8, ACCOUNT + num(2, SAPPORO)),
    "zero written": ID + raw(7, ACCOUNT + num(2, 0)),
    "empty string written": refusing(b""),
    "long varint": ID + raw(7, ACCOUNT + b"\x10\xfa\xd5\x80\x00"),
    "long tag": ID + raw(7, b"\x8a\x00\x10" + b"a" * 16 + num(2, SAPPORO)),
    "long length": ID + raw(7, b"\x0a\x90\x00" + b"a" * 16 + num(2, SAPPORO)),
    "varint of 11 bytes": ID + raw(4, ACCOUNT + b"\x10" + b"\xff" * 10 + b"\x01"),
    "varint above 64 bits": ID + raw(4, ACCOUNT + b"\x10" + b"\xff" * 9 + b"\x02"),
    "varint without an end": ID + raw(4, ACCOUNT + b"\x10\xff"),
    "uint32 above 32 bits": ID + raw(7, ACCOUNT + num(2, 2**32 + SAPPORO)),
    "negative int64 in five bytes": ID + raw(2, ACCOUNT + num(2, 1) + b"\x18\xff\xff\xff\xff\xff\x00"),
    "fixed32": ID + raw(7, ACCOUNT + b"\x15\x01\0\0\0"),
    "fixed64": ID + raw(7, ACCOUNT + b"\x11\x01\0\0\0\0\0\0\0"),
    "group": ID + raw(7, ACCOUNT + b"\x13\x14"),
    "wire type 6": ID + raw(7, ACCOUNT + b"\x16\x01"),
    "field number 0": ID + raw(7, b"\x02\x00" + ACCOUNT),
    "length past the end": ID + b"\x3a\x7f" + ACCOUNT,
    "huge length": ID + b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + ACCOUNT,
    "cut": ID + OPEN[:-1],
    "unknown policy": ID + raw(19, num(1, 11) + num(2, 1)),
    "enum above 32 bits": ID + raw(19, num(1, 2**32 + 1) + num(2, 1)),
    "negative enum": ID + raw(19, num(1, U64_MAX) + num(2, 1)),
    "unknown role": ID + raw(20, raw(1, b"k" * 32) + num(2, 8) + raw(3, b"h")),
    "unknown period": ID + raw(16, num(1, 1) + raw(2, b"n") + num(3, 5) + num(4, 1) + num(6, 1) + num(7, 1)),
    "bad UTF-8": refusing(b"\xff"),
    "cut UTF-8": refusing("点".encode()[:2]),
    "overlong UTF-8": refusing(b"\xc0\xaf"),
    "surrogate": refusing(b"\xed\xa0\x80"),
    "above U+10FFFF": refusing(b"\xf4\x90\x80\x80"),
    "U+0000": refusing(b"a\0b"),
    "newline": refusing(b"a\nb"),
    "U+007F": refusing(b"\x7f"),
    "U+0085": refusing("\u0085".encode()),
    "reason of 201": refusing(b"r" * 201),
    "name missing": quest_named(b""),
    "name of 101": quest_named(raw(2, b"n" * 101)),
    "holder missing": ID + raw(20, raw(1, b"k" * 32) + num(2, 2)),
}


def test_transactions_that_are_not_canonical(scene):
    good = pc.canonical(opening())
    keys = [scene.keys[n] for n in ("app", "waon", "operator-1", "operator-2")]
    with unchanged(scene.daemon):
        for name, bad in BAD_TRANSACTIONS.items():
            for data in (raw(1, scene.ledger_id) + raw(2, bad), raw(1, scene.ledger_id) + raw(2, good) + raw(2, bad)):
                assert refusal(scene.client.submit_bytes, data, keys).code == "MALFORMED", name
        goes_on(scene.client)


def test_envelopes_that_are_not_canonical(scene):
    good, ledger = raw(2, pc.canonical(opening())), raw(1, scene.ledger_id)
    with unchanged(scene.daemon):
        for data in (b"", ledger, good, good + ledger, ledger + ledger + good, ledger + good + b"\0", ledger + good + num(3, 1),
                     raw(1, scene.ledger_id[:31]) + good, raw(1, scene.ledger_id + b"\0") + good, ledger + good[:-1],
                     ledger + b"\x12\x80\x00"):
            assert refusal(scene.client.submit_bytes, data, [scene.keys["app"]]).code == "MALFORMED", data


def test_the_error_names_the_field(scene):
    bad = raw(1, b"j" * 16) + raw(2, raw(1, b"a" * 15) + num(2, 1))
    data = raw(1, scene.ledger_id) + raw(2, ID + OPEN) + raw(2, bad)
    with unchanged(scene.daemon):
        error = refusal(scene.client.submit_bytes, data, [scene.keys["app"]])
    assert error.field.endswith("transactions[1].award.account") and error.message


def test_texts_at_their_limits(scene):
    refuse = lambda reason: new("refuse_conversion", conversion=b"c" * 16, reason=reason)
    assert set(scene.submit(refuse("r" * 200), refuse("\u00a0"), refuse("点" * 66), refuse("\U0010ffff"), by=("waon",))) == {
        "CONVERSION_UNKNOWN"}
    assert scene.submit(new("define_purpose", purpose=1, name="n" * 100, first_day=0, last_day=1),
                        by=("operator-1",)) == ["APPLIED"]


def test_a_thousand_transactions_and_one_more(scene):
    transactions = [opening() for _ in range(1_001)]
    assert len(scene.envelope(*transactions)) <= pc.MAX_ENVELOPE
    with unchanged(scene.daemon):
        assert refusal(scene.submit, *transactions).code == "TOO_LARGE"
        goes_on(scene.client)
    assert scene.submit(*transactions[:1_000]) == ["APPLIED"] * 1_000


def envelope_of(scene, size):
    """Refusals of unknown conversions that make an envelope of exactly this size."""
    full = [new("refuse_conversion", conversion=b"c" * 16, reason="r" * 200)]
    each = len(scene.envelope(*full, *full)) - len(scene.envelope(*full))
    full = [new("refuse_conversion", conversion=b"c" * 16, reason="r" * 200)
            for _ in range((size - 34) // each - 1)]
    rest = size - len(scene.envelope(*full))
    for first in range(1, 201):
        two = [new("refuse_conversion", conversion=b"c" * 16, reason="r" * first),
               new("refuse_conversion", conversion=b"c" * 16, reason="r" * (100 if rest > each + 60 else 1))]
        for tail in (two[:1], two):
            if len(scene.envelope(*tail)) - 34 == rest:
                return full + tail
    raise AssertionError("no such envelope")


def test_envelope_of_the_largest_size_and_a_byte_more(scene):
    fits, over = envelope_of(scene, 52_000), envelope_of(scene, 52_001)
    assert (len(scene.envelope(*fits)), len(scene.envelope(*over))) == (52_000, 52_001)
    with unchanged(scene.daemon):
        assert refusal(scene.submit, *over, by=("waon",)).code == "TOO_LARGE"
    assert set(scene.submit(*fits, by=("waon",))) == {"CONVERSION_UNKNOWN"}


# ---- ids

def test_one_id_twice_in_one_envelope(scene):
    first, other = opening(), opening()
    other.id = first.id
    assert scene.submit(first, first, other, first) == ["APPLIED", "DUPLICATE", "ID_REUSED", "DUPLICATE"]
    with unchanged(scene.daemon):
        assert scene.submit(other) == ["ID_REUSED"]
        assert scene.submit(first, first, other) == ["DUPLICATE", "DUPLICATE", "ID_REUSED"]


@pytest.mark.parametrize("same_bytes", [True, False])
def test_one_id_in_flight_on_two_connections(scene, same_bytes):
    ends = scene.daemon.client(), scene.daemon.client()
    for _ in range(30):
        first = opening()
        second = first if same_bytes else opening()
        second.id = first.id
        pairs = (first, second)
        ids = [end.send(submit=scene.signed(t)) for end, t in zip(ends, pairs)]
        replies = [end.body(end.receive(i)) for end, i in zip(ends, ids)]
        order = sorted((0, 1), key=lambda n: pc.codes(replies[n]) != ["APPLIED"])
        for n in order:
            compare.reply(replies[n], scene.decide(pairs[n]))
        assert pc.codes(replies[order[1]]) == ["DUPLICATE" if same_bytes else "ID_REUSED"]


def test_new_and_old_in_one_envelope(scene):
    old, fresh = opening(), opening()
    assert scene.submit(old) == ["APPLIED"]
    assert scene.submit(old, fresh, old) == ["DUPLICATE", "APPLIED", "DUPLICATE"]
    scene.daemon.restart()
    scene.client = scene.daemon.client()
    assert scene.submit(fresh, old) == ["DUPLICATE", "DUPLICATE"]


def test_many_old_ones_in_any_order(scene):
    """Of several envelopes, forwards and backwards, twice, changed and among new ones; at once, on disk, after a restart."""
    chance = random.Random(3)
    accounts = [pc.new_uuid7() for _ in range(100)] + [a_quest(scene)]
    awards = [new("award", account=chance.choice(accounts), quest=1, occurred_at=scene.model.time) for _ in range(300)]
    first = [[opening(account) for account in accounts[:-1]], awards[:150], awards[150:]]
    old = [t for batch in first for t in batch]

    def changed(transaction):
        other = opening()
        other.id = transaction.id
        return other

    def orders():
        mixed = [t if chance.random() < 0.9 else changed(t) for t in old]
        chance.shuffle(mixed)
        among = [t for pair in zip(old, (opening() for _ in old)) for t in pair]
        return [first[1], old, old[::-1], [t for t in old for _ in range(2)], mixed, among, among]

    def sent(batches):
        expected, submits = [scene.decide(*batch) for batch in batches], [dict(submit=scene.signed(*b)) for b in batches]
        for answer, said in zip(scene.client.pipeline(submits), expected):
            compare.reply(scene.client.body(answer), said)

    sent(first + orders())
    sent(orders())
    scene.daemon.restart()
    scene.client = scene.daemon.client()
    sent(orders())


def test_conversion_that_settles_itself(scene):
    strange = new("settle_conversion")
    strange.settle_conversion.conversion = strange.id
    assert scene.submit(strange, by=("waon",)) == ["CONVERSION_UNKNOWN"]


# ---- amounts, times, places

def test_zero_and_overflowing_points(scene):
    account = a_quest(scene)
    give = lambda points: new("donate", account=account, municipality=SAPPORO, purpose=1, points=points)
    ask = lambda points: new("request_conversion", account=account, points=points)
    assert scene.submit(give(0), ask(0)) == ["AMOUNT_INVALID", "AMOUNT_INVALID"]
    for points in (101, 2**32, 2**63 - 1, 2**63, U64_MAX - 99, U64_MAX):
        assert scene.submit(give(points), ask(points)) == ["BALANCE_INSUFFICIENT", "BALANCE_INSUFFICIENT"]
    assert scene.submit(new("set_policy", policy=tx.CONVERSION_DAY_MAX_POINTS, value=150),
                        by=("operator-1", "operator-2")) == ["APPLIED"]
    assert scene.submit(ask(60), ask(U64_MAX - 20), ask(U64_MAX), give(40), give(1)) == [
        "APPLIED", "LIMIT_REACHED", "LIMIT_REACHED", "APPLIED", "BALANCE_INSUFFICIENT"]


def test_overflowing_budgets_and_caps(scene):
    account = a_quest(scene, cap_points=U64_MAX)
    budget = lambda points, quest=1: new("set_budget", quest=quest, points=points)
    assert scene.submit(budget(U64_MAX), budget(2**63), budget(2**62 + 1), budget(2**62), budget(99),
                        new("define_quest", quest=10**9, name="n", period=tx.WEEKLY, points=1, last_day=1),
                        budget(1, 10**9), budget(U64_MAX, 10**9), by=("operator-1", "operator-2")) == [
        "BUDGET_TOO_LARGE", "BUDGET_TOO_LARGE", "BUDGET_TOO_LARGE", "APPLIED", "BUDGET_BELOW_ISSUED", "APPLIED",
        "BUDGET_TOO_LARGE", "BUDGET_TOO_LARGE"]
    assert scene.submit(new("set_time", time=scene.model.time + 7 * DAY), by=("operator-1",)) == ["APPLIED"]
    assert scene.submit(new("award", account=account, quest=1, occurred_at=scene.model.next_time())) == ["APPLIED"]


def test_times_far_away(scene):
    account = a_quest(scene, first_day=0, grace_s=36_288_000)
    now = scene.model.time
    at = lambda time: new("award", account=account, quest=1, occurred_at=time)
    assert scene.submit(at(now + 61), at(now + 3_600), at(2**63 - 1), at(-1), at(-2**63), at(now - 100 * 365 * DAY),
                        at(-9 * 3_600 - 1), at(-9 * 3_600), at(0), at(now + 60)) == [
        "IN_FUTURE", "IN_FUTURE", "IN_FUTURE", "TOO_LATE", "QUEST_CLOSED", "QUEST_CLOSED", "QUEST_CLOSED",
        "TOO_LATE", "TOO_LATE", "ALREADY_AWARDED"]
    to = lambda time: new("set_time", time=time)
    assert scene.submit(to(now - 1), to(-1), to(-2**63), to(2**63 - 1), to(253_402_268_400), to(jst(2021, 11, 2)),
                        to(jst(2021, 11, 2) - 1), by=("operator-1",)) == ["TIME_INVALID"] * 5 + ["APPLIED", "TIME_INVALID"]


def test_the_end_of_time(scene):
    account = a_quest(scene, last_day=2_932_896)
    assert scene.submit(new("set_time", time=253_402_268_399), by=("operator-1",)) == ["APPLIED"]
    assert scene.submit(new("award", account=account, quest=1, occurred_at=253_402_268_399),
                        new("award", account=account, quest=1, occurred_at=253_402_268_459)) == ["APPLIED", "QUEST_CLOSED"]


def test_unknown_places_and_numbers(scene):
    account = a_quest(scene)
    give = lambda home, purpose: new("donate", account=account, municipality=home, purpose=purpose, points=1)
    move = lambda home: new("move_account", account=account, municipality=home)
    assert scene.submit(opening(municipality=0), opening(municipality=1), opening(municipality=2**32 - 1), move(0), move(999_999),
                        give(0, 1), give(999_999, 1), give(SAPPORO, 0), give(SAPPORO, 2**32 - 1),
                        new("award", account=account, quest=0, occurred_at=0),
                        new("award", account=account, quest=2**32 - 1, occurred_at=0), opening(account)) == (
        ["MUNICIPALITY_UNKNOWN"] * 5 + ["NOT_HOME_MUNICIPALITY"] * 2 + ["PURPOSE_UNKNOWN"] * 2
        + ["QUEST_UNKNOWN"] * 2 + ["ACCOUNT_EXISTS"])


# ---- queries

def test_queries_of_what_is_not_there(daemon):
    with unchanged(daemon):
        client = daemon.client("auditor")
        for call in (lambda: client.account(b"?" * 16), lambda: client.statement(b"?" * 16),
                     lambda: client.transaction(b"?" * 16), lambda: client.quest(4_711)):
            assert refusal(call).code == "NOT_FOUND"
        for call in (lambda: client.inclusion_proof(1), lambda: client.inclusion_proof(0, 2),
                     lambda: client.inclusion_proof(U64_MAX), lambda: client.consistency_proof(2),
                     lambda: client.consistency_proof(1, 2), lambda: client.blocks(0, limit=1_001),
                     lambda: client.pending_conversions(limit=1_001)):
            assert refusal(call).code == "OUT_OF_RANGE"
        goes_on(client)


@pytest.mark.parametrize("role, permitted", [
    (None, ""), ("app", "account statement transaction programme"), ("waon", "pending programme"),
    ("operator-1", "account statement transaction donations pending books blocks programme keys"),
    ("auditor", "account statement transaction donations pending books blocks programme keys"),
    ("daemon", ""), ("witness", "")])
def test_who_may_ask(daemon, role, permitted):
    daemon.keys["daemon"] = pc.key_from_file(daemon.dir / "keys" / "daemon.key")
    daemon.keys["witness"] = pc.key_from_seed(b"w" * 32)
    register = new("register_key", key=pc.public(daemon.keys["witness"]), role=tx.WITNESS, holder="witness.test/w")
    assert pc.codes(daemon.client().submit([register], [daemon.keys["operator-1"], daemon.keys["operator-2"]])) == ["APPLIED"]
    client = daemon.client(role)
    asked = {"account": lambda: client.account(b"?" * 16), "statement": lambda: client.statement(b"?" * 16),
             "transaction": lambda: client.transaction(b"?" * 16), "donations": client.donation_totals,
             "pending": client.pending_conversions, "books": client.trial_balance, "blocks": client.blocks,
             "programme": lambda: client.programme(api.QUESTS), "keys": lambda: client.programme(api.KEYS)}
    with unchanged(daemon):
        for name, ask in asked.items():
            try:
                ask()
                code = None
            except pc.Refused as refused:
                code = refused.code
            assert (code != "NOT_PERMITTED") == (name in permitted.split()), name
        assert client.checkpoint() and client.inclusion_proof(0).size == 2


def test_a_municipality_sees_its_own(scene):
    otaru = 12_033
    scene.keys = scene.keys | {"otaru": pc.key_from_seed(random.Random(7).randbytes(32))}
    here, there = a_quest(scene), pc.new_uuid7()
    assert scene.submit(new("register_key", key=pc.public(scene.keys["otaru"]), role=tx.MUNICIPALITY, holder="小樽市",
                            municipality=otaru), by=("operator-1", "operator-2")) == ["APPLIED"]
    give = lambda account, home: new("donate", account=account, municipality=home, purpose=1, points=3)
    assert set(scene.submit(opening(there, otaru), new("award", account=there, quest=1, occurred_at=scene.model.time),
                            give(here, SAPPORO), give(there, otaru))) == {"APPLIED"}
    client = scene.daemon.client()
    proved = client.authenticate(scene.keys["otaru"])
    assert (proved.role, proved.municipality) == (tx.MUNICIPALITY, otaru)
    assert [r.municipality for r in client.donation_totals(api.DAY)] == [otaru]
    assert refusal(client.donation_totals, municipality=SAPPORO).code == "NOT_PERMITTED"
    seen = client.quest(1)
    assert [m.municipality for m in seen.municipalities if m.awards] == [otaru]
    assert [p.municipality for p in seen.periods] == [otaru]
    assert (seen.issued_points, seen.budget_points, seen.residents) == (0, 0, 1)
    for call in (client.trial_balance, client.pending_conversions, lambda: client.account(there), client.blocks,
                 lambda: client.programme(api.KEYS)):
        assert refusal(call).code == "NOT_PERMITTED"
    assert scene.submit(new("set_policy", policy=tx.TOTALS_SHARED, value=1), by=("operator-1", "operator-2")) == ["APPLIED"]
    assert [r.municipality for r in client.donation_totals(api.DAY)] == [SAPPORO, otaru]
    assert [r.municipality for r in client.donation_totals(municipality=SAPPORO)] == [SAPPORO]
    seen = client.quest(1)
    assert (seen.issued_points, seen.budget_points, seen.residents) == (200, 0, 2)


def test_a_page_of_a_statement_begins_at_an_entry_of_the_account(scene):
    """The answer to a conversion names no account; it is on the page of the one who asked for it, and on no other."""
    mine, other = a_quest(scene), pc.new_uuid7()
    assert scene.submit(opening(other)) == ["APPLIED"]
    asked = new("request_conversion", account=mine, points=10)
    settled = [new("settle_conversion", conversion=asked.id) for _ in range(2)]
    assert scene.submit(asked, *settled, by=("app", "waon")) == ["APPLIED", "APPLIED", "CONVERSION_NOT_PENDING"]
    refused, client = scene.model.sequence, scene.daemon.client("app")
    assert client.statement(mine, before=refused - 1).entries[0].sequence == refused - 1
    for account, begin in ((other, refused - 1), (mine, refused), (other, refused), (other, refused - 2)):
        assert refusal(client.statement, account, before=begin).code == "OUT_OF_RANGE"


# ---- crashes

def test_killed_between_decision_and_commit(scene):
    """Everything acknowledged is there afterwards; sent again, everything is applied exactly once."""
    chance, daemon = random.Random(8), scene.daemon
    account = a_quest(scene)
    for acknowledged in (1, 17, 60, 199):
        batches = [[opening() for _ in range(chance.randint(1, 8))]
                   + [new("donate", account=account, municipality=SAPPORO, purpose=1, points=chance.randint(0, 2))]
                   for _ in range(200)]
        client = daemon.client()
        ids = [client.send(submit=scene.signed(*batch)) for batch in batches]
        before = [client.body(client.receive(i)) for i in ids[:acknowledged]]
        daemon.kill9()
        daemon.start()
        expected = [scene.decide(*batch) for batch in batches]
        for reply, said in zip(before, expected):
            compare.reply(reply, said)
        check_sent_again(scene, batches, expected, acknowledged)
        scene.client = daemon.client()
        compare.books(daemon.client("auditor"), scene.model)
    compare.accounts(daemon.client("auditor"), scene.model)
    compare.transactions(daemon.client("auditor"), scene.model)


def check_sent_again(scene, batches, expected, acknowledged):
    """Duplicates up to some batch, not before the last that was acknowledged; new ones from there on."""
    client, lost = scene.daemon.client(), False
    answers = client.pipeline(dict(submit=scene.signed(*batch)) for batch in batches)
    for number, (answer, first) in enumerate(zip(answers, expected)):
        reply = client.body(answer)
        if reply.block:
            assert number >= acknowledged, "an acknowledged envelope was lost"
            lost = True
            compare.reply(reply, first)
            continue
        assert not lost, "a later envelope was kept and an earlier one lost"
        assert set(pc.codes(reply)) == {"DUPLICATE"}
        assert [(o.sequence, pc.outcome_row(o.outcome)) for o in reply.originals] == [
            (first["first_sequence"] + n, row) for n, row in enumerate(first["outcomes"])]
