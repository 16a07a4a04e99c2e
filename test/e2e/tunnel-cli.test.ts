// sluice http as a person and a script have it: the live panel on a real terminal, what goes into pipes, and exit codes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify, stripVTControlCharacters } from 'node:util';
import type { PtyPackage } from '../../src/services/processes/terminal.ts';
import { ask, type Asked } from '../support/ask.ts';
import { localServer, serveTunnels, TOKEN, tunnelDoor } from '../support/exposed.ts';
import { requirePeer } from '../support/peer.ts';
import { ptyOf } from '../support/pty.ts';
import { SluiceProcess } from '../support/sluice-process.ts';
import { ROOT } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

type Pty = ReturnType<PtyPackage['spawn']>;

/** A terminal with the panel of a tunnel. */
class Screen {
  text = '';
  hasEnded = false;
  readonly pty: Pty;
  readonly ended: Promise<number>;
  readonly #waiting = new Set<() => void>();

  constructor(pty: Pty) {
    this.pty = pty;
    pty.onData((text: string | Buffer) => {
      this.text += String(text);
      for (const look of this.#waiting) look();
    });
    this.ended = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => {
        this.hasEnded = true;
        resolve(exitCode);
      });
    });
  }

  async shows(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (pattern.test(stripVTControlCharacters(this.text))) resolve();
    };
    this.#waiting.add(look);
    look();
    await promise;
    this.#waiting.delete(look);
  }

  /** The widest line since the last look. */
  widest(): number {
    const lines = stripVTControlCharacters(this.text).split(/\r?\n|\r/);
    this.text = '';
    return Math.max(...lines.map((line) => line.length));
  }
}

async function panelOf(t: TestContext, args: readonly string[], env: Record<string, string>): Promise<Screen | null> {
  const folder = requirePeer(t, 'node-pty');
  if (folder === undefined) return null;
  const { spawn } = await ptyOf(folder);
  const cwd = temporaryFolder(t);
  const surroundings = {
    PATH: process.env['PATH'] ?? '',
    HOME: cwd,
    TERM: 'xterm',
    SLUICE_PROCESS__DATA_DIR: cwd,
    ...env,
  };
  const options = { name: 'xterm', cols: 80, rows: 24, cwd, env: surroundings };
  const pty = spawn(process.execPath, [join(ROOT, 'bin', 'sluice'), ...args], options);
  const screen = new Screen(pty);
  t.after(async () => {
    if (!screen.hasEnded) process.kill(pty.pid, 'SIGKILL');
    await screen.ended;
  });
  return screen;
}

describe('the panel', () => {
  test('counts the very bytes that curl has sent and got, within the columns that there are', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const gateway = await serveTunnels(t);
    const local = await localServer(t, (request, response) => {
      request.resume().on('end', () => response.end('x'.repeat(123)));
    });
    const args = ['http', String(local.port), '--server', tunnelDoor(gateway), '--subdomain', 'app'];
    const screen = await panelOf(t, args, { RETUNNEL_AUTH_TOKEN: TOKEN });
    if (screen === null) return;
    await screen.shows(/online[^]*http:\/\/app\.example\.test -> localhost:\d+/);
    let [up, down] = [0, 0];
    for (const length of [40, 2]) {
      const path = `${gateway.url}/${'long'.repeat(40)}`;
      const asked = ['-sS', '-o', '/dev/null', '-H', 'Host: app.example.test', '-d', 'y'.repeat(length)];
      const { stdout } = await run(curl, [...asked, '-w', '%{size_upload} %{size_download}', path]);
      const [sent = 0, got = 0] = stdout.split(' ').map(Number);
      [up, down] = [up + sent, down + got];
    }
    assert.deepEqual([up, down], [42, 246]);
    await screen.shows(new RegExp(`2 requests .* in ${up} B  out ${down} B[^]*200 POST`));
    assert.ok(screen.text.includes('\x1b[32m'), 'colours');
    assert.ok(screen.widest() <= 80);
    screen.pty.resize(50, 24);
    screen.text = '';
    await screen.shows(/200 POST[^]*online/);
    assert.ok(screen.widest() <= 50);
    screen.pty.write('\x03');
    assert.equal(await screen.ended, 130);
    assert.ok(screen.text.includes('\x1b[?25h'), 'the cursor is back');
  });

  test('has no colours where they are not wanted', async (t) => {
    const gateway = await serveTunnels(t);
    const args = ['http', '1', '--server', tunnelDoor(gateway), '--subdomain', 'app'];
    const screen = await panelOf(t, args, { RETUNNEL_AUTH_TOKEN: TOKEN, NO_COLOR: '1' });
    if (screen === null) return;
    await screen.shows(/online/);
    assert.doesNotMatch(screen.text, /\x1b\[[0-9;]*m/);
  });
});

