"""The auditor's tool `points-audit`, run as people and scripts run it."""
import json
import subprocess

from conftest import DEADLINE, binary


def start(*args, **options):
    """The process, under way."""
    return subprocess.Popen([binary("points-audit"), *map(str, args)], **options)


def audit(*args, code=0, **options):
    """Output and messages, once it has left with `code`."""
    done = subprocess.run([binary("points-audit"), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=6 * DEADLINE, check=False, **options)
    assert done.returncode == code, f"points-audit {args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def audit_json(*args, code=0):
    return json.loads(audit(*args, "--json", code=code).stdout)


def holds(folder):
    """That `verify` finds nothing wrong; its report, but for the time that it took."""
    report = audit("verify", folder).stdout
    return report[:report.index("It took")]
