// SPDX-License-Identifier: MIT
// Looks at the module of launcher_test.sh's grants(), as `capnp` wrote it as JSON.
'use strict';

const fs = require('fs');
const crypto = require('crypto');

const work = process.argv[2];
const m = JSON.parse(fs.readFileSync(`${work}/module.json`));
const entries = m.trees[0].entries;
const say = (name, good) =>
    console.log(good ? `ok launcher.${name}` : `FAIL launcher.${name} differs`);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const path = (i) => i === 0 ? '' : `${path(entries[i].parent)}/${entries[i].name}`;
const at = (p) => entries.find((_, i) => path(i) === p) || {};
const text = (p) => Buffer.from(at(p).content || []).toString();
const hash = (bytes) => [...crypto.createHash('sha256').update(bytes).digest()];
const random = fs.readFileSync(`${work}/random`);
const here = `${work}/tree/deep`;

say('tree_is_at_its_path', m.trees.length === 1 && m.trees[0].path === '/' &&
    at('/t').mode === 0o40755 && text('/t/u/one') === 'one\n');
say('path_by_default_is_the_same', text(`${here}/link`) === 'one\n');
say('file_is_whole', same(at('/f').content, [...random]) && same(at('/f').sha256, hash(random)) &&
    at('/f').size === '300000');
say('modes_are_kept', at('/t/u/one').mode === 0o104751 && at('/t/u/empty').mode === 0o41700);
say('times_are_kept', at('/t/u/one').mtime === '981173106789000000');
say('links_are_kept', at('/t/u/deep/symbolic').target === '../one' &&
    at('/t/u/deep/symbolic').mode === 0o120777);
say('hard_links_are_kept', at('/t/u/one').inode === at('/t/u/deep/link').inode &&
    at('/t/u/one').inode !== '0' && at('/f').inode === '0');
say('odd_names_are_kept', text('/t/u/deep/a b:c\u00e9') === 'odd');
say('empty_files_are_kept', at('/t/u/deep/er/nothing').size === '0' &&
    at('/t/u/deep/er/nothing').mode === fs.statSync(`${here}/er/nothing`).mode);
say('environment', same(m.run.environment, ['A=2=3', 'B=', 'HOME=/home/me']));
say('watched', m.run.traceCalls && m.run.stats);
say('parts_of_the_system', same(m.binaries.map((b) => b.name),
    ['init', 'console', 'libos', 'ramfs', 'program']));
say('run_is_all_of_it', m.run.directory === '/t/u' && m.run.scratch === '2097152' &&
    same(m.run.arguments, ['/bin/busybox', 'ls', '-l', '']) && m.run.program === 'program' &&
    m.services.length === 0 && m.init.binary === 'init');
