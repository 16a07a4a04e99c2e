import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMsgpack } from '../../codec/msgpack/read-msgpack.ts';
import { StreamFlow } from './stream-flow.ts';
import { StreamWindow, WindowBudget } from './stream-window.ts';

const KIB = 1024;

function stage(credit?: number) {
  const told: string[] = [];
  const peer = {
    id: 1,
    sendPart: (_bytes: Buffer, { from, to, fin }: { from: number; to: number; fin: boolean | null }) =>
      told.push(`part ${to - from} ${fin}`) > 0,
    sayFlow: (bytes: Buffer) => {
      const said = readMsgpack(bytes) as ReadonlyMap<string, string | number>;
      told.push(`${said.get('Type') ?? ''} ${said.get('bytes') ?? ''}`.trim());
    },
  };
  return { told, flow: new StreamFlow(peer, new StreamWindow(new WindowBudget(KIB * KIB)), credit) };
}

const part = (to: number, fin: boolean | null = null) => ({ from: 0, to, wsType: null, fin });

test('what there is no credit for waits in order, and is said to', () => {
  const { told, flow } = stage(100);
  assert.equal(flow.send(Buffer.alloc(150), part(150, true)), false);
  assert.equal(flow.send(Buffer.alloc(30), part(30)), false);
  assert.equal(flow.isWaiting, true);
  assert.deepEqual(told, ['part 100 false', 'StreamBlocked']);
  assert.equal(flow.credited(60), false);
  assert.equal(flow.credited(20), true);
  assert.deepEqual(told.slice(2), ['part 50 true', 'part 10 null', 'StreamBlocked', 'part 20 null']);
  assert.equal(flow.credited(20), false);
});

test('an end without bytes needs no credit', () => {
  const { told, flow } = stage(0);
  assert.equal(flow.send(Buffer.alloc(0), part(0, true)), true);
  assert.deepEqual(told, ['part 0 true']);
});

test('credit is given for what was taken, and for what was held once it is free', () => {
  const { told, flow } = stage();
  flow.taken(64 * KIB);
  flow.held(64 * KIB);
  flow.blocked(true);
  assert.deepEqual(told, [`StreamCredit ${64 * KIB}`]);
  flow.freed();
  flow.freed();
  flow.blocked(false);
  flow.blocked(true);
  assert.deepEqual(told.slice(1), [`StreamCredit ${64 * KIB}`, `StreamCredit ${256 * KIB}`]);
});
