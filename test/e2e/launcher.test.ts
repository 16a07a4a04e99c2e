// bin/sluice, in a checkout made for the test with a small program in place of the real one.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { skipTest } from '../support/peer.ts';
import { ROOT } from '../support/source-tree.ts';

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const OLDEST_MAJOR = 24;

/** Says what it was given, then does what its first word asks for. */
const FAKE_PROGRAM = `
export async function main(argv: readonly string[]): Promise<number> {
  const stopped = argv[0] === 'wait' ? waitForSignal() : undefined;
  console.log(JSON.stringify({ argv, version: process.version }));
  if (argv[0] === 'fail') return 7;
  if (argv[0] === 'throw') throw new Error('a fault of the program');
  if (argv[0] === 'die') process.kill(process.pid, 'SIGKILL');
  await stopped;
  return 0;
}

async function waitForSignal(): Promise<void> {
  const keptAlive = setInterval(() => {}, 1000);
  const signal = await new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(name, resolve);
  });
  console.log(signal);
  clearInterval(keptAlive);
}
`;

describe('the launcher', () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-launcher-')));
  });
  after(() => rmSync(folder, { recursive: true }));

  interface Checkout {
    readonly withModules?: boolean;
    readonly withNode?: boolean;
  }

  let count = 0;
  function makeCheckout({ withModules = true, withNode = true }: Checkout = {}): string {
    count += 1;
    const checkout = join(folder, String(count));
    cpSync(join(ROOT, 'bin'), join(checkout, 'bin'), { recursive: true });
    mkdirSync(join(checkout, 'src', 'cli'), { recursive: true });
    writeFileSync(join(checkout, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(checkout, 'src', 'cli', 'main.ts'), FAKE_PROGRAM);
    if (withModules) mkdirSync(join(checkout, 'node_modules', 'node', 'bin'), { recursive: true });
    if (withModules && withNode) symlinkSync(process.execPath, join(checkout, 'node_modules', 'node', 'bin', 'node'));
    return checkout;
  }

  function start(node: string, checkout: string, argv: readonly string[]): ChildProcess {
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
    return spawn(node, [join(checkout, 'bin', 'sluice'), ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async function launch(node: string, checkout: string, ...argv: readonly string[]): Promise<Outcome> {
    return finish(start(node, checkout, argv));
  }

  test('runs the program in its own process when this Node is new enough', async () => {
    const outcome = await launch(process.execPath, makeCheckout({ withNode: false }), 'up', '--watch', 'a b');
    const said = { argv: ['up', '--watch', 'a b'], version: process.version };
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: `${JSON.stringify(said)}\n`, stderr: '' });
  });

  test('ends with the exit code of the program', async () => {
    assert.equal((await launch(process.execPath, makeCheckout(), 'fail')).code, 7);
  });

  test('shows the stack of a fault in the program', async () => {
    const { code, stderr } = await launch(process.execPath, makeCheckout(), 'throw');
    assert.equal(code, 1);
    assert.match(stderr, /Error: a fault of the program\n\s+at \S*main /);
  });

  test('asks for npm ci where nothing is installed, and ends with 3', async () => {
    const { code, stderr } = await launch(process.execPath, makeCheckout({ withModules: false }));
    assert.equal(code, 3);
    assert.match(stderr, /^sluice: [^\n]*Run: npm ci\n$/);
  });

  test('asks for npm ci where a package is missing', async () => {
    const checkout = makeCheckout();
    writeFileSync(join(checkout, 'src', 'cli', 'main.ts'), "import 'commander';\nexport const main = 1;\n");
    const { code, stderr } = await launch(process.execPath, checkout);
    assert.equal(code, 3);
    assert.match(stderr, /^sluice: [^\n]*Run: npm ci\n$/);
  });

  test('under npm start, stops when the shell that npm put before it is gone', async () => {
    const checkout = makeCheckout();
    cpSync(join(ROOT, 'scripts', 'start.js'), join(checkout, 'scripts', 'start.js'));
    writeFileSync(join(checkout, 'scripts', 'prepare.js'), 'export function prepareOrExit() {}\n');
    writeFileSync(join(checkout, 'src', 'cli', 'main.ts'), FAKE_PROGRAM.replace("'wait'", "'up'"));
    const shell = spawn('sh', ['-c', `"${process.execPath}" scripts/start.js --watch; exit $?`], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    shell.stdout.once('data', () => shell.kill('SIGTERM'));
    const { signal, stdout } = await finish(shell);
    assert.equal(signal, 'SIGTERM');
    assert.deepEqual(JSON.parse(stdout.split('\n')[0] ?? ''), { argv: ['up', '--watch'], version: process.version });
    assert.equal(stdout.split('\n')[1], 'SIGTERM');
  });

  describe('on a Node that is too old', () => {
    const old = findOlderNode();

    test('runs the program on the Node in node_modules', async (t) => {
      if (old === undefined) return skipWithoutOlderNode(t);
      const outcome = await launch(old, makeCheckout(), 'version', '--json');
      const said = { argv: ['version', '--json'], version: process.version };
      assert.deepEqual(outcome, { code: 0, signal: null, stdout: `${JSON.stringify(said)}\n`, stderr: '' });
    });

    test('ends with the exit code of the program', async (t) => {
      if (old === undefined) return skipWithoutOlderNode(t);
      assert.equal((await launch(old, makeCheckout(), 'fail')).code, 7);
    });

    test('ends by the signal that ended the program', async (t) => {
      if (old === undefined) return skipWithoutOlderNode(t);
      assert.equal((await launch(old, makeCheckout(), 'die')).signal, 'SIGKILL');
    });

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      test(`passes ${signal} on, and waits until the program has dealt with it`, async (t) => {
        if (old === undefined) return skipWithoutOlderNode(t);
        const launcher = start(old, makeCheckout(), ['wait']);
        launcher.stdout?.once('data', () => launcher.kill(signal));
        const { code, stdout } = await finish(launcher);
        assert.deepEqual({ code, signal: stdout.split('\n')[1] }, { code: 0, signal });
      });
    }

    test('says in one line what to install where there is no other, and ends with 3', async (t) => {
      if (old === undefined) return skipWithoutOlderNode(t);
      const { code, stderr } = await launch(old, makeCheckout({ withNode: false }));
      assert.equal(code, 3);
      assert.match(stderr, /^sluice: Node 24\.8 or newer is needed[^\n]*\n$/);
    });
  });
});

async function finish(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  return promise;
}

/** A Node on PATH that is too old for the program, as many machines have it. */
function findOlderNode(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((entry) => join(entry, 'node'));
  return candidates.find((node) => {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? OLDEST_MAJOR) < OLDEST_MAJOR;
  });
}

function skipWithoutOlderNode(t: TestContext): void {
  skipTest(t, 'no Node older than 24 is on PATH');
}
