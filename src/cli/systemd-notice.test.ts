import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { SystemdNotice } from './systemd-notice.ts';

const skip = process.platform === 'win32' ? 'there is no systemd' : false;

test('systemd is told in order how the program is, and which process it is', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const [command, log] = [join(folder, 'notify'), join(folder, 'log')];
  writeFileSync(command, `#!/bin/sh\necho "$@" >> ${log}\n`);
  chmodSync(command, 0o755);
  const systemd = new SystemdNotice({ NOTIFY_SOCKET: '/run/notify' }, command);
  void systemd.ready();
  void systemd.reloading();
  await systemd.stopping();
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  assert.deepEqual([lines[0], lines[2]], [`READY=1 MAINPID=${process.pid}`, 'STOPPING=1']);
  assert.match(lines[1] ?? '', /^RELOADING=1 MONOTONIC_USEC=\d+$/);
  await new SystemdNotice({}, command).ready();
  assert.equal(readFileSync(log, 'utf8').trim().split('\n').length, 3);
});

test('nothing comes of it where the command is missing', async (t) => {
  const none = join(temporaryFolder(t), 'none');
  await new SystemdNotice({ NOTIFY_SOCKET: '/run/notify' }, none).ready();
  assert.equal(existsSync(none), false);
});
