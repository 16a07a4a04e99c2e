import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LegacyStream } from './legacy-stream.ts';

const REQUEST = { tunnelId: 'app', mode: 'http', path: '/', method: 'GET', headers: [], hasBody: false } as const;

function stream(): { made: LegacyStream; told: string[] } {
  const told: string[] = [];
  const made = new LegacyStream(
    { left: () => told.push('left') },
    { request: REQUEST, message: Buffer.from('x') },
    {
      head: ({ status }) => told.push(`head ${status}`),
      data: (bytes) => told.push(String(bytes)) === 0,
      ended: () => told.push('ended'),
      failed: (how) => told.push(`failed ${how}`),
      drain: () => told.push('drain'),
    },
  );
  made.proxy = { resume: () => told.push('resume'), abandon: () => told.push('abandon') };
  return { made, told };
}

test('a request tells its visitor of the answer until its end, and of nothing afterwards', () => {
  const { made, told } = stream();
  made.head({ status: 200, headers: [], subprotocol: null });
  assert.deepEqual([made.data(Buffer.from('a')), made.send()], [false, true]);
  made.resume();
  made.ended();
  made.failed('gone', '');
  made.close();
  assert.deepEqual([made.data(Buffer.from('b')), made.message], [true, null]);
  assert.deepEqual(told, ['head 200', 'a', 'resume', 'left', 'ended']);
});

test('a visitor who leaves lets the socket know', () => {
  const { made, told } = stream();
  made.reset();
  made.ended();
  assert.deepEqual(told, ['left', 'abandon']);
});
