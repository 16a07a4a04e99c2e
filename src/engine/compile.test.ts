import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { EVERYTHING, forwardTo, route } from '../../test/support/playbook.ts';
import type { Policy } from '../contract/policy.ts';
import { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { compile } from './compile.ts';
import type { Route, RouteSpec } from './program.ts';
import { Traffic } from './traffic.ts';

const traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });

function found(layers: readonly (readonly RouteSpec[])[], path = '/'): Route | null {
  return compile(layers, traffic).find(requestHead(`GET ${path} HTTP/1.1`, 'Host: a'), 0, 0);
}

describe('compile', () => {
  test('gives each phase the policies that take part in it, answers in reverse', () => {
    const whole: Policy = {
      name: 'whole',
      request: () => {},
      requestBody: () => null,
      upstream: () => {},
      response: () => {},
      responseBody: () => null,
      tunnel: () => null,
      done: () => {},
    };
    const half: Policy = { name: 'half', request: () => {}, response: () => {}, responseBody: () => null };
    const compiled = found([[route(forwardTo(), [whole, half])]])!;
    assert.deepEqual(compiled.request, [whole, half]);
    assert.deepEqual(compiled.requestBody, [whole]);
    assert.deepEqual(compiled.upstream, [whole]);
    assert.deepEqual(compiled.response, [half, whole]);
    assert.deepEqual(compiled.responseBody, [half, whole]);
    assert.deepEqual(compiled.tunnel, [whole]);
    assert.deepEqual(compiled.done, [whole]);
  });

  test('leaves a phase that nobody takes part in empty', () => {
    const compiled = found([[route(forwardTo())]])!;
    const { request, requestBody, upstream, response, responseBody, tunnel, done } = compiled;
    assert.deepEqual([request, requestBody, upstream, response, responseBody, tunnel, done].flat(), []);
  });

  test('makes routes that cannot be changed', () => {
    assert.ok(Object.isFrozen(found([[route(forwardTo())]])));
  });

  test('lets an earlier layer win, however general its route is', () => {
    const everything = route(forwardTo(), [], { name: 'everything' });
    const exact = route(forwardTo(), [], { name: 'exact', match: { ...EVERYTHING, path: '/health' } });
    assert.equal(found([[exact], [everything]], '/health')?.name, 'exact');
    assert.equal(found([[everything], [exact]], '/health')?.name, 'everything');
    assert.equal(found([[], [exact], [everything]], '/')?.name, 'everything');
    assert.equal(found([[], []]), null);
  });

  test('has routes of one name record in one place', () => {
    const layers = [
      [
        route(forwardTo(), [], { name: 'same', match: { ...EVERYTHING, path: '/a' } }),
        route(forwardTo(), [], { name: 'same', match: { ...EVERYTHING, path: '/b' } }),
      ],
    ];
    assert.deepEqual([...found(layers, '/a')!.metrics!.requests], [...found(layers, '/b')!.metrics!.requests]);
  });
});
