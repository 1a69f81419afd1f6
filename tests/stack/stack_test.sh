#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The kernel's deepest path, and programs in which something is wrong with theirs: each is
# refused in the words that it is refused for.
set -u
cd "$(dirname "$0")/../.." || exit 1
annotations=engine/kernel/arch/x86_64/stack.calls
dir=${B:-build}/test/stack
mkdir -p "$dir"
failed=0

ok() { echo "ok stack.$1 ${2-}"; }
bad() {
    echo "FAIL stack.$1 $2"
    failed=1
}

# ask IMAGE ANNOTATIONS: what the tool says, in $dir/said
ask() {
    objdump -d --no-show-raw-insn "$1" > "$dir/code" && objdump -s "$1" > "$dir/data" &&
        node scripts/stack.js "$2" "$dir/code" "$dir/data" > "$dir/said" 2>&1
}

# says NAME TEXT: that the last answer was a refusal with this text
says() {
    if [ "$status" -ne 0 ] && grep -q -e "$2" "$dir/said"; then
        ok "$1" "$(grep -m 1 -e "$2" "$dir/said" | cut -c1-120)"
    else
        bad "$1" "$(tail -n 1 "$dir/said")"
    fi
}

if ask "${B:-build}/phoenix.elf" "$annotations"; then
    ok the_deepest_path_of_the_kernel_has_room "$(tail -n 1 "$dir/said")"
else
    bad the_deepest_path_of_the_kernel_has_room "$(grep '^stack:' "$dir/said" | head -n 3 | tr '\n' ' ')"
fi
size=$(sed -n 's/^#define STACK_PAGES \([0-9]*\).*/\1/p' engine/kernel/arch/x86_64/cpu.c)
if [ "$(sed -n 's/^size \([0-9]*\).*/\1/p' "$annotations")" = $((size * 4096)) ]; then
    ok the_size_is_the_one_that_is_mapped
else
    bad the_size_is_the_one_that_is_mapped "$size pages"
fi

sed 's/^limit .*/limit 2000/' "$annotations" > "$dir/low.calls"
ask "${B:-build}/phoenix.elf" "$dir/low.calls"
status=$?
says a_path_over_the_limit_is_printed 'syscall_entry uses .* -> dispatch -> '
sed '/^calls invoke/d' "$annotations" > "$dir/less.calls"
ask "${B:-build}/phoenix.elf" "$dir/less.calls"
status=$?
says a_pointer_of_which_nothing_is_said 'invoke: .* through a pointer'
says an_address_of_which_nothing_is_said 'run_process_exit: its address is taken'

# --- small programs ---------------------------------------------------------------------

# program NAME: C on standard input, `entry` is the way in; its annotations on top of these
program() {
    cat > "$dir/$1.c"
    printf 'size 1000\nlimit 800\nentry entry\n%s\n' "${2-}" > "$dir/$1.calls"
    gcc -O1 -fno-pic -fno-inline -fno-optimize-sibling-calls -fno-stack-protector \
        -ffreestanding -fno-asynchronous-unwind-tables -mgeneral-regs-only -nostdlib -static \
        -no-pie -Wl,-e,entry -o "$dir/$1.elf" "$dir/$1.c" 2> "$dir/said" &&
        ask "$dir/$1.elf" "$dir/$1.calls"
    status=$?
}

leaf='void use(volatile char *p); void use(volatile char *p) { p[0] = 1; }'

program fits <<< "$leaf void entry(void); void entry(void) { volatile char a[700]; use(a); }"
if [ $status -eq 0 ] && grep -q 'worst: 7[0-9][0-9] of 1000' "$dir/said"; then
    ok what_fits_is_accepted "$(tail -n 1 "$dir/said")"
else
    bad what_fits_is_accepted "$(tail -n 1 "$dir/said")"
fi
program deep <<< "$leaf void d(void); void d(void) { volatile char a[700]; use(a); }
    void entry(void); void entry(void) { volatile char a[100]; use(a); d(); use(a); }"
says a_planted_deep_path 'entry uses 8[0-9][0-9] bytes.*entry -> d'
program branch <<< "$leaf int c(int); int c(int n) { if (n > 7) { volatile char a[900]; use(a); }
    return n; } void entry(void); void entry(void) { volatile int n = 3; c(n); }"
says a_deep_path_that_is_never_taken 'entry -> c'
program recursion <<< "int r(int); int r(int n) { return n ? 1 + r(n - 1) : 0; }
    void entry(void); void entry(void) { volatile int n = 3; n = r(n); }"
says recursion 'recursion: r -> r'
program variable <<< "$leaf void v(unsigned n); void v(unsigned n) { volatile char a[n]; use(a); }
    void entry(void); void entry(void) { volatile unsigned n = 3; v(n); }"
says a_stack_of_unknown_size 'v: .* not followed'
program pointer 'calls entry: one' <<< "void one(void); void one(void) {}
    void two(void); void two(void) {} void (*volatile f)(void) = one;
    void entry(void); void entry(void) { f(); f = two; f(); }"
says a_function_whose_callers_are_unknown 'two: its address is taken'
exit $failed
