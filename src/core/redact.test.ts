import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SluiceError } from './errors.ts';
import { redactHeader, redactTarget, redactText, redactValue } from './redact.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('');
const word = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...LETTERS), minLength, maxLength });
/** Told apart from everything around it by its length and its marks. */
const secret = word(12, 30).map((text) => `q7Z${text}9xK`);
const secretParameter = fc.constantFrom('token', 'access_token', 'api_key', 'key', 'password', 'secret', 'sig', 'code');
const harmless = fc.constantFrom('page=2', 'q=a+b', 'sort=-name', 'x', 'lang=de&b=%20', 'max_tokens=5');

const percent = (text: string): string =>
  Array.from(text, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

/** Places in a text where a secret is put, each as somebody really writes it. */
const TEXTS: readonly ((secret: string) => string)[] = [
  (s) => `GET failed: http://user:${s}@proxy.example:8080/path`,
  (s) => `dial socks5://${s}@10.0.0.1:1080: refused`,
  (s) => `url http://user:a/${s}@host:80 is not valid`,
  (s) => `see https://example.com/cb?state=1&code=${s}#done`,
  (s) => `see https://example.com/cb?state=1&%63ode=${s}`,
  (s) => `open http://127.0.0.1:8889/#t=${s}`,
  (s) => `upstream said: Authorization: Bearer ${s}`,
  (s) => `{"authorization":"Bearer ${s}","a":1}`,
  (s) => `{"cookie":["sid=${s}"]}`,
  (s) => `curl -H 'Proxy-Authorization: Basic ${s}' http://x/`,
  (s) => `curl -H "x-api-key: ${s}" http://x/`,
  (s) => `Cookie: a="1"; sid=${s}`,
  (s) => `set-cookie: sid=${s}; HttpOnly\r\nnext: line`,
  (s) => `got bearer ${s} in the body`,
  (s) => `   password: ${s}`,
  (s) => `   password: "with space ${s}"`,
  (s) => `auth_token = '${s}'`,
  (s) => `{"db_password":"a\\"${s}"}`,
  (s) => `"{\\"access_token\\":\\"${s}\\",\\"a\\":1}"`,
  (s) => `key is sk-ant-api03-${s}-AA.`,
  (s) => `key is sk-${s}`,
  (s) => `cloning with ghp_${s}`,
  (s) => `jwt eyJhbGciOi.${s}.abc`,
  (s) => `-----BEGIN RSA PRIVATE KEY-----\nabc\n${s}\n-----END RSA PRIVATE KEY-----`,
  (s) => `Proxy-Authorization: Digest username="u", response="${s}"`,
  (s) => `NTLM ${s}`,
];

describe('redacting a target', () => {
  test('a target without a query or credentials is the same string', () => {
    for (const target of ['/', '/a/b;c=d', '*', 'example.com:443', 'http://example.com/a']) {
      assert.equal(redactTarget(target), target);
    }
  });

  test('values of secret parameters are masked and the rest stays byte for byte', () => {
    assert.equal(redactTarget('/a?x=1&token=abc&y=%20&code='), '/a?x=1&token=***&y=%20&code=');
    assert.equal(redactTarget('/a?X-Amz-Signature=abc;user[password]=x'), '/a?X-Amz-Signature=***;user[password]=***');
    assert.equal(redactTarget('/a?x=1&y=2&&=&?'), '/a?x=1&y=2&&=&?');
    assert.equal(redactTarget('/v1?max_tokens=5&country_code=de&q=a%2Bb'), '/v1?max_tokens=5&country_code=de&q=a%2Bb');
  });

  test('credentials before the host are masked in every form of target', () => {
    assert.equal(redactTarget('http://u:p@example.com/a@b'), 'http://***@example.com/a@b');
    assert.equal(redactTarget('//u:p@example.com/'), '//***@example.com/');
    assert.equal(redactTarget('u:p@example.com:443'), '***@example.com:443');
    assert.equal(redactTarget('/~me@home?a=me@home'), '/~me@home?a=me@home');
  });

  test('a secret inside an encoded value is found', () => {
    const inner = encodeURIComponent('https://u:p@idp.example/cb');
    assert.equal(redactTarget(`/login?next=${inner}&a=1`), '/login?next=***&a=1');
    assert.equal(redactTarget('/login?next=%2Fcb%3Ftoken%3Dabc'), '/login?next=***');
    assert.equal(redactTarget('/login?%74oken=abc'), '/login?%74oken=***');
    assert.equal(redactTarget('/x?h=Bearer+abcdef'), '/x?h=***');
    assert.equal(redactTarget('/x?sk-ant-api03-abcdefgh'), '/x?***');
  });

  test('a value encoded over and over is masked without being followed for ever', () => {
    let value = '%';
    for (let round = 0; round < 12; round += 1) value = encodeURIComponent(`%3Fa%3D${value}`);
    assert.equal(redactTarget(`/x?q=${value}`), '/x?q=***');
  });

  test('a planted secret never survives, whatever its neighbours, order and encoding', () => {
    const encoded = fc.constantFrom(
      (text: string) => text,
      percent,
      (text: string) => percent(percent(text)),
    );
    fc.assert(
      fc.property(
        secret,
        secretParameter,
        encoded,
        fc.array(harmless, { maxLength: 4 }),
        (value, name, encode, others) => {
          const pairs = [
            ...others,
            `${encode(name)}=${value}`,
            `url=${encodeURIComponent(`http://x/?${name}=${value}`)}`,
          ];
          const target = `/path?${pairs.join('&')}`;
          const clean = redactTarget(target);
          assert.ok(!clean.includes(value), clean);
          assert.ok(clean.startsWith(`/path?${others.map((pair) => `${pair}&`).join('')}`), clean);
        },
      ),
    );
  });

  test('what a first look lets through has nothing that a closer look would mask', () => {
    const part = fc.constantFrom(
      'a',
      'sid',
      'key',
      'co',
      'de',
      '=',
      '&',
      'Tok',
      'en',
      'pass',
      '-',
      'x',
      '1',
      'sig',
      'auth',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const target = `/?${parts.join('')}`;
        // One suspicious parameter has the whole query looked at in full.
        assert.equal(`${redactTarget(target)}&p=@`, redactTarget(`${target}&p=@`));
      }),
    );
  });
});

