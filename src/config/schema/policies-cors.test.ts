import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { corsPolicy } from './policies-cors.ts';

function refusals(cors: object): string[] {
  const { error } = corsPolicy.safeParse(cors);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('settings of CORS', () => {
  test('need origins, and have the rest', () => {
    assert.deepEqual(corsPolicy.parse({ origins: ['*'] }), {
      origins: ['*'],
      methods: ['GET', 'HEAD', 'POST'],
      headers: [],
      expose: [],
      credentials: false,
      max_age: 600_000,
      private_network: false,
    });
    assert.equal(refusals({}).length, 1);
    assert.equal(refusals({ origins: [] }).length, 1);
  });

  test('have origins as browsers write them', () => {
    const { origins } = corsPolicy.parse({
      origins: [
        'HTTPS://App.Example.com:443',
        'https://*.example.com',
        'http://localhost:*',
        'http://[::1]:3000',
        'capacitor://localhost',
        'null',
      ],
    });
    assert.deepEqual(origins, [
      'https://app.example.com',
      'https://*.example.com',
      'http://localhost:*',
      'http://[::1]:3000',
      'capacitor://localhost',
      'null',
    ]);
  });

  test('refuse what is no origin', () => {
    for (const origin of [
      'app.example.com',
      'https://*',
      'https://a.*.com',
      'https://a.com/x',
      'https://u@a.com',
      '*.a',
      '',
    ]) {
      assert.match(refusals({ origins: [origin] }).join('\n'), /^origins\.0: expected an origin/, origin);
    }
    assert.match(refusals({ origins: ['https://a.com/'] }).join('\n'), /without the slash at its end$/);
    assert.equal(refusals({ origins: ['*'], methods: ['*'] }).length, 1);
    assert.equal(refusals({ origins: ['*'], headers: ['a b'] }).length, 1);
  });

  test('never let every page act in the name of a user', () => {
    for (const [more, path] of [
      [{ origins: ['*'] }, 'credentials'],
      [{ origins: ['null'] }, 'credentials'],
      [{ origins: ['https://a.com'], expose: ['*'] }, 'expose'],
    ] as const) {
      assert.deepEqual(
        refusals({ ...more, credentials: true }).map((text) => text.split(':')[0]),
        [path],
      );
      assert.deepEqual(refusals(more), []);
    }
    assert.deepEqual(corsPolicy.parse({ origins: ['http://a'], methods: ['put'] }).methods, ['PUT']);
  });
});
