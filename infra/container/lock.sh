#!/usr/bin/env bash
# Makes the two lock files beside it anew, from pyproject.toml, for Python 3.11 on Linux, x86_64 and aarch64. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/../.."

lock() { # OUTPUT INPUT
  local output=$1 input=$2 machine made=()
  for machine in x86_64 aarch64; do
    made+=("$(uv pip compile "$input" --python-version 3.11 --python-platform "$machine-manylinux_2_28" \
      --generate-hashes --no-annotate --no-header --quiet)")
  done
  if [[ ${made[0]} != "${made[1]}" ]]; then
    echo "$input: x86_64 and aarch64 need different packages; one lock file cannot serve both" >&2
    return 1
  fi
  printf '# Made by infra/container/lock.sh; run it again to renew.\n%s\n' "${made[0]}" >"$output"
}

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
  >"$scratch/requirements.in"

lock infra/container/requirements.txt pyproject.toml
lock infra/container/build-requirements.txt "$scratch/requirements.in"
