"""The daemon's keys for checkpoints while they are rotated, the checkpoints that it keeps, and the cosignatures of witnesses."""
import concurrent.futures
import time

import pytest

import forger
import model as rules
import pointsclient as pc
from conftest import ORIGIN
from history import jst
from pointsclient import transaction as tx
from test_bad_input import new, opening, refusal, unchanged
from tool import TWO, Tool

DAY = 86_400
OPERATORS = ("operator-1", "operator-2")
WITNESS, OTHER = "witness.test/w", "other.test/w"
LIMIT = 300  # seconds that a witness's clock may go wrong


def lines_of(note):
    return note.partition("\n\n")[2].count("\n")


class Keys:
    """A running daemon, its first checkpoint key and one made for it since."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.tool = Tool(daemon.dir)
        self.paths = [daemon.dir / "keys" / name for name in ("daemon.key", "daemon-2.key")]
        self.tool("keygen", self.paths[1], "--holder", "pointsd")
        self.secrets = [pc.key_from_file(path) for path in self.paths]
        self.publics = [pc.public(secret) for secret in self.secrets]

    def submit(self, *transactions, by=OPERATORS):
        return pc.codes(self.daemon.client().submit(transactions, [self.daemon.keys[n] for n in by]))

    def register(self):
        return new("register_key", key=self.publics[1], role=tx.CHECKPOINT, holder="pointsd")

    def revoke(self, which=0):
        return new("revoke_key", key=self.publics[which])

    def configure(self, first, second=None):
        """The settings, in force after a restart."""
        self.daemon.stop()
        self.daemon.configure("ledger", "checkpoint_key", self.paths[first])
        if second is not None:
            self.daemon.configure("ledger", "next_checkpoint_key", self.paths[second])
        self.daemon.start()

    def signed_by(self):
        """Which of the two keys signed the newest checkpoint."""
        note = self.daemon.client().checkpoint()
        found = [which for which, key in enumerate(self.publics) if pc.note_key_id(ORIGIN, key) in note_ids(note)]
        assert len(found) == lines_of(note) and {pc.check_note(note, ORIGIN, self.publics[which]) for which in found} == {
            (self.daemon.client().hello().blocks, pc.check_note(note, ORIGIN, self.publics[found[0]])[1])}
        code, output = self.audit()
        assert code == 0, output
        return found

    def audit(self):
        self.daemon.stop()
        try:
            return self.daemon.audit()
        finally:
            self.daemon.start()


def note_ids(note):
    """The key ids of a note's lines."""
    return {pc.base64.b64decode(line.split(" ")[2])[:4] for line in note.partition("\n\n")[2].splitlines()}


@pytest.fixture
def keys(daemon):
    return Keys(daemon)


# ---- rotation

def test_a_key_is_rotated(keys):
    """Registered, both sign; the old one revoked, the new one signs alone; the daemon then forgets the old one."""
    keys.configure(0, second=1)
    assert "daemon-2.key does not sign: it is not registered as a checkpoint key yet" in keys.daemon.messages()
    assert keys.submit(opening(), by=("app",)) == ["APPLIED"] and keys.signed_by() == [0]
    assert keys.submit(keys.register()) == ["APPLIED"] and keys.signed_by() == [0, 1]
    assert keys.submit(opening(), by=("app",)) == ["APPLIED"] and keys.signed_by() == [0, 1]
    keys.daemon.kill9()
    keys.daemon.start()
    assert keys.signed_by() == [0, 1]
    assert keys.submit(keys.revoke()) == ["APPLIED"] and keys.signed_by() == [1]
    keys.daemon.kill9()
    keys.daemon.start()
    assert "daemon.key does not sign: it is not registered as a checkpoint key yet, or was revoked" in keys.daemon.messages()
    assert keys.submit(opening(), by=("app",)) == ["APPLIED"] and keys.signed_by() == [1]
    keys.configure(1)
    assert keys.signed_by() == [1]
    keys.daemon.stop()
    keys.daemon.configure("ledger", "checkpoint_key", keys.paths[0])
    keys.daemon.configure("ledger", "next_checkpoint_key", keys.daemon.dir / "keys" / "app.key")
    assert "daemon.key is not a checkpoint key of this ledger, or was revoked" in keys.daemon.refuses_to_start()
    keys.daemon.configure("ledger", "checkpoint_key", keys.paths[1])
    keys.daemon.start()


