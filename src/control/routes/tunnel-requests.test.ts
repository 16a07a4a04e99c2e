import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { RequestReport } from '../../runtime/tunnel-client/request-report.ts';

const body = { bytes: 2, text: 'hi', base64: null, cut: false };
const REPORT: RequestReport = {
  id: 7,
  atMs: 0,
  tunnel: 'web',
  kind: 'http',
  method: 'GET',
  path: '/',
  status: 200,
  durationMs: 1.26,
  replayOf: null,
  requestHeaders: [['Cookie', '***']],
  request: body,
  answerHeaders: [],
  answer: body,
};

test('requests are listed, shown one by one, asked again and forgotten', async () => {
  const desk = await AdminDesk.open();
  desk.requests = [REPORT, { ...REPORT, id: 6, tunnel: 'api' }];
  const ask = async (path: string, method = 'GET') =>
    (await desk.ask(`/api/v1/tunnels/requests${path}`, { method, headers: AUTHORIZED })).json() as Promise<
      Record<string, unknown>
    >;
  const ids = async (path: string) => ((await ask(path))['requests'] as { id: number }[]).map(({ id }) => id);
  assert.deepEqual([await ids(''), await ids('?tunnel=api'), await ids('?limit=1')], [[7, 6], [6], [7]]);
  const { duration_ms: ms, request } = await ask('/7');
  assert.deepEqual([ms, request], [1.3, { headers: [['Cookie', '***']], text: 'hi', base64: null, cut: false }]);
  assert.deepEqual((await ask('/7/replay', 'POST'))['replay_of'], 7);
  assert.deepEqual(await ask('/forget', 'POST'), { forgotten: true });
  assert.deepEqual(await ids(''), []);
});

test('what is not there is told', async () => {
  const desk = await AdminDesk.open();
  const ask = async (path: string, method = 'GET') =>
    refused(await desk.ask(`/api/v1/tunnels/requests${path}`, { method, headers: AUTHORIZED }));
  assert.equal(await ask('/7'), '404 not_found');
  assert.equal(await ask('/7/replay', 'POST'), '404 not_found');
  desk.requests = null;
  assert.equal(await ask(''), '404 not_found');
});
