"""The campaign of 2021/22, small: the generator checks every outcome and total itself, the audit does so again."""
import pathlib
import re
import subprocess

import pytest

from conftest import binary


def run(daemon, *arguments):
    program = pathlib.Path(binary("pointsd")).parent / "tests" / "campaign" / "points-campaign"
    return subprocess.run([program, "--dir", daemon.dir, *arguments], capture_output=True, text=True, timeout=60, check=False)


def play(daemon, *arguments):
    """Plays a season; what was printed. The generator fails at the first outcome or total that it does not expect."""
    done = run(daemon, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("variant", ["normal", "small-budget"])
@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_season(daemon, variant, seed):
    printed = play(daemon, "--residents-per", "1000", "--seed", seed, "--variant", variant)
    issued, left = re.search(r"^[\d,]+ +([\d,]+) +([\d,]+) ", printed.split("The SDGs quest as a whole")[1], re.M).groups()
    assert issued != "0" and (left == "0") == (variant == "small-budget")
    assert ("BUDGET_EXHAUSTED" in printed) == (variant == "small-budget")
    for outcome in ("DUPLICATE", "TOO_LATE", "ALREADY_AWARDED", "QUEST_CLOSED", "APPLIED"):
        assert outcome in printed, outcome


def test_the_audit_reports_the_same_books(daemon):
    play(daemon, "--residents-per", "2000")
    client = daemon.client("auditor")
    books, accounts = client.trial_balance().total, client.trial_balance().municipalities
    gifts = client.donation_totals()
    daemon.stop()
    code, report = daemon.audit()
    assert code == 0 and "札幌市" in report and "まちづくり" in report and "SCRIPTED TIME" in report
    balance, donations = [list(map(int, row.replace(",", "").split())) for row in re.findall(r"^ +total +(.*)$", report, re.M)]
    assert balance == [sum(m.accounts for m in accounts), books.issued, books.balances, books.held, books.donated,
                       books.converted, 0, 0, 0, 0]
    assert donations == [sum(g.donations for g in gifts), sum(g.points for g in gifts), 0, 0]


def test_one_seed_is_one_season(new_ledger):
    """Ids and amounts come from the seed alone, so two ledgers hold the same transactions and end with the same books."""
    books = []
    for seed in ("5", "5", "6"):
        daemon = new_ledger()
        daemon.start()
        play(daemon, "--residents-per", "2000", "--seed", seed)
        client = daemon.client("auditor")
        books.append((client.hello().transactions, client.trial_balance().SerializeToString(deterministic=True)))
        daemon.stop()
    assert books[0] == books[1] != books[2]


def test_a_ledger_in_use_is_left_alone(daemon):
    play(daemon, "--residents-per", "5000")
    before = daemon.look()
    done = run(daemon)
    assert done.returncode == 2 and "is not new" in done.stderr
    assert daemon.look() == before