def test_the_block_of_a_change_is_signed_after_it(keys):
    """Registration and revocation in one envelope: the keys in force after the block sign its checkpoint."""
    keys.configure(0, second=1)
    assert keys.submit(keys.register(), opening(), by=(*OPERATORS, "app")) == ["APPLIED", "APPLIED"]
    assert keys.submit(keys.revoke(), keys.revoke(1), keys.revoke()) == [
        "APPLIED", "LAST_CHECKPOINT_KEY", "KEY_ALREADY_REVOKED"]
    assert keys.signed_by() == [1]


def test_the_daemon_keeps_a_key(keys):
    """What would leave the daemon without a key is not recorded; what the rules refuse is."""
    assert keys.submit(keys.revoke()) == ["LAST_CHECKPOINT_KEY"]
    both = keys.register(), keys.revoke()
    with unchanged(keys.daemon):
        assert refusal(keys.submit, *both).code == "CHECKPOINT_KEY_NEEDED"
    assert keys.submit(keys.register()) == ["APPLIED"]
    revoked = keys.revoke()
    with unchanged(keys.daemon):
        refused = refusal(keys.submit, revoked)
        assert refused.code == "CHECKPOINT_KEY_NEEDED" and "next_checkpoint_key" in str(refused)
        assert refusal(keys.submit, revoked, keys.revoke(1)).code == "CHECKPOINT_KEY_NEEDED"
    assert keys.signed_by() == [0]
    assert keys.submit(keys.revoke(1)) == ["APPLIED"] and keys.signed_by() == [0]
    assert keys.submit(keys.revoke(1), keys.revoke()) == ["KEY_ALREADY_REVOKED", "LAST_CHECKPOINT_KEY"]


def test_a_key_revoked_while_the_daemon_was_away(keys):
    """The daemon that has no key in force says so and does not start."""
    keys.configure(0, second=1)
    assert keys.submit(keys.register()) == ["APPLIED"] and keys.submit(keys.revoke()) == ["APPLIED"]
    keys.daemon.stop()
    keys.daemon.configure("ledger", "next_checkpoint_key", keys.paths[0])
    said = keys.daemon.refuses_to_start()
    assert "daemon.key is not a checkpoint key of this ledger, or was revoked" in said and "programme keys" in said
    keys.daemon.configure("ledger", "next_checkpoint_key", keys.paths[1])
    keys.daemon.start()


def test_rotation_with_the_tool(keys):
    tool = keys.tool
    keys.configure(0, second=1)
    tool.does("register-key", "daemon-2", "checkpoint", "pointsd", *TWO)
    assert keys.signed_by() == [0, 1]
    listed = [(row["role"], row["holder"], row["revoked"]) for row in tool.rows("programme", "keys") if row["role"] == "CHECKPOINT"]
    assert listed == [("CHECKPOINT", ORIGIN, False), ("CHECKPOINT", "pointsd", False)]
    tool.does("revoke-key", "daemon", *TWO)
    tool.refused("LAST_CHECKPOINT_KEY", "revoke-key", "daemon-2", *TWO)
    tool.refused("KEY_INVALID", "register-key", "0" * 64, "witness", "two words", *TWO)
    assert keys.signed_by() == [1]


# ---- kept checkpoints

