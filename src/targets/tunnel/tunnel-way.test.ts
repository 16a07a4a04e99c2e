import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import type { Origin } from '../../contract/target.ts';
import { tunnelWay } from './tunnel-way.ts';

test('a visitor goes straight to the node that is known, and to this one where none is or that one fails', () => {
  const here = { name: 'here' } as Origin;
  let known = '10.0.0.2:7946';
  let sent = 0;
  const target = tunnelWay({
    here,
    places: { find: (name) => (name === 'app.test' ? known : '') },
    nameOf: ({ request }) => request.host,
    diallerOf: () => ({ dial: () => {} }),
    sent: () => (sent += 1),
  });
  const { exchange } = new ToldExchange();
  const there = target.select(exchange, []) as Origin;
  assert.deepEqual([there.host, there.port, there.isTransparent], ['10.0.0.2', 7946, undefined]);
  assert.equal(target.select(exchange, []), there);
  assert.equal(target.select(exchange, [there]), here);
  known = '';
  assert.equal(target.select(exchange, []), here);
  assert.equal(target.select(exchange, [here]), null);
  assert.equal(sent, 2);
});
