import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { lookAtLogins } from './look-at-logins.ts';

test('logins are read where they lie: until when they hold, and who can read them', async (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, content: object, mode = 0o600): string => {
    writeFileSync(join(folder, name), JSON.stringify(content), { mode });
    return join(folder, name);
  };
  const login = { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt: 5_000 };
  const stores = [
    file('good.json', { claudeAiOauth: login }),
    file('open.json', { claudeAiOauth: { ...login, refreshToken: '' } }, 0o644),
    file('empty.json', {}),
    join(folder, 'missing.json'),
  ];
  const claude = { credentials: stores.map((store) => ({ store })) };
  const looks = await lookAtLogins(configOf({ ai: { enabled: true, providers: { claude } } }));
  assert.deepEqual(
    looks.map(({ fault, expiresAtMs, canRenew, isOpen }) => [fault === null, expiresAtMs, canRenew, isOpen]),
    [
      [true, 5_000, true, false],
      [true, 5_000, false, true],
      [false, null, false, false],
      [false, null, false, false],
    ],
  );
  assert.doesNotMatch(JSON.stringify(looks), /access-0|refresh-0/);
  assert.deepEqual(await lookAtLogins(configOf({ ai: { enabled: false, providers: { claude } } })), []);
});