def test_a_kept_one_is_judged_by_the_keys_of_its_day(keys):
    """Signed by the old key before the new one came: it holds after the old one went, and the new one's line does not."""
    daemon = keys.daemon
    keys.configure(0, second=1)
    assert keys.submit(new("set_time", time=jst(2021, 11, 2, 9, 0))) == ["APPLIED"]
    old = daemon.client().checkpoint()
    assert keys.submit(keys.register()) == ["APPLIED"] and keys.submit(keys.revoke()) == ["APPLIED"]
    assert keys.signed_by() == [1]  # and the audit finds nothing
    size = old.split("\n")[1]
    assert daemon.client().checkpoint(int(size)) == old
    daemon.stop()
    forged = pc.sign_note(ORIGIN, int(size), pc.check_note(old, ORIGIN, keys.publics[0])[1], keys.secrets[1])
    day, records = f"{rules.day_of(jst(2021, 11, 1)):016x}", forger.dump(daemon.dir / "ledger")
    put = lambda where, note: forger.load(daemon.dir / "ledger", records | {where: note.encode().hex()})
    for note, said in ((forged, "not signed by points.test/ledger with a key that may sign it"),
                       (old + forged.partition("\n\n")[2], "has a line that no key of this ledger made"),
                       (old.replace(f"\n{size}\n", "\n1\n"), "does not verify")):
        put(("checkpoints", day), note)
        code, output = daemon.audit()
        assert code == 1 and output.startswith("FAULT in the checkpoint of 2021-11-01: ") and said in output, output
    wrong = f"{rules.day_of(jst(2021, 10, 30)):016x}"
    put(("cosigned", wrong), old)
    code, output = daemon.audit()
    assert code == 1 and output.startswith("FAULT in the cosigned checkpoint of 2021-10-30: ") and "not of this day" in output
    put(("cosigned", day), old)
    assert "is not cosigned by a witness" in daemon.audit()[1]
    forger.load(daemon.dir / "ledger", records)


def test_the_last_of_each_day_is_kept(daemon):
    """By size, at most: of each JST day of block time the last, as it was; the first day has no other than genesis' at first."""
    client, notes = daemon.client(), {}
    days = [jst(2021, 11, 1, 23, 59), jst(2021, 11, 2, 0, 0), jst(2021, 11, 2, 23, 59), jst(2021, 11, 5, 12, 0)]

    def open_accounts(count):
        for _ in range(count):
            assert pc.codes(client.submit([opening()], [daemon.keys["app"]])) == ["APPLIED"]
            notes[client.hello().blocks] = client.checkpoint()

    open_accounts(2)
    for day in days:
        assert pc.codes(client.submit([new("set_time", time=day)], [daemon.keys["operator-1"]])) == ["APPLIED"]
        notes[client.hello().blocks] = client.checkpoint()
        open_accounts(2)
    newest = client.hello().blocks
    # SetTime counts from the next block on: blocks 0 to 6 are of the 1st, 7 to 12 of the 2nd, 13 and 14 of the 5th
    assert newest == 15 and client.checkpoint() == client.checkpoint(99) == notes[15]
    for size in range(1, 20):
        best = max((s for s in {7, 13, 15} if s <= size), default=None)
        if best is None:
            assert refusal(client.checkpoint, size).code == "NOT_FOUND"
        else:
            assert client.checkpoint(size) == notes[best]
    tool = Tool(daemon.dir)
    assert tool("checkpoint", "--size", 12).stdout == notes[7] and tool.row("checkpoint")["cosigned"] is None
    assert "no such checkpoint is cosigned" in tool.refuses("checkpoint", "--cosigned", code=1)
    daemon.kill9()
    daemon.start()
    assert daemon.client().checkpoint(9) == notes[7]


# ---- witnesses