describe('redacting a header', () => {
  test('credentials are masked and their scheme is kept', () => {
    assert.equal(redactHeader('Authorization', 'Bearer abc'), 'Bearer ***');
    assert.equal(redactHeader('proxy-authorization', 'Basic dTpw'), 'Basic ***');
    assert.equal(redactHeader('authorization', 'abc def'), '***');
    assert.equal(redactHeader('Cookie', 'a=b'), '***');
    assert.equal(redactHeader('X-API-Key', 'abc'), '***');
  });

  test('other fields are treated as text', () => {
    assert.equal(redactHeader('Location', 'https://u:p@h/cb?code=abc'), 'https://***@h/cb?code=***');
    assert.equal(redactHeader('Accept', 'text/html, */*;q=0.8'), 'text/html, */*;q=0.8');
  });
});

describe('redacting text', () => {
  test('a planted secret never survives in any of the places where secrets are found', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...TEXTS),
        fc.constantFrom('', 'error: ', 'a b\n'),
        (value, write, before) => {
          const clean = redactText(before + write(value));
          assert.ok(!clean.includes(value), clean);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('masked text stays as it is when it is redacted again', () => {
    for (const write of TEXTS) {
      const once = redactText(write('q7Zabcdefghijkl9xK'));
      assert.equal(redactText(once), once);
    }
  });

  test('the shape of what was masked stays readable', () => {
    assert.equal(redactText('dial http://u:p@h:80/a?b=1: refused'), 'dial http://***@h:80/a?b=1: refused');
    assert.equal(redactText('{"password":"a","b":1}'), '{"password":"***","b":1}');
    assert.equal(redactText('{"authorization":"Bearer a"}'), '{"authorization":"***"}');
    assert.equal(redactText("curl -H 'Authorization: Bearer a' x"), "curl -H 'Authorization: Bearer ***' x");
  });

  test('ordinary messages stay as they are', () => {
    const messages = [
      'A valid bearer token is needed.',
      'Basic authentication failed',
      'connect ECONNREFUSED 127.0.0.1:8080',
      'unknown key "retires" in routes[0].upstream, did you mean "retries"?',
      'http://host:8080/path@x and me@example.com',
      'max_tokens: 4096, token: null',
      'risk-assessment of the task-force',
      'the server answered 502 after 1.2s',
      '"token_url": "https://console.anthropic.com/v1/oauth/token"',
    ];
    for (const message of messages) assert.equal(redactText(message), message);
  });

  test('a long text without an end in sight takes time in proportion to its length', () => {
    // Each of these would need minutes if a pattern looked at the same bytes again and again.
    const parts = [
      'a',
      '://a:b',
      'token',
      '"authorization',
      '-----BEGIN PRIVATE KEY-----',
      '?a=',
      '%25',
      "cookie:'",
      '\\"',
      '@',
    ];
    for (const part of parts) redactText(part.repeat(Math.ceil(60_000 / part.length)));
    for (const part of parts) redactTarget(`/?a=${part.repeat(Math.ceil(8_000 / part.length))}`);
  });
});

describe('redacting values', () => {
  test('fields with a secret name are masked at any depth, and what is unset stays visible', () => {
    const value = {
      a: { db_password: 1234, list: [{ token: ['x'] }] },
      token: null,
      secret: undefined,
      auth_token: true,
    };
    assert.deepEqual(redactValue(value), {
      a: { db_password: '***', list: [{ token: '***' }] },
      token: null,
      secret: undefined,
      auth_token: true,
    });
  });

  test('harmless fields of a log line stay', () => {
    const value = { code: 'upstream_timeout', key: 'gateway.listen', session_id: 's1', max_tokens: 5, n: 2n };
    assert.deepEqual(redactValue(value), { ...value, n: '2' });
  });

  test('header fields are masked as an object, as a flat list, as pairs and as a map', () => {
    const fields = [
      ['X-Auth', 'abc'],
      ['accept', '*/*'],
    ] as const;
    assert.deepEqual(redactValue({ headers: Object.fromEntries(fields) }), {
      headers: { 'X-Auth': '***', accept: '*/*' },
    });
    assert.deepEqual(redactValue(fields.flat()), ['X-Auth', '***', 'accept', '*/*']);
    assert.deepEqual(redactValue(new Map(fields)), [
      ['X-Auth', '***'],
      ['accept', '*/*'],
    ]);
  });

  test('an error becomes plain data with code, stack and cause, all of it clean', () => {
    const cause = new Error('dial http://u:p@h failed');
    const error = new SluiceError('upstream_unreachable', { message: 'no way to http://u:p@h', cause });
    const plain = redactValue(error) as { stack: string; cause: { message: string } };
    assert.deepEqual(
      { ...plain, stack: '', cause: '' },
      {
        type: 'SluiceError',
        message: 'no way to http://***@h',
        code: 'upstream_unreachable',
        side: 'upstream',
        status: 502,
        retry: true,
        retryAfterMs: null,
        stack: '',
        cause: '',
      },
    );
    assert.match(plain.stack, /^SluiceError: no way to http:\/\/\*\*\*@h\n\s+at /);
    assert.equal(plain.cause.message, 'dial http://***@h failed');
  });

  test('an error that stands for several keeps them all', () => {
    const error = new AggregateError([new Error('token=abc'), new Error('b')], 'both');
    const plain = redactValue(error) as { errors: { message: string }[] };
    assert.deepEqual(
      plain.errors.map(({ message }) => message),
      ['token=***', 'b'],
    );
  });

  test('a request is cut down to method, target and clean headers', () => {
    const request = { method: 'GET', url: '/a?token=abc', headers: { cookie: 'a=b' }, socket: { huge: true } };
    assert.deepEqual(redactValue({ request }), {
      request: { method: 'GET', url: '/a?token=***', headers: { cookie: '***' } },
    });
  });

  test('bytes, functions, circles and things that are no data are only named', () => {
    class Socket {
      readonly password = 'x';
    }
    const value: Record<string, unknown> = {
      bytes: new Uint8Array(5),
      run: () => 1,
      socket: new Socket(),
      at: new Date(0),
    };
    value['self'] = value;
    assert.deepEqual(redactValue(value), {
      bytes: '[5 bytes]',
      run: '[function]',
      socket: '[Socket]',
      at: '1970-01-01T00:00:00.000Z',
      self: '[circular]',
    });
  });

  test('a value that throws when it is read does not break the log', () => {
    const value = {
      get broken(): string {
        throw new Error('no');
      },
    };
    assert.equal(redactValue(value), '[unreadable]');
  });

  test('a huge value is cut short', () => {
    const wide = redactValue(Array.from({ length: 5000 }, (_, index) => index)) as unknown[];
    assert.equal(wide.length, 1000);
    let deep: unknown = 'end';
    for (let level = 0; level < 50; level += 1) deep = { deep };
    assert.ok(JSON.stringify(redactValue(deep)).includes('[more]'));
  });

  test('a planted secret never survives in any value', () => {
    const text = fc.tuple(fc.constantFrom(...TEXTS), secret);
    const leaf = fc.oneof(fc.integer(), fc.boolean(), word(0, 8));
    fc.assert(
      fc.property(text, fc.array(leaf), word(1, 8), ([write, value], others, name) => {
        const planted = {
          [name]: [...others, { text: write(value) }],
          error: new Error(write(value)),
          api_token: value,
        };
        assert.ok(!JSON.stringify(redactValue(planted)).includes(value));
      }),
    );
  });
});
