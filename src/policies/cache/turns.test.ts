import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import type { Turn } from './turn.ts';
import { Turns } from './turns.ts';

test('an exchange has the turn of its request and of no request before', () => {
  const turns = new Turns();
  const [one, two] = [{}, {}] as [Exchange, Exchange];
  const turn = (key: string): Turn => ({ key }) as Turn;
  turns.delete(one);
  turns.set(one, turn('first'));
  turns.set(two, turn('other'));
  turns.set(one, turn('second'));
  assert.deepEqual([turns.get(one)?.key, turns.get(two)?.key], ['second', 'other']);
  turns.delete(one);
  assert.deepEqual([turns.get(one), turns.get(two)?.key, turns.get({} as Exchange)], [undefined, 'other', undefined]);
});
