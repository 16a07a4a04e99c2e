import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import type { DestinationRequest } from '../../services/rules/destination-rules.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { destinationRules } from '../assemble/assemble-egress.ts';
import { explainRule } from './explain-rule.ts';
import type { ExplainedChoice } from './explanation.ts';

const config = documentSchema.parse({
  egress: {
    chain: ['exits'],
    rules: [
      { match: { host: '*.shop.test', port: 443 }, via: 'direct' },
      { match: { user: 'batch' }, action: 'deny' },
    ],
    no_proxy: ['other.test', 'corp.test'],
    allow_private: false,
  },
  hops: { exits: { proxy: 'http://127.0.0.1:1' } },
});
const origins = new Map([['egress.rules[0].match.port[0]', 'sluice.yaml:3']]);

function explained(request: Partial<DestinationRequest>): ExplainedChoice | null {
  const whole = { host: 'a.test', port: 443, user: null, isTunnel: true, ...request };
  const verdict = destinationRules(config, new OwnDoors([])).decide(whole);
  return explainRule(verdict, whole, { config, origins });
}

describe('the rule that decides', () => {
  test('is named with its place and what it is for, and those before it with what they are not for', () => {
    assert.deepEqual(explained({ host: 'x.shop.test' }), {
      kind: 'rule',
      name: 'egress.rules[0]',
      place: 'sluice.yaml:3',
      why: 'host *.shop.test; port 443',
      others: [],
    });
    assert.deepEqual(explained({ user: 'batch' }), {
      kind: 'rule',
      name: 'egress.rules[1]',
      place: null,
      why: 'user batch',
      others: ['egress.rules[0]: another host'],
    });
  });

  test('may be an entry of NO_PROXY, or the chain', () => {
    const direct = explained({ host: 'x.corp.test', port: 80 });
    assert.deepEqual([direct?.kind, direct?.name, direct?.why], ['no_proxy', 'egress.no_proxy[1]', 'corp.test']);
    const chain = explained({ port: 80 });
    assert.deepEqual([chain?.kind, chain?.why], ['chain', 'no rule fits']);
    assert.deepEqual(chain?.others, ['egress.rules[0]: another host, another port', 'egress.rules[1]: another user']);
  });

  test('is none where something else than a rule refuses', () => assert.equal(explained({ host: '10.0.0.1' }), null));
});
