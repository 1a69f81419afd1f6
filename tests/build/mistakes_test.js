#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// Mistakes that people make in a manifest, and what they are answered: one line with
// the file, the line of it, and what would have been right. Each is a good manifest
// with something replaced; the answer is expected word by word.
'use strict';

const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const top = path.resolve(__dirname, '..', '..');
process.chdir(top);
const { evaluate } = require(path.join(top, 'tools', 'mkmanifest', 'cue.js'));
const build = process.env.B || 'build';

const good = `// A system to make mistakes in.
package manifests

fileName: "phoenix\\n"

system: #System & {
	version: 1
	name:    "mistakes"
	init: {
		binary: "init"
		capabilities: ["account", "pool", "console", "clock", "power", "log", "bootPackage", "irq"]
	}
	services: [{
		name: "ramfs"
		grants: [
			{name: "account"},
			{name: "clock"},
			{name: "bootPackage"},
		]
		provides: ["namespace"]
		restart: true
	}, {
		name: "shell"
		grants: [
			{name: "console"},
			{name: "log", methods: ["WRITE"]},
			{name: "files", source: "namespace", methods: ["READ"]},
		]
		pages:   192
		holds:   256
		threads: 4
	}]
	binaries: [
		{name: "init", file: "init.elf"},
		{name: "ramfs", file: "ramfs.elf"},
		{name: "shell", file: "shell.elf"},
		{name: "libos", file: "libos.elf"},
		{name: "console", file: "console.elf"},
	]
	files: [
		{path: "/etc/hostname", text: fileName},
		for n in ["one", "two"] {path: "/data/\\(n)", text: n},
		{path: "/tmp", folder: true, mode: 0o1777},
	]
}
`;
const run = `	run: {
		program: "shell"
		arguments: ["shell"]
	}
}
`;
const names = 'a name begins with a small letter, goes on with letters, digits, - and _, and has at ' +
    'most 63';
const libos = '\t\t{name: "libos", file: "libos.elf"},\n';
const driver = '\t\t{name: "console", file: "console.elf"},\n';
const console_ = '\t\t\t{name: "console"},\n';

