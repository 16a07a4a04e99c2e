import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import type { Check } from './finding.ts';
import { checkAgents, checkHops, checkTunnelNames, checkUsers, duplicates } from './names.ts';

function run(check: Check, document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson(document, place));
  assert.ok('config' in result, JSON.stringify(result));
  const findings = check({ config: result.config, isWritten: () => true });
  return findings.map(({ severity, code, path }) => `${severity ?? 'error'} ${code} ${formatPath(path)}`);
}

const TOKEN = 'correct-horse-battery';
const HASH = 'a'.repeat(64);

describe('users', () => {
  test('have a name of their own and one token of their own', () => {
    const users = [
      { name: 'a', token: TOKEN, may: [] },
      { name: 'a', token: TOKEN, may: [] },
      { name: 'b', may: [] },
      { name: 'c', token: `${TOKEN}-2`, token_sha256: HASH, may: [] },
      { name: 'd', token_sha256: HASH, may: [] },
    ];
    assert.deepEqual(run(checkUsers, { users }), [
      'error config_conflict users[1].name',
      'error config_conflict users[1].token',
      'error config_conflict users[4].token_sha256',
      'error config_missing users[2]',
      'error config_conflict users[3].token_sha256',
    ]);
  });

  test('share no token, however it is given', () => {
    const digest = hash('sha256', TOKEN, 'hex');
    const users = [
      { name: 'a', token_sha256: digest.toUpperCase(), may: [] },
      { name: 'b', token: `${TOKEN}-2`, may: [] },
      { name: 'c', token: TOKEN, may: [] },
    ];
    assert.deepEqual(run(checkUsers, { users }), ['error config_conflict users[0].token_sha256']);
  });

  test('with a short token are warned of', () => {
    assert.deepEqual(run(checkUsers, { users: [{ name: 'a', token: 'short', may: [] }] }), [
      'warning config_unsafe users[0].token',
    ]);
  });
});

describe('hops', () => {
  const hops = {
    one: { proxy: 'http://a:1' },
    two: { proxies: [{ url: 'http://b:1' }, { id: 'x', url: 'http://b:1' }] },
  };

  test('that are defined may be used', () => {
    const document = {
      hops,
      egress: { chain: ['one', 'two'], rules: [{ via: 'direct' }, { via: ['two'] }, { action: 'deny' }] },
      ai: { via: 'one' },
      gateway: { routes: [{ to: { backends: ['http://a'], via: 'two' } }, { to: { tunnel: 'x' } }] },
    };
    assert.deepEqual(run(checkHops, document), []);
  });

  test('that are not defined are told wherever they are used', () => {
    const document = {
      hops,
      egress: { chain: ['one', 'tow'], rules: [{ via: 'x' }] },
      ai: { via: 'y' },
      tunnels: { client: { via: 'q' } },
      gateway: { routes: [{ to: { backends: ['http://a'], via: ['one', 'z'] } }] },
    };
    assert.deepEqual(run(checkHops, document), [
      'error config_unknown_name egress.chain[1]',
      'error config_unknown_name egress.rules[0].via[0]',
      'error config_unknown_name gateway.routes[0].to.via[1]',
      'error config_unknown_name ai.via[0]',
      'error config_unknown_name tunnels.client.via[0]',
    ]);
  });

  test('lead to no socket of this machine', () => {
    const to = { backends: ['http://a', 'unix:/run/app.sock'] };
    const gateway = { routes: [{ to: { ...to, via: 'one' } }, { to }] };
    assert.deepEqual(run(checkHops, { hops, gateway }), ['error config_conflict gateway.routes[0].to.backends[1]']);
  });

  test('stand once in a chain, and none is called direct', () => {
    assert.deepEqual(
      run(checkHops, { hops: { ...hops, direct: { proxy: 'http://c:1' } }, egress: { chain: ['one', 'one'] } }),
      ['error config_conflict hops.direct', 'error config_conflict egress.chain[1]'],
    );
  });

  test('tell their proxies apart', () => {
    const proxies = [{ url: 'http://b:1' }, { url: 'http://u:p@b:1' }];
    assert.deepEqual(run(checkHops, { hops: { a: { proxies } } }), ['error config_conflict hops.a.proxies[1].id']);
  });
});

describe('agents', () => {
  test('are built in, or have a command', () => {
    assert.deepEqual(run(checkAgents, { agents: { default: 'codex' } }), []);
    assert.deepEqual(
      run(checkAgents, { agents: { default: 'mine', kinds: { mine: { command: 'x' }, claude: {} } } }),
      [],
    );
    assert.deepEqual(run(checkAgents, { agents: { default: 'yours', kinds: { mine: {} } } }), [
      'error config_unknown_name agents.default',
      'error config_missing agents.kinds.mine',
    ]);
  });
});

describe('tunnels', () => {
  test('have names of their own, and only what their protocol knows', () => {
    const tunnels = [
      { name: 'a', local_port: 1, subdomain: 'x' },
      { name: 'a', local_port: 2, remote_port: 3 },
      { name: 'b', protocol: 'tcp', local_port: 2, remote_port: 3, hostname: 'x.example', health: { path: '/' } },
      { name: 'c', protocol: 'tcp', local_port: 2, health: {} },
      { name: 'd', protocol: 'tls', local_port: 2, subdomain: 'y', remote_port: 4 },
    ];
    assert.deepEqual(run(checkTunnelNames, { tunnels: { client: { tunnels } } }), [
      'error config_conflict tunnels.client.tunnels[1].name',
      'error config_conflict tunnels.client.tunnels[1].remote_port',
      'error config_conflict tunnels.client.tunnels[2].hostname',
      'error config_conflict tunnels.client.tunnels[2].health.path',
      'error config_conflict tunnels.client.tunnels[4].remote_port',
    ]);
  });
});

test('duplicates name the first one, and never repeat a token', () => {
  const items = [{ token: 'hush' }, { token: null }, { token: null }, { token: 'hush' }];
  const [finding, ...others] = duplicates(items, 'token', ['users']);
  assert.equal(finding?.message, 'the token stands in users[0] too');
  assert.deepEqual(others, []);
});
