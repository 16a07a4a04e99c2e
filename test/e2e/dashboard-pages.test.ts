// The pages that show and steer what runs: proxies, the gateway, the config, the log, and how to connect. Rule: one Sluice and one browser for all of
// them, real traffic before they are looked at, and axe looks at each in both themes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DashboardStage, HOSTILE } from '../support/dashboard.ts';
import { http1Origin } from '../support/origins.ts';

const button = (label: string): string =>
  `document.querySelector('[aria-label=${JSON.stringify(label)}]') ?? [...document.querySelectorAll('button')].find((each) => each.textContent === ${JSON.stringify(label)})`;

function configOf(origin: string): string {
  return `
egress:
  listen: 127.0.0.1:0
  chain: [exits]
hops:
  exits:
    health: { interval: 1h }
    proxies:
      - { id: fr, url: "http://user:hunter2hunter2@127.0.0.1:9", tags: { note: ${JSON.stringify(HOSTILE)} } }
      - { id: de, url: "socks5://127.0.0.1:9" }
gateway:
  listen: 127.0.0.1:0
  routes:
    - name: shop
      match: { path: /shop/* }
      to: { backends: ["${origin}", "http://127.0.0.1:9"], strategy: round_robin }
      policies: { rate_limit: { per: route, rate: 1/h, burst: 3 } }
    - name: kept
      match: { path: /* }
      to: "${origin}"
      policies: { cache: {} }
`;
}

test('the pages that show and steer what runs', { timeout: 120_000 }, async (t) => {
  const origin = await http1Origin(t, ({ url = '' }, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'max-age=600' });
    response.end(`answer to ${url}`);
  });
  const stage = await DashboardStage.open(t, { files: { 'sluice.yaml': configOf(origin) } });
  if (stage === null) return;
  const { page, sluice } = stage;
  const press = async (label: string): Promise<void> => {
    await page.becomes(
      `(${button(label)}) !== undefined && (${button(label)}) !== null && !(${button(label)}).disabled`,
    );
    await page.value(`(${button(label)}).focus()`);
    await page.press('Enter');
  };

  await t.test('proxies: how each does, and what is decided by keyboard holds', async () => {
    await stage.visit('proxies');
    await page.shows('exits/fr');
    await page.shows('2 of 2 usable');
    await press('Disable exits/fr');
    await page.shows('disabled');
    await page.shows('1 of 2 usable');
    await press('Drain exits/de');
    await page.shows('draining');
    await press('Use again exits/de');
    await press('Test exits/de');
    await page.becomes(`document.querySelector('.decide [role=status] .chip') !== null`);
    await stage.assertAccessible();
    await page.value(`document.querySelector('.add-member [name=url]').focus()`);
    await page.type('http://secret:password1234@127.0.0.1:7');
    await page.press('Enter');
    await page.shows('127.0.0.1:7');
    const text = String(await page.value('document.body.innerHTML'));
    assert.doesNotMatch(text, /hunter2|password1234/);
    await stage.assertNotHacked();
  });

  await t.test('gateway: routes, backends, the cache and purging it, limits that were hit', async () => {
    await stage.send(4, '/kept');
    await stage.send(5, '/shop/x');
    await stage.visit('gateway');
    await page.shows('kept');
    await page.shows('round robin');
    await page.shows('too_many_requests');
    await page.shows('hit ratio');
    await stage.assertAccessible();
    const gateway = new URL(sluice.address('gateway'));
    await page.value(`document.querySelector('[aria-label=Purge] [name=what]').focus()`);
    await page.type(`http://${gateway.host}/kept`);
    await page.press('Enter');
    await page.shows('1 purged');
    await press(`Disable ${String(await page.value(`document.querySelector('.members th code').textContent`))}`);
    await page.shows('1 of 2 usable');
  });

  await t.test('config: where each value comes from, and a file with errors shown in place', async () => {
    await stage.visit('config');
    await page.shows('gateway.routes[0].name');
    await page.shows('sluice.yaml');
    await stage.assertAccessible();
    sluice.write('sluice.yaml', 'gateway:\n  routez: []\n');
    await press('Load it again');
    await page.shows('did you mean "routes"?');
    assert.equal(await page.value(`document.querySelector('.problems mark').textContent`), 'routez');
    assert.match(
      page.complaints.splice(0).join(),
      /^Failed to load resource: .* 422 [^,]*reload$/,
      'only of the refusal',
    );
    await page.shows('gateway.routes[0].name');
    await stage.assertAccessible();
    sluice.write('sluice.yaml', configOf(origin).replace('1/h, burst: 3', '1/h, burst: 30'));
    await press('Load it again');
    await page.shows('Loaded: gateway.routes');
  });

  await t.test('logs: the lines that are written, as they are', async () => {
    await stage.visit('logs');
    await page.becomes(`document.querySelectorAll('.rows .row').length > 1`);
    await stage.assertAccessible();
    await page.value(`document.querySelector('[role=grid]').focus()`);
    await page.press('Enter');
    await page.becomes(`document.querySelector('.pane dl') !== null`);
    await page.press('Escape');
    const before = Number(await page.value(`document.querySelectorAll('.rows .row').length`));
    sluice.write('sluice.yaml', 'gateway: {listen: "127.0.0.1:0", wrong: 1}\n');
    await fetch(`${stage.url}/api/v1/reload`, { method: 'POST', headers: { Authorization: `Bearer ${sluice.token}` } });
    await page.becomes(`document.querySelectorAll('.rows .row').length > ${before}`);
  });

  await t.test('connect: the addresses of the doors that are open', async () => {
    await stage.visit('connect');
    await page.shows(`curl -x http://${new URL(sluice.address('egress')).host} https://example.com`);
    await page.shows('git config --global http.proxy');
    await stage.assertAccessible();
    const text = String(await page.value('document.body.innerHTML'));
    assert.equal(text.includes(sluice.token), false, 'the token is shown');
    await stage.assertNotHacked();
    stage.assertKeptToItself();
  });
});
