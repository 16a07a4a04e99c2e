import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { commandOf } from '../../services/processes/command-request.ts';
import { CommandRules } from '../../services/processes/command-rules.ts';
import { RUN_MARK } from '../../services/processes/process-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { ProcessDesk } from './process-desk.ts';

const rules = new CommandRules(
  { allowed: ['/bin/cat'], workspace: '/', env: [], timeoutMs: 60_000, maxOutputBytes: 1000 },
  {},
);

describe('the desk of programs', () => {
  test('counts what it runs, by the bounds of the configuration', async (t) => {
    const recorder = new MetricsRecorder();
    const said: string[] = [];
    const desk = new ProcessDesk({
      dataDir: '/etc/passwd',
      recorder,
      log: (_level, _fields, message) => void said.push(message),
    });
    t.after(() => desk.close());
    desk.follow(documentSchema.parse({}));
    assert.deepEqual(recorder.definitions, []);
    desk.follow(documentSchema.parse({ exec: { enabled: true, max_concurrent: 1, max_queued: 0 } }));
    const job = {
      user: 'a',
      request: commandOf({ command: 'cat' }),
      rules,
      input: 'closed',
      queueTimeoutMs: 1000,
    } as const;
    const over = Promise.withResolvers<void>();
    const events = {
      started: () => {},
      stdout: () => {},
      stderr: () => {},
      failed: () => {},
      ended: () => over.resolve(),
    };
    desk.commands.run(job, events);
    desk.commands.run(job, events);
    await over.promise;
    const read = (name: string): number[] =>
      recorder.definitions.filter((each) => each.name === name).map(({ slot }) => recorder.slots[slot] ?? 0);
    assert.deepEqual(read('sluice_processes_total'), [1]);
    assert.deepEqual(read('sluice_processes_refused_total'), [1]);
    assert.deepEqual([read('sluice_processes_running'), read('sluice_processes_waiting')], [[0], [0]]);
    assert.match(said.join(), /^process.data_dir cannot be written/);
  });

  test('kills what one that was killed has left, and says so', { skip: process.platform !== 'linux' }, async (t) => {
    const dataDir = temporaryFolder(t);
    mkdirSync(join(dataDir, 'processes'));
    writeFileSync(join(dataDir, 'processes', 'gone.run'), '{}');
    const left = spawn('/bin/sleep', ['1000'], { env: { [RUN_MARK]: 'gone-1' }, stdio: 'ignore' });
    const said: string[] = [];
    const log = (_level: unknown, _fields: unknown, message: string): void => void said.push(message);
    const desk = new ProcessDesk({ dataDir, recorder: new MetricsRecorder(), log });
    const exit = once(left, 'exit');
    await desk.recover();
    await exit;
    assert.equal(said.length, 1);
    await desk.close();
  });
});
