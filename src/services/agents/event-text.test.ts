import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { agentAnswer, COMPLETE, completeEvent, ndjsonOf, RAW, sseOf } from './event-text.ts';

const RUN = agentRunRow({ id: 'run-1', kind: 'claude', pid: 7, cwd: '/w' });

const event = (type: string, line: string | Buffer) => ({ number: 3, type, line: Buffer.from(line as string) });

describe('an event', () => {
  test('is sent as the agent has printed it', () => {
    assert.equal(sseOf(event('x', '{"type":"x"}')).toString(), 'id: 3\ndata: {"type":"x"}\n\n');
    assert.equal(sseOf(event('x', '{"a":\r1,\r"b":2}')).toString(), 'id: 3\ndata: {"a": 1, "b":2}\n\n');
  });

  test('that is no JSON is wrapped', () => {
    assert.equal(sseOf(event(RAW, 'a "b"')).toString(), 'id: 3\ndata: {"type":"raw","data":"a \\"b\\""}\n\n');
    const odd = sseOf(event(RAW, Buffer.from([0xff]))).toString();
    assert.equal(odd, 'id: 3\ndata: {"type":"raw","data":"/w==","encoding":"base64"}\n\n');
  });

  test('that is the last one has a name', () => {
    assert.equal(sseOf(event(COMPLETE, '{}')).toString(), 'event: complete\nid: 3\ndata: {}\n\n');
  });

  test('of a batch says whose it is', () => {
    const placed = { ...event('x', '{"a":1}'), run: 'r', sequence: 9 };
    assert.deepEqual(JSON.parse(ndjsonOf(placed, 2).toString()), {
      type: 'event',
      agent_id: 'r',
      index: 2,
      id: 3,
      sequence: 9,
      data: { a: 1 },
    });
    assert.match(ndjsonOf({ ...placed, type: COMPLETE }, 2).toString(), /^\{"type":"complete",[^\n]*\n$/);
  });
});

describe('what clients are told of a run', () => {
  test('is nothing that is not known', () => {
    assert.deepEqual(agentAnswer(RUN), {
      agent_id: 'run-1',
      kind: 'claude',
      status: 'queued',
      session_id: null,
      user: null,
      model: null,
      cwd: '/w',
      pid: null,
      batch: null,
      queued_at: '1970-01-01T00:00:00.000Z',
      started_at: null,
      ended_at: null,
      duration_ms: null,
      exit_code: null,
      signal: null,
      reason: null,
      usage: null,
      cost_usd: null,
    });
  });

  test('is all of it at the end', () => {
    const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
    const ended = { ...RUN, status: 'ok', startedAtMs: 1000, endedAtMs: 3000, exitCode: 0, tokens } as const;
    const { run, number, type, line } = completeEvent(ended, 5);
    assert.deepEqual([run, number, type], ['run-1', 5, COMPLETE]);
    assert.partialDeepStrictEqual(JSON.parse(line.toString()), {
      status: 'ok',
      duration_ms: 2000,
      exit_code: 0,
      usage: { input_tokens: 1, output_tokens: 2, cache_read_tokens: 3, cache_write_tokens: 4 },
    });
  });
});
