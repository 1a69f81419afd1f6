#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Random programs on a kernel that counts where it has been: 2 G instructions on one core
# and 2 G on two, with a fixed seed; then machines that refuse what they are to boot. Nothing
# breaks, everything comes back, at least 85 % of the edges of kernel and core are taken by
# the programs alone, and the functions that are not are those that are listed.
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

# lives CORES INSTRUCTIONS
lives() {
    PHX_CORES=$1 tests/fuzz/run.sh "$kernel" "$seed" "$2" >"$work/cores$1"
    echo $? >"$work/status$1"
}
lives 2 3000000000 &
lives 1 2000000000
PHX_CORES=1 tests/fuzz/run.sh "$kernel" $((seed + 1)) 1500000000 >"$work/more" # of other lives
wait
for cores in 1 2; do
    echo "# $cores cores: $(grep -ao 'fuzz: .* lives' "$work/cores$cores")," \
        "$(grep -ao 'ends [0-9]*' "$work/cores$cores" | cut -d' ' -f2) instructions," \
        "$(node tests/fuzz/coverage.js "$kernel" "$work/cores$cores" | head -n 1)"
    if [ "$(cat "$work/status$cores")" = 0 ]; then
        ok "random_programs_break_nothing.cores$cores"
    else
        bad "random_programs_break_nothing.cores$cores" "seed $seed:" \
            "$(grep -a -A 20 -e 'Phoenix stopped' -e 'not everything' "$work/cores$cores")"
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

fuzzed=$(node tests/fuzz/coverage.js "$kernel" "$work/cores1" "$work/cores2" "$work/more")
# One that ended otherwise than by the kernel says nothing.
mapfile -t boots < <(grep -la '^coverage ends' "$work"/boots/*)
merged=$(node tests/fuzz/coverage.js "$kernel" "$work"/cores? "${boots[@]}")
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
