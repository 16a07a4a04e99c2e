import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToldExchange, type ToldRequest } from '../../../test/support/told-exchange.ts';
import { ToldSession } from '../../../test/support/told-session.ts';
import { HttpStream } from './http-stream.ts';

const UPLOAD: ToldRequest = { method: 'POST', hasBody: true };
const head = (status: number, ...headers: [string, string][]) => ({ status, headers, subprotocol: null });

function open(request: ToldRequest = {}, session = new ToldSession()) {
  const told = new ToldExchange(request);
  new HttpStream(told.exchange, session.session).open('app');
  return { told, session, send: (bytes: number) => told.producer?.takeBody(Buffer.alloc(bytes), 0, bytes) };
}

describe('an HTTP exchange through a tunnel', () => {
  test('sends its body in whole parts and waits when the client does', () => {
    const { told, session, send } = open(UPLOAD);
    session.takes = false;
    send(60_000);
    send(60_000);
    told.producer?.takeEnd();
    session.app.drain();
    assert.deepEqual(session.said, ['open http / null', 'data 65536 null false', 'data 54464 null true']);
    assert.deepEqual(told.told, ['pause', 'resume']);
  });

  test('brings a body along in the first version', () => {
    const session = new ToldSession();
    session.version = 1;
    const { told, send } = open(UPLOAD, session);
    send(3);
    assert.deepEqual(session.said, []);
    told.producer?.takeEnd();
    assert.deepEqual(session.said, ['open http / \0\0\0']);
  });

  test('ends when its body is too large, also in the middle of the answer', () => {
    const { told, session, send } = open(UPLOAD);
    send(150_001);
    assert.deepEqual([told.code, session.said.at(-1)], ['request_body_too_large', 'reset']);
    const late = open(UPLOAD);
    late.session.app.head(head(200));
    late.send(150_001);
    assert.equal(late.told.told.at(-1), 'abort request_body_too_large');
  });

  test('passes the answer on at the pace of the visitor', () => {
    const { told, session } = open();
    session.app.head(head(200, ['Content-Length', '3']));
    told.takes = false;
    assert.equal(session.app.data(Buffer.from('abc'), null, true), false);
    told.producer?.resume();
    session.app.ended(null, '');
    assert.deepEqual([told.told, session.said.at(-1)], [['respond 200 3', 'write abc', 'end'], 'resume']);
  });

  test('is cut where the answer is not what it said, and told where that is possible', () => {
    const short = open();
    short.session.app.head(head(200, ['Content-Length', '3']));
    short.session.app.ended(null, '');
    const long = open();
    long.session.app.head(head(200, ['Content-Length', '1']));
    long.session.app.data(Buffer.from('abc'), null, true);
    const ends = [short, long].map(({ told }) => told.told.at(-1));
    assert.deepEqual(ends, ['abort upstream_incomplete', 'abort upstream_incomplete']);
    const none = open();
    none.session.app.ended(null, '');
    const odd = open();
    odd.session.app.head(head(101));
    const gone = open();
    gone.session.app.failed('gone', '');
    const large = open(UPLOAD);
    large.session.app.failed('reset', 'ValueError: request body larger than 10 MiB');
    const codes = [none, odd, gone, large].map(({ told }) => told.code);
    assert.deepEqual(codes, ['tunnel_failed', 'tunnel_failed', 'tunnel_offline', 'request_body_too_large']);
  });

  test('is refused where no stream is to be had, and leaves with its visitor', () => {
    const full = new ToldSession();
    full.isFull = true;
    assert.equal(open({}, full).told.code, 'tunnel_busy');
    full.isOpen = false;
    assert.equal(open({}, full).told.code, 'tunnel_offline');
    const { told, session } = open();
    told.producer?.cancel(null as never);
    session.app.failed('gone', '');
    assert.deepEqual([session.said.at(-1), told.told], ['close null ', []]);
  });
});
