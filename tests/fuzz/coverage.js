// SPDX-License-Identifier: MIT
//
// How much of a kernel with coverage its machines went through.
//
//   coverage.js KERNEL [--places] OUTPUT...
//
// Each OUTPUT is what a machine said, with what coverage.c writes at its end. Printed are
// the edges that were taken in any of them and `never FUNCTION` for each function that none
// of them entered; with --places, the source lines of the edges that were not taken.
const fs = require("fs");
const { execFileSync } = require("child_process");

function fail(why) {
    console.error(`coverage: ${why}`);
    process.exit(1);
}

// Where the edges are and the functions, from the image.
class Image {
    constructor(path) {
        this.path = path;
        this.bytes = fs.readFileSync(path);
        this.functions = [];
        const symbols = new Map();
        const listed = execFileSync("nm", ["-n", path], { encoding: "utf8" });
        for (const [, address, kind, name] of listed.matchAll(/^(\w{16}) (\w) (\S+)$/gm)) {
            symbols.set(name, BigInt("0x" + address));
            if (/[tT]/.test(kind))
                this.functions.push({ address: BigInt("0x" + address), name });
        }
        const count = Number(symbols.get("coverage_bools_end") - symbols.get("coverage_bools"));
        const at = this.offset(symbols.get("coverage_places"));
        this.places = [];
        for (let i = 0; i < count; i++)
            this.places.push(this.bytes.readBigUInt64LE(at + 16 * i));
        this.edges = this.number();
    }

    // What each place is an edge of. A function of a header is in each file that uses it:
    // copies, which are of one name, one source and one number of edges, count as one.
    number() {
        const groups = [];
        this.places.forEach((place, i) => {
            const f = this.functionAt(place);
            if (groups.length === 0 || groups[groups.length - 1].f !== f)
                groups.push({ f, first: i, count: 0 });
            groups[groups.length - 1].count++;
        });
        const sources = this.sources(groups.map((group) => group.f.address));
        return groups.flatMap(({ f, count }, g) => Array.from({ length: count }, (_, i) =>
            ({ name: f.name, key: `${sources[g]} ${f.name} ${count} ${i}` })));
    }

    // The file that each address comes from.
    sources(addresses) {
        const words = ["-e", this.path, ...addresses.map((address) => address.toString(16))];
        return execFileSync("addr2line", words, { encoding: "utf8" }).trim().split("\n")
            .map((line) => line.replace(/:[^:]*$/, ""));
    }

    // Of an address in the file, by the program headers.
    offset(address) {
        const table = Number(this.bytes.readBigUInt64LE(32));
        const count = this.bytes.readUInt16LE(56);
        for (let i = 0; i < count; i++) {
            const header = table + 56 * i;
            const start = this.bytes.readBigUInt64LE(header + 16);
            const size = this.bytes.readBigUInt64LE(header + 32);
            if (this.bytes.readUInt32LE(header) === 1 && address >= start &&
                address < start + size)
                return Number(address - start + this.bytes.readBigUInt64LE(header + 8));
        }
        return fail(`${this.path} has nothing at 0x${address.toString(16)}`);
    }

    functionAt(address) {
        let low = 0, high = this.functions.length;
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (this.functions[middle].address <= address)
                low = middle;
            else
                high = middle;
        }
        return this.functions[low];
    }
}

// The edges that one machine took.
function taken(path, edges) {
    const text = fs.readFileSync(path, "latin1").replace(/[\r\0]/g, "");
    const part = /coverage begins\n([0-9a-f\n]*)coverage ends (\d+)/.exec(text);
    if (part === null)
        fail(`${path} has no coverage: the machine did not come to its end`);
    const digits = part[1].replace(/\n/g, "");
    if (digits.length !== Math.ceil(edges.length / 4))
        fail(`${path} is of another kernel`);
    return edges.filter((edge, i) => (parseInt(digits[i >> 2], 16) >> (i & 3)) & 1);
}

const words = process.argv.slice(2);
const wantsPlaces = words.includes("--places");
const [kernel, ...outputs] = words.filter((word) => word !== "--places");
if (outputs.length === 0)
    fail("usage: coverage.js KERNEL [--places] OUTPUT...");
const image = new Image(kernel);
const all = new Set(image.edges.map((edge) => edge.key));
const names = new Set(image.edges.map((edge) => edge.name));
const seen = new Set(), entered = new Set();
for (const output of outputs) {
    for (const edge of taken(output, image.edges)) {
        seen.add(edge.key);
        entered.add(edge.name);
    }
}
const percent = (Math.floor((seen.size * 1000) / all.size) / 10).toFixed(1);
console.log(`edges ${seen.size} of ${all.size}, ${percent} %`);
for (const name of [...names].sort())
    if (!entered.has(name))
        console.log(`never ${name}`);

if (wantsPlaces) {
    const missed = image.places.filter((place, i) => !seen.has(image.edges[i].key))
        .map((place) => place.toString(16));
    const lines = execFileSync("addr2line", ["-f", "-e", kernel, ...missed], { encoding: "utf8" })
        .split("\n");
    for (let i = 0; i + 1 < lines.length; i += 2)
        console.log(`missed ${lines[i + 1]} ${lines[i]}`);
}
