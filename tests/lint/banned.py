#!/usr/bin/env python3
"""Calls and names that farstat does not use, each with its reason and what to use instead.

A single exception says why, on its line or the one above: `// allow(rule): reason`."""

import re

import tree

ANY = r""
PRODUCT = r"(?!tests/|.*_test\.cc$)"
TESTS = r"tests/(?!bench/|demo/)|.*_test\.cc$"
# Rule | files | pattern in code (comments and literals are not looked at) | reason and replacement.
RULES = [
    ("load-library", ANY, r"\bLoadLibrary[AW]?\s*\(",
     "searches the current folder; use LoadLibraryEx with LOAD_LIBRARY_SEARCH_SYSTEM32"),
    ("ras-hang-up", ANY, r"\bRasHangUp[AW]?\b", "would end a user's connection; farstat only looks"),
    ("sleep", TESTS, r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until|SleepFor|Sleep)\s*\(",
     "a test that sleeps is slow or flaky; advance a clock or wait on a condition with a bound"),
    ("c-strings", ANY, r"\b(strcpy|strcat|sprintf|vsprintf)\s*\(|\bgets\s*\(\s*\w",
     "writes without a bound; use std::string, absl::StrCat or absl::StrFormat"),
    ("c-numbers", ANY, r"\b(atoi|atol|atoll|atof)\s*\(", "cannot report an error; use absl::SimpleAtoi and its kin"),
    ("strtok", ANY, r"\bstrtok(_r)?\s*\(", "changes its input; use absl::StrSplit"),
    ("exceptions", ANY, r"\bthrow\b|\bcatch\s*\(", "our code throws nothing; return absl::Status or absl::StatusOr"),
    ("detach", ANY, r"\.\s*detach\s*\(\s*\)", "a detached thread outlives what it uses; keep it and join it"),
    ("regex", ANY, r"\bstd::(w?regex|regex_\w+)\b|#\s*include\s*<regex>",
     "slow, and throws on what users type; use absl string functions"),
    ("stdout", r"agent/(?!(simulator/)?main\.cc|.*_test\.cc$)", r"\bprintf\s*\(|\bputs\s*\(|\bputchar\s*\(|\bstd::cout\b|\bfprintf\s*\(\s*stdout\b",
     "the agent has no terminal; log it"),
    ("insecure", PRODUCT, r"\bInsecure(Server|Channel)Credentials\b",
     "there is no plaintext mode; use common/tls.h, LocalCredentials on loopback"),
    ("names", ANY, r"\b(class|struct|enum|using|namespace)\s+(?:\[\[\w+\]\]\s*)?\w*(Manager|Impl|Util|Helper)s?\b",
     "says nothing; name the thing by what it is or does"),
    ("new", ANY, r"(?<!<)\bnew\b(?!\s*\()",
     "who deletes it? Use std::make_unique. A gRPC reactor says `// reactor: deletes itself in OnDone` on its line"),
]
# `new` that has an owner: handed to a smart pointer on the spot, or a static that lives as long as the process.
OWNED = re.compile(r"(WrapUnique|unique_ptr<.*>(\s+\w+)?|shared_ptr<.*>(\s+\w+)?|\.reset)\s*\(\s*new\b|\bstatic\b.*=\s*\*?\s*new\b")
REACTOR = "// reactor: deletes itself in OnDone"
FILE_NAME = re.compile(r"(^|[_/])(manager|impl|util|helper)s?([_.][^/]*)?$")
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|X{3})\b")


def main():
    violations = []
    rules = [(name, re.compile(where), re.compile(pattern), why) for name, where, pattern, why in RULES]
    for path in tree.files():
        if FILE_NAME.search(path):
            violations.append(f"{path}: [names] says nothing; name the file by what is in it")
        raw = [""] + tree.text(path).split("\n")
        violations += [f"{path}:{n}: [unfinished] finish it, or say in the README what is missing"
                       for n, line in enumerate(raw) if UNFINISHED.search(line)]
        if not path.endswith(tree.CPP):
            continue
        applying = [(name, pattern, why) for name, where, pattern, why in rules if where.match(path)]
        code = [""] + tree.code(path)
        for number, line in enumerate(code[1:], 1):
            for name, pattern, why in applying:
                if not pattern.search(line):
                    continue
                near = raw[number - 1] + raw[number]
                owned = name == "new" and (OWNED.search(code[number - 1] + line) or REACTOR in near)
                if not owned and f"// allow({name}): " not in near:
                    violations.append(f"{path}:{number}: [{name}] {why}")
    tree.finish(violations)


main()
