import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import {
  count,
  duration,
  filePath,
  headerMap,
  headerName,
  headerValue,
  hostOrNetwork,
  hostPattern,
  identifier,
  listenAddress,
  memberId,
  network,
  nonEmptyText,
  noProxyEntry,
  oneOrMany,
  port,
  proxyUrl,
  rate,
  secret,
  share,
  size,
  statusCode,
  tags,
  url,
} from './fields.ts';

/** What the field makes of each input; an input that it refuses gives its message. */
function readings(field: z.ZodType, inputs: readonly unknown[]): unknown[] {
  return inputs.map((input) => {
    const { data, error } = field.safeParse(input);
    return error === undefined ? data : `! ${error.issues[0]?.message}`;
  });
}

function refuses(field: z.ZodType, inputs: readonly unknown[]): void {
  for (const input of inputs) assert.ok(!field.safeParse(input).success, JSON.stringify(input));
}

describe('durations', () => {
  test('are milliseconds, and need a unit', () => {
    assert.deepEqual(readings(duration(), ['30s', '1h30m', 30, '30']), [
      30_000,
      5_400_000,
      '! a duration without a unit: write 30s for seconds, or 30ms',
      '! a duration without a unit: write 30s for seconds, or 30ms',
    ]);
    refuses(duration(), ['', 's', '-1s', null, true, ['1s']]);
  });

  test('have bounds: more than nothing unless nothing is allowed, and what a timer can hold', () => {
    assert.deepEqual(readings(duration({ min: '0s' }), ['0s', '24d']), [0, 2_073_600_000]);
    refuses(duration(), ['0s', '25d']);
    refuses(duration({ min: '100ms' }), ['99ms']);
  });
});

test('sizes are bytes, with a unit or as a number', () => {
  assert.deepEqual(readings(size(), ['16KiB', '4096', 4096, 0]), [16_384, 4096, 4096, 0]);
  refuses(size(), ['', '10M', -1, 1.5, null]);
});

test('rates are per second', () => {
  assert.deepEqual(readings(rate(), ['100/s', '30/m', 2.5]), [100, 0.5, 2.5]);
  refuses(rate(), ['100', '0/s', 0, -1, null]);
});

describe('addresses', () => {
  test('come out in one spelling', () => {
    assert.deepEqual(
      readings(listenAddress(), [
        8080,
        '8080',
        ':8080',
        '*:8080',
        'LOCALHOST:1',
        '[0:0::1]:1',
        'unix:/run/x',
        '127.0.0.1:0',
      ]),
      ['127.0.0.1:8080', '127.0.0.1:8080', ':8080', ':8080', 'localhost:1', '[::1]:1', 'unix:/run/x', '127.0.0.1:0'],
    );
  });

  test('are refused with a reason', () => {
    assert.deepEqual(readings(listenAddress(), ['8080:80', 'localhost', 70_000]), [
      '! "8080:80" is not an address: it is two ports, and one is needed',
      '! "localhost" is not an address: the port is missing',
      '! expected an address such as 127.0.0.1:8080, [::1]:8080, :8080 (every address) or unix:/run/x.sock',
    ]);
  });
});

describe('URLs', () => {
  const rules = { schemes: ['http', 'socks5'], example: 'http://a' };

  test('are kept as they are written', () => {
    const inputs = ['http://a', 'HTTP://A:80/', 'socks5://a:1080', 'http://[::1]:80'];
    assert.deepEqual(readings(url(rules), inputs), inputs);
  });

  test('hold only what is possible at their place', () => {
    refuses(url(rules), ['http://a/path', 'http://a?q', 'http://a#f', 'http://u:p@a', 'http://u@a']);
    const everything = url({ ...rules, path: true, query: true, credentials: true });
    assert.equal(everything.safeParse('http://u:p@a:1/path?q#f').success, true);
  });

  test('are refused with a reason', () => {
    assert.deepEqual(readings(url(rules), ['a:80', 'ftp://a', 'http://', 'http://a:99999']), [
      '! expected a URL such as http://a: it must begin with http:// or socks5://',
      '! expected a URL such as http://a: "ftp" is not possible here, only http or socks5',
      '! expected a URL such as http://a: the host or the port is not valid',
      '! expected a URL such as http://a: the host or the port is not valid',
    ]);
  });
});

