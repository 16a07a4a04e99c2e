import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardTo, head, origin, Playbook } from '../../../test/support/playbook.ts';
import { HeaderChanges } from './header-changes.ts';
import { requestHeaders } from './request-headers.ts';

const changes = new HeaderChanges({ set: { 'X-Team': 'a' }, add: { 'X-Seen': 'b' }, remove: ['Cookie'] });
const FIELDS = ['Host: a.test', 'x-team: theirs', 'Cookie: 1', 'X-Seen: a', 'Accept: */*'];

test('a target sees the request as it was changed, and the client its own', (t) => {
  const play = new Playbook(t, { policies: [requestHeaders(changes)], forwarding: 'none' });
  play.downstreamSends(head('GET / HTTP/1.1', ...FIELDS)).expectDial();
  play.expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Seen: a', 'Accept: */*', 'X-Team: a', 'X-Seen: b'));
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 [^]*(?<!X-Team[^]*)$/);
});

test('a request that is tried again is not changed twice', (t) => {
  const [first, second] = [origin({ name: 'http://one' }), origin({ name: 'http://two' })];
  const target = {
    ...forwardTo(),
    maxAttempts: 2,
    select: (_: unknown, tried: readonly unknown[]) => [first, second][tried.length]!,
  };
  const play = new Playbook(t, { target, policies: [requestHeaders(changes)], forwarding: 'none' });
  play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test')).expectDialBegins('http://one').upstreamRefuses();
  play.expectDial('http://two').expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Team: a', 'X-Seen: b'));
  play.upstreamSends(head('HTTP/1.1 204 No Content'));
  assert.match(play.takeDownstream(), / 204 /);
});
