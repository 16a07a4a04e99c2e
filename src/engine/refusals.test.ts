import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { AnswerTarget } from '../contract/target.ts';
import { refusalOf } from './refusals.ts';

const FINE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer({ status: 200 }) };

function get(path: string, ...lines: readonly string[]): string {
  return head(`GET ${path} HTTP/1.1`, 'Host: a.test', ...lines);
}

function echoing(t: TestContext, options: PlaybookOptions = {}): Playbook {
  return new Playbook(t, { target: FINE, ...options });
}

describe('a request that is well-formed and still not for us', () => {
  test('is one that has been here before, which its Via tells', () => {
    const via = (...values: readonly string[]): string | null =>
      refusalOf(requestHead('GET / HTTP/1.1', 'Host: a', ...values.map((value) => `Via: ${value}`)), 'sluice-1234');
    assert.equal(via(), null);
    assert.equal(via('1.1 sluice-9999', '1.0 fred (Apache)'), null);
    assert.equal(via('1.1 sluice-1234'), 'loop_detected');
    assert.equal(via('1.0 fred', '1.1 x, 1.1 sluice-1234 (again)'), 'loop_detected');
  });

  test('is told so, and no origin is asked', (t) => {
    const play = new Playbook(t);
    play
      .downstreamSends(get('/', `Via: 1.1 ${play.engine.pseudonym}`))
      .expectNoDial()
      .expectError(508, 'loop_detected');
    play.expectClientConnection('open');
  });
});

describe('the limits on what a client sends', () => {
  const limits = { maxTargetBytes: 20, maxHeadBytes: 200, maxFields: 3, maxBodyBytes: 10 };

  test('a target that is too long gives 414', (t) => {
    echoing(t, { limits })
      .downstreamSends(get(`/${'x'.repeat(20)}`))
      .expectError(414, 'request_target_too_long')
      .expectClientConnection('ended');
  });

  test('a head that is too large gives 431, before it is complete', (t) => {
    echoing(t, { limits })
      .downstreamSends(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200)}`)
      .expectError(431, 'request_head_too_large');
  });

  test('too many fields give 431', (t) => {
    echoing(t, { limits })
      .downstreamSends(get('/', 'A: 1', 'B: 2', 'C: 3'))
      .expectError(431, 'request_head_too_large');
  });

  test('a body that announces too much gives 413 at once, and no origin is asked', (t) => {
    new Playbook(t, { limits })
      .downstreamSends(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11'))
      .expectNoDial()
      .expectError(413, 'request_body_too_large')
      .expectClientConnection('ended');
  });

  test('a body in chunks that grows too large gives 413, and the upstream sees no complete request', (t) => {
    new Playbook(t, { limits })
      .downstreamSends(head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
      .expectDial()
      .expectUpstream(/^POST/)
      .downstreamSends('9\r\n123456789\r\n')
      .expectUpstream('9\r\n123456789\r\n')
      .downstreamSends('2\r\n12\r\n0\r\n\r\n')
      .expectNothingUpstream()
      .expectUpstreamConnection('destroyed')
      .expectError(413, 'request_body_too_large');
  });
});

describe('requests that cannot be read', () => {
  test('leave a line in the access log and are counted, though not even their head could be read', (t) => {
    const play = echoing(t).downstreamSends('GET  / HTTP/1.1\r\n\r\n').expectError(400, 'request_invalid');
    const [line, ...others] = play.accessLines();
    assert.equal(line?.['http.response.status_code'], 400);
    assert.equal(line?.['error.type'], 'request_invalid');
    assert.deepEqual(others, []);
    assert.equal(play.metric('sluice_http_requests_total', { code: '4xx', route: '' }), 1);
    assert.equal(play.metric('sluice_http_request_errors_total', { reason: 'request_invalid' }), 1);
  });

  const refused = {
    'a version that is not 1.x': [head('GET / HTTP/2.0', 'Host: a'), 505, 'request_version_unsupported'],
    'a coding that is not known': [
      head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'),
      501,
      'request_coding_unsupported',
    ],
    'an expectation that is not known': [get('/', 'Expect: the worst'), 417, 'request_expectation_unknown'],
    CONNECT: [head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443'), 405, 'method_not_allowed'],
    'no Host': [head('GET / HTTP/1.1'), 400, 'request_invalid'],
  } as const;
  for (const [what, [request, status, code]] of Object.entries(refused)) {
    test(`get the status that says why: ${what}`, (t) => {
      echoing(t).downstreamSends(request).expectError(status, code);
    });
  }

  test('get no second answer for what follows', (t) => {
    echoing(t)
      .downstreamSends('bad\0', 'worse\0', get('/fine'))
      .expectError(400, 'request_invalid')
      .expectNothingDownstream();
  });

  test('cut an answer that has begun', (t) => {
    new Playbook(t)
      .downstreamSends(head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
      .expectDial()
      .expectUpstream(/^POST/)
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 9'))
      .expectDownstream(/^HTTP\/1\.1 200/)
      .downstreamSends('x\r\n')
      .expectNothingDownstream()
      .expectClientConnection('reset')
      .expectUpstreamConnection('destroyed');
  });
});
