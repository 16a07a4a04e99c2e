// The program as one file, as somebody meets it who has downloaded it: all that is read from files elsewhere is inside.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { buildExecutable, forgetSignature } from '../../scripts/build-executable.ts';
import { findRunningFile, type RunningFile } from '../../src/runtime/running-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'abcdefghijklmnop1234567890';
const skip = process.platform === 'linux' ? false : 'the workflow of a release builds it for other systems';

const CONFIG = `
gateway:
  listen: 127.0.0.1:0
  routes: [{ match: { path: /hello }, to: { respond: { body: hello } } }]
  policies: { ./own.ts: { word: here } }
egress: { listen: null }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: 127.0.0.1:0 }
users: [{ name: alice, token: ${TOKEN}, may: [exec] }]
exec: { enabled: true, allowed_commands: [/bin/echo] }
process: { data_dir: ./data, workers: 2 }
`;

const OWN_POLICY = `
interface Settings { readonly word: string }
export function policy({ word }: Settings): object {
  return { name: 'own', response: ({ response }: { response: { fields: Map<string, string> } }) => void response.fields.set('X-Own', word) };
}
`;

test('the signature that Node had for Windows is forgotten, and no other file changed', (t) => {
  const file = join(temporaryFolder(t), 'sluice.exe');
  const program = Buffer.alloc(8192, 7);
  program.write('MZ');
  program.writeUInt32LE(128, 0x3c);
  program.write('PE\0\0', 128, 'latin1');
  program.writeUInt16LE(0x20b, 128 + 24);
  writeFileSync(file, program);
  forgetSignature(file);
  const expected = Buffer.from(program).fill(0, 128 + 24 + 112 + 32, 128 + 24 + 112 + 40);
  assert.deepEqual(readFileSync(file), expected);
  writeFileSync(file, '\x7fELF');
  forgetSignature(file);
  assert.equal(readFileSync(file, 'latin1'), '\x7fELF');
});

test('one file is the whole program: threads, helpers, policies of the user, pages', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'sluice');
  const { passed, output } = await buildExecutable(file);
  assert.ok(passed, output);
  writeFileSync(join(folder, 'sluice.yaml'), CONFIG);
  writeFileSync(join(folder, 'own.ts'), OWN_POLICY);
  mkdirSync(join(folder, 'data'));
  // No Node is to be found, and nothing of a checkout.
  const env = { PATH: '/nowhere', HOME: folder };
  const said = spawnSync(file, ['help', 'upstream_busy'], { env, encoding: 'utf8' });
  assert.match(said.stdout, /slower\s+than the requests come/);
  assert.equal(said.stderr, '');

  const { gateway, admin } = doorsOf(await start(t, file, folder, env));
  const hello = await fetch(`${gateway}/hello`);
  assert.deepEqual([hello.headers.get('x-own'), await hello.text()], ['here', 'hello']);
  const run = await fetch(`${gateway}/cli/execute`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ command: '/bin/echo', args: ['done'] }),
  });
  assert.match(await run.text(), /"done\\n"/);
  assert.match(await (await fetch(`${admin}/`, { headers: { Accept: 'text/html' } })).text(), /<script/);
  const status = spawnSync(file, ['status'], { cwd: folder, env, encoding: 'utf8' });
  assert.match(status.stdout, /ready, up/);
});

/** When it is ready. */
async function start(
  t: TestContext,
  file: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningFile> {
  const child: ChildProcess = spawn(file, ['up'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const givenUpAt = performance.now() + 60_000;
  for (;;) {
    const running = findRunningFile(join(folder, 'data'));
    if (running !== undefined) return running;
    assert.ok(child.exitCode === null && performance.now() < givenUpAt, stderr);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function doorsOf({ doors }: RunningFile): Readonly<Record<'gateway' | 'admin', string>> {
  const of = (name: string): string => doors.find((door) => door.name === name)?.address ?? '';
  return { gateway: of('gateway'), admin: of('admin') };
}
