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
