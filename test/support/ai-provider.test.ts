import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AiProvider, heardValues, sha256 } from './ai-provider.ts';

const post = (body: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body), headers: { 'x-own': '1' } });

test('the stand-in streams what both providers would, and keeps what it has heard and said', async (t) => {
  const provider = await AiProvider.open(t);
  for (const [path, end] of [
    ['/v1/messages?beta=true', '"type":"message_stop"}\n\n'],
    ['/backend-api/codex/responses', '"total_tokens":123}}}\n\n'],
  ] as const) {
    const body = { model: 'm', stream: true };
    const text = await (await fetch(provider.url + path, post(body))).text();
    assert.ok(text.endsWith(end), text);
    const { last } = provider;
    assert.equal(last.target, path);
    assert.deepEqual(heardValues(last, 'x-own'), ['1']);
    assert.equal(sha256(last.body), sha256(JSON.stringify(body)));
    assert.equal(sha256(Buffer.concat(last.said)), sha256(text));
  }
});

test('the stand-in follows a plan once', async (t) => {
  const provider = await AiProvider.open(t);
  provider.plans.push({ status: 429, body: '{}', fields: { 'retry-after': '1' } }, { cutAfter: 2 });
  const url = `${provider.url}/v1/messages`;
  assert.equal((await fetch(url, post({}))).status, 429);
  await assert.rejects(fetch(url, post({ stream: true })).then((answer) => answer.text()));
  assert.equal(provider.last.said.length, 2);
  assert.match(await (await fetch(url, post({}))).text(), /"output_tokens":15/);
});
