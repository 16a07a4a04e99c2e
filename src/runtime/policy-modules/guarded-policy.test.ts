import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, Policy } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import { guardPolicy } from './guarded-policy.ts';

const exchange = { id: 'abc' } as unknown as Exchange;
const sink = {} as unknown as BodySink;

function guarded(policy: object): { readonly policy: Policy; readonly said: unknown[] } {
  const said: unknown[] = [];
  const write = (message: string, fields?: object): void => void said.push([message, fields]);
  const log = { debug: write, info: write, warn: write, error: write };
  return { policy: guardPolicy(policy as Policy, '/own.ts', log), said };
}

describe('a policy of the user, guarded', () => {
  test('has the phases that it has, and is called as a method', () => {
    class Own {
      seen = 0;
      request(): void {
        this.seen++;
      }
    }
    const own = new Own();
    const { policy } = guarded(own);
    assert.deepEqual(Object.keys(policy), ['name', 'request']);
    assert.equal(policy.request?.(exchange), undefined);
    assert.equal(own.seen, 1);
  });

  test('is named by its file, and by its own name beside that', () => {
    assert.equal(guarded({}).policy.name, '/own.ts');
    assert.equal(guarded({ name: 'hours' }).policy.name, 'hours (/own.ts)');
  });

  test('is waited for only where it has promised something', async () => {
    assert.equal(guarded({ request: () => true }).policy.request?.(exchange), undefined);
    const wait = guarded({ upstream: () => Promise.resolve(1) });
    assert.equal(await wait.policy.upstream?.(exchange), undefined);
    assert.equal(guarded({ requestBody: () => undefined }).policy.requestBody?.(exchange, sink), null);
  });

  test('fails with the name of its file, of the phase and of the exchange', async () => {
    const cause = new Error('x');
    const fail = (): never => {
      throw cause;
    };
    const { policy } = guarded({ request: fail, responseBody: fail, response: fail, done: fail });
    const { policy: late } = guarded({ upstream: () => Promise.reject(cause) });
    const message = (phase: string): object => ({
      message: `the policy /own.ts failed in its phase ${phase}, exchange abc`,
      cause,
    });
    assert.throws(() => policy.request?.(exchange), message('request'));
    assert.throws(() => policy.responseBody?.(exchange, sink), message('responseBody'));
    assert.throws(() => policy.response?.(exchange), message('response'));
    assert.throws(() => policy.done?.(exchange), message('done'));
    await assert.rejects(Promise.resolve(late.upstream?.(exchange)), message('upstream'));
  });

  test('may guard tunnels, and fails as in any other phase', () => {
    const { policy } = guarded({ tunnel: () => ({ take: () => 'pass' }) });
    assert.equal(policy.tunnel?.(exchange)?.take(Buffer.alloc(1), 0, 1), 'pass');
    assert.equal(guarded({ tunnel: () => null }).policy.tunnel?.(exchange), null);
    const broken = guarded({
      tunnel: () => ({
        take: () => {
          throw new Error('broken');
        },
      }),
    });
    const guard = broken.policy.tunnel?.(exchange);
    assert.throws(() => guard?.take(Buffer.alloc(1), 0, 1), /failed in its phase tunnel/);
  });

  test('may watch connections that have left HTTP, and fails as in any other phase', () => {
    const seen: unknown[] = [];
    const watch = { take: (...given: unknown[]) => void seen.push(given.slice(1)), end: () => void seen.push('end') };
    const made = guarded({ upgraded: () => watch }).policy.upgraded?.(exchange);
    made?.take(Buffer.alloc(2), 0, 2);
    made?.end();
    assert.deepEqual(seen, [[0, 2], 'end']);
    assert.equal(guarded({ upgraded: () => undefined }).policy.upgraded?.(exchange), null);
    const fail = (): never => {
      throw new Error('broken');
    };
    const broken = guarded({ upgraded: () => ({ take: fail, end: fail }) }).policy.upgraded?.(exchange);
    assert.throws(() => broken?.take(Buffer.alloc(1), 0, 1), /failed in its phase upgraded/);
    assert.throws(() => broken?.end(), /failed in its phase upgraded/);
  });

  test('may fail on purpose, with an error of ours', () => {
    const error = new SluiceError('forbidden');
    const { policy } = guarded({
      request: () => {
        throw error;
      },
    });
    assert.throws(() => policy.request?.(exchange), error);
  });

  test('must not wait where there is nothing to wait for', () => {
    const { policy } = guarded({ response: () => Promise.reject(new Error('late')) });
    assert.throws(() => policy.response?.(exchange), /failed in its phase response/);
  });

  test('may wait at the end, and what fails then or at its disposal is logged', async () => {
    const { policy, said } = guarded({
      done: () => Promise.reject(new Error('late')),
      dispose: () => {
        throw new Error('never');
      },
    });
    policy.done?.(exchange);
    policy.dispose?.();
    await new Promise(setImmediate);
    assert.deepEqual(
      said.map((line) => (line as unknown[])[0]),
      ['a policy could not be disposed of', 'a policy failed'],
    );
  });
});
