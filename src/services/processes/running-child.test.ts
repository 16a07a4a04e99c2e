// With real programs. What is a matter of time here is so only in the program; nothing is measured.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { describe, test } from 'node:test';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { marked, runIn, runSpec, shell, supervisorFor, until } from '../../../test/support/run-rig.ts';
import type { Launched } from './running-child.ts';
import type { RunEnd } from './run-spec.ts';

const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString();

describe('a program that runs', () => {
  test('tells its output, its code and how it ended', async (t) => {
    const ran = shell(t, 'echo out; echo err >&2; exit 3');
    const { code, signal, reason, truncated } = await ran.ended;
    assert.deepEqual({ code, signal, reason, truncated }, { code: 3, signal: null, reason: 'exit', truncated: false });
    assert.deepEqual([text(ran.stdout), text(ran.stderr)], ['out\n', 'err\n']);
  });

  test('gets its arguments as they are, its name, its folder, and of our environment nothing', async (t) => {
    const args = ['-c', 'import os,sys; print(sys.argv[1:], os.getcwd(), sorted(os.environ))', '--flag=$(id)', '*'];
    const spec = runSpec('/usr/bin/python3', args, { cwd: '/usr', env: { A: '1' } });
    const ran = runIn(supervisorFor(t), spec);
    await ran.ended;
    assert.match(text(ran.stdout), /^\['--flag=\$\(id\)', '\*'\] \/usr \['A', ('LC_CTYPE', )?'SLUICE_RUN_ID'\]\n$/);
    const named = runIn(
      supervisorFor(t),
      runSpec('/bin/sh', ['-c', 'tr "\\0" " " < /proc/$$/cmdline'], { name: 'other' }),
    );
    await named.ended;
    assert.match(text(named.stdout), /^other -c/);
  });

  test('reads what is written to it, to the end', async (t) => {
    const ran = shell(t, 'cat', { stdin: 'open' });
    ran.run.write(Buffer.from('one '));
    ran.run.write(Buffer.from('two'));
    ran.run.endInput();
    assert.equal((await ran.ended).code, 0);
    assert.equal(text(ran.stdout), 'one two');
    const closed = shell(t, 'cat; echo over');
    await closed.ended;
    assert.equal(text(closed.stdout), 'over\n');
  });

  test('says when it takes more input, and nobody is hurt when it takes none', async (t) => {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const ran = runIn(supervisorFor(t), runSpec('/bin/sh', ['-c', 'read x; cat >/dev/null'], { stdin: 'open' }), {
      inputReady: resolve,
    });
    const piece = Buffer.alloc(1_000_000, 'x');
    assert.equal(ran.run.write(piece), false);
    ran.run.write(Buffer.from('\n'));
    await ready;
    ran.run.endInput();
    assert.equal((await ran.ended).code, 0);
    const deaf = shell(t, 'exec 0<&-; echo closed; sleep 0.1', { stdin: 'open' });
    await deaf.says('closed');
    deaf.run.write(piece);
    deaf.run.endInput();
    assert.equal((await deaf.ended).code, 0);
  });

  test('waits while its output is not taken', async (t) => {
    const ran = shell(t, 'head -c 10000000 /dev/zero; echo done >&2');
    ran.run.pause('stdout');
    await until(() => marked(ran.run.id).length > 1);
    ran.run.pause('stdout');
    const sizeOf = (): number => Buffer.concat(ran.stdout).length;
    assert.ok(sizeOf() < 1_000_000);
    assert.deepEqual(ran.stderr, []);
    ran.run.resume('stdout');
    await ran.ended;
    assert.equal(sizeOf(), 10_000_000);
  });

  test('loses nothing when its output is asked for before it is known to have started', async (t) => {
    const stdout = new PassThrough();
    stdout.end('all of it');
    const late = Object.assign(new EventEmitter(), {
      pid: undefined as number | undefined,
      stdout,
      stderr: null,
      stdin: null,
    });
    const out: Buffer[] = [];
    const { promise: ended, resolve, reject } = Promise.withResolvers<RunEnd>();
    const events = {
      started: () => {},
      failed: reject,
      stdout: (bytes: Buffer) => void out.push(bytes),
      stderr: () => {},
      ended: resolve,
    };
    const run = supervisorFor(t).start(runSpec('/bin/true', []), events, () => late as unknown as Launched);
    run.pause('stdout');
    run.resume('stdout');
    await setImmediate();
    const child = spawn('/bin/true', { detached: true, stdio: 'ignore' });
    late.pid = child.pid;
    late.emit('spawn');
    late.emit('exit', ...(await once(child, 'exit')));
    await ended;
    assert.equal(text(out), 'all of it');
  });

  test('that cannot be started says why, and leaves nothing', async (t) => {
    const supervisor = supervisorFor(t);
    for (const spec of [
      runSpec('/nowhere/at/all', []),
      runSpec('/etc/passwd', []),
      runSpec('/bin/true', [], { cwd: '/nowhere' }),
      runSpec('/bin/true', ['x'.repeat(5_000_000)]),
    ]) {
      const ran = runIn(supervisor, spec);
      ran.run.stop('stopped');
      await assert.rejects(ran.ended, { code: 'process_failed' });
    }
    assert.equal(supervisor.running, 0);
  });

  test('may close its output long before it ends', async (t) => {
    const ran = shell(t, 'exec >&- 2>&-; sleep 0.1; exit 4');
    assert.equal((await ran.ended).code, 4);
  });

  test('tells how much memory it has had, when it has run for long enough', async (t) => {
    const ran = runIn(
      supervisorFor(t),
      runSpec('/usr/bin/python3', ['-c', 'x = b"x" * 50_000_000; print(1, flush=True); input()'], { stdin: 'open' }),
    );
    await ran.says('1');
    ran.run.stop('stopped');
    const { peakMemoryBytes } = await ran.ended;
    assert.ok((peakMemoryBytes ?? 0) > 50_000_000, String(peakMemoryBytes));
  });
});

