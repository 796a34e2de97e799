"""The client tool's commands against the real daemon: what they print, how they leave, and what the ledger holds afterwards."""
import hashlib
import re
import shutil
import socket
import threading
import uuid

import pytest

import compare
import pointsclient as pc
from conftest import TESTS, Daemon
from history import jst
from pointsclient import api, transaction as tx
from tool import TWO, Tool

SAPPORO, OTARU = 11_002, 12_033
BOOKS = compare.ALL_BOOKS[:5]
OUT_OF_64_BITS = 2**64


@pytest.fixture
def tool(daemon):
    return Tool(daemon.dir)


@pytest.fixture
def begun(tool):
    """A tool whose ledger has quest 1, purpose 1 and conversion open."""
    tool.begin()
    return tool


def resident(tool, municipality="札幌市"):
    """A fresh account's id."""
    account = str(uuid.uuid4())
    tool.does("open-account", account, municipality)
    return account


def earner(tool, municipality="札幌市"):
    """A fresh account with 100 points."""
    account = resident(tool, municipality)
    tool.does("award", account, 1)
    return account


def held(daemon, account):
    """(home, balance, held) as the ledger has it."""
    got = daemon.client("auditor").account(uuid.UUID(account).bytes)
    return got.municipality, got.balance_points, got.held_points


def books(daemon):
    total = daemon.client("auditor").trial_balance().total
    return {name: getattr(total, name) for name in BOOKS}


# ---- the command line

def test_help_and_wrong_use(ledger):
    tool = Tool(ledger.dir)
    overview = tool("--help").stdout
    for command in ("init", "award", "totals", "countersign", "batch"):
        assert re.search(rf"^  {command} ", overview, re.M)
        assert tool(command, "--help").stdout.startswith(f"usage: points {command} ")
        assert tool("help", command).stdout == tool(command, "--help").stdout
    for args in (("help", "report"), ("report", "--help")):
        assert re.findall("^  (report [a-z-]+) ", tool(*args).stdout, re.M)[:2] == ["report donations", "report campaign"]
    assert tool("--version").stdout.startswith("points ")
    assert "usage: points [OPTIONS] COMMAND" in tool.refuses()
    for args, said in [(("awrd",), 'no command "awrd"; did you mean award?\n'), (("frobnicate",), 'no command "frobnicate"\n'),
                       (("status", "--to", "x"), "no option --to; status has none of its own, and all commands have [--dir DIR]"), (("award", "--to", "x"), "no option --to; award has --occurred-at, --receipt-digest, --receipt-file, --shop, --yen, --id, and all"),
                       (("--by", "day", "totals"), "no option --by before the command"),
                       (("award",), "ACCOUNT is missing\nusage: points award ACCOUNT QUEST"), (("award", "0" * 32), "QUEST is missing"),
                       (("status", "now"), '"now" is too much: status takes no words'),
                       (("account", "0" * 32, "x"), '"x" is too much: nothing follows ACCOUNT'),
                       (("status", "--json", "--csv"), "--json, --csv and --cp932 exclude each other"), (("status", "--cp932", "--csv"), "exclude each other"),
                       (("report",), "report what? There are:\n  report donations "),
                       (("report", "donation"), 'no command "report donation"; did you mean report donations?\n  report donations '),
                       (("report", "donations", "day"), '"day" is too much: report donations takes no words'),
                      
                       (("define-quest", "1", "x", "--last"), "--last wants a value"), (("donate", "1", "2"), "PURPOSE is missing"),
                       (("totals", "--by"), "--by wants a value"), (("status", "--json=yes"), "--json takes no value"),
                       (("totals", "--by", "day", "--by", "day"), "--by is given twice"),
                       (("account", "12"), '"12" is not 32 hex digits'), (("status", "--out", "file"), "--out is for"),
                       (("award", "0" * 32, "0"), "no whole number from 1"), (("quest", "-1"), "no whole number from 1"),
                       (("convert", "0" * 32, OUT_OF_64_BITS), "no whole number"), (("quest", "1 "), "no whole number"),
                       (("convert", "0" * 32, "1.5"), "no whole number"), (("totals", "--from", "2021-02-29"), "no day"),
                       (("award", "0" * 32, "1", "--occurred-at", "@99999999999999999999"), "no time"),
                       (("quest", "1", "--by", "day"), "none of: municipality, period"),
                       (("quest", "1", "--from", "2021-11-01"), "go with --by period"),
                       (("programme", "all"), "none of: municipalities, quests"),
                       (("totals", "--key") + ("app", "--key") * 4 + ("app",), "at most 4 keys")]:
        assert said in tool.refuses(*args), args


def test_messages_do_not_repeat_what_is_long(ledger, tmp_path):
    tool, long = Tool(ledger.dir), "札" * 100
    cut = "札" * 19 + "…"
    for args in ((long,), ("--" + long, "status"), ("status", long), ("account", long), ("quest", long), ("programme", long),
                 ("totals", "--from", long), ("totals", "--by", long), ("set-time", long)):
        message = tool.refuses(*args)
        assert cut in message and "札" * 20 not in message, args
    assert '"two?lines"' in tool.refuses("account", "two\nlines")


def test_every_outcome_has_its_advice():
    """The tables of tools/outcome_names.c know every outcome, refusal and transaction of the contract."""
    source = (TESTS.parent / "tools" / "outcome_names.c").read_text()
    for kind, names in (("OUTCOME", pc.outcome.OutcomeCode.keys()), ("REFUSAL", set(api.Refusal.keys()) - {"REFUSAL_NONE"}),
                        ("TRANSACTION", [f.name.upper() for f in tx.Transaction.DESCRIPTOR.oneofs_by_name["body"].fields])):
        found = re.findall(rf"\{{{kind}\((\w+)\),\s*\"", source)
        assert sorted(found) == sorted(names), kind


def test_nothing_answers(ledger, tmp_path):
    tool = Tool(ledger.dir)
    assert "is it running" in tool.refuses("status", code=1)
    assert "is it running" in tool.refuses("--dir", tmp_path, "status", code=1)
    assert "longer than" in tool.refuses("--socket", "/" + "x" * 200, "status", code=1)
    tool.env.pop("POINTS_DIR")
    assert "Give --dir DIR" in tool.refuses("status")
    ledger.start()
    assert "give --dir DIR" in tool.refuses("account", "0" * 32, "--socket", ledger.dir / "pointsd.sock")
    assert tool.row("--dir", ledger.dir, "status")["blocks"] == 1


def test_what_answers_is_no_daemon(ledger, tmp_path):
    tool = Tool(ledger.dir)
    for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\2\x08\x01", b"\0\0\0\3\xff\xff\xff", b""):
        path = tmp_path / "other.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            thread = threading.Thread(target=answer_once, args=(listener, said))
            thread.start()
            message = tool.refuses("--socket", path, "status", code=1)
            thread.join()
        assert message.startswith("points: "), message
        path.unlink()


def test_a_busy_daemon(ledger, tmp_path):
    """What to do is said once."""
    told = "too many connections; close some, or try again in a second"
    answer = api.Response(error=api.Error(code=api.BUSY, message=told)).SerializeToString()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "busy.sock"))
        listener.listen()
        thread = threading.Thread(target=answer_once, args=(listener, len(answer).to_bytes(4, "big") + answer))
        thread.start()
        message = Tool(ledger.dir).refuses("--socket", tmp_path / "busy.sock", "status", code=4)
        thread.join()
    assert message == f"points: BUSY: {told}\n  nothing was recorded; the same bytes may be sent again\n"


def answer_once(listener, data):
    connection, _ = listener.accept()
    with connection:
        connection.recv(1_000)
        connection.sendall(data)


def test_over_tcp(ledger):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = ledger.dir / "pointsd.conf"
    conf.write_text(conf.read_text() + f"tcp_port = {port}\n")
    tool = Tool(ledger.dir)
    address = f"tcp://127.0.0.1:{port}"
    assert f"cannot reach pointsd at {address}" in tool.refuses("--socket", address, "status", code=1)
    ledger.start()
    assert tool.row("--socket", address, "status") == tool.row("status")
    account = tool.does("--socket", f"tcp://localhost:{port}", "open-account", "new", "Otaru")["account"]
    assert held(ledger, account) == (OTARU, 0, 0)
    for wrong in ("tcp://127.0.0.1", "tcp://:1", "tcp://127.0.0.1:", "tcp://127.0.0.1:nowhere", "tcp://127.0.0.1:0"):
        assert "should be tcp://HOST:PORT" in tool.refuses("--socket", wrong, "status", code=1)


# ---- a new ledger

def test_init_makes_a_run_folder(ledger):
    tool = Tool(ledger.dir)
    keys = {path.name for path in (ledger.dir / "keys").iterdir()}
    names = {"operator-1", "operator-2", "operator-3", "app", "waon", "auditor", "daemon"} | {
        f"municipality-{row['municipality']}" for row in running(ledger, tool).rows("programme", "municipalities")}
    assert keys == {name + end for name in names for end in (".key", ".pub")} and len(names) == 19
    assert all((ledger.dir / "keys" / f"{name}.key").stat().st_mode & 0o777 == 0o600 for name in names)
    before = {path: path.read_bytes() for path in ledger.dir.rglob("*") if path.is_file()}
    assert "choose another folder" in tool.refuses("init", ledger.dir)
    assert {path: path.read_bytes() for path in before} == before
    assert tool.row("status")["time_source"] == "SCRIPTED"
    policies = {row["policy"]: row["value"] for row in tool.rows("programme", "policies")}
    assert policies == ledger.model().policies


