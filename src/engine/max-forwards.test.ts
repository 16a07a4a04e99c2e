import { test } from 'node:test';
import { head, Playbook } from '../../test/support/playbook.ts';

test('Max-Forwards counts down, and ends here at 0', (t) => {
  const play = new Playbook(t);
  play.downstreamSends(head('OPTIONS / HTTP/1.1', 'Host: a.test', 'Max-Forwards: 0'));
  play.expectNoDial().expectDownstream(/^HTTP\/1\.1 204 No Content\r\nAllow: GET, /);
  play.downstreamSends(head('TRACE / HTTP/1.1', 'Host: a.test', 'Max-Forwards: 0', 'Cookie: secret'));
  play.expectNoDial().expectError(405, 'method_not_allowed');
  play.downstreamSends(head('OPTIONS / HTTP/1.1', 'Host: a.test', 'Max-Forwards: 5', 'Max-Forwards: 7'));
  play.expectDial().expectUpstream(head('OPTIONS / HTTP/1.1', 'Host: a.test', 'max-forwards: 4', '<forwarding>'));
});
