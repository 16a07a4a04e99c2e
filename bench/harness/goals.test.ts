import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judge } from './goals.ts';
import type { CaseResult, Row } from './results.ts';

function row(label: string, cost: number, leastShare?: number): Row {
  const result = { cost, rssMiB: 50, errors: 0, ...(leastShare !== undefined && { leastShare }) };
  return { label, peer: label, result, samples: [result] };
}

function result(name: string, ...rows: Row[]): CaseResult {
  return { name, title: name, cost: 'CPU µs per request', baseline: 'nginx', rows };
}

describe('judge', () => {
  test('says of each goal that the run has figures for whether it is met', () => {
    const { rows } = judge([result('small', row('sluice', 15), row('nginx', 13), row('http-proxy', 40))]);
    assert.deepEqual(rows, [
      ['small: sluice to nginx', '1.15 ×', 'at most 1.25 ×', 'yes'],
      ['small: sluice to http-proxy', '0.38 ×', 'at most 0.35 ×', 'no'],
    ]);
  });

  test('judges a ratio as it is shown', () => {
    const verdicts = [1.254, 1.256].map(
      (ratio) => judge([result('small', row('sluice', ratio), row('nginx', 1))]).rows,
    );
    assert.deepEqual(verdicts.flat(), [
      ['small: sluice to nginx', '1.25 ×', 'at most 1.25 ×', 'yes'],
      ['small: sluice to nginx', '1.26 ×', 'at most 1.25 ×', 'no'],
    ]);
  });

  test('says nothing of a peer that failed', () => {
    const failed: Row = { label: 'nginx', peer: 'nginx', samples: [], note: 'not installed' };
    assert.deepEqual(judge([result('small', row('sluice', 15), failed)]).rows, []);
  });

  test('compares two workers with one, and wants both to have work', () => {
    const { rows } = judge([result('workers', row('sluice × 1', 10), row('sluice × 2', 11.5, 0.38))]);
    assert.deepEqual(
      rows.map((cells) => cells.at(-1)),
      ['no', 'no'],
    );
  });

  test('wants a rate to be held, without an answer that is missing', () => {
    const verdicts = [
      { cost: 50, perSecond: 1000, errors: 0 },
      { cost: 51, perSecond: 980, errors: 0 },
      { cost: 10, perSecond: 1000, errors: 1 },
    ].map((given) => {
      const held = { rssMiB: 50, ...given };
      const only: Row = { label: 'sluice, every policy on', peer: 'sluice', result: held, samples: [held] };
      return judge([result('gateway-load', only)]).rows.map((cells) => cells.at(-1));
    });
    assert.deepEqual(verdicts, [
      ['yes', 'yes'],
      ['no', 'no'],
      ['yes', 'no'],
    ]);
  });

  test('wants events of streams to be there soon, and many streams to be small', () => {
    const streams = { ...row('sluice', 14), result: { cost: 14, p99Ms: 21, rssMiB: 150, errors: 0 } };
    const { rows } = judge([result('ai-first-byte', row('sluice', 0.2)), result('ai-streams', streams)]);
    assert.deepEqual(rows, [
      ['ai-first-byte: median', '0.2 ms', 'at most 1 ms', 'yes'],
      ['ai-streams: 99 of 100 events', '21 ms', 'at most 20 ms', 'no'],
      ['ai-streams: memory', '150 MiB', 'at most 200 MiB', 'yes'],
    ]);
  });

  test('wants idle connections to be small', () => {
    const [only] = judge([result('idle', row('sluice', 11.9))]).rows;
    assert.deepEqual(only?.slice(1), ['11.9 KiB', 'at most 12 KiB', 'yes']);
  });
});
