// What Prometheus and Grafana make of our metrics, by a real Prometheus. Rule: a question that the shipped files ask is one that it can
// answer, and names metrics that the guide explains.
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'yaml';
import { requirePeer } from '../support/peer.ts';
import { launch } from '../support/proxies.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guide-observability.md'), 'utf8');
const PARTS_OF_HISTOGRAMS = /_(?:bucket|sum|count)$/;

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

const alerts = (parse(readFileSync(join(DEPLOY, 'prometheus/alerts.yml'), 'utf8')) as Rules).groups.flatMap(
  ({ rules }) => rules,
);
const panels = (JSON.parse(readFileSync(join(DEPLOY, 'grafana/sluice.json'), 'utf8')) as Dashboard).panels;
const questions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** As Grafana fills them in. */
function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:job|door)/g, '.+');
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** One that scrapes that program every 100 ms, by the file that we ship. */
async function prometheusFor(t: TestContext, sluice: SluiceProcess): Promise<string | undefined> {
  const shipped = readFileSync(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8');
  const { host } = new URL(sluice.address('metrics'));
  const config = shipped.replace('127.0.0.1:9090', host).replaceAll('15s', '100ms');
  const started = await launch(t, 'prometheus', (folder, port) => {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, config);
    writeFileSync(join(folder, 'alerts.yml'), readFileSync(join(DEPLOY, 'prometheus/alerts.yml')));
    const storage = `--storage.tsdb.path=${join(folder, 'data')}`;
    return {
      peer: 'prometheus',
      args: [`--config.file=${file}`, storage, `--web.listen-address=127.0.0.1:${port}`],
    };
  });
  return started?.url;
}

async function answerOf(prometheus: string, query: string): Promise<Answer> {
  return (await (
    await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
  ).json()) as Answer;
}

describe('the files for Prometheus and Grafana', () => {
  test('hold alerts that fire when they should and not otherwise', (t) => {
    const promtool = requirePeer(t, 'promtool');
    if (promtool === undefined) return;
    for (const args of [
      ['check', 'config', 'prometheus.yml'],
      ['test', 'rules', 'alerts.test.yml'],
    ]) {
      const said: SpawnSyncReturns<string> = spawnSync(promtool, [...args], {
        cwd: join(DEPLOY, 'prometheus'),
        encoding: 'utf8',
      });
      assert.equal(said.status, 0, `${said.stdout}${said.stderr}`);
    }
    const tried = readFileSync(join(DEPLOY, 'prometheus/alerts.test.yml'), 'utf8');
    for (const { alert } of alerts) assert.match(tried, new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n`));
  });

  test('name metrics only that the guide explains', () => {
    const asked = [...alerts, ...questions].map(({ expr }) => expr).join('\n');
    for (const [name] of asked.matchAll(/\b(?:sluice|process|nodejs)_\w+/g)) {
      assert.ok(GUIDE.includes(`\`${name.replace(PARTS_OF_HISTOGRAMS, '')}\``), name);
    }
  });

  test('ask what a Prometheus that scrapes Sluice can answer', async (t) => {
    const config = 'gateway: { routes: [{ name: hello, to: { respond: { status: 200, body: hello } } }] }';
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const prometheus = await prometheusFor(t, sluice);
    if (prometheus === undefined) return;
    await fetch(sluice.address('gateway'));
    const counted = 'sum(sluice_http_requests_total{job="sluice",route="hello",code="2xx"})';
    while ((await answerOf(prometheus, counted)).data.result[0]?.value[1] !== '1') await pause(50);
    for (const { title, expr } of questions) {
      const { status, error } = await answerOf(prometheus, filledIn(expr));
      assert.equal(status, 'success', `${title}: ${error}`);
    }
    const rules = (await (await fetch(`${prometheus}/api/v1/rules`)).json()) as {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    };
    const known = rules.data.groups.flatMap((group) => group.rules);
    assert.deepEqual(known.map(({ name }) => name).toSorted(), alerts.map(({ alert }) => alert).toSorted());
    assert.deepEqual(
      known.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
  });
});
