import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import type { Allowance } from '../../services/usage/allowance.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { aiLimits } from './ai-limits.ts';

const UPGRADE = ['GET /v1/responses', 'Connection: upgrade', 'Upgrade: websocket'] as const;
const NOON = Date.UTC(2026, 10, 10, 12);
const ALL: Allowance = {
  user: 'ann',
  requestsPerMinute: null,
  streams: null,
  budgets: [],
  providers: null,
  models: null,
};

class Stage {
  readonly budgets = new BudgetTable({ capacity: 4 });
  readonly running = new RunningTable({ capacity: 8 });
  readonly refused: string[] = [];
  nowMs = NOON;
  user = 'ann';
  private readonly play: Playbook;

  constructor(t: TestContext, change: Partial<Allowance>) {
    const policy = aiLimits({
      provider: 'claude',
      allowanceOf: (user) => (user === 'ann' ? { ...ALL, ...change } : null),
      budgets: this.budgets,
      limits: new TableLimiter(new LimitTable({ capacity: 8, now: () => this.nowMs })),
      running: this.running,
      countRefusal: (user, limit) => this.refused.push(`${user} ${limit}`),
      now: () => this.nowMs,
    });
    const known: Policy = { name: 'known', request: (exchange) => void (exchange.user = this.user) };
    const passed: Policy = { name: 'passed', request: (exchange) => exchange.answer({ status: 200 }) };
    this.play = new Playbook(t, { policies: [known, policy, passed] });
  }

  spend(tokens: number, cost = 0): void {
    this.budgets.add(this.budgets.slotOf('ann'), this.nowMs, tokens, cost);
  }

  /** Its status, when to come again and whether to try at all. */
  ask(request = 'POST /claude/v1/messages', ...fields: readonly string[]): string {
    const answer = this.play.downstreamSends(head(`${request} HTTP/1.1`, 'Host: a.test', ...fields)).takeDownstream();
    const status = /^HTTP\/1\.1 (\d+) /.exec(answer)?.[1];
    const told = ['retry-after', 'x-should-retry'].map(
      (name) => new RegExp(`\r\n${name}: (\\S+)`, 'i').exec(answer)?.[1],
    );
    return [status, ...told.filter((value) => value !== undefined)].join(' ');
  }
}

describe('what a user may have of providers of AI', () => {
  test('is all, where nothing is said', (t) => {
    const stage = new Stage(t, { budgets: [{ key: 'ai_tokens_per_day', most: 1 }] });
    stage.spend(1);
    stage.user = 'bob';
    assert.equal(stage.ask(), '200');
    assert.deepEqual(stage.refused, []);
  });

  test('is refused when a budget is used up, until the day or month is over', (t) => {
    const stage = new Stage(t, {
      budgets: [
        { key: 'ai_tokens_per_day', most: 10 },
        { key: 'ai_cost_per_month', most: 5 },
      ],
    });
    stage.spend(9, 4);
    assert.equal(stage.ask(), '200');
    stage.spend(1);
    assert.equal(stage.ask(), `429 ${12 * 3600} false`);
    assert.equal(stage.ask('GET /claude/v1/models'), '200');
    assert.equal(stage.ask('POST /claude/v1/messages/count_tokens'), '200');
    stage.nowMs += 12 * 3_600_000;
    assert.equal(stage.ask(), '200');
    stage.spend(0, 1);
    assert.equal(stage.ask(), `429 ${20 * 86_400} false`);
    assert.deepEqual(stage.refused, ['ann ai_tokens_per_day', 'ann ai_cost_per_month']);
  });

  test('may be so many requests in a minute', (t) => {
    const stage = new Stage(t, { requestsPerMinute: 3 });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => stage.ask()),
      ['200', '200', '200', '429 20'],
    );
    stage.nowMs += 19_500;
    assert.equal(stage.ask(), '429 1');
    stage.nowMs += 500;
    assert.equal(stage.ask(), '200');
  });

  test('may be so many requests at once, of which those that are refused or over are none', (t) => {
    const stage = new Stage(t, { streams: 1, requestsPerMinute: 2 });
    const scope = stage.running.scope('ai users');
    assert.deepEqual([stage.ask(), stage.ask(), stage.ask()], ['200', '200', '429 30']);
    const place = stage.running.enter(scope, 'ann', 1);
    stage.nowMs += 30_000;
    assert.equal(stage.ask(), '429 1');
    stage.running.leave(place);
    assert.equal(stage.ask(), '200');
    assert.deepEqual(stage.refused, ['ann ai_requests_per_minute', 'ann ai_streams']);
  });

  test('may be some providers only', (t) => {
    const stage = new Stage(t, { providers: ['chatgpt'] });
    assert.equal(stage.ask(), '403');
    assert.deepEqual(stage.refused, ['ann ai_providers']);
  });

  test('may be some models only', (t) => {
    const stage = new Stage(t, { providers: ['claude'], models: ['m-*'] });
    assert.equal(stage.ask(), '200');
    assert.equal(stage.ask('GET /claude/v1/models/m-1'), '200');
    assert.equal(stage.ask('GET /claude/v1/models/n-1'), '403');
    assert.deepEqual(stage.refused, ['ann ai_models']);
  });

  test('may be had by WebSockets where requests are counted only', (t) => {
    assert.equal(new Stage(t, { streams: 9, requestsPerMinute: 9 }).ask(...UPGRADE), '200');
  });

  test('is not got round by a WebSocket', (t) => {
    assert.equal(new Stage(t, { models: ['m'] }).ask(...UPGRADE), '426');
  });

  test('is not got round by what cannot be counted', (t) => {
    const stage = new Stage(t, { budgets: [{ key: 'ai_cost_per_day', most: 1 }] });
    assert.equal(stage.ask(...UPGRADE), '426');
    assert.equal(stage.ask('POST /v1/messages/batches'), '403');
    assert.deepEqual(stage.refused, ['ann ai_cost_per_day', 'ann ai_cost_per_day']);
  });
});
