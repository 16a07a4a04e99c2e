import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import { acl } from './acl.ts';

/** Where the client of a playbook comes from. */
const CLIENT = '192.0.2.7';

interface Lists {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly trusted?: readonly string[];
}

function asks(t: TestContext, { allow = [], deny = [], trusted = [] }: Lists, ...fields: readonly string[]): Playbook {
  const policies = [acl({ client: new ClientAddress(trusted), allow, deny })];
  const play = new Playbook(t, { policies });
  return play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...fields));
}

function entersWith(t: TestContext, lists: Lists, ...fields: readonly string[]): void {
  const play = asks(t, lists, ...fields)
    .expectDial()
    .expectUpstream(/^GET /);
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
}

function staysOutWith(t: TestContext, lists: Lists, ...fields: readonly string[]): void {
  asks(t, lists, ...fields)
    .expectNoDial()
    .expectError(403, 'forbidden')
    .expectClientConnection('open')
    .end();
}

describe('who may enter', () => {
  test('is everybody where nothing is said', (t) => entersWith(t, {}));

  test('is who is allowed, where anybody is', (t) => {
    entersWith(t, { allow: ['198.51.100.0/24', '192.0.2.0/24'] });
    staysOutWith(t, { allow: ['198.51.100.0/24', '2001:db8::/32'] });
  });

  test('is not who is denied, even if allowed', (t) => {
    entersWith(t, { deny: ['192.0.2.8'] });
    staysOutWith(t, { deny: [CLIENT] });
    staysOutWith(t, { allow: ['192.0.2.0/24'], deny: ['::ffff:192.0.2.7'] });
  });

  test('is told the code and nothing of the lists', (t) => {
    const answer = asks(t, { allow: ['198.51.100.0/24'] }).takeDownstream();
    assert.match(answer, /"code":"forbidden"/);
    assert.doesNotMatch(answer, /198\.51|192\.0/);
  });
});

describe('behind a proxy', () => {
  const forwarded = (value: string): string => `X-Forwarded-For: ${value}`;

  test('that is not trusted, the client cannot give itself another address', (t) => {
    staysOutWith(t, { allow: ['198.51.100.0/24'] }, forwarded('198.51.100.1'));
    staysOutWith(t, { allow: ['198.51.100.0/24'], trusted: ['10.0.0.0/8'] }, forwarded('198.51.100.1'));
  });

  test('that is trusted, the client is whom it names', (t) => {
    const lists = { allow: ['198.51.100.0/24'], trusted: [CLIENT] };
    entersWith(t, lists, forwarded('198.51.100.1'));
    staysOutWith(t, lists, forwarded('198.51.100.1, 203.0.113.9'));
    staysOutWith(t, { deny: ['198.51.100.1'], trusted: [CLIENT] }, forwarded('10.0.0.1, 198.51.100.1'));
  });

  test('that says what is no address, nobody enters', (t) =>
    staysOutWith(t, { trusted: [CLIENT] }, forwarded('unknown')));
});
