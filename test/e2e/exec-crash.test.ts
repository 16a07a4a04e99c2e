// What is left of commands when Sluice ends, in whatever way: nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { begin } from '../support/exec-client.ts';
import { marked } from '../support/run-rig.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const DEAF = 'trap "" TERM INT HUP; (setsid sleep 1000 &); echo $SLUICE_RUN_ID; while :; do sleep 0.1; done';

function yaml(workers: number): string {
  return `
process: { data_dir: data, workers: ${workers}, shutdown_grace: 100ms }
gateway: { listen: "127.0.0.1:0" }
egress: { listen: null }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: null }
exec: { enabled: true, allowed_commands: [/bin/sh] }
`;
}

async function start(t: TestContext, workers: number, folder?: string): Promise<SluiceProcess> {
  const sluice = new SluiceProcess(t, {
    files: { 'sluice.yaml': yaml(workers) },
    env: { LOG_FORMAT: 'json' },
    ...(folder !== undefined && { folder }),
  });
  await sluice.says(/"msg":"ready"|"ready"/);
  return sluice;
}

/** The mark of a command that no signal but the last one ends. */
async function runDeaf(sluice: SluiceProcess): Promise<string> {
  const { response } = await begin(sluice.address('gateway'), { command: 'sh', args: ['-c', DEAF] });
  response.on('error', () => {});
  const [line] = (await once(response.setEncoding('utf8'), 'data')) as [string];
  return (JSON.parse(line.trim()) as { data: string }).data.trim();
}

async function gone(id: string): Promise<void> {
  while (marked(id).length > 0) await pause(20);
}

describe('when Sluice ends', { skip: process.platform !== 'linux' }, () => {
  for (const workers of [1, 2]) {
    test(`by SIGKILL nothing is left, with ${workers} thread(s)`, async (t) => {
      const sluice = await start(t, workers);
      const id = await runDeaf(sluice);
      assert.ok(marked(id).length >= 2);
      sluice.signal('SIGKILL');
      await sluice.ended;
      await gone(id);
    });
  }

  test('as it should, its commands end with it', async (t) => {
    const sluice = await start(t, 1);
    const id = await runDeaf(sluice);
    sluice.signal('SIGTERM');
    await sluice.ended;
    assert.deepEqual(marked(id), []);
  });
});
