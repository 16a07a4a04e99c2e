import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { findPassed, type Passed, type PassedSocket, PassedSockets } from './passed-sockets.ts';

const skip = process.platform === 'linux' ? false : 'only systemd passes sockets';

interface Listening {
  readonly fd: number;
  readonly port: number;
  readonly close: () => void;
}

async function listening(t: TestContext, where: net.ListenOptions): Promise<Listening> {
  const server = net.createServer().listen(where);
  await once(server, 'listening');
  const close = (): void => void server.close();
  t.after(close);
  const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const address = server.address();
  return { fd, port: typeof address === 'object' && address !== null ? address.port : 0, close };
}

const SAY = `
import { findPassed } from ${JSON.stringify(import.meta.resolve('./passed-sockets.ts'))};
console.log(JSON.stringify(findPassed(process.env, process.pid)));
`;

/** What another process makes of these descriptors of ours. */
function passedTo(fds: readonly number[], env: Readonly<Record<string, string>>): Passed {
  const command = ['-c', 'LISTEN_PID=${LISTEN_PID:-$$} exec "$@"', 'sh', process.execPath];
  const { stdout, stderr } = spawnSync('/bin/sh', [...command, '--input-type=module', '-e', SAY], {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Passed;
}

test('sockets are known by what they listen at, and others as none of ours', { skip }, async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  const four = await listening(t, { host: '127.0.0.1', port: 0 });
  const six = await listening(t, { host: '::1', port: 0 });
  const every = await listening(t, { host: '::', port: 0 });
  const unix = await listening(t, { path });
  const env = { LISTEN_FDS: '5', LISTEN_FDNAMES: 'a:b::d:e' };
  const { sockets, strange } = passedTo([four.fd, six.fd, every.fd, unix.fd, 1], env);
  assert.deepEqual(
    sockets.map(({ fd, name, host, port, path: at }) => [fd, name, at ?? `${host} ${port}`]),
    [
      [3, 'a', `127.0.0.1 ${four.port}`],
      [4, 'b', `::1 ${six.port}`],
      [5, '', `:: ${every.port}`],
      [6, 'd', path],
    ],
  );
  assert.deepEqual(strange, [{ fd: 7, name: 'e' }]);
  const none = { sockets: [], strange: [] };
  assert.deepEqual(passedTo([four.fd], { LISTEN_FDS: '1', LISTEN_PID: '1' }), none);
  assert.deepEqual(findPassed({ LISTEN_PID: String(process.pid), LISTEN_FDS: 'x' }, process.pid), none);
});

const at = (fd: number, host: string, port: number, path: string | null = null): PassedSocket => {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? '';
  return { fd, inode, name: '', host, port, path };
};

test('a door claims those of its address, and threads share them', { skip }, async (t) => {
  const [one, two, three] = await Promise.all([0, 0, 0].map((port) => listening(t, { host: '127.0.0.1', port })));
  const fds = [one?.fd ?? 0, two?.fd ?? 0, three?.fd ?? 0] as const;
  const sockets = new PassedSockets();
  assert.equal(sockets.claim({ host: '127.0.0.1', port: 80 }), null);
  const every = [at(fds[0], '127.0.0.1', 80), at(fds[1], '::', 443), at(fds[2], '', 0, '/run/a.sock')];
  sockets.receive(every);
  assert.deepEqual(sockets.claim({ host: 'localhost', port: 80 }), [fds[0]]);
  assert.deepEqual(
    [sockets.claim({ host: '::', port: 443 }), sockets.claim({ host: '', port: 443 })],
    [[fds[1]], [fds[1]]],
  );
  assert.deepEqual(
    [sockets.claim({ host: '::', port: 80 }), sockets.claim({ host: '0.0.0.0', port: 443 })],
    [null, null],
  );
  assert.deepEqual(sockets.claim({ path: '/run/a.sock' }), [fds[2]]);
  const same = fds.map((fd) => at(fd, '::', 443));
  const shares = [0, 1, 2].map((thread) => {
    const own = new PassedSockets();
    own.receive(same, thread, 2);
    return own.claim({ host: '::', port: 443 });
  });
  assert.deepEqual(shares.slice(0, 2), [[fds[0], fds[2]], [fds[1]]]);
});

test('a socket that was closed comes back with a restart only', { skip }, async (t) => {
  const { fd } = await listening(t, { host: '127.0.0.1', port: 0 });
  const sockets = new PassedSockets();
  sockets.receive([{ ...at(fd, '127.0.0.1', 80), inode: '1' }]);
  assert.throws(() => sockets.claim({ host: '127.0.0.1', port: 80 }), /systemd passed .* only a restart/);
});

const ACCEPT = `
import { Acceptor } from ${JSON.stringify(import.meta.resolve('./accept.ts'))};
import { findPassed, passedSockets } from ${JSON.stringify(import.meta.resolve('./passed-sockets.ts'))};
const { sockets } = findPassed({ LISTEN_FDS: '2', LISTEN_PID: String(process.pid) }, process.pid);
passedSockets.receive(sockets.map((each) => ({ ...each, port: 81 })));
const address = { host: '127.0.0.1', port: 81 };
let left = 2;
const acceptor = new Acceptor({ address, onSocket: (socket) => socket.end(String(socket.localPort), () => --left || acceptor.stop()) });
await acceptor.listen();
`;

test('an acceptor serves all sockets of its address', { skip }, async (t) => {
  const served = await Promise.all([0, 0].map((port) => listening(t, { host: '127.0.0.1', port })));
  const child = spawn(process.execPath, ['--input-type=module', '-e', ACCEPT], {
    stdio: ['ignore', 'inherit', 'inherit', ...served.map(({ fd }) => fd)],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  // It has copies of its own.
  for (const { close } of served) close();
  const clients = served.map(({ port }) => net.connect(port, '127.0.0.1'));
  const said = await Promise.all(clients.map(async (client) => Number((await client.toArray()).join(''))));
  assert.deepEqual(
    said,
    served.map(({ port }) => port),
  );
  assert.deepEqual(await ended, [0, null]);
});
