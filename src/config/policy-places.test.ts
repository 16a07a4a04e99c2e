import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from './key-path.ts';
import { policyPlaces } from './policy-places.ts';
import { documentSchema } from './schema/document.ts';

test('policies may stand at the top, under both doors, under an address and under a route', () => {
  const acl = { deny: ['10.0.0.0/8'] };
  const config = documentSchema.parse({
    policies: { acl },
    egress: { policies: { acl } },
    gateway: {
      listen: [':80', { address: ':81', policies: { acl } }],
      policies: { acl },
      routes: [{ to: 'http://a:1', policies: { acl } }],
    },
  });
  const speaking = policyPlaces(config).filter(({ policies }) => policies.acl !== undefined);
  assert.deepEqual(
    speaking.map(({ path }) => formatPath(path)),
    ['policies', 'egress.policies', 'gateway.policies', 'gateway.listen[1].policies', 'gateway.routes[0].policies'],
  );
});
