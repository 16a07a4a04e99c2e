import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Config } from '../../config/config.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { SessionList } from '../../services/tunnels/session-list.ts';
import type { Admission } from '../../services/tunnels/session-host.ts';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';
import { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import { TunnelOffice } from './tunnel-office.ts';

const USERS = [{ name: 'alice', token: 'of-alice', may: ['tunnels'] }];

function opened(t: TestContext): { office: TunnelOffice; sessions: SessionList; follow: (config: Config) => void } {
  const sessions = new SessionList();
  const registry = new TunnelRegistry({ now: Date.now, limitsOf: () => ({ tunnels: 9, clients: 9 }) });
  const office = new TunnelOffice({ sessions, registry, ports: { keepIn: () => {}, heard: () => {} } });
  const folder = temporaryFolder(t);
  t.after(() => office.close());
  const follow = (config: Config): void => {
    office.open(folder, config, configuredUsers(config.users));
    office.configure(config, configuredUsers(config.users));
  };
  return { office, sessions, follow };
}

/** Where nobody else has to be asked. */
function admit(office: TunnelOffice, token: string, address = '192.0.2.1'): Admission {
  let said: Admission | null = null;
  office.admit(token, address, (admitted) => (said = admitted));
  assert.ok(said !== null);
  return said;
}

/** A client that is let in with that token. */
function client(office: TunnelOffice, sessions: SessionList, token: string): { readonly ended: string[] } {
  const admitted = admit(office, token);
  assert.ok('meter' in admitted);
  const ended: string[] = [];
  const { meter } = admitted;
  sessions.add({
    account: meter.account,
    meter,
    close: (_: number, why: string) => ended.push(why),
  } as unknown as TunnelLink);
  return { ended };
}

// What clients and visitors see of it is in test/e2e/tunnel-accounts.test.ts.
test('whoever loses the right to be connected is disconnected', async (t) => {
  const { office, sessions, follow } = opened(t);
  follow(configOf({ users: USERS, tunnels: { server: { enabled: true } } }));
  const alice = client(office, sessions, 'of-alice');
  const { account, token } = await office.add({ email: 'a@b.c', token: null });
  const other = client(office, sessions, token);
  await office.change(account.id, { expiresAtMs: Date.now() + 3_600_000 });
  office.tidy();
  assert.deepEqual(other.ended, []);
  await office.change(account.id, { expiresAtMs: Date.now() - 1 });
  assert.deepEqual(other.ended, ['the token has expired']);
  follow(configOf({ tunnels: { server: { enabled: true } } }));
  assert.deepEqual(alice.ended, ['this user may not open tunnels any more']);
});

test('a token ends while its client is connected', async (t) => {
  const { office, sessions, follow } = opened(t);
  follow(configOf({ tunnels: { server: { enabled: true, token_ttl: '1ms' } } }));
  const { token } = await office.add({ email: 'a@b.c', token: null, expiresAtMs: Date.now() + 50 });
  const { ended } = client(office, sessions, token);
  while (ended.length === 0) office.tidy();
  assert.deepEqual(ended, ['the token has expired']);
});

test('who guesses tokens is not listened to for a while, and others behind that address may come again', (t) => {
  const { office, follow } = opened(t);
  follow(
    configOf({ users: USERS, tunnels: { server: { enabled: true, address_limits: { wrong_tokens_per_minute: 2 } } } }),
  );
  const tried = ['x', 'y', 'of-alice'].map((token) => admit(office, token));
  assert.deepEqual(
    tried.map((each) => ('refused' in each ? each.refused : 'in')),
    ['UNAUTHORIZED', 'UNAUTHORIZED', 'SERVICE_UNAVAILABLE'],
  );
  assert.ok('meter' in admit(office, 'of-alice', '192.0.2.2'));
});
