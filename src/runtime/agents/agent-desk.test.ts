import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { REQUEST } from '../../../test/support/agent-stage.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { supervisorFor } from '../../../test/support/run-rig.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Config } from '../../config/config.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { AgentDesk } from './agent-desk.ts';

const SH = { command: '/bin/sh', args: ['-s'], events: { tokens: { input: 'in' } } };

function stage(t: TestContext) {
  const dataDir = temporaryFolder(t);
  const recorder = new MetricsRecorder();
  const supervisor = supervisorFor(t);
  const desk = new AgentDesk({ dataDir, recorder, supervisor, log: () => {}, env: { PATH: '/bin' } });
  t.after(() => desk.stop());
  const config = (agents: object): Config => {
    return configOf({ agents: { workspace: join(dataDir, 'w'), kinds: { sh: SH }, default: 'sh', ...agents } });
  };
  const metric = (name: string): number[] => {
    return recorder.definitions.filter((each) => each.name === name).map(({ slot }) => recorder.slots[slot] ?? 0);
  };
  return { desk, dataDir, config, metric };
}

describe('the agents of a process', () => {
  test('are opened when they are switched on, and closed when they are switched off', async (t) => {
    const { desk, dataDir, config } = stage(t);
    await desk.prepare(config({}));
    desk.follow(config({}));
    assert.equal(desk.service, null);
    assert.equal(existsSync(join(dataDir, 'agents.db')), false);
    await desk.prepare(config({ enabled: true }));
    desk.follow(config({ enabled: true }));
    const { service } = desk;
    assert.ok(service !== null);
    await desk.prepare(config({ enabled: true }));
    desk.follow(config({ enabled: true, max_concurrent: 1 }));
    assert.equal(desk.service, service);
    desk.follow(config({ enabled: false }));
    assert.equal(desk.service, null);
    await desk.prepare(config({ enabled: true }));
    assert.notEqual(desk.service, service);
  });

  test('count what becomes of their runs', async (t) => {
    const { desk, config, metric } = stage(t);
    await desk.prepare(config({ enabled: true }));
    desk.follow(config({ enabled: true }));
    const { service } = desk;
    const { id } = await service!.start({ ...REQUEST, prompt: `echo '{"in":7}'; sleep 0.1` }, 'ann');
    assert.equal(desk.share.active, 1);
    const ended = Promise.withResolvers<void>();
    service!.follow(id, null, 0, { write: () => true, end: ended.resolve, fail: ended.reject });
    await ended.promise;
    assert.deepEqual(metric('sluice_agent_runs_total'), [1]);
    assert.deepEqual(metric('sluice_agent_tokens_total'), [7, 0, 0, 0]);
    assert.equal(desk.share.active, 0);
  });
});
