"""points-bench, small: every scenario runs and counts what it did; a run whose answers or books are wrong fails. No times are asserted."""
import json
import os
import socket
import struct
import subprocess
import threading
import xml.etree.ElementTree as xml

import pytest

import pointsclient as pc
from conftest import binary

DEADLINE = 60
SCENARIOS = ("award", "random-ids", "mixed", "single", "query", "latency")
COUNTS = {"accounts", "connections", "window", "transactions_per_envelope", "transactions", "seconds", "transactions_per_s",
          "requests_per_s", "p50_ms", "p90_ms", "p99_ms", "p99_9_ms", "max_ms", "client_user_ns_per_transaction",
          "client_system_ns_per_transaction", "client_cpu_s", "verifies_per_s_per_core", "cores"}
OF_RATES = {"rate"}
OF_QUERIES = {"queries_per_s", "query_p50_ms", "query_p90_ms", "query_p99_ms", "query_p99_9_ms", "query_max_ms"}
OF_THE_DAEMON = {"server_user_ns_per_transaction", "server_system_ns_per_transaction", "server_cpu_s",
                 "disk_bytes_per_transaction", "written_bytes_per_transaction", "rss_bytes", "rss_bytes_per_account",
                 "rss_bytes_per_transaction", "fdatasync_p50_ms"}
OF_THE_AUDIT = {"audit_transactions_per_s", "audit_ed25519_percent"}


