// The dashboard as a person meets it first: the link, the overview, the keys, the way out and in again. Rule: one Sluice and one browser for all of it,
// one step after the other as a person takes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DashboardStage, HOSTILE } from '../support/dashboard.ts';

/** Of JavaScript that every visit loads, compressed. */
const MOST_BYTES = 60 * 1024;

test('the dashboard', { timeout: 90_000 }, async (t) => {
  const stage = await DashboardStage.open(t);
  if (stage === null) return;
  const { page, sluice, url } = stage;

  await t.test('is opened by the link of the first start, and keeps the token nowhere', async () => {
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
  });

  await t.test('shows what goes through, by job, and axe finds nothing on it', async () => {
    await stage.send(20);
    await stage.send(5, '/500');
    const gateway = `[...document.querySelectorAll('.tile')].find((tile) => tile.textContent.startsWith('Gateway'))`;
    await page.becomes(
      `${gateway}?.querySelector('[title="25 in all"]') && ${gateway}.querySelector('[title="5 in all"] .bad')`,
    );
    await stage.assertAccessible();
  });

  await t.test('is as light or dark as the system, or as somebody wants it', async () => {
    const ground = `getComputedStyle(document.body).backgroundColor`;
    await page.preferColours('light');
    const light = await page.value(ground);
    await page.preferColours('dark');
    const dark = await page.value(ground);
    assert.notEqual(light, dark);
    await page.value(`void document.querySelectorAll('input[name=theme]')[1].click()`);
    await page.becomes(`${ground} === ${JSON.stringify(light)}`);
    await page.value('void ((window.isOld = true), location.reload())');
    // Asked again and again, for the page that is asked may be on its way out.
    while ((await page.value('window.isOld === undefined').catch(() => false)) !== true) await pause(20);
    await page.shows('requests/s');
    assert.equal(await page.value(ground), light, 'the choice is kept');
    await page.value(`void document.querySelectorAll('input[name=theme]')[0].click()`);
    await page.becomes(`${ground} === ${JSON.stringify(dark)}`);
  });

  await t.test('is ready for the keyboard: past the side bar, along the pages, to the list of keys', async () => {
    await page.press('Tab');
    assert.equal(await page.value('document.activeElement.textContent'), 'Skip to the page');
    await page.press('Enter');
    assert.equal(await page.value('document.activeElement.id'), 'main');
    await page.press('?');
    await page.becomes(`document.querySelector('dialog')?.open`);
    await stage.assertAccessible();
    await page.press('Escape');
    await page.becomes(`document.querySelector('dialog') === null`);
    await page.press('g');
    await page.press('t');
    await page.becomes(`location.hash === '#/traffic'`);
  });

  await t.test('shows a name that would be a script as a name', async () => {
    await page.value(`void (location.hash = '#/${encodeURIComponent(HOSTILE)}')`);
    await page.shows(HOSTILE);
    await stage.assertNotHacked();
  });

  await t.test('loads at most 60 KiB at first, compressed', async () => {
    const html = await (await fetch(url, { headers: { Accept: 'text/html' } })).text();
    const names = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, name]) => name ?? '');
    assert.ok(names.length > 0);
    let bytes = 0;
    for (const name of names) {
      const { headers } = await fetch(`${url}${name}`, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(headers.get('content-encoding'), 'gzip');
      bytes += Number(headers.get('content-length'));
    }
    t.diagnostic(`${bytes} bytes`);
    assert.ok(bytes > 1024 && bytes <= MOST_BYTES, `${bytes} bytes`);
    stage.assertKeptToItself();
  });

  await t.test('lets nobody stay who signs out, and nobody in without the token', async () => {
    const button = `[...document.querySelectorAll('button')].find((each) => each.textContent === 'Sign out')`;
    await page.value(`${button}.click()`);
    await page.shows('Admin token');
    assert.deepEqual(await page.cookies(), []);
    await stage.assertAccessible();
    const signIn = async (token: string): Promise<void> => {
      await page.value(`void document.querySelector('#token').focus()`);
      await page.type(token);
      await page.press('Enter');
    };
    await signIn('slc_wrong');
    await page.shows('That token is not the one of this Sluice.');
    await signIn(sluice.token);
    await page.shows('Sign out');
  });
});
