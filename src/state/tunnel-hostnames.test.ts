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
  hostnames.replace('a.test', [row, { ...row, account: 'b', verifiedAtMs: 5 }]);
  assert.deepEqual([hostnames.at('a.test')[0], hostnames.at('b.test'), hostnames.names()], [row, [], ['a.test']]);
  hostnames.replace('a.test', [
    { ...row, problem: 'nothing is there' },
    { ...row, account: 'b', verifiedAtMs: 5 },
  ]);
  assert.deepEqual(
    [hostnames.of('a').map(({ problem }) => problem), hostnames.verified().map(({ account }) => account)],
    [['nothing is there'], ['b']],
  );
  file.remove('b');
  assert.deepEqual([hostnames.verified(), hostnames.at('a.test').length], [[], 1]);
  hostnames.replace('a.test', []);
  assert.deepEqual(hostnames.names(), []);
});
