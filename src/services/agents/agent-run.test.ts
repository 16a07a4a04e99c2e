import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { NewAgentEvent } from '../../state/agent-events.ts';
import { SluiceError } from '../../core/errors.ts';
import type { RunEnd, RunEvents, RunSpec } from '../processes/run-spec.ts';
import { AgentRun, type RunParts, type RunPlan } from './agent-run.ts';
import type { EventWriter } from './event-writer.ts';
import { claudeKind } from './kinds/claude.ts';

const ROW = agentRunRow({ id: 'r', kind: 'c' });
const END: RunEnd = { code: 0, signal: null, reason: 'exit', durationMs: 1, peakMemoryBytes: null, truncated: false };
const RESULT = '{"type":"result","subtype":"success","is_error":false}\n';

/** A run whose process is made of calls. */
function stage(
  t: TestContext,
  { lingerMs = 0, before = () => null }: Partial<Pick<RunPlan, 'lingerMs'> & Pick<RunParts, 'before'>> = {},
) {
  const calls: string[] = [];
  const stored: NewAgentEvent[] = [];
  const state = { isTroubled: false };
  let told: RunEvents | undefined;
  let spec: RunSpec | undefined;
  const writer = {
    save: () => {},
    put: (event: NewAgentEvent) => stored.push(event),
    get isFull() {
      return state.isTroubled;
    },
  };
  const run = new AgentRun(ROW, {
    kind: claudeKind({ name: 'c', program: 'c', args: [], subscription: false }),
    before,
    writer: writer as unknown as EventWriter,
    startProcess: (given, events) => {
      told = events;
      spec = given;
      return {
        id: 'x',
        pid: 7,
        write: (bytes) => calls.push(`write ${Buffer.from(bytes).toString().length}`) > 0,
        endInput: () => void calls.push('end input'),
        pause: () => void calls.push('pause'),
        resume: () => void calls.push('resume'),
        dropOutput: () => {},
        stop: (reason) => void calls.push(`stop ${reason}`),
      };
    },
    onStart: () => {},
    onSession: () => calls.push('session'),
    onEnd: () => calls.push('end'),
  });
  const start = (): RunEvents => {
    run.start({
      file: '/c',
      args: [],
      env: {},
      input: Buffer.from('in'),
      temporaryFolder: join(temporaryFolder(t), 'tmp'),
      timeoutMs: 9,
      silenceMs: 5,
      lingerMs,
      maxOutputBytes: 3,
    });
    told?.started(7);
    return told ?? assert.fail('it was not started');
  };
  return { run, calls, stored, state, start, spec: () => spec };
}

describe('a run', () => {
  test('gets its prompt when it has started, and no more input once it has answered', (t) => {
    const { run, calls, start, spec } = stage(t);
    const told = start();
    assert.partialDeepStrictEqual(run.row, { status: 'running', pid: 7 });
    assert.partialDeepStrictEqual(spec(), { timeoutMs: 9, silenceMs: 5, maxOutputBytes: 3, stdin: 'open' });
    assert.deepEqual(spec()?.stopLadder[0], { signal: 'SIGINT', to: 'process', waitMs: 2000 });
    told.stdout(Buffer.from('{"type":"system","subtype":"init","session_id":"s"}\n'));
    assert.equal(run.row.session, 's');
    told.stdout(Buffer.from(RESULT));
    assert.deepEqual(calls, ['write 2', 'session', 'end input']);
    assert.throws(() => run.say('x'), { code: 'agent_not_listening' });
    told.ended(END);
    assert.equal(run.row.status, 'ok');
  });

  test('that has answered one of two messages is given time for the other', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { run, calls, start } = stage(t);
    const told = start();
    run.say('more');
    told.stdout(Buffer.from(RESULT));
    t.mock.timers.tick(1_999);
    assert.ok(!calls.includes('end input'));
    told.stdout(Buffer.from('{"type":"system"}\n'));
    t.mock.timers.tick(30_000);
    assert.ok(!calls.includes('end input'));
    told.stdout(Buffer.from(RESULT));
    assert.ok(calls.includes('end input'));
    told.ended(END);
  });

  test('lingers after an answer, and longer after another message', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { run, calls, start, spec } = stage(t, { lingerMs: 100 });
    const told = start();
    assert.equal(spec()?.silenceMs, 105);
    told.stdout(Buffer.from(RESULT));
    t.mock.timers.tick(99);
    run.say('more');
    t.mock.timers.tick(1_000);
    assert.ok(!calls.includes('end input'));
    told.stdout(Buffer.from(RESULT));
    t.mock.timers.tick(100);
    assert.ok(calls.includes('end input'));
    told.ended(END);
  });

  test('keeps lines that are no JSON, and a last one that has no end', (t) => {
    const { run, stored, start } = stage(t);
    const told = start();
    told.stdout(Buffer.from('warning\n{"no":"type"}\n{"type":"half'));
    told.ended({ ...END, code: 1 });
    assert.deepEqual(
      stored.map(({ number, type, line }) => [number, type, line.toString().slice(0, 13)]),
      [
        [1, 'raw', 'warning'],
        [2, '', '{"no":"type"}'],
        [3, 'raw', '{"type":"half'],
        [4, 'sluice.complete', '{"agent_id":"'],
      ],
    );
    assert.equal(run.row.status, 'error');
  });

  test('has used what was not used by its session before', (t) => {
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    const { run, start } = stage(t, { before: () => ({ tokens, cost: 0.25 }) });
    const told = start();
    told.stdout(Buffer.from('{"type":"result","subtype":"success","is_error":false,"total_cost_usd":1}\n'));
    assert.equal(run.row.cost, 0.75);
    told.ended(END);
  });

  test('is held while nothing can be stored', (t) => {
    const { run, calls, state, start } = stage(t);
    state.isTroubled = true;
    const told = start();
    run.release();
    assert.deepEqual(calls, ['pause', 'write 2', 'resume']);
    told.ended(END);
  });

  test('that cannot be started has ended with the reason', async (t) => {
    const { run } = stage(t);
    run.failed(new SluiceError('agent_unavailable', { message: 'not here' }));
    run.failed(new Error('again'));
    await run.begun;
    assert.partialDeepStrictEqual(run.row, { status: 'crashed', reason: 'not here' });
    const other = stage(t).run;
    other.failed(new Error('secret'));
    assert.equal(other.row.reason, 'It could not be started.');
  });

  test('is stopped by its process, or at once when it has none', async (t) => {
    const { run, calls, start } = stage(t);
    const told = start();
    const stopped = run.stop('shutdown');
    assert.equal(calls.at(-1), 'stop stopped');
    told.ended({ ...END, reason: 'stopped', code: null, signal: 'SIGINT' });
    await stopped;
    assert.partialDeepStrictEqual(run.row, { status: 'stopped', reason: 'Sluice was stopped.', signal: 'SIGINT' });
    const waiting = stage(t).run;
    waiting.queued();
    await waiting.begun;
    await waiting.stop('stopped');
    assert.equal(waiting.row.status, 'stopped');
  });
});
