import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { WaitingExchanges } from './waiting-exchanges.ts';

test('what is said of an exchange that has ended is given back, also when it is another one by then', async () => {
  const waiting = new WaitingExchanges();
  const exchange = {} as Exchange;
  const back: number[] = [];
  const give = (late: number): void => void back.push(late);
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = waiting.whileThere(exchange, promise, give);
  waiting.over(exchange);
  const second = waiting.whileThere(exchange, Promise.resolve(2), give);
  assert.equal(await second, 2);
  resolve(1);
  assert.equal(await first, null);
  assert.deepEqual(back, [1]);
});
