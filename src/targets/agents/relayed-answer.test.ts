// What comes through to clients: test/e2e/agents-of-nodes.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import { SluiceError } from '../../core/errors.ts';
import type { NodeCall, ReplyEvents } from '../../services/agents/node-call.ts';
import type { OtherAgents, Place } from '../../services/agents/other-agents.ts';
import { RelayedAnswer } from './relayed-answer.ts';

const PLACE: Place = { name: 'one', way: null, isThere: true, run: null };
const CALL: NodeCall = { method: 'GET', target: '/', viewer: '', headMs: 1 };

function stage(takes = true): { told: string[]; node: ReplyEvents; client: Producer } {
  const told: string[] = [];
  let node: ReplyEvents | undefined;
  let client: Producer | undefined;
  const exchange = {
    produce: (producer: Producer) => (client = producer),
    respond: ({ status, fields = [] }: Answer) => told.push(`${status} ${fields.flat().join(' ')}`),
    answer: ({ status }: Answer) => told.push(`answer ${status}`),
    write: (bytes: Buffer, from: number, to: number) => {
      told.push(bytes.toString('latin1', from, to));
      return takes;
    },
    end: () => told.push('end'),
    abort: ({ code, message }: SluiceError) => told.push(`${code}: ${message}`),
  } as unknown as Exchange;
  const others = {
    call: (_: Place, __: NodeCall, events: ReplyEvents) => {
      node = events;
      return { pause: () => told.push('pause'), resume: () => told.push('resume'), cancel: () => told.push('cancel') };
    },
  } as unknown as OtherAgents;
  new RelayedAnswer(exchange, PLACE).begin(others, CALL);
  return { told, node: node ?? assert.fail('nobody was asked'), client: client ?? assert.fail('nobody produces') };
}

const head = (status: number): { status: number; field(name: string): string | undefined } => ({
  status,
  field: (name) => (name === 'x-agent-id' ? 'r1' : undefined),
});

describe('an answer of another node', () => {
  test('goes on at the pace of the client', () => {
    const { told, node, client } = stage(false);
    node.head(head(200));
    node.body(Buffer.from('abc'), 1, 2);
    client.resume();
    node.end();
    node.end();
    assert.deepEqual(told, ['200 X-Agent-Id r1', 'b', 'pause', 'resume', 'end']);
  });

  test('may be empty', () => {
    const { told, node } = stage();
    node.head(head(204));
    node.end();
    assert.deepEqual(told, ['answer 204']);
  });

  test('is refused as the node refuses it, or because it does not answer', () => {
    const refused = stage();
    refused.node.failed(new SluiceError('not_found', { message: 'None.' }), true);
    const silent = stage();
    silent.node.failed(new SluiceError('upstream_reset'), false);
    assert.deepEqual(
      [...refused.told, ...silent.told],
      ['not_found: None.', 'node_unreachable: The node one does not answer.'],
    );
  });

  test('is given up with its client', () => {
    const { told, node, client } = stage();
    client.cancel(new SluiceError('client_closed'));
    node.head(head(200));
    node.body(Buffer.from('x'), 0, 1);
    node.failed(new SluiceError('upstream_reset'), false);
    assert.deepEqual(told, ['cancel']);
  });
});
