// Backends that fail, found out by traffic and by checks, with real servers and the real program.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { balanced, bodies, counts, failedWith, Moody } from '../support/backends.ts';
import { Gateway } from '../support/gateway.ts';
import { startNginx } from '../support/nginx.ts';
import { startSluice, type SluiceProcess } from '../support/sluice-process.ts';

describe('a backend that fails again and again', () => {
  const breaker = { failures: 2, successes: 1, failure_rate: null };

  test('is left alone, and tried again when its time has come', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const gateway = await balanced(t, { backends: [bad.url, good.url], breaker: { ...breaker, open_for: '1h' } });
    await bodies(gateway, 10);
    assert.equal(bad.asked, 2);
    const [other, fine] = [await Moody.open(t, 503), await Moody.open(t)];
    const soon = await balanced(t, { backends: [other.url, fine.url], breaker: { ...breaker, open_for: '10ms' } });
    const opened = (): number => soon.metric('sluice_upstream_ejections_total', { reason: 'opened' });
    while (opened() === 0) await ask(soon.url);
    other.status = 200;
    const before = other.asked;
    while (other.asked < before + 3) await ask(soon.url);
    assert.deepEqual(counts(await bodies(soon, 4)), { 200: 4 });
  });

  test('is left alone after a reload, too', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const to = { backends: [bad.url, good.url], breaker: { ...breaker, open_for: '1h' } };
    const settings = { gateway: { routes: [{ name: 'app', to }] } };
    const gateway = await Gateway.open(t, settings);
    await bodies(gateway, 10);
    await gateway.apply(settings);
    await bodies(gateway, 10);
    assert.equal(bad.asked, 2);
    await gateway.apply({ gateway: { routes: [{ name: 'other', to }] } });
    await bodies(gateway, 2);
    assert.equal(bad.asked, 3);
  });

  test('and is the only one leaves an error that says when to come again', async (t) => {
    const bad = await Moody.open(t, 503);
    const gateway = await balanced(t, { backends: [bad.url], breaker: { ...breaker, open_for: '1h' } });
    assert.deepEqual(counts(await bodies(gateway, 2)), { 503: 2 });
    const answer = await ask(gateway.url);
    assert.equal(failedWith(answer, 503), 'backends_exhausted');
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds > 3000 && seconds <= 3600, String(seconds));
    assert.equal(bad.asked, 2);
  });

  test('is tried all the same where that is wanted', async (t) => {
    const bad = await Moody.open(t, 503);
    const to = { backends: [bad.url], breaker: { ...breaker, open_for: '1h' }, when_all_out: 'least_bad' };
    await bodies(await balanced(t, to), 5);
    assert.equal(bad.asked, 5);
  });

  test('stays in use beyond the share that may be left alone', async (t) => {
    const [one, two] = [await Moody.open(t, 503), await Moody.open(t, 503)];
    const to = { backends: [one.url, two.url], breaker: { ...breaker, open_for: '1h' }, max_ejected: '50%' };
    const gateway = await balanced(t, to);
    assert.deepEqual(counts(await bodies(gateway, 10)), { 503: 10 });
    assert.equal(Math.min(one.asked, two.asked), 2);
  });
});

test('a backend that does much worse than the others is left alone', async (t) => {
  const all = [await Moody.open(t, 503), await Moody.open(t), await Moody.open(t)];
  const [bad] = all;
  const to = { backends: all.map(({ url }) => url), outliers: { above_others: '50%', min_requests: 3 } };
  await bodies(await balanced(t, to), 60);
  assert.ok(bad !== undefined && bad.asked >= 3 && bad.asked <= 4, `asked ${bad?.asked}`);
});

describe('backends that are checked', () => {
  const sluiceWith = (t: TestContext, to: object): Promise<SluiceProcess> => {
    const gateway = { listen: '127.0.0.1:0', routes: [{ name: 'app', to }] };
    const config = { process: { workers: 2 }, log: { format: 'json' }, gateway, metrics: { listen: '127.0.0.1:0' } };
    return startSluice(t, { files: { 'sluice.yaml': JSON.stringify(config) } });
  };
  const health = { path: '/healthz', interval: '100ms', unhealthy_after: 2, healthy_after: 1 };

  test('are left alone by every worker while their checks fail, and back as soon as they pass', async (t) => {
    const [sick, well] = [await Moody.open(t), await Moody.open(t, 204)];
    const nginx = await startNginx(t, 'nginx');
    if (nginx === undefined) return;
    const sluice = await sluiceWith(t, { backends: [sick.url, well.url, nginx.url], health });
    const gateway = sluice.address('gateway');
    const answers = async (): Promise<Record<string, number>> => {
      const all = await Promise.all(Array.from({ length: 30 }, () => ask(gateway)));
      return counts(all.map(({ status, body }) => `${status} ${body}`));
    };
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 200', '200 nginx', '204 ']);
    sick.status = 500;
    await sluice.says(/the checks of a backend fail, it is left alone/);
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 nginx', '204 ']);
    const metrics = await (await fetch(`${sluice.address('metrics')}/metrics`)).text();
    for (const [url, isUp] of [
      [sick.url, 0],
      [well.url, 1],
      [nginx.url, 1],
    ] as const) {
      assert.ok(metrics.includes(`\nsluice_upstream_up{pool="gateway/app",upstream="${url}"} ${isUp}\n`), metrics);
    }
    assert.match(metrics, /^sluice_pool_members\{pool="gateway\/app",state="unhealthy"\} 1$/m);
    assert.doesNotMatch(metrics, /_bytes_total\{pool="gateway/);
    sick.status = 200;
    await sluice.says(/the checks of a backend pass again/);
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 200', '200 nginx', '204 ']);
  });

  test('and all fail leave an error', async (t) => {
    const sick = await Moody.open(t, 500);
    const sluice = await sluiceWith(t, { backends: [sick.url], health });
    await sluice.says(/the checks of a backend fail, it is left alone/);
    const answer = await ask(sluice.address('gateway'));
    assert.equal(failedWith(answer, 503), 'backends_exhausted');
    assert.equal(answer.headers['retry-after'], undefined);
  });

  test('share what traffic has shown: a breaker that one worker opens is open for all', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const breaker = { failures: 3, open_for: '1h', failure_rate: null };
    const sluice = await sluiceWith(t, { backends: [bad.url, good.url], breaker });
    for (let turn = 0; turn < 40; turn++) await ask(sluice.address('gateway'));
    assert.equal(bad.asked, 3);
  });
});
