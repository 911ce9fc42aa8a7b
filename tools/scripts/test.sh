#!/bin/sh
# Everything CI runs: peers, build, lint, types, generated files, all tests. The last line is the verdict:
# "N passed, N failed, N skipped". Exit status 0 only when nothing failed.
set -u
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
report=$(mktemp -d "${TMPDIR:-/tmp}/smartbox-test.XXXXXX")
trap 'rm -rf "$report"' EXIT
steps_failed=0

step() {
  printf '\n== %s\n' "$1"
  shift
  if ! "$@"; then
    steps_failed=$((steps_failed + 1))
    printf '%s\n' "-- failed: $*"
  fi
}

missing=""
for tool in storescp dciodvfy findscu wlmscpfs Orthanc chromium ip unshare; do
  command -v "$tool" >/dev/null 2>&1 || [ -x "/usr/sbin/$tool" ] || missing="$missing $tool"
done
/usr/bin/python3 -c 'import pydicom' 2>/dev/null || missing="$missing pydicom"
if [ -n "$missing" ]; then
  echo "test peers are missing:$missing"
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 && tools/scripts/install-peers.sh; then
    echo "installed"
  else
    echo "install them with: sudo tools/scripts/install-peers.sh" >&2
    steps_failed=$((steps_failed + 1))
  fi
fi

step 'build' nx run-many -t build --outputStyle=static
step 'lint' npm run -s lint
step 'typecheck' tools/scripts/typecheck.sh
step 'generated files' tools/scripts/check-generated.sh
projects="unit int e2e"
for project in $projects; do
  printf '\n== tests: %s\n' "$project"
  # Its failures are counted from its report.
  vitest run --project "$project" --passWithNoTests \
    --reporter=default --reporter=json --outputFile.json="$report/$project.json"
done

# shellcheck disable=SC2086 -- one project per word
node tools/src/sum-reports.ts "$report" "$steps_failed" $projects
