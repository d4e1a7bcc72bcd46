#!/usr/bin/env bash
# usage: join-vm.sh ADDRESS DIR
# A VM joins: the operator mints a token, everything after that is done with this token alone, as on the VM itself. The
# answer of POST /v1/workloads is the configuration of the VM's sidecar.
set -euo pipefail
umask 077

address=${1:?usage: join-vm.sh ADDRESS DIR}
directory=${2:?usage: join-vm.sh ADDRESS DIR}

meshctl workload token --namespace default --service-account billing >"$directory/join.token"
meshctl workload register billing-vm --namespace default --service-account billing \
  --address "$address" --port http=8080 --label app=billing --label version=vm \
  --join-token "$directory/join.token" --out "$directory/sidecar.json"
