# shellcheck shell=bash
# What every script needs: strict mode, the repository's root as working directory, the pinned bun.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Accounts other than root often lack these on Debian, and ip and nft live there.
PATH="$PATH:/usr/sbin:/sbin"

pinned_bun=$(sed -n 's/.*"packageManager": "bun@\([^"]*\)".*/\1/p' package.json)
readonly pinned_bun

# Puts the pinned bun first on PATH; fails where there is none. The second place is npm's link, the third the
# platform's own package, which holds the binary even where npm runs no install scripts.
use_bun() {
  local candidate
  for candidate in "$(command -v bun || true)" "$PWD"/.cache/bun/node_modules/.bin/bun "$PWD"/.cache/bun/node_modules/@oven/*/bin/bun; do
    if [[ -x $candidate && $("$candidate" --version 2>/dev/null) == "$pinned_bun" ]]; then
      PATH="$(dirname "$candidate"):$PATH"
      return 0
    fi
  done
  return 1
}

# Ends the script. Arguments: one line each.
give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}
