import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { interstitialPage } from './interstitial-page.ts';

const page = (host: string, action = '?', skipHeader: string | null = 'x-skip') => {
  const { status, fields = [], body } = interstitialPage({ host, action, skipHeader });
  return { status, fields: new Map(fields), body: String(body) };
};

test('the page names the host, says what it is and how programs get past it', () => {
  const { status, fields, body } = page('app.example.com');
  assert.equal(status, 200);
  assert.match(
    body,
    /<title>app\.example\.com: a local server<\/title>[^]*somebody's own computer[^]*<code>x-skip: 1</,
  );
  assert.deepEqual([fields.get('Cache-Control'), fields.get('X-Robots-Tag')], ['no-store', 'noindex']);
  assert.doesNotMatch(page('app.example.com', '?', null).body, /<code>/);
});

test('the page runs nothing, and nothing of the request becomes part of it', () => {
  const { body, fields } = page(`<b>"'&`, `?"><script>'`);
  assert.doesNotMatch(body, /<b>|<script/);
  assert.match(body, /action="\?&quot;&gt;&lt;script&gt;&#39;"/);
  const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? '';
  const allowed = `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  assert.match(fields.get('Content-Security-Policy') ?? '', /^default-src 'none'; /);
  assert.ok(fields.get('Content-Security-Policy')?.includes(allowed));
});
