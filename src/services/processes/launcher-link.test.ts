// With the real launcher. Programs are started by it alone here: a test waits until it is there.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { marked, runSpec, supervisorFor, until } from '../../../test/support/run-rig.ts';
import type { SluiceError } from '../../core/errors.ts';
import { LauncherLink } from './launcher-link.ts';
import type { Launch } from './running-child.ts';
import type { RunEnd, RunningProcess, RunSpec } from './run-spec.ts';

interface Ran {
  readonly run: RunningProcess;
  readonly outcome: Promise<RunEnd | SluiceError>;
  readonly out: Buffer[];
  readonly err: Buffer[];
}

class Stage {
  readonly link = new LauncherLink();
  private readonly supervisor;

  constructor(t: TestContext) {
    this.supervisor = supervisorFor(t);
    t.after(() => this.link.close());
  }

  static async open(t: TestContext): Promise<Stage> {
    const stage = new Stage(t);
    await until(() => stage.link.launch !== null);
    return stage;
  }

  start(file: string, args: readonly string[], more: Partial<RunSpec> = {}): Ran {
    const { promise: outcome, resolve } = Promise.withResolvers<RunEnd | SluiceError>();
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    const events = {
      started: () => {},
      failed: resolve,
      stdout: (bytes: Buffer) => void out.push(bytes),
      stderr: (bytes: Buffer) => void err.push(bytes),
      ended: resolve,
    };
    const launch = this.link.launch as Launch;
    return { run: this.supervisor.start(runSpec(file, args, more), events, launch), outcome, out, err };
  }

  sh(script: string, more: Partial<RunSpec> = {}): Ran {
    return this.start('/bin/sh', ['-c', script], more);
  }
}

const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString();

describe('a program that the launcher has started', { skip: process.platform !== 'linux' }, () => {
  test('tells its output and its end, and gets what is its own', async (t) => {
    const stage = await Stage.open(t);
    const { outcome, out, err } = stage.sh('echo out; echo err >&2; echo $A $PWD; exit 3', {
      env: { A: '1' },
      cwd: '/usr',
    });
    const { code, reason } = (await outcome) as RunEnd;
    assert.deepEqual([code, reason, text(out), text(err)], [3, 'exit', 'out\n1 /usr\n', 'err\n']);
    const killed = stage.sh('kill -9 $$');
    assert.equal(((await killed.outcome) as RunEnd).signal, 'SIGKILL');
  });

  test('reads input that was there before it, and ends with the end of it', async (t) => {
    const stage = await Stage.open(t);
    const { run, outcome, out } = stage.start('/bin/cat', [], { stdin: 'open' });
    run.write(Buffer.alloc(3_000_000, 'x'));
    run.endInput();
    assert.equal(((await outcome) as RunEnd).code, 0);
    assert.equal(Buffer.concat(out).length, 3_000_000);
    const deaf = stage.sh('exec <&-; sleep 0.1; exit 4', { stdin: 'open' });
    deaf.run.write(Buffer.alloc(3_000_000, 'x'));
    assert.equal(((await deaf.outcome) as RunEnd).code, 4);
  });

  test('waits while its output is not taken, and may be stopped before it is there', async (t) => {
    const stage = await Stage.open(t);
    const { run, outcome, out } = stage.sh('head -c 5000000 /dev/zero; echo');
    run.pause('stdout');
    run.pause('stderr');
    await until(() => marked(run.id).length > 1);
    assert.ok(Buffer.concat(out).length < 1_000_000);
    run.resume('stdout');
    run.resume('stderr');
    await outcome;
    assert.equal(Buffer.concat(out).length, 5_000_001);
    const stopped = stage.sh('sleep 1000');
    stopped.run.stop('stopped');
    assert.equal(((await stopped.outcome) as RunEnd).reason, 'stopped');
  });

  test('leaves nothing, wherever it has got to', async (t) => {
    const stage = await Stage.open(t);
    const { run, outcome } = stage.sh('(setsid sleep 1000 &); setsid sleep 1000 >/dev/null 2>&1 & trap "" TERM; echo');
    assert.equal(((await outcome) as RunEnd).code, 0);
    assert.deepEqual(marked(run.id), []);
  });

  test('that cannot be started says why', async (t) => {
    const stage = await Stage.open(t);
    for (const [file, more] of [
      ['/nowhere', {}],
      ['/bin/true', { cwd: '/nowhere' }],
    ] as const) {
      const { outcome } = stage.start(file, [], more);
      assert.equal(((await outcome) as SluiceError).code, 'process_failed');
    }
  });

  test('is ended when the launcher dies, and programs are started from here then', async (t) => {
    const stage = await Stage.open(t);
    const { run, outcome } = stage.sh('sleep 1000');
    await until(() => run.pid > 0);
    process.kill(stage.link.pid!, 'SIGKILL');
    await outcome;
    assert.deepEqual(marked(run.id), []);
    assert.equal(stage.link.launch, null);
  });

  test('does not need it, and it is gone when it is closed before it was there', (t) => {
    const { link } = new Stage(t);
    assert.equal(link.launch, null);
    link.close();
    assert.equal(link.launch, null);
  });
});
