import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import type { RoutesAnswer } from '../gateway-answers.ts';

test('routes are told in order, with where they lead and which place decides of their policies', async () => {
  const desk = await AdminDesk.open();
  const config = configOf({
    policies: { compress: {} },
    gateway: {
      policies: { rate_limit: { rate: '1/s' } },
      default_backend: 'http://127.0.0.1:9',
      routes: [
        {
          name: 'shop',
          match: { host: 'shop.test' },
          to: { backends: ['http://a', 'http://b'] },
          policies: { compress: false },
        },
        { match: { path: '/old' }, to: { redirect: '/new' } },
        { match: { path: '/no' }, to: { respond: { status: 404 } } },
      ],
    },
  });
  Object.assign(desk.parts.sluice, { loaded: { ...desk.parts.sluice.loaded, config } });
  const answer = await desk.ask('/api/v1/routes', { headers: AUTHORIZED });
  const { routes } = (await answer.json()) as RoutesAnswer;
  assert.deepEqual(
    routes.map(({ name, place, target: { kind, text } }) => [name, place, kind, text]),
    [
      ['shop', 'gateway.routes[0]', 'backends', 'http://a, http://b'],
      ['2', 'gateway.routes[1]', 'redirect', '308 /new'],
      ['3', 'gateway.routes[2]', 'respond', '404'],
      ['default', 'gateway.default_backend', 'backends', 'http://127.0.0.1:9'],
    ],
  );
  assert.deepEqual(routes[0]?.policies, [
    { kind: 'compress', on: false, place: 'gateway.routes[0].policies' },
    { kind: 'rate_limit', on: true, place: 'gateway.policies' },
  ]);
  assert.deepEqual(routes[3]?.policies, [
    { kind: 'rate_limit', on: true, place: 'gateway.policies' },
    { kind: 'compress', on: true, place: 'policies' },
  ]);
});
