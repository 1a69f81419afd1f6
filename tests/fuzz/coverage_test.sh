#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random programs on a kernel that counts where it has been: on one core, on two, and with
# another seed on one, 6.5 G instructions in all; then machines that refuse what they are to
# boot. Nothing breaks, everything comes back, at least 85 % of the edges of kernel and core
# are taken by the programs alone, and the functions that are not are those that are listed.
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
least=85.0
seed=${TEST_SEED:-1}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
kernel=$B/cov/phoenix.elf
failures=0

ok() { echo "ok fuzz.$1"; }
bad() {
    echo "FAIL fuzz.$1 ${*:2}" | tr '\n' ' '
    echo
    failures=1
}

# lives NAME CORES SEED INSTRUCTIONS
lives() {
    PHX_CORES=$2 tests/fuzz/run.sh "$kernel" "$3" "$4" >"$work/runs/$1"
    echo $? >"$work/$1.status"
}
mkdir "$work/runs"
lives cores2 2 "$seed" 3000000000 &
lives cores1 1 "$seed" 2000000000
lives others 1 $((seed + 1)) 1500000000 # a core again, with other lives
wait
for run in cores1 cores2 others; do
    said=$work/runs/$run
    echo "# $run: $(grep -ao 'fuzz: .* lives' "$said")," \
        "$(grep -ao 'ends [0-9]*' "$said" | cut -d' ' -f2) instructions," \
        "$(node tests/fuzz/coverage.js "$kernel" "$said" | head -n 1)"
    if [ "$(cat "$work/$run.status")" = 0 ]; then
        ok "random_programs_break_nothing.$run"
    else
        bad "random_programs_break_nothing.$run" "seed $seed:" \
            "$(grep -a -A 20 -e 'Phoenix stopped' -e 'not everything' "$said")"
    fi
done

# What an emulator says goes to a file as well: whoever starts one by its name gets this.
mkdir "$work/bin" "$work/boots"
cat >"$work/bin/qemu-system-x86_64" <<TEE
#!/bin/bash
"$(command -v qemu-system-x86_64)" "\$@" | tee "$work/boots/\$\$"
exit "\${PIPESTATUS[0]}"
TEE
chmod +x "$work/bin/qemu-system-x86_64"
if PATH=$work/bin:$PATH B=$B/cov tests/boot/modules_test.sh >"$work/log" 2>&1; then
    ok this_kernel_refuses_modules_too
else
    bad this_kernel_refuses_modules_too "$(grep -a FAIL "$work/log" | head -n 3)"
fi

fuzzed=$(node tests/fuzz/coverage.js "$kernel" "$work"/runs/*)
# One that ended otherwise than by the kernel says nothing.
mapfile -t boots < <(grep -la '^coverage ends' "$work"/boots/*)
merged=$(node tests/fuzz/coverage.js "$kernel" "$work"/runs/* "${boots[@]}")
figure=$(sed -n 's/^edges .*, \(.*\) %$/\1/p' <<<"$fuzzed")
echo "# random programs: $(head -n 1 <<<"$fuzzed")"
echo "# and ${#boots[@]} boots: $(head -n 1 <<<"$merged")"
if awk -v have="$figure" -v least=$least 'BEGIN { exit !(have >= least) }'; then
    ok "random_programs_take_most_edges"
else
    bad "random_programs_take_most_edges" "${figure:-no} %, which is less than $least"
fi

# held NAME MESSAGE FILE FILE: two lists are equal.
held() {
    local difference
    if difference=$(diff "$3" "$4"); then
        ok "$1"
    else
        bad "$1" "$2: $(grep '^[<>]' <<<"$difference" | tr '\n' ' ')"
    fi
}
sed -n 's/^never //p' <<<"$fuzzed" | sort >"$work/never"
grep -v '^#' tests/fuzz/uncovered.list | awk '{ print $1 }' | sort >"$work/listed"
held uncovered_functions_are_listed '< in the list, > not entered' "$work/listed" "$work/never"
sed -n 's/^never //p' <<<"$merged" | sort >"$work/never"
awk '$2 == "nothing" { print $1 }' tests/fuzz/uncovered.list | sort >"$work/listed"
held boots_enter_what_the_list_says '< in the list, > not entered' "$work/listed" "$work/never"
exit $failures
