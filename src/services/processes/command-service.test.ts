import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { supervisorFor } from '../../../test/support/run-rig.ts';
import type { SluiceError } from '../../core/errors.ts';
import { commandOf } from './command-request.ts';
import { CommandRules } from './command-rules.ts';
import { type CommandRun, CommandService } from './command-service.ts';
import type { RunEnd } from './run-spec.ts';

const rules = new CommandRules(
  { allowed: ['/bin/sh', '/bin/cat'], workspace: '/', env: [], timeoutMs: 60_000, maxOutputBytes: 1_000_000 },
  { PATH: '/bin' },
);

interface Asked {
  readonly run: CommandRun;
  readonly outcome: Promise<RunEnd | SluiceError>;
  readonly output: () => string;
}

class Stage {
  readonly counted: string[] = [];
  readonly order: string[] = [];
  readonly service: CommandService;

  constructor(t: TestContext, running = 1, waiting = 10) {
    const watch = {
      changed: () => {},
      ended: (reason: string) => void this.counted.push(reason),
      refused: () => void this.counted.push('refused'),
    };
    this.service = new CommandService({ supervisor: supervisorFor(t), limits: { running, waiting }, watch });
  }

  ask(user: string, fields: object, more: { input?: 'open'; queueTimeoutMs?: number } = {}): Asked {
    const { promise: outcome, resolve } = Promise.withResolvers<RunEnd | SluiceError>();
    const request = commandOf({ command: 'sh', ...fields });
    const output: Buffer[] = [];
    const job = { user, request, rules, input: 'closed', queueTimeoutMs: 60_000, ...more } as const;
    const run = this.service.run(job, {
      started: () => void this.order.push(user),
      failed: resolve,
      stdout: (bytes) => void output.push(bytes),
      stderr: () => {},
      ended: resolve,
    });
    return { run, outcome, output: () => Buffer.concat(output).toString() };
  }
}

describe('commands of clients', () => {
  test('run with their input, and what follows it', async (t) => {
    const stage = new Stage(t, 2);
    const whole = stage.ask('a', { command: 'cat', stdin: 'all of it' });
    const more = stage.ask('a', { command: 'cat', stdin: 'one ' }, { input: 'open' });
    more.run.process!.write(Buffer.from('two'));
    more.run.process!.endInput();
    await Promise.all([whole.outcome, more.outcome]);
    assert.deepEqual([whole.output(), more.output()], ['all of it', 'one two']);
    assert.deepEqual(stage.counted, ['exit', 'exit']);
  });

  test('run one after the other, the users in turn', async (t) => {
    const stage = new Stage(t);
    const all = ['a', 'a', 'a', 'b', 'c', 'b'].map((user) => stage.ask(user, {}));
    assert.deepEqual([stage.service.running, stage.service.waiting], [1, 5]);
    await Promise.all(all.map(({ outcome }) => outcome));
    assert.equal(stage.order.join(''), 'aabcab');
    assert.deepEqual([stage.service.running, stage.service.waiting], [0, 0]);
  });

  test('are refused when too many wait, or when it takes too long', async (t) => {
    const stage = new Stage(t, 1, 1);
    const first = stage.ask('a', {}, { input: 'open' });
    const tired = stage.ask('b', {}, { queueTimeoutMs: 10 });
    const refused = stage.ask('c', {});
    for (const { outcome } of [refused, tired]) assert.equal(((await outcome) as SluiceError).code, 'processes_busy');
    first.run.process!.endInput();
    assert.equal(((await first.outcome) as RunEnd).code, 0);
    assert.deepEqual(stage.counted, ['refused', 'refused', 'exit']);
    stage.service.setLimits({ running: 1, waiting: 0 });
    assert.equal(((await stage.ask('c', {}).outcome) as RunEnd).code, 0);
  });

  test('that may not run, or cannot, give their slot back', async (t) => {
    const stage = new Stage(t);
    for (const [fields, code] of [
      [{ command: 'id' }, 'command_denied'],
      [{ cwd: '/nowhere' }, 'forbidden'],
      [{ args: Array(4096).fill('x'.repeat(1000)) }, 'process_failed'],
    ] as const) {
      assert.equal(((await stage.ask('a', fields).outcome) as SluiceError).code, code);
      assert.equal(stage.service.running, 0);
    }
    assert.deepEqual(stage.counted, ['failed']);
  });

  test('are stopped when nobody wants them, and do not begin', async (t) => {
    const stage = new Stage(t);
    const running = stage.ask('a', { args: ['-c', 'while :; do echo; done'] });
    const waiting = stage.ask('a', {});
    waiting.run.cancel();
    waiting.run.cancel();
    assert.equal(stage.service.waiting, 0);
    running.run.cancel();
    assert.equal(((await running.outcome) as RunEnd).reason, 'stopped');
    running.run.cancel();
    assert.deepEqual([stage.order, stage.counted], [['a'], ['stopped']]);
  });
});
