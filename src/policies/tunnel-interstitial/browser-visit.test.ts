import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestView } from '../../contract/exchange.ts';
import { isBrowserVisit, isFromSameHost } from './browser-visit.ts';

type Said = Readonly<Record<string, string>>;

function request(said: Said, method = 'GET', wantsUpgrade = false): RequestView {
  const fields = { get: (name: string) => said[name], has: (name: string) => name in said };
  return { method, wantsUpgrade, host: 'app.test', fields } as unknown as RequestView;
}

const CHROMIUM = { 'user-agent': 'Mozilla/5.0 (X11)', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const NAVIGATES = { ...CHROMIUM, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

test('a browser that goes to a page is one, whether it says so or can only be known by what it takes', () => {
  const { 'sec-fetch-dest': _dest, ...withoutDest } = NAVIGATES;
  for (const said of [CHROMIUM, NAVIGATES, withoutDest]) assert.ok(isBrowserVisit(request(said)), JSON.stringify(said));
});

test('frames, what asks within a page, programs, other methods and WebSockets are none', () => {
  const others: Said[] = [
    { ...NAVIGATES, 'sec-fetch-dest': 'iframe' },
    { ...NAVIGATES, 'sec-fetch-mode': 'cors' },
    { ...CHROMIUM, accept: '*/*' },
    { ...CHROMIUM, accept: 'text/html-not' },
    { ...CHROMIUM, 'x-requested-with': 'XMLHttpRequest' },
    { ...CHROMIUM, 'user-agent': 'curl/8.0 Mozilla/5.0' },
    {},
  ];
  for (const said of others) assert.ok(!isBrowserVisit(request(said)), JSON.stringify(said));
  assert.ok(!isBrowserVisit(request(NAVIGATES, 'POST')));
  assert.ok(!isBrowserVisit(request(NAVIGATES, 'GET', true)));
});

test('only a page of the same host has sent it, by the first of the three that a browser says', () => {
  const pressed = { ...NAVIGATES, 'sec-fetch-site': 'same-origin' };
  const own: Said[] = [pressed, { origin: 'http://APP.test:8080' }, { referer: 'https://app.test/a?b' }];
  for (const said of own) assert.ok(isFromSameHost(request(said)), JSON.stringify(said));
  const others: Said[] = [
    { 'sec-fetch-site': 'cross-site', origin: 'http://app.test' },
    { ...pressed, 'sec-fetch-site': 'none' },
    { ...pressed, 'sec-fetch-mode': 'cors' },
    { ...pressed, 'sec-fetch-dest': 'iframe' },
    { origin: 'null', referer: 'http://app.test/' },
    { origin: 'http://evil.test' },
    { referer: 'http://app.test@evil.test/' },
    { referer: 'http://app.test.evil.test/' },
    {},
  ];
  for (const said of others) assert.ok(!isFromSameHost(request(said)), JSON.stringify(said));
});
