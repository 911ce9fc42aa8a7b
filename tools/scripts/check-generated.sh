#!/bin/sh
# Generated files are generated again and have to come out as they are in git.
set -eu
cd "$(dirname "$0")/../.."
before=$(mktemp -d "${TMPDIR:-/tmp}/smartbox-generated.XXXXXX")
trap 'rm -rf "$before"' EXIT
generated() { git ls-files -- 'docs/api' '*/generated/*' ':!:*/node_modules/*'; }
generated | while IFS= read -r file; do
  mkdir -p "$before/$(dirname "$file")"
  cp "$file" "$before/$file"
done
npm run -s generate
status=0
for file in $(generated); do
  if ! cmp -s "$file" "$before/$file"; then
    echo "$file is not what the generator makes: run npm run generate and commit the result" >&2
    cp "$before/$file" "$file"
    status=1
  fi
done
exit $status
