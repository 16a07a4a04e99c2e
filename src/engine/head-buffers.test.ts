import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import { headBuffers } from './head-buffers.ts';

test('a head takes a buffer for as long as its exchange runs, and an idle connection holds none', (t) => {
  const play = new Playbook(t).clientConnects();
  assert.equal(play.headBuffersTaken, 0);
  play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
  assert.equal(play.headBuffersTaken, 1);
  play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0')).expectDownstream(/^HTTP/);
  assert.equal(play.headBuffersTaken, 0);
});

test('a head that is larger than the buffers has one of its own', (t) => {
  const large = head('GET / HTTP/1.1', 'Host: a.test', `X-Large: ${'x'.repeat(headBuffers.size)}`);
  const play = new Playbook(t).downstreamSends(large).expectDial().expectUpstream(/^GET/);
  assert.equal(play.headBuffersTaken, 0);
  play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0')).expectDownstream(/^HTTP/);
  assert.equal(play.headBuffersTaken, 0);
});
