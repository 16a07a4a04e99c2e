// Taking a backend out over the admin door while requests go through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http1Origin } from '../support/origins.ts';
import { startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-for-the-admin-door';

test('a backend that is disabled gets nothing more from any worker, and gets its share again', async (t) => {
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => http1Origin(t, (_request, response) => response.end(name))),
  );
  const config = `
    process: { workers: 2 }
    admin: { token: ${TOKEN} }
    gateway: { routes: [{ name: pair, to: { backends: ["${a}", "${b}"] } }] }`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
  const seen = async (): Promise<Set<string>> => {
    const answers = Array.from({ length: 20 }, async () => {
      return (await fetch(sluice.address('gateway'), { headers: { Connection: 'close' } })).text();
    });
    return new Set(await Promise.all(answers));
  };
  const change = async (body: object): Promise<number> => {
    const id = encodeURIComponent(`pair/${new URL(a!).origin}`);
    const answer = await fetch(`${sluice.address('admin')}/api/v1/backends/${id}`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.status;
  };
  assert.deepEqual(await seen(), new Set(['a', 'b']));
  assert.equal(await change({ enabled: false }), 200);
  assert.deepEqual(await seen(), new Set(['b']));
  assert.equal(await change({ enabled: true }), 200);
  assert.deepEqual(await seen(), new Set(['a', 'b']));
});
