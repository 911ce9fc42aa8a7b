#!/bin/sh
# ESLint with type information (a process per project: all their programs together do not fit into one heap),
# formatting, boundaries inside the projects, dead code and unused dependencies.
set -u
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
failed=0
nx show projects >/dev/null || failed=1 # the boundary rule reads the project graph
printf '%s\n' apps/* libs/* tools e2e bench | xargs -P 2 -n 1 eslint --max-warnings 0 || failed=1
prettier --check --log-level warn . || failed=1
depcruise --config .dependency-cruiser.cjs apps libs tools e2e bench || failed=1
knip --no-config-hints || failed=1
exit $failed
