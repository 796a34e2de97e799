"""Fixtures that make a ledger and run the real daemon on it, each in a folder of its own."""
import configparser
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("client", "model", "scenarios"):
    sys.path.insert(0, str(TESTS / folder))

import compare              # noqa: E402
import model as rules       # noqa: E402
import pointsclient as pc   # noqa: E402

DEADLINE = 10.0

# Who runs the tests may ignore these, as nohup and a shell's background do, and programs inherit that: here they count.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

ORIGIN = "points.test/ledger"
KEYS = ("operator-1", "operator-2", "operator-3", "app", "waon", "auditor")


def binary(name):
    """Where a program was built; without it the test fails."""
    build = pathlib.Path(os.environ.get("POINTS_BUILD") or TESTS.parent / "build").resolve()
    for folder in (build, build / "daemon", build / "tools"):
        if (folder / name).is_file():
            return str(folder / name)
    pytest.fail(f"{name} is not in {build}: build it, or set POINTS_BUILD", pytrace=False)


class Daemon:
    """One ledger in `dir`, and the daemon that serves it; its messages go to `log`."""

    def __init__(self, folder, time=("--time-source", "scripted", "--time", "2021-11-01 09:00")):
        self.dir = pathlib.Path(folder) / "p"
        self.log = pathlib.Path(folder) / "pointsd.log"
        self.process = None
        self.clients = []
        self.environment = dict(os.environ)
        made = subprocess.run([binary("points"), "init", str(self.dir), *time, "--origin", ORIGIN],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert made.returncode == 0, f"points init: {made.stdout}{made.stderr}"
        self.keys = {name: pc.key_from_file(self.dir / "keys" / f"{name}.key") for name in KEYS}
        self.offices = {int(path.stem.rpartition("-")[2]): pc.key_from_file(path)
                        for path in sorted((self.dir / "keys").glob("municipality-*.key"))}  # code: key
        self.checkpoint_key = pc.public(pc.key_from_file(self.dir / "keys" / "daemon.key"))

    # the process

    def start(self):
        """Starts the daemon and waits until it takes connections."""
        assert self.process is None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([binary("pointsd"), "-c", str(self.dir / "pointsd.conf")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        deadline = time.monotonic() + DEADLINE
        while not self._answers():
            assert time.monotonic() < deadline, f"the daemon takes no connections:\n{self.messages()}"
            try:
                code = self.process.wait(0.005)
            except subprocess.TimeoutExpired:
                continue
            self.process = None
            pytest.fail(f"the daemon left with {code}:\n{self.messages()}")

    def _answers(self):
        try:
            pc.Client.unix(self.dir / "pointsd.sock").close()
            return True
        except OSError:
            return False

    def _ended(self):
        self.close_clients()
        code = self.process.wait(DEADLINE)
        self.process = None
        return code

    def stop(self):
        """Ends the daemon with SIGTERM; it must leave with 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self._ended()
        assert code == 0, f"the daemon left with {code}:\n{self.messages()}"

    def kill9(self):
        """Ends the daemon as a power cut would."""
        self.process.kill()
        assert self._ended() == -signal.SIGKILL

    def ended_by_itself(self):
        """Waits until the daemon leaves; its exit code."""
        return self._ended()

    def refuses_to_start(self):
        """Starts the daemon, which must leave with 3; what it says."""
        done = subprocess.run([binary("pointsd"), "-c", str(self.dir / "pointsd.conf")], capture_output=True, text=True,
                              timeout=DEADLINE, check=False, env=self.environment)
        assert done.returncode == 3 and done.stderr.startswith("pointsd: "), (done.returncode, done.stderr)
        return done.stderr

    def configure(self, section, name, value):
        """Changes a setting of pointsd.conf; counts from the next start."""
        path = self.dir / "pointsd.conf"
        settings = configparser.ConfigParser()
        settings.read(path)
        if not settings.has_section(section):
            settings.add_section(section)
        settings.set(section, name, str(value))
        with open(path, "w") as file:
            settings.write(file)

    def restart(self):
        self.stop()
        self.start()

    @property
    def running(self):
        return self.process is not None

    def messages(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def audit(self):
        """Exit code and output of the auditor's check of the whole ledger."""
        done = subprocess.run([binary("points-audit"), "verify", str(self.dir / "ledger")],
                              capture_output=True, text=True, timeout=3 * DEADLINE, check=False)
        return done.returncode, done.stdout + done.stderr

    def discard(self):
        if self.process is not None:
            self.process.kill()
            self._ended()
        self.close_clients()

    # connections

    def client(self, role=None):
        """A new connection; with a role's name (as in KEYS), its key is proved."""
        made = pc.Client.unix(self.dir / "pointsd.sock")
        self.clients.append(made)
        if role:
            made.authenticate(self.keys[role])
        return made

    def close_clients(self):
        for client in self.clients:
            client.close()
        self.clients.clear()

    # what the ledger holds

    def genesis(self):
        """The Genesis message, as block 0 shows it to an auditor."""
        block = self.client("auditor").blocks(0, limit=1)[0]
        return pc.genesis.Genesis.FromString(block.body.envelope)

    def model(self):
        made = rules.Model(self.genesis())
        made.held = {self.checkpoint_key}
        return made

    def look(self):
        """What must not change when something is refused: blocks, transactions, books."""
        with pc.Client.unix(self.dir / "pointsd.sock") as client:
            client.authenticate(self.keys["auditor"])
            hello = client.hello()
            return hello.blocks, hello.transactions, pc.canonical(client.trial_balance())


def dry_run_of(transactions):
    """A digest for an envelope that needs one: it holds more than one reversal."""
    return b"d" * 32 if sum(t.HasField("reverse") for t in transactions) > 1 else b""


class Scene:
    """A daemon, its model and a connection; what is submitted goes to both and is compared."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.keys = daemon.keys
        self.model = daemon.model()
        self.client = daemon.client()
        self.ledger_id = self.client.ledger_id

    def envelope(self, *transactions):
        return pc.build_envelope(self.ledger_id, transactions, dry_run_of(transactions))

    def signed(self, *transactions, by=("app",)):
        return pc.sign_envelope(self.envelope(*transactions), [self.keys[n] for n in by])

    def decide(self, *transactions, by=("app",)):
        """The model's answer alone."""
        pairs = [(t, pc.canonical(t)) for t in transactions]
        return self.model.submit(pairs, [pc.public(self.keys[n]) for n in by], dry_run_sha256=dry_run_of(transactions))

    def submit(self, *transactions, by=("app",)):
        """Submits to the daemon, compares with the model; the codes."""
        reply = self.client.call(submit=self.signed(*transactions, by=by))
        compare.reply(reply, self.decide(*transactions, by=by))
        return pc.codes(reply)


@pytest.fixture
def new_ledger():
    """Makes Daemons that are not started yet; its arguments are Daemon's."""
    made = []

    def make(**given):
        folder = tempfile.mkdtemp(prefix="points-")
        try:
            made.append(Daemon(folder, **given))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return made[-1]

    yield make
    for each in made:
        each.discard()
        if each.messages():
            print(each.messages())
        shutil.rmtree(each.dir.parent, ignore_errors=True)


@pytest.fixture
def ledger(new_ledger):
    """A Daemon on a SCRIPTED ledger, not started yet."""
    return new_ledger()


@pytest.fixture
def daemon(ledger):
    """A running Daemon; afterwards it must stop with 0 and the audit must find nothing wrong."""
    ledger.start()
    yield ledger
    if ledger.running:
        ledger.stop()
    code, output = ledger.audit()
    assert code == 0, output


@pytest.fixture
def scene(daemon):
    """A running Daemon with its model; afterwards their books must be equal too."""
    made = Scene(daemon)
    yield made
    compare.books(daemon.client("auditor"), made.model)
