import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendsAt, type RouteTarget } from '../../config/schema/targets.ts';
import type { RequestView } from '../../contract/exchange.ts';
import { explainTarget } from './explain-target.ts';

function textOf(to: RouteTarget, request: Partial<RequestView> = {}): string {
  const asked = { path: '/api/a', query: '?b', host: 'a.test', upstreamTarget: '', ...request } as RequestView;
  return explainTarget(to, '/api/*', asked).text;
}

test('a target is described as this request would meet it', () => {
  const one = backendsAt('http://a:1');
  const two = { ...one, backends: [...one.backends, { url: 'http://b:2', weight: 1 }] } as RouteTarget;
  for (const [to, request, text] of [
    [{ redirect: 'https://{host}/new/{rest}', status: 308 }, {}, 'a redirect to https://a.test/new/a?b'],
    [{ respond: { status: 200, headers: {}, body: '' } }, {}, 'a fixed answer'],
    [{ tunnel: 'app' }, {}, 'the tunnel app'],
    [one, {}, 'http://a:1'],
    [one, { upstreamTarget: '/a?b' }, 'http://a:1 asked for /a?b'],
    [{ ...one, host: 'backend', via: ['x', 'y'] }, {}, 'http://a:1 by the name of the backend through x, then y'],
    [{ ...one, host: 'b.test' }, {}, 'http://a:1 by the name of b.test'],
    [two, {}, 'one of http://a:1, http://b:2 (round_robin)'],
  ] as const) {
    assert.equal(textOf(to, request), text);
  }
});
