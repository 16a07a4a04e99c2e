import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  findOtherRunning,
  findRunningFile,
  removeRunningFile,
  type RunningFile,
  runningFilePath,
  writeRunningFile,
} from './running-file.ts';

const RUNNING: RunningFile = {
  schema: 'sluice.running/v1',
  pid: 42,
  version: '1.0.0',
  started_at: '2026-01-02T03:04:05.000Z',
  doors: [{ name: 'admin', address: 'http://127.0.0.1:8889' }],
  token: 'slc_x',
};

function dataDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-running-'));
  t.after(() => rmSync(path, { recursive: true }));
  return join(path, 'data');
}

describe('the file of the running Sluice', () => {
  test('is found as it was written, and leaves nothing beside it', (t) => {
    const dataDir = dataDirectory(t);
    writeRunningFile(dataDir, { ...RUNNING, pid: 41 });
    writeRunningFile(dataDir, RUNNING);
    assert.deepEqual(findRunningFile(dataDir), RUNNING);
    assert.deepEqual(readdirSync(dataDir), ['running.json']);
  });

  test('can be read by nobody else', { skip: process.platform === 'win32' && 'Windows has no such modes' }, (t) => {
    const dataDir = dataDirectory(t);
    writeRunningFile(dataDir, RUNNING);
    assert.equal(statSync(runningFilePath(dataDir)).mode & 0o777, 0o600);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  });

  test('is removed only by the process that it speaks of', (t) => {
    const dataDir = dataDirectory(t);
    writeRunningFile(dataDir, RUNNING);
    removeRunningFile(dataDir, 41);
    assert.equal(findRunningFile(dataDir)?.pid, 42);
    removeRunningFile(dataDir, 42);
    assert.equal(findRunningFile(dataDir), undefined);
    removeRunningFile(dataDir, 42);
  });

  test('tells of another process only while that is alive', (t) => {
    const dataDir = dataDirectory(t);
    const speaksOf = (pid: number | undefined): number | undefined => {
      writeRunningFile(dataDir, { ...RUNNING, pid: pid ?? 0 });
      return findOtherRunning(dataDir)?.pid;
    };
    assert.equal(findOtherRunning(dataDir), undefined);
    assert.equal(speaksOf(process.pid), undefined);
    assert.equal(speaksOf(process.ppid), process.ppid);
    assert.equal(speaksOf(spawnSync(process.execPath, ['--version']).pid), undefined);
  });

  test('counts as absent when it is not one', (t) => {
    const dataDir = dataDirectory(t);
    writeRunningFile(dataDir, RUNNING);
    for (const content of ['', 'null', '[]', '{"schema":"other"}']) {
      writeFileSync(runningFilePath(dataDir), content);
      assert.equal(findRunningFile(dataDir), undefined);
    }
  });
});