describe('sluice http', () => {
  const start = (t: TestContext, server: string, ...more: readonly string[]): SluiceProcess =>
    new SluiceProcess(t, {
      args: ['http', '3000', '--server', server, ...more],
      env: { RETUNNEL_AUTH_TOKEN: 'wrong' },
    });

  test('keeps its requests, for who has its token, and asks them again', async (t) => {
    const gateway = await serveTunnels(t);
    const asked: string[] = [];
    const app = await localServer(t, ({ url = '', headers }, response) => {
      asked.push(`${url} ${headers.authorization}`);
      response.end('hello');
    });
    const client = new SluiceProcess(t, {
      args: ['http', String(app.port), '--subdomain', 'app', '--server', tunnelDoor(gateway), '--json'],
      env: { RETUNNEL_AUTH_TOKEN: TOKEN },
    });
    await client.says(/"event":"open"/);
    const events = client.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const { url, token } = events.find(({ event }) => event === 'inspect') ?? {};
    assert.match(url ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    const call = (path: string, options: Asked = {}) =>
      ask(`${url}/api/v1/tunnels/${path}`, { ...options, headers: { Authorization: `Bearer ${token}` } });
    await ask(`${gateway.url}/hook`, { headers: { Host: 'app.example.test', Authorization: 'Bearer secret' } });
    const { requests } = JSON.parse((await call('requests')).body) as { requests: { id: number; path: string }[] };
    assert.deepEqual(
      requests.map(({ path }) => path),
      ['/hook'],
    );
    const shown = await call(`requests/${requests[0]?.id}`);
    assert.ok(shown.body.includes('hello') && !shown.body.includes('secret'));
    assert.equal((await call(`requests/${requests[0]?.id}/replay`, { method: 'POST' })).status, 200);
    assert.deepEqual(asked, Array(2).fill('/hook Bearer secret'));
    const { tunnels } = JSON.parse((await call('exposed')).body) as { tunnels: { name: string; status: string }[] };
    assert.deepEqual([tunnels[0]?.status, (await ask(`${url}/api/v1/tunnels/requests`)).status], ['online', 401]);
    client.signal('SIGTERM');
    assert.equal((await client.ended).code, 0);
  });

  test('ends as clients of tunnels end: 75 without a server, 69 without the right token, 2 for nonsense', async (t) => {
    const gateway = await serveTunnels(t);
    const [unreached, refused, nonsense] = [
      start(t, '127.0.0.1:1', '--tries', '0'),
      start(t, tunnelDoor(gateway)),
      start(t, tunnelDoor(gateway), '--tries', 'few'),
    ];
    assert.deepEqual(
      (await Promise.all([unreached.ended, refused.ended, nonsense.ended])).map(({ code }) => code),
      [75, 69, 2],
    );
    assert.match(refused.stderr, /\(UNAUTHORIZED\) {3}\(tunnel_refused\)\n$/);
    assert.doesNotMatch(refused.stderr, /trying again/);
  });

  test('ends by Ctrl-C also while it waits for a server that says nothing', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = start(t, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    client.signal('SIGINT');
    assert.equal((await client.ended).code, 130);
    socket.destroy();
    server.close();
  });
});
