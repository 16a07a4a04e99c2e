// How the programs of npm come to the tests that want them: in a checkout made for the test, with a stand-in for npm.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { wantNpmPeers } from '../../scripts/npm-peers.ts';
import { ROOT } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Brings one of the programs, unless it is to fail. */
const FAKE_NPM = `
import fs from 'node:fs';
const at = process.argv[process.argv.indexOf('--prefix') + 1];
if (at !== process.cwd() || process.argv[2] !== 'ci') throw new Error(process.argv.join(' '));
if (process.env.NPM_FAILS) process.exit(1);
fs.mkdirSync('node_modules/@anthropic-ai/claude-code-some-system', { recursive: true });
fs.writeFileSync('node_modules/@anthropic-ai/claude-code-some-system/claude', '');
`;
const INSTALL = `
const peers = await import(process.cwd() + '/scripts/npm-peers.ts');
peers.installNpmPeers();
console.log(JSON.stringify([peers.findNpmPeer('claude') ?? null, peers.findNpmPeer('codex') ?? null]));
`;

function checkoutFor(t: TestContext): string {
  const checkout = temporaryFolder(t);
  for (const name of ['scripts/npm-peers.ts', 'test/peers'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  writeFileSync(join(checkout, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(checkout, 'npm-cli.js'), FAKE_NPM);
  return checkout;
}

interface Outcome {
  readonly found: readonly (string | null)[];
  readonly said: string;
}

async function install(checkout: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', INSTALL], {
    cwd: checkout,
    env: { ...process.env, npm_execpath: join(checkout, 'npm-cli.js'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, said] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  assert.ok(stdout.startsWith('['), said);
  return { found: JSON.parse(stdout) as (string | null)[], said };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
}

const shelfOf = (checkout: string): string => join(checkout, 'node_modules', '.cache', 'test-peers');

describe('programs of npm that tests want', () => {
  test('are installed once, in a folder of their own', async (t) => {
    const checkout = checkoutFor(t);
    const first = await install(checkout);
    const [name = '', ...others] = readdirSync(shelfOf(checkout));
    assert.deepEqual(others, []);
    const claude = join(shelfOf(checkout), name, 'node_modules', '@anthropic-ai', 'claude-code-some-system', 'claude');
    assert.deepEqual(first.found, [claude, null]);
    assert.match(first.said, /this happens once/);
    assert.deepEqual(await install(checkout), { found: [claude, null], said: '' });
  });

  test('may be installed by several at once, and what one has left that was killed is taken away', async (t) => {
    const checkout = checkoutFor(t);
    // No process has this number.
    mkdirSync(join(shelfOf(checkout), 'abc.4194305'), { recursive: true });
    const outcomes = await Promise.all([install(checkout), install(checkout), install(checkout)]);
    for (const { found } of outcomes) assert.match(found[0] ?? '', /claude$/);
    assert.equal(readdirSync(shelfOf(checkout)).length, 1);
  });

  test('are missing where npm fails, which leaves nothing', async (t) => {
    const checkout = checkoutFor(t);
    const { found, said } = await install(checkout, { NPM_FAILS: '1' });
    assert.deepEqual(found, [null, null]);
    assert.match(said, /npm ci failed/);
    assert.deepEqual(readdirSync(shelfOf(checkout)), []);
    assert.match((await install(checkout)).found[0] ?? '', /claude$/);
  });

  test('are wanted by those that ask for one', () => {
    const here = (name: string): string => join(import.meta.dirname, name);
    assert.equal(wantNpmPeers([here('ai-relay.test.ts'), here('ai-codex-cli.test.ts')]), true);
    assert.equal(wantNpmPeers([here('ai-relay.test.ts')]), false);
  });
});
