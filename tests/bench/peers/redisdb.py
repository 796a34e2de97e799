"""Redis 7 as a peer: a Lua script a transaction, pipelined, the append-only file synced before answers."""
import pathlib
import select
import shutil
import socket
import subprocess
import time

from peer import (BEGIN, BUDGET, BUDGET_QUEST, CAP, CAP_QUEST, CASES, FIRST_WEEK, POINTS, WEEK_S, WEEKS, Folder, awards)

HERE = pathlib.Path(__file__).resolve().parent

# redis.conf and https://redis.io/docs/management/persistence/: "appendfsync always: fsync every time new commands are appended …
# very safe", one sync for all commands of one turn of the loop; it is not rewritten meanwhile. io-threads: redis.conf suggests
# them from four cores on; on two they made it slower.
SETTINGS = {
    "port": "0", "appendonly": "yes", "appendfsync": "always", "auto-aof-rewrite-percentage": "0", "save": "",
    "aof-use-rdb-preamble": "yes", "maxclients": "1000", "daemonize": "no",
}


def command(*words):
    """A command as RESP."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"".join([b"*%d\r\n" % len(parts), *(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)])


class Redis:
    CONNECTIONS, PIPELINE = 16, 64
    MADE_PER_S = 400_000  # more than it can do
    name = f"Redis, a script a transaction, {CONNECTIONS} connections, pipelines of {PIPELINE}"

    def __init__(self, accounts):
        self.accounts = accounts
        self.folder = Folder()
        self.process = None

    def _start(self):
        shutil.rmtree(self.folder.path / "appendonlydir", ignore_errors=True)
        settings = [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen(
            ["redis-server", *settings, "--unixsocket", self.folder.path / "sock", "--dir", self.folder.path],
            stdout=open(self.folder.path / "log", "ab"), stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                if self._call(command("PING")) == b"+PONG\r\n":
                    return
            except OSError:
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit((self.folder.path / "log").read_text())
            time.sleep(0.05)

    def _connect(self):
        made = socket.socket(socket.AF_UNIX)
        made.connect(str(self.folder.path / "sock"))
        return made

    def _call(self, request):
        with self._connect() as session:
            session.sendall(request)
            return session.recv(4096)

    def _open_accounts(self):
        lines = [command("HSET", f"q:{quest}", "points", POINTS, "cap", cap, "first_week", FIRST_WEEK, "last_week",
                         FIRST_WEEK + WEEKS - 1, "left", budget) for quest, cap, budget in
                 ((1, CAP, BUDGET), (CAP_QUEST, POINTS, BUDGET), (BUDGET_QUEST, CAP, POINTS - 1))]
        with self._connect() as session:
            for first in range(0, self.accounts, 10_000):
                lines += [command("HSET", f"a:{n:016x}", "balance", 0) for n in range(first, min(first + 10_000, self.accounts))]
                session.sendall(b"".join(lines))
                self._take(session, len(b":1\r\n") * len(lines))
                lines = []

    @staticmethod
    def _take(session, size):
        taken = b""
        while len(taken) < size:
            taken += session.recv(1 << 20)
        return taken

    @staticmethod
    def _award(script, id_, account, quest, occurred_at):
        number = f"{account:016x}"
        return command("EVALSHA", script, 3, id_, f"a:{number}", f"q:{quest}", occurred_at, number, quest)

    def _load_script(self):
        return self._call(command("SCRIPT", "LOAD", (HERE / "redis.lua").read_text())).split(b"\r\n")[1]

    def prove(self):
        """What must be refused is refused."""
        self._start()
        try:
            self._open_accounts()
            script = self._load_script()
            for number, account, quest, week, code in CASES:
                found = self._call(self._award(script, f"t:{number}", account, quest, BEGIN + week * WEEK_S))
                assert found == b":%d\r\n" % code, (number, found, code)
        finally:
            self._end()

    def _make(self, script, share, count):
        """So many pipelines as bytes."""
        source, made, number = awards(self.accounts, share, self.CONNECTIONS), [], 0
        for _ in range(count):
            calls = []
            for _, (account, occurred_at) in zip(range(self.PIPELINE), source):
                id_ = b"t:" + (number * self.CONNECTIONS + share).to_bytes(8, "big") + hash((share, number)).to_bytes(8, "big", signed=True)
                calls.append(self._award(script, id_, account, 1, occurred_at))
                number += 1
            made.append(b"".join(calls))
        return made

    def _run(self, sessions, made, until):
        """Each connection has one pipeline under way. Pipelines answered, and when the last was."""
        expected, answered, last = b":0\r\n" * self.PIPELINE, 0, 0.0
        poll = select.epoll()
        waiting = {}
        for session, pipelines in zip(sessions, made):
            waiting[session.fileno()] = (session, iter(pipelines), bytearray())
            poll.register(session, select.EPOLLIN)
            session.sendall(next(waiting[session.fileno()][1]))
        while waiting:
            for fd, _ in poll.poll(60):
                session, pipelines, got = waiting[fd]
                got += session.recv(1 << 16)
                if len(got) < len(expected):
                    continue
                if got != expected:
                    raise SystemExit(f"Redis: an award was refused: {bytes(got[:100])}")
                got.clear()
                answered, last = answered + 1, time.monotonic()
                more = next(pipelines, None) if last < until else b""
                if more is None:
                    raise SystemExit("Redis: more pipelines should have been made")
                if more:
                    session.sendall(more)
                else:
                    del waiting[fd]
                    poll.unregister(session)
        return answered, last

    def check(self, applied):
        left = self._call(command("HGET", "q:1", "left")).split(b"\r\n")[1]
        keys = self._call(command("DBSIZE"))
        if int(left) != BUDGET - applied * POINTS or int(keys[1:]) != self.accounts + applied + 4:
            raise SystemExit(f"Redis: the books say {left} left and {keys} keys, {applied} were answered")

    def measure(self, seconds):
        self._start()
        try:
            self._open_accounts()
            script = self._load_script()
            count = int(self.MADE_PER_S * (seconds + 1)) // self.PIPELINE // self.CONNECTIONS + 2
            made = [self._make(script, share, count) for share in range(self.CONNECTIONS)]
            sessions = [self._connect() for _ in made]
            begin = time.monotonic()
            answered, last = self._run(sessions, made, begin + seconds)
            for session in sessions:
                session.close()
            self.check(answered * self.PIPELINE)
            return answered * self.PIPELINE / (last - begin)
        finally:
            self._end()

    def _end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self):
        self._end()
        self.folder.remove()
