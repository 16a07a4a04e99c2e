import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { requirePeer } from '../../test/support/peer.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type CommandShape, commandShapes } from './command-shape.ts';
import { completionScript, type Shell, SHELLS } from './completion-script.ts';
import { buildProgram } from './program.ts';

/** A shell that asks itself something would wait for ever. */
const NEVER_MS = 30_000;

let shapes: CommandShape[];
before(async () => {
  shapes = commandShapes(await buildProgram(new FakeCli(), 'all'));
});

/** Each prints what it offers for the words that it is given, the last of which is being typed. */
const ASKING: Readonly<Record<Shell, Readonly<Record<string, string>>>> = {
  bash: {
    ask: `source ./completion
COMP_WORDS=(sluice "$@"); COMP_CWORD=$#; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  fish: { ask: `source ./completion; complete -C (string join ' ' -- sluice $argv) | string replace -r '\t.*' ''` },
  // Completion is there only where somebody types: one zsh types into another, which writes down what it would offer.
  zsh: {
    ask: `zmodload zsh/zpty; mkfifo finished
zpty typist zsh -f -i; zpty -w typist 'source ./typed-into'; zpty -r typist output '*ready*'
zpty -n -w typist "sluice $*"$'\\t'
read -r < finished; cat offered 2> /dev/null; zpty -d typist`,
    'typed-into': `PS1=; setopt extended_glob; autoload -Uz compinit; compinit -u -D
source ./completion
compadd() {
  local -a hits
  if [[ " \${@[1,(i)(-|--)]} " != *' -'[a-zA-Z]#[OAD]' '* ]]; then builtin compadd -O hits "$@"; print -lr -- $hits >> offered; fi
  builtin compadd "$@"
}
offer() { zle list-choices; print -r -- done > finished }
zle -N offer; bindkey '^I' offer; print ready`,
  },
};

/** What a shell offers for these words, the last of which is being typed. */
function complete(t: TestContext, shell: Shell, ...words: string[]): string[] {
  const command = requirePeer(t, shell);
  if (command === undefined) return [];
  const cwd = temporaryFolder(t);
  const files = { ...ASKING[shell], completion: completionScript(shell, shapes), 'my.yaml': '' };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, TERM: 'dumb' };
  const { stdout, stderr } = spawnSync(command, ['ask', ...words], { cwd, env, encoding: 'utf8', timeout: NEVER_MS });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((word) => word.startsWith(words.at(-1) ?? '') && word !== '');
}

for (const shell of SHELLS) {
  describe(`completion in ${shell}`, () => {
    test('offers the commands, then those below', (t) => {
      assert.deepEqual(complete(t, shell, 'relo'), ['reload']);
      assert.deepEqual(complete(t, shell, 'config', 'val'), ['validate']);
      assert.deepEqual(complete(t, shell, 'help', 'nothing'), []);
    });

    test('offers the options of the command, also after others', (t) => {
      assert.deepEqual(complete(t, shell, 'up', '--po'), ['--port']);
      assert.deepEqual(complete(t, shell, 'up', '--watch', '--prof'), ['--profile']);
      assert.deepEqual(complete(t, shell, 'config', 'show', '--ori').at(0), '--origin');
    });

    test('offers files where a file is meant, words where only some are possible, nothing where anything is', (t) => {
      assert.deepEqual(complete(t, shell, 'up', '-c', 'm'), ['my.yaml']);
      assert.deepEqual(complete(t, shell, 'config', 'validate', 'my'), ['my.yaml']);
      assert.deepEqual(complete(t, shell, 'completion', 'f'), ['fish']);
      assert.deepEqual(complete(t, shell, 'up', '--port', ''), []);
      assert.deepEqual(complete(t, shell, 'up', '--profile', ''), []);
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
