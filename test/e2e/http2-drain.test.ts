// How connections of HTTP/2 end when the gateway stops: what runs is finished, what is not begun is said to be so, and clients
// go elsewhere.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, test } from 'node:test';
import { gatewayTo } from '../support/gateway.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST } from '../support/http2-frames.ts';
import { answerOf, ask, http2Session } from '../support/http2-session.ts';
import { http1Origin, http2Origin, reflectingOrigin, type Seen } from '../support/origins.ts';

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR } = http2.constants;

describe('a gateway that drains', () => {
  test('finishes the answers that have begun', async (t) => {
    const finish = Promise.withResolvers<void>();
    const backend = await http1Origin(t, (_request, response) => {
      response.write('first ');
      void finish.promise.then(() => response.end('last'));
    });
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({});
    const answer = answerOf(stream);
    const goaway = once(session, 'goaway');
    await once(stream, 'data');
    const drained = gateway.plane.drain();
    assert.equal((await goaway)[0], NGHTTP2_NO_ERROR);
    finish.resolve();
    const { body, resetCode } = await answer;
    assert.deepEqual([body, resetCode], ['first last', NGHTTP2_NO_ERROR]);
    await drained;
    assert.equal(gateway.metric('sluice_connections_open'), 0);
  });

  test('takes the rest of an upload', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const session = await http2Session(t, gateway.url);
    const upload = session.request({ ':method': 'POST' }, { endStream: false });
    const answer = answerOf(upload);
    upload.write('first ');
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 1, 'that the request has begun');
    const drained = gateway.plane.drain();
    await once(session, 'goaway');
    upload.end('last');
    assert.equal((JSON.parse((await answer).body) as Seen).body, 'first last');
    await drained;
  });

  test('closes connections on which nothing runs', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const session = await http2Session(t, gateway.url);
    await ask(session, {});
    const closed = once(session, 'close');
    await gateway.plane.drain();
    await closed;
  });

  test('does not wait for a client that neither asks nor goes', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const client = await RawHttp2Client.connect(gateway.port);
    t.after(() => client.socket.destroy());
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST)));
    await client.find((each) => each.stream === 1);
    await gateway.plane.drain();
    assert.equal(await client.goawayCode(), NGHTTP2_NO_ERROR);
  });

  test('lets nobody in any more', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const { port } = gateway;
    await gateway.plane.drain();
    const socket = net.connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });

  test('finishes what runs on connections of HTTP/2 to its backends', async (t) => {
    const finish = Promise.withResolvers<void>();
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('first ');
      void finish.promise.then(() => stream.end('last'));
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({});
    const answer = answerOf(stream);
    await once(stream, 'data');
    const drained = gateway.plane.drain();
    finish.resolve();
    assert.equal((await answer).body, 'first last');
    await drained;
  });

  test('under load answers every request, or says that it was not begun', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const sessions = await Promise.all(Array.from({ length: 4 }, () => http2Session(t, gateway.url)));
    let answered = 0;
    const outcomes = sessions.map(async (session) => {
      const seen: string[] = [];
      while (!session.closed) {
        const { status, resetCode, body } = await ask(session, { ':method': 'POST', ':path': '/work' }, 'some');
        if (status === 200 && resetCode === NGHTTP2_NO_ERROR && body.endsWith('}')) answered++;
        else seen.push(`${status} ${resetCode}`);
      }
      return seen;
    });
    await gateway.until(() => answered > 50, 'that there is load');
    await gateway.plane.drain();
    const others = (await Promise.all(outcomes)).flat();
    assert.deepEqual(
      others.filter((outcome) => outcome !== `0 ${NGHTTP2_REFUSED_STREAM}`),
      [],
    );
    assert.equal(gateway.metric('sluice_http_requests_total', { code: '2xx' }), answered);
  });
});
