import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';

describe('an exchange', () => {
  test('carries a request to its origin and the answer back', (t) => {
    new Playbook(t)
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(
        head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>').replace('<forwarding>\r\n', '<forwarding>\r\n'),
      )
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 2') + 'hi')
      .expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>') + 'hi');
  });
});
