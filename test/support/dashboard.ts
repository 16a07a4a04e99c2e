// A Sluice with traffic, and its dashboard in a real chromium, signed in as a person is: by the link. Rule: what is looked at is the built dashboard,
// built anew when its sources have changed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { Page } from './browser.ts';
import { http1Origin } from './origins.ts';
import { requirePeer } from './peer.ts';
import { startSluice, type SluiceOptions, type SluiceProcess } from './sluice-process.ts';
import { ROOT } from './source-tree.ts';

const THEMES = ['light', 'dark'] as const;

const BUILD_LIMIT_MS = 60_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Text that would do something if anybody took it for HTML. */
export const HOSTILE = '<script>window.hacked=1</script><img src=x onerror=window.hacked=1>';

export class DashboardStage {
  readonly page: Page;
  readonly sluice: SluiceProcess;
  /** Where the admin door is. */
  readonly url: string;

  private constructor(page: Page, sluice: SluiceProcess) {
    this.page = page;
    this.sluice = sluice;
    this.url = sluice.address('admin');
  }

  /**
   * null: there is no chromium, and the test has been skipped. Without options the gateway leads to a server that answers with the status that
   * the path names (/404, /500), or 200.
   */
  static async open(t: TestContext, options: SluiceOptions = {}): Promise<DashboardStage | null> {
    const chromium = requirePeer(t, 'chromium');
    if (chromium === undefined) return null;
    buildIfStale();
    const env = options.files === undefined ? { SLUICE_GATEWAY__DEFAULT_BACKEND: await statusOrigin(t) } : {};
    const sluice = await startSluice(t, { ...options, env: { ...env, ...options.env } });
    const page = await Page.open(t, chromium, []);
    await page.watch();
    await page.resize(1360, 860);
    const stage = new DashboardStage(page, sluice);
    await page.goTo(`${stage.url}/#t=${sluice.token}`);
    await page.shows('Sign out');
    return stage;
  }

  /** Goes to a page as a link does; resolves when it shows its heading. */
  async visit(id: string, query = ''): Promise<void> {
    await this.page.value(`void (location.hash = '#/${id}${query}')`);
    await this.page.becomes(`document.querySelector('main h1')?.textContent.toLowerCase() === '${id.toLowerCase()}'`);
  }

  /** So many requests through the gateway, one after the other. */
  async send(count: number, path = '/', init: RequestInit = {}): Promise<void> {
    const gateway = this.sluice.address('gateway');
    for (let index = 0; index < count; index += 1) {
      const answer = await fetch(`${gateway}${path}`, init);
      await answer.arrayBuffer();
    }
  }

  /** Fails when axe finds something on the page as it is now, in either theme. */
  async assertAccessible(): Promise<void> {
    for (const theme of THEMES) {
      await this.page.preferColours(theme);
      await this.page.value(`void document.querySelector('input[name=theme]')?.click()`);
      const found = await this.page.value(`(async () => {
        if (!window.axe) { ${AXE} }
        const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 300) + ' – ' + failureSummary));
      })()`);
      assert.deepEqual(found, [], theme);
    }
  }

  /** Fails when the page has asked anybody else than this Sluice, or has complained of anything. */
  assertKeptToItself(): void {
    const strangers = this.page.requested.filter((url) => !url.startsWith(`${this.url}/`) && !url.startsWith('data:'));
    assert.deepEqual(strangers, []);
    assert.deepEqual(this.page.complaints, []);
  }

  async assertNotHacked(): Promise<void> {
    assert.equal(await this.page.value('typeof window.hacked'), 'undefined', 'text has become HTML');
  }
}

function statusOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, ({ url = '' }, response) => {
    const status = /^\/([2-5]\d\d)\b/.exec(url)?.[1];
    response.writeHead(Number(status ?? 200), { 'Content-Type': 'text/plain' });
    response.end(`answer to ${url}`);
  });
}

/** `npm test` has done so before; a single test file has not. */
export function buildIfStale(): void {
  const program = join(ROOT, 'scripts', 'build-dashboard.js');
  const source = `const { isDashboardBuilt, buildDashboard } = await import(${JSON.stringify(program)});
    if (!isDashboardBuilt()) await buildDashboard();`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: BUILD_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  assert.equal(status, 0, stderr);
}
