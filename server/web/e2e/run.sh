#!/usr/bin/env bash
# Tests the page: its types, that the committed dist is what the sources build, and the page itself in headless
# Chromium against a real server. Screenshots go to the folder given, or to ${TMPDIR:-/tmp}/inkling-screenshots.
set -euo pipefail
cd "$(dirname "$0")/.."
screenshots=$(realpath -m "${1:-${TMPDIR:-/tmp}/inkling-screenshots}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm ci --no-audit --no-fund --loglevel=error
npx tsc --noEmit
npx vite build --logLevel error --outDir "$work/dist"
diff -rq "$work/dist" dist || { echo "server/web/dist is not what its sources build: run npm run build in server/web" >&2; exit 1; }
go build -o "$work/serve" ./e2e/serve
node e2e/drive.mjs "$work/serve" "$screenshots"