class Witnesses:
    """A daemon on which two witnesses are registered, and some blocks."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.secrets = {name: pc.key_from_seed(name.encode().ljust(32)[:32]) for name in (WITNESS, OTHER)}
        self.daemon_key = pc.key_from_file(daemon.dir / "keys" / "daemon.key")
        self.client = daemon.client()
        for name, secret in self.secrets.items():
            assert self.submit(new("register_key", key=pc.public(secret), role=tx.WITNESS, holder=name),
                               by=OPERATORS) == ["APPLIED"]

    def submit(self, *transactions, by=("app",)):
        return pc.codes(self.client.submit(transactions, [self.daemon.keys[n] for n in by]))

    def block(self):
        assert self.submit(opening()) == ["APPLIED"]

    def add(self, note, name=WITNESS, at=None, key=None):
        """Cosigns and posts; what is kept."""
        secret = self.secrets[name]
        return self.client.add_cosignature(pc.cosign(note, name, secret, at or int(time.time())), key or pc.public(secret))

    def times(self, note):
        return {name: pc.cosignature_times(note, name, pc.public(secret)) for name, secret in self.secrets.items()}

    def size(self, note):
        return pc.check_note(note, ORIGIN, self.daemon.checkpoint_key)[0]

    def refused(self, *arguments, **given):
        before = self.client.cosigned()
        code = refusal(self.add, *arguments, **given).code
        assert self.client.cosigned() == before
        return code


@pytest.fixture
def witnesses(daemon):
    return Witnesses(daemon)


def test_cosignatures_are_kept(witnesses):
    """Of two witnesses on one checkpoint; durable when answered; the next larger one takes their place."""
    client, now = witnesses.client, int(time.time())
    assert client.cosigned() == ""
    first = client.checkpoint()
    witnesses.block()
    kept = witnesses.add(first, at=now)  # not the newest any more
    assert kept == pc.cosign(first, WITNESS, witnesses.secrets[WITNESS], now) == client.cosigned()
    assert client.checkpoint() != first and witnesses.size(kept) == witnesses.size(first)
    witnesses.daemon.kill9()
    witnesses.daemon.start()
    client = witnesses.client = witnesses.daemon.client()
    assert client.cosigned() == kept
    both = witnesses.add(first, OTHER, at=now - 5)
    assert client.cosigned() == both and witnesses.times(both) == {WITNESS: [now], OTHER: [now - 5]}
    assert witnesses.add(first, at=now) == both == witnesses.add(first, at=now - 9)  # nothing new
    assert witnesses.times(witnesses.add(first, at=now + 1)) == {WITNESS: [now + 1], OTHER: [now - 5]}
    newer = client.checkpoint()
    kept = witnesses.add(newer, OTHER, at=now)
    assert witnesses.times(kept) == {WITNESS: [], OTHER: [now]} and witnesses.size(kept) == witnesses.size(newer)
    assert witnesses.refused(first) == "CHECKPOINT_PASSED"
    assert witnesses.times(witnesses.add(newer, at=now)) == {WITNESS: [now], OTHER: [now]}


def test_the_last_cosigned_of_each_day_is_kept(witnesses):
    client = witnesses.client
    first = client.checkpoint()
    kept = witnesses.add(first)
    assert witnesses.submit(new("set_time", time=jst(2021, 11, 3, 0, 0)), by=("operator-1",)) == ["APPLIED"]
    witnesses.block()
    second = client.checkpoint()
    other = witnesses.add(second, OTHER)
    assert client.cosigned() == other and client.cosigned(witnesses.size(second) - 1) == kept
    assert refusal(client.cosigned, witnesses.size(first) - 1).code == "NOT_FOUND"
    again = witnesses.add(first, OTHER)  # of an earlier day
    assert client.cosigned(witnesses.size(first)) == again and client.cosigned() == other
    assert all(witnesses.times(again).values())
    witnesses.daemon.stop()
    code, output = witnesses.daemon.audit()
    assert code == 0, output


def test_refused_cosignatures(witnesses):
    """Each by its name, and nothing is kept."""
    client, now, root = witnesses.client, int(time.time()), bytes(32)
    note, size = client.checkpoint(), client.hello().blocks
    stranger = pc.key_from_seed(b"s" * 32)
    witnesses.secrets["stranger"] = stranger
    assert witnesses.refused(note, "stranger") == "KEY_UNKNOWN"
    witnesses.secrets["app"] = witnesses.daemon.keys["app"]
    assert witnesses.refused(note, "app") == "NOT_PERMITTED"
    witnesses.secrets[ORIGIN] = witnesses.daemon_key  # under its holder's name, but of another role
    assert witnesses.refused(note, ORIGIN) == "NOT_PERMITTED"
    witnesses.secrets["renamed"] = witnesses.secrets[WITNESS]
    assert witnesses.refused(note, "renamed") == "NOT_PERMITTED"
    assert witnesses.refused(note, key=pc.public(witnesses.secrets[OTHER])) == "BAD_SIGNATURE"  # it has no line
    forged = lambda *given: pc.sign_note(ORIGIN, *given, witnesses.daemon_key)
    assert witnesses.refused(pc.sign_note(ORIGIN, size, root, stranger)) == "BAD_SIGNATURE"
    assert witnesses.refused(note.partition("\n\n")[0] + "\n\n") == "BAD_SIGNATURE"
    spoiled = pc.cosign(note, WITNESS, witnesses.secrets[WITNESS], now)
    spoiled = spoiled[:-8] + ("A" if spoiled[-8] != "A" else "B") + spoiled[-7:]
    assert refusal(client.add_cosignature, spoiled, pc.public(witnesses.secrets[WITNESS])).code == "BAD_SIGNATURE"
    assert witnesses.refused(forged(size, root)) == "CHECKPOINT_DIFFERS"
    assert "tell the auditors" in witnesses.daemon.messages()
    assert witnesses.refused(forged(size - 1, root)) == "CHECKPOINT_DIFFERS"
    assert witnesses.refused(forged(size + 1, root)) == "OUT_OF_RANGE"
    assert witnesses.refused(forged(0, pc.tree_root([]))) == "OUT_OF_RANGE"
    assert witnesses.refused(pc.sign_note("points.test/other", size, root, witnesses.daemon_key)) == "WRONG_LEDGER"
    for wrong in ("", "x", note[5:], "\n" + note, note + "no line\n", note.replace("\n", "\0", 1), note + "x" * 9_000):
        assert refusal(client.add_cosignature, wrong, pc.public(witnesses.secrets[WITNESS])).code in (
            ("MALFORMED", "WRONG_LEDGER") if wrong != note + "no line\n" else ("BAD_SIGNATURE",))
    assert refusal(client.add_cosignature, note, b"k" * 31).code == "MALFORMED"
    for at in (now + LIMIT + 60, 2**62, 0):
        cosigned = pc.cosign(note, WITNESS, witnesses.secrets[WITNESS], at)
        assert refusal(client.add_cosignature, cosigned, pc.public(witnesses.secrets[WITNESS])).code == "COSIGNATURE_TIME"
    assert client.cosigned() == ""
    assert witnesses.submit(new("revoke_key", key=pc.public(witnesses.secrets[WITNESS])), by=OPERATORS) == ["APPLIED"]
    assert witnesses.refused(note) == "KEY_REVOKED"
    assert client.cosigned() == "" and witnesses.add(note, OTHER) == client.cosigned()


def test_a_cosignature_before_its_checkpoint(new_ledger):
    """With the wall clock, a witness cannot have cosigned long before the last block."""
    daemon = new_ledger(time=("--time-source", "system"))
    daemon.start()
    witnesses, now = Witnesses(daemon), int(time.time())
    note = witnesses.client.checkpoint()
    assert witnesses.refused(note, at=now - LIMIT - 60) == "COSIGNATURE_TIME"
    assert witnesses.times(witnesses.add(note, at=now - LIMIT + 60))[WITNESS] == [now - LIMIT + 60]


def test_cosigned_while_keys_are_rotated(keys):
    """Lines of both keys stay; a checkpoint that only the revoked key signed is still the daemon's."""
    witnesses = Witnesses(keys.daemon)
    keys.configure(0, second=1)
    witnesses.client = keys.daemon.client()
    old = witnesses.client.checkpoint()
    assert keys.submit(keys.register()) == ["APPLIED"]
    note = witnesses.client.checkpoint()
    kept = witnesses.add(note + f"\u2014 someone.test/else {'A' * 92}\n")
    assert lines_of(note) == 2 and kept.startswith(note) and lines_of(kept) == 3
    assert keys.submit(keys.revoke()) == ["APPLIED"]
    assert witnesses.refused(old) == "CHECKPOINT_PASSED"
    assert lines_of(witnesses.add(note, OTHER)) == 4
    assert keys.signed_by() == [1]
    keys.configure(1)
    keys.daemon.stop()
    keys.daemon.configure("ledger", "next_checkpoint_key", keys.paths[1])
    keys.daemon.start()
    witnesses.client = keys.daemon.client()
    assert witnesses.refused(old) == "BAD_SIGNATURE"  # of a key that the daemon has no more


