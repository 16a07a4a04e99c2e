// What a tunnel owes to its visitors and to its app on the public side: nothing ambiguous gets in, and nothing of one tunnel gets to
// another.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { open, serve, visit } from '../support/tunnel-visits.ts';

const HOST = 'Host: app.example.test';

describe('a request that two servers could read differently', () => {
  const requests: readonly (readonly [what: string, text: string])[] = [
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`],
    ['chunks under another name', `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a chunk without a size', `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['a folded field', `GET / HTTP/1.1\r\n${HOST}\r\nX-A: b\r\n c\r\n\r\n`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}\r\nX-A : b\r\n\r\n`],
    ['a bare line feed', `GET / HTTP/1.1\n${HOST}\n\n`],
    ['a carriage return in a value', `GET / HTTP/1.1\r\n${HOST}\r\nX-A: b\rX-B: c\r\n\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\n${HOST}\r\n${HOST}\r\n\r\n`],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: app.example.test@evil\r\n\r\n'],
  ];

  test('is refused, and nothing of it reaches the app', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    for (const [what, text] of requests) {
      const visitor = await RawClient.connect(t, gateway.port);
      visitor.send(text);
      await visitor.untilText('\r\n\r\n');
      assert.match(visitor.text, /^HTTP\/1\.1 400 /, what);
    }
    const visited = visit(gateway);
    const { Type: type, stream_id: id } = await client.next();
    assert.equal(type, 'StreamOpen');
    client.answer(id);
    assert.equal((await visited).status, 200);
  });

  test('and ends in chunks that are none is given up for the app too', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const visitor = await RawClient.connect(t, gateway.port);
    visitor.send(`POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
    const { stream_id: id } = await client.nextOf('StreamOpen');
    visitor.send('xyz\r\n');
    const { Type: type, stream_id: closed } = await client.nextOf('StreamClose');
    assert.deepEqual([type, closed], ['StreamClose', id]);
  });
});

test('a host of any kind does no harm', async (t) => {
  const gateway = await serve(t);
  const client = await open(t, gateway);
  const statuses: number[] = [];
  for (const host of ['constructor.example.test', '__proto__.example.test', `${'x'.repeat(64 * 1024)}.example.test`]) {
    const visitor = await RawClient.connect(t, gateway.port);
    visitor.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await visitor.untilText('\r\n\r\n');
    statuses.push(Number(visitor.text.slice(9, 12)));
  }
  assert.deepEqual(statuses, [404, 404, 431]);
  const visited = visit(gateway, '/', {}, 'APP.Example.TEST');
  client.answer((await client.next())['stream_id']);
  assert.equal((await visited).status, 200);
});

test('a cookie stays with the tunnel that has set it', async (t) => {
  const gateway = await serve(t);
  const client = await open(t, gateway);
  const visited = visit(gateway);
  const cookies = ['a=1; Domain=example.test; Path=/', 'b=2; Domain=.example.test', 'c=3; Domain=app.example.test'];
  client.answer((await client.next())['stream_id'], {
    headers: cookies.map((cookie) => ['Set-Cookie', cookie] as const),
  });
  assert.deepEqual((await visited).headers['set-cookie'], ['a=1; Path=/', 'b=2', cookies[2]]);
});

test('an app learns of its visitor what the gateway has seen, whatever the visitor says', async (t) => {
  const gateway = await serve(t);
  const client = await open(t, gateway);
  const said = {
    'X-Forwarded-For': '6.6.6.6',
    'X-Forwarded-Host': 'evil.test',
    'X-Forwarded-Proto': 'https',
    Forwarded: 'for=6.6.6.6',
  };
  const visited = visit(gateway, '/', { headers: said });
  const { stream_id: id, headers } = await client.next();
  client.answer(id);
  await visited;
  const seen = (headers as [string, string][]).map(([name, value]) => [name.toLowerCase(), value] as const);
  const forwarded = seen.filter(([name]) => name.includes('forwarded'));
  assert.deepEqual(
    new Map(forwarded),
    new Map([
      ['x-forwarded-for', '127.0.0.1'],
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-host', 'app.example.test'],
    ]),
  );
  assert.equal(forwarded.length, 3);
});
