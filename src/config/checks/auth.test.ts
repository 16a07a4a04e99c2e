import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../key-path.ts';
import { documentSchema } from '../schema/document.ts';
import { checkForwardAuth } from './auth.ts';

test('the forward proxy does not stand open where another server was to be asked', () => {
  const auth = { forward: 'http://auth:9000' };
  const places = (document: object): string[] => {
    const findings = checkForwardAuth({ config: documentSchema.parse(document), isWritten: () => true });
    return findings.map(({ code, path }) => `${code} ${formatPath(path)}`);
  };
  assert.deepEqual(places({ policies: { auth } }), ['config_unsafe policies.auth']);
  assert.deepEqual(places({ egress: { policies: { auth } } }), ['config_unsafe egress.policies.auth']);
  for (const document of [
    { gateway: { policies: { auth } } },
    { policies: { auth }, egress: { listen: null } },
    { policies: { auth }, egress: { policies: { auth: 'none' } } },
    { policies: { auth }, egress: { auth: 'users' } },
    { policies: { auth: 'users' } },
    { policies: { auth: { user_header: 'X-User' } } },
  ]) {
    assert.deepEqual(places(document), [], JSON.stringify(document));
  }
});
