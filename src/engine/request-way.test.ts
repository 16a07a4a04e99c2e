import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examined, happens } from '../../test/support/examiner.ts';
import { head } from '../../test/support/playbook.ts';
import { SluiceError } from '../core/errors.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

const infected = (): SluiceError => new SluiceError('forbidden');

describe('a transform of a request that takes its time', () => {
  test('holds the request back, lets it go later, and keeps its length', (t) => {
    const { play, made } = examined(t, ['requestBody']);
    play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5'), 'hel').expectDial();
    play.expectUpstream(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5', '<forwarding>'));
    assert.equal(play.clientIsPaused, true);
    happens(play, () => made[0]!.letGo()).expectUpstream('hel');
    assert.equal(play.clientIsPaused, false);
    play.downstreamSends('lo').expectNothingUpstream();
    happens(play, () => made[0]!.letGo())
      .expectUpstream('lo')
      .upstreamSends(OK)
      .expectDownstream(/hi$/)
      .expectClientConnection('open');
  });

  test('refuses a request whose head is with the server already: the server sees a cut', (t) => {
    const { play, made } = examined(t, ['requestBody']);
    play
      .downstreamSends(POST)
      .expectDial()
      .expectUpstream(/^POST [^]*\r\n\r\n$/);
    happens(play, () => made[0]!.sink.fail(infected()))
      .expectError(403, 'forbidden')
      .expectUpstreamConnection('destroyed');
    assert.equal(made[0]!.aborted, true);
    happens(play, () => made[0]!.letGo()).expectNothingDownstream();
  });
});
