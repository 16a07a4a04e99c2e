import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CredentialTemplate, type CredentialTemplateOptions, type TemplateValues } from './credential-template.ts';

const OPTIONS: CredentialTemplateOptions = {
  username: '{user}[-country-{country}][-city-{city}][-session-{session}[-ttl-{ttl}]]',
  password: '{password}',
  session: { alphabet: 'abcdef0123456789', minLength: 1, maxLength: 12 },
  ttl: { unit: 'm', minMs: 60_000, maxMs: 3_600_000 },
  country: 'upper',
};
const OWN = { username: 'bob', password: 'pw{1}' };
const NOTHING: TemplateValues = { session: null, ttlMs: null, tags: {} };

function fill(values: Partial<TemplateValues>, options: Partial<CredentialTemplateOptions> = {}): string {
  const { username, password } = new CredentialTemplate({ ...OPTIONS, ...options }).write(OWN, {
    ...NOTHING,
    ...values,
  });
  return `${username}:${password}`;
}

describe('credentials by template', () => {
  test('are the configured ones where nothing is asked for', () => {
    assert.equal(fill({}), 'bob:pw{1}');
  });

  test('name the country, the session and its time to live', () => {
    assert.equal(
      fill({ session: 'abc1', ttlMs: 600_000, tags: { country: 'de', city: 'new.york' } }),
      'bob-country-DE-city-new.york-session-abc1-ttl-10:pw{1}',
    );
  });

  test('hold an id of the form that the provider takes', () => {
    assert.match(fill({ session: 'My Shopping Cart!' }), /^bob-session-[a-f0-9]{12}:/);
  });

  test('may stand in the password', () => {
    const options = { username: '{user}', password: '{password}[_session-{session}]' };
    assert.equal(fill({ session: 'a1' }, options), 'bob:pw{1}_session-a1');
  });

  test('begin with what the provider wants in front, once', () => {
    assert.equal(fill({}, { userPrefix: 'customer-' }), 'customer-bob:pw{1}');
    assert.equal(fill({}, { userPrefix: 'b' }), 'bob:pw{1}');
  });

  test('take no value that could be another parameter', () => {
    for (const country of ['de-session-other', 'de:x', 'd e', '', 'ü']) {
      assert.throws(() => fill({ tags: { country } }), { code: 'invalid_input' });
    }
  });

  test('are refused without a value that they need', () => {
    assert.throws(() => fill({}, { username: '{user}-{session}' }), { code: 'config_invalid', message: /"session"/ });
  });

  test('may be none', () => {
    const template = new CredentialTemplate(OPTIONS);
    assert.deepEqual(template.write({ username: null, password: null }, NOTHING), { username: null, password: null });
  });

  test('tell whether they depend on the session', () => {
    assert.equal(new CredentialTemplate(OPTIONS).dependsOnSession, true);
    assert.equal(new CredentialTemplate({ ...OPTIONS, username: '{user}' }).dependsOnSession, false);
  });
});
