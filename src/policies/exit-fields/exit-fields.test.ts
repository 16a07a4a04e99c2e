import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { exitFields } from './exit-fields.ts';

const CONNECT = head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443');
const EXIT = { exit: 'exits/a', session: 'cart', trail: '"exits/b"; error=hop_timeout; details="it was late (9 ms)"' };

function stage(t: TestContext, { exit, session, trail }: typeof EXIT = EXIT): Playbook {
  const fill: Policy = { name: 'fill', request: (exchange) => void Object.assign(exchange, { exit, session, trail }) };
  return new Playbook(t, { tunnelsBeginWith: '', policies: [fill, exitFields()] });
}

describe('what a client is told of its exit', () => {
  test('stands in the answer that opens a tunnel', (t) => {
    const play = stage(t).downstreamSends(CONNECT).expectDial('tunnel a.test:443');
    const lines = [`X-Sluice-Exit: ${EXIT.exit}`, `X-Sluice-Session: ${EXIT.session}`, `Proxy-Status: ${EXIT.trail}`];
    play.expectDownstream(head('HTTP/1.1 200 OK', ...lines, 'Date: <date>'));
  });

  test('stands in errors, beside what we say of ourselves', (t) => {
    const play = stage(t).downstreamSends(CONNECT).expectDialBegins('tunnel a.test:443').upstreamRefuses();
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 502 /);
    assert.deepEqual(
      [...answer.matchAll(/^(?:Proxy-Status|X-Sluice-\w+): .*(?=\r$)/gm)].map(([line]) => line),
      [
        'Proxy-Status: <us>; error=upstream_unreachable; details="<id>"',
        `X-Sluice-Exit: ${EXIT.exit}`,
        `X-Sluice-Session: ${EXIT.session}`,
        `Proxy-Status: ${EXIT.trail}`,
      ],
    );
  });

  test('does not stand in the answer of a server', (t) => {
    const play = stage(t).downstreamSends(head('GET http://a.test/ HTTP/1.1', 'Host: a.test')).expectDial();
    play.expectUpstream(/^GET /).upstreamSends(head('HTTP/1.1 204 No Content', 'Proxy-Status: theirs'));
    play.expectDownstream(
      /^HTTP\/1\.1 204 No Content\r\n(?:Date: [^\r]*\r\n)?Proxy-Status: theirs\r\n(?:Date: [^\r]*\r\n)?\r\n$/,
    );
  });

  test('is nothing where there is nothing to tell', (t) => {
    const play = stage(t, { exit: '', session: '', trail: '' }).downstreamSends(CONNECT);
    play.expectDial('tunnel a.test:443').expectDownstream(head('HTTP/1.1 200 OK', 'Date: <date>'));
  });
});
