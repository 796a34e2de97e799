"""Which outcomes doc/rules.md names for which transaction, which of them histories reached, and what tests the others."""
import collections
import pathlib
import re

import model as rules
import pointsclient as pc

TESTS = pathlib.Path(__file__).resolve().parents[1]

# what no history of a SCRIPTED ledger reaches: the scenario test that does
TESTED_ELSEWHERE = {("set_time", "TIME_NOT_SCRIPTED"): "test_tools.py::test_init_with_the_wall_clock"}


def _snake(name):
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


def possible():
    """{(kind of transaction, outcome)} of the rules table, with APPLIED."""
    text = (TESTS.parent / "doc" / "rules.md").read_text()
    rows = re.findall(r"^\| (\w+) \| [^|]* \| ([A-Z_, ]+) \|$", text.partition("end of rules table")[0], re.M)
    return {(_snake(name), code) for name, checks in rows for code in ["APPLIED", *checks.split(", ")]}


def reached(steps):
    """What the model said: a Counter of (kind of transaction, outcome), and of (None, refusal) of whole envelopes."""
    seen = collections.Counter()
    for step in steps:
        if isinstance(step.expected, rules.Refused):
            seen[None, step.expected.code] += 1
        else:
            seen.update((t.WhichOneof("body"), o[0]) for t, o in zip(step.transactions, step.expected["outcomes"]))
    return seen


def assert_all(seen):
    """Every outcome of every transaction was reached or is tested elsewhere; likewise every code, and refusals of envelopes."""
    assert possible() - set(seen) - set(TESTED_ELSEWHERE) == set()
    assert not set(TESTED_ELSEWHERE) & set(seen), "a history reaches it"
    codes = {code for _, code in {*seen, *TESTED_ELSEWHERE}}
    assert set(pc.outcome.OutcomeCode.keys()) - codes == set()
    assert {"KEY_UNKNOWN", "KEY_REVOKED", "NOT_PERMITTED", "MALFORMED"} - codes == set()
    for (_, code), place in TESTED_ELSEWHERE.items():
        file, name = place.split("::")
        test = (TESTS / "scenarios" / file).read_text().partition(f"def {name}(")[2].partition("\ndef ")[0]
        assert code in test, f"{place} does not test {code}"
