import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { curlCommand, type CurlParts } from './curl-command.ts';

const GATEWAY = 'http://127.0.0.1:8080';

function command(request: Partial<RequestAnswer>, more: Partial<CurlParts> = {}): string {
  const known = { method: 'GET', host: '127.0.0.1:8080', target: '/', door: 'gateway', ...request } as RequestAnswer;
  return curlCommand({ request: known, door: GATEWAY, headers: [], body: null, ...more });
}

describe('a request as a command', () => {
  test('goes to the door that it came in by', () => {
    assert.equal(command({ target: '/a?b=1' }), "curl 'http://127.0.0.1:8080/a?b=1'");
    assert.equal(command({ host: 'app.test' }), "curl http://127.0.0.1:8080/ -H 'Host: app.test'");
    const proxy = { door: 'http://127.0.0.1:8888' };
    assert.equal(
      command({ door: 'egress', host: 'example.com', target: 'http://example.com/x' }, proxy),
      'curl -x http://127.0.0.1:8888 http://example.com/x',
    );
    assert.equal(
      command({ door: 'egress', method: 'CONNECT', host: 'example.com:443', target: 'example.com:443' }, proxy),
      'curl -x http://127.0.0.1:8888 https://example.com:443/',
    );
  });

  test('takes its fields and its body along, but nothing that is masked or that curl makes itself', () => {
    const headers = [
      ['Content-Type', 'text/plain'],
      ['Content-Length', '2'],
      ['Authorization', 'Bearer ***'],
      ['X-Empty', ''],
    ] as const;
    assert.equal(
      command({ method: 'POST' }, { headers, body: 'hi' }),
      "curl -X POST http://127.0.0.1:8080/ -H 'Content-Type: text/plain' -H 'X-Empty;' --data-raw hi",
    );
  });

  test('runs nothing that a stranger has sent', () => {
    assert.equal(
      command({ target: "/';rm -rf $HOME`id`" }),
      String.raw`curl 'http://127.0.0.1:8080/'\'';rm -rf $HOME${'`'}id${'`'}'`,
    );
  });
});
