// The pages of the jobs that run: tunnels, agents and AI. Rule: one Sluice and one browser for all of them, with a tunnel that is visited, an agent that
// prints and a provider that answers; axe looks at each in both themes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AiProvider } from '../support/ai-provider.ts';
import { ask } from '../support/ask.ts';
import { DashboardStage, HOSTILE } from '../support/dashboard.ts';
import { localServer } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import { startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'the-token-of-alice-1';

/** Prints what an agent prints, some of it hostile, and then waits to be stopped. */
const AGENT = `
const say = (line) => console.log(typeof line === 'string' ? line : JSON.stringify(line));
say({ type: 'init', session: 's-1', model: ${JSON.stringify(HOSTILE)} });
say({ type: 'assistant', message: { content: [{ type: 'text', text: ${JSON.stringify(HOSTILE)} }] } });
say('no JSON: ' + ${JSON.stringify(HOSTILE)});
let prompt = '';
for await (const part of process.stdin) prompt += part;
if (prompt.includes('wait')) setInterval(() => {}, 1000);
else say({ type: 'done', usage: { in: 1200, out: 34 }, cost: 0.0123 });
`;

interface Surroundings {
  readonly tunnelPort: number;
  readonly tcpPort: number;
  readonly localPort: number;
  readonly provider: string;
  readonly folder: string;
}

function configOf({ tunnelPort, tcpPort, localPort, provider, folder }: Surroundings): string {
  const config = {
    gateway: { listen: '127.0.0.1:0' },
    users: [{ name: 'alice', token: TOKEN, may: ['ai', 'agents', 'tunnels'], limits: { ai_tokens_per_day: 1000 } }],
    tunnels: {
      server: {
        enabled: true,
        listen: `127.0.0.1:${tunnelPort}`,
        domain: 'example.test',
        public_url: 'http://{subdomain}.example.test',
        tcp_ports: { from: tcpPort, to: tcpPort },
      },
      client: {
        server: `127.0.0.1:${tunnelPort}`,
        auth_token: TOKEN,
        tunnels: [
          { name: 'web', local_port: localPort, subdomain: 'app', health: { path: '/', interval: '1s' } },
          { name: 'raw', protocol: 'tcp', local_port: localPort, remote_port: tcpPort },
        ],
      },
    },
    agents: {
      enabled: true,
      default: 'script',
      workspace: folder,
      kinds: {
        script: {
          command: process.execPath,
          args: [join(folder, 'agent.mjs')],
          events: {
            session: 'session',
            model: 'model',
            cost: 'cost',
            end: 'done',
            tokens: { input: 'usage.in', output: 'usage.out' },
          },
        },
      },
    },
    ai: {
      enabled: true,
      prices: { 'model-*': { input: 3, output: 15 } },
      providers: { claude: { base: provider, credentials: [{ id: 'team', api_key: 'sk-team-hunter2' }] } },
    },
  };
  return JSON.stringify(config);
}

test('the pages of the jobs that run', { timeout: 60_000 }, async (t) => {
  const [tunnelPort = 0, tcpPort = 0] = await freePorts(2);
  const provider = await AiProvider.open(t);
  const local = await localServer(t, (_request, response) => response.end(HOSTILE));
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'agent.mjs'), AGENT);
  const config = configOf({ tunnelPort, tcpPort, localPort: local.port, provider: provider.url, folder });
  const stage = await DashboardStage.open(t, { files: { 'sluice.yaml': config } });
  if (stage === null) return;
  const { page, sluice } = stage;
  const gateway = sluice.address('gateway');
  /** By keyboard, as what it is called. */
  const press = async (label: string): Promise<void> => {
    const found = `[...document.querySelectorAll('button')].find((each) => (each.ariaLabel ?? each.textContent) === ${JSON.stringify(label)})`;
    await page.becomes(`${found} !== undefined && !${found}.disabled`);
    await page.value(`${found}.focus()`);
    await page.press('Enter');
  };
  const openFirstRow = async (): Promise<void> => {
    await page.becomes(`document.querySelector('[role=grid] .rows .row') !== null`);
    await page.value(`document.querySelector('[role=grid]').focus()`);
    await page.press('Home');
    await page.press('Enter');
  };

  await t.test('tunnels: both sides, what visitors asked, asking it again, and taking one away', async () => {
    await stage.visit('tunnels');
    await page.shows('2 of 2 served online');
    await page.shows('2 of 2 exposed online');
    const headers = { Host: 'app.example.test', 'X-Note': HOSTILE };
    assert.equal((await ask(`${gateway}/visit`, { headers })).body, HOSTILE);
    await page.shows(`TCP port ${tcpPort}`);
    await page.shows('user:alice');
    await openFirstRow();
    await page.becomes(`document.querySelector('.pane pre')?.textContent === ${JSON.stringify(HOSTILE)}`);
    await stage.assertAccessible();
    await press('Replay');
    await page.shows('replay of 1');
    await page.value(`document.querySelector('.pane').focus()`);
    await page.press('Escape');
    await page.becomes(`document.querySelector('.pane') === null`);
    await press(`Remove tcp-${tcpPort}`);
    await page.shows('Remove now?');
    await page.press('Escape');
    await page.becomes(`!document.body.textContent.includes('Remove now?')`);
    await page.press('Enter');
    await page.press('Enter');
    await page.shows('1 of 1 served online');
    await stage.assertNotHacked();
  });

  await t.test('agents: what runs and what it prints, as text, and stopping one', async () => {
    await stage.visit('agents');
    await page.shows('No agent has run yet');
    const start = (prompt: string): Promise<Response> =>
      sluice.admin('/api/v1/agents?user=alice', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt }),
      });
    for (const prompt of ['go', 'wait']) assert.equal((await start(prompt)).status, 200);
    await page.becomes(
      `/running.*ok/.test([...document.querySelectorAll('.rows .row')].map((row) => row.textContent).join())`,
    );
    await openFirstRow();
    await page.shows(`no JSON: ${HOSTILE}`);
    await stage.assertAccessible();
    await press('as printed');
    await page.shows('"type":"assistant"');
    const id = String(await page.value(`location.hash.split('run=')[1]`));
    await press(`Stop ${id}`);
    await page.press('Enter');
    await page.becomes(`document.querySelector('.pane .chip').textContent === 'stopped'`);
    await page.shows('complete');
    await page.value(`document.querySelector('[role=grid]').focus()`);
    await page.press('End');
    await page.press('Enter');
    await page.shows('1,200');
    await page.shows('0.01 $, as the agent says');
    await stage.assertNotHacked();
  });

  await t.test('AI: accounts with their quotas, usage over days, limits', async () => {
    await stage.visit('ai');
    await page.shows('Nothing was used in these days');
    provider.plans.push({
      fields: {
        'anthropic-ratelimit-unified-5h-utilization': '0.4',
        'anthropic-ratelimit-unified-5h-reset': String(Math.floor(Date.now() / 1000) + 3600),
      },
    });
    for (const model of ['model-7', HOSTILE]) {
      const answer = await fetch(`${gateway}/claude/v1/messages`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ model, stream: true }),
      });
      assert.equal(answer.status, 200);
      await answer.text();
    }
    await stage.visit('overview');
    await stage.visit('ai');
    await page.shows('1 of 1 accounts usable');
    await page.shows('ai_tokens_per_day');
    await page.becomes(`document.querySelector('.ai-usage canvas') !== null`);
    assert.match(String(await page.value(`document.querySelector('.ai-usage .scrolls tbody').textContent`)), /^alice2/);
    await page.becomes(`document.querySelector('.ai-accounts .bar') !== null`);
    await stage.assertAccessible();
    await press('by model');
    await page.shows('model-7');
    await press('cost');
    await page.becomes(`document.querySelector('.ai-usage canvas') !== null`);
    assert.doesNotMatch(String(await page.value('document.body.innerHTML')), /hunter2/);
    await page.resize(420, 860);
    assert.equal(await page.value('document.documentElement.scrollWidth'), 420, 'a narrow page is not too wide');
    await page.resize(1360, 860);
    await stage.assertNotHacked();
    stage.assertKeptToItself();
  });

  await t.test('those that are switched off say what switches them on', async (own) => {
    const other = await startSluice(own);
    await page.goTo(`${other.address('admin')}/#t=${other.token}`);
    await page.shows('Sign out');
    for (const [id, words, command] of [
      ['tunnels', 'There are no tunnels', 'sluice relay --domain tunnels.example.com'],
      ['agents', 'Agents are switched off', 'SLUICE_AGENTS__ENABLED=true sluice up'],
      ['ai', 'The door to AI providers is switched off', 'SLUICE_AI__ENABLED=true SLUICE_AI__AUTH=none sluice up'],
    ] as const) {
      await stage.visit('overview');
      await stage.visit(id);
      await page.shows(words);
      await page.shows(command);
      await stage.assertAccessible();
    }
  });
});
