// What the dashboard may use: it is a client of the admin API like any other, and runs where captured content must never become a page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listFiles, listImports, readSource } from '../support/source-tree.ts';

const PACKAGES = /^(?:preact(?:\/hooks)?|@preact\/signals|uplot(?:\/dist\/uPlot\.min\.css)?)$/;
const ANSWERS = /^src\/control\/[\w-]+-answers?\.ts$/;
const AS_HTML = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser/i;
const NODE_GLOBALS = /\b(?:process|Buffer|require)\s*[.(]/;

describe('the dashboard', () => {
  const files = listFiles('dashboard/src/**/*.{ts,tsx}').filter((path) => !path.endsWith('.test.ts'));

  test('knows of the program only what the admin API answers, as types', () => {
    assert.ok(files.length > 0);
    const edges = files.flatMap(listImports);
    const forbidden = edges.filter(({ to, isOurs, isTypeOnly }) => {
      if (!isOurs) return !PACKAGES.test(to);
      return !to.startsWith('dashboard/') && !(isTypeOnly && ANSWERS.test(to));
    });
    assert.deepEqual(
      forbidden.map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  test('makes no HTML of text, and uses nothing that browsers do not have', () => {
    const found = files.filter((path) => AS_HTML.test(readSource(path)) || NODE_GLOBALS.test(readSource(path)));
    assert.deepEqual(found, []);
  });

  test('is tested beside its files where there is something to reckon', () => {
    const reckoning = files.filter((path) => /\/(?:format|state\/event-stream)\.ts$/.test(path));
    assert.equal(reckoning.length, 2);
    const tests = new Set(listFiles('dashboard/src/**/*.test.ts'));
    assert.deepEqual(
      reckoning.filter((path) => !tests.has(path.replace(/\.ts$/, '.test.ts'))),
      [],
    );
  });
});
