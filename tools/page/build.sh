#!/bin/sh
# Builds what the page of `segctl graph --format html` is made of, into templates/page, from tools/page/src and npm's
# packages in the versions of package-lock.json; and takes over axe, which tests/browser judges the page by.
#
#   tools/page/build.sh            both files, and axe; needs node, npm and the network
#   tools/page/build.sh page       our own modules alone; needs an earlier run
#
# NODE_MODULES=.venv/node     where npm's packages are
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
modules=${NODE_MODULES:-$root/.venv/node}
into=$root/templates/page

if [ "${1:-all}" != page ]; then
    mkdir -p "$modules"
    cp "$here/package.json" "$here/package-lock.json" "$modules/"
    npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund
fi
NODE_PATH="$modules/node_modules" node "$here/build.mjs" "$modules/node_modules" "$into" "$root/tests/browser/axe" "${1:-all}"
