// What happens to the runs of a Sluice that is killed: here a program that has nothing but a supervisor.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { marked, until } from '../../../test/support/run-rig.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readProcess } from './process-table.ts';

const OWNER = fileURLToPath(new URL('../../../test/support/process-owner.ts', import.meta.url));

interface Owner {
  readonly child: ChildProcess;
  readonly ids: string[];
  readonly wardenPid: number;
  readonly folder: string;
}

async function owner(t: TestContext, ...scripts: string[]): Promise<Owner> {
  const folder = temporaryFolder(t);
  const child = spawn(process.execPath, [OWNER, folder, ...scripts], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.after(() => child.kill('SIGKILL'));
  const ids: string[] = [];
  let wardenPid = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') break;
    const said = JSON.parse(line) as { id: string; wardenPid: number };
    ids.push(said.id);
    wardenPid = said.wardenPid;
  }
  return { child, ids, wardenPid, folder };
}

/** It has got so far as to say what a signal does to it. */
function minds(pid: number, signal: number): boolean {
  const [, caught = '0'] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

describe('the warden', { skip: process.platform !== 'linux' }, () => {
  test('leaves nothing of a Sluice that is killed, and ends', async (t) => {
    const { child, ids, wardenPid, folder } = await owner(
      t,
      'trap "" TERM INT HUP; (setsid sleep 1000 &); echo ready; sleep 1000',
      'echo ready; exec sleep 1000',
    );
    assert.ok(ids.every((id) => marked(id).length > 0));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => ids.every((id) => marked(id).length === 0));
    await until(() => readProcess(wardenPid)?.isDead ?? true);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('is not ended by what ends a terminal or a group', async (t) => {
    const { child, ids, wardenPid } = await owner(t, 'trap "" TERM INT HUP; echo ready; sleep 1000');
    await until(() => minds(wardenPid, 1));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(wardenPid, signal);
    process.kill(-child.pid!, 'SIGKILL');
    await until(() => ids.every((id) => marked(id).length === 0));
  });
});
