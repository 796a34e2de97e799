"""PostgreSQL 15 as a peer: one function call a transaction, and batches as sets."""
import os
import pathlib
import pwd
import random
import re
import struct
import threading
import time

import psycopg
import psycopg.pq as pq

from peer import (BEGIN, BUDGET, BUDGET_QUEST, CAP, CAP_QUEST, CASES, FIRST_WEEK, POINTS, WEEK_S, WEEKS, Folder, awards,
                  must)

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
INT8_OID, INT4_OID = 20, 23
BUDGET_PARTS = 256

# https://www.postgresql.org/docs/15/: 20.4 "a reasonable starting value for shared_buffers is 25% of the memory"; 20.5 and 30.5:
# larger checkpoint_timeout and max_wal_size spare checkpoints and full pages. Where a setting is a trade the faster side was
# measured: commits flush together by themselves (20.5.1, commit_delay made it slower), wal_compression took more processor time
# than it saved, 32 clients. synchronous_commit, fsync and full_page_writes are on: what is answered is on disk.
SETTINGS = {
    "shared_buffers": "{quarter}MB", "max_wal_size": "32GB", "min_wal_size": "2GB", "checkpoint_timeout": "1h",
    "wal_compression": "off", "wal_buffers": "64MB", "synchronous_commit": "on", "fsync": "on", "full_page_writes": "on",
    "max_connections": "100", "listen_addresses": "''", "jit": "off", "track_activities": "off", "huge_pages": "try",
    "maintenance_work_mem": "512MB", "autovacuum_naptime": "10s", "bgwriter_delay": "50ms",
}


