// Agents of a Sluice that is killed in the middle: what was stored is there again, to the last line that anybody has seen, and nothing
// of the agent is left.
import assert from 'node:assert/strict';
import { readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { listProcesses } from '../../src/services/processes/process-table.ts';
import { numbersIn } from '../support/agent-stage.ts';
import { askJson, openStream } from '../support/agents-client.ts';
import { startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const config = (workspace: string): string => `
agents:
  enabled: true
  default: sh
  workspace: ${workspace}
  kinds: { sh: { command: /bin/sh, args: [-s], events: { session: session, end: done } } }
`;

/** What runs there. */
function processesIn(folder: string): number[] {
  const pids = listProcesses().map(({ pid }) => pid);
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

describe('when Sluice is killed', () => {
  test('every event that was sent is there after a restart, and the run is told to be over', async (t) => {
    const workspace = temporaryFolder(t);
    const files = { 'sluice.yaml': config(workspace) };
    const first = await startSluice(t, { files });
    const prompt = `i=0; while :; do i=$((i+1)); echo "{\\"n\\":$i}"; sleep 0.002; done`;
    const stream = await openStream(`${first.address('gateway')}/agent/stream`, { prompt });
    await stream.until(/^id: 100$/m);
    const id = String(stream.response.headers['x-agent-id']);
    assert.ok(processesIn(workspace).length > 0);
    first.signal('SIGKILL');
    const text = await stream.whole();
    const seen = numbersIn(text.slice(0, text.lastIndexOf('\n\n') + 2));
    assert.deepEqual(
      seen,
      Array.from(seen, (_, index) => index + 1),
    );
    assert.equal(statSync(join(first.dataDir, 'agents.db')).mode & 0o777, 0o600);

    await startSluice(t, { files, env: { SLUICE_PROCESS__DATA_DIR: first.dataDir } });
    const url = first.address('gateway');
    const whole = await (await openStream(`${url}/agent/${id}/events`)).whole();
    const known = numbersIn(whole);
    assert.deepEqual(
      known,
      Array.from(known, (_, index) => index + 1),
    );
    assert.ok(known.length > seen.length, `${known.length} of ${seen.length}`);
    const alike = whole.slice(whole.indexOf('id: 1\n'));
    assert.ok(alike.startsWith(text.slice(text.indexOf('id: 1\n'), text.lastIndexOf('\n\n') + 2)));
    assert.match(whole, /event: complete\nid: \d+\ndata: .*"status":"crashed".*"reason":"Sluice ended while it ran\."/);
    const { body } = await askJson(`${url}/agent/${id}`);
    assert.partialDeepStrictEqual(body, { status: 'crashed', pid: null });
    assert.deepEqual(processesIn(workspace), []);
  });

  test('a stop by signal ends agents and tells their followers', async (t) => {
    const files = { 'sluice.yaml': `${config(temporaryFolder(t))}process: { shutdown_grace: 200ms }\n` };
    const sluice = await startSluice(t, { files });
    const stream = await openStream(`${sluice.address('gateway')}/agent/stream`, { prompt: 'sleep 60' });
    await stream.until(/event: started/);
    sluice.signal('SIGTERM');
    assert.match(await stream.whole(), /event: complete[^]*"status":"stopped"/);
    await sluice.ended;
  });
});
