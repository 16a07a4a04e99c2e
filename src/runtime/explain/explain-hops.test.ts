import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import type { Way } from '../../services/rules/destination-rules.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { explainHops } from './explain-hops.ts';
import type { ExplainedHop } from './explanation.ts';

const config = documentSchema.parse({
  hops: {
    corporate: { proxy: 'http://jo:secret@10.0.0.1:8080' },
    exits: {
      proxies: [
        { id: 'fr', url: 'socks5://[::1]:1080', tags: { country: 'fr' } },
        { id: 'de', url: 'http://10.0.0.3:1', tags: { country: 'de' } },
      ],
      breaker: { failures: 1, open_for: '60s' },
    },
  },
});

function explained(way: Partial<Way>, session = '', members: MemberTable = new MemberTable()): ExplainedHop[] {
  const whole: Way = { kind: 'way', via: ['corporate', 'exits'], tags: {}, allowsPrivate: true, source: 0, ...way };
  const scene = { config, origins: new Map(), members, lists: new DomainShelf(), doors: new OwnDoors([]) };
  return explainHops(whole, { user: '', session }, scene);
}

describe('the hops of a way', () => {
  test('are named with the proxy that would be picked, without its credentials', () => {
    const [corporate, exits] = explained({});
    assert.deepEqual(corporate?.members, [
      { id: 'corporate', proxy: 'http://10.0.0.1:8080', available: true, obstacle: '' },
    ]);
    assert.deepEqual([corporate?.picked, corporate?.why], ['corporate', 'its only proxy']);
    assert.deepEqual([exits?.strategy, exits?.why], ['round_robin', 'round_robin, one of 2']);
    assert.equal(exits?.members[0]?.proxy, 'socks5://[::1]:1080');
    assert.ok(!JSON.stringify([corporate, exits]).includes('secret'));
  });

  test('pick the same proxy for a session again, and take nobody’s turn', () => {
    const members = new MemberTable();
    const picks = [1, 2, 3].map(() => explained({ via: ['exits'] }, 'cart', members)[0]);
    assert.equal(new Set(picks.map((hop) => hop?.picked)).size, 1);
    assert.match(picks[0]?.why ?? '', /^by its session/);
    const [group] = hopGroups({ ...config, hops: { exits: config.hops['exits']! } }, members).values();
    assert.deepEqual(
      group?.members.map((member) => member.state().uses),
      [0, 0],
    );
    group?.dispose();
  });

  test('say of each proxy that is not available what stands in its way', () => {
    const [, exits] = explained({ tags: { country: 'de' } });
    assert.deepEqual([exits?.picked, exits?.why], ['de', 'the only one that is available']);
    assert.equal(exits?.members[0]?.obstacle, 'is not labelled country=de');
  });

  test('show the state that the traffic has left', () => {
    const members = new MemberTable();
    const exits = hopGroups(config, members).get('exits');
    for (const member of exits?.members ?? []) member.end(member.begin(), { kind: 'failure', reason: 'hop_timeout' });
    const [hop] = explained({ via: ['exits'] }, '', members);
    assert.equal(hop?.picked, null);
    assert.match(hop?.why ?? '', /^nobody can be picked, perhaps in \d+ s$/);
    assert.match(hop?.members[0]?.obstacle ?? '', /^has failed too often, is tried again in \d+ s$/);
    exits?.dispose();
  });
});