def running(ledger, tool):
    ledger.start()
    return tool


GOOD = "code,name_ja,name_en\r\n"


@pytest.mark.parametrize("args,text,said", [
    (("--time", "yesterday"), None, '"yesterday" is no time'), (("--time", "2021-02-30"), None, "is no time"),
    (("--time", "@-1"), None, "between 1970 and 9999"), (("--time", "@253402268400"), None, "between 1970 and 9999"),
    (("--time-source", "sundial"), None, "none of: system, scripted"), (("--origin", "a b"), None, "no space"),
    (("--origin", "a+b"), None, "no '+'"), (("--origin", ""), None, "origin"), (("--origin", "x" * 101), None, "origin"),
    ((), "", "names no municipality"), ((), GOOD, "names no municipality"), ((), "code,name_ja\r\n1,x\r\n", '"name_en"'),
    ((), GOOD + "11002,札幌市,Sapporo\r\n", "row 2 needs a six-digit code"),
    ((), GOOD + "011002x,札幌市,Sapporo\r\n", "row 2 needs"), ((), GOOD + "000000,札幌市,Sapporo\r\n", "row 2 needs"),
    ((), GOOD + "011002,,Sapporo\r\n", "both names"), ((), GOOD + "011002,札幌市\r\n", "both names"),
    ((), GOOD + "011002,札幌市,Sapporo\r\n011002,小樽市,Otaru\r\n", "011002 stands there twice"),
    ((), GOOD + '011002,"札幌市,Sapporo\r\n', "line 2"), ((), GOOD + f"011002,札幌市,{'x' * 101}\r\n", "name_en"),
    ((), GOOD + "".join(f"{i:06},x,y\r\n" for i in range(1, 82)), "more than 80"),
], ids=lambda value: "")
def test_init_refuses_before_it_makes_anything(tmp_path, args, text, said):
    folder, path = tmp_path / "run", tmp_path / "list.csv"
    if text is not None:
        path.write_text(text)
        args = ("--municipalities", path)
    assert said in Tool(folder).refuses("init", folder, *args)
    assert not folder.exists()


