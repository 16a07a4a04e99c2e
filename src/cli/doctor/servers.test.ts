// Whether servers are there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserted } from '../../../test/support/backends.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { namedServers, type NamedServer, visit } from './servers.ts';

const server = (url: string, more: Partial<NamedServer> = {}): NamedServer => {
  return { check: 'backend', url, via: [], verifies: true, path: '/', ...more };
};

test('a server that answers is there, whatever it says, and tells the time', async (t) => {
  const late = new Date(Date.now() - 3_600_000).toUTCString();
  const origin = await http1Origin(t, (_, response) => void response.writeHead(404, { Date: late }).end());
  const { finding, aheadMs } = await visit(server(`${origin}/x?token=geheim`), 5_000);
  assert.equal(finding.mark, 'ok');
  assert.match(finding.message, /^answers 404/);
  assert.equal(finding.subject, origin);
  assert.ok(Math.abs((aheadMs ?? 0) - 3_600_000) < 5_000);
});

test('one that is not there, does not answer, or has no address is told apart', async (t) => {
  const mute = await http1Origin(t, () => {});
  assert.match((await visit(server(await deserted(t)), 5_000)).finding.message, /nobody listens there/);
  assert.match((await visit(server(mute), 30)).finding.message, /no answer within 0\.03 s/);
  assert.match((await visit(server('unix:/nowhere.sock'), 5_000)).finding.message, /ENOENT/);
  assert.equal((await visit(server('http://a.test', { via: ['exits'] }), 5_000)).finding.mark, 'skipped');
});

test('all that a config names are looked at, each once', () => {
  const route = { match: { path: '/a' }, to: { backends: [{ url: 'http://a.test' }, { url: 'http://b.test' }] } };
  const config = configOf({
    gateway: { default_backend: 'http://a.test', routes: [route] },
    traces: { endpoint: 'http://c.test:4318' },
    ai: { enabled: true },
  });
  assert.deepEqual(
    namedServers(config).map(({ check }) => check),
    ['backend', 'backend', 'provider', 'provider', 'collector'],
  );
});
