import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { requirePeer } from '../../test/support/peer.ts';
import { type CommandShape, commandShapes } from './command-shape.ts';
import { completionScript, type Shell, SHELLS } from './completion-script.ts';
import { buildProgram } from './program.ts';

let shapes: CommandShape[];
before(async () => {
  shapes = commandShapes(await buildProgram(new FakeCli(), 'all'));
});

/** What a shell prints that runs the completion script and then some lines of its own. */
function ask(t: TestContext, shell: Shell, lines: string, words: readonly string[]): string[] {
  const command = requirePeer(t, shell);
  if (command === undefined) return [];
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'my.yaml'), '');
  writeFileSync(
    join(cwd, 'script'),
    `${shell === 'zsh' ? ZSH_HEAD : ''}\n${completionScript(shell, shapes)}\n${lines}\n`,
  );
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd };
  const { stdout, stderr } = spawnSync(command, ['script', ...words], { cwd, env, encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((line) => line !== '');
}

const BASH_LINES = `COMP_WORDS=(sluice "$@"); COMP_CWORD=$#; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
/** Completion itself is there only where somebody types, so what it would be given is printed instead. */
const ZSH_HEAD = 'compdef() { : }';
const ZSH_LINES = `
_describe() { print -l -- \${(P)argv[-1]} }; _files() { print -l -- files }; _message() { : }; compadd() { shift; print -l -- "$@" }
words=(sluice "$@"); CURRENT=$#words; _sluice`;
const FISH_LINES = `complete -C (string join ' ' -- sluice $argv)`;

/** What a shell offers for these words, the last of which is being typed. */
function complete(t: TestContext, shell: Shell, ...words: string[]): string[] {
  const last = words.at(-1) ?? '';
  if (shell === 'bash') return ask(t, shell, BASH_LINES, words);
  const offered = ask(t, shell, shell === 'zsh' ? ZSH_LINES : FISH_LINES, words);
  return offered
    .map((line) => line.split(/[:\t]/, 1)[0] ?? '')
    .filter((word) => word === 'files' || word.startsWith(last));
}

for (const shell of SHELLS) {
  const files = shell === 'zsh' ? 'files' : 'my.yaml';

  describe(`completion in ${shell}`, () => {
    test('offers the commands, then those below', (t) => {
      assert.deepEqual(complete(t, shell, 'rel'), ['reload']);
      assert.deepEqual(complete(t, shell, 'config', 'val'), ['validate']);
      assert.deepEqual(complete(t, shell, 'help', 'nothing'), []);
    });

    test('offers the options of the command, also after others', (t) => {
      assert.deepEqual(complete(t, shell, 'up', '--po'), ['--port']);
      assert.deepEqual(complete(t, shell, 'up', '--watch', '--prof'), ['--profile']);
      assert.deepEqual(complete(t, shell, 'config', 'show', '--ori').at(0), '--origin');
    });

    test('offers files where a file is meant, words where only some are possible, nothing where anything is', (t) => {
      assert.deepEqual(complete(t, shell, 'up', '-c', 'm'), [files]);
      assert.deepEqual(complete(t, shell, 'config', 'validate', 'my'), [files]);
      assert.deepEqual(complete(t, shell, 'completion', 'f'), ['fish']);
      assert.deepEqual(complete(t, shell, 'up', '--port', ''), []);
    });

    test('does not take a value for a command', (t) => {
      assert.deepEqual(complete(t, shell, 'up', '--profile', 'status', '--wat'), ['--watch']);
    });
  });
}

for (const shell of SHELLS) {
  test(`the script for ${shell} knows every command and every option`, () => {
    const script = completionScript(shell, shapes);
    for (const { words, options } of shapes) {
      for (const { word } of [...words, ...options]) assert.ok(script.includes(word.replace(/^--?/, '')), word);
    }
  });
}
