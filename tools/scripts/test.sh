#!/bin/sh
# Everything CI runs: peers, build, lint, types, generated files, all tests. The last line is the verdict:
# "N passed, N failed, N skipped". Exit status 0 only when nothing failed.
set -u
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
report=$(mktemp -d "${TMPDIR:-/tmp}/smartbox-test.XXXXXX")
trap 'rm -rf "$report"' EXIT
steps_failed=0
broken=""

step() {
  name="$1"
  printf '\n== %s\n' "$name"
  shift
  if ! "$@"; then
    steps_failed=$((steps_failed + 1))
    broken="$broken$name: $*
"
  fi
}

missing=""
for tool in storescp dciodvfy findscu wlmscpfs Orthanc chromium ip unshare nginx ffmpeg strace qemu-system-x86_64 busybox v4l2-ctl; do
  command -v "$tool" >/dev/null 2>&1 || [ -x "/usr/sbin/$tool" ] || missing="$missing $tool"
done
[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || missing="$missing nginx-rtmp"
for module in pydicom aiortc gi; do
  /usr/bin/python3 -c "import $module" 2>/dev/null || missing="$missing python3-$module"
done
if [ -n "$missing" ]; then
  echo "test peers are missing:$missing"
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 && tools/scripts/install-peers.sh; then
    echo "installed"
  else
    echo "install them with: sudo tools/scripts/install-peers.sh" >&2
    steps_failed=$((steps_failed + 1))
    broken="test peers are missing:$missing
"
  fi
fi

step 'build' nx run-many -t build --outputStyle=static
step 'lint' npm run -s lint
step 'typecheck' tools/scripts/typecheck.sh
step 'generated files' tools/scripts/check-generated.sh
step 'bill of materials' npm run -s sbom
projects="unit int e2e"
for project in $projects; do
  printf '\n== tests: %s\n' "$project"
  # Its failures are counted from its report.
  vitest run --project "$project" --passWithNoTests \
    --reporter=default --reporter=json --outputFile.json="$report/$project.json"
done

# Said last, for whoever sees only the end of the output.
printf '\n%s' "$broken" | sed '/./s/^/failed: /'
# shellcheck disable=SC2086 -- one project per word
node tools/src/sum-reports.ts "$report" "$steps_failed" $projects
