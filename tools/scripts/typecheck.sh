#!/bin/sh
# Types of every project, specs included.
set -u
cd "$(dirname "$0")/../.."
failed=0
tsc -b --pretty || failed=1
for config in libs/*/tsconfig.spec.json apps/*/tsconfig.spec.json tools/tsconfig.json e2e/tsconfig.json bench/tsconfig.json; do
  [ -e "$config" ] || continue
  # A folder without any file of its own yet is no error.
  output=$(tsc -p "$config" --noEmit --pretty 2>&1) && continue
  case $output in
    *TS18003*) ;;
    *)
      echo "$config"
      echo "$output"
      failed=1
      ;;
  esac
done
exit $failed
