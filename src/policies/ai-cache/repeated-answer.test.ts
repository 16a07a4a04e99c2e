import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import { RepeatedAnswer } from './repeated-answer.ts';

const KIB = 1024;
const KEPT = { fields: [['A', 'b']] as const, keptAtMs: 1000, model: '', used: null };

function stage(takes: () => boolean): { readonly steps: unknown[]; readonly exchange: Exchange; producer(): Producer } {
  const steps: unknown[] = [];
  let given: Producer | null = null;
  const exchange = {
    produce: (producer: Producer) => (given = producer),
    respond: ({ fields }: Answer, length: number) => steps.push([fields, length]),
    write: (_bytes: Uint8Array, from: number, to: number) => {
      steps.push(`${from / KIB}-${to / KIB}`);
      return takes();
    },
    end: () => steps.push('end'),
  };
  return { steps, exchange: exchange as unknown as Exchange, producer: () => given ?? assert.fail('nobody answers') };
}

test('an answer is given again piece by piece, as its client takes it', () => {
  const { steps, exchange, producer } = stage(() => steps.length !== 2);
  RepeatedAnswer.give(exchange, { ...KEPT, body: new Uint8Array(130 * KIB), isStream: false }, 8999);
  const head = [[...KEPT.fields, ['Age', '7']], 130 * KIB];
  assert.deepEqual(steps, [head, '0-64']);
  producer().resume();
  producer().resume();
  assert.deepEqual(steps, [head, '0-64', '64-128', '128-130', 'end']);
});

test('a stream has no length, and what was given up is not gone on with', () => {
  const { steps, exchange, producer } = stage(() => false);
  RepeatedAnswer.give(exchange, { ...KEPT, body: new Uint8Array(65 * KIB), isStream: true }, 500);
  producer().cancel(new Error() as never);
  producer().resume();
  assert.deepEqual(steps, [[[...KEPT.fields, ['Age', '0']], -1], '0-64']);
});