def bench(*args, scratch, code=0):
    """Runs points-bench; what it printed, once it has left with `code`."""
    done = subprocess.run([binary("points-bench"), *map(str, args)], env=os.environ | {"TMPDIR": str(scratch)},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == code, f"points-bench {args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def measured(*args, scratch):
    return json.loads(bench(*args, "--json", scratch=scratch))


def to(daemon, address=None):
    return "--connect", address or daemon.dir / "pointsd.sock", "--keys", daemon.dir / "keys"


# ---- what it does

@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario(tmp_path, scenario):
    found = measured(scenario, "--accounts", 601, "--transactions", 1_199, "--rate", 40_000, scratch=tmp_path)
    assert found.pop("scenario") == scenario
    expected = COUNTS | OF_RATES | OF_THE_DAEMON | (OF_QUERIES if scenario == "query" else set())
    assert set(found) == COUNTS | OF_RATES | OF_QUERIES | OF_THE_DAEMON | OF_THE_AUDIT
    assert {key for key, value in found.items() if value is not None} == expected
    assert (found["accounts"], found["transactions"], found["rate"]) == (601, 1_199, 40_000)
    assert found["p50_ms"] <= found["p90_ms"] <= found["p99_ms"] <= found["p99_9_ms"] <= found["max_ms"]
    assert list(tmp_path.iterdir()) == []  # the scratch ledger is gone


def test_the_ledger_that_it_leaves_passes_the_audit(tmp_path):
    kept = tmp_path / "kept"
    found = measured("mixed", "--accounts", 300, "--transactions", 6_000, "--audit", "--dir", kept, scratch=tmp_path)
    assert found["audit_transactions_per_s"] > 0 and 0 < found["audit_ed25519_percent"] < 200
    done = subprocess.run([binary("points-audit"), "verify", kept / "ledger"], capture_output=True, text=True, timeout=DEADLINE,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SCRIPTED" in done.stdout


def test_weeks_go_on_for_ever(tmp_path):
    """150 weekly awards of each account need time to move, since a quest takes none that is older than 60 weeks."""
    assert measured("award", "--accounts", 40, "--transactions", 6_000, scratch=tmp_path)["transactions"] == 6_000


def test_a_run_by_the_clock_signed_as_it_goes(tmp_path):
    found = measured("mixed", "--accounts", 200, "--duration", 0.3, "--sign-live", scratch=tmp_path)
    assert found["transactions"] > 0 and found["transactions"] % 100 == 0  # whole envelopes


def test_what_was_made_ready_may_not_last(tmp_path):
    """One mebibyte holds some 20,000 awards, and the run says that they were all."""
    done = subprocess.run([binary("points-bench"), "award", "--accounts", "5000", "--duration", "600", "--memory", "1"],
                          env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0 and "what was made ready lasted for" in done.stderr, done.stderr


def test_the_plot(tmp_path):
    for scenario, panels in (("award", 2), ("query", 4)):
        bench(scenario, "--accounts", 200, "--transactions", 2_000, "--plot", tmp_path / "plot.svg", scratch=tmp_path)
        texts = [text.text for text in xml.parse(tmp_path / "plot.svg").iter("{http://www.w3.org/2000/svg}text")]
        assert len([text for text in texts if text.startswith(("Transactions", "Latency", "Queries"))]) == panels
        assert texts[0].startswith(f"points-bench {scenario}, ")


def test_latency_counts_from_when_a_request_was_due(tmp_path):
    """Sent one at a time, 500 that were due in half a millisecond wait for each other, and the last one's wait is the run's."""
    found = measured("latency", "--accounts", 100, "--transactions", 500, "--rate", 1_000_000, scratch=tmp_path)
    assert found["max_ms"] >= found["seconds"] * 1000 - 1.5


# ---- another daemon

def test_another_daemon(daemon, tmp_path):
    """Twice on one ledger: quests and accounts of the second run are its own."""
    for scenario in ("award", "mixed"):
        found = measured(scenario, "--accounts", 120, "--transactions", 1_000, *to(daemon), scratch=tmp_path)
        assert found["transactions"] == 1_000 and found["server_cpu_s"] is None
    books = daemon.client("auditor").trial_balance().total
    assert books.issued == books.balances + books.held + books.donated
    assert books.donated > 0 and books.held > 0


def test_a_ledger_on_real_time(new_ledger, tmp_path):
    ledger = new_ledger(time=())
    ledger.start()
    few = measured("award", "--accounts", 100, "--transactions", 5_800, *to(ledger), scratch=tmp_path)
    assert few["transactions"] == 5_800
    assert "use more --accounts" in bench("award", "--accounts", 100, "--transactions", 5_801, *to(ledger), scratch=tmp_path, code=2)


# ---- what must make it fail

class Proxy:
    """Stands between points-bench and a daemon. `change(response, nth)` may alter the n-th answer to a submit that passes, and
    gives the answers to pass on in its stead."""

    def __init__(self, folder, daemon, change):
        self.address, self.target, self.change = folder / "proxy.sock", str(daemon.dir / "pointsd.sock"), change
        self.count, self.lock = 0, threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.address))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    @staticmethod
    def _requests(client, server):
        try:
            while data := client.recv(1 << 16):
                server.sendall(data)
        except OSError:
            pass
        server.close()

    def _answers(self, server, client):
        try:
            with server.makefile("rb") as stream:
                while len(head := stream.read(4)) == 4:
                    response = pc.api.Response.FromString(stream.read(struct.unpack(">I", head)[0]))
                    for answer in self._changed(response):
                        data = pc.canonical(answer)
                        client.sendall(struct.pack(">I", len(data)) + data)
        except OSError:
            pass
        client.close()

    def _changed(self, response):
        if response.WhichOneof("body") != "submit":
            return [response]
        with self.lock:
            self.count += 1
            return self.change(response, self.count)

    def close(self):
        self.listener.close()


@pytest.fixture
def between(daemon, tmp_path):
    """Runs points-bench through a Proxy."""
    def run(change, *args, code):
        proxy = Proxy(tmp_path, daemon, change)
        try:
            return bench(*args, *to(daemon, proxy.address), scratch=tmp_path, code=code)
        finally:
            proxy.close()
    return run


LOAD = ("mixed", "--accounts", 60, "--transactions", 3_000, "--connections", 2)
LATE = 30  # an answer to the load itself, not to what prepares it


def test_unchanged_answers_pass(between):
    seen = []
    between(lambda response, nth: seen.append(nth) or [response], *LOAD, code=0)
    assert len(seen) > LATE


def change_code(outcomes):
    outcomes.code[3] = pc.outcome.BUDGET_EXHAUSTED


def change_points(outcomes):
    outcomes.points[0] += 1


def change_expired(outcomes):
    outcomes.expired[1] = 7


def change_previous(outcomes):
    outcomes.previous[2] -= 1


def lose_a_row(outcomes):
    for column in (outcomes.code, outcomes.points, outcomes.expired, outcomes.previous):
        del column[-1]


@pytest.mark.parametrize("alter, told", [
    (change_code, "transaction 3 came to BUDGET_EXHAUSTED"), (change_points, "transaction 0 came to APPLIED, 101 points"),
    (change_expired, "transaction 1 came to"), (change_previous, "transaction 2 came to"),
    (lose_a_row, "has not one outcome for each of its 30 transactions")])
def test_a_wrong_outcome(between, alter, told):
    def change(response, nth):
        if nth == LATE:
            alter(response.submit.outcomes)
        return [response]
    assert told in between(change, *LOAD, code=1)


def test_a_wrong_original(between):
    """The first decision of a duplicate is checked too."""
    def change(response, nth):
        for original in response.submit.originals:
            original.outcome.points = 99
        return [response]
    assert "originals of" in between(change, *LOAD, code=1)


def test_sequence_numbers_given_twice(between):
    numbers = []

    def change(response, nth):
        numbers.append(response.submit.first_sequence)
        if nth == LATE:
            response.submit.first_sequence = numbers[2]
        return [response]
    assert "sequence number" in between(change, *LOAD, "--connections", 1, code=1)


def test_an_answer_twice(between):
    assert "which is not under way" in between(lambda response, nth: [response] * (1 + (nth == LATE)), *LOAD, code=1)


def test_answers_in_another_order(between):
    """The protocol allows any order; the outcomes are checked as they were decided."""
    kept = []

    def change(response, nth):
        if LATE <= nth < LATE + 3:
            kept.append(response)
            return []
        return [response, *kept[::-1]] if nth == LATE + 3 else [response]
    between(change, *LOAD, "--connections", 1, code=0)
    assert len(kept) == 3


@pytest.mark.parametrize("scenario", ["award", "mixed"])
def test_somebody_else_writes_meanwhile(between, daemon, scenario):
    """What the books hold and was not sent is found in the end, though every answer was right."""
    def change(response, nth):
        if nth == LATE:
            account = pc.transaction.OpenAccount(account=os.urandom(16), municipality=11002)
            signed = pc.transaction.Transaction(id=pc.new_uuid7(), open_account=account)
            client = daemon.client()
            envelope = pc.build_envelope(client.ledger_id, [signed])
            reply = client.call(submit=pc.sign_envelope(envelope, [daemon.keys["app"]]))
            assert pc.codes(reply) == ["APPLIED"]
        return [response]
    told = between(change, scenario, *LOAD[1:], code=1)
    assert "the books do not hold what was sent" in told and "transactions" in told


def test_a_refused_envelope(daemon, tmp_path):
    """Another ledger's app key: nothing of it is known here."""
    other = tmp_path / "other"
    subprocess.run([binary("points"), "init", other], check=True, capture_output=True, timeout=DEADLINE)
    for name in ("operator-1", "operator-2"):
        (other / "keys" / f"{name}.key").write_bytes((daemon.dir / "keys" / f"{name}.key").read_bytes())
    told = bench("award", "--accounts", 10, "--transactions", 10, "--connect", daemon.dir / "pointsd.sock", "--keys", other / "keys",
                 scratch=tmp_path, code=4)
    assert "the daemon refused an envelope whole" in told and "KEY_UNKNOWN" in told


@pytest.mark.parametrize("args, told", [
    ((), "which scenario?"), (("awards",), "\"awards\" is no scenario"), (("award", "single"), "one scenario at a time"),
    (("award", "--accounts", "0"), "--accounts 0: it should be a number from 1"),
    (("award", "--transactions", "9", "--duration", "9"), "not both"), (("award", "--connect", "x"), "--connect needs --keys"),
    (("award", "--connect", "x", "--keys", "y", "--dir", "z"), "for a daemon of our own"),
    (("award", "--accounts", "1"), "an account for each connection"), (("award", "--what"), "--help"),
    (("award", "--connect", "/nowhere", "--keys", "/nowhere"), "/nowhere")])
def test_wrong_use(tmp_path, args, told):
    assert told in bench(*args, scratch=tmp_path, code=2)
