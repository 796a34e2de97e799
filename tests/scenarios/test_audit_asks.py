"""What the auditor's tool answers from the blocks alone, against what the daemon answered when it had come so far: replay,
trial-balance, totals, statement, find."""
import base64
import collections
import csv
import datetime
import io
import json
import shutil
import subprocess
import uuid

import pytest

import forger
import pointsclient as pc
from conftest import Daemon, binary
from history import History
from test_random_histories import play
from tool import TWO, Tool

SEEDS = (11, 12)
BEFORE, AFTER = 1_500, 1_200  # transactions up to the moment that is remembered, and after it
UNITS = ("whole", "day", "month", "fiscal-year")
RESIDENT, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def audit(*arguments, code=0):
    """Output and messages of points-audit, once it has left with `code`."""
    done = subprocess.run([binary("points-audit"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False)
    done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode()
    assert done.returncode == code, f"points-audit {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def asked(*arguments):
    return json.loads(audit(*arguments, "--json").stdout)


def refuses(*arguments, code=2):
    """What it says when it does not answer; nothing is printed as an answer."""
    done = audit(*arguments, code=code)
    assert done.stdout == ""
    return done.stderr


def dashed(some_id):
    return str(uuid.UUID(bytes=some_id))


def day_of(unix_s):
    return (unix_s + 9 * 3_600) // 86_400


def day_text(day):
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day))


def time_text(unix_s):
    return (datetime.datetime(1970, 1, 1, 9) + datetime.timedelta(seconds=unix_s)).strftime("%Y-%m-%d %H:%M:%S")


# ---- the daemon's answers