describe('a program that is stopped', () => {
  test('gets the signals of its ladder, one after the other', async (t) => {
    const asked = shell(t, 'trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done');
    await asked.says('ready');
    asked.run.stop('stopped');
    const { code, reason } = await asked.ended;
    assert.deepEqual({ code, reason }, { code: 7, reason: 'stopped' });
    const deaf = shell(t, 'trap "" TERM INT; echo ready; while :; do sleep 0.01; done');
    await deaf.says('ready');
    deaf.run.stop('stopped');
    assert.equal((await deaf.ended).signal, 'SIGKILL');
  });

  test('may get a signal alone, without its group', async (t) => {
    const stopLadder = [{ signal: 'SIGINT', to: 'process', waitMs: 10_000 }] as const;
    const script =
      'trap "kill \\$child; echo own; exit 0" INT; sh -c \'trap "echo child" INT; sleep 1000\' & child=$!; echo ready; wait';
    const ran = shell(t, script.replace('\\$', '$'), { stopLadder });
    await ran.says('ready');
    ran.run.stop('stopped');
    await ran.ended;
    assert.equal(text(ran.stdout), 'ready\nown\n');
  });

  test('because of time, silence or too much output says so', async (t) => {
    const slow = shell(t, 'echo a; sleep 1000', { timeoutMs: 100 });
    assert.deepEqual((await slow.ended).reason, 'timeout');
    const silent = shell(t, 'sleep 1000', { silenceMs: 50 });
    assert.deepEqual((await silent.ended).reason, 'silence');
    const loud = shell(t, 'while :; do echo xxxxxxxxx; done', { maxOutputBytes: 12_345 });
    const { reason, truncated } = await loud.ended;
    assert.deepEqual([reason, truncated, Buffer.concat(loud.stdout).length], ['output', true, 12_345]);
  });

  test('is not called silent while nobody listens', async (t) => {
    const ran = shell(t, 'echo a; sleep 0.3; echo b', { silenceMs: 200 });
    ran.run.pause('stdout');
    ran.run.pause('stderr');
    await until(() => marked(ran.run.id).length === 0);
    ran.run.resume('stdout');
    assert.equal((await ran.ended).reason, 'exit');
  });

  test('does not hang on a reader that takes nothing', async (t) => {
    const ran = shell(t, 'cat /dev/zero', { timeoutMs: 100 });
    ran.run.pause('stdout');
    await until(() => marked(ran.run.id).length === 0);
    ran.run.dropOutput();
    assert.equal((await ran.ended).reason, 'timeout');
  });
});

describe('what a program has started', () => {
  test('is gone when the run is over, wherever it has got to', async (t) => {
    for (const script of [
      'sleep 1000 & echo',
      'setsid sleep 1000 >/dev/null 2>&1 & echo',
      '(setsid nohup sh -c "sleep 1000 & sleep 1000" &) ; echo',
      'trap "" TERM; (trap "" TERM; setsid sleep 1000) & echo',
    ]) {
      const ran = shell(t, script);
      const { code, reason } = await ran.ended;
      assert.deepEqual([code, reason, marked(ran.run.id)], [0, 'exit', []], script);
    }
  });

  test('is gone with a program that is killed, though it has thrown the mark away', async (t) => {
    const ran = shell(
      t,
      'trap "" TERM; env -i setsid sh -c "trap \'\' TERM; echo $$ ready; while :; do sleep 0.01; done" & wait; wait',
    );
    await ran.says('ready');
    ran.run.stop('stopped');
    assert.equal((await ran.ended).reason, 'stopped');
  });

  test('may say its last words after the program has ended', async (t) => {
    const ran = shell(t, '(sleep 0.1; echo late) & exit 0');
    await ran.ended;
    assert.equal(text(ran.stdout), 'late\n');
  });
});
