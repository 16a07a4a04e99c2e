import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import type { Producer } from '../../contract/exchange.ts';
import { Arrival } from './arrival.ts';

function stage(): {
  readonly told: ToldExchange;
  readonly arrival: Arrival;
  readonly said: string[];
  readonly wait: (goesTo: Producer | null) => () => void;
} {
  const told = new ToldExchange({ hasBody: true });
  const said: string[] = [];
  let arrive = (): void => {};
  let goesTo: Producer | null = null;
  const arrival = new Arrival(told.exchange, () => goesTo);
  const whenOnline = (name: string, then: () => void): (() => void) => {
    said.push(`waits for ${name}`);
    arrive = then;
    return () => said.push('waits no more');
  };
  const wait = (producer: Producer | null): (() => void) => {
    goesTo = producer;
    arrival.wait({ whenOnline }, 'app');
    return () => arrive();
  };
  return { told, arrival, said, wait };
}

test('what has come of a body goes along to the client that has arrived', () => {
  const { told, arrival, said, wait } = stage();
  const producer: Producer = {
    takeBody: (bytes, from, to) => void said.push(Buffer.from(bytes).toString('latin1', from, to)),
    takeEnd: () => void said.push('end'),
    resume: () => {},
    cancel: () => {},
  };
  const arrive = wait(producer);
  assert.equal(told.producer, arrival);
  arrival.takeBody(Buffer.from('xabcx'), 1, 4);
  arrival.takeEnd();
  arrival.resume();
  arrive();
  assert.deepEqual(
    [said, told.told],
    [
      ['waits for app', 'abc', 'end'],
      ['pause', 'resume'],
    ],
  );
});

test('a visitor who leaves waits no more, and one who is refused gets nothing else', () => {
  const left = stage();
  left.wait(null);
  left.arrival.cancel();
  assert.deepEqual(left.said, ['waits for app', 'waits no more']);
  const refused = stage();
  refused.wait(null)();
  assert.deepEqual(refused.told.told, ['pause']);
});
