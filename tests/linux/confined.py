#!/usr/bin/python3
"""Runs a command under the system call filter of a systemd unit, as systemd does: SystemCallFilter, SystemCallErrorNumber,
NoNewPrivileges and MemoryDenyWriteExecute. A filter that is too tight for the agent is so found without systemd.

    confined.py UNIT COMMAND [ARGUMENT…]"""

import errno
import mmap
import os
import re
import subprocess
import sys

import seccomp


def calls_of(group, seen=None):
    """The system calls in a group such as @system-service, which may have groups in it."""
    seen = set() if seen is None else seen
    if group in seen:
        return set()
    seen.add(group)
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    calls = set()
    for line in (line.strip() for line in text.splitlines()[1:]):
        if line.startswith("@"):
            calls |= calls_of(line, seen)
        elif line and not line.startswith("#"):
            calls.add(line)
    return calls


def allowed_calls(unit):
    allowed = calls_of("@default")
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        takes_away = value.startswith("~")
        for name in value.lstrip("~").split():
            calls = calls_of(name) if name.startswith("@") else {name}
            allowed = allowed - calls if takes_away else allowed | calls
    return allowed


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        unit = file.read()
    refusal = seccomp.ERRNO(getattr(errno, re.search(r"^SystemCallErrorNumber=(\w+)$", unit, re.MULTILINE)[1]))
    rules = seccomp.SyscallFilter(refusal)
    # The command itself is started by this process.
    for call in allowed_calls(unit) | {"execve"}:
        if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:
            rules.add_rule(seccomp.ALLOW, call)
    if re.search(r"^MemoryDenyWriteExecute=yes$", unit, re.MULTILINE):
        # A rule for arguments comes before one for the call, and so does what refuses: a filter of its own.
        memory = seccomp.SyscallFilter(seccomp.ALLOW)
        both = mmap.PROT_WRITE | mmap.PROT_EXEC
        memory.add_rule(seccomp.ERRNO(errno.EPERM), "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, both))
        for call in ("mprotect", "pkey_mprotect"):
            memory.add_rule(seccomp.ERRNO(errno.EPERM), call, seccomp.Arg(2, seccomp.MASKED_EQ, mmap.PROT_EXEC, mmap.PROT_EXEC))
        # After execve the program's loader maps what it runs; that is not write and execute, and so is allowed.
        memory.load()
    rules.load()
    os.execvp(sys.argv[2], sys.argv[2:])


main()
