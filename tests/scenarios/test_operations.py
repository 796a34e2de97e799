"""What happens around the daemon: starts and stops, clocks that jump, disks that fill, commits that fail."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import pytest

import compare
import forger
import pointsclient as pc
from conftest import Scene, binary
from test_bad_input import SAPPORO, a_quest, new, opening, refusal, unchanged
from tool import Tool

DAY = 86_400
SYSTEM = ("--time-source", "system")


# ---- starting

def test_a_second_daemon_is_refused(daemon):
    daemon.configure("listen", "unix", daemon.dir / "other.sock")
    with unchanged(daemon):
        assert "in use" in daemon.refuses_to_start()


def test_a_second_socket_of_one_name_is_refused(daemon, new_ledger):
    other = new_ledger()
    other.configure("listen", "unix", daemon.dir / "pointsd.sock")
    assert "pointsd.sock" in other.refuses_to_start()
    assert daemon.client().hello().blocks == 1


@pytest.mark.parametrize("section, name, value, said", [
    ("ledger", "dir", "/nowhere", "/nowhere"),
    ("ledger", "checkpoint_key", "/nowhere.key", "/nowhere.key"),
    ("ledger", "colour", "red", "colour is no setting"),
    ("listen", "tcp_port", "65536", "tcp_port must be a number"),
    ("listen", "unix", "/nowhere/pointsd.sock", "/nowhere/pointsd.sock"),
    ("threads", "workers", "-1", "workers must be a number"),
])
def test_wrong_settings_are_named(ledger, section, name, value, said):
    ledger.configure(section, name, value)
    assert said in ledger.refuses_to_start()


def test_another_checkpoint_key_is_refused(ledger):
    ledger.configure("ledger", "checkpoint_key", ledger.dir / "keys" / "app.key")
    assert "app.key is not a checkpoint key of this ledger, or was revoked" in ledger.refuses_to_start()


def test_a_key_that_others_can_read_is_refused(ledger):
    (ledger.dir / "keys" / "daemon.key").chmod(0o640)
    assert "chmod 600" in ledger.refuses_to_start()


@pytest.mark.parametrize("arguments, code", [([], 2), (["-x"], 2), (["-c"], 2), (["-c", "a", "b"], 2), (["--help"], 0),
                                             (["--version"], 0), (["-c", "/nowhere"], 3)])
def test_the_command_line(arguments, code):
    done = subprocess.run([binary("pointsd"), *arguments], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == code and (done.stderr if code else done.stdout), done


def test_a_damaged_ledger_is_not_served(scene):
    a_quest(scene)
    scene.daemon.stop()
    kept = scene.daemon.dir / "kept.mdb"
    data = scene.daemon.dir / "ledger" / "data.mdb"
    shutil.copy(data, kept)
    forger.flip(data.parent, "bodies", f"{2:016x}", 100)
    assert "block 2" in scene.daemon.refuses_to_start()
    os.replace(kept, data)
    scene.daemon.start()


# ---- stopping

@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_was_taken_is_answered_before_the_end(daemon, how):
    """Whatever is answered is recorded, whatever is recorded was answered, in the order in which it was sent."""
    clients = [daemon.client() for _ in range(4)]
    sent = []
    for _ in range(100):
        for client in clients:
            account = pc.new_uuid7()
            data = pc.build_envelope(client.ledger_id, [opening(account) for _ in range(3)])
            sent.append((client, client.send(submit=pc.sign_envelope(data, [daemon.keys["app"]])), account))
    daemon.process.send_signal(how)
    answered = 0
    for client, request, _ in sent:
        try:
            reply = client.body(client.receive(request))
        except pc.Closed:
            continue
        answered += 1
        assert pc.codes(reply)[0] == "APPLIED"
    assert daemon.ended_by_itself() == 0
    assert not (daemon.dir / "pointsd.sock").exists()
    daemon.start()
    assert daemon.client().hello().blocks == 1 + answered
    assert daemon.client("auditor").trial_balance().municipalities[0].accounts == answered


def test_sessions_end_with_the_connection_and_the_daemon(scene):
    client = scene.daemon.client("auditor")
    client.trial_balance()
    scene.daemon.restart()
    assert refusal(scene.daemon.client().trial_balance).code == "NOT_PERMITTED"


# ---- the clock

def clocked(new_ledger, wall):
    """A SYSTEM ledger whose daemon reads the wall clock from a file."""
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    daemon = new_ledger(time=SYSTEM)
    clock = daemon.dir / "clock"
    clock.write_text("+0")
    daemon.environment |= {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_XRESET": "0"}
    clock.write_text(wall)
    daemon.start()
    return daemon, clock


def open_one(daemon):
    client = daemon.client()
    return client.submit([opening()], [daemon.keys["app"]])


@pytest.mark.parametrize("jump", ["+365d", "-365d", "+6s"])
def test_a_clock_that_jumps(new_ledger, jump):
    daemon, clock = clocked(new_ledger, "+0")
    first = open_one(daemon)
    assert pc.codes(first) == ["APPLIED"] and abs(first.time - time.time()) < 60
    again = pc.build_envelope(daemon.client().ledger_id, [opening()])
    assert pc.codes(daemon.client().submit_bytes(again, [daemon.keys["app"]])) == ["APPLIED"]
    clock.write_text(jump)
    with unchanged(daemon):
        refused = refusal(open_one, daemon)
        assert refused.code == "CLOCK_UNSURE" and "accept" in refused.message
        assert daemon.client().hello().clock_unsure
        # What was decided is still answered, and queries go on.
        assert pc.codes(daemon.client().submit_bytes(again, [daemon.keys["app"]])) == ["DUPLICATE"]
        for role in (None, "app", "auditor", "waon"):
            assert refusal(daemon.client(role).accept_time).code == "NOT_PERMITTED"
    clock.write_text("+0")
    assert refusal(open_one, daemon).code == "CLOCK_UNSURE", "only an operator can say that it is right again"
    clock.write_text(jump)
    daemon.client("operator-1").accept_time()
    later = open_one(daemon)
    assert pc.codes(later) == ["APPLIED"]
    if jump.startswith("-"):
        assert later.time >= first.time, "time never goes back"
    elif jump.endswith("d"):
        assert abs(later.time - time.time() - 365 * DAY) < 60
    daemon.stop()
    assert daemon.audit()[0] == 0


@pytest.mark.parametrize("wall, unsure", [("+0", False), ("-1d", True), ("+25h", True), ("+23h", False)])
def test_a_clock_that_is_wrong_at_the_start(new_ledger, wall, unsure):
    daemon, clock = clocked(new_ledger, "+0")
    open_one(daemon)
    daemon.stop()
    clock.write_text(wall)
    daemon.start()
    assert daemon.client().hello().clock_unsure == unsure
    if unsure:
        assert refusal(open_one, daemon).code == "CLOCK_UNSURE"
        daemon.client("operator-2").accept_time()
    assert pc.codes(open_one(daemon)) == ["APPLIED"]


def test_a_scripted_ledger_has_no_use_for_the_clock(scene):
    assert scene.submit(opening()) == ["APPLIED"]
    assert not scene.daemon.client().hello().clock_unsure
    assert scene.daemon.client().hello().time == scene.model.time


# ---- the disk

def test_a_full_disk_refuses_by_name_and_answers_queries(scene):
    account = a_quest(scene)
    kept = scene.signed(opening(account))
    free = shutil.disk_usage(scene.daemon.dir).free
    scene.daemon.configure("ledger", "disk_reserve_mib", free >> 19)
    scene.daemon.restart()
    with unchanged(scene.daemon):
        client = scene.daemon.client()
        refused = refusal(client.call, submit=scene.signed(opening()))
        assert refused.code == "DISK_FULL" and refused.message
        assert client.hello().disk_full
        assert scene.daemon.client("app").account(account).balance_points == 100
    scene.daemon.configure("ledger", "disk_reserve_mib", 1)
    scene.daemon.restart()
    scene.client = scene.daemon.client()
    assert scene.submit(opening()) == ["APPLIED"]
    assert pc.codes(scene.client.call(submit=kept)) == ["ACCOUNT_EXISTS"]
    scene.decide(*pc.envelope.Envelope.FromString(kept.envelope).transactions)


def test_a_failed_commit_ends_the_daemon_and_loses_nothing(scene):
    """No file may grow any more: the commit fails, nobody is told anything, and the restart finds all that was acknowledged."""
    daemon = scene.daemon
    account = a_quest(scene)
    size = (daemon.dir / "ledger" / "data.mdb").stat().st_size
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size + 16_384, size + 16_384))
    client, acknowledged = daemon.client(), []
    with pytest.raises(ConnectionError):
        for _ in range(1000):
            batch = [opening() for _ in range(50)]
            reply = client.call(submit=scene.signed(*batch))
            assert set(pc.codes(reply)) == {"APPLIED"}
            acknowledged.append(batch)
    assert daemon.ended_by_itself() == 1
    assert "the commit failed" in daemon.messages()
    daemon.start()
    scene.client = daemon.client()
    for earlier in acknowledged:
        scene.decide(*earlier)
    assert daemon.client().hello().blocks == scene.model.blocks
    for earlier in acknowledged:
        assert set(pc.codes(scene.client.call(submit=scene.signed(*earlier)))) == {"DUPLICATE"}
    assert set(scene.submit(*batch)) == {"APPLIED"}
    assert daemon.client("app").account(account).balance_points == 100


def test_a_full_disk_of_derived_data_refuses_likewise(scene):
    """The index of ids on another disk, with less room than the reserve; the ledger's own has enough."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        room, ledger_room = shutil.disk_usage(folder).free, shutil.disk_usage(scene.daemon.dir).free
        if ledger_room < room + (512 << 20):
            pytest.skip("/dev/shm has as much room as the disk")
        scene.daemon.configure("ledger", "derived_dir", folder)
        scene.daemon.configure("ledger", "disk_reserve_mib", room >> 20)
        scene.daemon.restart()
        with unchanged(scene.daemon):
            client = scene.daemon.client()
            assert refusal(client.call, submit=scene.signed(opening())).code == "DISK_FULL"
            assert client.hello().disk_full
        scene.daemon.stop()
        scene.daemon.configure("ledger", "derived_dir", f"{scene.daemon.dir}/derived")
        scene.daemon.start()
        scene.client = scene.daemon.client()
        assert scene.submit(opening()) == ["APPLIED"]


