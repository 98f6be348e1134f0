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

# What is built or fetched once and shared by all clones.
# shellcheck disable=SC2034
readonly cache="${TORTIE_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/tortie}"

# Writes this machine's own sources of Debian's packages into a directory, for another suite: debian_sources SUITE TYPES
# DIRECTORY, where TYPES is "deb" or "deb deb-src". Fails where this machine has none of its release.
debian_sources() {
  local suite=$1 types=$2 directory=$3 own type
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  awk -v RS= -v ORS='\n\n' -v own="$own" -v suite="$suite" -v types="$types" '
    $0 ~ "(^|\n)Suites:([^\n]* )?" own "( |\n|-updates|-security|$)" {
      lines = split($0, line, "\n"); text = ""
      for (i = 1; i <= lines; i++) {
        if (line[i] ~ /^Suites:/) gsub(own, suite, line[i])
        if (line[i] ~ /^Types:/) line[i] = "Types: " types
        text = text (i > 1 ? "\n" : "") line[i]
      }
      print text
    }' /etc/apt/sources.list.d/*.sources 2>/dev/null >"$directory/machine.sources" || true
  for type in $types; do
    sed -n "s/^deb\(\( \[[^]]*\]\)\? [^ ]* \)$own\(\(-updates\|-security\)\? .*\)/$type\1$suite\3/p" \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true
  done >"$directory/machine.list"
  [[ -s $directory/machine.sources || -s $directory/machine.list ]]
}

# Ends the script. Arguments: one line each.
give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a step in a directory: step DIRECTORY NAME COMMAND..., functions too. Says what it is, and shows what it wrote only where
# it failed. Before it: work, a directory of the script's own; of, what the steps are of; advice, the lines to end with.
step() {
  local directory=$1 name=$2 status
  shift 2
  # shellcheck disable=SC2154
  echo "$of: $name" >&2
  # Not behind `if`: in a function bash would then go on after what failed, and something half made be kept for ever.
  set +e
  # shellcheck disable=SC2154
  (
    set -e
    cd "$directory"
    "$@"
  ) >"$work/log" 2>&1
  status=$?
  set -e
  ((status == 0)) && return
  tail -40 "$work/log" >&2
  # shellcheck disable=SC2154
  give_up "The step failed: $name" "${advice[@]}"
}

# Debian's packages, as root; else says what to install.
install_packages() {
  local log
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    give_up "Missing: $*" \
      "Install it with your system's package manager as root (Debian, Ubuntu: apt-get install $*) and run this again."
  fi
  echo "installing $*" >&2
  if ! log=$({ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } </dev/null 2>&1); then
    give_up "$log" "apt-get could not install $*."
  fi
}