def test_init_with_other_municipalities(ledger, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("\ufeff" + 'name_en,code,kind,name_ja\r\n"Ots, u",252018,city,大津市\r\nHikone,252026,city,彦根市\r\n'
                    "Aisho,254258,town,愛荘町\r\n", newline="")
    shutil.rmtree(ledger.dir)
    tool = Tool(ledger.dir)
    assert "3 municipalities and 9 keys" in tool("init", "--municipalities", path, "--time-source", "scripted").stderr
    ledger.start()
    assert [tuple(row.values()) for row in tool.rows("programme", "municipalities")] == [
        ("252018", "大津市", "Ots, u"), ("252026", "彦根市", "Hikone"), ("254258", "愛荘町", "Aisho")]
    assert tool.row("status")["time"] == "2021-11-01 00:00:00"
    assert "no municipality" in tool.refuses("open-account", "new", "Sapporo")
    tool.does("open-account", "new", "大津")


def test_init_with_the_wall_clock(ledger):
    shutil.rmtree(ledger.dir)
    tool = Tool(ledger.dir)
    tool("init")
    ledger.start()
    assert tool.row("status")["time_source"] == "SYSTEM" and "SCRIPTED" not in tool("status").stderr
    tool.refused("TIME_NOT_SCRIPTED", "set-time", "2030-01-01")


def test_keygen(tmp_path):
    tool, path = Tool(tmp_path), tmp_path / "mine.key"
    printed = tool("keygen", path, "--holder", "札幌 太郎").stdout
    assert printed == pc.public(pc.key_from_file(path)).hex() + "\n"
    assert printed.strip() in (tmp_path / "mine.pub").read_text() and "札幌 太郎" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_bytes()
    assert "never overwritten" in tool.refuses("keygen", path, code=1)
    assert "cannot create" in tool.refuses("keygen", tmp_path / "none" / "a.key", code=1)
    assert "the name of the key's file is empty" in tool.refuses("keygen", "", code=1)
    assert path.read_bytes() == secret


# ---- what residents do

def test_municipalities_by_any_name(daemon, tool):
    for name in ("小樽市", "小樽", "Otaru", "OTARU", "012033", "12033"):
        account = resident(tool, name)
        assert held(daemon, account) == (OTARU, 0, 0)
        row = tool.row("account", account)
        assert [row[n] for n in ("municipality", "name_ja", "name_en")] == ["012033", "小樽市", "Otaru"]


def test_unknown_municipality(daemon, tool):
    before = daemon.look()
    for name in ("函館", "小", "Ota", "12034", "-12033", "012033 ", ""):
        message = tool.refuses("open-account", "0" * 32, name)
        assert f'no municipality "{name}"; there are: 011002 札幌市 Sapporo, ' in message
        assert "014281 長沼町 Naganuma" in message
    assert daemon.look() == before


def test_accounts(daemon, tool):
    account = resident(tool)
    tool.does("move-account", account.replace("-", "").upper(), "石狩")
    assert held(daemon, account) == (12_351, 0, 0)
    assert "points account" in tool.refused("ACCOUNT_EXISTS", "open-account", account, "札幌").stderr
    tool.refused("ACCOUNT_UNKNOWN", "move-account", "1" * 32, "札幌")
    assert held(daemon, account) == (12_351, 0, 0)
    assert "NOT_FOUND" in tool.refuses("account", "1" * 32, code=4)
    made = tool.does("open-account", "new", "恵庭")["account"]
    assert uuid.UUID(made).version == 7 and held(daemon, made) == (12_319, 0, 0)


def test_awards_and_donations(daemon, begun):
    tool, account = begun, resident(begun)
    row = tool.does("award", account, 1)
    assert (row["points"], row["account"]) == (100, account)
    tool.refused("ALREADY_AWARDED", "award", account, 1)
    tool.refused("QUEST_CLOSED", "award", account, 1, "--occurred-at", "2021-10-31 23:59:59")
    tool.refused("IN_FUTURE", "award", account, 1, "--occurred-at", "2021-11-08T00:00+09:00")
    tool.refused("QUEST_UNKNOWN", "award", account, 2)
    assert held(daemon, account) == (SAPPORO, 100, 0)
    tool.does("donate", account, "札幌", 1, 30)
    tool.refused("NOT_HOME_MUNICIPALITY", "donate", account, "小樽", 1, 30)
    tool.refused("BALANCE_INSUFFICIENT", "donate", account, "札幌", 1, 71)
    tool.refused("AMOUNT_INVALID", "donate", account, "札幌", 1, 0)
    tool.refused("PURPOSE_UNKNOWN", "donate", account, "札幌", 2, 1)
    assert held(daemon, account) == (SAPPORO, 70, 0)
    assert books(daemon) == dict(issued=100, balances=70, held=0, donated=30, converted=0)
    assert tool.row("account", account, "--quests") == {"quest": 1, "awards": 1, "points": 100, "last_period": "2021-11-01"}


def test_the_same_id_is_done_once(daemon, begun):
    tool, account = begun, earner(begun)
    first = tool.does("donate", account, "札幌", 1, 10, "--id", "a" * 32)
    again = tool.row("donate", account, "札幌", 1, 10, "--id", "a" * 32)
    assert (again["outcome"], again["points"], again["duplicate_of"]) == ("APPLIED", 10, first["sequence"])
    assert again["sequence"] == first["sequence"]
    assert "fresh id" in tool.refused("ID_REUSED", "donate", account, "札幌", 1, 11, "--id", "a" * 32).stderr
    reused = tool.row("donate", account, "札幌", 1, 11, "--id", "a" * 32, code=3)
    assert (reused["sequence"], reused["duplicate_of"]) == (first["sequence"], None)
    assert held(daemon, account) == (SAPPORO, 90, 0)
    got = tool.row("transaction", "a" * 32)
    assert [got[n] for n in ("sequence", "type", "account", "detail", "outcome", "points")] == [
        first["sequence"], "donate", account, "10 points for purpose 1 コロナ対策, 札幌市", "APPLIED", 10]


def test_conversions(daemon, begun):
    tool, account = begun, earner(begun)
    assert tool("conversions").stdout == "(no conversions)\n"
    first, second = (tool.does("convert", account, points)["id"] for points in (20, 30))
    assert held(daemon, account) == (SAPPORO, 50, 50)
    assert [(r["conversion"], r["account"], r["municipality"], r["points"], r["requested_at"])
            for r in tool.rows("conversions")] == [(first, account, "011002", 20, "2021-11-01 09:00:00"),
                                                   (second, account, "011002", 30, "2021-11-01 09:00:00")]
    tool.does("settle", first)
    tool.does("refuse", second, "--reason", "カードが見つかりません")
    assert held(daemon, account) == (SAPPORO, 80, 0)
    tool.refused("CONVERSION_NOT_PENDING", "settle", second)
    tool.refused("CONVERSION_UNKNOWN", "refuse", "1" * 32)
    assert "NOT_PERMITTED" in tool.refuses("settle", second, "--key", "app", code=4)
    assert books(daemon) == dict(issued=100, balances=80, held=0, donated=0, converted=20)
    assert tool.rows("conversions") == []
    entry = daemon.client("auditor").whole_statement(uuid.UUID(account).bytes)[0][0]
    assert entry.transaction.refuse_conversion.reason == "カードが見つかりません"
    details = [(r["type"], r["detail"], r["points"], r["balance_points"]) for r in tool.rows("statement", account)]
    assert details[:4] == [
        ("refuse", f"{second}, カードが見つかりません", 30, 80), ("settle", first, 0, 50), ("convert", "30 points into WAON", -30, 50),
        ("convert", "20 points into WAON", -20, 80)]
    assert tool.row("transaction", first)["detail"] == "20 points into WAON"


def test_a_reason_that_no_ledger_takes(daemon, tool):
    before = daemon.look()
    for reason in ("x" * 201, "two\nlines"):
        assert "reason" in tool.refuses("refuse", "0" * 32, "--reason", reason)
    assert daemon.look() == before


# ---- the programme

def test_quests_and_purposes(daemon, tool):
    tool.does("define-quest", 3, "道の駅", "--points", 50, "--first", "2021-11-12", "--last", "2022-02-25", "--cap", 150,
              "--period", "weekly", "--grace-hours", 24)
    tool.refused("QUEST_EXISTS", "define-quest", 3, "x", "--points", 1, "--first", "2021-11-12", "--last", "2021-11-12")
    assert "the first day, 2021-11-13, is after the last, 2021-11-12" in tool.refuses(
        "define-quest", 4, "x", "--points", 1, "--first", "2021-11-13", "--last", "2021-11-12")
    assert "none of: weekly, daily, monthly, once" in tool.refuses(
        "define-quest", 4, "x", "--points", 1, "--first", "2021-11-12", "--last", "2021-11-13", "--period", "yearly")
    assert "--first is missing" in tool.refuses("define-quest", 4, "x", "--points", 1, "--last", "2021-11-12")
    assert "name" in tool.refuses("define-quest", 4, "", "--points", 1, "--first", "2021-11-12", "--last", "2021-11-12")
    tool.does("define-purpose", 2021, "まちづくり", "--first", "2021-11-12", "--last", "2022-03-31")
    tool.refused("PURPOSE_EXISTS", "define-purpose", 2021, "x", "--first", "2021-11-12", "--last", "2022-03-31")
    assert "from 1 to" in tool.refuses("define-purpose", 0, "x", "--first", "2021-11-12", "--last", "2022-03-31")
    assert "NOT_PERMITTED" in tool.refuses("define-purpose", 9, "x", "--first", "2021-11-12", "--last", "2022-03-31",
                                           "--key", "app", code=4)
    assert tool.row("programme", "quests") == {
        "quest": 3, "name": "道の駅", "period": "WEEKLY", "times": 1, "points": 50, "cap_points": 150, "budget_points": 0,
        "first_day": "2021-11-12", "last_day": "2022-02-25", "grace_s": 86_400, "campaign": None, "residents_max": None,
        "municipalities": None, "receipt_steps": None, "bonus": None, "expires": "never"}
    assert tool.row("programme", "purposes") == {"purpose": 2021, "name": "まちづくり", "first_day": "2021-11-12",
                                                 "last_day": "2022-03-31"}
    assert " 2021 " in tool("programme", "purposes").stdout, "a number that people type has no separators"


def test_two_operators_with_two_keys(daemon, begun):
    tool, before = begun, daemon.look()
    for keys in ((), ("--key", "operator-2")):
        message = tool.refuses("set-budget", 1, 5, *keys)
        assert "two operators must sign" in message and "--key operator-1 --key operator-2" in message
    assert "given twice" in tool.refuses("set-budget", 1, 5, "--key", "operator-1", "--key", "operator-1")
    assert "NOT_PERMITTED" in tool.refuses("set-budget", 1, 5, "--key", "operator-1", "--key", "app", code=4)
    assert daemon.look() == before
    tool.does("set-budget", 1, 500, "--key", "operator-3", "--key", "operator-1")
    assert tool.row("quest", 1)["budget_points"] == 500
    tool.refused("QUEST_UNKNOWN", "set-budget", 2, 500, *TWO)


def test_two_operators_by_way_of_a_file(daemon, begun, tmp_path):
    tool, path, both, before = begun, tmp_path / "budget", tmp_path / "both", daemon.look()
    assert "nothing was sent" in tool("set-budget", 1, 700, "--out", path).stderr
    shown = tool("show", path)
    assert "quest=1 points=700" in shown.stdout
    assert shown.stderr.splitlines() == ["points: signed with operator-1"]
    assert f"signed with {pc.public(daemon.keys['operator-1']).hex()}\n" in Tool(tmp_path)("show", path).stderr
    message = tool.refuses("submit", path, code=4)
    assert "NOT_PERMITTED" in message and "points countersign" in message
    assert daemon.look() == before
    signed = path.read_bytes()
    assert "signed with this key already" in tool("countersign", path, "--key", "operator-1", code=2).stderr
    assert "one key at a time" in tool.refuses("countersign", path, *TWO)
    assert "Give --key" in tool.refuses("countersign", path)
    assert path.read_bytes() == signed
    assert "points=700" in tool("countersign", path, "--key", "operator-2", "--out", both).stdout
    assert path.read_bytes() == signed and daemon.look() == before
    assert tool("show", both).stderr.count("signed with") == 2
    first = tool.does("submit", both)
    assert tool.row("quest", 1)["budget_points"] == 700
    tool("countersign", path, "--key", "operator-3")
    assert tool.row("submit", path)["duplicate_of"] == first["sequence"]


def test_files_that_hold_no_envelope(daemon, tool, tmp_path):
    path, before = tmp_path / "envelope", daemon.look()
    tool("open-account", "1" * 32, "札幌", "--out", path)
    good = path.read_bytes()
    assert good.count(b"\x11" * 16) == 1
    path.write_bytes(good.replace(b"\x11" * 16, b"\x12" * 16))
    for command in (("show", path), ("countersign", path, "--key", "operator-1")):
        assert "was changed after it was signed" in tool.refuses(*command)
    assert "BAD_SIGNATURE" in tool.refuses("submit", path, code=4)
    for data in (b"", b"hello", good[:-1], good + b"\0", b"\0" * 100_000):
        path.write_bytes(data)
        for command in ("show", "submit"):
            tool.refuses(command, path)
    for command in ("show", "submit"):
        assert "cannot read" in tool.refuses(command, tmp_path / "none")
        assert "no ordinary file" in tool.refuses(command, tmp_path)
    assert daemon.look() == before


def test_an_envelope_of_another_ledger(daemon, tool, tmp_path):
    other = Daemon(tmp_path)
    other.start()
    Tool(other.dir)("open-account", "1" * 32, "札幌", "--out", tmp_path / "envelope")
    other.stop()
    before = daemon.look()
    message = tool.refuses("submit", tmp_path / "envelope", code=4)
    assert "WRONG_LEDGER" in message and "check --dir or --socket" in message
    message = tool.refuses("open-account", "1" * 32, "札幌", "--key", other.dir / "keys" / "app.key", code=4)
    assert "KEY_UNKNOWN" in message and "points register-key" in message
    assert daemon.look() == before


def test_show_tells_numbers_as_they_are(tool, tmp_path):
    def fields(*args):
        tool(*args, "--out", tmp_path / "e")
        return tool.row("show", tmp_path / "e")["fields"]
    assert fields("set-budget", 1, 2**64 - 1) == f"quest=1 points={2**64 - 1}"
    assert fields("set-budget", 1, 0) == "quest=1 points=0"
    assert "municipality=011002 (札幌市)" in fields("open-account", "1" * 32, "札幌")
    assert "first_day=18943 (2021-11-12)" in fields("define-purpose", 1, "x", "--first", "2021-11-12", "--last", "2021-11-12")
    assert "(2021-11-12 09:30:15 JST)" in fields("set-time", "2021-11-12 09:30:15")
    for far in (2**63 - 1, -(2**63)):
        assert f"occurred_at={far} (" in fields("award", "1" * 32, 1, "--occurred-at", f"@{far}")


def test_policies(daemon, tool):
    def value(policy):
        return {row["policy"]: (row["value"], row["meaning"]) for row in tool.rows("programme", "policies")}[policy]
    for spelled in ("CONVERSION_MIN_POINTS", "conversion-min-points", "Conversion_Min-Points"):
        tool.does("set-policy", spelled, len(spelled), *TWO)
    assert value("CONVERSION_MIN_POINTS") == (21, "points")
    tool.does("set-policy", "conversion-opens-at", "2021-12-01", *TWO)
    assert value("CONVERSION_OPENS_AT") == (jst(2021, 12, 1), "2021-12-01 00:00:00")
    shown = tool("programme", "policies").stdout
    assert re.search("^CONVERSION_OPENS_AT +2021-12-01 00:00:00$", shown, re.M) and "1,638" not in shown
    assert """"tomorrow" is no time; write it as '2021-11-12 09:30' (JST)""" in tool.refuses(
        "set-policy", "conversion-opens-at", "tomorrow", *TWO)
    tool.refused("POLICY_INVALID", "set-policy", "totals-shared", 2, *TWO)
    assert "none of: future-max-s, conversion-opens-at" in tool.refuses("set-policy", "luck", 1, *TWO)
    assert "no whole number" in tool.refuses("set-policy", "totals-shared", "yes", *TWO)
    assert "two operators" in tool.refuses("set-policy", "totals-shared", 1)
    assert value("TOTALS_SHARED")[0] == 0


def test_keys(daemon, tool, tmp_path):
    names = [tmp_path / f"{name}.key" for name in ("backend", "office", "hex")]
    public = [tool("keygen", name).stdout.strip() for name in names]
    office = ("register-key", tmp_path / "office.pub", "municipality", "Otaru office")
    assert "KEY_UNKNOWN" in tool.refuses("open-account", "1" * 32, "札幌", "--key", names[0], code=4)
    tool.does("register-key", names[0], "app", "Second backend", *TWO)
    assert "goes with role municipality" in tool.refuses(*office, *TWO)
    assert "goes with role municipality" in tool.refuses("register-key", public[2], "app", "x", "--municipality", "小樽", *TWO)
    assert "none of: operator, app, waon, municipality, auditor" in tool.refuses("register-key", public[2], "king", "x", *TWO)
    assert "64 hex digits" in tool.refuses("register-key", "nowhere", "app", "x", *TWO)
    assert "two operators" in tool.refuses("register-key", public[2], "auditor", "x")
    tool.does(*office, "--municipality", "小樽", *TWO)
    tool.does("register-key", public[2], "auditor", "By hex", *TWO)
    tool.refused("KEY_EXISTS", "register-key", public[2], "auditor", "By hex", *TWO)
    tool.does("open-account", "1" * 32, "札幌", "--key", names[0])
    assert tool.rows("totals", "--key", names[1]) == []
    tool.does("revoke-key", public[0], *TWO)
    tool.refused("KEY_ALREADY_REVOKED", "revoke-key", names[0], *TWO)
    tool.refused("KEY_NOT_REGISTERED", "revoke-key", "0" * 64, *TWO)
    before = daemon.look()
    for command in (("move-account", "1" * 32, "小樽"), ("open-account", "2" * 32, "小樽"), ("account", "1" * 32)):
        message = tool.refuses(*command, "--key", names[0], code=4)
        assert "KEY_REVOKED" in message and "replaced" in message
    assert daemon.look() == before and held(daemon, str(uuid.UUID("1" * 32))) == (SAPPORO, 0, 0)
    listed = {row["key"]: (row["role"], row["holder"], row["municipality"], row["revoked"])
              for row in tool.rows("programme", "keys")}
    assert len(listed) == 22 and [listed[key] for key in public] == [
        ("APP", "Second backend", None, True), ("MUNICIPALITY", "Otaru office", "012033", False),
        ("AUDITOR", "By hex", None, False)]


def test_the_last_operators_stay(tool):
    tool.does("revoke-key", "operator-3", *TWO)
    tool.refused("LAST_OPERATORS", "revoke-key", "operator-2", *TWO)
    assert [r["revoked"] for r in tool.rows("programme", "keys") if r["role"] == "OPERATOR"] == [False, False, True]


def test_key_files(tool, daemon):
    assert "cannot read" in tool.refuses("account", "1" * 32, "--key", "nobody")
    path = daemon.dir / "keys" / "auditor.key"
    path.chmod(0o640)
    assert "auditor.key" in tool.refuses("account", "1" * 32)
    path.chmod(0o600)
    path.write_text("# nothing\n")
    assert "auditor.key" in tool.refuses("account", "1" * 32)


def test_time(daemon, tool):
    tool.does("set-time", "2021-11-12 08:15")
    status = tool("status")
    assert "SCRIPTED time: 2021-11-12 08:15:00 JST" in status.stderr
    tool.refused("TIME_INVALID", "set-time", "2021-11-12 08:14")
    assert "no time" in tool.refuses("set-time", "tomorrow")
    assert "NOT_PERMITTED" in tool.refuses("set-time", "2021-11-13", "--key", "app", code=4)
    assert tool.row("status")["time"] == "2021-11-12 08:15:00"
    assert "accepted" in tool("accept-time").stderr
    assert "NOT_PERMITTED" in tool.refuses("accept-time", "--key", "auditor", code=4)


# ---- quests of every kind, campaigns, receipts

AUTUMN = ("--first", "2021-11-01", "--last", "2022-02-25")


def receipts(tool):
    """Campaign 1 with receipt quest 5 of two steps and a bonus; shops 1 in Sapporo, 2 in Ishikari, 3 in Otaru."""
    tool.does("define-campaign", 1, "巡って買って応援", "--cap", 5_000)
    tool.does("set-budget", 100_000, "--campaign", 1, *TWO)
    tool.does("define-quest", 5, "レシート", *AUTUMN, "--step", "500=50", "--step", "1000=120", "--campaign", 1, "--times", 3,
              "--period", "daily", "--bonus-municipalities", 2, "--bonus-points", 300)
    tool.does("set-budget", 5, 50_000, *TWO)
    for shop, name, municipality in ((1, "八百屋", "札幌"), (2, "道の駅石狩", "石狩"), (3, "魚屋", "Otaru")):
        tool.does("register-shop", shop, name, municipality)


@pytest.fixture
def shopping(tool):
    receipts(tool)
    return tool


def buy(tool, account, shop, yen, digest, *args):
    return ("award", account, 5, "--shop", shop, "--yen", yen, "--receipt-digest", f"{digest:064x}", *args)


def as_defined(tool, quest):
    (found,) = [row for row in tool.rows("programme", "quests") if row["quest"] == quest]
    return found


def test_quests_of_every_kind(daemon, shopping):
    tool = shopping
    assert as_defined(tool, 5) == {
        "quest": 5, "name": "レシート", "period": "DAILY", "times": 3, "points": None, "cap_points": 0, "budget_points": 50_000,
        "first_day": "2021-11-01", "last_day": "2022-02-25", "grace_s": 0, "campaign": 1, "residents_max": None,
        "municipalities": None, "receipt_steps": "500=50 1000=120", "bonus": "2 municipalities: 300 points",
        "expires": "never"}
    tool.does("define-quest", 6, "朝", *AUTUMN, "--points", 10, "--period", "Monthly", "--times", 1, "--municipality", "小樽",
              "--municipality", "011002", "--residents-max", 1)
    row = as_defined(tool, 6)
    assert [row[n] for n in ("period", "times", "points", "residents_max", "municipalities", "receipt_steps")] == [
        "MONTHLY", 1, 10, 1, "011002 札幌市, 012033 小樽市", None]
    tool.does("set-budget", 6, 1_000, *TWO)
    tool.refused("NOT_ELIGIBLE", "award", resident(tool, "恵庭"), 6)
    tool.does("award", resident(tool), 6)
    tool.refused("RESIDENTS_FULL", "award", resident(tool), 6)
    tool.does("define-quest", 7, "一度", *AUTUMN, "--points", 10, "--period", "once")
    assert as_defined(tool, 7)["period"] == "ONCE"
    tool.refused("CAMPAIGN_UNKNOWN", "define-quest", 8, "x", *AUTUMN, "--points", 1, "--campaign", 2)


@pytest.mark.parametrize("args,said", [
    ((), "Give --points, or --step"), (("--points", 1, "--step", "1=1"), "--points or --step, not both"),
    (("--step", "500"), "should be YEN=POINTS"), (("--step", "=50"), "no whole number from 1"),
    (("--step", "0=5"), "no whole number from 1"), (("--step", "5=x"), '--step, POINTS: "x"'),
    (("--step", "5=1", "--step", "5=2"), "5 yen stand there twice"), (("--points", 1, "--times", 0), "no whole number from 1"),
    (("--step", "5=1", "--bonus-points", 5), "go together"), (("--points", 1, "--bonus-points", 5), "go together"),
    (("--points", 1, "--bonus-points", 5, "--bonus-municipalities", 2), "for a receipt quest"),
    (("--points", 1, "--municipality", "小樽", "--municipality", "12033"), "--municipality 012033 is given twice"),
    (("--points", 1, "--municipality", "函館"), "no municipality"), (("--points", 1, "--cap", 1, "--cap", 2), "--cap is given twice"),
    (("--points", 1, *(["--step", "1=1"] * 21)), "at most 20 steps"), (("--points", 1, "--campaign", 0), "from 1 to 1000000000"),
    (("--points", 1, "--times", 256), "from 1 to 255"), (("--points", 0), "from 1 to 1000000"), (("--points", 1_000_001), "from 1 to 1000000"),
    (("--step", "500=10", "--step", "400=20"), "400 yen come after 500; give the steps with their amounts ascending"),
    (("--step", "500=10", "--step", "600=9"), "500 yen would earn 10 points and 600 yen only 9: spending more would earn less"),
    (("--step", "1=1000001"), "from 1 to 1000000"), (("--step", "1000000001=1"), "from 1 to 1000000000"),
    (("--points", 5, "--cap", 4), "--cap: 4 is less than the 5 points of one award"),
    (("--step", "1=5", "--step", "2=9", "--cap", 4), "--cap: 4 is less than the 5 points"),
    (("--points", 1, "--grace-hours", 60 * 7 * 24 + 1), "--grace-hours: this quest may have at most 10080, which are 60 of its periods"),
    (("--points", 1, "--times", 2, "--grace-hours", 4 * 7 * 24 + 1), "at most 672, which are 4 of its periods"),
    (("--points", 1, "--expires", "3661d"), "days after the award are 1 to 3660, months 1 to 120"),
    (("--points", 1, "--expires", "121m"), "months 1 to 120"),
    (("--points", 1, "--expires", "2022-02-24"), "the day should not be before the quest's last"),
    (("--step", "1=1", "--bonus-municipalities", 13, "--bonus-points", 1), "--bonus-municipalities: the ledger has 12"),
], ids=lambda value: "")
def test_definitions_that_are_no_use(daemon, tool, args, said):
    before = daemon.look()
    assert said in tool.refuses("define-quest", 1, "x", *AUTUMN, *args)
    assert daemon.look() == before


def test_quests_change(daemon, shopping, tmp_path):
    tool, before = shopping, as_defined(shopping, 5)

    def changed(*args, **expected):
        nonlocal before
        tool.does("change-quest", 5, *args, *TWO)
        now = as_defined(tool, 5)
        assert now == before | expected
        before = now
    changed("--last", "2021-12-31", last_day="2021-12-31")
    changed("--name", "レシート 2", "--cap", 900, name="レシート 2", cap_points=900)
    changed("--municipality", "札幌", "--municipality", "江別", municipalities="011002 札幌市, 012173 江別市")
    changed("--residents-max", 7, "--grace-hours", 24, residents_max=7, grace_s=86_400)
    changed("--step", "300=30", receipt_steps="300=30")
    changed("--bonus-points", 400, bonus="2 municipalities: 400 points")
    changed("--bonus-municipalities", 0, bonus=None)
    changed("--municipality", "all", "--residents-max", 0, "--cap", 0, municipalities=None, residents_max=None, cap_points=0)
    assert "say what changes" in tool.refuses("change-quest", 5, *TWO)
    assert "no quest has the number 9" in tool.refuses("change-quest", 9, "--last", "2021-12-31", *TWO)
    assert "two operators must sign" in tool.refuses("change-quest", 5, "--last", "2021-12-31")
    assert "--points or --step, not both" in tool.refuses("change-quest", 5, "--points", 3, *TWO)
    assert "no option --period" in tool.refuses("change-quest", 5, "--period", "daily", *TWO)
    assert "the first day, 2021-11-01, is after the last, 2021-10-31" in tool.refuses("change-quest", 5, "--last", "2021-10-31", *TWO)
    for number in (0, 1_000_000_001):
        assert "from 1 to 1000000000" in tool.refuses("define-quest", number, "x", *AUTUMN, "--points", 1)
    assert as_defined(tool, 5) == before
    tool("change-quest", 5, "--last", "2022-01-01", "--out", tmp_path / "e")
    assert tool.row("show", tmp_path / "e")["fields"].startswith("definition=(quest=5 name=レシート 2 period=DAILY first_day=")
    assert " receipt=(steps=(amount_yen=300 points=30))" in tool.row("show", tmp_path / "e")["fields"]


def test_campaigns(daemon, shopping):
    tool, first, second = shopping, resident(shopping), resident(shopping, "小樽")
    tool.does("define-quest", 2, "歩く", *AUTUMN, "--points", 1_000, "--period", "daily", "--times", 255, "--campaign", 1)
    tool.does("set-budget", 2, 50_000, *TWO)
    for _ in range(5):
        tool.does("award", first, 2)
    tool.refused("CAP_REACHED", *buy(tool, first, 1, 1_000, 1))
    tool.does(*buy(tool, second, 1, 1_000, 1))
    assert tool.row("campaign", 1) == {
        "campaign": 1, "name": "巡って買って応援", "cap_points": 5_000, "budget_points": 100_000, "used_points": 5_120,
        "left_points": 94_880, "residents": 2, "quests": "2, 5"}
    assert tool.row("programme", "campaigns") == {
        "campaign": 1, "name": "巡って買って応援", "cap_points": 5_000, "budget_points": 100_000}
    tool.refused("CAMPAIGN_EXISTS", "define-campaign", 1, "x")
    assert "from 1 to" in tool.refuses("define-campaign", 0, "x")
    tool.refused("CAMPAIGN_UNKNOWN", "set-budget", 5, "--campaign", 2, *TWO)
    tool.refused("BUDGET_BELOW_ISSUED", "set-budget", 5, "--campaign", 1, *TWO)
    assert "NOT_FOUND" in tool.refuses("campaign", 2, code=4)
    assert "a quest's or a campaign's" in tool.refuses("set-budget", 1, 5, "--campaign", 1, *TWO)
    assert "of which quest" in tool.refuses("set-budget", 5, *TWO)
    assert "QUEST is missing" in tool.refuses("set-budget", *TWO)


def test_receipts(daemon, shopping, tmp_path):
    tool, account = shopping, resident(shopping)
    assert tool.does(*buy(tool, account, 1, 999, 1))["points"] == 50
    (tmp_path / "receipt").write_bytes(bytes(32))
    by_file = ("award", account, 5, "--shop", 2, "--yen", 1_000, "--receipt-file", tmp_path / "receipt")
    assert tool.does(*by_file)["points"] == 420
    tool.refused("EVIDENCE_USED", *by_file)
    entry = daemon.client("auditor").whole_statement(uuid.UUID(account).bytes)[0][1].transaction.award
    assert entry.receipt == tx.Receipt(digest=hashlib.sha256(bytes(32)).digest(), shop=2, municipality=12_351, amount_yen=1_000)
    tool.refused("RECEIPT_INVALID", *buy(tool, account, 1, 499, 2))
    tool.refused("RECEIPT_INVALID", "award", account, 5)
    tool.does("close-shop", 1, "--last", "2021-10-31")
    tool.refused("SHOP_CLOSED", *buy(tool, account, 1, 500, 3))
    tool.refused("SHOP_CLOSED", "close-shop", 1, "--last", "2021-10-31")
    tool.refused("SHOP_UNKNOWN", "close-shop", 9, "--last", "2021-10-31")
    tool.refused("SHOP_EXISTS", "register-shop", 1, "x", "札幌")
    assert "from 1 to" in tool.refuses("register-shop", 0, "x", "札幌")
    assert [(r["shop"], r["name"], r["municipality"], r["last_day"]) for r in tool.rows("programme", "shops")] == [
        (1, "八百屋", "011002", "2021-10-31"), (2, "道の駅石狩", "012351", None), (3, "魚屋", "012033", None)]
    assert tool.rows("statement", account)[-2]["detail"] == "quest 5 レシート, 2021-11-01 09:00:00, 999 yen at shop 1 八百屋, 札幌市"
    before, digest = daemon.look(), "a" * 64
    for args, said in [(("--shop", 1, "--yen", 500), "--receipt-digest HEX or --receipt-file FILE"),
                       (("--receipt-digest", digest, "--receipt-file", "x", "--shop", 1, "--yen", 5), "one of them"),
                       (("--receipt-digest", digest, "--yen", 500), "--shop is missing"),
                       (("--receipt-digest", digest, "--shop", 1), "--yen is missing"),
                       (("--receipt-digest", digest[1:], "--shop", 1, "--yen", 5), "is not 64 hex digits"),
                       (("--receipt-digest", "z" * 64, "--shop", 1, "--yen", 5), f'"{"z" * 57}…" is not 64 hex digits'),
                       (("--receipt-file", tmp_path / "none", "--shop", 1, "--yen", 5), "cannot read"),
                       (("--receipt-digest", digest, "--shop", 9, "--yen", 5), "no shop has the number 9")]:
        assert said in tool.refuses("award", account, 5, *args), args
    assert daemon.look() == before


def test_circulation(daemon, shopping):
    tool, first, second, third = shopping, resident(shopping), resident(shopping), resident(shopping, "小樽")
    assert tool("circulation").stdout == "(no circulation)\n" and tool.rows("circulation") == []
    for number, (account, shop, yen) in enumerate([(first, 1, 1_500), (first, 1, 700), (second, 1, 800), (second, 2, 600),
                                                   (third, 2, 500)]):
        tool.does(*buy(tool, account, shop, yen, number))
    tool.does("set-time", "2021-12-02")
    tool.does(*buy(tool, third, 3, 2_500, 9))

    def rows(*args):
        return [(r["month"], r["home_name_en"], r["place_name_en"], r["receipts"], r["amount_yen"], r["residents"], r["points"])
                for r in tool.rows("circulation", *args)]
    november = [("2021-11-01", "Sapporo", "Sapporo", 3, 3_000, 2, 220), ("2021-11-01", "Sapporo", "Ishikari", 1, 600, 1, 350),
                ("2021-11-01", "Otaru", "Ishikari", 1, 500, 1, 50)]
    december = [("2021-12-01", "Otaru", "Otaru", 1, 2_500, 1, 420)]
    assert rows() == rows("--quest", 5) == november + december
    assert rows("--from", "2021-12-31") == december and rows("--to", "2021-11-01") == november
    assert [tuple(row.values())[6:] for row in tool.csv_rows("circulation")] == [
        (name_en, *map(str, numbers)) for _, _, name_en, *numbers in november + december]
    blocks = [block.splitlines() for block in tool("circulation").stdout.split("\n\n")]
    assert [block[0].split(":")[0] for block in blocks] == ["2021-11", "2021-12"] and [len(b) for b in blocks] == [15, 15]
    names = [row["name_ja"] for row in tool.rows("programme", "municipalities")]
    assert blocks[0][1].split() == ["HOME", *names, "TOTAL"] and [line.split()[0] for line in blocks[0][2:]] == [*names, "total"]
    sapporo = blocks[0][2].split()
    assert (sapporo[1], sapporo[names.index("石狩市") + 1], sapporo[-1]) == ("3,000", "600", "3,600")
    assert blocks[0][-1].split()[-1] == "4,100" and blocks[1][-1].split()[2] == "2,500"
    residents = tool("circulation", "--show", "residents").stdout
    assert "total" not in residents.lower() and residents.splitlines()[2].split()[1] == "2"
    assert tool("circulation", "--show", "receipts").stdout.splitlines()[2].split()[-1] == "4"
    assert tool("circulation", "--show", "points").stdout.splitlines()[2].split()[-1] == "570"
    assert rows("--key", "municipality-012033") == november[2:] + december
    assert rows("--key", "municipality-011002") == november[:2]
    assert "none of: amount, receipts, residents, points" in tool.refuses("circulation", "--show", "luck")
    assert "--csv and --json have it all" in tool.refuses("circulation", "--show", "points", "--csv")


# ---- accounts that close, freeze, merge

def test_closed_and_frozen_accounts(daemon, begun):
    tool, account = begun, earner(begun)

    def status():
        row = tool.row("account", account)
        return row["status"], row["merged_into"]
    assert status() == ("OPEN", None)
    tool.does("freeze-account", account, "--reason", "電話の紛失")
    assert status() == ("FROZEN", None)
    tool.refused("ACCOUNT_FROZEN", "donate", account, "札幌", 1, 1)
    tool.refused("ACCOUNT_FROZEN", "close-account", account)
    tool.does("unfreeze-account", account)
    tool.refused("ACCOUNT_NOT_FROZEN", "unfreeze-account", account)
    waiting = tool.does("convert", account, 10)["id"]
    tool.refused("CONVERSION_PENDING", "close-account", account)
    tool.does("settle", waiting)
    assert tool.does("close-account", account)["points"] == 90
    assert status() == ("CLOSED", None)
    tool.refused("ACCOUNT_CLOSED", "award", account, 1)
    rows = tool.rows("statement", account)
    assert [(r["type"], r["detail"], r["points"], r["balance_points"]) for r in rows[:2] + rows[-3:-2]] == [
        ("award", "quest 1 エコ袋, 2021-11-01 09:00:00", 0, 0), ("close-account", None, -90, 0),
        ("freeze-account", "電話の紛失", 0, 100)]
    assert [r["detail"] for r in rows if r["type"] == "open-account"] == ["in 札幌市"]
    assert "NOT_PERMITTED" in tool.refuses("freeze-account", account, "--key", "app", code=4)
    assert "reason" in tool.refuses("freeze-account", account, "--reason", "x" * 201)


def test_merged_accounts(daemon, begun):
    tool, account, merged = begun, earner(begun), earner(begun, "小樽")
    tool.does("donate", merged, "小樽", 1, 30)
    tool.refused("MERGE_INVALID", "merge-accounts", account, account)
    assert tool.does("merge-accounts", account, merged)["points"] == 70
    assert [tool.row("account", merged)[n] for n in ("status", "merged_into", "balance_points")] == ["MERGED", account, 0]
    tool.refused("ALREADY_AWARDED", "award", account, 1)
    tool.refused("ACCOUNT_CLOSED", "award", merged, 1)
    assert [(r["type"], r["detail"], r["points"], r["balance_points"]) for r in tool.rows("statement", account)] == [
        ("award", "quest 1 エコ袋, 2021-11-01 09:00:00", 0, 170), ("merge-accounts", f"with {merged}", 70, 170),
        ("merge-accounts", f"with {account}", 0, 100), ("award", "quest 1 エコ袋, 2021-11-01 09:00:00", 100, 100),
        ("open-account", "in 札幌市", 0, 0)]
    old = tool("statement", merged, "--json")
    assert f"merged into {account}, which has taken its 70 points, " in old.stderr
    rows = tool.rows("statement", merged)
    assert [(r["type"], r["outcome"], r["points"], r["balance_points"]) for r in rows] == [
        ("award", "ACCOUNT_CLOSED", 0, 0), ("donate", "APPLIED", -30, 70), ("award", "APPLIED", 100, 100),
        ("open-account", "APPLIED", 0, 0)]
    assert tool.rows("statement", merged, "--limit", 2) == rows[:2]


# ---- expiry, corrections, payments

def expiring(tool, quest, expires, *args, points=100):
    """A daily quest whose points expire, with a budget."""
    tool.does("define-quest", quest, f"期限 {expires}", *AUTUMN, "--points", points, "--period", "daily", "--expires", expires, *args)
    tool.does("set-budget", quest, 10_000, *TWO)


def adds_up(tool, account, *args):
    """The statement, whose lines must follow from each other."""
    rows = tool.rows("statement", account, *args)
    for newer, older in zip(rows, rows[1:]):
        assert newer["balance_points"] == older["balance_points"] + newer["expired_points"] + newer["points"], (newer, older)
    return rows


def brief(rows):
    return [(r["type"], r["expired_points"], r["points"], r["balance_points"]) for r in rows]


@pytest.mark.parametrize("expires,last_day", [
    ("never", None), ("2022-03-01", "2022-03-01"), ("90d", "2022-01-30"), ("1d", "2021-11-02"), ("3m", "2022-02-01"),
    ("fiscal-year", "2022-03-31"), ("next-fiscal-year", "2023-03-31")])
def test_when_points_expire(tool, expires, last_day):
    expiring(tool, 8, expires)
    account = resident(tool)
    tool.does("award", account, 8)
    assert as_defined(tool, 8)["expires"] == expires
    lots = [{"last_day": last_day, "points": 100}] if last_day else []
    assert tool.rows("account", account, "--lots") == lots
    shown = tool("account", account).stdout
    assert ("will expire" in shown) == bool(lots) and (not lots or shown.splitlines()[-1].split() == [last_day, "100"])
    tool.does("change-quest", 8, "--expires", "never", *TWO)
    assert as_defined(tool, 8)["expires"] == "never" and tool.rows("account", account, "--lots") == lots


def test_expiry_in_another_form(daemon, tool, tmp_path):
    before = daemon.look()
    for wrong in ("", "d", "90", "0d", "-1d", "3 m", "3y", "2022-02-30", "Never", "99999999999d"):
        assert "is none of: never, a day" in tool.refuses("define-quest", 8, "x", *AUTUMN, "--points", 1, "--expires", wrong)
    assert daemon.look() == before
    tool("define-quest", 8, "x", *AUTUMN, "--points", 1, "--expires", "2022-03-01", "--out", tmp_path / "e")
    assert tool.row("show", tmp_path / "e")["fields"].endswith("expiry=(kind=ON_DAY value=19052 (2022-03-01))")
    assert "two tables" in tool.refuses("account", "0" * 32, "--lots", "--quests")


def test_expired_points_leave_the_balance(daemon, begun):
    tool = begun
    expiring(tool, 8, "1d")
    first, second = earner(tool), resident(tool, "小樽")
    for account in (first, second):
        tool.does("award", account, 8)
    assert [(r["last_day"], r["municipality"], r["points"], r["expired"]) for r in tool.rows("expiry")] == [
        ("2021-11-02", S, 100, False), ("2021-11-02", O, 100, False)]
    tool.does("donate", first, "札幌", 1, 30)
    tool.does("set-time", "2021-11-03 08:00")
    resident(tool)  # in the first block of that day
    done = tool("statement", first, "--json")
    assert "70 points have expired: the balance is 100 now" in done.stderr
    assert adds_up(tool, first)[0]["balance_points"] == 170 and tool.row("account", first)["balance_points"] == 100
    assert tool.rows("account", first, "--lots") == []
    tool.refused("BALANCE_INSUFFICIENT", "donate", first, "札幌", 1, 101)
    tool.does("award", first, 8)
    assert brief(adds_up(tool, first)) == [
        ("award", 0, 100, 200), ("donate", -70, 0, 100), ("donate", 0, -30, 170), ("award", 0, 100, 200), ("award", 0, 100, 100),
        ("open-account", 0, 0, 0)]
    assert "expired" not in tool("statement", first).stderr
    rows = [("2021-11-02", S, 70, True), ("2021-11-02", O, 100, True), ("2021-11-04", S, 100, False)]

    def expiry(*args):
        return [(r["last_day"], r["municipality"], r["points"], r["expired"]) for r in tool.rows("expiry", *args)]
    assert expiry() == rows
    assert expiry("--municipality", "小樽") == expiry("--key", "municipality-012033") == rows[1:2]
    assert expiry("--from", "2021-11-03") == rows[2:] and expiry("--to", "2021-11-02") == rows[:2]
    total = {n: sum(r[n] for r in tool.rows("trial-balance")) for n in ("expired", "balances")}
    assert total == {"expired": 170, "balances": 200}


def test_a_merge_when_both_have_expired_points(begun):
    tool = begun
    expiring(tool, 8, "1d")
    account, merged = earner(tool), earner(tool)
    for one in (account, merged):
        tool.does("award", one, 8)
    tool.does("donate", merged, "札幌", 1, 20)
    tool.does("set-time", "2021-11-05")
    assert tool.does("merge-accounts", account, merged)["points"] == 100
    assert brief(adds_up(tool, account))[0] == ("merge-accounts", -100, 100, 200)
    assert "has taken its 180 points, less what had expired by then" in tool("statement", merged).stderr
    assert adds_up(tool, merged)[0]["balance_points"] == 180


def test_reversed_awards(daemon, begun):
    tool, account = begun, resident(begun)
    award = tool.does("award", account, 1)["id"]
    tool.does("donate", account, "札幌", 1, 70)
    assert "two operators must sign" in tool.refuses("reverse", award, "--reason", "x")
    assert "--reason is missing" in tool.refuses("reverse", award, *TWO)
    assert "reason" in tool.refuses("reverse", award, "--reason", "x" * 201, *TWO)
    assert "reason" in tool.refuses("reverse", award, "--reason", "", *TWO)
    tool.refused("REVERSAL_UNKNOWN", "reverse", "1" * 32, "--reason", "二重", *TWO)
    done = tool.does("reverse", award, "--reason", "二重投稿", *TWO)
    assert done["points"] == 30 and held(daemon, account) == (SAPPORO, 0, 0)
    tool.refused("ALREADY_REVERSED", "reverse", award, "--reason", "x", *TWO)
    tool.refused("NOT_REVERSIBLE", "reverse", done["id"], "--reason", "x", *TWO)
    top = adds_up(tool, account)[0]
    detail = f"award {award}, 二重投稿; 70 of 100 points were spent already"
    assert (top["detail"], top["points"], top["balance_points"]) == (detail, -30, 0)
    assert tool.row("transaction", done["id"])["detail"] == detail
    row = tool.row("quest", 1)
    assert [row[n] for n in ("used_points", "awarded_points", "reversed_points", "shortfall_points")] == [70, 100, 30, 70]


def test_reversed_donations_and_conversions(daemon, begun):
    tool, account = begun, earner(begun)
    donation = tool.does("donate", account, "札幌", 1, 30)["id"]
    late = tool.does("donate", account, "札幌", 1, 5)["id"]
    waiting, settled = (tool.does("convert", account, points)["id"] for points in (20, 10))
    tool.does("settle", settled)
    tool.refused("NOT_REVERSIBLE", "reverse", settled, "--reason", "x", *TWO)
    tool.does("reverse", waiting, "--reason", "取消", *TWO)
    tool.does("set-time", "2021-11-15 23:59")
    tool.does("reverse", donation, "--reason", "誤り", *TWO)
    tool.does("set-time", "2021-11-16")
    tool.refused("NOT_REVERSIBLE", "reverse", late, "--reason", "x", *TWO)
    assert held(daemon, account) == (SAPPORO, 85, 0)
    rows = adds_up(tool, account)
    assert [(r["detail"], r["points"], r["balance_points"]) for r in rows[:2]] == [
        (f"donate {donation}, 誤り", 30, 85), (f"convert {waiting}, 取消", 20, 55)]

    def rows_of(*args):
        return [(r["from"], r["donations"], r["points"], r["reversed_donations"], r["reversed_points"])
                for r in tool.rows("totals", "--by", "day", *args)]
    assert rows_of() == [("2021-11-01", 2, 35, 0, 0), ("2021-11-15", 0, 0, 1, 30)]
    assert rows_of("--by-original") == [("2021-11-01", 2, 35, 1, 30)]
    assert tool("totals", "--by", "day").stdout.splitlines()[-1].split() == ["total", "2", "35", "1", "30"]
    daemon.stop()
    code, report = daemon.audit()
    assert code == 0 and re.search(r" コロナ対策 +2 +35 +1 +30 +1$", report, re.M), report


def test_settlements(daemon, given):
    tool = given  # on 2022-04-01
    open_rows = [(S, 1, 35), (S, 2, 4), (O, 1, 24), (O, 2, 40)]

    def still_open(*args):
        return [(r["municipality"], r["purpose"], r["open_points"]) for r in tool.rows("settlements", "--open", *args)]
    assert tool.rows("settlements") == [] and still_open() == open_rows
    pay = ("settle-donations", "札幌", 1, "--reference", "振込 117")
    assert "two operators must sign" in tool.refuses(*pay, "--to", "2022-03-31")
    assert "--to is missing" in tool.refuses(*pay, *TWO)
    tool.refused("SETTLEMENT_INVALID", *pay, "--to", "2022-04-01", *TWO)
    assert tool.does(*pay, "--to", "2022-03-31", *TWO)["points"] == 3
    tool.does("set-time", "2022-04-02")
    tool.refused("NOTHING_TO_SETTLE", "settle-donations", "石狩", 1, "--to", "2022-04-01", "--reference", "x", *TWO)
    assert tool.does("settle-donations", "小樽", 2, "--to", "2022-04-01", "--reference", "118", *TWO)["points"] == 40
    assert [(r["day"], r["municipality"], r["purpose"], r["to_day"], r["points"], r["reference"]) for r in tool.rows("settlements")] == [
        ("2022-04-01", S, 1, "2022-03-31", 3, "振込 117"), ("2022-04-02", O, 2, "2022-04-01", 40, "118")]
    assert still_open() == [(S, 1, 32), (S, 2, 4), (O, 1, 24)]
    assert [r["points"] for r in tool.rows("settlements", "--purpose", 2)] == [40] and still_open("--purpose", 2) == [(S, 2, 4)]
    assert [r["points"] for r in tool.rows("settlements", "--municipality", "札幌")] == [3]
    assert still_open("--key", "municipality-012033") == [(O, 1, 24)]
    shown = tool("settlements").stdout
    assert "振込 117" in shown and "Open, up to now:" in shown and "コロナ対策" in shown
    (gift,) = [r["id"] for r in tool.rows("statement", tool.otaru) if r["type"] == "donate" and r["points"] == -40]
    tool.does("reverse", gift, "--reason", "誤り", *TWO)
    assert (O, 2, -40) in still_open()


def test_conversions_that_wait_for_long(begun):
    tool, account = begun, earner(begun)
    old = tool.does("convert", account, 10)["id"]
    tool.does("set-time", "2021-11-03 09:00")
    new = tool.does("convert", account, 20)["id"]

    def waiting(*args):
        return [r["conversion"] for r in tool.rows("conversions", *args)]
    assert waiting() == waiting("--older-than", 0) == [old, new]
    assert waiting("--older-than", 2) == [old] and waiting("--older-than", 3) == []
    assert "no whole number" in tool.refuses("conversions", "--older-than", "x")


# ---- asking

def test_statement_in_pages(daemon, begun):
    account = earner(begun)
    data = uuid.UUID(account).bytes
    one = tx.Donate(account=data, municipality=SAPPORO, purpose=1, points=1)
    daemon.client().submit([tx.Transaction(id=pc.new_uuid7(), donate=one) for _ in range(230)], [daemon.keys["app"]])
    entries, balance = daemon.client("auditor").whole_statement(data)
    rows = begun.rows("statement", account)
    assert balance == 0 and len(rows) == 232
    assert [(r["sequence"], r["id"]) for r in rows] == [(e.sequence, str(uuid.UUID(bytes=e.transaction.id))) for e in entries]
    assert [r["balance_points"] for r in rows] == [0] * 131 + list(range(1, 101)) + [0]
    assert [r["points"] for r in rows] == [0] * 130 + [-1] * 100 + [100, 0]
    assert [r["outcome"] for r in rows] == ["BALANCE_INSUFFICIENT"] * 130 + ["APPLIED"] * 102
    for limit in (1, 100, 150, 232, 1_000):
        assert begun.rows("statement", account, "--limit", limit) == rows[:limit]
    assert "no whole number from 1" in begun.refuses("statement", account, "--limit", 0)
    assert "NOT_FOUND" in begun.refuses("statement", "1" * 32, code=4)


@pytest.fixture
def given(begun):
    """Donations on four days of two fiscal years, in two municipalities, for two purposes."""
    tool = begun
    tool.does("define-purpose", 2, 'まち, "みどり"', "--first", "2021-11-01", "--last", "2022-05-31")
    sapporo, otaru = earner(tool), earner(tool, "小樽")
    tool.otaru = otaru
    for time, donations in (("2021-11-01 10:00", [(sapporo, "札幌", 1, 1), (sapporo, "札幌", 1, 2)]),
                            ("2021-11-30 23:59", [(sapporo, "札幌", 2, 4), (otaru, "小樽", 1, 8)]),
                            ("2021-12-01 00:00", [(otaru, "小樽", 1, 16)]),
                            ("2022-04-01 00:00", [(sapporo, "札幌", 1, 32), (otaru, "小樽", 2, 40)])):
        tool.does("set-time", time)
        for account, municipality, purpose, points in donations:
            tool.does("donate", account, municipality, purpose, points)
    return tool


def totals(tool, *args):
    return [(r["from"], r["municipality"], r["purpose"], r["donations"], r["points"]) for r in tool.rows("totals", *args)]


S, O = "011002", "012033"


def test_totals(daemon, given):
    tool = given
    assert totals(tool) == totals(tool, "--by", "whole") == [
        (None, S, 1, 3, 35), (None, S, 2, 1, 4), (None, O, 1, 2, 24), (None, O, 2, 1, 40)]
    assert totals(tool, "--by", "day") == [
        ("2021-11-01", S, 1, 2, 3), ("2021-11-30", S, 2, 1, 4), ("2021-11-30", O, 1, 1, 8), ("2021-12-01", O, 1, 1, 16),
        ("2022-04-01", S, 1, 1, 32), ("2022-04-01", O, 2, 1, 40)]
    assert totals(tool, "--by", "month", "--municipality", "小樽") == [
        ("2021-11-01", O, 1, 1, 8), ("2021-12-01", O, 1, 1, 16), ("2022-04-01", O, 2, 1, 40)]
    assert totals(tool, "--by", "fiscal-year", "--purpose", 1) == [
        ("2021-04-01", S, 1, 2, 3), ("2021-04-01", O, 1, 2, 24), ("2022-04-01", S, 1, 1, 32)]
    assert totals(tool, "--from", "2021-11-02", "--to", "2021-12-01") == [
        ("2021-11-02", S, 2, 1, 4), ("2021-11-02", O, 1, 2, 24)]
    assert totals(tool, "--from", "2022-04-02") == []
    units = {"whole": api.WHOLE, "day": api.DAY, "month": api.MONTH, "fiscal-year": api.FISCAL_YEAR}
    for by, unit in units.items():
        rows = daemon.client("auditor").donation_totals(unit, from_day=18_932)
        got = totals(tool, "--by", by, "--from", "2021-11-01")
        assert [row[1:] for row in got] == [(f"{r.municipality:06}", r.purpose, r.donations, r.points) for r in rows]
    assert "none of: whole, day, month, fiscal-year" in tool.refuses("totals", "--by", "week")


def test_totals_name_the_purpose(given):
    tool = given
    names = {1: "コロナ対策", 2: 'まち, "みどり"'}
    for rows in (tool.rows("totals"), tool.csv_rows("totals")):
        assert [r["purpose_name"] for r in rows] == [names[int(r["purpose"])] for r in rows]
    lines = tool("totals").stdout.splitlines()
    assert 'まち, "みどり"' in lines[2] and lines[-1].split() == ["total", "7", "103", "0", "0"]
    assert "total" not in tool("totals", "--municipality", "札幌", "--purpose", 1).stdout, "one row needs no sum"


def test_totals_that_a_municipality_sees(given):
    tool, own = given, ("--key", "municipality-012033")
    theirs = [row for row in totals(tool) if row[1] == O]
    assert totals(tool, *own) == totals(tool, *own, "--municipality", "小樽") == theirs
    said = tool.refuses("totals", *own, "--municipality", "札幌", code=4)
    assert "NOT_PERMITTED" in said and said.endswith("this key may not ask that; use the right one with --key\n")
    said = tool.refuses("totals", *own, "--from", "2021-11-02", "--to", "2021-11-01", code=4)
    assert "points: OUT_OF_RANGE: --to is before --from\n" in said and "from_day" not in said
    for key in ("app", "waon"):
        assert "NOT_PERMITTED" in tool.refuses("totals", "--key", key, code=4)
    tool.does("set-policy", "totals-shared", 1, *TWO)
    assert totals(tool, *own) == totals(tool)


def test_quest(daemon, begun):
    tool = begun
    first, second = earner(tool), earner(tool, "小樽")
    tool.does("set-time", "2021-11-15")
    for account in (first, second, resident(tool, "小樽")):
        tool.does("award", account, 1)
    assert tool.row("quest", 1) == {
        "quest": 1, "name": "エコ袋", "first_day": "2021-11-01", "last_day": "2022-05-31", "award_points": 100,
        "cap_points": 0, "budget_points": 10_000_000, "used_points": 500, "left_points": 9_999_500, "residents": 3,
        "awarded_points": 500, "reversed_points": 0, "shortfall_points": 0}
    by_municipality = {r["municipality"]: (r["residents"], r["awards"], r["awarded_points"])
                       for r in tool.rows("quest", 1, "--by", "municipality") if r["awards"]}
    assert by_municipality == {S: (1, 2, 200), O: (2, 3, 300)}
    periods = [("2021-11-01", S, 1, 100), ("2021-11-01", O, 1, 100), ("2021-11-15", S, 1, 100), ("2021-11-15", O, 2, 200)]

    def by_period(*args):
        return [(r["first_day"], r["municipality"], r["awards"], r["awarded_points"]) for r in tool.rows("quest", 1, "--by", "period", *args)]
    assert by_period() == periods
    assert by_period("--from", "2021-11-08") == by_period("--from", "2021-11-21") == periods[2:]
    assert by_period("--to", "2021-11-14") == periods[:2]
    assert by_period("--from", "2021-11-08", "--to", "2021-11-14") == []
    assert by_period("--key", "municipality-012033") == [periods[1], periods[3]]
    own = tool.row("quest", 1, "--key", "municipality-012033")
    assert [own[n] for n in ("budget_points", "used_points", "left_points", "residents", "awarded_points", "reversed_points")] == [
        None, None, None, 2, 300, None]
    assert "NOT_FOUND" in tool.refuses("quest", 2, code=4)
    assert "NOT_PERMITTED" in tool.refuses("quest", 1, "--key", "waon", code=4)


def test_trial_balance(daemon, given):
    rows = given.rows("trial-balance")
    assert len(rows) == 12 and "total" not in given("trial-balance", "--csv").stdout, "machines add up themselves"
    assert {n: sum(row[n] for row in rows) for n in BOOKS} == books(daemon)
    head, *_, last = given("trial-balance").stdout.splitlines()
    assert last.split() == ["total", "2", "200", "97", "0", "103", "0", "0", "0", "0", "0", "0"] and "ACCOUNTS ISSUED BALANCES" in head
    assert {r["municipality"]: (r["accounts"], r["balances"], r["donated"]) for r in rows if r["accounts"]} == {
        S: (1, 61, 39), O: (1, 36, 64)}
    assert "NOT_PERMITTED" in given.refuses("trial-balance", "--key", "app", code=4)


def test_long_lists(daemon, begun):
    """More rows than one answer holds: purposes, totals, conversions."""
    key, client = daemon.keys["app"], daemon.client()
    purposes = [tx.DefinePurpose(purpose=n, name=f"使い道 {n}", first_day=18_932, last_day=19_000) for n in range(2, 211)]
    client.submit([tx.Transaction(id=pc.new_uuid7(), define_purpose=p) for p in purposes], [daemon.keys["operator-1"]])
    begun.does("define-quest", 2, "大きい", "--points", 100_000, "--first", "2021-11-01", "--last", "2021-11-30")
    begun.does("set-budget", 2, 10_000_000, *TWO)
    homes = {pc.new_uuid7(): row.code for row in client_programme(daemon)}
    for account, home in homes.items():
        bodies = [dict(open_account=tx.OpenAccount(account=account, municipality=home)),
                  dict(award=tx.Award(account=account, quest=2, occurred_at=jst(2021, 11, 1)))]
        bodies += [dict(donate=tx.Donate(account=account, municipality=home, purpose=n, points=n)) for n in range(1, 211)]
        bodies += [dict(request_conversion=tx.RequestConversion(account=account, points=n)) for n in range(1, 51)]
        reply = client.submit([tx.Transaction(id=pc.new_uuid7(), **body) for body in bodies], [key])
        assert set(pc.codes(reply)) == {"APPLIED"}
    assert len(begun.rows("programme", "purposes")) == 210
    rows = begun.rows("totals")
    assert [(r["municipality"], r["purpose"], r["points"]) for r in rows] == [
        (f"{home:06}", n, n) for home in sorted(homes.values()) for n in range(1, 211)]
    assert rows[-1]["purpose_name"] == "使い道 210"
    waiting = begun.rows("conversions")
    assert [r["points"] for r in waiting] == list(range(1, 51)) * 12 and len({r["conversion"] for r in waiting}) == 600


def client_programme(daemon):
    return daemon.client("auditor").programme(api.MUNICIPALITIES)


def test_checkpoint_and_status(daemon, tool):
    note = tool("checkpoint").stdout
    status = tool.row("status")
    size, _ = pc.check_note(note, status["origin"], daemon.checkpoint_key)
    assert size == status["blocks"] == 1 and status["transactions"] == 0
    assert tool.row("checkpoint")["note"] == note
    assert status["ledger_id"] == daemon.client().ledger_id.hex()
    resident(tool)
    assert pc.check_note(tool("checkpoint").stdout, status["origin"], daemon.checkpoint_key)[0] == 2


QUERIES = [("totals",), ("totals", "--by", "day"), ("quest", 1), ("quest", 1, "--by", "municipality"),
           ("quest", 1, "--by", "period"), ("trial-balance",), ("conversions",), ("checkpoint",), ("status",)] + [
               ("programme", part) for part in ("municipalities", "quests", "campaigns", "shops", "purposes", "policies", "keys")]


def in_csv(cell):
    return {None: "", False: "no", True: "yes"}.get(cell if isinstance(cell, (bool, type(None))) else "", str(cell))


def test_the_three_forms_say_the_same(given):
    tool, account = given, earner(given)
    receipts(tool)
    tool.does("define-quest", 8, "期限", "--first", "2021-11-01", "--last", "2022-05-31", "--points", 50, "--expires", "90d")
    tool.does("set-budget", 8, 100, *TWO)
    tool.does("award", account, 8)
    tool.does("settle-donations", "札幌", 1, "--to", "2022-03-31", "--reference", "1", *TWO)
    reversal = tool.does("reverse", tool.does("donate", account, "札幌", 1, 1)["id"], "--reason", "x", *TWO)["id"]
    conversion = tool.does("convert", account, 7)["id"]
    for query in QUERIES + [("campaign", 1), ("account", account), ("account", account, "--quests"), ("statement", account),
                            ("account", account, "--lots"), ("transaction", conversion), ("transaction", reversal), ("expiry",),
                            ("settlements",), ("settlements", "--open"), ("totals", "--by-original")]:
        rows = tool.rows(*query)
        as_text = [{name: in_csv(cell) for name, cell in row.items()} for row in rows]
        assert rows and tool.csv_rows(*query) == as_text, query
        if query == ("checkpoint",):
            continue
        rows = [{name: in_csv(cell) if isinstance(cell, bool) else cell for name, cell in row.items() if name != "reason"}
                for row in rows]  # people see reasons below the table
        lines = tool(*query).stdout.splitlines()
        assert lines[0].split() == [word for name in rows[0] for word in name.upper().split("_")], query
        for row, line in zip(rows, lines[1:]):  # people may have a line with totals below
            cells = [f"{cell:,}" if isinstance(cell, int) and f"{cell:,}" in line else str(cell)
                     for name, cell in row.items() if cell is not None
                     and not (name == "value" and row["policy"] == "CONVERSION_OPENS_AT")]  # for people its meaning, a time
            assert re.fullmatch(r"\s*" + r"\s+".join(map(re.escape, cells)) + r"\s*", line), (query, line, cells)


def test_output_that_cannot_be_written(tool):
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = tool.start("programme", "keys", "--csv", stdout=full, stderr=-1)
        message = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and b"cannot write the output" in message
