import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import { respond, respondWith } from './respond.ts';

const POST = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5');
const GOT = `${head('HTTP/1.1 201 Created', 'Content-Length: 2', 'X-One: 1', 'Date: <date>')}hi`;

describe('respond', () => {
  const target = respond({ status: 201, fields: [['X-One', '1']], body: 'hi' });

  test('answers always the same', (t) => {
    new Playbook(t, { target }).downstreamSends(GET).expectDownstream(GOT).downstreamSends(GET).expectDownstream(GOT);
  });

  test('reads the request to its end first, so that the connection goes on', (t) => {
    new Playbook(t, { target })
      .downstreamSends(POST)
      .expectNothingDownstream()
      .downstreamSends('hel')
      .expectNothingDownstream()
      .downstreamSends(`lo${GET}`)
      .expectDownstream(GOT + GOT)
      .expectClientConnection('open');
  });

  test('asks for the body of a client that waits to be asked', (t) => {
    new Playbook(t, { target })
      .downstreamSends(POST.replace(/\r\n$/, 'Expect: 100-continue\r\n\r\n'))
      .expectDownstream(head('HTTP/1.1 100 Continue'))
      .downstreamSends('hello')
      .expectDownstream(GOT);
  });

  test('forgets a client that goes away in the middle of its request', (t) => {
    new Playbook(t, { target }).downstreamSends(`${POST}he`).clientCloses();
  });
});

test('respondWith makes the answer when it is asked for, from the request', (t) => {
  let count = 0;
  const target = respondWith(({ request }) => ({ status: 200, body: `${request.path} ${++count}` }));
  const play = new Playbook(t, { target });
  play.downstreamSends(head('GET /a HTTP/1.1', 'Host: a')).expectDownstream(/\r\n\r\n\/a 1$/);
  play.downstreamSends(head('GET /b HTTP/1.1', 'Host: a')).expectDownstream(/\r\n\r\n\/b 2$/);
  assert.equal(count, 2);
});
