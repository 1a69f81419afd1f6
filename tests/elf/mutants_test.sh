#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Damaged programs, all in one machine: each has an outcome, those that the loader must
# refuse (decide says which, from the same seed) are refused in exactly these words, no
# other is, and the machine is what it was. Counts are printed.
#
#   mutants_test.sh [COUNT [SEED [FOLDER]]]     FOLDER has victim.elf and victim-pie.elf
set -u
cd "$(dirname "$0")/../.."

build=${B:-build}
count=${1:-5000}
seed=${2:-1}
victims=$PWD/${3:-$build/boot}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok elf.$1"; }
bad() {
    echo "FAIL elf.$1 ${*:2}"
    failed=1
}

if "$build/tests/elf/decide" "$seed" "$count" "$victims"/victim{,-pie}.elf \
    >"$work/must" 2>"$work/launcher"; then
    ok "phoenix_run_and_the_loader_agree ($(cat "$work/launcher"))"
else
    bad phoenix_run_and_the_loader_agree "$(tail -n 1 "$work/launcher")"
fi

# The launcher's own machine, with another system in it.
cp "$build/phoenix.elf" "$work"
sed -e "s/\"SEED\"/\"$seed\"/; s/\"COUNT\"/\"$count\"/" \
    -e "s|\"\(victim[a-z-]*\.elf\)\"|\"$victims/\1\"|" "$build/elf-mutants.json" >"$work/json"
"$build/tools/mkmanifest" --files "$build/boot" -o "$work/system.manifest" "$work/json" || exit 1
limit=$((60 + count / 10))
PHOENIX_IMAGES=$work timeout -k 5 $((limit + 10)) "$build/tools/phoenix" shell --accel tcg \
    --timeout $limit --log "$work/log" </dev/null >"$work/out" 2>"$work/errors"
status=$?
grep -a -e '^ok ' -e '^FAIL ' "$work/out"
# 10 is the driver's own.
if [ $status = 10 ]; then ok the_machine_ends_well; else
    bad the_machine_ends_well "status $status; $(tail -n 1 "$work/log")"
    tail -n 5 "$work/errors"
fi

# What the libos said before the program's outcome is said of that program.
awk '/^phoenix: mutant: / { said = substr($0, 18) }
    /^mutant [0-9]+ / { if (said != "") print $1, $2, said; said = "" }' \
    "$work/errors" >"$work/said"
if cmp -s "$work/must" "$work/said"; then
    ok "the_libos_refuses_what_it_must ($(wc -l <"$work/said") of $count)"
else
    bad the_libos_refuses_what_it_must "$(diff "$work/must" "$work/said" | head -n 3 | tr '\n' ' ')"
fi

outcomes=$(grep -ac '^mutant [0-9]* ' "$work/errors")
table=$(sed -n 's/^mutant [0-9]* //p' "$work/errors" | sort | uniq -c | sort -rn |
    awk '{ n = $1; $1 = ""; printf "%s%d x%s", (NR > 1 ? ", " : ""), n, $0 }')
if [ "$outcomes" = "$count" ] && [[ $table != *never* ]]; then
    ok "each_mutant_has_an_outcome ($count, seed $seed: $table)"
else
    bad each_mutant_has_an_outcome "$outcomes of $count: $table"
fi
# The log is sent on as it is written, so it is all there.
if [ ! -s "$work/log" ] || grep -q 'fault in the libos' "$work/log"; then
    bad the_libos_stands "$(grep -m 1 'fault in the libos' "$work/log")"
else
    ok the_libos_stands
fi
reasons=$(cut -d' ' -f3- "$work/said" | sort -u | wc -l)
signals=$(grep -ac '^\[.*mutant\[[0-9]*\]: .* at 0x' "$work/log")
if [ "$reasons" -ge 10 ] || [ "$count" -lt 1000 ]; then
    ok "every_reason_is_met ($reasons; the log still names $signals faults)"
else
    bad every_reason_is_met "only $reasons: $(cut -d' ' -f3- "$work/said" | sort -u | tr '\n' ';')"
fi
exit $failed
