// SPDX-License-Identifier: MIT
//
// Makes a module that mkmanifest would not: damage.js FROM TO CHANGE...
//
//   header FIELD N        a field of the boot header: "version", "segments[2].pages"
//   version N             what the manifest says first
//   text OLD NEW [NTH]    the NTH text that is OLD (from 1); NEW needs no more words
//   binary N AT BYTE...   bytes of the Nth ELF file (from 0), from AT on
//   entry N BYTE...       bytes of the Nth ELF file where it would begin to run
//   shift N               content of the Nth ELF file begins 8 bytes later
//   bytes AT BYTE...      bytes of the module
//   cut BYTES             only the beginning
'use strict';
const fs = require('fs');
const [from, to, change, ...words] = process.argv.slice(2);
let bytes = fs.readFileSync(from);

// engine/include/phoenix/boot.h: where in the module a field is, and how long.
const fields = { version: [8, 4], slots: [12, 4], slot_ns: [16, 8], bytes: [24, 8], entry: [32, 8],
    segment_count: [40, 4], capability_count: [44, 4] };
for (let i = 0; i < 16; i++)
    Object.entries({ address: [0, 8], offset: [8, 8], bytes: [16, 8], pages: [24, 4],
        protection: [28, 4] }).forEach(([name, [at, size]]) => {
        fields[`segments[${i}].${name}`] = [48 + 32 * i + at, size];
    });
for (let i = 0; i < 32; i++) {
    fields[`capabilities[${i}].interface`] = [560 + 4 * i, 2];
    fields[`capabilities[${i}].slot`] = [562 + 4 * i, 2];
}

// Where the segments begin (Cap'n Proto, "Serialization Over a Stream").
const manifest = 8192, count = bytes.readUInt32LE(manifest) + 1;
const starts = [manifest + Math.ceil((4 + 4 * count) / 8) * 8];
for (let i = 0; i < count; i++)
    starts.push(starts[i] + bytes.readUInt32LE(manifest + 4 + 4 * i) * 8);

const files = [];
for (let at = starts[1]; at < bytes.length; at += 4096)
    if (bytes.toString('latin1', at, at + 4) === '\x7fELF') files.push(at);

function must(found, what) {
    if (found) return found;
    console.error(`damage.js: there is no ${what}`);
    process.exit(1);
}

// The word of the first segment that points to the text at `target`.
function pointerTo(target) {
    for (let at = starts[0]; at < starts[1]; at += 8) {
        const low = bytes.readInt32LE(at), high = bytes.readUInt32LE(at + 4);
        if ((low & 3) === 1 && (high & 7) === 2 && at + 8 + (low >> 2) * 8 === target) return at;
    }
    return 0;
}

const changes = {
    header(name, value) {
        const [at, size] = must(fields[name], `field ${name}`), all = Buffer.alloc(8);
        all.writeBigUInt64LE(BigInt(value));
        all.copy(bytes, at, 0, size);
    },
    version(n) {
        const root = bytes.readInt32LE(starts[0]) >> 2;
        bytes.writeUInt32LE(Number(n), starts[0] + 8 + root * 8);
    },
    text(old, other, nth = '1') {
        let pointer = 0, target = 0;
        for (let at = starts[0], left = Number(nth); left > 0 && at < starts[1]; at += 8)
            if (bytes.toString('latin1', at, at + old.length + 1) === old + '\0' && pointerTo(at)) {
                left--;
                target = at;
                pointer = left === 0 ? pointerTo(at) : 0;
            }
        must(pointer, `text ${old}, ${nth} times`);
        bytes.fill(0, target, target + old.length);
        bytes.write(other, target, 'latin1');
        bytes.writeUInt32LE(((other.length + 1) << 3 | 2) >>> 0, pointer + 4);
    },
    bytes(at, ...values) {
        Buffer.from(values.map(Number)).copy(bytes, Number(at));
    },
    binary(n, at, ...values) {
        changes.bytes(must(files[n], 'such binary') + Number(at), ...values);
    },
    entry(n, ...values) {
        const file = must(files[n], 'such binary'), entry = bytes.readBigUInt64LE(file + 24);
        let header = file + Number(bytes.readBigUInt64LE(file + 32));
        for (let left = bytes.readUInt16LE(file + 56); left > 0; left--, header += 56) {
            const at = entry - bytes.readBigUInt64LE(header + 16);
            const size = bytes.readBigUInt64LE(header + 32);
            if (bytes.readUInt32LE(header) === 1 && at >= 0n && at < size)
                return changes.binary(n, bytes.readBigUInt64LE(header + 8) + at, ...values);
        }
        must(0, 'segment of its entry');
    },
    shift(n) {
        for (let at = starts[0]; at < files[0]; at += 8) {
            const low = bytes.readUInt32LE(at), high = bytes.readUInt32LE(at + 4);
            const target = starts[high] + (low >>> 3) * 8;
            if ((low & 7) === 2 && target === must(files[n], 'such binary'))
                return bytes.writeUInt32LE(low + 8, at);
        }
        must(0, 'far pointer to it');
    },
    cut(length) {
        bytes = bytes.subarray(0, Number(length));
    },
};
changes[change](...words);
fs.writeFileSync(to, bytes);
