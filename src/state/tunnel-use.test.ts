import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

test('limits and what was used today are kept by account', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const { use } = file;
  use.setLimits('a', '{"tunnels":1}');
  use.setLimits('b', '{}');
  use.setLimits('b', null);
  assert.deepEqual([...use.limits()], [['a', '{"tunnels":1}']]);
  use.keepUses([]);
  use.keepUses([
    { account: 'a', day: 5, bytes: 1, requests: 1 },
    { account: 'b', day: 4, bytes: 9, requests: 9 },
  ]);
  use.keepUses([{ account: 'a', day: 5, bytes: 2 ** 40, requests: 2 }]);
  assert.deepEqual(use.find('a'), { account: 'a', day: 5, bytes: 2 ** 40, requests: 2 });
  file.remove('a');
  assert.deepEqual([use.find('a'), use.limits().size], [null, 0]);
});
