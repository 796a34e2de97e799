"""The manual pages say what the programs do: each command with its synopsis and key, each option, each setting with its bounds;
and the examples work."""
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import TESTS, binary

TOP = TESTS.parent


def page(name):
    return (TOP / "doc" / "man" / name).read_text()


def section(text, name):
    """The lines under a page's heading, up to the next."""
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)[1]


def items(text):
    """What `.It Cm NAME …` introduces: name, which may be two words, to the rest of that line and the lines below."""
    found = re.findall(r"^\.It Cm (report \S+|\S+) ?(.*)\n((?:(?!\.It Cm |\.S[hs] ).*\n)*)", text, re.M)
    names = [name for name, _, _ in found]
    assert len(set(names)) == len(names), names
    return {name: (head, body) for name, head, body in found}


def plain(head):
    """A line of mdoc as the reader sees it: `Oo Fl -id Ar ID Oc Ns ...` is `[--id ID]...`."""
    head = head.replace(" Ns | Ns ", "|")
    head = re.sub(r"\b(Ar|Cm) ", "", head)
    head = re.sub(r"\bFl -", "--", head)
    return head.replace("Oo ", "[").replace(" Oc Ns ...", "]...").replace(" Oc", "]")


def program_help(program, *command):
    done = subprocess.run([binary(program), *command, "--help"], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def points_help(*command):
    return program_help("points", *command)


def commands(program="points"):
    return re.findall(r"^  ([a-z][a-z-]*(?: [a-z-]+)?)  +", program_help(program), re.M)


# ---- points(1)

def test_each_command_with_its_synopsis_and_key():
    told = items(section(page("points.1"), "COMMANDS"))
    assert set(told) == set(commands()) and {"award", "batch"} <= set(told)
    for name, (head, body) in told.items():
        help_text = points_help(*name.split())
        assert plain(head) == re.match(rf"usage: points {name} ?(.*)\n", help_text)[1].strip(), name
        key = re.search(r"^Key unless --key is given: (\S+)\.", help_text, re.M)
        assert re.findall(r"\bKey:\s(\S+)\.$", body, re.M) == ([key[1]] if key else []), name
        assert ("\nTwo operators.\n" in body) == ("Two operators must sign" in help_text), name


def test_each_command_of_the_auditor_with_its_synopsis():
    told = items(section(page("points-audit.1"), "COMMANDS"))
    assert set(told) == set(commands("points-audit")) and "verify" in told
    for name, (head, _) in told.items():
        shown = re.match(rf"usage: points-audit {name} ?(.*)\n", program_help("points-audit", name))[1].strip()
        assert plain(head) == shown, name


def test_each_option():
    told = set(re.findall(r"\bFl -([a-z][a-z0-9-]*)", page("points.1")))
    shown = {option for name in [None, *commands()] for option in
             re.findall(r"--([a-z][a-z0-9-]*)", points_help(*(name.split() if name else [])))}
    assert {"dir", "json", "occurred-at"} <= shown
    assert told == shown | {"help", "version"}


def test_each_option_of_all_commands_is_described():
    described = set(re.findall(r"-([a-z0-9]+)", " ".join(re.findall(r"^\.It Fl (.*)", section(page("points.1"), "OPTIONS"), re.M))))
    assert set(re.findall(r"--([a-z0-9]+)", "".join(re.findall(r"^  (--.*?)  ", points_help(), re.M)))) <= described


def literal_blocks(text):
    """Each as the reader sees it. roff reads any other backslash than \\e, and a line that begins with a dot or an apostrophe."""
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)\n\.Ed", text, re.M | re.S)
    for line in "\n".join(blocks).splitlines():
        assert not re.search(r"\\(?!e)|^[.']", line), line
    return [block.replace(r"\e", "\\") for block in blocks]


PAGES = [path.name for path in sorted((TOP / "doc" / "man").glob("*.[1-8]"))]


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_shows_is_what_the_tests_run(name):
    """By groff, where there is one: no block is changed by an escape."""
    blocks = literal_blocks(page(name))
    if not shutil.which("groff"):
        pytest.skip("no groff")
    done = subprocess.run(["groff", "-Kutf8", "-mdoc", "-Tutf8", "-P-cbou", "-rLL=500n"], input=page(name), capture_output=True,
                          text=True, timeout=30, check=True)
    rendered = [line.strip() for line in done.stdout.splitlines()]
    for line in "\n".join(blocks).splitlines():
        assert line.strip() in rendered, line


def example_script(text, folder):
    """What stands behind the prompts, one after the other; each must succeed, and a daemon be ready before the next."""
    script = re.sub(r"^\$ ", "", "\n".join(literal_blocks(text)), flags=re.M).replace("/tmp/trial", f"{folder}/trial")
    wait = ">log 2>&1 &\ndaemon=$!\nuntil grep -q ready log; do kill -0 $daemon; sleep 0.01; done"
    script = re.sub(r"&$", lambda _: wait, script, flags=re.M)
    return f"set -eux\ntrap 'kill $daemon' EXIT\n{script}\ntrap - EXIT\nkill $daemon\nwait $daemon\n"


def test_the_examples_work():
    path = os.pathsep.join([os.path.dirname(binary("points")), os.path.dirname(binary("pointsd")), os.environ["PATH"]])
    with tempfile.TemporaryDirectory(prefix="points-") as folder:
        script = example_script(section(page("points.1"), "EXAMPLES"), folder)
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=dict(os.environ, PATH=path), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    assert done.returncode == 0, script + done.stdout


# ---- points-simulate(5)

