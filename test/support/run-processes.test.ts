import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { endRunProcesses, findRunProcesses, RUN_MARK } from './run-processes.ts';

const SILENT = ['--eval', 'setInterval(() => {}, 1e6); console.log("there")'];

test('a process of a run is found by its mark and ended, and others are left alone', async (t) => {
  const mark = `mark of ${process.pid}`;
  const ours = spawn(process.execPath, SILENT, { env: { ...process.env, [RUN_MARK]: mark } });
  const other = spawn(process.execPath, SILENT, { env: { ...process.env, [RUN_MARK]: `${mark} not` } });
  t.after(() => other.kill('SIGKILL'));
  t.after(() => ours.kill('SIGKILL'));
  await Promise.all([once(ours.stdout, 'data'), once(other.stdout, 'data')]);

  assert.deepEqual(
    findRunProcesses(mark).map(({ pid }) => pid),
    [ours.pid],
  );
  const ended = once(ours, 'exit');
  const [told] = endRunProcesses(mark);
  assert.equal(told?.pid, ours.pid);
  assert.match(told?.command ?? '', /there/);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.equal(other.exitCode, null);
});

test('a run that has started nothing has nothing to end', () => {
  assert.deepEqual(endRunProcesses('nobody has this mark'), []);
});
