"""What all peers share: the awards that are sent, and a folder to run in."""
import math
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

WEEK_S = 604_800
FIRST_WEEK = 2_706                      # counted as daemon/points/calendar.h does; begins on Monday 2021-11-08 JST
BEGIN = FIRST_WEEK * WEEK_S - 291_600   # Unix seconds
WEEKS = 52                              # of the quest
POINTS, CAP, BUDGET = 100, 1_000_000, 10**15


# Quest 2 has a cap of one award, quest 3 a budget of less. (number of the id, account, quest, week, what must come of it)
CAP_QUEST, BUDGET_QUEST, NO_ACCOUNT = 2, 3, 2**40
CASES = [(1, 0, 1, 0, 0), (1, 0, 1, 1, 1), (2, 0, 1, 0, 23), (2, 0, 1, 1, 1), (3, NO_ACCOUNT, 1, 0, 4), (4, 0, 9, 0, 20),
         (5, 0, 1, WEEKS, 21), (6, 0, CAP_QUEST, 0, 0), (7, 0, CAP_QUEST, 1, 24), (8, 0, BUDGET_QUEST, 0, 25), (9, 0, 1, WEEKS - 1, 0)]


def awards(accounts, share, shares, seed=1):
    """Endless (account, occurred_at) of one connection's share of the accounts: each once a week, every week in another order."""
    first, behind = accounts * share // shares, accounts * (share + 1) // shares
    count, chance = behind - first, random.Random(seed * 1000 + share)
    for week in range(WEEKS):
        step, at = chance.randrange(1, max(2, count)), chance.randrange(count)
        while math.gcd(step, count) != 1:
            step += 1
        for n in range(count):
            yield first + at, BEGIN + week * WEEK_S + n % WEEK_S
            at = (at + step) % count


class Folder:
    """A scratch folder on a real disk; `owner` may write to it."""

    def __init__(self, owner=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="points-peer-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        if owner:
            shutil.chown(self.path, owner)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def must(*command, **options):
    """Runs a command that must succeed; its output."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout
