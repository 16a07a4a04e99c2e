import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CredentialTemplate, type TemplateValues } from './credential-template.ts';
import { PROVIDER_TEMPLATES, type ProviderName } from './provider-templates.ts';

const OWN = { username: 'U', password: 'P' };
const NAMES = Object.keys(PROVIDER_TEMPLATES) as ProviderName[];

function fill(provider: ProviderName, values: Partial<TemplateValues>): string {
  const template = new CredentialTemplate(PROVIDER_TEMPLATES[provider]);
  const { username, password } = template.write(OWN, { session: null, ttlMs: null, tags: {}, ...values });
  return `${username}:${password}`;
}

describe('the template of a provider', () => {
  const sticky: Readonly<Record<ProviderName, string>> = {
    bright_data: 'U-country-de-session-12345678:P',
    oxylabs: 'customer-U-cc-DE-sessid-12345678-sesstime-10:P',
    decodo: 'user-U-country-de-session-12345678-sessionduration-10:P',
    webshare: 'U-de-12345678:P',
    iproyal: 'U:P_country-de_session-12345678_lifetime-10m',
    soax: 'U-country-de-sessionid-12345678-sessionlength-600:P',
    geonode: 'U-country-de-session-12345678-lifetime-10:P',
    evomi: 'U:P_country-DE_session-12345678_lifetime-10',
    massive: 'U-country-DE-session-12345678-sessionttl-10-sessionmode-flex:P',
  };
  for (const provider of NAMES) {
    test(`of ${provider} writes a session of ten minutes in Germany as ${sticky[provider]}`, () => {
      assert.equal(fill(provider, { session: '12345678', ttlMs: 600_000, tags: { country: 'de' } }), sticky[provider]);
    });
  }

  const rotating: Readonly<Record<ProviderName, string>> = {
    bright_data: 'U:P',
    oxylabs: 'customer-U:P',
    decodo: 'user-U:P',
    webshare: 'U-rotate:P',
    iproyal: 'U:P',
    soax: 'U:P',
    geonode: 'U:P',
    evomi: 'U:P',
    massive: 'U:P',
  };
  for (const provider of NAMES) {
    test(`of ${provider} writes no session as ${rotating[provider]}`, () => {
      assert.equal(fill(provider, { ttlMs: 600_000 }), rotating[provider]);
    });
  }

  const longest: Partial<Record<ProviderName, string>> = {
    oxylabs: 'sesstime-30:',
    decodo: 'sessionduration-1440:',
    iproyal: '_lifetime-7d',
    soax: 'sessionlength-86400:',
    geonode: 'lifetime-1440:',
    evomi: '_lifetime-120',
    massive: 'sessionttl-240-',
  };
  for (const [provider, text] of Object.entries(longest)) {
    test(`of ${provider} asks for no more time than there is: ${text}`, () => {
      assert.ok(fill(provider as ProviderName, { session: '12345678', ttlMs: 10 ** 11 }).includes(text));
    });
  }

  const ids: Readonly<Record<ProviderName, RegExp>> = {
    bright_data: /^U-session-[A-Za-z0-9]{1,32}:P$/,
    oxylabs: /^customer-U-sessid-[A-Za-z0-9]{1,32}:P$/,
    decodo: /^user-U-session-[A-Za-z0-9]{1,32}:P$/,
    webshare: /^U-[0-9]{1,9}:P$/,
    iproyal: /^U:P_session-[A-Za-z0-9]{8}$/,
    soax: /^U-sessionid-[A-Za-z0-9]{1,32}:P$/,
    geonode: /^U-session-[A-Za-z0-9_]{1,25}:P$/,
    evomi: /^U:P_session-[A-Za-z0-9]{6,10}$/,
    massive: /^U-session-[A-Za-z0-9_]{1,255}-sessionmode-flex:P$/,
  };
  for (const provider of NAMES) {
    test(`of ${provider} makes an id that it takes of any id`, () => {
      fc.assert(fc.property(fc.string(), (session) => ids[provider].test(fill(provider, { session }))));
    });
  }
});
