// SPDX-License-Identifier: MIT
//
// The worst use of the kernel's one stack, from the image as it is linked.
//
//   stack.js ANNOTATIONS DISASSEMBLY DATA
//
// DISASSEMBLY is what `objdump -d --no-show-raw-insn KERNEL` says, DATA `objdump -s`.
//
// Each function is gone through instruction by instruction, along every jump, and it is known
// how far its stack pointer is below where it began: at each call, and at most. From there
// the deepest path of calls is found from every way in. What the instructions do not say is
// written down in ANNOTATIONS, and is held both ways: who is called through a pointer, which
// ways in there are, what may interrupt where, and how large the stack is. A pointer without
// a line, a function whose address is taken and of which no line says who calls it, a line that
// nothing matches, recursion without a bound, and a stack pointer that is not followed
// are errors, as is a path that is too deep; it is printed.
//
//   size N                       bytes of a stack
//   limit N                      what a path may use of it
//   entry FUNCTION [BYTES]       a way in, with what the processor has pushed by then
//   ontop ENTRY                  it may come at any instruction; there must be room for it too
//   closes ENTRY: FUNCTION ...   none of these is called on a path through ENTRY
//   interrupt FUNCTION: ENTRY    ENTRY may come inside of FUNCTION, on the same stack
//   calls FUNCTION|...: PATTERN ...   whom FUNCTION calls through a pointer; !NAME: but not
//                                that. Of several one is: the compiler puts one into another
//   taken FUNCTION ...           its address is not for calling it, or not on this stack
//   assembly FUNCTION            loads the stack pointer itself, to the top or for good
//   most N FUNCTION|...          no more than N of these lie on one path, though it comes back
const fs = require("fs");

const [annotationFile, disassemblyFile, dataFile] = process.argv.slice(2);
const problems = [];
const wrong = (text) => problems.push(text);

// --- what is written down ---------------------------------------------------------------

const facts = { entry: [], interrupt: new Map(), calls: new Map(), closes: new Map(), taken: [], most: [], assembly: new Set() };

// Under each of the names of "a|b".
const remember = (map, names, line) => names.split("|").forEach((name) => map.set(name, line));

