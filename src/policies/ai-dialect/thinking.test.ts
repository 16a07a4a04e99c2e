import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thinkingOf, type ThinkingRoom } from './thinking.ts';

const ROOM: ThinkingRoom = { model: 'claude-sonnet-4-5', maxTokens: 32_000, isForced: false, lacksThoughts: false };
const budget = (reasoning_effort: string, room: Partial<ThinkingRoom> = {}): unknown => {
  return thinkingOf({ reasoning_effort }, { ...ROOM, ...room }).fields['thinking'];
};

test('models since 4.6 decide how much they think, the others are told', () => {
  for (const [model, isTold] of [
    ['claude-3-7-sonnet-20250219', true],
    ['claude-3-5-haiku-latest', true],
    ['claude-opus-4-20250514', true],
    ['claude-opus-4-1-20250805', true],
    ['claude-sonnet-4-5', true],
    ['claude-haiku-4-5-20251001', true],
    ['claude-opus-4-6', false],
    ['claude-sonnet-4-6', false],
    ['claude-opus-4-8', false],
    ['claude-sonnet-5-5', false],
    ['claude-fable-5', false],
    ['of-our-own', false],
  ] as const) {
    const { fields, effort, isOn } = thinkingOf({ reasoning_effort: 'high' }, { ...ROOM, model });
    const told = { thinking: { type: 'enabled', budget_tokens: 16_384 } };
    const free = { thinking: { type: 'adaptive', display: 'summarized' } };
    assert.deepEqual([fields, effort, isOn], [isTold ? told : free, isTold ? null : 'high', true], model);
  }
});

test('the more effort is asked for the more they think', () => {
  const tokens = ['minimal', 'low', 'medium', 'high', 'xhigh'].map((word) => {
    return (budget(word) as { budget_tokens: number }).budget_tokens;
  });
  assert.deepEqual(tokens, [1024, 2048, 8192, 16_384, 16_384]);
  const efforts = ['minimal', 'low', 'xhigh', 'max'].map((reasoning_effort) => {
    return thinkingOf({ reasoning_effort }, { ...ROOM, model: 'claude-opus-5' }).effort;
  });
  assert.deepEqual(efforts, ['low', 'low', 'xhigh', 'max']);
});

test('they think no more than there is room for', () => {
  assert.deepEqual(budget('high', { maxTokens: 10_000 }), { type: 'enabled', budget_tokens: 8000 });
  assert.equal(budget('high', { maxTokens: 1200 }), undefined);
});

test('they do not think before a call that they have to make, nor on after thoughts that are lost', () => {
  assert.equal(budget('high', { isForced: true }), undefined);
  assert.equal(budget('high', { lacksThoughts: true }), undefined);
  const forced = thinkingOf({ reasoning_effort: 'low' }, { ...ROOM, model: 'claude-opus-5', isForced: true });
  assert.deepEqual(forced, { fields: {}, effort: 'low', isOn: false });
});

test('nothing is said unless somebody asks, and what is said in the words of Anthropic stays', () => {
  assert.deepEqual(thinkingOf({}, ROOM), { fields: {}, effort: null, isOn: false });
  const none = thinkingOf({ reasoning_effort: 'none' }, ROOM);
  assert.deepEqual([none.fields, none.isOn], [{ thinking: { type: 'disabled' } }, false]);
  const thinking = { type: 'enabled', budget_tokens: 5000 };
  assert.deepEqual(thinkingOf({ thinking, reasoning_effort: 'low' }, ROOM), {
    fields: { thinking },
    effort: null,
    isOn: true,
  });
  assert.equal(thinkingOf({ thinking: { type: 'disabled' } }, ROOM).isOn, false);
  assert.throws(() => budget('much'), { message: 'reasoning_effort: "much" is not known' });
});
