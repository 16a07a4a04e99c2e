import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { bindServer } from './bind-server.ts';
import { beginSuccession, sharesDoors } from './door-succession.ts';

test('a port has one owner, unless another program takes its place', { skip: !sharesDoors }, async (t) => {
  const [first, second] = [net.createServer(), net.createServer()];
  t.after(() => [first, second].forEach((server) => server.close()));
  const { port } = await bindServer(first, { kind: 'tcp', host: '127.0.0.1', port: 0 });
  await assert.rejects(bindServer(second, { kind: 'tcp', host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  const succession = beginSuccession();
  assert.equal((await bindServer(second, { kind: 'tcp', host: '127.0.0.1', port })).port, port);
  succession.complete();
  succession.end();
});

test('the file of a socket goes with its server', { skip: process.platform === 'win32' }, async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  const server = net.createServer();
  const bound = await bindServer(server, { kind: 'unix', path });
  assert.deepEqual([bound.port, existsSync(path)], [0, true]);
  bound.release();
  server.close();
  assert.equal(existsSync(path), false);
});

test(
  'a socket at which somebody listens stays, and whoever wanted it does not listen',
  { skip: process.platform === 'win32' },
  async (t) => {
    const path = join(temporaryFolder(t), 'a.sock');
    const [first, second] = [net.createServer(), net.createServer()];
    t.after(() => first.close());
    await bindServer(first, { kind: 'unix', path });
    await assert.rejects(bindServer(second, { kind: 'unix', path }), { code: 'EADDRINUSE' });
    assert.equal(second.listening, false);
  },
);
