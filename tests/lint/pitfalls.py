#!/usr/bin/env python3
"""tests/windows_pitfalls.md pairs each pitfall of Windows with the tests that fail without its handling. A test says so
itself, by a comment line "// Pitfall N." (or "// Pitfall N, M.") above its TEST; a script of tests/ by "# Pitfall N.". Run
with --fix to write the names of the tests into the table; without it, a table that says otherwise than the tests is an
error."""

import re
import sys

import tree

TABLE = "tests/windows_pitfalls.md"
MARK = re.compile(r"^(?://|#) Pitfalls? ([\d, and]+)[.:]")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)")
ROW = re.compile(r"^\| (\d+) \| ([^|]*) \| ([^|]*) \|$")
COUNT = 37


def marked_tests(violations):
    """Number of the pitfall -> names of the tests that say they cover it."""
    marked = {}
    for path in tree.files("_test.cc"):
        pending = []
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            mark, test = MARK.match(line), TEST.match(line)
            if mark:
                pending += [int(n) for n in re.findall(r"\d+", mark[1])]
            elif test:
                for pitfall in pending:
                    marked.setdefault(pitfall, set()).add(f"{test[1]}.{test[2]}")
                pending = []
            elif pending and not line.startswith("//"):
                violations.append(f"{path}:{number}: a pitfall is named, but no TEST follows")
                pending = []
    for path in tree.files(".sh"):
        for mark in filter(None, map(MARK.match, tree.text(path).split("\n"))):
            for number in re.findall(r"\d+", mark[1]):
                marked.setdefault(int(number), set()).add(path)
    return marked


def main():
    violations = []
    marked = marked_tests(violations)
    lines = tree.text(TABLE).split("\n")
    seen = set()
    for index, line in enumerate(lines):
        row = ROW.match(line)
        if not row:
            continue
        pitfall = int(row[1])
        seen.add(pitfall)
        names = "<br>".join(f"`{name}`" for name in sorted(marked.get(pitfall, ())))
        if not names and not row[3].startswith("–"):
            violations.append(f"{TABLE}:{index + 1}: no test says \"// Pitfall {pitfall}.\"; write one, or say after a dash (–) "
                              "why it cannot be covered")
        elif names and names != row[3]:
            lines[index] = f"| {pitfall} | {row[2]} | {names} |"
            if "--fix" not in sys.argv:
                violations.append(f"{TABLE}:{index + 1}: the tests of pitfall {pitfall} have changed; run tests/lint/pitfalls.py --fix")
    for pitfall in sorted(set(range(1, COUNT + 1)) ^ seen | (set(marked) - seen)):
        violations.append(f"{TABLE}: pitfall {pitfall} is missing from the table, or there is none of that number")
    if "--fix" in sys.argv:
        (tree.ROOT / TABLE).write_text("\n".join(lines))
    tree.finish(violations)


main()