NEEDS = {"MAY": "", "MUST": "\nMust be given.\n", "PLAIN_MAY": "\nOnly without\n.Cm steps .\n", "RECEIPT_MAY": "\nOnly with\n.Cm steps .\n",
         "PLAIN_MUST": "\nMust be given without\n.Cm steps ,\nand only then.\n",
         "RECEIPT_MUST": "\nMust be given with\n.Cm steps ,\nand only then.\n"}


def design_keys():
    """The rows of tools/simulate/simulate_design.c: (section, key) to when it must be given."""
    source = (TOP / "tools" / "simulate" / "simulate_design.c").read_text()
    table = re.search(r"\} keys\[\] = \{\n(.*?)^\};", source, re.M | re.S)[1]
    rows = re.findall(r'\{(\w+), "([\w-]+)", \w+, .*?, (\w+)\},\n', table)
    assert len(rows) == table.count('"') / 2 > 0
    return {(part.lower(), name): need for part, name, need in rows}


def test_each_key_of_a_design():
    parts = dict(re.findall(r"^\.Ss \[(\w+).*\].*\n((?:(?!\.S[hs] ).*\n)*)", section(page("points-simulate.5"), "SECTIONS"), re.M))
    told = {(part, name): body for part, text in parts.items() for name, (_, body) in items(text).items()}
    assert set(told) == set(design_keys())
    for key, need in design_keys().items():
        said = [name for name, text in NEEDS.items() if text and text in told[key]]
        assert said == ([need] if NEEDS[need] and key[1] != "steps" else []), key
        assert ("Default: " in told[key]) == (need == "MAY" and key[0] != "participation" or key[1] == "completion" and key[0] == "quest"), key


def test_the_example_of_a_design_plays(tmp_path):
    (text,) = literal_blocks(section(page("points-simulate.5"), "EXAMPLES"))
    (tmp_path / "design.ini").write_text(text + "\n")
    done = subprocess.run([binary("points"), "simulate", tmp_path / "design.ini", "--sample", "1000"], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0 and "SDGs quest: the budget of 600,000,000 points" in done.stdout, done
# ---- points-bench(1)

def test_each_option_of_the_bench():
    done = subprocess.run([binary("points-bench"), "--help"], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 0, done.stderr
    shown = set(re.findall(r"^  --([a-z-]+)", done.stdout, re.M))
    text = page("points-bench.1")
    for told in (section(text, "SYNOPSIS"), "".join(re.findall(r"^\.It Fl .*", section(text, "OPTIONS"), re.M))):
        assert set(re.findall(r"(?:\bFl|\|) -([a-z][a-z-]*)", told)) == shown | {"help", "version"}
    assert list(items(text))[:6] == re.findall(r"^  ([a-z][a-z-]*) ", done.stdout, re.M)


def test_the_defaults_of_the_bench():
    """The table of the page against the one of tools/bench/settings.c."""
    source = (TOP / "tools" / "bench" / "settings.c").read_text()
    rows = re.findall(r'\{\.name = "(.*?)",(.*?)\}', re.search(r"scenarios\[\] = \{\n(.*?)^\};", source, re.M | re.S)[1], re.S)

    def value(body, name):
        found = re.search(rf"\.{name} = ([\d]*)( \* )?(MILLION)?", body)
        return int(found[1] or 1) * (1_000_000 if found[3] else 1) if found else None
    expected = [[name, *(value(body, field) for field in ("accounts", "connections", "window", "transactions", "rate"))]
                for name, body in rows]
    table = re.search(r"^\.Bl -column.*?\n\.It .*?\n(.*?)^\.El", page("points-bench.1"), re.M | re.S)[1]
    told = [line.removeprefix(".It ").split(" Ta ") for line in table.splitlines()]
    assert [[row[0], *(None if cell == r"\(em" else int(cell.replace(",", "")) for cell in row[1:])] for row in told] == expected


def test_each_figure_of_the_bench():
    """The keys of the JSON object, as tools/bench/report.c prints them."""
    source = (TOP / "tools" / "bench" / "report.c").read_text()
    keys = re.findall(r'^ *\{"([a-z0-9_]+)",', source, re.M)
    told = [word for line in re.findall(r"^\.It Cm (.*)", section(page("points-bench.1"), "OUTPUT"), re.M)
            for word in line.split(" , ")]
    assert sorted(told) == sorted(["scenario", *keys]) and len(set(told)) == len(told)


# ---- pointsd.conf(5)

def number(text):
    """64, or UINT64_C(1) << 30."""
    shifted = re.fullmatch(r"UINT64_C\((\d+)\) << (\d+)", text)
    return int(shifted[1]) << int(shifted[2]) if shifted else int(text)


def settings():
    """The rows of daemon/settings.c: (section, name) to (least, most, default), or None for a text."""
    source = (TOP / "daemon" / "settings.c").read_text()
    table = re.search(r"\} table\[\] = \{\n(.*?)^\};", source, re.M | re.S)[1].replace(",\n        ", ", ")  # one line a row
    rows = re.findall(r'\{"(\w+)", "(\w+)", (true|false), offsetof\([^)]*\), (.*), (.*), (\d+)\},', table)
    assert len(rows) == table.count("\n") > 0
    return {(part, name): None if text == "true" else tuple(map(number, bounds)) for part, name, text, *bounds in rows}


def test_each_setting_with_its_default_and_bounds():
    parts = dict(re.findall(r"^\.Ss \[(\w+)\].*\n((?:(?!\.S[hs] ).*\n)*)", section(page("pointsd.conf.5"), "SETTINGS"), re.M))
    told = {(part, name): body for part, text in parts.items() for name, (_, body) in items(text).items()}
    assert set(told) == set(settings())
    for row, bounds in settings().items():
        if bounds:
            least, most, standard = bounds
            assert f"\nDefault: {standard}.\nFrom {least} to {most}.\n" in told[row], row
        else:
            assert "\nNo default: " in told[row], row