// [what, replaced, by, a part of the line that is blamed, the answer behind "FILE:LINE: "]
const mistakes = [
    ['wrong_field_name', 'restart: true', 'restrt: true', 'restrt',
        'services[0].restrt: no such field; there are name, binary, arguments, grants, provides, ' +
        'pages, holds, threads, restart'],
    ['wrong_field_of_a_grant', 'source: "namespace"', 'from: "namespace"', 'from:',
        'services[1].grants[2].from: no such field; there are name, source, methods, first, count'],
    ['wrong_field_of_the_system', '\tbinaries:', '\tprograms:', 'programs:',
        'programs: no such field; there are version, name, init, services, binaries, files, run, ' +
        'time'],
    ['missing_field', '\t\tbinary: "init"\n', '', 'init: {',
        'init: `binary` is missing; a text is expected'],
    ['missing_name', '{name: "shell", file: "shell.elf"}', '{file: "shell.elf"}', '{file:',
        'binaries[2]: `name` is missing; a text is expected'],
    ['missing_file', '{name: "shell", file: "shell.elf"}', '{name: "shell"}', '{name: "shell"}',
        'binaries[2]: `file` is missing; a text is expected'],
    ['missing_system_name', '\tname:    "mistakes"\n', '', 'system:',
        '`name` is missing; a text is expected'],
    ['missing_binaries', /\tbinaries: \[[^\]]*\]\n/, '', 'binary: "init"',
        'init.binary: `init` is not in binaries; there are none'],
    ['number_for_a_text', '{name: "clock"}', '{name: 5}', 'name: 5',
        'services[0].grants[1].name: a text is expected'],
    ['text_for_a_number', 'pages:   192', 'pages: "many"', 'many',
        'services[1].pages: a whole number is expected'],
    ['text_for_a_truth', 'restart: true', 'restart: "yes"', 'yes',
        'services[0].restart: true or false is expected'],
    ['text_for_a_list', 'provides: ["namespace"]', 'provides: "namespace"', 'provides',
        'services[0].provides: a list is expected'],
    ['list_for_an_object', '{name: "account"}', '["account"]', '["account"]',
        'services[0].grants[0]: an object is expected'],
    ['other_version', 'version: 1', 'version: 2', 'version', 'version: 1 is expected'],
    ['bad_name', 'name: "shell"\n\t\tgrants', 'name: "The Shell"\n\t\tgrants', 'The Shell',
        'services[1].name: `The Shell` is no name; ' + names],
    ['unknown_init', 'binary: "init"', 'binary: "initt"', 'initt',
        'init.binary: `initt` is not in binaries; there are init, ramfs, shell, libos, console'],
    ['unknown_init_beside_the_console', 'binary: "init"', 'binary: "initt"', 'initt',
        'init.binary: `initt` is not in binaries; there are init, ramfs, shell, libos, console',
        'services: [{', 'services: [consoleService, {'],
    ['unknown_capability', '"power"', '"moon"', 'moon',
        'init.capabilities[4]: the kernel grants no `moon`; it grants account, pool, console, ' +
        'clock, entropy, power, log, bootPackage, irq, ioPort, deviceMemory, pciFunction, ' +
        'slots, schedule'],
    ['too_many_slots', '\tversion: 1\n', '\tversion: 1\n\ttime: {slots: 17}\n', 'slots: 17',
        'time.slots: 17; a number from 0 to 16 is expected'],
    ['no_slots', '\tversion: 1\n', '\tversion: 1\n\ttime: {slots: 0}\n', 'time',
        'time: at least one slot is expected, of 100000 ns or more'],
    ['capability_twice', '"power"', '"clock"', 'capabilities',
        'init.capabilities[4]: `clock` is there twice; once is expected'],
    ['unknown_binary', 'pages:   192', 'binary: "sh"\n\t\tpages:   192', '"sh"',
        'services[1].binary: `sh` is not in binaries; there are init, ramfs, shell, libos, console'],
    ['unknown_source', 'source: "namespace"', 'source: "file"', '"file"',
        'services[1].grants[2].source: nothing is called `file`; there are account, pool, ' +
        'console, clock, power, log, bootPackage, irq, namespace'],
    ['source_that_init_has_not', console_, '\t\t\t{name: "entropy"},\n', 'entropy',
        'services[1].grants[0].source: init itself is not given `entropy`; add it to ' +
        'init.capabilities'],
    ['bad_method', '"WRITE"', '"WRIGHT"', 'WRIGHT',
        'services[1].grants[1].methods[0]: Log has no method or facet `WRIGHT`; it has write, ' +
        'read, READ, WRITE'],
    ['grant_of_its_own', console_, '\t\t\t{name: "thread", source: "console"},\n', '"thread"',
        'services[1].grants[0].name: `thread` is what a process has of its own; another name is ' +
        'expected'],
    ['grant_twice', console_, console_ + console_, [1, '{name: "console"}'],
        'services[1].grants[1].name: `console` is there twice; line 25 has it too'],
    ['service_twice', 'name: "shell"\n\t\tgrants', 'name: "ramfs"\n\t\tgrants',
        [1, 'name: "ramfs"'],
        'services[1].name: `ramfs` is there twice; line 14 has it too'],
    ['binary_twice', '{name: "shell", file', '{name: "init", file', 'file: "shell.elf"',
        'binaries[2].name: `init` is there twice; line 34 has it too'],
    ['file_twice', '"/tmp"', '"/data/two"', 'folder: true',
        'files[3].path: `/two` is given twice'],
    ['provided_unknown', '["namespace"]', '["filesystem"]', 'filesystem',
        'services[0].provides[0]: no interface is called `filesystem`; a service can provide ' +
        'namespace, file, launcher, launch, terminal'],
    ['provided_by_two', 'threads: 4', 'threads: 4\n\t\tprovides: ["namespace"]', [1, 'provides'],
        'services[1].provides[0]: `namespace` is provided by another service too, `ramfs`; by one ' +
        'is expected'],
    ['own_provision', '{name: "account"}', '{name: "namespace"}', '{name: "namespace"}',
        'services[0].grants[0].source: `namespace` is what this service itself provides; another ' +
        'may be granted it'],
    ['circle', 'threads: 4', 'threads: 4\n\t\tprovides: ["launcher"]', 'name: "ramfs"',
        'services[0]: it can never start: `ramfs` needs `shell`, which needs `ramfs`; one of ' +
        'them has to do without', '{name: "account"}', '{name: "launcher"}'],
    ['negative_limit', 'pages:   192', 'pages: -1', 'pages',
        'services[1].pages: -1; a number from 0 to 1000000000000 is expected'],
    ['limit_with_a_fraction', 'pages:   192', 'pages: 1.5', 'pages',
        'services[1].pages: a whole number is expected'],
    ['limit_too_large', 'pages:   192', 'pages: 10000000000000', 'pages',
        'services[1].pages: 10000000000000; a number from 0 to 1000000000000 is expected'],
    ['limits_without_one', '\t\tholds:   256\n', '', 'name: "shell"\n',
        'services[1].holds: 0, but pages is 192; either pages, holds and threads are given, ' +
        'or none'],
    ['blob_that_is_not_there', 'file: "shell.elf"', 'file: "shel.elf"', 'shel.elf',
        `binaries[2].file: cannot read ${build}/boot/shel.elf: No such file or directory; a file ` +
        `of this host is expected, absolute or from ${build}/boot`],
    ['blob_that_is_no_program', 'file: "shell.elf"', 'file: "/etc/passwd"', '/etc/passwd',
        'binaries[2].file: /etc/passwd cannot be run: it is no ELF file for x86-64; a static ' +
        'program for x86-64 is expected'],
    ['program_of_another_kind', 'file: "shell.elf"', 'file: "/bin/busybox"', 'name: "shell"\n',
        'services[1].binary: `shell` cannot be run here: it is not linked where such a program ' +
        'belongs; a native program is expected'],
    ['init_without_memory', '"pool", ', '', 'capabilities:',
        'init.capabilities: `pool` is missing; init needs it to start something'],
    ['relative_path', '"/etc/hostname"', '"etc/hostname"', 'hostname',
        'files[0].path: `etc/hostname` does not begin with a slash'],
    ['path_with_dots', '"/etc/hostname"', '"/etc/../hostname"', 'hostname',
        'files[0].path: `/etc/../hostname` has `.` or `..` in it'],
    ['mode_that_is_none', '0o1777', '0o17777', 'folder: true',
        'files[3].mode: 8191; a number from 0 to 4095 is expected'],
    ['file_of_two_kinds', 'folder: true', 'folder: true, text: "a"', 'folder: true',
        'files[3]: one of these is expected: `file`, `text`, `target`, or `folder: true`'],
    ['mistake_in_a_loop', 'text: n}', 'txt: n}', 'for n in',
        'files[1].txt: no such field; there are path, mode, file, text, target, folder'],
    ['unknown_program', /}\n$/, run.replace('"shell"', '"sh"'), 'program: "sh"',
        'run.program: `sh` is not in binaries; there are init, ramfs, shell, libos, console'],
    ['program_without_libos', /}\n$/, run, '{name: "init", file',
        'binaries: `libos` is missing; a Linux program needs it', libos, ''],
    ['program_without_driver', /}\n$/, run, '{name: "init", file',
        "binaries: `console` is missing; a program's input needs it", driver, ''],
    ['program_without_line', /}\n$/, run, 'capabilities',
        "init.capabilities: `irq` is missing; the console's driver needs it", ', "irq"', ''],
    ['program_without_its_name', /}\n$/, run.replace('["shell"]', '[]'), 'arguments: []',
        "run.arguments: the program's name is expected, and then its arguments"],
    ['environment_without_a_value', /}\n$/,
        run.replace('["shell"]', '["shell"]\n\t\tenvironment: ["HOME"]'), 'HOME',
        'run.environment[0]: `HOME`; NAME=VALUE is expected'],
    ['relative_directory', /}\n$/,
        run.replace('["shell"]', '["shell"]\n\t\tdirectory: "home"'), 'home',
        'run.directory: `home` does not begin with a slash; an absolute path is expected'],
    // What CUE itself has to say.
    ['unclosed_brace', /}\n$/, '// the end', '// the end',
        "expected '}', found 'EOF'; something that was opened is not closed"],
    ['unclosed_text', '"mistakes"', '"mistakes', 'name:    ',
        'string literal not terminated; a text ends with a quote on its line'],
    ['comma_forgotten', '{name: "init", file', '{name: "init" file', '"init" file',
        "missing ',' in struct literal; items on one line have a comma between them"],
    ['quotes_forgotten', 'binary: "init"', 'binary: init0', 'init0',
        'init.binary: reference "init0" not found; a text is written in quotes, a name has to be ' +
        'defined'],
    ['two_values', 'version: 1', 'version: 1\n\tname: "other"', 'name: "other"',
        'name: conflicting values "mistakes" and "other"; a field has one value'],
    ['no_value', '"mistakes"', 'string', 'name:    string',
        'name: incomplete value string; the field is missing, or nothing says what it is'],
    ['no_system', 'system:', 'sistem:', null, 'there is no `system: #System & {...}` in it'],
    ['unknown_import', 'package manifests\n', 'package manifests\nimport "files"\n', 'import',
        'package "files" not found'],
];

