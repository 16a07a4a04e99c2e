import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseProxyUrl } from './proxy-url.ts';

function faultOf(text: string): string {
  const parsed = parseProxyUrl(text);
  return 'fault' in parsed ? parsed.fault : 'no fault';
}

describe('the URL of a proxy', () => {
  test('has the port of its scheme when it names none', () => {
    const ports = ['http', 'https', 'socks5', 'socks5h', 'socks4', 'socks4a'].map((scheme) => {
      const parsed = parseProxyUrl(`${scheme}://H.Example/`);
      return 'fault' in parsed ? parsed.fault : `${parsed.scheme} ${parsed.host} ${parsed.port}`;
    });
    assert.deepEqual(ports, [
      'http h.example 80',
      'https h.example 443',
      'socks5 h.example 1080',
      'socks5h h.example 1080',
      'socks4 h.example 1080',
      'socks4a h.example 1080',
    ]);
  });

  test('may hold an IP address; the zone of one stays', () => {
    const hosts = ['10.0.0.1:1', '[::1]:1', '[::ffff:10.0.0.1]:1', '[FE80::1%eth0]:1'].map((address) => {
      const parsed = parseProxyUrl(`http://${address}`);
      return 'fault' in parsed ? parsed.fault : parsed.host;
    });
    assert.deepEqual(hosts, ['10.0.0.1', '::1', '10.0.0.1', 'fe80::1%eth0']);
  });

  test('is percent-decoded once, and split at its first colon and its last "@"', () => {
    for (const [userInfo, username, password] of [
      ['u:p', 'u', 'p'],
      ['u%2540:p%3Aq', 'u%40', 'p:q'],
      ['a@b:c@d:e', 'a@b', 'c@d:e'],
      ['DOMAIN%5Cjo:%C3%A4', 'DOMAIN\\jo', 'ä'],
      [':p', '', 'p'],
      ['u:', 'u', ''],
      ['u', 'u', null],
      ['', null, null],
      [':', null, null],
    ] as const) {
      const parsed = parseProxyUrl(`http://${userInfo}@h:1`);
      assert.ok(!('fault' in parsed), userInfo);
      assert.deepEqual([parsed.username, parsed.password], [username, password], userInfo);
    }
  });

  test('is refused with a host, port or scheme that is none', () => {
    const places = ['', 'a b', 'h:0', 'h:65536', 'h:x', '::1:1', '[h]:1', '[::1', 'h/path', 'h?q'];
    for (const text of ['ftp://h', 'h:1', ...places.map((place) => `http://${place}`)]) {
      assert.notEqual(faultOf(text), 'no fault', text);
    }
  });

  test('has a user name and password that its protocol can carry', () => {
    const long = 'x'.repeat(256);
    for (const [text, fault] of [
      [`socks5://${long}:p@h`, /user name has 256 bytes/],
      [`socks5://u:${'%C3%A4'.repeat(128)}@h`, /password has 256 bytes/],
      [`socks5h://u:${long.slice(1)}@h`, /no fault/],
      ['socks5://u@h', /needs a password/],
      ['socks5://:p@h', /needs a user name/],
      ['socks4://u:p@h', /no password/],
      ['socks4a://u%00v@h', /NUL/],
      ['socks4://u@h', /no fault/],
      ['http://a%3Ab:p@h', /colon/],
      ['http://a:b%0Ac@h', /control/],
      [`https://${long}:p@h`, /no fault/],
      ['http://u:50%@h', /password has a "%"/],
      ['http://u%ff:p@h', /user name has a "%"/],
    ] as const) {
      assert.match(faultOf(text), fault, text.slice(0, 40));
    }
  });

  test('never quotes the password in a fault', () => {
    for (const text of ['socks4://u:hunter2@h', 'http://u:hunter2%@h', 'http://u:hunter2@h:x', 'socks5://:hunter2@h']) {
      assert.doesNotMatch(faultOf(text), /hunter2/);
    }
  });
});
