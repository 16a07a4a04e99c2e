// Through the API, for what counts is which requests it answers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../test/support/admin-desk.ts';

const OWN = 'http://127.0.0.1:8889';

async function signedIn(desk: AdminDesk, more: Record<string, string> = {}): Promise<string> {
  const answer = await desk.ask('/api/v1/session', {
    method: 'POST',
    headers: { ...AUTHORIZED, Origin: OWN, ...more },
  });
  assert.equal(answer.status, 200);
  return answer.headers.get('set-cookie') ?? '';
}

describe('the session of a browser', () => {
  test('is given for a token in a cookie that goes to this door only, and that no script reads', async () => {
    const cookie = await signedIn(await AdminDesk.open());
    assert.match(cookie, /^sluice_session_8889=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/);
  });

  test('goes over TLS only where the browser came over TLS', async () => {
    const desk = await AdminDesk.open();
    const cookie = await signedIn(desk, { Origin: 'https://127.0.0.1', Host: '127.0.0.1' });
    assert.match(cookie, /^sluice_session_default=.*; Secure$/);
  });

  test('lets in as the token does, to read and, from our own page, to write', async () => {
    const desk = await AdminDesk.open();
    const [pair = ''] = (await signedIn(desk)).split(';');
    const headers = { Cookie: `other=1; ${pair}` };
    assert.equal((await desk.ask('/api/v1/status', { headers })).status, 200);
    const write = (origin: Record<string, string>): Promise<Response> =>
      desk.ask('/api/v1/reload', { method: 'POST', headers: { ...headers, ...origin } });
    assert.equal((await write({ Origin: OWN })).status, 200);
    assert.equal(desk.logged.at(-1)?.fields['actor'], 'alice');
    for (const origin of [
      {},
      { Origin: 'null' },
      { Origin: 'http://127.0.0.1:3000' },
      { Origin: 'http://evil.example' },
    ]) {
      assert.equal(await refused(await write(origin)), '403 forbidden');
    }
    assert.equal(desk.reloads.length, 1);
  });

  test('does not count for what a page of another server on this machine asks', async () => {
    const desk = await AdminDesk.open();
    const [pair = ''] = (await signedIn(desk)).split(';');
    for (const site of ['same-site', 'cross-site']) {
      const headers = { Cookie: pair, 'Sec-Fetch-Site': site };
      assert.equal(await refused(await desk.ask('/api/v1/status', { headers })), '403 forbidden');
    }
  });

  test('that has ended is taken from the browser, and guessing one is slowed like guessing a token', async () => {
    const desk = await AdminDesk.open();
    const headers = { Cookie: 'sluice_session_8889=gone' };
    const answer = await desk.ask('/api/v1/status', { headers });
    assert.match(answer.headers.get('set-cookie') ?? '', /^sluice_session_8889=; Path=\/; Max-Age=0; /);
    assert.equal(await refused(answer), '401 unauthorized');
    for (let count = 1; count < 5; count += 1) await desk.ask('/api/v1/status', { headers });
    assert.deepEqual(desk.delays, [100, 200]);
  });
});
