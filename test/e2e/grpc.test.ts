// gRPC through the gateway: the four kinds of calls, their status in trailers, and calls that are given up. Rule: a message is
// passed on when it comes, not when the call ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, test, type TestContext } from 'node:test';
import { type Gateway, gatewayTo } from '../support/gateway.ts';
import { answerOf, http2Session } from '../support/http2-session.ts';
import { http2Origin, type StreamListener } from '../support/origins.ts';

/** A message as gRPC frames it: not compressed, with its length. */
function message(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** The messages that arrive on a stream, one by one. */
async function* messagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of stream) {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      yield rest.toString('utf8', 5, end);
      rest = rest.subarray(end);
    }
  }
}

function begin(stream: http2.ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': 'said' }));
}

interface Rig {
  readonly gateway: Gateway;
  readonly call: (path: string) => http2.ClientHttp2Stream;
}

async function rig(t: TestContext, service: StreamListener): Promise<Rig> {
  const { url } = await http2Origin(t, service);
  const gateway = await gatewayTo(t, url);
  const session = await http2Session(t, gateway.url);
  const call = (path: string): http2.ClientHttp2Stream => {
    const fields = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(fields, { endStream: false });
    stream.on('error', () => {});
    return stream;
  };
  return { gateway, call };
}

async function receiveAll(stream: AsyncIterable<Buffer>): Promise<string[]> {
  const received: string[] = [];
  for await (const text of messagesOf(stream)) received.push(text);
  return received;
}

describe('a gRPC call', () => {
  test('of one message and one answer', async (t) => {
    let seen: http2.IncomingHttpHeaders = {};
    const { call } = await rig(t, (stream, fields) => {
      seen = fields;
      receiveAll(stream).then(([text]) => {
        begin(stream, 0);
        stream.end(message(`hello ${text}`));
      });
    });
    const stream = call('/greeter/Hello');
    stream.end(message('world'));
    const { status, fields, body, trailers, resetCode } = await answerOf(stream);
    assert.deepEqual([status, fields['content-type'], resetCode], [200, 'application/grpc', 0]);
    assert.equal(body.slice(5), 'hello world');
    assert.deepEqual([trailers?.['grpc-status'], trailers?.['grpc-message']], ['0', 'said']);
    assert.deepEqual(
      [seen['te'], seen[':path'], seen['content-type']],
      ['trailers', '/greeter/Hello', 'application/grpc'],
    );
  });

  test('that fails without any message has its status in the head', async (t) => {
    const { call } = await rig(t, (stream) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true }),
    );
    const stream = call('/greeter/Nobody');
    stream.end(message('x'));
    const { fields, body, resetCode } = await answerOf(stream);
    assert.deepEqual([fields['grpc-status'], body, resetCode], ['5', '', 0]);
  });

  test('that fails after a message has its status in the trailers', async (t) => {
    const { call } = await rig(t, (stream) => {
      begin(stream, 13);
      stream.end(message('some'));
    });
    const stream = call('/greeter/Some');
    stream.end(message('x'));
    const { body, trailers } = await answerOf(stream);
    assert.deepEqual([body.slice(5), trailers?.['grpc-status']], ['some', '13']);
  });

  test('that streams answers gets each when it is sent', async (t) => {
    let server: http2.ServerHttp2Stream | null = null;
    const { call } = await rig(t, (stream) => {
      server = stream;
      begin(stream, 0);
      stream.write(message('0'));
    });
    const stream = call('/counter/Count');
    stream.end(message('go'));
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('trailers', (fields) => (trailers = fields));
    const received: string[] = [];
    for await (const text of messagesOf(stream)) {
      received.push(text);
      // The next one is only sent when this one has come through.
      if (received.length < 20) server!.write(message(String(received.length)));
      else server!.end();
    }
    assert.deepEqual(
      received,
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    assert.equal(trailers['grpc-status'], '0');
  });

  test('that streams messages is answered when they are all there', async (t) => {
    const { call } = await rig(t, (stream) => {
      receiveAll(stream).then((all) => {
        begin(stream, 0);
        stream.end(message(all.join()));
      });
    });
    const stream = call('/adder/Add');
    for (let count = 0; count < 100; count++) stream.write(message(String(count)));
    stream.end();
    const { body, trailers } = await answerOf(stream);
    assert.equal(body.slice(5), Array.from({ length: 100 }, (_, index) => index).join());
    assert.equal(trailers?.['grpc-status'], '0');
  });

  test('that streams both ways is a conversation', async (t) => {
    const { call } = await rig(t, (stream) => {
      begin(stream, 0);
      const answerEach = async (): Promise<void> => {
        for await (const text of messagesOf(stream)) stream.write(message(`${text}?`));
        stream.end();
      };
      void answerEach();
    });
    const stream = call('/chat/Talk');
    stream.write(message('0'));
    const received: string[] = [];
    for await (const text of messagesOf(stream)) {
      received.push(text);
      if (received.length < 20) stream.write(message(String(received.length)));
      else stream.end();
    }
    assert.deepEqual(
      received,
      Array.from({ length: 20 }, (_, index) => `${index}?`),
    );
  });

  test('of which the server sends its head first can wait for the client', async (t) => {
    const { call } = await rig(t, (stream) => {
      begin(stream, 0);
      receiveAll(stream).then((all) => stream.end(message(all.join())));
    });
    const stream = call('/chat/Listen');
    await once(stream, 'response');
    stream.end(message('now'));
    assert.equal((await answerOf(stream)).body.slice(5), 'now');
  });

  test('that the client gives up is given up at the server', async (t) => {
    const closed = Promise.withResolvers<number>();
    const { gateway, call } = await rig(t, (stream) => {
      stream.on('close', () => closed.resolve(stream.rstCode));
      begin(stream, 0);
      stream.write(message('begun'));
    });
    const stream = call('/slow/Work');
    stream.write(message('go'));
    await once(stream, 'data');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    assert.equal(await closed.promise, http2.constants.NGHTTP2_CANCEL);
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['error.type'], 'client_closed');
  });

  test('that the server ends while the client still sends is over', async (t) => {
    const { call } = await rig(t, (stream) => {
      begin(stream, 8);
      stream.end();
    });
    const stream = call('/limited/Send');
    stream.write(message('one of many'));
    const { trailers, resetCode } = await answerOf(stream);
    assert.deepEqual([trailers?.['grpc-status'], resetCode], ['8', 0]);
  });

  test('is one of many on a connection', async (t) => {
    const { call, gateway } = await rig(t, (stream) => {
      receiveAll(stream).then(([text]) => {
        begin(stream, 0);
        stream.end(message(`${text}!`));
      });
    });
    const calls = Array.from({ length: 200 }, async (_, index) => {
      const stream = call('/greeter/Hello');
      stream.end(message(String(index)));
      const { body, trailers } = await answerOf(stream);
      return [body.slice(5), trailers?.['grpc-status']];
    });
    assert.deepEqual(
      await Promise.all(calls),
      calls.map((_, index) => [`${index}!`, '0']),
    );
    assert.ok(gateway.metric('sluice_upstream_connections_total') < 5);
  });
});