describe('hosts', () => {
  test('come out in the spelling that requests are compared in', () => {
    assert.deepEqual(
      readings(hostPattern(), [
        'Example.COM',
        '*.Example.com',
        '*',
        'bücher.example',
        '*.bücher.example',
        '[::0:1]',
        'example.com.',
      ]),
      ['example.com', '*.example.com', '*', 'xn--bcher-kva.example', '*.xn--bcher-kva.example', '::1', 'example.com'],
    );
  });

  test('have no scheme, path or port, and one star at most', () => {
    refuses(hostPattern(), ['http://a', 'a/b', 'a:80', 'a.*.b', '**.a', '*a.b', 'a b', '', '-a', 5]);
  });

  test('may be networks where these make sense', () => {
    assert.deepEqual(readings(hostOrNetwork(), ['10.0.0.0/8', 'A.example', '::1/128']), [
      '10.0.0.0/8',
      'a.example',
      '::1/128',
    ]);
    assert.deepEqual(readings(network(), ['10.0.0.1', 'fd00::/8']), ['10.0.0.1', 'fd00::/8']);
    refuses(network(), ['a.example', '10.0.0.0/33', '']);
  });
});

test('header fields have names that HTTP knows, and values without line breaks', () => {
  assert.deepEqual(readings(headerMap(), [{ 'X-A': ' b ', N: 1, B: true }]), [{ 'X-A': 'b', N: '1', B: 'true' }]);
  refuses(headerName(), ['', 'X A', 'X:', 'Ü']);
  refuses(headerValue(), ['a\r\nB: c', 'a\0', null]);
});

test('names hold letters, digits and few signs', () => {
  assert.deepEqual(readings(identifier(), ['a', 'A-1_b.c']), ['a', 'A-1_b.c']);
  refuses(identifier(), ['', '-a', 'a b', 'a:1', 5]);
  assert.deepEqual(readings(memberId(), ['fr-1', 'a.example:80', '[::1]:80']), ['fr-1', 'a.example:80', '[::1]:80']);
});

test('numbers have bounds', () => {
  assert.deepEqual(readings(count(), [1, 0]), [1, '! expected a whole number from 1 on']);
  assert.deepEqual(readings(count(5), [5, 6]), [5, '! expected a whole number from 1 to 5']);
  refuses(port(), [0, 65_536, 1.5, '80']);
  refuses(statusCode(), [199, 600]);
});

test('texts, paths and secrets are not empty', () => {
  for (const field of [nonEmptyText(), filePath(), secret()]) {
    assert.equal(field.parse('x'), 'x');
    refuses(field, ['', 5, null]);
  }
});

test('one value or a list of them is always a list afterwards', () => {
  assert.deepEqual(readings(oneOrMany(port()), [1, [1, 2], []]), [[1], [1, 2], []]);
});

test('shares are percents or numbers up to one', () => {
  assert.deepEqual(readings(share(), ['20%', 0.5, '1']), [0.2, 0.5, 1]);
  refuses(share(), ['120%', 2, -1, 'half', null]);
});

test('entries of NO_PROXY are kept as they are written', () => {
  const entries = ['*', '.a.example', '10.0.0.0/8', '[::1]:80', 'a.example:443'];
  assert.deepEqual(readings(noProxyEntry(), entries), entries);
  refuses(noProxyEntry(), ['', 'http://a', 'a/8', 'a b', 5]);
});

test('URLs of proxies hold what the protocol can carry, and faults do not quote them', () => {
  const good = ['http://u:p@a:1', 'HTTPS://a', 'socks5://u:p@[::1]:1', 'socks4a://u@a'];
  assert.deepEqual(readings(proxyUrl(), good), good);
  for (const wrong of [
    'ftp://a',
    'socks5://u@a',
    'socks4://u:hunter2@a',
    'http://a:hunter2%@b',
    'http://a/path',
    'a:1',
  ]) {
    const [message] = readings(proxyUrl(), [wrong]);
    assert.match(String(message), /^! /, wrong);
    assert.doesNotMatch(String(message), /hunter2/);
  }
});

test('labels are texts', () => {
  assert.deepEqual(readings(tags(), [{ country: 'fr', tier: 1, fast: true }]), [
    { country: 'fr', tier: '1', fast: 'true' },
  ]);
  refuses(tags(), [{ country: null }, ['fr'], 'fr']);
});
