"""The programme of 2021/22, small: the generator checks every outcome and total itself; here its report is held against
the daemon's answers, its ledger against the model in Python, and both against the audit."""
import hashlib
import pathlib
import re
import subprocess

import pytest

import compare
import model as rules
import pointsclient as pc
from conftest import binary
from pointsclient import api

SDGS, RECEIPTS, OUTINGS, CAMPAIGN = 1, 2, 3, 1
OUTCOMES = {  # what happens in any season, be it small
    "TOO_LATE", "ALREADY_AWARDED", "CAP_REACHED", "RECEIPT_INVALID", "EVIDENCE_USED", "BALANCE_INSUFFICIENT",
    "CONVERSION_NOT_PENDING", "ALREADY_REVERSED", "NOTHING_TO_SETTLE", "NOTICE_WITHDRAWN", "NOTICE_ERASED"}


def run(daemon, *arguments):
    program = pathlib.Path(binary("pointsd")).parent / "tests" / "campaign" / "points-campaign"
    return subprocess.run([program, "--dir", daemon.dir, *arguments], capture_output=True, text=True, timeout=60, check=False)


def play(daemon, *arguments):
    """Plays a season; what was printed. The generator fails at the first outcome or total that it does not expect."""
    done = run(daemon, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table(printed, title):
    """The rows of a table in the report: {the first column: [the others' numbers]}."""
    lines = re.split(r"\n\n|\nissued ", printed.split(f"\n{title}")[1])[0].splitlines()[2:]
    rows = [re.fullmatch(r"(.*?)((?: +-?[\d,]+)+)", line) for line in lines]
    return {row[1]: [int(n) for n in row[2].replace(",", "").split()] for row in rows if row}


def refused(printed):
    """The outcomes of the report's last paragraph, with their numbers."""
    words = printed.split("Refused, each as expected:")[1].split(".\n")[0]
    return {name: int(number.replace(",", "")) for name, number in re.findall(r"([A-Z_]+) ([\d,]+)", words)}


@pytest.mark.parametrize("variant", ["normal", "small-budget"])
@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_season(daemon, variant, seed):
    printed = play(daemon, "--residents-per", "1000", "--seed", seed, "--variant", variant)
    assert len(printed.splitlines()) <= 75, "the report is to be read, not scrolled"
    quests = table(printed, "The quests")
    left = {name: row[2] for name, row in quests.items()}
    assert all(issued > 0 for _, issued, *_ in quests.values())
    assert (left["SDGsクエスト"] < 100) == (left["巡って買って応援"] < 100) == (variant == "small-budget")
    assert quests["お買い物レシート"][6] > 0, "no award was reversed whose points were spent"
    assert all(count > 0 for count, _ in table(printed, "Put right").values())
    assert sum(row[7] for row in table(printed, "Month by month").values()) > 0, "nothing expired"
    assert refused(printed).keys() >= OUTCOMES - {"CAP_REACHED" if variant == "small-budget" else ""}
    assert ("BUDGET_EXHAUSTED" in refused(printed)) == (variant == "small-budget")


def municipality_rows(client, codes):
    """The report's first table, from the daemon's answers."""
    paid, still_open = client.settlements()
    books = {m.municipality: m for m in client.trial_balance().municipalities}
    took_part = {m.municipality: m.residents for m in client.quest(SDGS).municipalities}
    return [[books[c].accounts, took_part.get(c, 0), books[c].books.issued, books[c].books.donated,
             sum(s.points for s in paid if s.municipality == c), sum(o.points for o in still_open if o.municipality == c),
             books[c].books.converted, books[c].books.expired, books[c].books.balances] for c in codes]


def month_rows(client):
    """Points donated and points expired, by month."""
    gifts = {}
    for row in client.donation_totals(api.MONTH):
        gifts[row.first_day] = gifts.get(row.first_day, 0) + row.points
    lapsed = {}
    for row in client.expiry():
        if row.expired:
            month = rules.month_of(row.last_day)
            lapsed[month] = lapsed.get(month, 0) + row.points
    return gifts, lapsed


def test_the_report_says_what_the_daemon_answers(daemon):
    printed = play(daemon, "--residents-per", "500")
    client = daemon.client("auditor")
    municipalities = client.programme(api.MUNICIPALITIES)
    codes = [m.code for m in municipalities]

    places = table(printed, "The twelve municipalities")
    assert list(places) == [m.name_ja for m in municipalities] + ["合計"]
    expected = municipality_rows(client, codes)
    assert list(places.values()) == expected + [[sum(column) for column in zip(*expected)]]

    books = client.trial_balance().total
    words = re.search(r"^issued .*?(?=\n\n)", printed, re.M | re.S)[0].replace(",", "").replace("\n", "")
    assert dict(re.findall(r"([a-z]+) (\d+)", words)) == {n: str(getattr(books, n)) for n in compare.ALL_BOOKS}

    months = table(printed, "Month by month")
    first_days = [rules.day_number(int(month[:4]), int(month[5:]), 1) for month in months]
    gifts, lapsed = month_rows(client)
    assert [row[5] for row in months.values()] == [gifts.get(day, 0) for day in first_days]
    assert [row[7] for row in months.values()] == [lapsed.get(day, 0) for day in first_days]
    columns = [sum(column) for column in zip(*months.values())]
    quests = [client.quest(number) for number in (SDGS, RECEIPTS, OUTINGS)]
    assert columns[1:4] == [sum(m.awards for m in quest.municipalities) for quest in quests]
    assert (columns[4], columns[6], columns[7]) == (books.issued, books.converted, books.expired)

    campaign = client.campaign(CAMPAIGN)
    rows = table(printed, "The quests")
    assert list(rows.values())[:3] == [
        [q.budget_points, q.issued_points, q.budget_points - q.issued_points, q.residents,
         sum(m.awards for m in q.municipalities), q.reversed_points, q.shortfall_points] for q in quests]
    assert rows[campaign.campaign.name][:4] == [campaign.budget_points, campaign.issued_points,
                                                campaign.budget_points - campaign.issued_points, campaign.residents]

    matrix = {(home, place): 0 for home in codes for place in codes}
    for row in client.circulation():
        matrix[row.home, row.place] += row.receipts
    assert list(table(printed, "巡って買って応援: receipts").values()) == [[matrix[home, place] for place in codes] for home in codes]

    runs = {}
    for settlement in client.settlements()[0]:
        run = runs.setdefault(settlement.day, [0, 0])
        run[0] += 1
        run[1] += settlement.points
    assert [row[-2:] for row in table(printed, "Donations paid out").values()] == list(runs.values())


def test_the_audit_reports_the_same_books(daemon):
    play(daemon, "--residents-per", "2000")
    client = daemon.client("auditor")
    books, accounts = client.trial_balance().total, client.trial_balance().municipalities
    gifts = client.donation_totals()
    daemon.stop()
    code, report = daemon.audit()
    assert code == 0 and "札幌市" in report and "まちづくり" in report and "SCRIPTED TIME" in report
    balance, donations = [list(map(int, row.replace(",", "").split())) for row in re.findall(r"^total +(.*)$", report, re.M)]
    assert balance == [sum(m.accounts for m in accounts)] + [getattr(books, n) for n in compare.ALL_BOOKS] + [0]
    assert donations == [sum(getattr(g, n) for g in gifts) for n in (
        "donations", "points", "reversed_donations", "reversed_points")]
    assert all(getattr(books, n) > 0 for n in compare.ALL_BOOKS if n not in ("held", "fees")) and donations[3] > 0


def decide_again(model, block):
    """What the model says of a block, compared. Notices are passed over: their texts are not in the blocks."""
    header = pc.block.BlockHeader.FromString(block.header)
    transactions = pc.envelope.Envelope.FromString(block.body.envelope).transactions
    if transactions[0].WhichOneof("body").endswith("_notice"):
        model.blocks, model.sequence, model.time = header.index + 1, model.sequence + header.count, header.time
        return
    decided = model.submit([(t, pc.canonical(t)) for t in transactions], [s.key for s in header.signatures])
    assert pc.outcome_rows(pc.outcome.Outcomes.FromString(block.body.outcomes)) == decided["outcomes"], header.index
    assert (header.index, header.first_sequence, header.time) == tuple(
        decided[n] for n in ("block", "first_sequence", "time"))


def test_the_model_in_python_decides_likewise(daemon):
    """Every block of a small season, decided again; then what can be asked of it."""
    play(daemon, "--residents-per", "4000", "--seed", "3")
    client, model = daemon.client("auditor"), daemon.model()
    for block in client.blocks(first=1):
        decide_again(model, block)
    for subject in (compare.counts, compare.accounts, compare.statements, compare.transactions, compare.quests,
                    compare.campaigns, compare.circulation, compare.donations, compare.expiry, compare.settlements,
                    compare.pending, compare.books, compare.programme):
        subject(client, model)


def test_notices_of_the_season(daemon):
    """What residents of two municipalities read at the end, and what became of the notice with the wrong date."""
    play(daemon, "--residents-per", "5000")
    client = daemon.client("operator-1")
    notices = client.notices(all=True)
    assert len(notices) == 29 and [n.withdrawn for n in notices].count(True) == 2
    erased = [n for n in notices if n.erased]
    assert [(n.posted.municipality, n.text) for n in erased] == [(12033, b"")]
    for notice in notices:
        text = pc.transaction.NoticeText.FromString(notice.text)
        assert notice.erased or hashlib.sha256(notice.text).digest() == notice.posted.text_sha256
        assert notice.erased or text.versions[0].title
    assert [n.posted.to_all for n in client.notices()] == [True]


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
