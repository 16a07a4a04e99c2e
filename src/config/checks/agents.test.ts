import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { checkAgentUse } from './agents.ts';

function run(settings: GatewaySettings): string[] {
  const config = configOf({ agents: { enabled: true }, ...settings });
  return checkAgentUse({ config, isWritten: () => true }).map(({ severity = 'error', code, path }) => {
    return `${severity} ${code} ${path.join('.')}`;
  });
}

const user = (token: string, ...may: string[]): object => ({ name: 'ann', token, may });

describe('agents that are switched on', () => {
  test('are fine as they are, and nobody’s business when they are off', () => {
    assert.deepEqual(run({}), []);
    assert.deepEqual(run({ users: [user('0123456789abcdef', 'agents'), user('x', 'gateway')] }), []);
    assert.deepEqual(
      run({ agents: { enabled: false }, gateway: { own_paths: false }, users: [user('x', 'agents')] }),
      [],
    );
  });

  test('that nobody can reach are warned of', () => {
    assert.deepEqual(run({ gateway: { listen: null } }), ['warning config_conflict agents.enabled']);
    assert.deepEqual(run({ gateway: { own_paths: false } }), ['warning config_conflict agents.enabled']);
  });

  test('are not left to whoever guesses a token', () => {
    assert.deepEqual(run({ users: [user('short', 'agents')] }), ['error config_unsafe users.0.token']);
  });

  test('that cannot be pointed at our gateway are warned of', () => {
    const ai = { enabled: true };
    const tls = { cert: '/cert.pem', key: '/key.pem' };
    assert.deepEqual(run({ ai }), []);
    assert.deepEqual(run({ ai, gateway: { listen: [{ address: ':443', tls }, '127.0.0.1:80'] } }), []);
    for (const listen of [
      [{ address: ':443', tls }],
      ['unix:/run/x.sock'],
      [{ address: ':80', redirect_https: 443 }],
    ]) {
      assert.deepEqual(run({ ai, gateway: { listen } }), ['warning config_conflict agents.enabled']);
      assert.deepEqual(run({ gateway: { listen } }), []);
    }
  });
});
