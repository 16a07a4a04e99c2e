// What a running Sluice is asked, and what is looked at where none runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { TOKEN } from '../../../test/support/admin-desk.ts';
import { deserted } from '../../../test/support/backends.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { StatusAnswer } from '../../control/admin-answers.ts';
import { AdminClient } from '../../control/admin-client.ts';
import { checkAccounts, checkHops, checkRunning } from './running.ts';

test('a running Sluice of another version that waits for a restart is told', async (t) => {
  const { address } = await runAdmin(t);
  const client = new AdminClient({ address, token: TOKEN });
  const status = await client.get<StatusAnswer>('/api/v1/status');
  const messages = checkRunning({ client, status }).map(({ mark, message }) => `${mark} ${message}`);
  assert.match(messages[0] ?? '', /^ok 1\.2\.3, ready, up /);
  assert.ok(messages.some((message) => message.startsWith('warning it is not this version')));
  assert.ok(messages.some((message) => message.startsWith('warning process.workers changed')));
});

test('where none runs, proxies are asked and logins are read from here', async (t) => {
  const proxies = [{ id: 'a', url: await deserted(t) }];
  const health = { url: 'http://health.test/', timeout: '2s' };
  const [hop] = await checkHops(configOf({ hops: { exits: { health, proxies } } }), null);
  assert.deepEqual([hop?.check, hop?.subject, hop?.mark], ['hop', 'exits/a', 'failure']);
  const store = join(temporaryFolder(t), 'none.json');
  const ai = { enabled: true, providers: { claude: { credentials: [{ store }] } } };
  const [account] = await checkAccounts(configOf({ ai }), null, Date.now());
  assert.deepEqual([account?.check, account?.mark], ['account', 'failure']);
  assert.deepEqual(await checkAccounts(configOf({}), null, Date.now()), []);
});
