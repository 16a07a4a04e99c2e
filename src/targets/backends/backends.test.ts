import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import { backends } from './backends.ts';
import { originOfUrl } from './origin-of-url.ts';

test('with one member every request goes to it', (t) => {
  const play = new Playbook(t, { target: backends(originOfUrl('http://one.test:9000/app')) });
  for (let turn = 0; turn < 2; turn++) {
    play.downstreamSends(GET);
    if (turn === 0) play.expectDial('http://one.test:9000');
    play.expectUpstream(head('GET /app/ HTTP/1.1', 'Host: a.test', '<forwarding>'));
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0')).expectDownstream(/^HTTP\/1\.1 200 /);
  }
  assert.equal(play.engine.upstreamConnections, 1);
});
