import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { askedUrl } from './asked-request.ts';
import { type EgressExplanation, explainEgress } from './explain-egress.ts';
import type { Question } from './explanation.ts';

const config = documentSchema.parse({
  users: [
    { name: 'alice', token: 'a-token-of-alice-1', may: ['egress'] },
    { name: 'bob', token_sha256: 'ab'.repeat(32), may: ['ai'] },
  ],
  egress: {
    listen: ['127.0.0.1:8888', '127.0.0.1:9001'],
    auth: 'users',
    chain: ['exits'],
    rules: [{ match: { user: 'alice', host: 'direct.test' }, via: 'direct' }],
    sticky: { listeners: { 9001: { session: 'shop', tags: { country: 'fr' } } } },
    allow_private: false,
  },
  hops: { exits: { proxies: ['de', 'fr'].map((id) => ({ id, url: `http://${id}.test:1`, tags: { country: id } })) } },
});

function explained(url: string, more: Partial<Question> & { localPort?: number } = {}): Promise<EgressExplanation> {
  const { localPort = 8888, ...rest } = more;
  const question = { door: null, method: 'GET', url, fields: [], from: '192.0.2.7', user: 'alice', ...rest };
  const doors = new OwnDoors([{ host: '127.0.0.1', port: 8888 }]);
  const lists = new DomainShelf();
  const scene = { config, origins: new Map(), members: new MemberTable({ capacity: 4 }), lists, doors, localPort };
  return explainEgress(askedUrl(question), question, scene);
}

describe('a request to the forward proxy', () => {
  test('is a tunnel for https, and the whole URL for http', async () => {
    assert.equal((await explained('https://a.test/x')).request, 'CONNECT a.test:443');
    assert.equal((await explained('http://a.test/x')).request, 'GET http://a.test/x');
    assert.equal((await explained('a.test:22', { method: 'CONNECT' })).request, 'CONNECT a.test:22');
  });

  test('goes through the policies of the configuration', async () => {
    const { policies, user, session, result } = await explained('http://a.test', { user: 'alice-session-cart' });
    assert.deepEqual(
      policies.map(({ name }) => name),
      ['front-page', 'proxy-user', 'sticky', 'exit-fields'],
    );
    assert.deepEqual([user, session, result.kind], ['alice', 'cart', 'hops']);
  });

  test('is that of a user without anybody’s token, which counts all the same where it is shown', async () => {
    const statusOf = async (more: Partial<Question>): Promise<unknown> =>
      (await explained('a.test', more)).result.status;
    const token = (login: string): [string, string][] => [['Proxy-Authorization', `Basic ${btoa(login)}`]];
    assert.equal(await statusOf({ user: null }), 407);
    assert.equal(await statusOf({ user: 'eve' }), 407);
    assert.equal(await statusOf({ user: 'bob' }), 403);
    assert.equal(await statusOf({ user: 'alice' }), null);
    assert.equal(await statusOf({ user: null, fields: token('alice:a-token-of-alice-1') }), null);
    assert.equal(await statusOf({ user: null, fields: token('alice:dry run of alice') }), 407);
  });

  test('has the session and the labels of its port', async () => {
    const { session, hops, result } = await explained('a.test', { localPort: 9001 });
    assert.deepEqual([session, hops[0]?.picked], ['shop', 'fr']);
    assert.equal(result.text, 'a tunnel to a.test:443 through exits/fr');
  });

  test('goes straight where a rule says so, and where that may lead is told', async () => {
    const { choice, hops, result } = await explained('http://direct.test');
    assert.deepEqual([choice?.name, hops, result.text], ['egress.rules[0]', [], 'straight to direct.test:80']);
  });

  test('is refused like the real one', async () => {
    for (const [url, code] of [
      ['http://10.0.0.1', 'destination_denied'],
      ['http://127.0.0.1:8888', 'destination_denied'],
      [`http://a.test/${'x'.repeat(10_000)}`, 'request_target_too_long'],
    ] as const) {
      assert.deepEqual([(await explained(url)).result.kind, (await explained(url)).result.code], ['refused', code]);
    }
  });
});
