#!/usr/bin/env bash
# usage: bootstrap.sh MANIFESTS TOKENS
# What an operator does first: applies the configuration, then mints one join token per sidecar. A token is good for one
# use within an hour; a sidecar that has joined needs none, so running this again does no harm.
set -euo pipefail
umask 077

manifests=${1:?usage: bootstrap.sh MANIFESTS TOKENS}
tokens=${2:?usage: bootstrap.sh MANIFESTS TOKENS}

mint() { # file, service account
  meshctl workload token --namespace default --service-account "$2" >"$tokens/$1.new"
  mv "$tokens/$1.new" "$tokens/$1"
}

meshctl apply -f "$manifests" --reason "docker compose"
mint reviews-v1.token reviews
mint reviews-v2.token reviews
mint caller.token caller
