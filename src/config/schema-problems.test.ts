import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from './problem-report.ts';
import { readYaml } from './read-yaml.ts';
import { explainKey } from './schema-problems.ts';
import { fromJson, setNode, type MapNode } from './source-tree.ts';
import { validate } from './validate.ts';

/** The faults of a text, each as the text it points at and the message. */
function faultsIn(text: string): Fault[] {
  const result = validate(readYaml({ kind: 'file', name: 'a.yaml', folder: '/', text }).root!);
  return 'faults' in result ? [...result.faults] : [];
}

function only(text: string): Fault & { readonly at: string } {
  const faults = faultsIn(text);
  assert.equal(faults.length, 1, JSON.stringify(faults.map(({ message }) => message)));
  const [fault] = faults;
  return { ...fault!, at: text.slice(fault!.place?.from, fault!.place?.to) };
}

describe('an unknown key', () => {
  test('is pointed at, with the key that was meant', () => {
    const fault = only('gateway:\n  defualt_backend: http://a\n');
    assert.deepEqual(
      [fault.code, fault.message, fault.at, fault.hint, fault.explain],
      [
        'config_unknown_key',
        'unknown key "defualt_backend" in gateway',
        'defualt_backend',
        'did you mean "default_backend"?',
        'gateway.default_backend',
      ],
    );
  });

  test('without a near one is told what is possible', () => {
    assert.equal(only('limits: { colour: 1 }').hint, 'possible here: url, headers, header_count, body, connections');
  });

  test('stands for the needed key that it was meant to be', () => {
    assert.equal(only('users: [{ nmae: a, may: [] }]').message, 'unknown key "nmae" in users[0]');
  });

  test('keeps rules about several keys quiet', () => {
    assert.equal(only('gateway: { tls: { crt: a } }').hint, 'did you mean "cert"?');
  });

  test('with nothing behind it is unknown all the same', () => {
    assert.equal(only('gatway:\n').hint, 'did you mean "gateway"?');
  });

  test('of another shape of the same value is told to be that', () => {
    const fault = only('gateway: { routes: [{ to: { tunnel: a, redirect: /b } }] }');
    assert.equal(fault.code, 'config_conflict');
    assert.match(fault.message, /"tunnel" does not go together|"redirect" does not go together/);
  });

  test('may be called __proto__ or constructor', () => {
    assert.deepEqual(
      faultsIn('__proto__: 1\nconstructor: 2\n').map(({ message }) => message),
      ['unknown key "__proto__"', 'unknown key "constructor"'],
    );
  });
});

describe('a missing key', () => {
  test('is told at the map that needs it', () => {
    const fault = only('gateway:\n  routes:\n    - name: a\n      match: {}\n');
    assert.deepEqual(
      [fault.code, fault.message, fault.at],
      ['config_missing', '"to" is missing in gateway.routes[0]', 'name: a'],
    );
  });

  test('with nothing behind it is told at the key', () => {
    const fault = only('gateway: { policies: { cache: } }');
    assert.deepEqual([fault.message, fault.at], ['nothing stands behind "cache"', 'cache']);
  });
});

describe('a wrong value', () => {
  const cases: [text: string, message: string, hint: string | null][] = [
    ['gateway: { http2: "no" }', 'gateway.http2: expected true or false, found the text "no"', 'write false'],
    [
      'log: { level: inof }',
      'log.level: expected trace, debug, info, warn, error, fatal or silent, found the text "inof"',
      'did you mean "info"?',
    ],
    ['users: alice', 'users: expected a list, found the text "alice"', 'write it as a list: [ … ]'],
    ['exec: []', 'exec: expected a map, found a list', null],
    ['limits: 5', 'limits: expected a map, found the number 5', null],
    [
      'tunnels: { client: { auth_token: 5 } }',
      'tunnels.client.auth_token: expected a text, found a number',
      'put it into quotes',
    ],
    ['process: { workers: 0 }', 'process.workers: expected at least 1, found the number 0', null],
    [
      'process: { workers: true }',
      'process.workers: expected a number from 1 to 256, or auto, found the boolean true',
      null,
    ],
    ['timeouts: { idle: 5 }', 'timeouts.idle: a duration without a unit: write 5s for seconds, or 5ms', null],
    ['timeouts: { idle: "5" }', 'timeouts.idle: a duration without a unit: write 5s for seconds, or 5ms', null],
    ['timeouts: { idle: 0s }', 'timeouts.idle: expected a duration of at least 1ms, found the text "0s"', null],
    ['timeouts: { idle: 40d }', 'timeouts.idle: expected a duration of at most 24d, found the text "40d"', null],
    [
      'gateway: { listen: [a:b] }',
      'gateway.listen[0]: "a:b" is not an address: the port is not a number from 0 to 65535',
      null,
    ],
    [
      'gateway: { policies: { cache: true } }',
      'gateway.policies.cache: expected false or a map, found the boolean true',
      null,
    ],
    ['hops: { "a b": { proxy: "http://a" } }', '"a b": expected a name of letters, digits, ".", "_" and "-"', null],
  ];
  for (const [text, message, hint] of cases) {
    test(text, () => {
      const fault = only(text);
      assert.equal(fault.message, message);
      assert.equal(fault.hint ?? null, hint);
    });
  }

  test('of several shapes is told for the shape that was meant', () => {
    const text =
      'gateway: { routes: [{ to: { backends: ["http://a", { url: ftp://b }], health: { interval: 1ms } } }] }';
    assert.deepEqual(
      faultsIn(text).map(({ path }) => path),
      ['gateway.routes[0].to.backends[1].url', 'gateway.routes[0].to.health.interval'],
    );
  });

  test('that is a secret is not repeated, nor one that came from a variable', () => {
    const secret = only('users: [{ name: a, may: [], token_sha256: hush }]');
    assert.doesNotMatch(secret.message, /hush/);
    assert.equal(secret.secret, true);
    const { root } = readYaml({ kind: 'file', name: 'a.yaml', folder: '/', text: 'a: b' });
    const fromVariable = setNode(root as MapNode, ['gateway', 'listen'], fromJson('hush', root!.place));
    const result = validate(fromVariable);
    assert.ok('faults' in result && result.faults.every(({ message }) => !message.includes('hush')));
  });

  test('that holds a password is shown without it', () => {
    const fault = only('gateway: { default_backend: "http://user:hush@a" }');
    assert.match(fault.message, /user name or password is not possible/);
    assert.doesNotMatch(fault.message, /hush/);
  });
});

test('the key to explain has no numbers, and no brackets at its end', () => {
  assert.equal(explainKey(['gateway', 'routes', 0, 'to', 'backends', 1]), 'gateway.routes[].to.backends');
  assert.equal(explainKey(['users', 3]), 'users');
  assert.equal(explainKey([]), null);
});
