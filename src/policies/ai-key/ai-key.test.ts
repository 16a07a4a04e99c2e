import assert from 'node:assert/strict';
import { test } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { aiKey } from './ai-key.ts';

test('a provider gets the key where it looks for it, and nothing that the client has', (t) => {
  for (const [dialect, field] of [
    ['anthropic', 'x-api-key: sk-own'],
    ['openai', 'Authorization: Bearer sk-own'],
  ] as const) {
    const play = new Playbook(t, { policies: [aiKey({ key: 'sk-own', dialect })], forwarding: 'none' });
    const client = ['Host: a.test', 'X-API-KEY: theirs', 'authorization: Bearer theirs', 'X-Own: 1'];
    play.downstreamSends(head('GET / HTTP/1.1', ...client)).expectDial();
    play.expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Own: 1', field));
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  }
});

test('the key is told to nobody who asks what happens', () => {
  const policy = aiKey({ key: 'sk-own', dialect: 'openai' });
  assert.doesNotMatch(JSON.stringify(policy) + policy.foresee?.(null as never), /sk-own/);
});
