#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What capnpc-phoenix refuses in a schema, and that it says where: each case is a
# schema beside the real ones, and the line that must come out.
set -u
cd "$(dirname "$0")/../.."

plugin=$PWD/${B:-build}/tools/capnpc-phoenix
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

compile() { # SCHEMA...
    mkdir -p "$work/out"
    capnp compile -Ischema --src-prefix=schema --src-prefix="$work" -o"$plugin:$work/out" "$@" 2>&1
}

verdict() { # NAME, what came out, what should have
    if grep -qF -- "$3" <<<"$2"; then
        echo "ok capnp.$1"
    else
        echo "FAIL capnp.$1 said '$(head -n 1 <<<"$2")', not '$3'"
        failed=1
    fi
}

refuses() { # NAME, LINE; the schema's declarations on standard input
    {
        echo '@0x9b0c4de1f2a35768;'
        echo 'using A = import "/annotations.capnp";'
        cat
    } >"$work/case.capnp"
    verdict "refuses_$1" "$(compile schema/annotations.capnp schema/kernel.capnp "$work/case.capnp")" \
        "case.capnp: $2"
}

refuses method_without_bit 'X.m: has no $bit' <<'S'
interface X $A.number(100) { m @0 () -> () $A.words; }
S
refuses bits_without_number 'X: has method bits but no $number' <<'S'
interface X { m @0 () -> () $A.bit(0); }
S
refuses bit_twice 'X.n: has the $bit of X.m' <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(3) $A.words; n @1 () -> () $A.bit(3) $A.words; }
S
refuses bit_of_superclass 'Y.n: has the $bit of X.m' <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(3) $A.words; }
interface Y extends(X) $A.number(101) { n @0 () -> () $A.bit(3) $A.words; }
S
refuses superclass_without_number 'Y: extends an interface without a $number' <<'S'
interface X {}
interface Y extends(X) $A.number(101) {}
S
refuses bit_above_63 'X.m: $bit is above 63' <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(64) $A.words; }
S
refuses bit_of_capability "X.m: bits 56 to 63 are Capability's" <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(56) $A.words; }
S
refuses number_twice 'X: has the number of Clock' <<'S'
interface X $A.number(12) { m @0 () -> () $A.bit(0) $A.words; }
S
refuses nyx_number_twice 'X.m: has the $nyx number of Clock.now' <<'S'
interface X $A.number(50) { m @0 () -> () $A.bit(0) $A.words $A.nyx([241]); }
S
refuses nyx_number_of_service 'X.m: has $nyx, but the kernel does not do it' <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(0) $A.words $A.nyx([200]); }
S
refuses narrow_word 'X.m.a: is no 64-bit word' <<'S'
interface X $A.number(100) { m @0 (a :UInt32) -> () $A.bit(0) $A.words; }
S
refuses structure_as_word 'X.m.a: is no 64-bit word' <<'S'
struct S {}
interface X $A.number(100) { m @0 () -> (a :S) $A.bit(0) $A.words; }
S
refuses union_as_words 'X.m.a: a union or group' <<'S'
struct S { union { a @0 :UInt64; b @1 :UInt64; } }
interface X $A.number(100) { m @0 S -> () $A.bit(0) $A.words; }
S
refuses buffer_of_kernel 'X.m.a: is no 64-bit word' <<'S'
interface X $A.number(50) { m @0 (a :Data) -> () $A.bit(0) $A.words; }
S
refuses two_buffers 'X.m: has more than one buffer' <<'S'
interface X $A.number(100) { m @0 (a :Data, b :Text) -> () $A.bit(0) $A.words; }
S
refuses words_of_kernel 'X.m: has more words than registers carry' <<'S'
interface X $A.number(50) { m @0 (a :UInt64, b :UInt64, c :UInt64, d :UInt64, e :UInt64, f :UInt64) -> () $A.bit(0) $A.words; }
S
refuses kernel_without_words "X.m: is the kernel's and not \$words" <<'S'
interface X $A.number(50) { m @0 () -> () $A.bit(0); }
S
refuses done_as_another_of_other_words 'X.m: is not done as Clock.now is' <<'S'
interface X $A.number(62) { m @0 (a :UInt64) -> () $A.bit(0) $A.words $A.as("Clock.now"); }
S
refuses marker_with_words 'X.m: is a $marker and has parameters' <<'S'
interface X $A.number(100) { m @0 (a :UInt64) -> () $A.bit(0) $A.words $A.marker; }
S
refuses facet_of_nothing 'X.READ: no method is called n' <<'S'
interface X $A.number(100) $A.facets([(name = "READ", methods = ["m", "n"])]) { m @0 () -> () $A.bit(0) $A.words; }
S
refuses unknown_error 'X.m: no error is called oops' <<'S'
interface X $A.number(100) { m @0 () -> () $A.bit(0) $A.words $A.errors(["timeout", "oops"]); }
S
refuses names_that_become_one 'B.CD: its C name b_cd_reader is taken already' <<'S'
struct BCd {}
struct B { struct CD {} }
S
refuses fields_that_become_one 'S.foo.bar: its C name s_foo_bar is taken already' <<'S'
struct S { foo :group { bar @0 :UInt8; } fooBar @1 :UInt8; }
S

# What is good goes through: everything that the register form allows.
cat >"$work/case.capnp" <<'S'
@0x9b0c4de1f2a35768;
using A = import "/annotations.capnp";
interface X $A.number(100) $A.facets([(name = "ALL", methods = ["m", "revoke"])]) {
  m @0 (a :UInt64, b :Int64, default :Data, x :X) -> (self :UInt64, text :Text, y :X) $A.bit(55) $A.words;
}
interface Y extends(X) $A.number(101) $A.facets([(name = "M", methods = ["m", "n"])]) {
  n @0 () -> () $A.bit(0) $A.words $A.errors(["timeout"]) $A.tests(["x.is_y"]);
}
S
verdict accepts_the_register_form \
    "$(compile schema/annotations.capnp schema/kernel.capnp "$work/case.capnp" && echo through)" through
verdict flattens_superclasses "$(cat "$work/out/case.capnp.h")" \
    '#define Y_M_ALL (UINT64_C(0x80000000000001) | CAPABILITY_M_ALL)'
verdict names_facets_by_method "$(cat "$work/out/case.capnp.h")" '#define Y_F_M (X_M_M | Y_M_N)'
verdict keeps_keywords_apart "$(cat "$work/out/case.stubs.h")" 'const void *default_,'
verdict lists_tests_by_method "$(cat "$work/out/schema_tests.txt")" 'Y.n x.is_y'

# One schema alone, whose errors are defined elsewhere.
sed -i 's/, "revoke"//' "$work/case.capnp"
verdict says_what_is_missing "$(compile "$work/case.capnp")" 'case.capnp: Y.n: names errors'
exit $failed
