import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientHello, ENCRYPTED_HELLO, extension, serverName } from '../../../test/support/client-hellos.ts';
import { DomainFilter, domainSetOfPatterns } from '../../services/domains/domain-filter.ts';
import { NameGuard } from './name-guard.ts';

function filterOf(mode: 'blocklist' | 'allowlist', ...patterns: readonly string[]): DomainFilter {
  return new DomainFilter({ mode, sources: [{ name: 'x', from: 'line', set: domainSetOfPatterns(patterns) }] });
}

const BLOCKED = filterOf('blocklist', 'bad.test', '*.bad.test');

/** What becomes of a tunnel to `host` whose client says that. */
function verdict(host: string, said: Buffer | string, filter = BLOCKED): string {
  const bytes = Buffer.from(said);
  const guard = new NameGuard(filter, host);
  for (let at = 0; at < bytes.length; at += 50) {
    const answer = guard.take(bytes, at, Math.min(bytes.length, at + 50));
    if (answer !== 'more') return typeof answer === 'string' ? answer : answer.code;
  }
  return 'more';
}

const asking = (name: string): Buffer => clientHello(serverName(name));

describe('a tunnel to a name', () => {
  test('leads to that name, however it is written', () => {
    assert.equal(verdict('a.test', asking('a.test')), 'pass');
    assert.equal(verdict('a.test', asking('A.Test.')), 'pass');
    assert.equal(verdict('xn--bcher-kva.example', asking('XN--BCHER-KVA.example')), 'pass');
  });

  test('is cut where the client asks for another one, listed or not', () => {
    for (const name of ['b.test', 'www.a.test', 'test', 'bad.test', '192.0.2.7', 'a b', 'a.test\0.bad.test']) {
      assert.equal(verdict('a.test', asking(name)), 'tunnel_name_denied', name);
    }
  });
});

describe('a tunnel to an address', () => {
  test('may bear any name that is not filtered', () => {
    assert.equal(verdict('192.0.2.7', asking('a.test')), 'pass');
    assert.equal(verdict('2001:db8::1', asking('a.test')), 'pass');
    for (const name of ['bad.test', 'BAD.test.', 'x.bad.test']) {
      assert.equal(verdict('192.0.2.7', asking(name)), 'tunnel_name_denied', name);
    }
  });

  test('where there is a list of those who may, bears one of these', () => {
    const allowed = filterOf('allowlist', '192.0.2.7', 'a.test');
    assert.equal(verdict('192.0.2.7', asking('a.test'), allowed), 'pass');
    assert.equal(verdict('192.0.2.7', clientHello(), allowed), 'pass');
    assert.equal(verdict('192.0.2.7', asking('b.test'), allowed), 'tunnel_name_denied');
  });
});

describe('a client that shows no name, or not the one it means', () => {
  test('has shown it already', () => {
    for (const said of [clientHello(), clientHello(extension(43, [2, 3, 4])), 'SSH-2.0-x\r\n', 'EHLO a\r\n']) {
      assert.equal(verdict('a.test', said), 'pass');
    }
    assert.equal(verdict('a.test', clientHello(ENCRYPTED_HELLO)), 'pass');
  });

  test('may name somebody else outside of what it hides, but nobody who is filtered', () => {
    const hiding = (name: string): Buffer => clientHello(serverName(name), ENCRYPTED_HELLO);
    assert.equal(verdict('a.test', hiding('public.test')), 'pass');
    assert.equal(verdict('a.test', hiding('bad.test')), 'tunnel_name_denied');
    const allowed = filterOf('allowlist', 'a.test', 'public.test');
    assert.equal(verdict('a.test', hiding('public.test'), allowed), 'pass');
    assert.equal(verdict('a.test', hiding('other.test'), allowed), 'tunnel_name_denied');
  });

  test('is waited for as long as it may still say one', () => {
    assert.equal(verdict('a.test', asking('a.test').subarray(0, -1)), 'more');
    assert.equal(verdict('a.test', ''), 'more');
  });

  test('is cut where it says it in two ways', () => {
    assert.equal(verdict('a.test', clientHello(serverName('a.test'), serverName('b.test'))), 'tunnel_name_denied');
  });
});
