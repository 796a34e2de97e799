"""The auditor's tool `points-audit`, run as people and scripts run it."""
import json
import os
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


def audit_as_reader(*args, code=0):
    """By one who has no more rights than the modes of the files give their owner, which root has not by itself."""
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run([*less, binary("points-audit"), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=6 * DEADLINE, check=False)
    assert done.returncode == code, f"points-audit {args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def audit_json(*args, code=0):
    return json.loads(audit(*args, "--json", code=code).stdout)


def holds(folder):
    """That `verify` finds nothing wrong; its report, but for the time that it took."""
    report = audit("verify", folder).stdout
    return report[:report.index("It took")]
