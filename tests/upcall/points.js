// SPDX-License-Identifier: MIT
//
// The instructions of the libos's way in and out, as a table in C: how far each is from the
// first, and what it is.
//
//   objdump -d --no-show-raw-insn upcall.S.o | points.js FIRST LAST
const [first, last] = process.argv.slice(2);
const lines = require("fs").readFileSync(0, "utf8").split("\n");
let inside = false;
let base;

for (const line of lines) {
    const label = /^[0-9a-f]+ <(\w+)>:$/.exec(line);
    if (label && label[1] === first)
        inside = true;
    if (label && label[1] === last)
        inside = false;
    const instruction = /^ *([0-9a-f]+):\t([^#<]*[^#< ])/.exec(line);
    if (!inside || !instruction)
        continue;
    const offset = parseInt(instruction[1], 16);
    base ??= offset;
    console.log(`    { ${offset - base}, "${instruction[2].replace(/\s+/g, " ")}" },`);
}
