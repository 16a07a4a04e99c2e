import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AsideEvents, AsideRequest } from '../../contract/aside.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { SluiceError } from '../../core/errors.ts';
import { EditableFields } from '../../engine/fields.ts';
import { forwardAuth, type ForwardAuthOptions } from './forward-auth.ts';

const OPTIONS: ForwardAuthOptions = {
  target: { kind: 'forward', select: () => null },
  path: '/verify',
  url: 'http://auth/verify',
  requestHeaders: null,
  responseHeaders: ['Remote-User'],
  answerHeaders: ['Set-Cookie'],
  userFrom: 'Remote-User',
  timeoutMs: 1000,
};

function fieldsOf(lines: Readonly<Record<string, string>>): EditableFields {
  const fields = new EditableFields();
  for (const [name, value] of Object.entries(lines)) fields.append(name, value);
  return fields;
}

/** An exchange that is asked about, with what became of it. */
function stage(options: Partial<ForwardAuthOptions> = {}, lines: Readonly<Record<string, string>> = {}) {
  const policy = forwardAuth({ ...OPTIONS, ...options });
  const told: unknown[] = [];
  let asked: AsideRequest | undefined;
  let events: AsideEvents | undefined;
  const exchange = {
    user: '',
    client: { secure: true },
    request: { method: 'PUT', path: '/a', query: '?b', authority: 'a.test', fields: fieldsOf(lines) },
    response: { fields: fieldsOf({}) },
    aside: (_: unknown, request: AsideRequest, given: AsideEvents) => {
      asked = request;
      events = given;
      return { write: () => true, end: () => {}, cancel: () => told.push('cancelled') };
    },
    answer: (answer: unknown) => told.push(answer),
    fail: (code: string) => told.push(code),
  };
  const decided = policy.request?.(exchange as unknown as Exchange);
  return {
    exchange,
    told,
    decided,
    asked: asked ?? assert.fail('nobody was asked'),
    events: events ?? assert.fail('nobody was asked'),
    response: () => policy.response?.(exchange as unknown as Exchange),
    done: () => policy.done?.(exchange as unknown as Exchange),
  };
}

const bytes = Buffer.from('hello');

describe('the question about a request', () => {
  test('has its fields, but for those about the body and about a copy that the client has', () => {
    const { asked } = stage(
      {},
      {
        Cookie: 'a',
        'If-Match': 'x',
        Range: 'y',
        'Content-Type': 'z',
        X_Forwarded_Uri: '/x',
        'X-Original-URL': 'x',
        'X-Real-IP': 'y',
      },
    );
    assert.deepEqual(asked.fields, [
      ['Cookie', 'a'],
      ['X-Forwarded-Method', 'PUT'],
      ['X-Forwarded-Uri', '/a?b'],
      ['X-Original-Method', 'PUT'],
      ['X-Original-URL', 'https://a.test/a?b'],
    ]);
    assert.deepEqual(
      [asked.method, asked.target, asked.authority, asked.bodyLength],
      ['GET', '/verify', 'a.test', null],
    );
  });

  test('has only those that may be shown', () => {
    const { asked } = stage({ requestHeaders: ['COOKIE'] }, { Cookie: 'a', Authorization: 'b' });
    assert.deepEqual(asked.fields[0], ['Cookie', 'a']);
    assert.equal(asked.fields.length, 5);
  });
});

describe('the word about a request', () => {
  test('lets it in, with what is said of the user, as soon as its head is there', async () => {
    const { exchange, events, decided, told, response } = stage({}, { 'remote-user': 'root', Remote_User: 'root' });
    events.head(200, fieldsOf({ 'Remote-User': 'alice', 'Set-Cookie': 'a', 'X-Else': 'b' }));
    events.body(bytes, 0, 5);
    await decided;
    events.failed(new SluiceError('upstream_incomplete'));
    assert.deepEqual(exchange.request.fields.entries(), [['Remote-User', 'alice']]);
    assert.equal(exchange.user, 'alice');
    response();
    assert.deepEqual(exchange.response.fields.entries(), [['Set-Cookie', 'a']]);
    assert.deepEqual(told, []);
  });

  test('is the answer to who may not enter, with its body', async () => {
    const { events, decided, told } = stage();
    events.head(403, fieldsOf({ 'X-Why': 'so', Connection: 'close', 'Content-Length': '5' }));
    events.body(bytes, 0, 2);
    events.body(bytes, 2, 5);
    events.end();
    await decided;
    assert.deepEqual(told, [{ kind: 'refused', status: 403, fields: [['X-Why', 'so']], body: bytes }]);
  });

  test('is needed', async () => {
    for (const say of [
      ({ failed }: AsideEvents) => failed(new SluiceError('upstream_unreachable')),
      (events: AsideEvents) => events.head(500, fieldsOf({})),
      (events: AsideEvents) => events.head(304, fieldsOf({})),
      (events: AsideEvents) => {
        events.head(401, fieldsOf({}));
        events.body(Buffer.alloc(1024 * 1024 + 1), 0, 1024 * 1024 + 1);
        events.end();
      },
    ]) {
      const { events, decided, told } = stage();
      say({
        head: events.head.bind(events),
        body: events.body.bind(events),
        end: events.end.bind(events),
        failed: events.failed.bind(events),
      });
      await decided;
      assert.deepEqual(told, ['auth_unavailable']);
    }
  });

  test('comes to nobody when the exchange is over', async () => {
    const { events, decided, told, done } = stage();
    events.head(500, fieldsOf({}));
    done();
    await decided;
    assert.deepEqual(told, ['cancelled']);
  });
});

test('in a dry run nobody is asked', () =>
  assert.match(forwardAuth(OPTIONS).inDryRun ?? '', /^would ask http:\/\/auth\/verify/));
