import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PassPlace, PassRoutes } from './pass-routes.ts';

const place = (host: string): PassPlace => ({ kind: 'address', host, port: 443, path: null });
const plain = { proxyProtocol: 'none', allow: [] } as const;

test('the most exact name decides, however it is written', () => {
  const routes = new PassRoutes([
    { hosts: ['*.a.test'], to: 'below', ...plain },
    { hosts: ['*.x.a.test'], to: place('wild'), ...plain },
    { hosts: ['b.a.test'], to: place('exact'), proxyProtocol: 'v2', allow: ['10.0.0.0/8'] },
  ]);
  assert.deepEqual(routes.find('B.A.test.')?.to, place('exact'));
  assert.equal(routes.find('b.a.test')?.allow?.has('10.1.2.3'), true);
  assert.deepEqual(routes.find('app.a.test')?.to, { kind: 'tunnel', name: 'app' });
  assert.deepEqual(routes.find('y.x.a.test')?.to, place('wild'));
  assert.equal(routes.find('a.test'), null);
  assert.equal(routes.find('constructor'), null);
});

test('what comes first has a name, and * is every other one', () => {
  const routes = new PassRoutes([
    { hosts: ['a.test', '*'], to: place('first'), ...plain },
    { hosts: ['a.test'], to: place('second'), ...plain },
  ]);
  assert.deepEqual([routes.find('a.test')?.to, routes.find('z.test')?.to], [place('first'), place('first')]);
  assert.deepEqual([routes.isEmpty, new PassRoutes([]).isEmpty], [false, true]);
});