def test_cosigned_while_blocks_come(witnesses):
    """Several witnesses and the app at once: every line that was answered with verifies, and the ledger holds."""
    daemon, rounds = witnesses.daemon, 25
    def post(name):
        client, secret = daemon.client(), witnesses.secrets[name]
        for _ in range(rounds):
            note = client.checkpoint()
            try:
                kept = client.add_cosignature(pc.cosign(note, name, secret, int(time.time())), pc.public(secret))
                assert witnesses.times(kept)[name] and witnesses.size(kept) == witnesses.size(note)
            except pc.Refused as refused:
                assert refused.code == "CHECKPOINT_PASSED"
    def open_accounts():
        client = daemon.client()
        for _ in range(4 * rounds):
            assert pc.codes(client.submit([opening()], [daemon.keys["app"]])) == ["APPLIED"]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for done in [threads.submit(post, name) for name in (WITNESS, OTHER)] + [threads.submit(open_accounts)]:
            done.result()
    daemon.stop()
    code, output = daemon.audit()
    assert code == 0, output


def test_no_room_for_cosignatures(witnesses):
    note = witnesses.client.checkpoint()
    witnesses.daemon.stop()
    witnesses.daemon.configure("ledger", "disk_reserve_mib", 1 << 30)
    witnesses.daemon.start()
    witnesses.client = witnesses.daemon.client()
    assert witnesses.refused(note) == "DISK_FULL"


