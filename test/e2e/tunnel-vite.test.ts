// A real development server with hot reload, and a real browser that sees it only through a tunnel.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Page } from '../support/browser.ts';
import { Exposed, serveTunnels, wish } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import { requirePeer } from '../support/peer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startDevServer } from '../support/vite.ts';

const PAGE =
  '<!doctype html><link rel="icon" href="data:,"><body><p id="app"></p><script type="module" src="/main.js"></script>';
const MAIN = `
import { text } from './text.js';
const show = (words) => (document.querySelector('#app').textContent = words);
show(text);
import.meta.hot.accept('./text.js', (changed) => show(changed.text));
`;

/** A promise of the first thing that Vite says over its WebSocket: from then on it tells of changes. */
const HEARS_VITE = `
window.vite = new Promise((resolve) => {
  const { WebSocket } = window;
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', () => resolve(true));
    }
  };
});
`;

test('a change of a file is in the browser at once, without a reload and with no host allowed by hand', async (t) => {
  const [vite, chromium] = [requirePeer(t, 'vite'), requirePeer(t, 'chromium')];
  if (vite === undefined || chromium === undefined) return;
  const folder = join(temporaryFolder(t), 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'main.js'), MAIN);
  writeFileSync(join(folder, 'text.js'), `export const text = 'first words';`);
  const [port = 0] = await freePorts(1);
  await startDevServer(t, { vite, folder, port });
  const gateway = await serveTunnels(t);
  const exposed = await Exposed.open(t, gateway, wish(port));
  const page = await Page.open(t, chromium, ['app.example.test']);
  await page.prepare(HEARS_VITE);
  await page.goTo(`http://app.example.test:${new URL(gateway.url).port}/`);
  await page.shows('first words');
  await page.value('vite');
  await page.value('window.sameAsBefore = true');
  writeFileSync(join(folder, 'text.js'), `export const text = 'other words';`);
  await page.shows('other words');
  assert.equal(await page.value('window.sameAsBefore'), true);
  assert.ok(exposed.requests.every(({ status }) => status < 400));
});
