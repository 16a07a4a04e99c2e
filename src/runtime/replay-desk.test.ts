import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seenRequest } from '../../test/support/seen-request.ts';
import type { ReplayRequest } from '../engine/replay-client.ts';
import type { CapturedExchange } from '../telemetry/capture-shelf.ts';
import type { SeenRequest } from '../telemetry/seen-request.ts';
import { ReplayDesk, type ReplayWish } from './replay-desk.ts';

interface Kept {
  readonly seen?: Partial<SeenRequest>;
  readonly hidesTarget?: boolean;
  readonly captured?: Partial<CapturedExchange>;
}

async function replayed(
  { seen = {}, hidesTarget = false, captured }: Kept,
  wish: Partial<ReplayWish> = {},
): Promise<string> {
  const sent: ReplayRequest[] = [];
  const kept: CapturedExchange | null =
    captured === undefined
      ? null
      : {
          id: 'r1',
          fields: [],
          hidden: [],
          body: null,
          answerFields: [],
          answerBody: null,
          keepsBodies: true,
          keepsCredentials: false,
          ...captured,
        };
  const desk = new ReplayDesk(
    { findWhole: () => Promise.resolve({ seen: seenRequest(seen), hidesTarget }) },
    {
      capture: () => Promise.resolve(kept),
      replay: (_door, request) => {
        sent.push(request);
        return Promise.resolve({
          id: 'r2',
          status: 200,
          fields: [],
          body: new Uint8Array(0),
          length: 0,
          isComplete: true,
        });
      },
    },
  );
  try {
    await desk.replay('r1', { headers: new Map(), target: null, ...wish });
  } catch (error) {
    return (error as Error).message;
  }
  return Buffer.concat(sent.flatMap(({ head, body }) => [head, body])).toString('latin1');
}

const body = { bytes: Buffer.from('hello'), length: 5, isComplete: true };

describe('a request that is sent again', () => {
  test('is what it was, but for what belongs to its connection', async () => {
    const fields = [
      ['Host', 'a.test'],
      ['X-A', '1'],
      ['Connection', 'close'],
      ['Content-Length', '5'],
    ] as const;
    assert.equal(
      await replayed({ seen: { method: 'POST', target: '/x', bytesReceived: 5 }, captured: { fields, body } }),
      'POST /x HTTP/1.1\r\nHost: app.test\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello',
    );
    assert.equal(await replayed({}), 'GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
  });

  test('has what it is given in place of what it had', async () => {
    const fields = [
      ['X-A', '1'],
      ['x-b', '2'],
      ['Cookie', '***'],
    ] as const;
    const headers = new Map([
      ['x-a', '3'],
      ['x-b', null],
      ['cookie', 'c=d'],
      ['host', 'evil.test'],
    ]);
    assert.equal(
      await replayed({ captured: { fields, hidden: ['cookie'] } }, { headers, target: '/y' }),
      'GET /y HTTP/1.1\r\nHost: app.test\r\nx-a: 3\r\ncookie: c=d\r\n\r\n',
    );
  });

  test('is not sent when not all of it is there', async () => {
    assert.match(await replayed({ seen: { method: 'CONNECT' } }), /it has opened a connection/);
    assert.match(await replayed({ seen: { status: 101 } }), /it has opened a connection/);
    const seen = { bytesReceived: 5 };
    assert.match(await replayed({ seen }), /its body was not kept/);
    assert.match(await replayed({ seen, captured: { keepsBodies: false } }), /providers of AI/);
    assert.match(await replayed({ seen, captured: { body: { ...body, length: 9 } } }), /longer than what is kept/);
    assert.match(await replayed({ seen, captured: { body: { ...body, isComplete: false } } }), /or was cut/);
    assert.match(
      await replayed({ captured: { hidden: ['cookie', 'x-api-key'] } }),
      /values of cookie, x-api-key are not kept/,
    );
    assert.match(await replayed({ hidesTarget: true }), /its target holds a credential/);
    assert.match(await replayed({ hidesTarget: true, captured: { keepsCredentials: true } }), /^GET/);
  });
});
