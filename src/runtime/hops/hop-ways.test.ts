import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { StickySessions } from '../../services/sticky/sticky-sessions.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { ConfiguredSessions } from './hop-sessions.ts';
import { HopWays } from './hop-ways.ts';

function stage(): { ways: HopWays; groups: ReturnType<typeof hopGroups> } {
  const config = configOf({
    hops: { corporate: { proxy: 'http://127.0.0.1:1' }, exits: { proxy: 'http://127.0.0.1:2' } },
  });
  const groups = hopGroups(config, new MemberTable({ capacity: 16 }));
  const sessions = new ConfiguredSessions(new StickySessions({ ttlMs: 1000, mode: 'flex' }), config);
  return { ways: new HopWays(config, { groups, sessions, dns: new DnsCache() }), groups };
}

describe('ways through hops', () => {
  test('are made once, and another order is another way', () => {
    const { ways } = stage();
    const there = ways.through(['corporate', 'exits']);
    assert.equal(ways.through(['corporate', 'exits']), there);
    assert.notEqual(ways.through(['exits', 'corporate']), there);
    assert.notEqual(ways.through(['exits']), there);
  });

  test('that name a hop that is not there, or none, are none', () => {
    const { ways } = stage();
    assert.throws(() => ways.through(['missing']), /there is no hop missing/);
    assert.throws(() => ways.through([]), /without hops/);
  });

  test('end with the program that they belong to', () => {
    const { ways, groups } = stage();
    ways.through(['exits']);
    ways.dispose();
    for (const group of groups.values()) assert.equal(group.pick(), null);
  });
});
