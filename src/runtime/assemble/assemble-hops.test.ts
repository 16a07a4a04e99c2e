import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { createChain, type HopGroups, hopGroups } from './assemble-hops.ts';

const PROXIES = [
  { id: 'a', url: 'http://jo:pa%3Ass@127.0.0.1:1', weight: 3, tags: { country: 'fr' } },
  { id: 'b', url: 'socks5h://127.0.0.1:2', priority: 2, backup: true },
  { id: 'c', url: 'https://127.0.0.1:3', enabled: false },
];
const BREAKER = { failures: 2, open_for: '10s' };

function groups(hops: object, table: MemberTable = new MemberTable({ capacity: 16 })): HopGroups {
  return hopGroups(configOf({ hops }), table);
}

/** What the breakers of a hop say. */
function breakers(of: HopGroups, hop: string): string[] {
  return of.get(hop)!.members.map((member) => member.state().breaker);
}

function fail(of: HopGroups, hop: string, times: number): void {
  const [member] = of.get(hop)!.members;
  for (let i = 0; i < times; i++) member!.end(member!.begin(), { kind: 'failure', reason: 'hop_unreachable' });
}

describe('the hops of a configuration', () => {
  test('are groups of the proxies that may be used', () => {
    const made = groups({ exits: { proxies: PROXIES }, corporate: { proxy: 'http://127.0.0.1:9' } });
    assert.deepEqual([...made.keys()], ['exits', 'corporate']);
    const [a, b, ...others] = made.get('exits')!.members;
    assert.deepEqual(others, []);
    assert.deepEqual([a?.id, a?.weight, a?.tags], ['a', 3, { country: 'fr' }]);
    assert.deepEqual([b?.id, b?.priority, b?.backup], ['b', 2, true]);
    const { protocol, host, port, username, password, hop, id } = a!.data;
    assert.deepEqual([protocol, host, port, username, password], ['http', '127.0.0.1', 1, 'jo', 'pa:ss']);
    assert.deepEqual([hop, id], ['exits', 'a']);
    assert.equal(made.get('corporate')?.members.length, 1);
  });

  test('are there also when none of their proxies may be used: then nobody gets through', () => {
    const made = groups({ exits: { proxies: [PROXIES[2]] } });
    assert.equal(made.get('exits')?.pick(), null);
  });

  test('leave a proxy alone that fails, as they are told', () => {
    const made = groups({ exits: { proxies: PROXIES, breaker: BREAKER }, open: { proxies: PROXIES } });
    for (const hop of ['exits', 'open']) fail(made, hop, 2);
    assert.deepEqual(breakers(made, 'exits'), ['open', 'closed']);
    assert.deepEqual(breakers(made, 'open'), ['closed', 'closed']);
    assert.equal(made.get('exits')?.retryAfterSeconds(), 1, 'the other one can be used at once');
    assert.equal(made.get('exits')?.pick()?.id, 'b');
  });

  test('keep what is known of a proxy over a reload, for as long as it is the same', () => {
    const table = new MemberTable({ capacity: 16 });
    const exits = { proxies: PROXIES, breaker: BREAKER };
    const old = groups({ exits }, table);
    fail(old, 'exits', 2);
    const same = groups({ exits: { ...exits, strategy: 'random' } }, table);
    assert.deepEqual(breakers(same, 'exits'), ['open', 'closed']);
    const proxies = [{ ...PROXIES[0], url: 'http://jo:other@127.0.0.1:1' }, ...PROXIES.slice(1)];
    assert.deepEqual(breakers(groups({ exits: { ...exits, proxies } }, table), 'exits'), ['closed', 'closed']);
  });
});

describe('a chain through hops', () => {
  const config = configOf({
    hops: {
      corporate: { proxy: 'http://127.0.0.1:9', timeouts: { connect: '1s', handshake: '2s' } },
      exits: { proxies: PROXIES, timeouts: { handshake: '3s', budget: '4s' } },
    },
    timeouts: { connect: '7s' },
  });
  const patience = { attempts: 3, retryOnStatus: [503], withinMs: null, retryShare: 0.2 };
  const parts = { groups: hopGroups(config, new MemberTable({ capacity: 16 })), dns: new DnsCache() };

  test('goes through all of them in order, with the time that they take', () => {
    const { name, groups: used, options } = createChain(config, ['corporate', 'exits'], patience, parts);
    assert.equal(name, 'corporate → exits');
    assert.deepEqual(
      used.map((group) => group.name),
      ['corporate', 'exits'],
    );
    assert.deepEqual([options.connectTimeoutMs, options.attempts, options.retryOnStatus], [1000, 3, [503]]);
    assert.equal(options.retryShare, 0.2);
    assert.equal(options.budgetMs, 3 * (1000 + 2000 + 4000));
  });

  test('takes no longer than it may', () => {
    const { options } = createChain(config, ['exits'], { ...patience, withinMs: 5000 }, parts);
    assert.deepEqual([options.budgetMs, options.connectTimeoutMs], [5000, 7000]);
  });

  test('never goes round a hop that is not there', () => {
    assert.throws(() => createChain(config, ['missing', 'exits'], patience, parts), /there is no hop missing/);
  });
});
