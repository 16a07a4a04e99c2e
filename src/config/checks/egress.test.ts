import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import { checkEgressRules, checkProxies, checkStickyPorts } from './egress.ts';
import type { Check } from './finding.ts';

function run(check: Check, document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson(document, place));
  assert.ok('config' in result, JSON.stringify(result));
  const findings = check({ config: result.config, isWritten: () => true });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

describe('rules of the forward proxy', () => {
  test('after one that matches everything are warned of', () => {
    const rules = [
      { match: { host: 'a' }, via: 'direct' },
      { match: { host: '*' }, via: 'direct' },
      { action: 'deny' },
    ];
    assert.deepEqual(run(checkEgressRules, { egress: { rules } }), ['warning config_conflict egress.rules[2]']);
    assert.deepEqual(run(checkEgressRules, { egress: { rules: rules.slice(0, 2) } }), []);
  });

  test('for users need users that exist and are asked for', () => {
    const rules = [{ match: { user: ['alice', 'alicia'] }, via: 'direct' }];
    const users = [{ name: 'alice', token: 'correct-horse-battery', may: ['egress'] }];
    assert.deepEqual(run(checkEgressRules, { egress: { rules, auth: 'users' }, users }), [
      'error config_unknown_name egress.rules[0].match.user[1]',
    ]);
    assert.deepEqual(run(checkEgressRules, { egress: { rules }, users }), [
      'warning config_conflict egress.rules[0].match.user',
    ]);
  });
});

test('a port that stands for a session is one that is listened on', () => {
  const listen = ['127.0.0.1:8888', '127.0.0.1:9001', 'unix:/a'];
  const sticky = { listeners: { '9001': 'a', '9002': 'b' } };
  assert.deepEqual(run(checkStickyPorts, { egress: { listen, sticky } }), [
    'error config_unknown_name egress.sticky.listeners.9002',
  ]);
});

describe('proxies of hops', () => {
  test('have TLS of their own only with https', () => {
    const hops = {
      a: { tls: { ca: 'c' }, proxies: [{ url: 'http://a' }, { url: 'https://b' }] },
      b: { proxy: 'socks5://c', tls: {} },
      c: {
        proxies: [
          { url: 'http://a', tls: {} },
          { url: 'https://b', tls: {} },
        ],
      },
    };
    assert.deepEqual(run(checkProxies, { hops }), [
      'error config_conflict hops.b.tls',
      'error config_conflict hops.c.proxies[0].tls',
    ]);
  });

  test('that speak SOCKS know no digest and no ntlm', () => {
    const hops = { a: { proxy: 'socks5://u:p@a', auth: 'ntlm' }, b: { proxy: 'socks5h://u:p@a', auth: 'basic' } };
    assert.deepEqual(run(checkProxies, { hops }), ['error config_conflict hops.a.proxies[0].url']);
  });

  test('have a user name when it is said how to present it', () => {
    const hops = {
      a: { proxy: 'http://a', auth: 'basic' },
      b: { proxy: 'http://u:p@a', auth: 'basic' },
      c: { proxy: 'http://a', auth: 'basic', session: { username: 'u-{session}' } },
    };
    assert.deepEqual(run(checkProxies, { hops }), ['error config_missing hops.a.proxies[0].url']);
  });

  test('are not all disabled', () => {
    const hops = { a: { proxies: [{ url: 'http://a', enabled: false }] } };
    assert.deepEqual(run(checkProxies, { hops }), ['warning config_missing hops.a']);
  });
});