def totals_asked(days, home, purposes):
    """Pairs of options, of `points` and of the auditor alike: totals, payments, conversions."""
    first, middle, last = days[0], days[len(days) // 2], days[-1]
    spans = [(), ("--from", middle), ("--to", middle), ("--from", first, "--to", last), ("--municipality", f"{home:06}")]
    for unit in UNITS:
        for span in spans:
            yield ("totals", "--by", unit, *span), ("totals", "--by", unit, *span)
            yield (("report", "donations", "--dated", "settlement", "--by", unit, *span),
                   ("totals", "--settled", "--by", unit, *span))
            yield ("conversion-totals", "--by", unit, *span), ("totals", "--conversions", "--by", unit, *span)
        for purpose in purposes:
            yield ("totals", "--by", unit, "--purpose", purpose), ("totals", "--by", unit, "--purpose", purpose)


class Moment:
    """What the daemon answers now."""

    def __init__(self, daemon, model):
        tool, client = Tool(daemon.dir), daemon.client("auditor")
        size, self.root = pc.check_note(client.checkpoint(), client.hello().origin, daemon.checkpoint_key)
        self.block, self.transactions, self.account_count = size - 1, client.hello().transactions, len(model.accounts)
        self.time = pc.block.BlockHeader.FromString(client.blocks(self.block)[0].header).time
        self.books = tool.rows("trial-balance")
        self.quests = [tool.row("quest", number) for number in model.quests]
        self.campaigns = [tool.row("campaign", number) for number in model.campaigns]
        self.pending = [c.points for c in client.pending_conversions(1_000)]
        self.accounts = {name: (tool.row("account", name), tool.rows("account", name, "--lots"), tool.rows("account", name, "--quests"))
                         for name in map(dashed, list(model.accounts)[::20])}
        days = [day_text(row[0]) for row in sorted(model.donations)]
        home = max(model.municipalities, key=lambda m: sum(row[1] == m for row in model.donations))
        self.totals = {options: tool.rows(*words) for words, options in totals_asked(days, home, sorted(model.purposes)[:2])}

    def compare_state(self, got):
        assert (got["block"], got["blocks"], got["transactions"]) == (self.block, self.block + 1, self.transactions)
        assert base64.b64decode(got["root"]) == self.root and got["last_block"] == time_text(self.time) and got["scripted"]
        assert (got["accounts_opened"], got["pending_conversions"], got["pending_points"]) == (
            self.account_count, len(self.pending), sum(self.pending))
        assert got["trial_balance"] == self.books and got["balanced"]
        assert got["quests"] == self.quests and got["campaigns"] == self.campaigns
        assert got["totals"] == self.totals["totals", "--by", "whole"]


def entries_of(blocks):
    """(sequence, transaction, outcome's name, block, time) of every entry, read by the client's own code."""
    for block in blocks[1:]:
        header = pc.block.BlockHeader.FromString(block.header)
        transactions = pc.envelope.Envelope.FromString(block.body.envelope).transactions
        outcomes = pc.outcome_rows(pc.outcome.Outcomes.FromString(block.body.outcomes))
        for number, (transaction, outcome) in enumerate(zip(transactions, outcomes)):
            yield header.first_sequence + number, transaction, outcome[0], header.index, header.time


def statements_chosen(model, entries):
    """Accounts with many entries, with few, that took others over and that were taken over."""
    accounts = sorted(model.statements, key=lambda a: -len(model.statements[a]))
    merges = [t.merge_accounts for _, t, outcome, _, _ in entries if t.HasField("merge_accounts") and outcome == "APPLIED"]
    return {*accounts[:8], *accounts[8::15], *(m.account for m in merges[:5]), *(m.merged for m in merges[:5])}


@pytest.fixture(scope="module", params=SEEDS)
def rested(request, tmp_path_factory):
    """A ledger at rest that holds a random history; what the daemon answered in its middle and at its end."""
    ledger = Daemon(tmp_path_factory.mktemp("asked"))
    try:
        ledger.start()
        history = History(request.param, ledger.model(), ledger.client().ledger_id, [*ledger.keys.values(), *ledger.offices.values()])
        play(ledger, list(history.steps(BEFORE)))
        ledger.middle = Moment(ledger, history.model)
        play(ledger, list(history.steps(AFTER)))
        ledger.end, ledger.ends = Moment(ledger, history.model), history.model
        ledger.entries = list(entries_of(ledger.client("auditor").blocks()))
        ledger.statements = {account: Tool(ledger.dir).rows("statement", dashed(account))
                             for account in statements_chosen(history.model, ledger.entries)}
        ledger.stop()
        ledger.data = ledger.dir / "ledger"
        yield ledger
    finally:
        ledger.discard()
        shutil.rmtree(ledger.dir.parent)


# ---- the state at a moment

def test_the_state_after_a_block_is_what_the_daemon_said_then(rested):
    for moment in (rested.middle, rested.end):
        got = asked("replay", rested.data, "--block", moment.block)
        moment.compare_state(got)
        assert got["checkpoint_blocks"] == rested.end.block + 1 and not got["at_after_last_block"]
        assert asked("trial-balance", rested.data, "--block", moment.block)["trial_balance"] == moment.books
        for account, (row, lots, progress) in list(moment.accounts.items())[::5]:
            got = asked("replay", rested.data, "--block", moment.block, "--account", account)
            assert (got["account"], got["account_lots"], got["account_quests"]) == ([row], lots, progress)
    assert asked("replay", rested.data) == asked("replay", rested.data, "--block", rested.end.block)


def test_the_state_as_of_an_instant(rested):
    """Blocks of that time or later do not count."""
    times = {block: time for _, _, _, block, time in rested.entries}
    for moment in (rested.middle, rested.end):
        before = max(block for block, time in times.items() if time < moment.time)
        for instant in (f"@{moment.time}", time_text(moment.time)):
            got = asked("trial-balance", rested.data, "--at", instant)
            assert got["block"] == before and not got["at_after_last_block"]
        got = asked("replay", rested.data, "--at", time_text(moment.time + 1))
        assert got["at_after_last_block"] == (moment is rested.end)
        assert got["block"] == max(block for block, time in times.items() if time <= moment.time)
        assert got["block"] >= moment.block
    rested.end.compare_state(got)


def test_totals_are_the_daemons_row_by_row(rested):
    kinds = collections.Counter()
    for options, rows in rested.end.totals.items():
        got = asked(options[0], rested.data, *options[1:])
        (name,) = {"totals", "settlements", "conversion_totals"} & set(got)
        assert got[name] == rows, options
        kinds[name] += len(rows)
    assert set(kinds) == {"totals", "settlements", "conversion_totals"} and min(kinds.values()) > 20, kinds


def test_statements_are_the_daemons_line_by_line(rested):
    seen = collections.Counter()
    for account, rows in rested.statements.items():
        got = asked("statement", rested.data, dashed(account))
        assert got["statement"] == rows and got["balance_points"] == rested.ends.account(account)["balance"]
        assert [row["sequence"] for row in rows] == rested.ends.statements[account][::-1]
        assert all((r["reason"] is None) == (r["outcome"] == "APPLIED") for r in rows)
        seen.update((r["type"], r["outcome"] == "APPLIED") for r in rows)
    assert min(seen[kind] for kind in (("reverse", True), ("merge-accounts", True), ("settle", True), ("donate", False))) > 0, seen


# ---- finding

def named(transaction):
    """The accounts that a transaction names."""
    body = getattr(transaction, transaction.WhichOneof("body"))
    return {getattr(body, field) for field in ("account", "merged") if field in body.DESCRIPTOR.fields_by_name}


def test_find(rested):
    def sequences(*options):
        got = asked("find", rested.data, "--limit", 1_000_000, *options)
        assert got["found"] == len(got["transactions"])
        return [row["sequence"] for row in got["transactions"]]

    def wanted(fits):
        found = [entry[0] for entry in rested.entries if fits(*entry[1:])]
        assert found
        return found
    touched = {sequence: account for account, all_of_it in rested.ends.statements.items() for sequence in all_of_it}
    assert sequences() == wanted(lambda *_: True)
    for wish in ("APPLIED", "DUPLICATE", "BALANCE_INSUFFICIENT", "ID_REUSED"):
        assert sequences("--outcome", wish) == wanted(lambda _, outcome, *__: outcome == wish)
    for name, field in (("reverse", "reverse"), ("convert", "request_conversion"), ("settle", "settle_conversion")):
        assert sequences("--type", name) == wanted(lambda t, *_: t.HasField(field))
    again = next(t.id for _, t, outcome, *_ in rested.entries if outcome == "DUPLICATE")
    assert len(sequences("--id", again.hex())) > 1 and sequences("--id", again.hex()) == wanted(lambda t, *_: t.id == again)
    accounts = sorted(rested.ends.statements, key=lambda a: -len(rested.ends.statements[a]))
    for account in accounts[:4] + accounts[4::25]:
        assert sequences("--account", account.hex()) == [
            n for n, t, *_ in rested.entries if touched.get(n) == account or account in named(t)]
    begin, end = day_of(rested.middle.time), day_of(rested.end.time) - 1
    assert sequences("--from", day_text(begin), "--to", day_text(end)) == wanted(lambda *e: begin <= day_of(e[3]) <= end)
    assert sequences("--account", accounts[0].hex(), "--type", "award", "--outcome", "applied", "--to", day_text(end)) == wanted(
        lambda t, outcome, _, time: t.award.account == accounts[0] and outcome == "APPLIED" and day_of(time) <= end)


def test_find_shows_no_more_than_the_limit_and_says_so(rested):
    everything = asked("find", rested.data, "--limit", 1_000_000)["transactions"]
    done = audit("find", rested.data, "--limit", 3, "--json")
    got = json.loads(done.stdout)
    assert got["transactions"] == everything[:3] and got["found"] == len(everything) > 1_000
    assert f"the first 3 of {len(everything)} that match" in done.stderr
    assert len(asked("find", rested.data)["transactions"]) == 1_000
    text = audit("find", rested.data, "--outcome", "balance-insufficient", "--limit", 2).stdout
    assert "BALANCE_INSUFFICIENT: the account has fewer points" in text and "the first 2 of" in text
    mark, table = (whole := audit("find", rested.data, "--limit", 2, "--csv").stdout)[:1], whole[1:]
    assert mark == "\ufeff" and [r["sequence"] for r in csv.DictReader(io.StringIO(table, newline=""))] == ["1", "2"]
    assert audit("find", rested.data, "--id", "f" * 32).stdout.endswith("\n\nEntries, oldest first\n\n(no transactions)\n")


# ---- a small ledger, by hand

@pytest.fixture
def small(ledger):
    """Otaru's resident earns on 30 March, gives on the 31st, and moves on 1 April; its `points` is small.tool."""
    ledger.start()
    tool = ledger.tool = Tool(ledger.dir)
    tool.begin()
    for account in (RESIDENT, OTHER):
        tool.does("open-account", account, "小樽")
    tool.does("set-time", "2022-03-31 23:59:59")
    tool.does("award", RESIDENT, 1)
    tool.does("donate", RESIDENT, "小樽", 1, 60)
    tool.does("set-time", "2022-04-01 00:00")
    tool.does("donate", RESIDENT, "小樽", 1, 15)
    tool.refused("BALANCE_INSUFFICIENT", "donate", RESIDENT, "小樽", 1, 90)
    tool.does("move-account", RESIDENT, "札幌")
    ledger.data = ledger.dir / "ledger"
    return ledger


def donated(ledger, *options):
    return [(r["from"], r["municipality"], r["name_ja"], r["points"]) for r in asked("totals", ledger.data, *options)["totals"]]


def test_the_end_of_the_fiscal_year_is_24_00(small):
    """The donation of 1 April 00:00:00 is of the next one."""
    small.stop()
    for instant in ("2022-03-31 24:00", "2022-03-31T24:00:00", "2022-04-01", "2022-04-01 00:00:00+09:00"):
        assert donated(small, "--at", instant) == [(None, "012033", "小樽市", 60)]
    assert donated(small, "--at", "2022-03-31 23:59:59") == []
    assert donated(small, "--at", "2022-04-01 00:00:01") == [(None, "012033", "小樽市", 75)]
    assert donated(small, "--by", "fiscal-year") == [("2021-04-01", "012033", "小樽市", 60), ("2022-04-01", "012033", "小樽市", 15)]
    for wrong in ("2022-03-31 24:01", "2022-03-31 24:00:01", "2022-03-31 23:60", "2022-03-31 25:00", "2022-02-30 24:00"):
        assert "is no time" in refuses("totals", small.data, "--at", wrong)
    assert small.running is False


def test_24_00_in_what_is_posted(small):
    assert small.tool.row("set-time", "2022-04-30 24:00")["outcome"] == "APPLIED"
    opened = small.tool.does("open-account", "3" * 32, "札幌")["id"]
    assert small.tool.row("transaction", opened)["time"] == "2022-05-01 00:00:00"


def test_what_people_see(small):
    small.stop()
    text = audit("trial-balance", small.data).stdout
    assert "The books balance." in text and text.splitlines()[-3].startswith("This is the state after block ")
    assert text.splitlines()[-2].startswith("It is the last of the ") and "total" in text
    rows = {r["municipality"]: r for r in asked("trial-balance", small.data)["trial_balance"]}
    assert (rows["012033"]["issued"], rows["012033"]["donated"], rows["012033"]["moved"]) == (100, 75, -25)
    assert (rows["011002"]["issued"], rows["011002"]["balances"], rows["011002"]["moved"]) == (0, 25, 25)
    text = audit("replay", small.data, "--at", "2031-01-01", "--account", RESIDENT).stdout
    assert "2031-01-01 00:00:00 JST lies after the ledger's last block, of 2022-04-01 00:00:00 JST" in text
    assert "SCRIPTED TIME" in text and "札幌市" in text and "エコ袋" in text
    text = audit("replay", small.data, "--block", 0).stdout
    assert "This is the state after block 0" in text and "It is the first of the " in text
    text = audit("statement", small.data, RESIDENT).stdout
    assert "\nBALANCE_INSUFFICIENT: the account has fewer points than that" in text
    lines = [line.split() for line in text.splitlines() if " donate " in line or " award " in line]
    assert [words[-2] for words in lines] == ["25", "25", "40", "100"]
    table = audit("trial-balance", small.data, "--cp932")
    assert table.returncode == 0 and table.stdout.startswith("municipality,")


def test_points_whose_last_day_is_over_by_the_instant(small):
    """Until the first block of May, points of 30 April stand in the balances: --at tells how many that block takes from them."""
    small.tool.does("define-quest", 8, "期限", "--points", 70, "--first", "2022-04-01", "--last", "2022-04-30", "--period", "daily",
                    "--expires", "2022-04-30")
    small.tool.does("set-budget", 8, 1_000, *TWO)
    small.tool.does("award", RESIDENT, 8)
    small.tool.does("award", OTHER, 8)
    small.tool.does("set-time", "2022-05-02 10:00")
    small.tool.does("move-account", OTHER, "札幌")
    small.stop()
    ledger = (asked("replay", small.data)["ledger"], asked("replay", small.data)["id"])
    sums = lambda got: [sum(row[book] for row in got["trial_balance"]) for book in ("balances", "expired")]
    for command in ("trial-balance", "replay"):
        before = asked(command, small.data, "--at", "2022-04-30 24:00")
        after = asked(command, small.data, "--block", before["block"] + 1)
        assert before["points_overdue"] == 140 and "points_overdue" not in after and before["at"] == "2022-05-01 00:00:00"
        assert sums(after) == [sums(before)[0] - 140, sums(before)[1] + 140]
        assert asked(command, small.data, "--at", "2022-04-30 23:59:59")["points_overdue"] == 0
        assert (before["ledger"], before["id"]) == ledger and "at" not in after and after["block_time"] == "2022-05-02 10:00:00"
        remark = "\nOf the balances, 140 points had their last day over by then; the next block counts them as expired.\n"
        assert remark in audit(command, small.data, "--at", "2022-04-30 24:00").stdout
        for other in (("--at", "2022-04-30 23:59:59"), ("--block", before["block"]), ("--at", "2022-05-03")):
            assert "Of the balances" not in audit(command, small.data, *other).stdout
    table = audit("trial-balance", small.data, "--at", "2022-04-30 24:00", "--csv")
    assert table.stdout.startswith("\ufeffmunicipality,") and "Of the balances, 140" in table.stderr


def test_every_answer_says_of_which_ledger(small):
    small.stop()
    whole = asked("replay", small.data)
    for name, *more in COMMANDS:
        got = asked(name, small.data, *more)
        assert (got["ledger"], got["id"]) == (whole["ledger"], whole["id"])
        lines = audit(name, small.data, *more).stdout.splitlines()
        assert lines[0].split() == ["ledger", whole["ledger"]] and lines[1].split() == ["id", whole["id"]]
    assert asked("statement", small.data, RESIDENT)["account"] == RESIDENT
    assert f"\naccount              {RESIDENT}\n\n" in audit("statement", small.data, RESIDENT).stdout
    assert "\naccounts opened      2\n" in audit("replay", small.data).stdout


def test_the_statement_of_a_merged_account(small):
    """What is refused after the merge finds no balance there: it went along."""
    small.tool.does("merge-accounts", OTHER, RESIDENT)
    small.tool.refused("ACCOUNT_CLOSED", "donate", RESIDENT, "小樽", 1, 5)
    shown = small.tool.rows("statement", RESIDENT)
    small.stop()
    got = asked("statement", small.data, RESIDENT)
    assert got["statement"] == shown
    assert [row["balance_points"] for row in shown[:3]] == [0, 25, 25] and shown[0]["outcome"] == "ACCOUNT_CLOSED"
    assert "which has taken its 25 points" in audit("statement", small.data, RESIDENT).stdout


def test_names_in_any_case_and_lists_of_them_whole(small):
    small.stop()
    assert asked("find", small.data, "--type", "AWARD") == asked("find", small.data, "--type", "award")
    for option in ("--type", "--outcome"):
        told = refuses("find", small.data, option, "zork").splitlines()[0]
        names = told.partition("is none of: ")[2].split(", ")
        assert len(names) > 20
        for name in names[:2] + names[-2:]:
            assert asked("find", small.data, option, name)["found"] >= 0


def test_wrong_use(small, tmp_path):
    stranger = "f" * 32
    assert "in use" in refuses("replay", small.data, code=3)
    small.stop()
    assert "give one of them" in refuses("replay", small.data, "--block", 1, "--at", "2022-04-01")
    assert "from 0 to " in refuses("replay", small.data, "--block", 1_000)
    assert "the ledger begins at 2021-11-01 09:00:00 JST" in refuses("trial-balance", small.data, "--at", "2021-11-01 09:00")
    assert asked("replay", small.data, "--at", "2021-11-01 09:00:01")["blocks"] > 1
    assert "there was no ledger then" in refuses("replay", small.data, "--at", "@-1")
    assert "no such account" in refuses("replay", small.data, "--account", stranger)
    assert "no such account" in refuses("replay", small.data, "--block", 0, "--account", RESIDENT)
    assert "no such account" in refuses("statement", small.data, stranger)
    assert "32 hex digits" in refuses("statement", small.data, "x")
    assert "trial-balance or totals" in refuses("replay", small.data, "--csv")
    assert "no municipality" in refuses("totals", small.data, "--municipality", "函館")
    assert "no purpose 9" in refuses("totals", small.data, "--purpose", 9)
    assert "two tables" in refuses("totals", small.data, "--settled", "--conversions")
    assert "no purpose" in refuses("totals", small.data, "--purpose", 1, "--conversions")
    assert "--to is before --from" in refuses("totals", small.data, "--from", "2022-01-02", "--to", "2022-01-01")
    assert "--to is before --from" in refuses("find", small.data, "--from", "2022-01-02", "--to", "2022-01-01")
    assert "is none of: award, donate, convert" in refuses("find", small.data, "--type", "gift")
    assert "--format csv goes with --csv or --cp932, not with --json" in refuses("export", small.data, "--format", "csv", "--json")
    assert "--format ledger goes with none of --json" in refuses("export", small.data, "--format", "ledger", "--csv")
    assert "is none of: applied, duplicate" in refuses("find", small.data, "--outcome", "gone")
    assert refuses("replay", tmp_path, code=3) and refuses("find", tmp_path / "none", code=3)


# ---- what does not hold

COMMANDS = (["replay"], ["trial-balance"], ["totals"], ["statement", RESIDENT], ["find"])


def test_a_fault_is_named_and_nothing_else_shown(small):
    small.stop()
    whole, data = (small.data / "data.mdb").read_bytes(), small.data / "data.mdb"
    blocks = asked("replay", small.data)["blocks"]
    forger.flip(small.data, "bodies", f"{blocks - 2:016x}", 40, 1)
    for name, *more in COMMANDS:
        done = audit(name, small.data, *more, code=1)
        assert done.stdout.startswith(f"FAULT in block {blocks - 2}: ") and done.stdout.count("\n") == 1
        told = json.loads(audit(name, small.data, *more, "--json", code=1).stdout)
        assert told["holds"] is False and told["block"] == blocks - 2
    assert asked("replay", small.data, "--block", blocks - 3)["blocks"] == blocks - 2  # the tree is as it was
    data.write_bytes(whole)
    assert asked("replay", small.data)["blocks"] == blocks


def newest(folder, wanted):
    """Key and size of a table's last record."""
    return [(where[1], len(value) // 2) for where, value in forger.dump(folder).items() if where[0] == wanted and where[1:]][-1]


def test_the_blocks_of_a_moment_are_those_of_the_newest_checkpoint(small):
    """Neither another checkpoint nor other hashes of the tree after the moment are taken for it."""
    small.stop()
    whole, data = (small.data / "data.mdb").read_bytes(), small.data / "data.mdb"
    blocks = asked("replay", small.data)["blocks"]
    key, size = newest(small.data, "checkpoints")
    forger.flip(small.data, "checkpoints", key, size - 8, 1)  # the signature
    assert audit("trial-balance", small.data, "--block", 2, code=1).stdout.startswith("FAULT in the checkpoint")
    data.write_bytes(whole)
    key, size = newest(small.data, "tree")
    forger.flip(small.data, "tree", key, size - 1, 1)  # the subtree that the last block completes
    assert audit("trial-balance", small.data, "--block", 2, code=1).stdout.startswith(
        f"FAULT in the checkpoint: the {blocks} blocks of which it speaks do not begin with the first 3 of this ledger")
    data.write_bytes(whole)
    assert asked("trial-balance", small.data, "--block", 2)["checkpoint_blocks"] == blocks


def test_a_later_checkpoint_key(small):
    """The newest checkpoint is signed with a key that the moment does not know yet: the ledger is replayed to its end."""
    tool, next_key = small.tool, small.dir / "keys" / "next.key"
    small.stop()
    before = asked("replay", small.data)
    small.start()
    tool("keygen", next_key)
    tool.does("register-key", "next", "checkpoint", "points.test/ledger", *TWO)
    small.configure("ledger", "checkpoint_key", next_key)
    small.restart()
    tool.does("revoke-key", "daemon", *TWO)
    tool.does("open-account", "3" * 32, "札幌")
    small.stop()
    after = asked("replay", small.data)
    assert after["blocks"] == before["blocks"] + 3
    assert asked("replay", small.data, "--block", before["block"]) == before | {"checkpoint_blocks": after["blocks"]}
    records, old_key = forger.dump(small.data), pc.key_from_file(small.dir / "keys" / "daemon.key")
    place = max(place for place in records if place[0] == "checkpoints")
    by_revoked = forger.note([old_key], after["blocks"], base64.b64decode(after["root"]))
    forger.load(small.data, records | {place: by_revoked.hex()})
    assert audit("replay", small.data, "--block", before["block"], code=1).stdout.startswith("FAULT in the checkpoint: ")
    forger.load(small.data, records)
    forger.flip(small.data, "bodies", f"{after['block']:016x}", 40, 1)
    assert audit("replay", small.data, "--block", before["block"], code=1).stdout.startswith(f"FAULT in block {after['block']}: ")


def test_genesis_alone(ledger):
    data = ledger.dir / "ledger"
    got = asked("replay", data)
    assert (got["blocks"], got["accounts_opened"], got["checkpoint_blocks"]) == (1, 0, 0)
    assert "no checkpoint was signed yet" in audit("trial-balance", data).stdout
    got = asked("find", data)
    assert got == {"ledger": "points.test/ledger", "id": got["id"], "transactions": [], "found": 0}
