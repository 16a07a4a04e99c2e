import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { shellLines, shellOf } from './shell-variables.ts';

const ODD = String.raw`it's "$HOME" \ $(x) %A%`;

describe('lines for a shell', () => {
  test('set variables in the way of each shell', () => {
    assert.equal(shellLines('zsh', { A: 'b' }), "export A='b'\n");
    assert.equal(shellLines('fish', { A: String.raw`a'b\c` }), String.raw`set -gx A 'a\'b\\c'` + '\n');
    assert.equal(shellLines('powershell', { A: "a'b" }), "$env:A = 'a''b'\n");
    assert.equal(shellLines('cmd', { A: 'b' }), 'set "A=b"\n');
  });

  test('take variables away', () => {
    const lines = ['sh', 'fish', 'powershell', 'cmd'].map((shell) => shellLines(shell as 'sh', { A: null }));
    assert.deepEqual(lines, [
      'unset A\n',
      'set -e A\n',
      'Remove-Item Env:A -ErrorAction SilentlyContinue\n',
      'set "A="\n',
    ]);
  });

  test('mean what they say, whatever a value holds', { skip: process.platform === 'win32' }, () => {
    const script = `${shellLines('sh', { ODD })}printf %s "$ODD"`;
    assert.equal(spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout, ODD);
  });
});

test('the shell is the one of the environment, else the plainest', () => {
  assert.deepEqual(
    [{ SHELL: '/usr/bin/fish' }, { SHELL: '/bin/bash' }, { SHELL: '/bin/tcsh' }, {}, { PSModulePath: 'C:' }].map(
      shellOf,
    ),
    ['fish', 'bash', 'sh', 'sh', 'powershell'],
  );
});
