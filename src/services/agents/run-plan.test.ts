import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AgentStage, REQUEST } from '../../../test/support/agent-stage.ts';
import type { AgentRunRow } from '../../state/agent-events.ts';
import type { AgentRequest } from './agent-settings.ts';
import { claudeKind } from './kinds/claude.ts';
import type { RunPlan } from './agent-run.ts';
import { planOf } from './run-plan.ts';

function plan(t: TestContext, request: Partial<AgentRequest>): RunPlan {
  const { settings } = new AgentStage(t, {
    settings: { timeoutMs: 1000, lingerMs: 10, env: new Map([['c', { A: '1' }]]) },
  });
  return planOf({
    kind: claudeKind({ name: 'c', program: '/bin/sh', args: [], subscription: false }),
    row: { id: 'run-1' } as AgentRunRow,
    request: { ...REQUEST, ...request },
    settings,
    surroundings: {
      startProcess: () => assert.fail('it is started'),
      temporaryFolder: '/t',
      ownEnv: { HOME: '/root', SECRET: 's' },
      openGateway: () => null,
      onEnd: () => {},
      onCount: () => {},
    },
    gateway: { access: { url: 'http://gw', token: 'secret', keepsLogin: false }, close: () => {} },
  });
}

test('a run gets what its kind, the configuration and the gateway say', (t) => {
  const { file, env, input, temporaryFolder } = plan(t, { prompt: 'hello' });
  assert.equal(file, '/bin/sh');
  assert.equal(temporaryFolder, '/t/run-1');
  assert.match(String(input), /hello/);
  assert.deepEqual(env, {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/root',
    TMPDIR: '/t/run-1',
    A: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ANTHROPIC_BASE_URL: 'http://gw',
    ANTHROPIC_AUTH_TOKEN: 'secret',
  });
});

test('a request may make times shorter, and not longer', (t) => {
  const times = (request: Partial<AgentRequest>): number[] => {
    const { timeoutMs, lingerMs } = plan(t, request);
    return [timeoutMs, lingerMs];
  };
  assert.deepEqual(times({}), [1000, 10]);
  assert.deepEqual(times({ timeoutMs: 500, lingerMs: 0 }), [500, 0]);
  assert.deepEqual(times({ timeoutMs: 5000, lingerMs: 5000 }), [1000, 1000]);
});
