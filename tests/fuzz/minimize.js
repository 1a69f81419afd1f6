// SPDX-License-Identifier: MIT
//
// Makes a failing run of random programs small: which operations are needed for it?
//
//   minimize.js KERNEL SEED [INSTRUCTIONS]
//
// The run is done once as it is; what the kernel says when it stops is what every smaller
// run has to make it say (numbers aside). Then as few operations from the beginning as
// still fail, by halving; and of those, delta debugging: pieces are left out, then smaller
// pieces, until no single operation can be left out. Each trial is a machine (run.sh).
// Printed are the two counts and how to do the small run again. PHX_PLANT is passed on.
const { spawnSync } = require("child_process");
const path = require("path");

const [kernel, seed, instructions = "2000000000"] = process.argv.slice(2);
const run = path.join(__dirname, "run.sh");
const mostRanges = 15000; // of a plan: program/fuzz.h
let trials = 0;

function fail(why) {
    console.error(`minimize: ${why}`);
    process.exit(1);
}

// The verdict on a run, without what differs each time; null when it is good.
function verdict(ranges, limit) {
    trials++;
    const result = spawnSync(run, [kernel, seed, limit, ...ranges],
        { encoding: "latin1", maxBuffer: 1 << 28 });
    if (result.error)
        fail(result.error.message);
    if (result.status === 0)
        return null;
    const said = result.stdout.replace(/[\r\0]/g, "");
    const line = /Phoenix stopped: ([^\n]*)/.exec(said);
    if (line === null)
        return "it came to no end";
    const where = / {2}(?!panic|kernel_epitaph|report|look|__)(\w+)\+0x/
        .exec(said.slice(line.index));
    if (line[1].startsWith("the last process ended"))
        return (/fuzz: (not everything[^\n]*)/.exec(said) || [, line[1]])[1];
    return line[1].replace(/0x[0-9a-f]+|\d{3,}/g, "N") + (where ? ` in ${where[1]}` : "");
}

// Numbers as FROM-TO, neighbours joined.
function rangesOf(numbers) {
    const ranges = [];
    for (const n of numbers) {
        const last = ranges[ranges.length - 1];
        if (last !== undefined && last[1] === n - 1)
            last[1] = n;
        else
            ranges.push([n, n]);
    }
    return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
}

if (seed === undefined)
    fail("usage: minimize.js KERNEL SEED [INSTRUCTIONS]");
const wanted = verdict([], instructions);
if (wanted === null)
    fail(`seed ${seed} fails nothing within ${instructions} instructions`);
console.log(`seed ${seed}: ${wanted}`);
const fails = (numbers) => {
    const ranges = rangesOf(numbers);
    return ranges.length <= mostRanges && verdict(ranges, "0") === wanted;
};

// From the beginning: twice as many until it fails, then halving.
const firstOf = (count) => verdict([`0-${count - 1}`], "0") === wanted;
let high = 64;
while (!firstOf(high)) {
    high *= 2;
    if (high > 1 << 24)
        fail("it does not fail again with any number of operations");
}
let low = high / 2;
while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (firstOf(middle))
        high = middle;
    else
        low = middle;
}
console.log(`${high} operations lead to it`);

// ddmin (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002);
// complements only: what is needed lies apart.
let needed = Array.from({ length: high }, (_, i) => i);
for (let pieces = 2; needed.length > 1;) {
    const size = Math.ceil(needed.length / pieces);
    let at = 0, found = false;
    while (at < needed.length && needed.length > 1) {
        const without = needed.slice(0, at).concat(needed.slice(at + size));
        if (without.length > 0 && fails(without)) {
            needed = without;
            found = true;
        } else {
            at += size;
        }
    }
    if (size === 1 && !found)
        break;
    pieces = Math.min(needed.length, found ? Math.max(pieces - 1, 2) : pieces * 2);
    if (size === 1)
        pieces = needed.length;
}
console.log(`${needed.length} of them are needed, found in ${trials} trials`);
console.log(`again: ${process.env.PHX_PLANT ? `PHX_PLANT=${process.env.PHX_PLANT} ` : ""}` +
    `${path.relative(process.cwd(), run)} ${kernel} ${seed} 0 ${rangesOf(needed).join(" ")}`);
