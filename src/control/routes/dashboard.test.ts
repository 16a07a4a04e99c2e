import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { DashboardFile } from '../dashboard-files.ts';

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'Accept-Encoding': 'gzip, deflate, br' };

function file(text: string): DashboardFile {
  const { buffer } = new TextEncoder().encode(text);
  return { type: 'text/html', etag: `"${text}"`, plain: Buffer.from(buffer), br: null, gzip: Buffer.from(buffer) };
}

async function withDashboard(): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  desk.dashboard = { page: file('page'), assets: new Map([['a.js', file('script')]]) };
  return desk;
}

describe('the dashboard', () => {
  test('is what browsers get, and programs get text', async () => {
    const desk = await withDashboard();
    const page = await desk.ask('/', { headers: BROWSER });
    assert.equal(await page.text(), 'page');
    assert.equal(page.headers.get('content-encoding'), 'gzip');
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    assert.equal(
      page.headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.match(
      await (await desk.ask('/', { headers: { Accept: '*/*' } })).text(),
      /^Sluice .*, admin door\.\n\nThe API/,
    );
  });

  test('is not sent again to whoever has it', async () => {
    const headers = { ...BROWSER, 'If-None-Match': '"page"' };
    const answer = await (await withDashboard()).ask('/', { headers });
    assert.deepEqual([answer.status, await answer.text()], [304, '']);
  });

  test('has parts that browsers keep for good, compressed as they like it', async () => {
    const desk = await withDashboard();
    const part = await desk.ask('/assets/a.js', { headers: { 'Accept-Encoding': 'gzip;q=0' } });
    assert.equal(part.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(part.headers.get('content-encoding'), null);
    assert.equal(await part.text(), 'script');
    for (const name of ['b.js', '..%2fpackage.json']) {
      assert.equal(await refused(await desk.ask(`/assets/${name}`)), '404 not_found');
    }
  });

  test('says so when it is not built, and is not there when it is switched off', async () => {
    const desk = await withDashboard();
    const on = desk.dashboard;
    desk.dashboard = null;
    assert.match(await (await desk.ask('/', { headers: BROWSER })).text(), /The dashboard is not built/);
    desk.dashboard = on;
    const { config } = desk.parts.sluice.loaded;
    Object.assign(desk.parts.sluice.loaded, { config: { ...config, admin: { ...config.admin, dashboard: false } } });
    assert.match(await (await desk.ask('/', { headers: BROWSER })).text(), /^Sluice .*, admin door\.\n\nThe API/);
    assert.equal(await refused(await desk.ask('/assets/a.js', { headers: AUTHORIZED })), '404 not_found');
  });
});
