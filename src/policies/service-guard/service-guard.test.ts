import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';
import { respond } from '../../targets/respond/respond.ts';
import { serviceGuard } from './service-guard.ts';

const USERS = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('a-token'), may: ['exec'] },
  { name: 'bob', tokenSha256: tokenDigest('b-token'), may: ['gateway'] },
]);
const NOBODY = new UserDirectory([]);

function ask(t: TestContext, users: UserDirectory, fields: readonly string[], body = '{}'): string {
  const seen: string[] = [];
  const look: Policy = {
    name: 'look',
    request: ({ user, request }) =>
      void seen.push(`${user}${request.fields.has('authorization') ? ' with token' : ''}`),
  };
  const guard = serviceGuard({ users, permission: 'exec', does: 'run commands', hosts: ['box.test'] });
  const play = new Playbook(t, { policies: [guard, look], target: respond({ status: 200 }) });
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  play.downstreamSends(head('POST / HTTP/1.1', ...fields, ...length) + body);
  const answer = play.takeDownstream();
  play.end();
  const [, status = '', code = ''] = /^HTTP\/1\.1 (\d+) [^]*?(?:"code":"(\w+)"|$)/.exec(answer) ?? [];
  const challenge = /\r\nWWW-Authenticate: Bearer realm="Sluice"\r\n/.test(answer) ? ' challenged' : '';
  assert.ok(!/access-control/i.test(answer));
  return [status, code, ...seen].filter(Boolean).join(' ') + challenge;
}

const JSON_TYPE = 'Content-Type: application/json';

describe('where there are users', () => {
  const known = ['Host: any.test', 'Authorization: Bearer a-token'];

  test('those with the permission are let in, and their token stays here', (t) => {
    assert.equal(ask(t, USERS, [...known, JSON_TYPE]), '200 alice');
    assert.equal(ask(t, USERS, [...known, 'Content-Type: application/vnd.own+json; charset=utf-8']), '200 alice');
  });

  test('nobody else is', (t) => {
    assert.equal(ask(t, USERS, ['Host: localhost', JSON_TYPE]), '401 unauthorized challenged');
    assert.equal(ask(t, USERS, ['Host: a', 'Authorization: Bearer x', JSON_TYPE]), '401 unauthorized challenged');
    assert.equal(ask(t, USERS, ['Host: a', 'Authorization: Bearer b-token', JSON_TYPE]), '403 forbidden');
  });

  test('pages of other sites and bodies that are no JSON are refused all the same', (t) => {
    assert.equal(ask(t, USERS, [...known, JSON_TYPE, 'Origin: http://evil.test']), '403 origin_denied');
    assert.equal(ask(t, USERS, [...known, 'Content-Type: text/plain']), '415 media_type_unsupported');
    assert.equal(ask(t, USERS, known), '415 media_type_unsupported');
    assert.equal(ask(t, USERS, known, ''), '200 alice');
  });
});

describe('where there are no users', () => {
  test('this machine is let in by its own names, and by those that are configured', (t) => {
    for (const host of [
      'localhost',
      'LOCALHOST:8080',
      'a.localhost',
      '127.0.0.1:1',
      '127.9.9.9',
      '[::1]:80',
      'Box.test.',
    ]) {
      assert.equal(ask(t, NOBODY, [`Host: ${host}`, JSON_TYPE]), '200', host);
    }
  });

  test('by no other, as a page could have it called', (t) => {
    for (const host of ['evil.test', 'localhost.evil.test', '10.0.0.1', '127.0.0.1.evil.test', 'evil-localhost']) {
      assert.equal(ask(t, NOBODY, [`Host: ${host}`, JSON_TYPE]), '403 host_denied', host);
    }
  });

  test('a page may ask only the host that it comes from', (t) => {
    const from = (origin: string): string => ask(t, NOBODY, ['Host: localhost:80', JSON_TYPE, `Origin: ${origin}`]);
    assert.equal(from('http://localhost:80'), '200');
    for (const origin of ['null', 'http://localhost:81', 'https://localhost:80', 'http://evil.test']) {
      assert.equal(from(origin), '403 origin_denied', origin);
    }
    for (const site of ['cross-site', 'same-site']) {
      assert.equal(ask(t, NOBODY, ['Host: localhost', JSON_TYPE, `Sec-Fetch-Site: ${site}`]), '403 origin_denied');
    }
    assert.equal(ask(t, NOBODY, ['Host: localhost', JSON_TYPE, 'Sec-Fetch-Site: same-origin']), '200');
  });

  test('a body that a form could send is refused', (t) => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'text/plain;application/json',
    ]) {
      assert.equal(ask(t, NOBODY, ['Host: localhost', `Content-Type: ${type}`]), '415 media_type_unsupported', type);
    }
  });
});
