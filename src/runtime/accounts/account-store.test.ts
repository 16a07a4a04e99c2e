import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { tokenStandIn } from '../../../test/support/token-endpoint.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { credentialsOf, openStore } from './account-store.ts';

test('a store is renewed where the configuration says', async (t) => {
  const file = join(temporaryFolder(t), '.credentials.json');
  const endpoint = await tokenStandIn(t);
  const claude = { token_url: endpoint.url, credentials: { store: file } };
  const config = configOf({ ai: { enabled: true, providers: { claude } } });
  const [credential] = credentialsOf(config, 'claude');
  assert.ok(credential !== undefined && 'store' in credential);
  const parts = { ways: waysOf(config), dns: new DnsCache() };
  const store = openStore(config, 'claude', credential, parts);
  t.after(() => store.close());
  const login = { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt: 0 };
  writeFileSync(file, JSON.stringify({ claudeAiOauth: login }), { mode: 0o600 });
  assert.equal((await store.require()).accessToken, 'access-1');
  assert.match(readFileSync(file, 'utf8'), /"refresh-1"/);
});

test('what clients have is no credential of ours', () => {
  const config = configOf({ ai: { enabled: true, providers: { claude: { credentials: { api_key: 'k' } } } } });
  assert.deepEqual(credentialsOf(config, 'claude'), [{ id: null, weight: 1, api_key: 'k' }]);
  assert.deepEqual(credentialsOf(config, 'chatgpt'), []);
});
