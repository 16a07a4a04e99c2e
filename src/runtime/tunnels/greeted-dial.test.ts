import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Origin } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import { greetedDial } from './greeted-dial.ts';

test('a node that cannot be reached is told as any server is', () => {
  const told: unknown[] = [];
  const dial = greetedDial(
    (_origin, events) => events.failed(new SluiceError('upstream_unreachable')),
    'secret',
    () => told.push('no node'),
  );
  dial({} as Origin, { connected: () => {}, failed: ({ code }) => told.push(code) }, null);
  assert.deepEqual(told, ['upstream_unreachable']);
});
