"""The files of the repository, as the checks in this folder see them, and how they report."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = (".cc", ".h")
TEST = re.compile(r"^tests/|_test\.cc$")
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def files(*suffixes):
    """Paths of what git tracks or would track, with one of the endings (all files without any)."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
                            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted(path for path in listed.split("\0")
                  if path and path.endswith(suffixes or ("",)) and (ROOT / path).is_file())


def text(path):
    """The file's text, or an empty one for what is not text."""
    data = (ROOT / path).read_bytes()
    return "" if b"\0" in data else data.decode(errors="replace")


def code(path):
    """The file's lines of C++ with comments and literals blanked."""
    def blank(match):
        return '""' + re.sub(r"[^\n]", " ", match.group())[2:]
    return COMMENT_OR_STRING.sub(blank, text(path)).split("\n")


def finish(violations):
    """Prints "path:line: what is wrong and what to do instead" and exits 1; silent without any."""
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)
