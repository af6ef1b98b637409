#!/usr/bin/env python3
"""Every header has the guard FARSTAT_<PATH>_H_, and every file begins with a comment that says what it is for."""

import re

import tree

SHEBANG = re.compile(r"#!.*\n")
# How the comment begins, by kind of file. Scripts may have their interpreter before it.
OPENINGS = [
    (re.compile(r".*\.(cc|h|proto)$"), ("//",)),
    (re.compile(r".*\.py$"), ('"""', "#")),
    (re.compile(r".*\.(sh|cmake)$|(.*/)?CMakeLists\.txt$|dev$|\.ci/run$|\.clang-(format|tidy)$|\.gitignore$"), ("#",)),
]


def guard_violation(path):
    guard = "FARSTAT_" + re.sub(r"\W", "_", path).upper() + "_"
    lines = [line for line in tree.code(path) if line.strip(' "')]
    if lines[:2] == [f"#ifndef {guard}", f"#define {guard}"] and lines[-1].split()[:1] == ["#endif"]:
        return []
    return [f"{path}: begin with #ifndef {guard} and #define {guard}, end with #endif  // {guard}"]


def comment_violation(path):
    """A .cc, its test and its variants for a system may go without when the comment is in the header."""
    body = SHEBANG.sub("", tree.text(path), count=1).lstrip()
    openings = next((opening for kind, opening in OPENINGS if kind.match(path)), None)
    header = re.sub(r"(_test|_linux|_posix|_windows)*\.cc$", ".h", path)
    if not openings or body.startswith(openings) or (path != header and (tree.ROOT / header).is_file()):
        return []
    return [f"{path}: begin with a comment that says what the file is for"]


def main():
    violations = []
    for path in tree.files():
        violations += comment_violation(path)
        if path.endswith(".h"):
            violations += guard_violation(path)
    tree.finish(violations)


main()
