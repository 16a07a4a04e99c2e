import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forwardTo, GET, head, origin, Playbook, route } from '../../test/support/playbook.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { BodyTransform, Policy } from '../contract/policy.ts';
import { SluiceError } from '../core/errors.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const GOT_OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>')}hi`;
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;
const PAUSE = (): PromiseWithResolvers<void> => Promise.withResolvers();

/** Says in `log` which phases it was asked in. */
function witness(name: string, log: string[]): Policy {
  const note = (phase: string): undefined => void log.push(`${name} ${phase}`);
  return {
    name,
    request: () => note('request'),
    requestBody: () => {
      note('requestBody');
      return null;
    },
    upstream: () => note('upstream'),
    response: () => note('response'),
    responseBody: () => {
      note('responseBody');
      return null;
    },
    done: () => note('done'),
  };
}

describe('an exchange', () => {
  test('carries a request to its origin and the answer back', (t) => {
    new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('that no route takes gets 404', (t) => {
    const play = new Playbook(t, { routes: [] }).downstreamSends(GET).expectError(404, 'route_not_found');
    assert.equal(play.metric('sluice_http_requests_total', { route: '', code: '4xx' }), 1);
    play.expectClientConnection('open');
  });

  test('shows a policy who asks and what is asked', (t) => {
    const seen: unknown[] = [];
    const policy: Policy = {
      name: 'looks',
      request: ({ door, route: name, client, request, response, id }) => {
        seen.push(
          door,
          name,
          client.address,
          client.port,
          client.secure,
          client.serverName,
          request.path,
          response.status,
        );
        assert.match(id, /^[0-9a-f]{16}$/);
      },
    };
    new Playbook(t, { policies: [policy] }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    assert.deepEqual(seen, ['gateway', 'everything', '192.0.2.7', 40_000, false, '', '/', 0]);
  });
});

describe('the phases of an exchange', () => {
  test('come in their order, and answers pass through the policies in reverse', (t) => {
    const log: string[] = [];
    new Playbook(t, { policies: [witness('a', log), witness('b', log)] })
      .downstreamSends(POST)
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
    assert.deepEqual(log, [
      'a request',
      'b request',
      'b requestBody',
      'a requestBody',
      'a upstream',
      'b upstream',
      'b response',
      'a response',
      'a responseBody',
      'b responseBody',
      'a done',
      'b done',
    ]);
  });

  test('leave out the bodies where there are none', (t) => {
    const log: string[] = [];
    new Playbook(t, { policies: [witness('a', log)] })
      .downstreamSends(head('HEAD / HTTP/1.1', 'Host: a.test'))
      .expectDial()
      .expectUpstream(/^HEAD/)
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 2'))
      .expectDownstream(/^HTTP/);
    assert.deepEqual(log, ['a request', 'a upstream', 'a response', 'a done']);
  });

  test('change what goes to the origin', (t) => {
    const policy: Policy = {
      name: 'changes',
      request: ({ request }) => request.fields.remove('accept'),
      upstream: ({ request }) => request.fields.set('authorization', 'Bearer key'),
    };
    new Playbook(t, { policies: [policy] })
      .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', 'Accept: */*', 'Authorization: mine', 'X-Kept: 1'))
      .expectDial()
      .expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Kept: 1', 'authorization: Bearer key', '<forwarding>'));
  });

  test('change what comes back', (t) => {
    const policy: Policy = {
      name: 'changes',
      response: ({ response }) => {
        response.status = 404;
        response.fields.remove('server');
        response.fields.append('X-Seen', '1');
      },
    };
    new Playbook(t, { policies: [policy] })
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamSends(head('HTTP/1.1 200 Fine', 'Server: x', 'Content-Length: 0'))
      .expectDownstream(head('HTTP/1.1 404 Not Found', 'Content-Length: 0', 'X-Seen: 1', 'Date: <date>'));
  });

  test('wait for promises, and the body of the request waits with them', async (t) => {
    const log: string[] = [];
    const first = PAUSE();
    const second = PAUSE();
    const choice = Promise.withResolvers<ReturnType<typeof origin>>();
    const play = new Playbook(t, {
      target: { kind: 'forward', select: () => choice.promise },
      policies: [{ name: 'waits', request: () => first.promise, upstream: () => second.promise }, witness('next', log)],
    });
    play.downstreamSends(POST).expectNoDial();
    assert.deepEqual([log, play.clientIsPaused], [[], true]);
    first.resolve();
    (await play.promises()).expectNoDial();
    assert.deepEqual(log, ['next request', 'next requestBody']);
    choice.resolve(origin());
    (await play.promises()).expectNoDial();
    second.resolve();
    (await play.promises())
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
    assert.equal(log.at(-1), 'next done');
  });
});

describe('a policy that answers', () => {
  const answering: Policy = { name: 'answers', request: (exchange) => exchange.answer({ status: 403, body: 'no' }) };
  const GOT_NO = `${head('HTTP/1.1 403 Forbidden', 'Content-Length: 2', 'Date: <date>')}no`;

  test('keeps the policies after it and the target from being asked', (t) => {
    const log: string[] = [];
    new Playbook(t, { policies: [witness('a', log), answering, witness('b', log)] })
      .downstreamSends(GET)
      .expectNoDial()
      .expectDownstream(GOT_NO)
      .expectClientConnection('open');
    assert.deepEqual(log, [
      'a request',
      'b response',
      'a response',
      'a responseBody',
      'b responseBody',
      'a done',
      'b done',
    ]);
  });

  test('may do so after a wait, and just before the origin is asked', async (t) => {
    const answers = async (exchange: Exchange): Promise<void> => {
      await Promise.resolve();
      exchange.answer({ status: 403, body: 'no' });
    };
    for (const phase of ['request', 'upstream'] as const) {
      const play = new Playbook(t, { policies: [{ name: 'answers', [phase]: answers }] }).downstreamSends(GET);
      (await play.promises()).expectNoDial().expectDownstream(GOT_NO).expectClientConnection('open').end();
    }
  });

  test('may fail the exchange, with the one shape for errors', (t) => {
    const failing: Policy = { name: 'fails', upstream: (exchange) => exchange.fail('unauthorized', 'Who are you?') };
    const play = new Playbook(t, { policies: [failing] }).downstreamSends(GET).expectNoDial();
    const text = play.takeDownstream();
    assert.match(text, /^HTTP\/1\.1 401 Unauthorized\r\n/);
    assert.match(text, /\{"error":\{"code":"unauthorized","message":"Who are you\?","request_id":"<id>"\}\}$/);
    assert.equal(play.accessLines()[0]?.['error.type'], 'unauthorized');
  });

  test('answers once only', (t) => {
    const twice: Policy = {
      name: 'twice',
      request: (exchange) => {
        exchange.answer({ status: 200 });
        exchange.answer({ status: 500 });
        exchange.fail('internal');
        exchange.respond({ status: 500 }, -1);
        exchange.write(Buffer.from('more'), 0, 4);
        exchange.end();
        exchange.abort(new SluiceError('internal'));
      },
    };
    const play = new Playbook(t, { policies: [twice] }).downstreamSends(GET);
    play.expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>')).expectClientConnection('open');
    assert.equal(play.accessLines().length, 1);
  });
});

describe('a fault in a phase', () => {
  const faults: Readonly<Record<string, Policy>> = {
    request: { name: 'x', request: () => fault() },
    'request, after a wait': { name: 'x', request: () => Promise.reject(new Error('a fault')) },
    requestBody: { name: 'x', requestBody: () => fault() },
    upstream: { name: 'x', upstream: () => fault() },
    'upstream, after a wait': { name: 'x', upstream: () => Promise.reject(new Error('a fault')) },
  };
  for (const [phase, policy] of Object.entries(faults)) {
    test(`is answered with 500, and the origin is not asked: ${phase}`, async (t) => {
      const log: string[] = [];
      const play = new Playbook(t, { onFault: () => {}, policies: [witness('a', log), policy] }).downstreamSends(POST);
      (await play.promises()).expectNoDial().expectError(500, 'internal').expectClientConnection('ended');
      assert.equal(log.at(-1), 'a done');
      assert.equal(play.accessLines().length, 1);
    });
  }

  test('is answered with 500 when it comes with the answer', (t) => {
    for (const phase of ['response', 'responseBody'] as const) {
      const log: string[] = [];
      const play = new Playbook(t, {
        onFault: () => {},
        policies: [witness('a', log), { name: 'x', [phase]: () => fault() }],
      });
      play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK).expectError(500, 'internal');
      play.expectUpstreamConnection('destroyed').expectClientConnection('open');
      assert.equal(log.at(-1), 'a done');
      play
        .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', 'Expect: x'))
        .expectError(417, 'request_expectation_unknown');
      play.end();
    }
  });

  test('cuts the answer when it comes in the middle of it', (t) => {
    const broken = (): BodyTransform => ({ write: () => fault(), end: () => {}, abort: () => {} });
    const play = new Playbook(t, { onFault: () => {}, policies: [{ name: 'x', responseBody: broken }] });
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
    play.expectDownstream(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    play.expectUpstreamConnection('destroyed').expectClientConnection('reset');
  });

  test('at the very end of an answer cuts it too', (t) => {
    const broken = (): BodyTransform => ({ write: () => {}, end: () => fault(), abort: () => {} });
    const play = new Playbook(t, { onFault: () => {}, policies: [{ name: 'x', responseBody: broken }] });
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
    play.expectDownstream(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/).expectClientConnection('reset');
  });

  test('in the body of a request is answered with 500', (t) => {
    const broken = (): BodyTransform => ({ write: () => fault(), end: () => {}, abort: () => {} });
    const play = new Playbook(t, { onFault: () => {}, policies: [{ name: 'x', requestBody: broken }] });
    play.downstreamSends(POST).expectDial().expectNothingUpstream().expectError(500, 'internal');
    play.expectUpstreamConnection('destroyed').expectClientConnection('ended');
  });

  test('in the choice of an origin or in a target is answered with 500', (t) => {
    const targets = [
      { kind: 'forward', select: () => fault() },
      { kind: 'answer', take: () => fault() },
    ] as const;
    for (const target of targets) {
      const play = new Playbook(t, { onFault: () => {}, target })
        .downstreamSends(GET)
        .expectNoDial()
        .expectError(500, 'internal');
      play.expectClientConnection('open').end();
    }
  });

  test('at the end of an exchange keeps nobody else from its end', (t) => {
    const log: string[] = [];
    const policies: Policy[] = [witness('a', log), { name: 'x', done: () => fault() }, witness('b', log)];
    new Playbook(t, { onFault: () => {}, policies })
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
    assert.deepEqual(log.slice(-2), ['a done', 'b done']);
  });

  test('keeps the code that it says itself', async (t) => {
    const policy: Policy = { name: 'x', request: () => Promise.reject(new SluiceError('shutting_down')) };
    const play = new Playbook(t, { onFault: () => {}, policies: [policy] }).downstreamSends(GET);
    (await play.promises()).expectError(503, 'shutting_down');
  });

  test('does not tell the client what exactly happened', async (t) => {
    const policy: Policy = { name: 'x', request: () => Promise.reject(new Error('the password is hunter2')) };
    const play = await new Playbook(t, { onFault: () => {}, policies: [policy] }).downstreamSends(GET).promises();
    assert.doesNotMatch(play.takeDownstream(), /hunter2/);
  });

  test('is not hidden: it is reported as an error that nothing handled', async (t) => {
    const reported: unknown[] = [];
    const play = new Playbook(t, {
      policies: [{ name: 'x', request: () => fault() }],
      onFault: (cause) => reported.push(cause),
    });
    play.downstreamSends(GET).expectError(500, 'internal');
    assert.match(String(reported), /a fault/);
  });

  function fault(): never {
    throw new Error('a fault');
  }
});

describe('the end of an exchange', () => {
  test('shows the answer to the done phase, head and all', (t) => {
    const seen: unknown[] = [];
    const policy: Policy = {
      name: 'looks',
      done: ({ request, response }) => seen.push(request.path, response.status, response.fields.get('x-kind')),
    };
    new Playbook(t, { policies: [policy] })
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamSends(head('HTTP/1.1 201 Made', 'X-Kind: whole', 'Content-Length: 2'), 'h', 'i')
      .expectDownstream(/hi$/);
    assert.deepEqual(seen, ['/', 201, 'whole']);
  });

  test('comes for every exchange that was routed, however it went', async (t) => {
    const scripts: Readonly<Record<string, (play: Playbook) => void>> = {
      'the client went away before there was an upstream': (play) =>
        void play.expectDialBegins().clientCloses().upstreamAccepts(),
      'the client went away before the answer': (play) => void play.expectDial().expectUpstream(SEEN).clientCloses(),
      'the upstream was not there': (play) =>
        void play.expectDialBegins().upstreamRefuses().expectError(502, 'upstream_unreachable'),
      'the upstream cut its answer': (play) => {
        play.expectDial().expectUpstream(SEEN).upstreamSends(OK.slice(0, -1)).expectDownstream(/h$/).upstreamCloses();
      },
      'all went well': (play) => void play.expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK),
    };
    for (const [what, script] of Object.entries(scripts)) {
      const log: string[] = [];
      const play = new Playbook(t, { policies: [witness('a', log)] }).downstreamSends(GET);
      script(play);
      assert.equal(log.filter((line) => line === 'a done').length, 1, what);
      assert.equal(play.accessLines().length, 1, what);
      assert.equal(play.metric('sluice_http_requests_total'), 1, what);
      play.end();
    }
  });

  test('a promise that settles later changes nothing any more, and nothing of the next request', async (t) => {
    const waits = [PAUSE(), PAUSE()];
    let turn = 0;
    const policy: Policy = { name: 'waits', request: () => waits[turn++]!.promise };
    const play = new Playbook(t, { policies: [policy], timeouts: { readMs: 1000 } });
    // The first request is given up while it waits: its body stalls after an early answer of another policy is impossible,
    // so it is the client's own fault that ends it.
    play.downstreamSends(GET).clientCloses();
    play.clientConnects().downstreamSends(GET);
    waits[0]!.resolve();
    (await play.promises()).expectNoDial();
    waits[1]!.reject(new SluiceError('shutting_down'));
    (await play.promises()).expectError(503, 'shutting_down');
  });

  test('a rejection that comes after an answer is nobody’s business', async (t) => {
    const wait = PAUSE();
    const policy: Policy = {
      name: 'both',
      request: (exchange) => {
        exchange.answer({ status: 200 });
        return wait.promise;
      },
    };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(GET).expectDownstream(/^HTTP\/1\.1 200/);
    wait.reject(new Error('late'));
    (await play.promises()).expectNothingDownstream().expectClientConnection('open');
  });
});

test('two routes have policies of their own', (t) => {
  const log: string[] = [];
  const routes = [
    route(forwardTo(), [witness('a', log)], {
      name: 'a',
      match: { hosts: [], path: '/a', methods: [], fields: [], query: [] },
    }),
    route(forwardTo(), [], { name: 'rest' }),
  ];
  new Playbook(t, { routes }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
  assert.deepEqual(log, []);
});