def test_many_witnesses(witnesses):
    """As many as fit; one more is told so."""
    names = [f"{n:03}-".ljust(100, "w") for n in range(60)]
    for name in names:
        witnesses.secrets[name] = pc.key_from_seed(name.encode()[:32])
        assert witnesses.submit(new("register_key", key=pc.public(witnesses.secrets[name]), role=tx.WITNESS, holder=name),
                                by=OPERATORS) == ["APPLIED"]
    note, fitted = witnesses.client.checkpoint(), 0
    for name in names:
        cosigned = pc.cosign(note, name, witnesses.secrets[name], int(time.time()))
        try:
            witnesses.client.add_cosignature(cosigned, pc.public(witnesses.secrets[name]))
            fitted += 1
        except pc.Refused as refused:
            assert refused.code == "COSIGNATURES_FULL"
    assert 30 <= fitted < 60 and lines_of(witnesses.client.cosigned()) == 1 + fitted


# ---- the witness's command

def test_cosign_command(witnesses, tmp_path):
    daemon, tool, last = witnesses.daemon, Tool(witnesses.daemon.dir), tmp_path / "last.note"
    key = tmp_path / "w.key"
    tool("keygen", key)
    witnesses.secrets["tool.test/w"] = pc.key_from_file(key)
    tool.does("register-key", key, "witness", "tool.test/w", *TWO)
    command = ("cosign", "tool.test/w", "--last", last, "--key", key, "--checkpoint-key", "daemon")
    done = tool(*command)
    assert "begins here" in done.stderr and done.stdout == witnesses.client.cosigned() == last.read_text()
    assert witnesses.times(done.stdout)["tool.test/w"]
    assert tool("checkpoint", "--cosigned").stdout == done.stdout == tool.row("checkpoint")["cosigned"]
    for _ in range(3):
        witnesses.block()
        done = tool(*command)
        assert done.stdout == last.read_text() and witnesses.size(done.stdout) == witnesses.client.hello().blocks
    assert "key that may sign it" in tool.refuses(*command[:-1], "app", code=1)
    assert "--checkpoint-key" in tool.refuses(*command[:-2])
    assert "not what this witness cosigned" in tool.refuses(*command[:-4], "--key", "app", *command[-2:], code=1)
    assert "NAME: 1 to 100 bytes" in tool.refuses("cosign", "two words", *command[2:])

    # Another history: as many blocks with another root, fewer of them, and more than there are.
    size, secret = witnesses.client.hello().blocks, witnesses.secrets["tool.test/w"]
    for forged in (size, size - 1, size + 1):
        fork = pc.sign_note(ORIGIN, forged, b"f" * 32, witnesses.daemon_key)
        last.write_text(pc.cosign(fork, "tool.test/w", secret, 1))
        before = witnesses.client.cosigned()
        done = tool(*command, code=1)
        assert "Two histories were signed" in done.stderr and done.stdout == witnesses.client.checkpoint()
        assert last.read_text() == pc.cosign(fork, "tool.test/w", secret, 1) and witnesses.client.cosigned() == before
    last.write_text("no note\n")
    assert "not what this witness cosigned last" in tool.refuses(*command, code=1)
    last.unlink()
    tool.does("revoke-key", key, *TWO)
    assert "KEY_REVOKED" in tool(*command, code=4).stderr
    assert daemon.running
