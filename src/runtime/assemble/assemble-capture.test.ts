import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import type { RouteSpec } from '../../engine/program.ts';
import { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { EVERYTHING } from './assemble.ts';
import { captured } from './assemble-capture.ts';

const TARGET: RouteSpec['target'] = { kind: 'answer', take: (exchange) => exchange.fail('route_not_found') };

test('requests are captured where the configuration asks for it, of providers of AI without bodies unless they are written down anyway', () => {
  const phases = (settings: object, name: string): string[] => {
    const route = { name, match: EVERYTHING, policies: [{ name: 'other' }], target: TARGET };
    const { policies } = captured(configOf(settings), new CaptureShelf())(route);
    return policies.map((policy) => `${policy.name}${policy.requestBody === undefined ? '' : ' bodies'}`);
  };
  const admin = { capture: { bodies: true } };
  assert.deepEqual(phases({}, 'app'), ['other']);
  assert.deepEqual(phases({ admin }, 'app'), ['capture bodies', 'other']);
  assert.deepEqual(phases({ admin }, 'ai/claude'), ['capture', 'other']);
  assert.deepEqual(phases({ admin, log: { ai_bodies: true } }, 'ai/claude'), ['capture bodies', 'other']);
});
