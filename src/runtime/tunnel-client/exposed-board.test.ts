import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wish } from '../../../test/support/exposed.ts';
import type { ExposedTunnel } from './expose-tunnels.ts';
import { endedReport, ExposedBoard } from './exposed-board.ts';

const tunnel = { name: 'app' } as ExposedTunnel;
const client = { healthOf: () => null };

test('a board tells of each tunnel what has become of it, and counts its requests', () => {
  const board = new ExposedBoard();
  const look = () => board.report(wish(3000), 'server', client);
  assert.deepEqual([look().status, look().url, look().local], ['connecting', null, '127.0.0.1:3000']);
  board.opened([{ tunnel, url: 'http://app.test', id: 'app', remotePort: null }]);
  for (let i = 0; i < 2; i++) board.request({ tunnel, bytesIn: 1, bytesOut: 2 });
  const { status, url, requests, bytesIn, bytesOut } = look();
  assert.deepEqual([status, url, requests, bytesIn, bytesOut], ['online', 'http://app.test', 2, 2, 4]);
  board.lost('gone');
  assert.deepEqual([look().status, look().url, look().why], ['connecting', null, 'gone']);
  board.ended({ kind: 'refused', code: 'UNAUTHORIZED', why: 'no' });
  assert.deepEqual([look().status, look().why, look().requests], ['ended', 'no (UNAUTHORIZED)', 2]);
  assert.equal(endedReport(wish(1), 'server', 'no token').why, 'no token');
});
