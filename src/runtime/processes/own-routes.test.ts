import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { processDesk } from '../../../test/support/process-desk.ts';
import type { Config } from '../../config/config.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import { AgentShare } from '../agents/agent-share.ts';
import {
  agentShareOf,
  innerRoutes,
  ledHome,
  ownRoutes,
  ownServices,
  ownTargets,
  type ServiceHome,
} from './own-routes.ts';

const GUARDS = { before: [{ name: 'acl' }], after: [{ name: 'rate_limit' }] };
const inner = { path: '/run/inner.sock', secret: 'secret', agents: new AgentShare().memory };

const configOf = (document: object = {}): Config => documentSchema.parse({ exec: { enabled: true }, ...document });

function routes(config: Config, home: ServiceHome): string[] {
  const targets = ownTargets(config, home);
  return ownRoutes(config, { users: configuredUsers([]), guards: GUARDS }).map((route) => {
    const led = ledHome(route, targets, home) ?? assert.fail('it leads nowhere');
    return `${led.name} ${led.match.path} ${led.target.kind}: ${led.policies.map(({ name }) => name).join(' ')}`;
  });
}

describe('services that run something', () => {
  test('are there when they are switched on and the gateway has paths of its own', () => {
    assert.deepEqual(ownServices(documentSchema.parse({})), []);
    assert.deepEqual(ownServices(configOf({ gateway: { own_paths: false } })), []);
    assert.deepEqual(
      ownServices(configOf()).map(({ name, paths }) => `${name} ${paths.join(' ')}`),
      ['exec /cli/execute'],
    );
  });

  test('answer on the main thread, behind the guards of the gateway', () => {
    assert.deepEqual(routes(configOf(), { kind: 'here', desk: processDesk() }), [
      'exec /cli/execute answer: acl service-guard exec-bounds rate_limit',
    ]);
  });

  test('are passed on from any other, where the guards stand as well', () => {
    assert.deepEqual(routes(configOf(), { kind: 'elsewhere', inner }), [
      'exec /cli/execute forward: acl service-guard exec-bounds rate_limit inner-pass',
    ]);
    const [route] = innerRoutes(configOf(), processDesk(), 'secret');
    assert.deepEqual(
      route?.policies.map(({ name }) => name),
      ['inner-pass', 'exec-bounds'],
    );
  });

  test('that are not known lead nowhere', () => {
    const [route] = ownRoutes(configOf(), { users: configuredUsers([]), guards: GUARDS });
    assert.equal(ledHome(route!, new Map(), { kind: 'elsewhere', inner }), null);
  });

  test('know of the agents on the main thread, whichever thread they are on', () => {
    const desk = processDesk();
    const elsewhere = { kind: 'elsewhere', inner: { ...inner, agents: desk.agents.share.memory } } as const;
    desk.agents.share.active = 2;
    assert.equal(agentShareOf({ kind: 'here', desk }).active, 2);
    assert.equal(agentShareOf(elsewhere).active, 2);
  });
});
