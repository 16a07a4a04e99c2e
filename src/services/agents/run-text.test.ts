import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { eventOfText, eventText, runOfText, runText } from './run-text.ts';

test('a run and its events are the same on another node, byte for byte', () => {
  const told = { node: 'n', name: 'one', row: agentRunRow({}) };
  assert.deepEqual(runOfText(runText(told)), told);
  assert.deepEqual([runOfText('{}'), runOfText('?')], [null, null]);
  const event = { number: 3, type: 'raw', line: Buffer.from([0, 255, 10]) };
  assert.deepEqual(eventOfText(3, eventText(event)), event);
});

test('of a line that is too long only its size is told', () => {
  const { type, line } = eventOfText(1, eventText({ number: 1, type: 'raw', line: Buffer.alloc(300_000) }));
  assert.deepEqual([type, line.toString()], ['sluice.too_large', '{"type":"sluice.too_large","bytes":300000}']);
});
