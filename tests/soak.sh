#!/usr/bin/env bash
# What takes too long for every change: all floats to BF16, 2,000 steps in each number format (with TRN_DATA), storms, cuts, hangs of a minute,
# comings and goings, kills by the dozen. As root, with redis-server, iproute2 and iptables, all of it; else what is possible. An hour or so.
# `tests/soak.sh NAME…` runs the parts named.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 TRN_SOAK=1

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(formats convergence seeds storm efficiency silos matrix kills partitions)
dotnet build TrnOrleans.sln -c Release -v q || exit 1

run() {
  local project=$1
  shift
  dotnet "tests/TrnOrleans.$project.Tests/bin/Release/net10.0/TrnOrleans.$project.Tests.dll" "$@"
}

failed=0
for part in "${parts[@]}"; do
  echo "== $part"
  case $part in
    formats) run Numerics -method '*All_floats*' ;;
    convergence) run Client -method '*chips_own_formats' ;;
    seeds) TRN_CHAOS_SEEDS=10000 run Chaos -class '*.SeedTests' ;;
    storm) run Chaos -method '*SoakTests.A_storm*' ;;
    efficiency) run Chaos -method '*SoakTests.Useful*' ;;
    silos) run Cluster -method '*SoakTests.A_storm*' ;;
    matrix) run Cluster -class '*.MatrixTests' ;;
    kills) run Cluster -method '*SoakTests.Kills*' ;;
    partitions) run Cluster -class '*.PartitionTests' ;;
    *) echo "soak: there is no part $part; parts are formats convergence seeds storm efficiency silos matrix kills partitions" >&2; exit 2 ;;
  esac || failed=$((failed + 1))
done

echo "$((${#parts[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
