import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

test('ports are kept with whom they belong to, the newest word on each', (t) => {
  const path = join(temporaryFolder(t), 'tunnels.db');
  const first = new TunnelAccountFile(path);
  first.ports.keepPort({ port: 2000, account: 'a', heldUntilMs: null });
  first.ports.keepPort({ port: 2001, account: 'a', heldUntilMs: 5 });
  first.ports.keepPort({ port: 2000, account: 'b', heldUntilMs: 7 });
  first.ports.dropPort(2001);
  first.close();
  const file = new TunnelAccountFile(path);
  t.after(() => file.close());
  assert.deepEqual(file.ports.ports(), [{ port: 2000, account: 'b', heldUntilMs: 7 }]);
});
