import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import { app, type FetchHandler } from './app.ts';

const DATE = 'Date: <date>';
/** An answer whose length is not known before its end, which text makes. */
const CHUNKED_HI = `${head('HTTP/1.1 200 OK', 'content-type: text/plain;charset=UTF-8', DATE, 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`;

function serving(t: TestContext, handler: FetchHandler, onFault?: (cause: unknown) => void): Playbook {
  return new Playbook(t, { target: app(handler), ...(onFault === undefined ? {} : { onFault }) });
}

function post(...lines: readonly string[]): string {
  return head('POST /x?y=1 HTTP/1.1', 'Host: a.test:81', ...lines);
}

describe('the request that a handler gets', () => {
  test('is what the client sent', async (t) => {
    let seen: Request | undefined;
    const play = serving(t, (request) => {
      seen = request;
      return new Response('hi');
    });
    await play.downstreamSends(post('X-One: 1', 'X-One: 2', 'Cookie: a=1', 'Content-Length: 0')).promises();
    play.expectDownstream(CHUNKED_HI);
    assert.ok(seen !== undefined);
    assert.deepEqual([seen.method, seen.url], ['POST', 'http://a.test:81/x?y=1']);
    assert.deepEqual([seen.headers.get('x-one'), seen.headers.get('cookie')], ['1, 2', 'a=1']);
    assert.equal(await seen.text(), '');
  });

  test('names the server as a whole by its root', async (t) => {
    const urls: string[] = [];
    const play = serving(t, (request) => {
      urls.push(request.url);
      return new Response(null);
    });
    for (const line of ['OPTIONS * HTTP/1.1', 'GET http://b.test HTTP/1.1', 'GET //c.test/x HTTP/1.1']) {
      await play.downstreamSends(head(line, 'Host: a.test')).promises();
      play.expectDownstream(/^HTTP\/1\.1 200 /);
    }
    await play.downstreamSends(head('GET /old HTTP/1.0')).promises();
    play.expectDownstream(/^HTTP\/1\.1 200 /);
    assert.deepEqual(urls, ['http://a.test/', 'http://b.test/', 'http://a.test//c.test/x', 'http://localhost/old']);
  });

  test('has its body, as it comes', async (t) => {
    const parts: string[] = [];
    const play = serving(t, async (request) => {
      for await (const part of request.body!) parts.push(Buffer.from(part).toString());
      return new Response('hi');
    });
    play.downstreamSends(post('Content-Length: 5'));
    await play.downstreamSends('hel').promises();
    assert.deepEqual(parts, ['hel']);
    await play.downstreamSends('lo').promises();
    assert.deepEqual(parts, ['hel', 'lo']);
    play.expectDownstream(CHUNKED_HI).expectClientConnection('open');
  });

  test('holds the client back while the handler does not read', async (t) => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const play = serving(t, async (request) => {
      await started;
      return new Response(String((await request.arrayBuffer()).byteLength), { headers: { 'content-length': '6' } });
    });
    play.downstreamSends(post('Content-Length: 200000'), ...Array.from({ length: 5 }, () => 'x'.repeat(40_000)));
    await play.promises();
    assert.equal(play.clientIsPaused, true);
    start();
    for (let turn = 0; turn < 10; turn++) await play.promises();
    play.expectDownstream(/\r\n\r\n200000$/);
    assert.equal(play.clientIsPaused, false);
  });

  test('may stay unread: the answer ends the connection if the rest has not come', async (t) => {
    const play = serving(t, () => new Response('hi', { headers: { 'content-length': '2' } }));
    await play.downstreamSends(`${post('Content-Length: 5')}hel`).promises();
    play.expectDownstream(/\r\nConnection: close\r\n\r\nhi$/).expectClientConnection('ended');
  });

  test('has no body with GET, whatever the client sends', async (t) => {
    const play = serving(t, (request) => new Response(request.body === null ? 'null' : 'a body'));
    await play.downstreamSends(`${head('GET / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`).promises();
    play.expectDownstream(/\r\n\r\n4\r\nnull\r\n0\r\n\r\n$/).expectClientConnection('open');
  });

  test('is refused when it cannot be said as one', async (t) => {
    const play = serving(t, () => assert.fail('it is asked all the same'));
    await play.downstreamSends(head('TRACE / HTTP/1.1', 'Host: a.test')).promises();
    play.expectError(405, 'method_not_allowed');
    await play.downstreamSends(head('GET / HTTP/1.1', 'Host: a%2Ftest')).promises();
    play.expectError(400, 'request_invalid').expectClientConnection('open');
  });
});