# ---- the index of ids

def test_an_index_changed_on_disk_doubles_nothing(daemon):
    """The daemon leaves rather than take an id for new that is not, and makes the index again."""
    scene = Scene(daemon)
    account = a_quest(scene)
    kept = scene.signed(new("donate", account=account, municipality=SAPPORO, purpose=1, points=10))
    assert pc.codes(daemon.client().call(submit=kept)) == ["APPLIED"]
    rows = daemon.dir / "many.csv"
    rows.write_text("type,account,municipality\n" + "".join(f"open-account,{uuid.UUID(int=n)},{SAPPORO}\n" for n in range(1, 530_001)))
    Tool(daemon.dir)("batch", rows)
    ids, client = daemon.dir / "ledger.derived" / "ids", daemon.client()
    while not list(ids.glob("*.run")):  # the daemon notices with a request that all of it is durable
        client.hello()
    daemon.restart()
    (run,) = ids.glob("*.run")
    whole = run.read_bytes()
    with open(run, "r+b") as file:
        file.seek(4096)
        file.write(bytes(len(whole) - 4096))
    with pytest.raises(ConnectionError):
        daemon.client().call(submit=kept)
    assert daemon.ended_by_itself() == 1
    assert f"{run} was changed on disk" in daemon.messages()
    daemon.start()
    assert pc.codes(daemon.client().call(submit=kept)) == ["DUPLICATE"]
    assert daemon.client("app").account(account).balance_points == 90


# ---- descriptors

def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_out_of_descriptors_it_waits_without_spinning(scene):
    daemon = scene.daemon
    with pc.Client.unix(daemon.dir / "pointsd.sock") as witness:
        witness.hello()
        open_now = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (open_now + 3, hard))
        crowd = [pc.Client.unix(daemon.dir / "pointsd.sock") for _ in range(20)]
        before = cpu_seconds(daemon.process.pid)
        time.sleep(1)
        assert cpu_seconds(daemon.process.pid) - before < 0.5
        assert scene.submit(opening()) == ["APPLIED"]
        for client in crowd:
            client.close()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (1024, hard))
        with pc.Client.unix(daemon.dir / "pointsd.sock") as late:
            late.hello()


# ---- over TCP

def test_over_tcp_as_over_the_unix_socket(ledger):
    port = 20_000 + os.getpid() % 20_000
    ledger.configure("listen", "tcp_port", port)
    ledger.start()
    scene = Scene(ledger)
    with pc.Client.tcp("127.0.0.1", port) as client:
        scene.client = client
        assert scene.submit(opening()) == ["APPLIED"]
        client.authenticate(ledger.keys["auditor"])
        compare.books(client, scene.model)
    assert "loopback" in ledger.messages()
