import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { endpointAt, type Exits, groupOf } from '../../../test/support/chain-rig.ts';
import { destination, type DestinationRig } from '../../../test/support/destination-rig.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { RetryBudget } from '../../services/chain/retry-budget.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { exitFields } from '../../policies/exit-fields/exit-fields.ts';

const NO_CONTENT = head('HTTP/1.1 204 No Content');
const BUSY = `${head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 3')}why`;

function stage(t: TestContext, rig: DestinationRig = {}): Playbook {
  return new Playbook(t, { target: destination(rig), policies: [exitFields()], forwarding: 'none' });
}

function get(url: string, ...fields: readonly string[]): string {
  return head(`GET ${url} HTTP/1.1`, `Host: ${new URL(url).host}`, ...fields);
}

function connect(authority: string): string {
  return head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`);
}

describe('a URL that is asked for through hops', () => {
  const groups = (): Exits[] => [groupOf('exits', [endpointAt(1), endpointAt(2), endpointAt(3)])];
  const spent = (): RetryBudget => {
    const budget = new RetryBudget(0);
    while (budget.spend());
    return budget;
  };

  for (const [what, rig] of [
    ['when its time is over', { withinMs: 0 }],
    ['when too much is tried again already', { retries: spent() }],
  ] as const) {
    test(`is tried once ${what}`, (t) => {
      const play = stage(t, { groups: groups(), ...rig }).downstreamSends(get('http://a.test/'));
      play.expectDialBegins('exits/exits-0').upstreamRefuses('hop_timeout').expectNoDial();
      assert.match(play.takeDownstream(), /^HTTP\/1\.1 504 [^]*"hop_timeout"/);
      play.clientConnects().downstreamSends(get('http://a.test/')).expectDial('exits/exits-1');
      play.expectUpstream(/^GET/).upstreamSends(BUSY).expectNoDial();
      play.expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
    });
  }
});

describe('a URL that is asked for', () => {
  test('is fetched from the server that it names, on port 80 unless it says something else', (t) => {
    const play = stage(t);
    for (const [url, origin, path] of [
      ['http://a.test/x?y', 'http://a.test:80', '/x?y'],
      ['http://a.test:81', 'http://a.test:81', '/'],
      ['HTTP://10.0.0.1/', 'http://10.0.0.1:80', '/'],
      ['http://[::1]:8080/', 'http://[::1]:8080', '/'],
    ] as const) {
      play.clientConnects().downstreamSends(get(url)).expectDial(origin);
      play.expectUpstream(head(`GET ${path} HTTP/1.1`, `Host: ${url.split('/')[2]}`));
      play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
  });

  test('goes out on a connection that is open already', (t) => {
    const play = stage(t).downstreamSends(get('http://a.test/1')).expectDial('http://a.test:80');
    play
      .expectUpstream(/^GET \/1 /)
      .upstreamSends(NO_CONTENT)
      .expectDownstream(/ 204 /);
    play
      .clientConnects()
      .downstreamSends(get('http://a.test/2'))
      .expectNoDial()
      .expectUpstream(/^GET \/2 /);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('takes nothing along that is between the client and us', (t) => {
    const between = ['Proxy-Connection: keep-alive', 'Connection: x-own', 'X-Own: 1', 'Keep-Alive: timeout=5'];
    const play = stage(t)
      .downstreamSends(get('http://a.test/', ...between))
      .expectDial('http://a.test:80');
    play.expectUpstream(head('GET / HTTP/1.1', 'Host: a.test')).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('is answered as the server has answered, also with what another way might do better', (t) => {
    const play = stage(t).downstreamSends(get('http://a.test/')).expectDial('http://a.test:80');
    play
      .expectUpstream(/^GET/)
      .upstreamSends(BUSY)
      .expectNoDial()
      .expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
  });

  test('is an error when there is no other way to a server that cannot be reached', (t) => {
    const play = stage(t).downstreamSends(get('http://a.test/')).expectDialBegins('http://a.test:80');
    play.upstreamRefuses().expectNoDial();
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 502 [^]*\r\nX-Sluice-Exit: direct\r\n[^]*"upstream_unreachable"/);
  });

  test('is a WebSocket when both sides agree', (t) => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
    const play = stage(t)
      .downstreamSends(get('http://a.test/ws', ...upgrade))
      .expectDial('http://a.test:80');
    play.expectUpstream(head('GET /ws HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: websocket'));
    play.upstreamSends(`${head('HTTP/1.1 101 Switching Protocols', ...upgrade)}hello`);
    play.expectDownstream(/^HTTP\/1\.1 101 [^]*hello$/);
    play.downstreamSends('and back').expectUpstream('and back');
  });
});

describe('what no proxy is asked for', () => {
  test('is an https URL', (t) => {
    const play = stage(t).downstreamSends(get('https://a.test/')).expectNoDial();
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 400 [^]*an https URL is reached by CONNECT/);
  });

  test('is no URL at all', (t) => {
    const play = stage(t).downstreamSends(head('OPTIONS * HTTP/1.1', 'Host: a.test')).expectNoDial();
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 400 [^]*whole URLs that begin with http, and by CONNECT/);
  });
});

describe('rules', () => {
  const deny = { match: { host: ['*.bad.test'], port: [], user: [] }, action: 'deny', via: null, tags: {} } as const;

  for (const [what, rules, authority, status, code] of [
    ['a rule that denies', { rules: [deny] }, 'x.bad.test:443', 403, 'destination_denied'],
    ['a port that tunnels may not reach', { connectPorts: [443] }, 'a.test:25', 403, 'destination_denied'],
    ['a private address', { allowPrivate: false }, '10.0.0.1:443', 403, 'destination_denied'],
    ['a private address in disguise', { allowPrivate: false }, '[::ffff:10.0.0.1]:443', 403, 'destination_denied'],
    [
      'one of our doors',
      { doors: new OwnDoors([{ host: '', port: 8888 }]) },
      'localhost:8888',
      403,
      'destination_denied',
    ],
  ] as const) {
    test(`keep tunnels from ${what}`, async (t) => {
      const play = await stage(t, { rules }).downstreamSends(connect(authority)).expectNothingDownstream().promises();
      const answer = play.takeDownstream();
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*"${code}"`));
      play.expectClientConnection('open');
    });
  }

  test('hold for URLs as well', (t) => {
    const play = stage(t, { rules: { rules: [deny] } })
      .downstreamSends(get('http://x.bad.test/'))
      .expectNoDial();
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 403 [^]*"destination_denied"/);
  });

  test('do not keep URLs from ports that only tunnels may not reach', (t) => {
    const play = stage(t, { rules: { connectPorts: [443] } }).downstreamSends(get('http://a.test:81/'));
    play.expectDial('http://a.test:81').expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('know who asks', (t) => {
    const match = { host: [], port: [], user: ['bob'] };
    const name = { name: 'name', request: (exchange: { user: string }): void => void (exchange.user = 'bob') };
    const target = destination({ rules: { rules: [{ ...deny, match }] } });
    const play = new Playbook(t, { target, policies: [name] }).downstreamSends(get('http://a.test/')).expectNoDial();
    play.expectError(403, 'destination_denied');
  });

  test('are asked again for each request of a connection', (t) => {
    const play = stage(t, { rules: { rules: [deny] } });
    play.downstreamSends(get('http://a.test/')).expectDial('http://a.test:80').expectUpstream(/^GET/);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    play
      .downstreamSends(get('http://x.bad.test/'))
      .expectNoDial()
      .expectDownstream(/^HTTP\/1\.1 403 /);
  });

  test('send through hops what they say, and nothing else', (t) => {
    const groups = [groupOf('exits', [endpointAt(1)])];
    const rule = { match: { host: ['in.test'], port: [], user: [] }, action: 'allow', via: [], tags: {} } as const;
    const play = stage(t, { groups, rules: { rules: [rule] } });
    play.downstreamSends(get('http://out.test/')).expectDial('exits/exits-0');
    play
      .expectUpstream(/^GET http:\/\/out\.test\/ /)
      .upstreamSends(NO_CONTENT)
      .expectDownstream(/ 204 /);
    play
      .downstreamSends(get('http://in.test/'))
      .expectDial('http://in.test:80')
      .expectUpstream(/^GET \/ /);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });
});

describe('the port that a client has come in on', () => {
  test('may stand for members with certain tags, beside those of the rules', (t) => {
    const groups = [groupOf('exits', [endpointAt(1), endpointAt(2), endpointAt(3)])];
    const tagsOfPort = (port: number): { country: string } | null => (port === 80 ? { country: 'fr' } : null);
    const play = stage(t, { groups, tagsOfPort });
    for (const path of ['1', '2']) {
      play.clientConnects().downstreamSends(get(`http://a.test/${path}`));
      if (path === '1') play.expectDial('exits/exits-0');
      play.expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
  });
});
