import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedLines } from './forwarded-lines.ts';

test('an upstream is told the address of the client, how it came, and through whom', () => {
  assert.equal(
    forwardedLines({ remoteAddress: '192.0.2.7', secure: false }, '1.1 sluice-1').toString(),
    'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nVia: 1.1 sluice-1\r\n',
  );
  assert.equal(
    forwardedLines({ remoteAddress: '2001:db8::1', secure: true }, '2.0 sluice-1').toString(),
    'X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\nVia: 2.0 sluice-1\r\n',
  );
});

test('a client on a unix socket has no address to tell', () => {
  assert.equal(
    forwardedLines({ remoteAddress: '', secure: false }, '1.1 sluice-1').toString(),
    'X-Forwarded-Proto: http\r\nVia: 1.1 sluice-1\r\n',
  );
});
