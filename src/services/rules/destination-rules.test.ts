import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DestinationRules, type DestinationRulesOptions, type RuleOptions } from './destination-rules.ts';
import { OwnDoors } from './own-doors.ts';

function rule(host: string[], rest: Partial<RuleOptions> & { port?: number[]; user?: string[] } = {}): RuleOptions {
  const { port = [], user = [], via = null, tags = {}, action = 'allow' } = rest;
  return { match: { host, port, user }, via, tags, action };
}

function rules(options: Partial<DestinationRulesOptions> = {}): DestinationRules {
  const doors = new OwnDoors([{ host: '127.0.0.1', port: 8889 }]);
  const defaults = { rules: [], chain: ['exits'], noProxy: [], allowPrivate: true, connectPorts: [], doors };
  return new DestinationRules({ ...defaults, ...options });
}

/** In a few words: where it goes and who said so. */
function way(
  compiled: DestinationRules,
  host: string,
  rest: { port?: number; user?: string; isTunnel?: boolean } = {},
): string {
  const { port = 443, user = null, isTunnel = true } = rest;
  const verdict = compiled.decide({ host, port, user, isTunnel });
  if (verdict.kind === 'denied') return `${verdict.reason} ${String(verdict.source)}`;
  return `${verdict.via.join('>') || 'direct'} ${String(verdict.source)}`;
}

describe('rules for destinations', () => {
  test('are taken in order: the first that fits, then NO_PROXY, then the chain', () => {
    const compiled = rules({
      rules: [
        rule(['*.shop.example'], { port: [443], via: ['corporate', 'residential'] }),
        rule(['bad.shop.example'], { action: 'deny' }),
        rule(['10.0.0.0/8', 'localhost'], { via: [] }),
        rule(['169.254.169.254'], { action: 'deny' }),
      ],
      noProxy: ['.corp.example', 'shop.example:80', '169.254.0.0/16'],
    });
    for (const [host, port, expected] of [
      ['a.shop.example', 443, 'corporate>residential 0'],
      ['bad.shop.example', 443, 'corporate>residential 0'],
      ['bad.shop.example', 80, 'rule 1'],
      ['a.shop.example', 80, 'direct no_proxy'],
      ['10.1.1.1', 80, 'direct 2'],
      ['0x0a010101', 80, 'direct 2'],
      ['LOCALHOST', 80, 'direct 2'],
      ['169.254.169.254', 80, 'rule 3'],
      ['[::ffff:169.254.169.254]', 80, 'rule 3'],
      ['2852039166', 80, 'rule 3'],
      ['169.254.0.1', 80, 'direct no_proxy'],
      ['x.corp.example', 80, 'direct no_proxy'],
      ['other.example', 80, 'exits chain'],
    ] as const) {
      assert.equal(way(compiled, host, { port }), expected, `${host}:${port}`);
    }
  });

  test('may be for users, and say which members will do', () => {
    const compiled = rules({
      rules: [rule([], { user: ['jo'], tags: { country: 'fr' } }), rule([], { user: ['al'], via: [] })],
    });
    const verdict = compiled.decide({ host: 'a', port: 1, user: 'jo', isTunnel: true });
    assert.ok(verdict.kind === 'way');
    assert.deepEqual([verdict.via, verdict.tags, verdict.source], [['exits'], { country: 'fr' }, 0]);
    assert.equal(way(compiled, 'a', { user: 'al' }), 'direct 1');
    assert.equal(way(compiled, 'a', { user: 'eve' }), 'exits chain');
    assert.equal(way(compiled, 'a'), 'exits chain');
  });

  test('do not open our own doors', () => {
    const compiled = rules({ rules: [rule(['localhost', '127.0.0.0/8'], { via: [] })], noProxy: ['*'] });
    for (const host of ['localhost', '127.1', '[::ffff:7f00:1]', '0.0.0.0']) {
      assert.equal(way(compiled, host, { port: 8889 }), 'own_door null', host);
      assert.notEqual(way(compiled, host, { port: 8890 }), 'own_door null', host);
    }
  });

  test('let tunnels only to the ports that are open for them', () => {
    const compiled = rules({ connectPorts: [443] });
    assert.equal(way(compiled, 'a', { port: 25 }), 'port null');
    assert.equal(way(compiled, 'a', { port: 443 }), 'exits chain');
    assert.equal(way(compiled, 'a', { port: 25, isTunnel: false }), 'exits chain');
  });

  test('refuse what is no destination', () => {
    for (const host of ['', 'a b', '[::1']) assert.equal(way(rules(), host), 'bad_destination null');
    for (const port of [0, -1, 65_536, Number.NaN]) assert.equal(way(rules(), 'a', { port }), 'bad_destination null');
  });
});

describe('private addresses', () => {
  test('are refused unless all are allowed', () => {
    for (const host of ['10.0.0.1', '127.0.0.1', 'localhost', '169.254.169.254', '[fd00::1]', '[fe80::1%eth0]', '0']) {
      assert.equal(way(rules({ allowPrivate: false }), host), 'private null', host);
      assert.equal(way(rules(), host), 'exits chain', host);
    }
    assert.equal(way(rules({ allowPrivate: false }), '8.8.8.8'), 'exits chain');
  });

  test('are allowed where a rule or NO_PROXY names them, not where it is for everything', () => {
    const named = rules({
      allowPrivate: false,
      rules: [
        rule(['10.0.0.0/8', 'localhost'], { via: [] }),
        rule(['192.168.0.1'], { via: ['exits'] }),
        rule([], { port: [99], via: [] }),
      ],
      noProxy: ['172.16.0.0/12'],
    });
    assert.equal(way(named, '10.0.0.1'), 'direct 0');
    assert.equal(way(named, 'localhost'), 'direct 0');
    assert.equal(way(named, '192.168.0.1'), 'exits 1');
    assert.equal(way(named, '172.16.0.1'), 'direct no_proxy');
    assert.equal(way(named, '192.168.0.2', { port: 99 }), 'private null');
    assert.equal(way(rules({ allowPrivate: false, noProxy: ['*'] }), '10.0.0.1'), 'private null');
    assert.equal(way(rules({ allowPrivate: false, rules: [rule(['*'], { via: [] })] }), '10.0.0.1'), 'private null');
  });

  test('behind a name are refused once it is resolved, unless the rule has the very name', () => {
    const compiled = rules({
      allowPrivate: false,
      rules: [rule(['intranet.example'], { via: [] }), rule(['*.example'], { via: [] })],
    });
    const refusal = (host: string, address: string, port = 443): string | undefined => {
      const verdict = compiled.decide({ host, port, user: null, isTunnel: true });
      assert.ok(verdict.kind === 'way');
      return compiled.refusalOfAddress(verdict, address, port)?.reason;
    };
    assert.equal(refusal('intranet.example', '10.0.0.1'), undefined);
    assert.equal(refusal('rebound.example', '10.0.0.1'), 'private');
    assert.equal(refusal('rebound.example', '::ffff:127.0.0.1'), 'private');
    assert.equal(refusal('rebound.example', '8.8.8.8'), undefined);
    assert.equal(refusal('intranet.example', '127.0.0.1', 8889), 'own_door');
    assert.equal(refusal('intranet.example', 'not-an-address'), 'bad_destination');
  });
});
