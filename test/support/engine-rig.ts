// What tests of faults ask of a gateway after each of them: that every request has left one line and is counted once, that
// nothing is held, and that it answers as ever. Rule: whoever loads this counts the head buffers of the whole thread.
import assert from 'node:assert/strict';
import type net from 'node:net';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { headBuffers } from '../../src/engine/head-buffers.ts';
import type { AccessLine, Gateway } from './gateway.ts';
import { RawClient } from './raw-client.ts';

let headBuffersTaken = 0;
const { take, give } = headBuffers;
headBuffers.take = () => {
  headBuffersTaken++;
  return take.call(headBuffers);
};
headBuffers.give = (buffer) => {
  headBuffersTaken--;
  give.call(headBuffers, buffer);
};

/** How many buffers hold heads of running exchanges. */
export function countHeadBuffers(): number {
  return headBuffersTaken;
}

/** Status and error of each request, after everything has come to rest. */
export async function outcomes(gateway: Gateway, requests: number): Promise<string[]> {
  const isQuiet = (): boolean => gateway.metric('sluice_http_requests_in_flight') === 0 && headBuffersTaken === 0;
  await gateway.until(isQuiet, 'that nothing runs any more');
  const lines = await gateway.accessLines(requests);
  assert.equal(lines.length, requests, JSON.stringify(lines));
  const isCounted = gateway.metric('sluice_http_requests_total');
  assert.equal(isCounted, requests);
  assert.equal(gateway.metric('sluice_http_request_errors_total'), lines.filter(isFailed).length);
  return lines.map((line) => [line['http.response.status_code'], line['error.type']].filter(Boolean).join(' '));
}

function isFailed(line: AccessLine): boolean {
  return line['error.type'] !== undefined;
}

/** What is asked of every test at its end: the outcomes, and a request that is answered as ever. */
export async function endsWell(t: TestContext, gateway: Gateway, wanted: readonly string[]): Promise<void> {
  assert.deepEqual(await outcomes(gateway, wanted.length), wanted);
  const client = await RawClient.ask(t, gateway.port, 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(client.text, /^HTTP\/1\.1 200 OK/);
}

/** Bytes that an origin sends without end, as fast as they are taken. */
export function pour(socket: net.Socket, bytes: number): void {
  const part = Buffer.alloc(64 * 1024, 'x');
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, part.length);
      left -= size;
      if (!socket.write(part.subarray(0, size))) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

/** Resolves when a number has stopped changing. */
export async function standsStill(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 300; await nextTurn()) {
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
