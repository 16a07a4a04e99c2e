// What is kept of requests, and sending them again: through the policies that they have passed.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ReplayAnswer, RequestDetailAnswer } from '../../src/control/captured-answer.ts';
import type { ErrorAnswer, RequestsAnswer } from '../../src/control/admin-answers.ts';
import { http1Origin } from '../support/origins.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-for-the-admin-door';
const ANN = 'a-long-token-of-ann';

interface Got {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly trace: string | undefined;
  readonly body: string;
}

async function stage(t: TestContext, capture: string, workers = 1) {
  const got: Got[] = [];
  const origin = await http1Origin(t, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { authorization, 'x-trace': trace } = request.headers;
      got.push({ method: request.method!, url: request.url!, authorization, trace: trace as string | undefined, body });
      const text = `got ${body} <script>`;
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Set-Cookie': 'session=secret' }).end(gzipSync(text));
    });
  });
  const config = `
    process: { workers: ${workers} }
    admin: { token: ${TOKEN}, capture: ${capture} }
    egress: { listen: "127.0.0.1:0" }
    gateway:
      routes:
        - { name: guarded, match: { path: /guarded }, to: "${origin}", policies: { auth: users } }
        - { name: few, match: { path: /few }, to: "${origin}", policies: { rate_limit: { rate: 1/h, burst: 1 } } }
        - { name: app, to: "${origin}" }
    users: [{ name: ann, token: ${ANN}, may: [gateway] }]`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
  const ask = (path: string, body?: object): Promise<Response> =>
    fetch(`${sluice.address('admin')}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const lastId = async (): Promise<string> => {
    const [last] = ((await (await ask('/requests?limit=1')).json()) as RequestsAnswer).requests;
    return last!.request_id;
  };
  const send = async (path: string, init: RequestInit = {}): Promise<string> => {
    await (await fetch(sluice.address('gateway') + path, init)).text();
    return lastId();
  };
  const replay = async (id: string, wish: object = {}): Promise<ReplayAnswer> => {
    const answer = await ask(`/requests/${id}/replay`, wish);
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as ReplayAnswer;
  };
  const refusal = async (id: string, wish: object = {}): Promise<string> => {
    const answer = await ask(`/requests/${id}/replay`, wish);
    const { error } = (await answer.json()) as ErrorAnswer;
    return `${answer.status} ${error.code} ${error.message}`;
  };
  return { sluice, got, origin, ask, send, lastId, replay, refusal };
}

describe('a request that is kept', () => {
  test('is shown with its bodies, and without credentials', async (t) => {
    const { ask, send } = await stage(t, '{ bodies: true, max_body: 8 }');
    const headers = { Authorization: `Bearer ${ANN}`, 'X-Trace': '7' };
    const id = await send('/guarded?token=abc', { method: 'POST', body: 'hello', headers });
    const { captured, target } = (await (await ask(`/requests/${id}`)).json()) as RequestDetailAnswer;
    const shown = JSON.stringify(captured);
    assert.ok(!shown.includes(ANN) && !shown.includes('session=secret') && shown.includes('"7"'), shown);
    assert.equal(target, '/guarded?token=***');
    assert.deepEqual(captured?.request.body, { bytes: 5, kept: 5, truncated: false });
    assert.deepEqual(captured?.not_kept, ['authorization']);
    const asked = await ask(`/requests/${id}/request-body`);
    assert.deepEqual(
      ['content-type', 'content-disposition', 'x-content-type-options', 'x-sluice-truncated'].map((name) => {
        return asked.headers.get(name);
      }),
      ['text/plain; charset=utf-8', `attachment; filename="${id}-request.txt"`, 'nosniff', 'false'],
    );
    assert.equal(await asked.text(), 'hello');
    const answered = await ask(`/requests/${id}/response-body`);
    assert.equal(answered.headers.get('x-sluice-truncated'), 'true');
    assert.equal((await ask('/requests/none/request-body')).status, 404);
  });

  test('is sent again as it was, and stands in the list as a repetition', async (t) => {
    const { got, ask, send, replay, refusal, sluice } = await stage(t, '{ bodies: true }');
    const headers = { Authorization: `Bearer ${ANN}`, 'X-Trace': '7' };
    const id = await send('/guarded', { method: 'POST', body: 'hello', headers });
    assert.match(await refusal(id), /^409 not_repeatable .*authorization/);
    const { request, response } = await replay(id, { headers: { authorization: `Bearer ${ANN}` } });
    assert.deepEqual([request?.replay_of, request?.status, request?.user, request?.route], [id, 200, 'ann', 'guarded']);
    assert.deepEqual([response.text, response.cut], ['got hello <script>', false]);
    assert.ok(!JSON.stringify(response.headers).includes('session=secret'));
    assert.deepEqual(got[1], got[0]);
    const refused = await replay(id, { headers: { authorization: null } });
    assert.deepEqual([refused.response.status, refused.request?.answered_by], [401, 'auth']);
    const other = await replay(request!.request_id, {
      headers: { Authorization: `Bearer ${ANN}`, 'x-trace': null },
      target: '/guarded?b',
    });
    assert.deepEqual(
      [other.request?.replay_of, got[2]?.url, got[2]?.trace],
      [request!.request_id, '/guarded?b', undefined],
    );
    const { stdout, stderr } = await runSluice(
      t,
      ['requests', 'replay', id, '--header', `Authorization: Bearer ${ANN}`],
      {
        folder: sluice.folder,
      },
    );
    assert.match(stderr, /200 {2}POST/);
    assert.equal(stdout, 'got hello <script>');
    assert.equal((await ask('/requests/none/replay', {})).status, 404);
    assert.equal((await ask(`/requests/${id}/replay`, { headers: { 'x-a': 'b\r\nX-C: d' } })).status, 422);
  });

  test('has its credentials where the configuration keeps them', async (t) => {
    const { got, ask, send, replay } = await stage(t, '{ bodies: true, credentials: true }', 2);
    const id = await send('/guarded', { headers: { Authorization: `Bearer ${ANN}` } });
    assert.equal((await replay(id)).response.status, 200);
    assert.deepEqual(got[1], got[0]);
    assert.ok(!(await (await ask(`/requests/${id}`)).text()).includes(ANN));
  });

  test('passes all policies once more, at the door where it came in', async (t) => {
    const { sluice, origin, send, lastId, replay } = await stage(t, '{ bodies: true }');
    const id = await send('/few', { method: 'PUT', body: 'x' });
    assert.equal((await replay(id)).response.status, 429);
    const proxy = new URL(sluice.address('egress'));
    const answered = await new Promise<number>((resolve, reject) => {
      const options = {
        host: proxy.hostname,
        port: proxy.port,
        path: `${origin}/through`,
        headers: { Host: new URL(origin).host },
      };
      http.get(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode!))).on('error', reject);
    });
    assert.equal(answered, 200);
    const { request, response } = await replay(await lastId());
    assert.deepEqual([request?.door, response.status, response.text], ['egress', 200, 'got  <script>']);
  });
});

test('without a capture a request is sent again as far as it is known, and one with a body is not', async (t) => {
  const { ask, send, replay, refusal } = await stage(t, '{}');
  const id = await send('/plain');
  const detail = (await (await ask(`/requests/${id}`)).json()) as RequestDetailAnswer;
  assert.equal(detail.captured, null);
  assert.equal((await replay(id)).response.text, 'got  <script>');
  const posted = await send('/plain', { method: 'POST', body: 'hello' });
  assert.match(await refusal(posted), /^409 not_repeatable .*its body was not kept \(admin\.capture\.bodies\)/);
  const secret = await send('/plain?key=abc');
  assert.match(await refusal(secret), /"target"/);
  assert.equal((await replay(secret, { target: '/plain?key=abc' })).response.status, 200);
  assert.equal((await ask(`/requests/${id}/response-body`)).status, 404);
});
