// The dashboard as a person meets it first: the link, the overview, the way in without the link and the way out.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DashboardStage, HOSTILE } from '../support/dashboard.ts';

describe('the dashboard', { timeout: 60_000 }, () => {
  test('is opened by the link of the first start, and keeps the token nowhere', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    const { page, sluice, url } = stage;
    await page.shows('requests/s');
    assert.equal(await page.value('location.href'), `${url}/`);
    const [cookie, ...others] = await page.cookies();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [cookie?.name, cookie?.path, cookie?.httpOnly, cookie?.sameSite],
      [`sluice_session_${new URL(url).port}`, '/', true, 'Strict'],
    );
    assert.equal(await page.value('document.cookie'), '');
    const kept = await page.value(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.body.innerHTML])',
    );
    assert.equal(String(kept).includes(sluice.token), false, 'the token is kept');
    stage.assertKeptToItself();
  });

  test('shows what goes through, by job, and axe finds nothing on it', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    await stage.send(20);
    await stage.send(5, '/500');
    await stage.visit('overview');
    const gateway = `[...document.querySelectorAll('.tile')].find((tile) => tile.textContent.startsWith('Gateway'))`;
    await stage.page.becomes(
      `${gateway}?.querySelector('[title="25 in all"]') && ${gateway}.querySelector('[title="5 in all"] .bad')`,
    );
    await stage.assertAccessible();
    stage.assertKeptToItself();
  });

  test('lets nobody in without the token, and nobody stay who signs out', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    const { page, sluice } = stage;
    await page.value(
      `[...document.querySelectorAll('button')].find((each) => each.textContent === 'Sign out').click()`,
    );
    await page.shows('Admin token');
    assert.deepEqual(await page.cookies(), []);
    const signIn = async (token: string): Promise<void> => {
      await page.value(`document.querySelector('#token').focus()`);
      await page.type(token);
      await page.press('Enter');
    };
    await signIn('slc_wrong');
    await page.shows('That token is not the one of this Sluice.');
    await signIn(sluice.token);
    await page.shows('Sign out');
  });

  test('shows a name that would be a script as a name', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    await stage.page.value(`void (location.hash = '#/${encodeURIComponent(HOSTILE)}')`);
    await stage.page.shows(HOSTILE);
    await stage.assertNotHacked();
    stage.assertKeptToItself();
  });

  test('is ready for the keyboard: past the side bar, along the pages, to the list of keys', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    const { page } = stage;
    await page.press('Tab');
    assert.equal(await page.value('document.activeElement.textContent'), 'Skip to the page');
    await page.press('Enter');
    assert.equal(await page.value('document.activeElement.id'), 'main');
    await page.press('?');
    await page.becomes(`document.querySelector('dialog')?.open`);
    await page.press('Escape');
    await page.becomes(`document.querySelector('dialog') === null`);
    await page.value(`void (location.hash = '#/nowhere')`);
    await page.shows('Nothing here');
    await page.press('g');
    await page.press('o');
    await page.shows('requests/s');
  });

  test('loads at most 60 KiB at first, compressed', async (t) => {
    const stage = await DashboardStage.open(t);
    if (stage === null) return;
    const html = await (await fetch(stage.url, { headers: { Accept: 'text/html' } })).text();
    const names = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, name]) => name ?? '');
    assert.ok(names.length > 0);
    let bytes = 0;
    for (const name of names) {
      const { headers } = await fetch(`${stage.url}${name}`, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(headers.get('content-encoding'), 'gzip');
      bytes += Number(headers.get('content-length'));
    }
    assert.ok(bytes > 1024 && bytes <= 60 * 1024, `${bytes} bytes`);
  });
});
