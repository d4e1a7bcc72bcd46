#!/usr/bin/env bash
# usage: secrets.sh DIR
# Makes the two secrets that all control-plane processes share; those that are there already stay.
set -euo pipefail
umask 077

directory=${1:?usage: secrets.sh DIR}
for name in admin-token cluster-secret; do
  if [ ! -s "$directory/$name" ]; then
    head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_' | tr -d '=' >"$directory/$name.new"
    mv "$directory/$name.new" "$directory/$name"
  fi
done
