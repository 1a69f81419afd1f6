#!/bin/bash
# SPDX-License-Identifier: MIT
# mkmanifest: what it packs, as `capnp` reads it, and each thing that it refuses.
set -u
suite=mkmanifest
. "$(dirname "$0")/lib.sh"

mkmanifest=$build/tools/mkmanifest
files=$work/files
mkdir -p "$files/tree"

# Two programs, too small to take long.
for name in a b; do
    printf 'const char name[] = "%s"; void _start(void) { for (;;) {} }' $name |
        gcc -static -nostdlib -Wl,-Ttext-segment=0x200000 -x c -o "$files/$name.elf" -
done
# And what the kernel could not start: elsewhere, anywhere, or where its stack is to be.
program='void _start(void) { for (;;) {} }'
gcc -static -nostdlib -Wl,-Ttext-segment=0x400000 -x c -o "$files/elsewhere.elf" - <<<"$program"
gcc -static-pie -nostdlib -x c -o "$files/anywhere.elf" - <<<"$program"
gcc -static -nostdlib -Wl,-Ttext-segment=0x200000 -x c -o "$files/large.elf" - \
    <<<"char large[0x1d8000]; $program"
printf 'text of a file\n' >"$files/tree/file"

cat >"$work/good.json" <<'JSON'
{
    "version": 1,
    "name": "test",
    "init": { "binary": "a", "capabilities": ["account", "pool", "log", "console", "bootPackage"] },
    "services": [
        { "name": "one", "binary": "b", "arguments": ["x", "\u00e9\ud83d\ude00\n\"\\"],
          "grants": [ { "name": "pool", "source": "pool", "methods": [] },
                      { "name": "out", "source": "console", "methods": ["WRITE", "take"] } ],
          "provides": ["namespace"], "pages": 4096, "holds": 64, "threads": 2, "restart": true },
        { "name": "two", "binary": "b",
          "grants": [ { "name": "files", "source": "namespace", "methods": ["READ", "duplicate"] } ] }
    ],
    "binaries": [ { "name": "a", "file": "a.elf" }, { "name": "b", "file": "b.elf" } ],
    "time": { "slots": 4, "length": 2000000 },
    "files": [
        { "path": "/bin/sh", "target": "busybox" },
        { "path": "/etc/motd", "text": "hello\n", "mode": 416 },
        { "path": "/bin/a", "file": "a.elf", "mode": 493 },
        { "path": "/tmp", "folder": true, "mode": 1023 },
        { "path": "/etc/empty", "text": "" },
        { "path": "/file", "file": "tree/file" }
    ]
}
JSON

pack() { "$mkmanifest" --files "$files" "$@"; }
check accepts_a_good_one pack -o "$work/module" "$work/good.json"
check without_o_only_checks pack "$work/good.json"

# What capnp and node make of it.
tail -c +8193 "$work/module" >"$work/message" # behind the boot header
capnp decode schema/manifest.capnp SystemManifest <"$work/message" >"$work/decoded" 2>"$work/said" &&
    ok capnp_decodes_it || bad capnp_decodes_it "$(cat "$work/said")"
capnp convert binary:json schema/manifest.capnp SystemManifest <"$work/message" >"$work/back.json"
cat >"$work/look.js" <<'JS'
const fs = require('fs'), crypto = require('crypto');
const [packed, back, files] = process.argv.slice(2);
const bytes = fs.readFileSync(packed), m = JSON.parse(fs.readFileSync(back));
const say = (name, good) => console.log(`${good ? 'ok' : 'FAIL'} mkmanifest.${name}${good ? '' : ' differs'}`);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const hash = (b) => [...crypto.createHash('sha256').update(b).digest()];
const text = (blob) => Buffer.from(blob || []).toString();
// A blob lies at a page of the module.
const paged = (blob) => {
    for (let at = 4096; at < bytes.length; at += 4096)
        if (bytes.subarray(at, at + blob.length).equals(Buffer.from(blob))) return true;
    return false;
};
const a = [...fs.readFileSync(files + '/a.elf')], entries = m.trees[0].entries;
const path = (i) => i === 0 ? '' : path(entries[i].parent) + '/' + entries[i].name;
const at = (p) => entries[entries.findIndex((_, i) => path(i) === p)];

say('texts', m.version === 1 && m.name === 'test' && m.init.binary === 'a' &&
    same(m.init.capabilities, ['account', 'pool', 'log', 'console', 'bootPackage']));
say('services', m.services.length === 2 && m.services[0].restart === true &&
    m.services[0].pages === '4096' && same(m.services[0].arguments, ['x', '\u00e9\u{1f600}\n"\\']) &&
    same(m.services[0].grants[1], { name: 'out', source: 'console', methods: ['WRITE', 'take'],
        first: '0', count: '0' }));
say('time', m.time.slots === 4 && m.time.length === '2000000');
say('binaries', m.binaries.length === 2 && same(m.binaries[0].content, a) &&
    m.binaries[0].size === String(a.length));
