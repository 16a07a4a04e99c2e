import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { Group } from '../../services/balance/group.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { originOfUrl } from '../registry.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import type { Scene } from './scene.ts';

const QUESTION = { door: 'gateway', method: 'GET', url: 'http://a.test/x', fields: [], from: '192.0.2.1', user: null };

function explained(to: object, more: Partial<Pick<Scene, 'members' | 'backendsOf'>> = {}): Promise<Explanation> {
  const config = configOf({
    hops: { way: { proxy: 'http://10.0.0.9:3128' } },
    gateway: { listen: '127.0.0.1:8080', routes: [{ name: 'app', to }] },
  });
  const running = { doors: [], lists: new DomainShelf(), members: new MemberTable({ capacity: 16 }), ...more };
  return explain({ config, origins: new Map() }, QUESTION, running);
}

describe('a dry run of a request to backends', () => {
  test('names the one that it would get, and the others', async () => {
    const { hops, result } = await explained({ backends: ['http://10.0.0.1', 'http://10.0.0.2'] });
    assert.deepEqual([hops[0]?.name, hops[0]?.picked], ['gateway/app', 'http://10.0.0.1']);
    assert.deepEqual(result.text, 'http://10.0.0.1, of 2 backends (round_robin)');
  });

  test('knows who is left alone, and says when nobody is left', async () => {
    const members = new MemberTable({ capacity: 16 });
    const [one, two] = ['http://10.0.0.1', 'http://10.0.0.2'];
    const group = new Group({
      name: 'gateway/app',
      table: members,
      members: [one, two].map((id) => ({ id: id ?? '', data: null })),
      options: { strategy: 'random', breaker: { failures: 1, successes: 1, openForMs: 60_000 } },
    });
    const to = { backends: [one, two], breaker: { failures: 1 } };
    const fail = (id: string): void => {
      const member = group.find(id) ?? assert.fail();
      member.end(member.begin(), { kind: 'failure', reason: 'upstream_reset' });
    };
    fail('http://10.0.0.1');
    const first = await explained(to, { members });
    assert.equal(first.hops[0]?.picked, two);
    assert.match(first.hops[0]?.members[0]?.obstacle ?? '', /failed too often/);
    fail('http://10.0.0.2');
    const second = await explained(to, { members });
    assert.deepEqual([second.result.kind, second.result.code], ['refused', 'backends_exhausted']);
  });

  test('has the addresses that are known of a name, and the name alone where nothing runs', async () => {
    const to = { backends: ['http://a.test'] };
    const origin = { ...originOfUrl('http://a.test'), member: null };
    const backendsOf: Scene['backendsOf'] = () =>
      ['10.0.0.1', '10.0.0.2'].map((address) => {
        const id = `http://a.test (${address})`;
        return { id, data: { ...origin, name: id, address } };
      });
    const { hops } = await explained(to, { backendsOf });
    assert.deepEqual(
      hops[0]?.members.map(({ id }) => id),
      ['http://a.test (10.0.0.1)', 'http://a.test (10.0.0.2)'],
    );
    assert.equal((await explained(to)).result.text, 'http://a.test');
    assert.equal((await explained(to, { backendsOf: () => [] })).result.code, 'upstream_dns_failed');
  });

  test('goes through the hops on the way, also to a backend that is the only one', async () => {
    const { hops, result } = await explained({ backends: ['http://10.0.0.1'], via: 'way' });
    assert.deepEqual(
      hops.map(({ name }) => name),
      ['way'],
    );
    assert.equal(result.text, 'http://10.0.0.1 through way');
  });
});
