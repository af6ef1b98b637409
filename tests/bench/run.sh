#!/usr/bin/env bash
# Runs the benchmark that ./dev bench built: run.sh [--json] [PART…]. Prints the figures on standard output.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec "$root/build/release/tests/farstat_bench" "$root/build/bin/farstat-agent" "$@"
