// Doors that systemd has opened before Sluice runs, passed by the command with which systemd tries such units.
import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { findRunningFile } from '../../src/runtime/running-file.ts';
import { freePorts } from '../support/free-ports.ts';
import { http1Origin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { SluiceProcess } from '../support/sluice-process.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Opened {
  readonly sluice: SluiceProcess;
  readonly url: string;
  readonly folder: string;
}

/** A Sluice that is started by the first who comes. */
async function opened(t: TestContext, activate: string, workers: number): Promise<Opened> {
  const folder = temporaryFolder(t);
  const [gateway = 0, stray = 0] = await freePorts(2);
  const backend = await http1Origin(t, (_request, response) => response.end('hello'));
  const config = `
gateway: { listen: [127.0.0.1:${gateway}, "unix:${folder}/gateway.sock"], default_backend: ${backend} }
egress: { listen: null }
admin: { listen: "unix:${folder}/admin.sock" }
metrics: { listen: null }
process: { data_dir: ${folder}/data, workers: ${workers} }
log: { access: false }
`;
  const addresses = [`127.0.0.1:${gateway}`, `${folder}/gateway.sock`, `${folder}/admin.sock`, `127.0.0.1:${stray}`];
  const doors = ['GATEWAY', 'EGRESS', 'ADMIN', 'METRICS'].map((door) => `SLUICE_${door}__LISTEN`);
  // It passes on nothing else.
  const known = ['HOME', 'NODE_COMPILE_CACHE', ...doors];
  const sluice = new SluiceProcess(t, {
    through: [
      activate,
      ...addresses.flatMap((address) => ['-l', address]),
      '--fdname=web:web:admin:stray',
      ...known.flatMap((name) => ['-E', name]),
    ],
    folder,
    files: { 'sluice.yaml': config },
    env: Object.fromEntries(doors.map((name) => [name, ''])),
  });
  await sluice.says(/Listening on .* as 6/, 'stderr');
  return { sluice, url: `http://127.0.0.1:${gateway}`, folder };
}

function bodyAt(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve(body));
      })
      .on('error', reject);
  });
}

describe('a Sluice whose doors systemd has opened', () => {
  for (const workers of [1, 2]) {
    test(`takes them, answers who has come before it ran, and passes them on, with ${workers} of its threads`, async (t) => {
      const activate = requirePeer(t, 'systemd-socket-activate');
      if (activate === undefined) return;
      const { sluice, url, folder } = await opened(t, activate, workers);
      const pid = (): number => findRunningFile(join(folder, 'data'))?.pid ?? 0;
      // It holds the pipes of the first one.
      t.after(() => pid() > 0 && pid() !== sluice.pid && isThere(pid()) && process.kill(pid(), 'SIGKILL'));
      const load = new SteadyLoad({ url, body: 'hello' });
      await load.more(20);
      assert.equal(await bodyAt(`${folder}/gateway.sock`, '/'), 'hello');
      assert.match(await bodyAt(`${folder}/admin.sock`, '/api/v1/health'), /"ok"/);
      await sluice.says(/"name":"stray",.*"message":"systemd has passed a socket that no door/);
      // Those at the address and at the path.
      if (workers > 1) await sluice.says(/(?:"message":"threads have no socket of that door[^]*){2}/);
      const before = sluice.pid;
      process.kill(before, 'SIGUSR2');
      while (pid() === before || isThere(before)) await load.more(5);
      await load.more(20);
      assert.equal(await bodyAt(`${folder}/gateway.sock`, '/'), 'hello');
      assert.match(await bodyAt(`${folder}/admin.sock`, '/api/v1/health'), /"ok"/);
      assert.deepEqual(await load.stop(), []);
      process.kill(pid(), 'SIGTERM');
      assert.deepEqual(await sluice.ended, { code: 0, signal: null });
    });
  }
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
