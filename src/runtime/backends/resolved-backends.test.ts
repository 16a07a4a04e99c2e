import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Resolve, ResolveCallback } from '../../transport/resolver.ts';
import { originOfUrl } from '../registry.ts';
import { areNamed, type BackendSpec, ResolvedBackends } from './resolved-backends.ts';

const NAMED = { resolve: 30_000, via: [] };

function specsOf(...urls: readonly string[]): BackendSpec[] {
  return urls.map((url) => ({ id: url, data: { ...originOfUrl(url), member: null } }));
}

/** Answers when it is told to. */
function resolver(): { resolve: Resolve; answer: (host: string, ...addresses: string[]) => void; asked: string[] } {
  const waiting = new Map<string, ResolveCallback>();
  const asked: string[] = [];
  return {
    asked,
    resolve: (host, done) => {
      asked.push(host);
      waiting.set(host, done);
    },
    answer: (host, ...addresses) =>
      waiting.get(host)?.(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      ),
  };
}

const idsOf = (made: ResolvedBackends): string[] => made.members().map(({ id }) => id);

describe('the members that backends come to', () => {
  test('are those that need no name, and of each name its addresses as soon as they are known', (t) => {
    const { resolve, answer } = resolver();
    const specs = specsOf('http://a.test:81', 'http://10.0.0.1', 'unix:/run/a.sock', 'http://localhost');
    const made = new ResolvedBackends({ specs, to: NAMED, resolve });
    t.after(() => made.dispose());
    const fixed = ['http://10.0.0.1', 'unix:/run/a.sock', 'http://localhost'];
    assert.deepEqual(idsOf(made), fixed);
    assert.equal(made.isPending, true);
    let news = 0;
    made.watch(() => news++);
    answer('a.test', '10.0.0.3', '10.0.0.2');
    assert.equal(news, 1);
    assert.equal(made.isPending, false);
    assert.deepEqual(idsOf(made), ['http://a.test:81 (10.0.0.2)', 'http://a.test:81 (10.0.0.3)', ...fixed]);
    const [first] = made.members();
    assert.deepEqual([first?.data.host, first?.data.address], ['a.test', '10.0.0.2']);
    assert.equal(made.members()[0], first);
  });

  test('keep what is known of a name that stays, and ask for one that comes', (t) => {
    const { resolve, answer, asked } = resolver();
    const made = new ResolvedBackends({ specs: specsOf('http://a.test'), to: NAMED, resolve });
    t.after(() => made.dispose());
    answer('a.test', '10.0.0.2');
    made.configure(specsOf('http://b.test', 'http://a.test'), NAMED);
    assert.deepEqual(idsOf(made), ['http://a.test (10.0.0.2)']);
    assert.deepEqual(asked, ['a.test', 'b.test']);
  });

  test('are the names themselves where they are not to be resolved, or by a hop', () => {
    const specs = specsOf('http://a.test');
    const resolve = (): void => assert.fail();
    for (const to of [
      { resolve: false as const, via: [] },
      { resolve: 30_000, via: ['hop'] },
    ]) {
      assert.equal(areNamed(specs, to), false);
      assert.deepEqual(idsOf(new ResolvedBackends({ specs, to, resolve })), ['http://a.test']);
    }
    assert.equal(areNamed(specs, NAMED), true);
    assert.equal(areNamed(specsOf('http://10.0.0.1', 'unix:/run/a', 'http://x.localhost'), NAMED), false);
  });

  test('are asked for again when somebody wants one that could not be resolved', (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const asked: string[] = [];
    const resolve: Resolve = (host, done) => {
      asked.push(host);
      done(new Error('no'), []);
    };
    const made = new ResolvedBackends({ specs: specsOf('http://a.test'), to: NAMED, resolve });
    t.after(() => made.dispose());
    assert.match(made.failure?.message ?? '', /a\.test could not be resolved: no/);
    made.askAgain();
    assert.equal(asked.length, 1);
    now = 1000;
    made.askAgain();
    assert.equal(asked.length, 2);
  });
});
