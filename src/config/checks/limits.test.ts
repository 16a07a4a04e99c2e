import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import { checkLimits } from './limits.ts';

function run(document: JsonValue): string[] {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson(document, place));
  assert.ok('config' in result, JSON.stringify(result));
  const findings = checkLimits({ config: result.config, isWritten: () => true });
  return findings.map(({ code, path }) => `${code} ${formatPath(path)}`);
}

test('a route bounds heads no wider than they are bounded everywhere, and bodies as it likes', () => {
  const limits = { url: '8KiB', headers: '1MiB', header_count: 101, body: '10GiB' };
  assert.deepEqual(run({ gateway: { routes: [{ to: 'http://a', policies: { limits } }] } }), [
    'config_conflict gateway.routes[0].policies.limits.headers',
    'config_conflict gateway.routes[0].policies.limits.header_count',
  ]);
  assert.deepEqual(run({ limits: { headers: '1MiB', header_count: 200 }, policies: { limits } }), []);
});

test('every place is looked at', () => {
  const policies = { limits: { url: '9KiB' } };
  assert.deepEqual(run({ policies, egress: { policies }, gateway: { policies } }), [
    'config_conflict policies.limits.url',
    'config_conflict egress.policies.limits.url',
    'config_conflict gateway.policies.limits.url',
  ]);
  assert.deepEqual(run({ policies: { limits: false } }), []);
});
