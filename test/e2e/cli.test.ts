// The command line of the real program: exit codes, streams and pipes, as scripts rely on them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { requirePeer } from '../support/peer.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';

const BIN = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

describe('the exit code', () => {
  for (const [args, code] of [
    [['version'], 0],
    [['--help'], 0],
    [['nonsense'], 2],
    [['up', '--nonsense'], 2],
    [['config', 'validate', 'absent.yaml'], 3],
    [['status'], 5],
    [['reload'], 5],
  ] as const) {
    test(`of "sluice ${args.join(' ')}" is ${code}`, async (t) => {
      const sluice = await runSluice(t, args);
      assert.deepEqual([sluice.code, sluice.signal], [code, null], sluice.stderr);
      assert.equal(sluice.stdout === '', code !== 0 && args[0] !== 'config', 'stdout is for data');
    });
  }

  test('is 4 when the token is refused', async (t) => {
    const running = await startSluice(t);
    const env = { SLUICE_ADMIN_URL: running.address('admin'), SLUICE_TOKEN_FILE: 'token' };
    const wrong = await runSluice(t, ['status'], { env, files: { token: 'wrong' } });
    assert.equal(wrong.code, 4);
    assert.match(wrong.stderr, /^sluice: A valid token is needed\. {3}\(unauthorized\)\n$/);
    const right = await runSluice(t, ['status', '--json'], { env, files: { token: running.token } });
    assert.equal(right.code, 0);
    assert.equal(JSON.parse(right.stdout).pid, running.pid);
  });

  test('is 5 when something else answers', async (t) => {
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const env = { SLUICE_ADMIN_URL: `http://127.0.0.1:${(other.address() as AddressInfo).port}` };
    assert.equal((await runSluice(t, ['status'], { env })).code, 5);
  });

  test('is 5 when the one that ran here was killed', { skip: process.platform === 'win32' }, async (t) => {
    const running = await startSluice(t);
    running.signal('SIGKILL');
    await running.ended;
    const status = await runSluice(t, ['status'], { folder: running.folder });
    assert.equal(status.code, 5);
    assert.match(status.stderr, /No running Sluice answers at .*Start one with: sluice up/);
    await startSluice(t, { folder: running.folder });
  });
});

test('output goes quietly into a pipe that closes early', (t) => {
  const bash = requirePeer(t, 'bash');
  if (bash === undefined) return;
  const line = `'${process.execPath}' '${BIN}' config schema | head -c 10; echo " \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync(bash, ['-c', line], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(stdout.split(' ').at(-1)?.trim(), '0');
});

test('colour comes only where it is wanted', async (t) => {
  const files = { 'sluice.yaml': 'log: { level: 7 }' };
  const plain = await runSluice(t, ['up'], { files });
  const forced = await runSluice(t, ['up'], { files, env: { FORCE_COLOR: '1' } });
  assert.equal(plain.stderr.includes('\u001b'), false);
  assert.equal(forced.stderr.includes('\u001b['), true);
});
