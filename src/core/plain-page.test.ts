import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPage } from './plain-page.ts';

test('what stands in a page is text, whatever it holds', () => {
  const page = plainPage({ heading: 'No <b>', text: '"x"', small: '503 & more' });
  assert.match(
    page,
    /^<!doctype html>[\s\S]*<title>No &lt;b&gt;<\/title>[\s\S]*<h1>No &lt;b&gt;<\/h1>\n<p>&quot;x&quot;<\/p>\n<small>503 &amp; more<\/small>\n$/,
  );
});
