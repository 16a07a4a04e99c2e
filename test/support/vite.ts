// A real development server of Vite. Rule: it ends with its test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface DevServer {
  /** The folder of the package. */
  readonly vite: string;
  readonly folder: string;
  readonly port: number;
}

/** Resolves when it listens. */
export async function startDevServer(t: TestContext, { vite, folder, port }: DevServer): Promise<void> {
  const args = [join(vite, 'bin', 'vite.js'), '--host', '127.0.0.1', '--port', String(port), '--strictPort'];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.setEncoding('utf8');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('close', () => reject(new Error(`Vite has ended: ${said}`)));
  child.stdout.on('data', (text: string) => {
    said += text;
    if (said.includes('ready in')) resolve();
  });
  await promise;
  assert.equal(child.exitCode, null);
}
