"""The client tool `points`, run as people and scripts run it."""
import csv
import io
import json
import os
import re
import subprocess

from conftest import DEADLINE, binary

TWO = ("--key", "operator-1", "--key", "operator-2")


class Tool:
    """Runs `points` on one run folder and checks how it leaves."""

    def __init__(self, folder):
        self.dir = folder
        self.env = os.environ | {"POINTS_DIR": str(folder), "LC_ALL": "C.UTF-8"}

    def start(self, *args, **options):
        """The process, under way."""
        return subprocess.Popen([binary("points"), *map(str, args)], env=self.env, **options)

    def __call__(self, *args, code=0):
        """Output and messages, once it has left with `code`."""
        done = subprocess.run([binary("points"), *map(str, args)], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=DEADLINE, check=False)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == code, f"points {args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def refuses(self, *args, code=2):
        """What it says when it does not do it; nothing may be printed as a result."""
        done = self(*args, code=code)
        assert done.stdout == "", done.stdout
        return done.stderr

    def rows(self, *args, code=0):
        """The rows of --json."""
        (rows,) = json.loads(self(*args, "--json", code=code).stdout).values()
        return rows

    def row(self, *args, code=0):
        (row,) = self.rows(*args, code=code)
        return row

    def csv_rows(self, *args, code=0):
        """The rows of --csv, which must be RFC 4180 to the letter, behind a byte order mark."""
        mark, text = (text := self(*args, "--csv", code=code).stdout)[:1], text[1:]
        assert mark == "\ufeff"
        outside = re.sub('"(?:[^"]|"")*"', "", text)
        assert text.endswith("\r\n") and not set('"\n\r') & set(outside.replace("\r\n", ""))
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def does(self, *args):
        """A transaction that must be applied; its row."""
        row = self.row(*args)
        assert (row["outcome"], row["duplicate_of"]) == ("APPLIED", None), row
        return row

    def refused(self, outcome, *args):
        """A transaction that must be recorded as refused, with advice; its row."""
        done = self(*args, code=3)
        assert f"points: {outcome}: " in done.stderr, done.stderr
        return done

    def begin(self):
        """Quest 1 of 100 points a week, purpose 1, conversion open."""
        self.does("define-quest", 1, "エコ袋", "--points", 100, "--first", "2021-11-01", "--last", "2022-05-31",
                  "--grace-hours", 72)
        self.does("set-budget", 1, 10_000_000, *TWO)
        self.does("define-purpose", 1, "コロナ対策", "--first", "2021-11-01", "--last", "2022-05-31")
        self.does("set-policy", "conversion-opens-at", "2021-11-01 00:00", *TWO)