def server_user():
    """PostgreSQL does not run as root."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def as_user():
    return ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()


class Postgres:
    def __init__(self, accounts):
        self.accounts = accounts
        self.folder = Folder(server_user())
        self.data = self.folder.path / "data"
        must(*as_user(), BIN / "initdb", "-D", self.data, "-A", "trust", "--no-sync", "--locale=C.UTF-8", cwd="/")
        quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 // 2**20
        settings = [f"-c {name}={value.format(quarter=quarter)}" for name, value in SETTINGS.items()]
        must(*as_user(), BIN / "pg_ctl", "-D", self.data, "-l", self.folder.path / "log", "-w", "-o",
             " ".join([f"-k {self.folder.path}", *settings]), "start", cwd="/")

    @property
    def address(self):
        return f"host={self.folder.path} user={server_user()} dbname=postgres"

    def drop(self):
        """Nothing is left that could be vacuumed while others are measured."""
        with psycopg.connect(self.address, autocommit=True) as session:
            session.execute("drop function if exists award_one, award_many; "
                            "drop table if exists quest, budget, account, progress, ledger")

    def prepare(self):
        """Empty tables, and accounts."""
        self.drop()
        with psycopg.connect(self.address, autocommit=True) as session:
            session.execute((HERE / "postgres.sql").read_text())
            for quest, cap, budget in ((1, CAP, BUDGET), (CAP_QUEST, POINTS, BUDGET), (BUDGET_QUEST, CAP, POINTS - 1)):
                session.execute("insert into quest values (%s, %s, %s, %s, %s)",
                                (quest, POINTS, cap, FIRST_WEEK, FIRST_WEEK + WEEKS - 1))
                session.execute(f"insert into budget select {quest}, part, {budget // BUDGET_PARTS} "
                                f"from generate_series(0, {BUDGET_PARTS - 1}) part")
            session.execute(f"insert into account select n, n % 12, 0 from generate_series(0, {self.accounts - 1}) n")
            session.execute("vacuum analyze")
            session.execute("checkpoint")

    def prove(self):
        """What must be refused is refused, one by one and in sets."""
        for call in ("select award_one(%s::bigint, 0, %s::bigint, %s::int, %s::bigint)",
                     "select (award_many(array[%s::bigint], '{0}', array[%s::bigint], %s::int, array[%s::bigint]))[1]"):
            self.prepare()
            with psycopg.connect(self.address, autocommit=True) as session:
                for number, account, quest, week, code in CASES:
                    found = session.execute(call, (number, account, quest, BEGIN + week * WEEK_S)).fetchone()[0]
                    assert found == code, (call, number, found, code)

    def check(self, applied):
        """The books must hold what was answered."""
        with psycopg.connect(self.address) as session:
            found = session.execute(
                "select (select count(*) from ledger where code = 0), (select sum(balance) from account), "
                "(select sum(points) from progress), (select %s - sum(points_left) from budget where quest = 1)",
                (BUDGET // BUDGET_PARTS * BUDGET_PARTS,)).fetchone()
        expected = (applied, *[applied * POINTS] * 3)
        if tuple(map(int, found)) != expected:
            raise SystemExit(f"PostgreSQL: the books say {found}, answered were {expected}")
        self.drop()

    def stop(self):
        must(*as_user(), BIN / "pg_ctl", "-D", self.data, "-m", "immediate", "stop", cwd="/")
        self.folder.remove()


class PostgresSingle(Postgres):
    """pgbench calls a function a transaction."""
    CLIENTS = 32
    name = f"PostgreSQL, a function call a transaction, {CLIENTS} clients"

    def measure(self, seconds):
        self.prepare()
        log = must(*as_user(), BIN / "pgbench", "-h", self.folder.path, "-U", server_user(), "-n", "-M", "prepared",
                   "-c", self.CLIENTS, "-j", 2, "-T", int(max(1, seconds)), "-f", HERE / "postgres.pgbench",
                   "-D", "n=0", "-D", f"clients={self.CLIENTS}", "-D", f"accounts={self.accounts}", "-D", f"begin={BEGIN}",
                   "postgres", cwd="/")
        done = int(re.search(r"transactions actually processed: (\d+)", log)[1])
        self.check(done)
        return float(re.search(r"^tps = ([\d.]+)", log, re.M)[1])


def int8_array(values):
    """The binary form of bigint[]."""
    head = struct.pack(">iiIii", 1, 0, INT8_OID, len(values), 1)
    return head + struct.pack(">" + "iq" * len(values), *(part for value in values for part in (8, value)))


def zeros_array(count):
    """The binary form of int[], as it must come back."""
    return struct.pack(">iiIii", 1, 0, INT4_OID, count, 1) + struct.pack(">ii", 4, 0) * count


class PostgresBatch(Postgres):
    """One statement a batch, as sets, arrays in binary form, from several connections with accounts of their own."""
    CONNECTIONS, BATCH = 4, 1_000
    MADE_PER_S = 200_000  # more than it can do
    name = f"PostgreSQL, sets of {BATCH:,}, {CONNECTIONS} connections"

    def _make(self, share, count):
        """The parameters of so many batches."""
        source, chance = awards(self.accounts, share, self.CONNECTIONS), random.Random(share)
        batch, made = min(self.BATCH, self.accounts // self.CONNECTIONS), []
        for number in range(count):
            rows = [row for _, row in zip(range(batch), source)]
            if len(rows) < batch:
                break
            first = (number * self.CONNECTIONS + share) * batch
            made.append([int8_array(range(first, first + batch)),
                         int8_array([chance.getrandbits(62) for _ in rows]),
                         int8_array([account for account, _ in rows]), b"1",
                         int8_array([occurred_at for _, occurred_at in rows])])
        return batch, made

    def _session(self):
        session = pq.PGconn.connect(self.address.encode())
        session.prepare(b"award", b"select award_many($1::bigint[], $2::bigint[], $3::bigint[], $4::int, $5::bigint[])")
        return session

    def _run(self, session, batches, until, done):
        for parameters in batches:
            if time.monotonic() >= until:
                return
            result = session.exec_prepared(b"award", parameters, [1, 1, 1, 0, 1], 1)
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise SystemExit(session.error_message.decode())
            done.append((time.monotonic(), result.get_value(0, 0)))
        raise SystemExit("PostgreSQL: more batches should have been made")

    def measure(self, seconds):
        self.prepare()
        count = int(self.MADE_PER_S * (seconds + 1)) // self.BATCH // self.CONNECTIONS + 2
        made = [self._make(share, count) for share in range(self.CONNECTIONS)]
        sessions = [self._session() for _ in made]
        done = [[] for _ in made]
        begin = time.monotonic()
        threads = [threading.Thread(target=self._run, args=(session, batches, begin + seconds, answers))
                   for session, (_, batches), answers in zip(sessions, made, done)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in sessions:
            session.finish()
        applied = 0
        for (batch, _), answers in zip(made, done):
            if any(answer != zeros_array(batch) for _, answer in answers):
                raise SystemExit("PostgreSQL: an award was refused")
            applied += batch * len(answers)
        self.check(applied)
        return applied / (max(at for answers in done for at, _ in answers) - begin)
