// The pre-step of every npm script, in a checkout made for the test, with a stand-in for npm that notes how it was called.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ROOT } from '../support/source-tree.ts';

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
}

// `npm ci` installs what the lock file says; `npm rebuild` brings the binary that an install without scripts lacks.
const FAKE_NPM = `
import fs from 'node:fs';
const bin = 'node_modules/node/bin';
fs.appendFileSync('npm-calls', process.argv.slice(2).filter((word) => !word.startsWith('--')).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) { console.error('npm error no network'); process.exit(1); }
if (process.argv[2] === 'ci') {
  fs.rmSync('node_modules', { recursive: true, force: true });
  fs.mkdirSync(bin, { recursive: true });
  fs.mkdirSync('node_modules/.bin');
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
}
if (process.argv[2] === 'rebuild' || !fs.existsSync('npm-ignores-scripts')) {
  fs.symlinkSync(process.execPath, bin + '/node');
  fs.symlinkSync('../node/bin/node', 'node_modules/.bin/node');
}
`;

describe('preparing a checkout', () => {
  let checkout: string;

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'sluice-prepare-'));
    mkdirSync(join(checkout, 'scripts'));
    for (const name of ['prepare.js', 'build-dashboard.js']) {
      cpSync(join(ROOT, 'scripts', name), join(checkout, 'scripts', name));
    }
    writeFileSync(join(checkout, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(checkout, 'npm-cli.js'), FAKE_NPM);
    writeLock({ 'node_modules/zod': { version: '1.0.0' } });
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const inCheckout = (name: string): string => join(checkout, name);

  function writeLock(packages: Record<string, unknown>): void {
    const node = { version: process.version.slice(1) };
    writeFileSync(
      inCheckout('package-lock.json'),
      JSON.stringify({ packages: { '': {}, 'node_modules/node': node, ...packages } }),
    );
  }

  function npmCalls(): string[] {
    return existsSync(inCheckout('npm-calls')) ? readFileSync(inCheckout('npm-calls'), 'utf8').trim().split('\n') : [];
  }

  async function prepare(script = 'prepare.js', ...args: readonly string[]): Promise<Outcome> {
    const env = { ...process.env, npm_execpath: inCheckout('npm-cli.js') };
    const child = spawn(process.execPath, [`scripts/${script}`, ...args], {
      cwd: checkout,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    child.on('close', (code) => resolve({ code, stderr }));
    return promise;
  }

  test('installs the locked dependencies, once', async () => {
    assert.equal((await prepare()).code, 0);
    const again = await prepare();
    assert.deepEqual(again, { code: 0, stderr: '' });
    assert.deepEqual(npmCalls(), ['ci']);
  });

  test('compiles the program after an install, and starts all the same when that fails', async () => {
    writeFileSync(inCheckout('scripts/compile.ts'), "import fs from 'node:fs'; fs.appendFileSync('compiled', 'x');");
    await prepare();
    await prepare();
    assert.equal(readFileSync(inCheckout('compiled'), 'utf8'), 'x');
    writeFileSync(inCheckout('scripts/compile.ts'), 'throw 1;');
    writeLock({ 'node_modules/zod': { version: '1.0.1' } });
    assert.equal((await prepare()).code, 0);
  });

  test('installs again when the lock file names other versions', async () => {
    await prepare();
    writeLock({ 'node_modules/zod': { version: '1.0.1' } });
    await prepare();
    assert.deepEqual(npmCalls(), ['ci', 'ci']);
  });

  test('does not miss what is only for other systems', async () => {
    await prepare();
    writeLock({ 'node_modules/zod': { version: '1.0.0' }, 'node_modules/win': { version: '1.0.0', optional: true } });
    await prepare();
    assert.deepEqual(npmCalls(), ['ci']);
  });

  test('brings the binary of Node where install scripts are held back', async () => {
    writeFileSync(inCheckout('npm-ignores-scripts'), '');
    assert.equal((await prepare()).code, 0);
    assert.deepEqual(npmCalls(), ['ci', 'rebuild node']);
  });

  test('says in one line that npm failed, and ends with 1', async () => {
    writeFileSync(inCheckout('npm-fails'), '');
    const { code, stderr } = await prepare();
    assert.equal(code, 1);
    assert.match(stderr, /npm error no network\nsluice: npm ci failed[^\n]*\n$/);
  });

  test('lets only one of several starts at the same time install', async () => {
    const outcomes = await Promise.all([prepare(), prepare(), prepare()]);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.deepEqual(npmCalls(), ['ci']);
  });

  test('hands over to a script on the Node that it has brought, with its arguments and exit code', async () => {
    cpSync(join(ROOT, 'scripts', 'run.js'), inCheckout('scripts/run.js'));
    writeFileSync(
      inCheckout('said.js'),
      'console.error(process.argv[0], process.argv.slice(2)); process.exitCode = 6;',
    );
    const { code, stderr } = await prepare('run.js', 'said.js', 'a b', '--c');
    assert.equal(code, 6);
    assert.match(stderr, /^.*\/node_modules\/node\/bin\/node \[ 'a b', '--c' \]$/m);
  });

  test('takes over the lock of a start that was killed', async () => {
    const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await new Promise((resolve) => gone.on('close', resolve));
    writeFileSync(inCheckout('.prepare.lock'), String(gone.pid));
    assert.equal((await prepare()).code, 0);
    assert.equal(existsSync(inCheckout('.prepare.lock')), false);
  });
});
