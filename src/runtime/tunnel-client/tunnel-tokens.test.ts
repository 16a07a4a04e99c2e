import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readTunnelTokens, saveTunnelToken } from './tunnel-tokens.ts';

test('tokens are kept by server in a file that only its owner reads', (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(readTunnelTokens(folder), { server: null, tokens: {} });
  saveTunnelToken(folder, 'ws://a:1', 'one');
  const file = saveTunnelToken(folder, 'ws://b:1', 'two');
  assert.deepEqual(readTunnelTokens(folder), { server: 'ws://b:1', tokens: { 'ws://a:1': 'one', 'ws://b:1': 'two' } });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});
