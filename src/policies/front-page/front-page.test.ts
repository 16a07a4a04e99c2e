import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { frontPage } from './front-page.ts';

function stage(t: TestContext): Playbook {
  return new Playbook(t, { tunnelsBeginWith: '', policies: [frontPage()] });
}

describe('whoever asks the proxy for itself', () => {
  test('is shown how to use it, with the address that was asked for', (t) => {
    const answer = stage(t).downstreamSends(head('GET / HTTP/1.1', 'Host: 127.0.0.1:8888')).takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 400 [^]*\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
    assert.match(answer, /curl -x http:\/\/127\.0\.0\.1:8888 /);
  });

  for (const [what, fields] of [
    ['no host', []],
    ['a host that is none', ['Host: a"b']],
    ['a host without end', [`Host: ${'a'.repeat(200)}`]],
  ] as const) {
    test(`with ${what} is shown the page all the same, or refused, and never what was sent`, (t) => {
      const answer = stage(t)
        .downstreamSends(head('GET /x HTTP/1.0', ...fields))
        .takeDownstream();
      assert.match(answer, /^HTTP\/1\.1 400 /);
      for (const field of fields) assert.ok(!answer.includes(field.slice(6)), field);
    });
  }

  test('may ask with any method, and HEAD is answered without the page', (t) => {
    const play = stage(t).downstreamSends(head('HEAD /x HTTP/1.1', 'Host: a.test'));
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 400 [^]*\r\n\r\n$/);
    play.downstreamSends(head('POST /x HTTP/1.1', 'Host: a.test', 'Content-Length: 0'));
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 400 [^]*forward proxy/);
  });
});

describe('whoever uses the proxy', () => {
  test('for a tunnel is let through', (t) => {
    stage(t)
      .downstreamSends(head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443'))
      .expectDial('tunnel a.test:443')
      .expectDownstream(head('HTTP/1.1 200 OK', 'Date: <date>'));
  });

  test('for a URL is let through', (t) => {
    const play = stage(t).downstreamSends(head('GET http://a.test/x HTTP/1.1', 'Host: a.test')).expectDial();
    play
      .expectUpstream(/^GET \/x /)
      .upstreamSends(head('HTTP/1.1 204 No Content'))
      .expectDownstream(/ 204 /);
  });
});