describe('the answer of a handler', () => {
  test('has its status and its fields, cookies one by one', async (t) => {
    const play = serving(t, () => {
      const response = new Response('hi', {
        status: 201,
        headers: { 'content-length': '2', 'content-type': 'text/x' },
      });
      response.headers.append('set-cookie', 'a=1');
      response.headers.append('set-cookie', 'b=2');
      return response;
    });
    await play.downstreamSends(GET).promises();
    play.expectDownstream(
      `${head('HTTP/1.1 201 Created', 'Content-Length: 2', 'content-type: text/x', 'set-cookie: a=1', 'set-cookie: b=2', DATE)}hi`,
    );
  });

  test('may come at once or later', async (t) => {
    const answer = (): Response => new Response('hi', { headers: { 'content-length': '2', 'content-type': '' } });
    for (const handler of [answer, () => Promise.resolve(answer()), async () => (await Promise.resolve(), answer())]) {
      const play = serving(t, handler);
      await play.downstreamSends(GET).promises();
      assert.match(play.takeDownstream(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhi$/);
      play.expectClientConnection('open').end();
    }
  });

  test('may have no body', async (t) => {
    const play = serving(t, () => new Response(null, { status: 204 }));
    await play.downstreamSends(GET).promises();
    play.expectDownstream(head('HTTP/1.1 204 No Content', DATE)).end();
    const empty = serving(t, () => new Response(null)).downstreamSends(GET);
    (await empty.promises()).expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE));
  });

  test('to HEAD announces the length that it has', async (t) => {
    const play = serving(t, () => new Response(null, { headers: { 'content-length': '7' } }));
    await play.downstreamSends(head('HEAD / HTTP/1.1', 'Host: a.test')).promises();
    play.expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 7', DATE));
    await play.downstreamSends(GET).promises();
    play.expectDownstream(/^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\n/).expectClientConnection('open');
  });

  test('to HEAD has no body, however long the one of the handler is', async (t) => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.from('x')) });
    const play = serving(t, () => new Response(body));
    await play.downstreamSends(head('HEAD / HTTP/1.1', 'Host: a.test')).promises();
    play.expectDownstream(head('HTTP/1.1 200 OK', DATE)).expectClientConnection('open');
  });

  test('leaves as it is made: head first, then piece by piece', async (t) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    const play = serving(t, () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    await play.downstreamSends(GET).promises();
    play.expectDownstream(
      head('HTTP/1.1 200 OK', 'content-type: text/event-stream', DATE, 'Transfer-Encoding: chunked'),
    );
    controller!.enqueue(Buffer.from('one'));
    (await play.promises()).expectDownstream('3\r\none\r\n');
    controller!.enqueue(Buffer.from('two'));
    (await play.promises()).expectDownstream('3\r\ntwo\r\n');
    controller!.close();
    (await play.promises()).expectDownstream('0\r\n\r\n').expectClientConnection('open');
  });

  test('waits for a slow client', async (t) => {
    let pulls = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (++pulls > 4) controller.close();
      else controller.enqueue(Buffer.from('x'));
    };
    const play = serving(t, () => new Response(new ReadableStream({ pull }, { highWaterMark: 0 })));
    await play.clientConnects().clientStopsReading().downstreamSends(GET).promises();
    assert.equal(pulls, 1);
    play.expectDownstream(/\r\n\r\n(?:1\r\nx\r\n)?$/).clientReads();
    (await play.promises()).expectDownstream(/0\r\n\r\n$/);
    assert.equal(pulls, 5);
  });

  test('that is shorter or longer than it announced is cut', async (t) => {
    for (const length of ['1', '3']) {
      const play = serving(
        t,
        () => new Response('hi', { headers: { 'content-length': length } }),
        () => {},
      );
      await play.downstreamSends(GET).promises();
      assert.match(play.takeDownstream(), /^HTTP\/1\.1 200 OK/);
      play.expectClientConnection('reset').end();
    }
  });

  test('with a length that is no number has none', async (t) => {
    const play = serving(t, () => new Response('hi', { headers: { 'content-length': '2, 2', 'content-type': 'x/y' } }));
    await play.downstreamSends(GET).promises();
    play.expectDownstream(/Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n$/).expectClientConnection('open');
  });
});

describe('a handler that fails', () => {
  test('is answered for with 500', async (t) => {
    for (const handler of [() => Promise.reject(new Error('no')), () => fault()]) {
      const faults: unknown[] = [];
      const play = serving(t, handler, (cause) => faults.push(cause));
      await play.downstreamSends(GET).promises();
      play.expectError(500, 'internal').expectClientConnection('open');
      assert.match(String(faults), /no/);
      play.end();
    }
  });

  test('in the middle of its answer has it cut', async (t) => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(Buffer.from('hi'));
        controller.error(new Error('no'));
      },
    });
    const play = serving(
      t,
      () => new Response(body),
      () => {},
    );
    await play.downstreamSends(GET).promises();
    assert.match(play.takeDownstream(), /^(?:HTTP\/1\.1 200 OK|$)/);
    play.expectClientConnection('reset');
  });

  function fault(): never {
    throw new Error('no');
  }
});

describe('a client that goes away', () => {
  test('aborts the signal of the request, and ends its body', async (t) => {
    let seen: Request | undefined;
    const { promise, reject } = Promise.withResolvers<Response>();
    const play = serving(t, (request) => {
      seen = request;
      return promise;
    });
    await play.downstreamSends(`${post('Content-Length: 5')}hel`).promises();
    play.clientCloses();
    assert.equal(seen?.signal.aborted, true);
    await assert.rejects(seen.text());
    reject(new Error('given up'));
    await play.promises();
  });

  test('before the answer leaves its body unread', async (t) => {
    let isCancelled = false;
    const { promise, resolve } = Promise.withResolvers<Response>();
    const play = serving(t, () => promise);
    await play.downstreamSends(GET).promises();
    play.clientCloses();
    resolve(new Response(new ReadableStream({ cancel: () => void (isCancelled = true) })));
    await play.promises();
    assert.equal(isCancelled, true);
  });

  test('in the middle of the answer stops it', async (t) => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('x')),
      cancel: () => void (isCancelled = true),
    });
    const play = serving(t, () => new Response(body));
    await play.clientConnects().clientStopsReading().downstreamSends(GET).promises();
    play.takeDownstream();
    play.clientCloses();
    await play.promises();
    assert.equal(isCancelled, true);
  });
});
