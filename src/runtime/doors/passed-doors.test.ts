import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { passedSockets } from '../../transport/passed-sockets.ts';
import { lostDoors, narrowDoors, passedOn, receivePassedDoors } from './passed-doors.ts';

const skip = process.platform === 'linux' ? false : 'only systemd passes sockets';

/** A socket of this process, as if it had been passed for that port. */
async function receive(t: TestContext, port: number, close: Promise<void>): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => passedSockets.receive([]));
  const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? '';
  passedSockets.receive([{ fd, inode, name: 'web', path: null, host: '127.0.0.1', port }]);
  void close.then(() => server.close());
  return fd;
}

test('what was passed is in the environment no more, and unused where no door has it', { skip }, () => {
  const env: NodeJS.ProcessEnv = { LISTEN_PID: String(process.pid), LISTEN_FDS: '0', LISTEN_FDNAMES: '', OTHER: 'x' };
  const passed = receivePassedDoors(env);
  assert.deepEqual(env, { OTHER: 'x' });
  assert.deepEqual(passed.unusedBy(documentSchema.parse({})), []);
});

test('sockets go on to the next process while they are open, and are missed afterwards', { skip }, async (t) => {
  const closing = Promise.withResolvers<void>();
  const fd = await receive(t, 80, closing.promise);
  assert.deepEqual(passedOn(), { fds: [fd], env: { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' } });
  const doors = ['127.0.0.1:80', '127.0.0.1:81', 'nothing'];
  assert.deepEqual(narrowDoors(doors, 2), [{ address: '127.0.0.1:80', sockets: 1 }]);
  assert.deepEqual([narrowDoors(doors, 1), lostDoors(doors)], [[], []]);
  closing.resolve();
  while (lostDoors(doors).length === 0) await new Promise(setImmediate);
  assert.deepEqual(lostDoors(doors), ['127.0.0.1:80']);
  assert.deepEqual(passedOn(), { fds: [], env: {} });
});