say('hashes', same(m.binaries[0].sha256, hash(Buffer.from(a))) &&
    same(at('/etc/motd').sha256, hash('hello\n')));
say('blobs_are_at_pages', m.binaries.every((b) => paged(b.content)) && paged(at('/etc/motd').content));
say('tree', same(entries.map((_, i) => path(i)).sort(), ['', '/bin', '/bin/a', '/bin/sh', '/etc',
    '/etc/empty', '/etc/motd', '/file', '/tmp']) && entries.every((e, i) => i === 0 || e.parent < i));
say('modes', at('/tmp').mode === 0o41777 && at('/etc/motd').mode === 0o100640 &&
    at('/bin').mode === 0o40755 && at('/bin/sh').mode === 0o120777);
say('files', text(at('/file').content) === 'text of a file\n' && text(at('/etc/empty').content) === '' &&
    at('/bin/sh').target === 'busybox' && same(at('/bin/a').content, a));
say('whole_pages', bytes.length % 4096 === 0);

// What the kernel reads (engine/include/phoenix/boot.h).
const u16 = (at) => bytes.readUInt16LE(at), u32 = (at) => bytes.readUInt32LE(at);
const u64 = (at) => Number(bytes.readBigUInt64LE(at));
const segments = [...Array(u32(40)).keys()].map((i) => 48 + 32 * i).map((at) => ({ address: u64(at),
    offset: u64(at + 8), bytes: u64(at + 16), pages: u32(at + 24), protection: u32(at + 28) }));
const text_segment = segments.find((s) => s.protection === 5), elf = Buffer.from(a);
say('header', bytes.toString('latin1', 0, 7) === 'phxboot' && u32(8) === 1 && u32(12) === 4 &&
    u64(16) === 2000000 && u64(24) === bytes.length && u64(32) === Number(elf.readBigUInt64LE(24)));
say('segments', segments.every((s, i) => s.address % 4096 === 0 && s.offset % 4096 === 0 &&
        (i === 0 || s.address >= segments[i - 1].address + segments[i - 1].pages * 4096)) &&
    text_segment.bytes === text_segment.pages * 4096 &&
    elf.indexOf(bytes.subarray(text_segment.offset, text_segment.offset + 16)) % 4096 === 0);
say('stack_and_start_block', same(segments.slice(-2), [
    { address: 0x3d8000, offset: 0, bytes: 0, pages: 8, protection: 3 },
    { address: 0x3f0000, offset: 4096, bytes: 4096, pages: 1, protection: 1 }]));
say('capabilities', same([...Array(u32(44)).keys()].map((i) => [u16(560 + 4 * i), u16(562 + 4 * i)]),
    [[2, 1], [4, 2], [5, 3], [1, 5], [7, 4], [17, 8], [13, 7], [16, 13]]));
JS
node "$work/look.js" "$work/module" "$work/back.json" "$files" >"$work/said" 2>&1
grep -E '^(ok|FAIL) ' "$work/said"
[ "$(grep -c '^ok ' "$work/said")" = 14 ] || bad module "$(tail -n 3 "$work/said")"

pack -o "$work/again" "$work/good.json" && check twice_the_same cmp "$work/module" "$work/again"

# refuses NAME PATTERN SED: the good manifest, changed, is refused in one line.
refuses() {
    sed -E "$3" "$work/good.json" >"$work/bad.json"
    rm -f "$work/module"
    pack -o "$work/module" "$work/bad.json" >"$work/said" 2>&1
    if [ $? = 1 ] && [ "$(wc -l <"$work/said")" = 1 ] && [ ! -e "$work/module" ] &&
        grep -q -- "$2" "$work/said"; then
        ok "refuses_$1"
    else
        bad "refuses_$1" "$(cat "$work/said")"
    fi
}
refuses unknown_field 'bad.json:6: services\[0\].colour: no such field' 's/("name": "one",)/\1 "colour": 1,/'
refuses missing_field 'bad.json:.*: init: `binary` is missing; a text is expected' 's/"binary": "a",//'
refuses wrong_kind 'name: a text is expected' 's/"name": "test"/"name": 5/'
refuses other_version 'version: 1 is expected' 's/"version": 1/"version": 2/'
refuses negative_number 'services\[0\].pages: -1; a number from 0 to' 's/4096/-1/'
refuses fraction 'services\[0\].pages: a whole number is expected' 's/4096/1.5/'
refuses unknown_init 'init.binary: `z` is not in binaries' 's/"binary": "a"/"binary": "z"/'
refuses init_elsewhere 'init.binary: `a` cannot be run here: it is not linked where' \
    's/"file": "a.elf" }, \{/"file": "elsewhere.elf" }, {/'
refuses init_anywhere 'init.binary: `a` cannot be run here: it has no fixed address' \
    's/"file": "a.elf" }, \{/"file": "anywhere.elf" }, {/'