for (const line of fs.readFileSync(annotationFile, "utf8").split("\n")) {
    const [kind, name, ...rest] = line.replace(/#.*/, "").trim().split(/[:\s]+/);
    if (!kind)
        continue;
    if (kind === "ontop")
        facts.ontop = name;
    else if (kind === "size" || kind === "limit")
        facts[kind] = Number(name);
    else if (kind === "entry")
        facts.entry.push({ name, pushed: Number(rest[0] || 0) });
    else if (kind === "closes")
        facts.closes.set(name, rest);
    else if (kind === "interrupt" || kind === "calls")
        remember(facts[kind], name, { patterns: rest, used: false });
    else if (kind === "assembly")
        facts.assembly.add(name);
    else if (kind === "taken")
        facts.taken.push(name, ...rest);
    else if (kind === "most")
        facts.most.push({ names: rest[0].split("|"), most: Number(name) });
    else
        wrong(`${annotationFile}: \`${line}\` is nothing known`);
}

// --- the functions ------------------------------------------------------------------------

const functions = new Map(); // by address
const named = new Map();     // name -> functions: static ones may share it

function read(text) {
    let f;
    for (const line of text.split("\n")) {
        let m = /^([0-9a-f]{16}) <(.+)>:$/.exec(line);
        if (m) {
            f = { name: m[2], at: m[1], code: [], index: new Map(), calls: [], depth: 0 };
            functions.set(f.at, f);
            named.set(f.name, [...(named.get(f.name) || []), f]);
            continue;
        }
        m = /^ *([0-9a-f]+):\t(?:(?:lock|notrack|rep[a-z]*|bnd|data16|cs|gs|fs|ds) )*(\S+)\s*(.*)$/
            .exec(line);
        if (!m || !f)
            continue;
        f.index.set(m[1], f.code.length);
        f.code.push({ at: m[1], op: m[2], args: m[3].replace(/\s*[#<].*$/, "") });
    }
}

const plain = (f) => f.name.replace(/\..*/, ""); /* without .part.0 and the like */

const number = (text) => (text.startsWith("-") ? -1 : 1) * parseInt(text.replace("-", ""), 16);

// How an instruction changes {depth, base}: bytes below the entry's stack pointer, and the
// same of %rbp while that is a frame pointer.
function step(f, i, s) {
    const { op, args } = i;
    if (/^push/.test(op))
        return { ...s, depth: s.depth + 8 };
    if (/^pop/.test(op))
        return { depth: s.depth - 8, base: args === "%rbp" ? null : s.base };
    if (op === "leave")
        return { depth: s.base - 8, base: null };
    if (args === "%rsp,%rbp")
        return { ...s, base: s.depth };
    const m = /^(?:\$(-?0x[0-9a-f]+)|(-?0x[0-9a-f]+)?\((%rsp|%rbp)\)|(.*)),%rsp$/.exec(args);
    if (!m || op === "cmp" || op === "test")
        return s;
    if (op === "sub" && m[1])
        return { ...s, depth: s.depth + number(m[1]) };
    if (op === "add" && m[1])
        return { ...s, depth: s.depth - number(m[1]) };
    if (op === "and" && m[1]) /* to a multiple: at worst all of it */
        return { ...s, depth: s.depth - number(m[1]) - 8 };
    if (op === "lea" && m[3])
        return { ...s, depth: (m[3] === "%rbp" ? s.base : s.depth) - number(m[2] || "0x0") };
    if (op === "mov" && m[4] === "%rbp")
        return { ...s, depth: s.base };
    if (op === "mov" && f.assembly) /* to the top of the stack, or away from it */
        return { ...s, depth: 0 };
    wrong(`${f.name}: ${i.at}: the stack pointer is not followed: ${op} ${args}`);
    return s;
}

const ends = /^(ret|iret|sysret|ud2|hlt$)/;

function walk(f) {
    const seen = new Map();
    const work = [];
    const go = (index, s) => {
        if (index >= f.code.length)
            return;
        const before = seen.get(index);
        if (before !== undefined && before >= s.depth)
            return;
        seen.set(index, s.depth);
        work.push([index, s]);
    };
    let table; // the state at a jump through a table: what is reached by nothing else
    go(0, { depth: 0, base: null });
    for (let next = 0; ; next = 0) {
        while (work.length > 0) {
            const [index, s] = work.pop();
            const i = f.code[index];
            const after = step(f, i, s);
            f.depth = Math.max(f.depth, after.depth);
            if (f.depth > 1e6)
                return wrong(`${f.name}: it pushes for ever`);
            const target = /^[0-9a-f]+$/.test(i.args) ? i.args.padStart(16, "0") : null;
            if (/^call/.test(i.op))
                f.calls.push({ to: target, depth: s.depth + 8, at: i.at });
            if (/^j/.test(i.op)) {
                if (target && f.index.has(i.args))
                    go(f.index.get(i.args), after);
                else if (/^\*.*\(,%\w+,8\)$/.test(i.args))
                    table = after;
                else
                    f.calls.push({ to: target, depth: s.depth, at: i.at });
                if (i.op === "jmp" || i.op === "jmpq")
                    continue;
            }
            if (!ends.test(i.op))
                go(index + 1, after);
        }
        if (!table)
            return undefined;
        while (next < f.code.length && (seen.has(next) || /^nop|^xchg$|^cs$/.test(f.code[next].op)))
            next++;
        if (next === f.code.length)
            return undefined;
        go(next, table);
    }
}

// --- who calls whom --------------------------------------------------------------------------

function matching(patterns, what) {
    const found = [];
    const not = patterns.filter((p) => p[0] === "!").map((p) => p.slice(1));
    for (const pattern of patterns.filter((p) => p[0] !== "!")) {
        const like = new RegExp(`^${pattern.replace(/\*/g, ".*")}$`);
        const some = [...functions.values()].filter((f) => like.test(plain(f)) &&
            !not.includes(f.name));
        if (some.length === 0 && what !== "most")
            wrong(`${annotationFile}: ${what}: no function is called ${pattern}`);
        found.push(...some);
    }
    return found;
}

// Functions whose address is in an instruction or in the data.
function addressesTaken(data) {
    const taken = new Set();
    for (const f of functions.values())
        for (const i of f.code)
            for (const [, immediate] of i.args.matchAll(/\$0x([0-9a-f]+)\b/g))
                taken.add(immediate.padStart(16, "0"));
    for (const line of data.split("\n")) {
        const words = /^ [0-9a-f]{16} ((?:[0-9a-f]{8} ?){2,4})/.exec(line);
        if (words)
            for (const [word] of words[1].replace(/ /g, "").matchAll(/.{16}/g))
                taken.add(word.match(/../g).reverse().join(""));
    }
    return [...functions.values()].filter((f) => taken.has(f.at));
}

function resolve(f) {
    f.edges = [];
    for (const c of f.calls) {
        let to = c.to && functions.get(c.to);
        if (!c.to) {
            const line = facts.calls.get(plain(f));
            if (!line) {
                wrong(`${f.name}: ${c.at}: a call through a pointer, of which nothing is said`);
                continue;
            }
            line.used = true;
            for (const g of line.targets)
                f.edges.push({ to: g, depth: c.depth });
            continue;
        }
        if (!to) /* into the middle of assembly: that function, from its beginning */
            to = [...functions.values()].find((g) => g.index.has(c.to.replace(/^0+/, "")));
        if (to)
            f.edges.push({ to, depth: c.depth });
        else
            wrong(`${f.name}: ${c.at}: a call to ${c.to}, which is no function`);
    }
    const interrupted = facts.interrupt.get(plain(f));
    if (interrupted) {
        interrupted.used = true;
        for (const g of interrupted.targets) {
            const pushed = facts.entry.find((e) => e.name === g.name).pushed;
            f.edges.push({ to: g, depth: f.depth + pushed });
        }
    }
}

// The deepest path from a function: { bytes, path }. `left` says how many more of each
// function with a bound there may be on it.
const going = [];
const known = new Map();
let recursed = false;

function worst(f, left) {
    const bound = facts.most.findIndex((m) => m.names.includes(plain(f)));
    if (bound >= 0 && left[bound] === 0)
        return null;
    if (bound >= 0)
        left = left.map((n, i) => (i === bound ? n - 1 : n));
    const closed = facts.closes.get(f.name);
    if (closed)
        left = left.map((n, i) => (closed.includes(facts.most[i].names[0]) ? 0 : n));
    const key = `${f.at} ${left}`;
    if (known.has(key))
        return known.get(key);
    if (going.includes(key)) {
        const circle = [...going.slice(going.indexOf(key)), key];
        if (!recursed && !f.assembly) /* that begins on top of the stack again */
            wrong(`recursion: ${circle.map((k) => functions.get(k.split(" ")[0]).name)
                .join(" -> ")}`);
        recursed ||= !f.assembly;
        return null;
    }
    let best = { bytes: f.depth, path: [[f.name, f.depth]] };
    going.push(key);
    for (const e of f.edges) {
        const below = worst(e.to, left);
        if (below && e.depth + below.bytes > best.bytes)
            best = { bytes: e.depth + below.bytes, path: [[f.name, e.depth], ...below.path] };
    }
    going.pop();
    known.set(key, best);
    return best;
}

// --- what comes of it ---------------------------------------------------------------------------

read(fs.readFileSync(disassemblyFile, "utf8"));
for (const kind of ["calls", "interrupt"])
    for (const [name, line] of facts[kind])
        line.targets = matching(line.patterns, name);
for (const f of functions.values())
    f.assembly = facts.assembly.has(plain(f));
functions.forEach(walk);
functions.forEach(resolve);

for (const [name, closed] of facts.closes)
    for (const f of matching([name, ...closed], "closes"))
        if (!facts.most.some((m) => m.names.includes(plain(f))))
            facts.most.push({ names: [plain(f)], most: Infinity });

const said = new Set([...facts.calls.values()].flatMap((line) => line.targets));
for (const f of [...matching(facts.taken, "taken"), ...facts.entry.map((e) => named.get(e.name)[0])])
    said.add(f);
for (const f of addressesTaken(fs.readFileSync(dataFile, "utf8")))
    if (!said.has(f))
        wrong(`${f.name}: its address is taken, and of who calls it nothing is said`);

let deepest = 0, ontop = 0;
for (const e of facts.entry) {
    const [f] = matching([e.name], "entry");
    if (!f)
        continue;
    const { bytes, path } = worst(f, facts.most.map((m) => m.most));
    const all = bytes + e.pushed;
    if (e.name === facts.ontop)
        ontop = all;
    deepest = Math.max(deepest, all);
    console.log(`${e.name}: ${all} bytes`);
    for (const [name, depth] of path)
        console.log(`    ${String(depth).padStart(5)} ${name}`);
    if (all > facts.limit)
        wrong(`${e.name} uses ${all} bytes of the stack; the limit is ${facts.limit} of ` +
            `${facts.size}: ${path.map(([name]) => name).join(" -> ")}`);
}
for (const kind of ["calls", "interrupt"])
    for (const [name, line] of facts[kind])
        if (!line.used)
            wrong(`${annotationFile}: ${kind} ${name}: nothing there needs it`);
for (const { names } of facts.most)
    if (!names.some((name) => matching([name], "most").length > 0))
        wrong(`${annotationFile}: most ${names}: there is no such function`);
if (deepest + ontop > facts.size)
    wrong(`${facts.ontop} (${ontop} bytes) has no room on top of ${deepest} of ${facts.size}`);
console.log(`worst: ${deepest} of ${facts.size} bytes, limit ${facts.limit}` +
    (facts.ontop ? `; with ${facts.ontop} on top ${deepest + ontop}` : ""));
for (const problem of problems)
    console.error(`stack: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
