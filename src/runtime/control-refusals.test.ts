import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { controlRefusals } from './control-refusals.ts';
import { writeRunningFile } from './running-file.ts';

test('the control plane of the Sluice that runs beside is refused, and nothing else', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(controlRefusals(folder)('localhost', 8889), null, 'none runs');
  writeRunningFile(folder, {
    schema: 'sluice.running/v1',
    pid: process.pid,
    version: '1.2.3',
    started_at: new Date(0).toISOString(),
    doors: [
      { name: 'admin', address: 'http://127.0.0.1:8889' },
      { name: 'gateway', address: 'http://127.0.0.1:8080' },
    ],
    token: 'x',
  });
  const refusalOf = controlRefusals(folder);
  assert.equal(refusalOf('localhost', 8889)?.code, 'destination_denied');
  assert.equal(refusalOf('127.0.0.1', 8080), null);
});