refuses init_on_its_stack 'init.binary: `a` cannot be run here: it is not linked where' \
    's/"file": "a.elf" }, \{/"file": "large.elf" }, {/'
refuses unknown_binary 'services\[1\].binary: `z` is not in binaries' \
    's/("name": "two", "binary": )"b"/\1"z"/'
refuses unknown_kernel_grant 'init.capabilities\[3\]: the kernel grants no `moon`' 's/"log", "console"/"log", "moon"/'
refuses grant_that_init_has_not 'grants\[1\].source: init itself is not given `console`' 's/"console", "boot/"boot/'
refuses unknown_source 'grants\[0\].source: nothing is called `files`' 's/"source": "namespace"/"source": "files"/'
refuses unknown_method 'Console has no method or facet `sing`; it has write, stream, take, WRITE' 's/"WRITE"/"sing"/'
refuses unknown_method_of_service 'Namespace has no method or facet `WRIGHT`' 's/"READ", "dup/"WRIGHT", "dup/'
refuses own_provision 'is what this service itself provides' 's/"source": "console"/"source": "namespace"/'
refuses cycle 'can never start' \
    's/"source": "console", "methods": \["WRITE", "take"\]/"source": "launcher"/; s/("name": "two", "binary": "b",)/\1 "provides": ["launcher"],/'
refuses service_twice 'services\[1\].name: `one` is there twice' 's/"name": "two"/"name": "one"/'
refuses binary_twice 'binaries\[1\].name: `a` is there twice' 's/"name": "b", "file"/"name": "a", "file"/'
refuses range_of_a_whole 'grants\[1\].count: there are no ranges of `console`' 's/"name": "out"/"count": 1, "name": "out"/'
ports='s/"log", "console"/"log", "ioPort", "console"/'
refuses whole_where_ranges_are 'grants\[1\].source: `ioPort` is granted by the range' "$ports; s/\"source\": \"console\"/\"source\": \"ioPort\"/; s/\\[\"WRITE\", \"take\"\\]/[]/"
refuses range_twice 'grants\[0\].first: some of it is also granted in line' "$ports; s/\"source\": \"console\", \"methods\": \\[\"WRITE\", \"take\"\\]/\"source\": \"ioPort\", \"first\": 7, \"count\": 2/; s/\"source\": \"namespace\", \"methods\": \\[\"READ\", \"duplicate\"\\]/\"source\": \"ioPort\", \"first\": 8, \"count\": 1/"
refuses grant_twice 'grants\[1\].name: `pool` is there twice' 's/"name": "out"/"name": "pool"/'
refuses provided_twice 'provides\[0\]: `namespace` is provided by another' \
    's/("name": "two", "binary": "b",)/\1 "provides": ["namespace"],/'
refuses provided_unknown 'no interface is called `mountain`' 's/"provides": \["namespace"\]/"provides": ["mountain"]/'
refuses provided_kernel_grant 'is a kernel grant' 's/"provides": \["namespace"\]/"provides": ["log"]/'
refuses missing_file 'binaries\[1\].file: cannot read .*/z.elf: No such file' 's/"b.elf"/"z.elf"/'
refuses text_as_binary 'binaries\[1\].file: .*tree/file cannot be run: ' 's#"b.elf"#"tree/file"#'
refuses dynamic_binary 'binaries\[1\].file: /bin/ls cannot be run: ' 's#"b.elf"#"/bin/ls"#'
refuses file_twice 'is given twice' 's#"path": "/file"#"path": "/bin/a"#'
refuses dots_in_a_path 'has `.` or `..` in it' 's#"path": "/file"#"path": "/bin/../x"#'
refuses path_through_a_file 'leads through' 's#"path": "/file"#"path": "/etc/motd/x"#'
refuses relative_path 'does not begin with a slash' 's#"path": "/file"#"path": "file"#'
refuses field_twice 'there twice' 's/("version": 1,)/\1 \1/'
refuses end_too_early 'bad.json:' '$d'
refuses more_behind_the_end 'behind the end' '$s/$/ 1/'
refuses bad_escape 'no such escape' 's/"x", "/"x", "\\q/'
refuses half_a_surrogate 'surrogate' 's/\\ude00//'
pack "$work/nothing.json" >"$work/said" 2>&1
[ $? = 1 ] && grep -q 'cannot read .*nothing.json' "$work/said" && ok refuses_no_manifest || bad refuses_no_manifest
printf '%0200d' 0 | tr 0 '[' >"$work/deep.json"
pack "$work/deep.json" >"$work/said" 2>&1
[ $? = 1 ] && grep -q 'nested too deeply' "$work/said" && ok refuses_depth || bad refuses_depth

# What is wrong in one, mistakes_test.js asks.
cue() { node tools/mkmanifest/cue.js "$1" >"$work/cue.json" 2>"$work/said"; }
check cue_accepts_the_system cue manifests/system.cue
[ $failures = 0 ]