let failures = 0;
function report(name, good, why) {
    console.log(`${good ? 'ok' : 'FAIL'} mistakes.${name}${good ? '' : ` ${why}`}`);
    failures += !good;
}

// What mkmanifest, or CUE before it, answers.
async function answer(file) {
    let json;
    try {
        json = await evaluate(file);
    } catch (error) {
        return error.message;
    }
    fs.writeFileSync(`${file}.json`, json);
    const result = spawnSync(`${build}/tools/mkmanifest`,
        ['--files', `${build}/boot`, '-o', `${file}.module`, `${file}.json`], { encoding: 'utf8' });
    if (result.status === 0) return '';
    if (result.status !== 1 || fs.existsSync(`${file}.module`)) return `status ${result.status}`;
    return result.stderr.replace(/^mkmanifest: /, '').replace(/\n$/, '');
}

// The number of the nth line (from 0) with that in it.
function lineOf(text, wanted) {
    const [nth, part] = Array.isArray(wanted) ? wanted : [0, wanted];
    const lines = text.split('\n').map((line, i) => [`${line}\n`, i + 1]);
    return (lines.filter(([line]) => line.includes(part))[nth] || [null, 0])[1];
}

async function main() {
    const work = fs.mkdtempSync(path.join(os.tmpdir(), 'mistakes-'));
    const file = path.join(work, 'a.cue');
    try {
        fs.writeFileSync(file, good);
        const said = await answer(file);
        report('the_good_one_is_accepted', said === '', said);
        for (const [name, from, to, at, says, also, by] of mistakes) {
            const text = good.replace(from, to).replace(also || '', by || '');
            fs.writeFileSync(file, text);
            fs.rmSync(`${file}.module`, { force: true });
            const where = at ? `${file}:${lineOf(text, at)}: ` : `${file}: `;
            const got = await answer(file);
            report(name, text !== good && got === where + says,
                `\n  ${got}\nand not\n  ${where + says}`);
        }
    } finally {
        fs.rmSync(work, { recursive: true });
    }
    console.log(`# ${mistakes.length} mistakes`);
    process.exitCode = failures ? 1 : 0;
}
main();
