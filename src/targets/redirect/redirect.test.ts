import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, Exchange } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { redirect, toHttps } from './redirect.ts';

type Make = (exchange: Exchange) => Answer;

/** A target whose answer is kept. */
function answered(target: (respond: (make: Make) => AnswerTarget) => AnswerTarget, exchange: Exchange): Answer {
  let answer: Answer | undefined;
  target((make) => ({ kind: 'answer', take: (given) => void (answer = make(given)) })).take(exchange);
  return answer ?? assert.fail('nothing was answered');
}

function locationOf(to: string, path: string, query = '', pattern = '/old/*'): string | undefined {
  const exchange = { request: { path, query, host: 'a.test' } } as Exchange;
  const { status, fields } = answered((respond) => redirect({ to, status: 308, pattern }, respond), exchange);
  assert.equal(status, 308);
  assert.deepEqual(
    fields?.map(([name]) => name),
    ['Location'],
  );
  return fields?.[0]?.[1];
}

describe('a redirect', () => {
  test('puts the rest of the path where it belongs', () => {
    assert.equal(locationOf('/new/{rest}', '/old/a/b'), '/new/a/b');
    assert.equal(locationOf('https://new.test/{rest}', '/old/a/b'), 'https://new.test/a/b');
    assert.equal(locationOf('/new', '/old/a/b'), '/new');
    assert.equal(locationOf('/{rest}/of/{rest}', '/old/$&'), '/$&/of/$&');
  });

  test('keeps the query', () => {
    assert.equal(locationOf('/new', '/old/a', '?b=c&d'), '/new?b=c&d');
    assert.equal(locationOf('/new?from=old', '/old/a', '?b=c'), '/new?from=old&b=c');
    assert.equal(locationOf('/new#part', '/old/a', '?b=c'), '/new?b=c#part');
    assert.equal(locationOf('/new', '/old/a', '?'), '/new');
  });

  test('leads nowhere but to where it was meant to', () => {
    assert.equal(locationOf('/{rest}', '//evil.test/', '', '/*'), '/evil.test/');
    assert.equal(locationOf('/{rest}', '/\\evil.test/', '', '/*'), '/%5Cevil.test/');
  });
});

describe('a redirect to the host that was asked for', () => {
  test('takes it where the text wants it', () => {
    assert.equal(locationOf('https://www.{host}/{rest}', '/old/a', '?b'), 'https://www.a.test/a?b');
  });

  test('with https is the whole URL again, on another port if that is not 443', () => {
    const exchange = { request: { path: '/a/b', query: '?c', host: 'a.test' } } as Exchange;
    const to = (port: number): unknown => answered((respond) => toHttps(port, respond), exchange).fields?.[0]?.[1];
    assert.equal(to(443), 'https://a.test/a/b?c');
    assert.equal(to(8443), 'https://a.test:8443/a/b?c');
  });

  test('is refused to who has named none', () => {
    const failures: string[] = [];
    const exchange = { request: { host: '' }, fail: (code: string) => failures.push(code) } as unknown as Exchange;
    toHttps(443, (make) => ({ kind: 'answer', take: make })).take(exchange);
    assert.deepEqual(failures, ['request_invalid']);
  });
});
