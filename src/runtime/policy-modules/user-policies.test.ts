import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import type { PolicyContext, PolicyModule } from '../../contract/policy-module.ts';
import type { Policy } from '../../contract/policy.ts';
import { createUserPolicy } from './user-policies.ts';

const use = { file: '/own.ts', settings: { a: 1 } };
const at = { place: 'gateway.policies', route: null };

function made(module: PolicyModule, said: unknown[] = []): Policy {
  const log = (...words: unknown[]): void => void said.push(words);
  return createUserPolicy(use, at, { modules: { require: () => module }, log });
}

test('a module gets its settings, and is told where it stands', () => {
  const given: unknown[] = [];
  const said: unknown[] = [];
  const policy = made(
    {
      policy: (settings, context) => {
        given.push(settings, context.file, context.place, context.route, context.apiVersion);
        context.log.warn('hello', { b: 2 });
        context.log.info('bye');
        return { name: 'x', request: () => Promise.reject(context.error('forbidden', 'not you')) };
      },
    },
    said,
  );
  assert.deepEqual(given, [{ a: 1 }, '/own.ts', 'gateway.policies', null, 1]);
  assert.deepEqual(said, [
    ['warn', { b: 2, policy: '/own.ts' }, 'hello'],
    ['info', { policy: '/own.ts' }, 'bye'],
  ]);
  return assert.rejects(Promise.resolve(policy.request?.({ id: 'a' } as unknown as Exchange)), {
    code: 'forbidden',
    message: 'not you',
  });
});

test('errors of a module have the summary of their code when it says nothing', () => {
  let context: PolicyContext | undefined;
  made({ policy: (_, given) => ((context = given), { name: '', done() {} }) });
  assert.equal(context?.error('forbidden').message, 'This is not allowed.');
});

test('what is no policy is refused with the name of the file', () => {
  for (const [policy, message] of [
    [() => null, /did not answer with a policy/],
    [() => 1, /did not answer with a policy/],
    [() => Promise.reject(new Error('x')), /must not wait/],
    [() => ({ name: 'x' }), /none of the phases request, requestBody/],
    [() => ({ requets() {} }), /has `requets`: was `request` meant\?/],
    [() => ({ request() {}, dispose: 1 }), /the `dispose` of its policy is not a function/],
    [
      () => {
        throw new Error('closed today');
      },
      /: closed today$/,
    ],
  ] as const) {
    const module = { policy } as unknown as PolicyModule;
    assert.throws(() => made(module), { code: 'config_invalid', message: /^\/own\.ts: / });
    assert.throws(() => made(module), message);
  }
});

test('settings that will not do are refused here too', () => {
  const check = (): void => assert.fail('not these');
  assert.throws(() => made({ policy: () => assert.fail(), check }), { message: '/own.ts: not these' });
});
