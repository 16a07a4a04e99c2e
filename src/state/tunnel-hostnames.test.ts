import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { TunnelAccountFile } from './tunnel-accounts.ts';

test('hostnames are kept by account, and those that are verified are known together', (t) => {
  const file = new TunnelAccountFile(join(temporaryFolder(t), 'tunnels.db'));
  t.after(() => file.close());
  const { hostnames } = file;
  const row = {
    hostname: 'a.test',
    account: 'a',
    challenge: 'x',
    madeAtMs: 1,
    verifiedAtMs: null,
    checkedAtMs: null,
    problem: null,
  };
  hostnames.keep(row);
  hostnames.keep({ ...row, account: 'b', verifiedAtMs: 5 });
  assert.deepEqual([hostnames.find('a.test', 'a'), hostnames.find('b.test', 'a')], [row, null]);
  hostnames.keep({ ...row, problem: 'nothing is there' });
  assert.deepEqual(
    [hostnames.of('a').map(({ problem }) => problem), hostnames.verified().map(({ account }) => account)],
    [['nothing is there'], ['b']],
  );
  file.remove('b');
  assert.deepEqual(
    [hostnames.verified(), hostnames.remove('a.test', 'a'), hostnames.remove('a.test', 'a')],
    [[], true, false],
  );
});
