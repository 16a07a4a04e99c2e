import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { SystemdNotice } from './systemd-notice.ts';

const skip = process.platform === 'win32' ? 'there is no systemd' : false;

test('systemd is told in order how the program is, and which process it is', { skip }, async (t) => {
  const { command, said } = notingCommand(t);
  const systemd = new SystemdNotice({ NOTIFY_SOCKET: '/run/notify' }, command);
  void systemd.ready();
  void systemd.reloading();
  await systemd.stopping();
  const lines = said();
  assert.deepEqual([lines[0], lines[2]], [`READY=1 MAINPID=${process.pid}`, 'STOPPING=1']);
  assert.match(lines[1] ?? '', /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  await new SystemdNotice({}, command).ready();
  assert.equal(said().length, 3);
});

/** A command that writes down what it was called with. */
function notingCommand(t: TestContext): { command: string; said: () => string[] } {
  const folder = temporaryFolder(t);
  const [command, log] = [join(folder, 'notify'), join(folder, 'log')];
  writeFileSync(command, `#!/bin/sh\necho "$@" >> ${log}\n`);
  chmodSync(command, 0o755);
  return { command, said: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) };
}

test('it is given signs of life where it waits for them from this process', { skip }, async (t) => {
  const { command, said } = notingCommand(t);
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '30000' };
  const other = new SystemdNotice({ ...env, WATCHDOG_PID: '1' }, command);
  const own = new SystemdNotice({ ...env, WATCHDOG_PID: String(process.pid) }, command);
  t.after(() => own.close());
  await other.ready();
  await own.ready();
  while (said().length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  own.close();
  assert.deepEqual(said().slice(2, 4), ['WATCHDOG=1', 'WATCHDOG=1']);
});

test('the process that it has adopted is named anew, after another', { skip }, async (t) => {
  const { command, said } = notingCommand(t);
  await new SystemdNotice({ NOTIFY_SOCKET: '/run/notify' }, command).adopted();
  const [other = '', own] = said();
  assert.match(other, /^MAINPID=\d+$/);
  assert.equal(own, `MAINPID=${process.pid}`);
  assert.notEqual(other, own);
});

test('nothing comes of it where the command is missing', async (t) => {
  const none = join(temporaryFolder(t), 'none');
  await new SystemdNotice({ NOTIFY_SOCKET: '/run/notify' }, none).ready();
  assert.equal(existsSync(none), false);
});
