import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { ConfiguredPolicies } from './assemble-policies.ts';
import { dryParts } from '../explain/dry-parts.ts';

const here = { acl: { deny: ['192.0.2.1'] } };

/** The names of the policies of the first route, of what no route takes, and of the forward proxy. */
function policiesOf(settings: GatewaySettings, ofRoute: object = {}): Record<'route' | 'gateway' | 'egress', string[]> {
  const config = configOf({
    ...settings,
    gateway: { routes: [{ to: 'http://a', policies: ofRoute }], ...settings.gateway },
  });
  const policies = new ConfiguredPolicies(config, dryParts({ config, lists: new DomainShelf() }, null));
  const { before, after } = policies.ofEgress();
  const names = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);
  return {
    route: names(policies.ofRoute(config.gateway.routes[0] ?? assert.fail())),
    gateway: names(policies.ofGateway()),
    egress: names([...before, ...after]),
  };
}

describe('policies', () => {
  test('are none where none are configured', () => {
    assert.deepEqual(policiesOf({}), { route: [], gateway: [], egress: [] });
  });

  test('of the top are those of every door', () => {
    assert.deepEqual(policiesOf({ policies: here }), { route: ['acl'], gateway: ['acl'], egress: ['acl'] });
  });

  test('of a door are those of that door and its routes', () => {
    assert.deepEqual(policiesOf({ gateway: { policies: here } }), { route: ['acl'], gateway: ['acl'], egress: [] });
    assert.deepEqual(policiesOf({ egress: { policies: here } }), { route: [], gateway: [], egress: ['acl'] });
  });

  test('of a route are those of that route', () => {
    assert.deepEqual(policiesOf({}, here), { route: ['acl'], gateway: [], egress: [] });
  });

  test('are switched off by the nearer place', () => {
    const off = { acl: false };
    assert.deepEqual(policiesOf({ policies: here }, off).route, []);
    assert.deepEqual(policiesOf({ policies: here, egress: { policies: off } }).egress, []);
  });

  test('of one place are one object for all routes', () => {
    const routes = [{ to: 'http://a' }, { to: 'http://b' }];
    const config = configOf({ gateway: { routes, policies: here } });
    const policies = new ConfiguredPolicies(config, dryParts({ config, lists: new DomainShelf() }, null));
    const [first, second] = config.gateway.routes.map((route) => policies.ofRoute(route));
    assert.equal(first?.[0], second?.[0]);
    assert.notEqual(first?.[0], undefined);
  });

  test('ask for users after addresses, and at the forward proxy in its own way', () => {
    const users = { auth: 'users', ...here };
    assert.deepEqual(policiesOf({ policies: users }), {
      route: ['acl', 'auth'],
      gateway: ['acl', 'auth'],
      egress: ['acl'],
    });
    assert.deepEqual(policiesOf({ policies: users }, { auth: 'none' }).route, ['acl']);
  });

  test('change headers next to the target, and only what there is to change', () => {
    const both = { headers: { security: true, request: { remove: ['Cookie'] } }, auth: 'users', ...here };
    assert.deepEqual(policiesOf({ policies: both }).gateway, ['acl', 'auth', 'headers', 'headers']);
    assert.deepEqual(policiesOf({ policies: both }).egress, ['acl', 'headers', 'headers']);
    assert.deepEqual(policiesOf({ policies: { headers: { security: true } } }).route, ['headers']);
    assert.deepEqual(policiesOf({ policies: { headers: {} } }).route, []);
  });

  test('compress behind the question who may come, and before headers are changed', () => {
    const all = { headers: { security: true }, compress: {}, auth: 'users', ...here };
    assert.deepEqual(policiesOf({ policies: all }).gateway, ['acl', 'auth', 'compress', 'headers']);
    assert.deepEqual(policiesOf({ policies: all }).egress, ['acl', 'compress', 'headers']);
    assert.deepEqual(policiesOf({ policies: all }, { compress: false }).route, ['acl', 'auth', 'headers']);
  });

  test('limit the rate before they ask for users, unless it is users that are counted', () => {
    const limited = (per: string): object => ({ rate_limit: { per }, auth: 'users', ...here });
    assert.deepEqual(policiesOf({ policies: limited('client_ip') }).gateway, ['acl', 'rate_limit', 'auth']);
    assert.deepEqual(policiesOf({ policies: limited('user') }).gateway, ['acl', 'auth', 'rate_limit']);
    assert.deepEqual(policiesOf({ policies: limited('user') }, { rate_limit: false }).route, ['acl', 'auth']);
  });
});
