import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requirePeer } from '../../../test/support/peer.ts';
import { ptyOf } from '../../../test/support/pty.ts';
import { marked, runIn, runSpec, supervisorFor } from '../../../test/support/run-rig.ts';
import { loadPty, Terminal } from './terminal.ts';

describe('a program with a terminal', () => {
  test('knows its size, hears of another, and ends with the end of its input', async (t) => {
    const folder = requirePeer(t, 'node-pty');
    if (folder === undefined) return;
    const terminal = new Terminal(await ptyOf(folder), { cols: 91, rows: 17 });
    const supervisor = supervisorFor(t);
    const script =
      'stty size; trap "stty size; echo again" WINCH; echo ready; while read x; do echo got $x; done; exit 5';
    const ended = Promise.withResolvers<number | null>();
    let text = '';
    const said = new Map<string, () => void>();
    const says = (what: string): Promise<void> => new Promise((resolve) => said.set(what, resolve));
    const [ready, again, got] = [says('ready'), says('again'), says('got hello')];
    const run = supervisor.start(
      runSpec('/bin/bash', ['-c', script], { stdin: 'open' }),
      {
        started: () => {},
        failed: () => {},
        stdout: (bytes) => {
          text += bytes.toString();
          for (const [what, tell] of said) if (text.includes(what)) tell();
        },
        stderr: () => {},
        ended: ({ code }) => ended.resolve(code),
      },
      terminal.launch,
    );
    await ready;
    assert.match(text, /^17 91\r\n/);
    terminal.resize({ cols: 40, rows: 10 });
    run.write(Buffer.from('hello\n'));
    await Promise.all([again, got]);
    assert.match(text, /10 40\r\n/);
    run.endInput();
    assert.equal(await ended.promise, 5);
    terminal.resize({ cols: 1, rows: 1 });
    assert.deepEqual(marked(run.id), []);
  });

  test('that is stopped is gone with all that it has started', async (t) => {
    const folder = requirePeer(t, 'node-pty');
    if (folder === undefined) return;
    const terminal = new Terminal(await ptyOf(folder), { cols: 80, rows: 24 });
    const supervisor = supervisorFor(t);
    const seen = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string | null>();
    const events = {
      started: () => {},
      failed: () => {},
      stdout: () => seen.resolve(),
      stderr: () => {},
      ended: ({ signal }: { signal: string | null }) => ended.resolve(signal),
    };
    const script = 'trap "" TERM HUP; setsid sleep 1000 & echo ready; while :; do sleep 0.1; done';
    const run = supervisor.start(runSpec('/bin/sh', ['-c', script], { stdin: 'open' }), events, terminal.launch);
    await seen.promise;
    run.stop('stopped');
    assert.equal(await ended.promise, 'SIGKILL');
    assert.deepEqual(marked(run.id), []);
  });

  test('cannot be without the package, which is told', async () => {
    await assert.rejects(loadPty(), { code: 'terminal_unavailable', message: /npm install node-pty/ });
  });

  test('that cannot be started says why', async (t) => {
    const pty = {
      spawn: () => {
        throw new Error('no more terminals');
      },
    };
    const ran = runIn(supervisorFor(t), runSpec('/bin/true', []));
    await ran.ended;
    const failed = Promise.withResolvers<Error>();
    const events = { started: () => {}, failed: failed.resolve, stdout: () => {}, stderr: () => {}, ended: () => {} };
    supervisorFor(t).start(runSpec('/bin/true', []), events, new Terminal(pty, { cols: 1, rows: 1 }).launch);
    assert.match((await failed.promise).message, /no more terminals/);
  });
});
