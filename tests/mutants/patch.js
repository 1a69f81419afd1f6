// SPDX-License-Identifier: MIT
//
// Applies patches of this folder, or looks whether they can be applied.
//
//   node patch.js --check TREE PATCH...   says what is wrong with each, if anything is
//   node patch.js TREE PATCH              changes the one file that it names
//
// A patch changes a line or two of one file. Where they are is found by the lines
// themselves and not by their number, so that a patch stays good while its file is being
// worked on; but they must be there exactly once, so that it never changes anything else
// than was meant. (Any patch(1) can apply them too.)
'use strict';
const fs = require('fs');
const path = require('path');

const MOST_LINES = 3; // of the file, that a patch takes away or adds
const HEAD = /^(SPDX-License-Identifier: MIT|(Breaks|Caught-by|Quick): .+|| .+)$/;

function fail(message) {
    throw new Error(message);
}

// What `Name: text` of the head says, each line of it.
function fields(head, name) {
    return head.filter((line) => line.startsWith(name + ': '))
        .map((line) => line.slice(name.length + 2));
}

// What is in the tree of a test program: a script, or the folder of its sources.
function sourceOf(program) {
    const built = /^build\/(?:host\/|plain\/)?(.*)\/[^/]*$/.exec(program);
    return built ? built[1] : program;
}

function checkHead(head, tree) {
    const strange = head.find((line) => !HEAD.test(line));

    if (strange !== undefined)
        fail(`no such line in a head: "${strange}"`);
    if (head[0] !== 'SPDX-License-Identifier: MIT')
        fail('its first line is not its licence');
    if (fields(head, 'Breaks').length !== 1)
        fail('"Breaks: " must say once what it breaks');
    if (fields(head, 'Caught-by').length === 0)
        fail('"Caught-by: " must name a test program');
    for (const command of fields(head, 'Caught-by')) {
        const source = sourceOf(command.split(' ')[0]);
        if (!fs.existsSync(path.join(tree, source)))
            fail(`Caught-by: there is no ${source}`);
    }
}

// The file, the lines that it has and those that it is to have instead.
function parse(name, tree) {
    const lines = fs.readFileSync(name, 'utf8').split('\n');
    const start = lines.findIndex((line) => line.startsWith('--- '));

    if (start < 0 || lines.pop() !== '')
        fail('it is no patch');
    checkHead(lines.slice(0, start), tree);
    const file = /^\+\+\+ b\/(\S+)$/.exec(lines[start + 1] || '');
    if (!file || lines[start] !== '--- a/' + file[1] || !/^@@ /.test(lines[start + 2] || ''))
        fail('it names no file, as --- a/FILE and +++ b/FILE, or has no @@ line');
    const body = lines.slice(start + 3);
    if (body.some((line) => !/^[ +-]/.test(line)))
        fail('it changes more than one place');
    const count = (sign) => body.filter((line) => line[0] === sign).length;
    if (count('-') > MOST_LINES || count('+') > MOST_LINES || count('-') + count('+') === 0)
        fail(`it is to change a line, or ${MOST_LINES} at most`);
    const side = (sign) => body.filter((line) => line[0] !== sign)
        .map((line) => line.slice(1) + '\n').join('');
    return { file: file[1], from: side('+'), to: side('-') };
}

// The changed text of the file.
function patched(name, tree) {
    const patch = parse(name, tree);
    const target = path.join(tree, patch.file);
    if (!fs.existsSync(target))
        fail(`there is no ${patch.file}`);
    const text = '\n' + fs.readFileSync(target, 'utf8');
    const places = text.split('\n' + patch.from).length - 1;
    if (places !== 1)
        fail(`what it changes is ${places ? places + ' times' : 'not'} in ${patch.file}`);
    // Not replace(): $ means something in what it is given.
    return { target, text: text.split('\n' + patch.from).join('\n' + patch.to).slice(1) };
}

function main(words) {
    const check = words[0] === '--check';
    const [tree, ...patches] = check ? words.slice(1) : words;
    let bad = 0;

    for (const name of patches) {
        try {
            const { target, text } = patched(name, tree);
            if (!check)
                fs.writeFileSync(target, text);
        } catch (error) {
            console.log(`${path.basename(name, '.patch')}: ${error.message}`);
            bad++;
        }
    }
    return bad ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
