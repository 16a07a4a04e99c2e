import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { findRunningFile } from '../runtime/running-file.ts';
import { runFromFlags } from './foreground-from-flags.ts';
import { gatewayFlagValues } from './gateway-flags.ts';

test('a Sluice that is only flags answers, and has no other door', async (t) => {
  const origin = createServer((_, answer) => answer.end('from the backend'));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  t.after(() => origin.close());
  const folder = temporaryFolder(t);
  const env = {
    SLUICE_PROCESS__DATA_DIR: folder,
    SLUICE_ADMIN__LISTEN: '127.0.0.1:0',
    SLUICE_METRICS__LISTEN: 'null',
    SLUICE_LOG__FILE: join(folder, 'log'),
  };
  const cli = new FakeCli({ env, cwd: folder });
  const started = cli.stderr.says('ready in');
  const values = gatewayFlagValues([String((origin.address() as AddressInfo).port)], { listen: '127.0.0.1:0' });
  const code = runFromFlags(cli, () => values);
  await Promise.race([started, code]);
  const doors = findRunningFile(folder)?.doors ?? [];
  assert.deepEqual(
    doors.map(({ name }) => name),
    ['gateway', 'admin'],
  );
  assert.equal(await (await fetch(doors[0]?.address ?? '')).text(), 'from the backend');
  process.emit('SIGTERM', 'SIGTERM');
  assert.equal(await code, 0);
  assert.match(cli.err, /Config {4}the command line/);
});
