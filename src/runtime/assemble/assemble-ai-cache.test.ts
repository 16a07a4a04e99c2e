import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { aiCaches, countedAnswers } from './assemble-ai-cache.ts';

class Shelf extends AnswerShelf {
  wanted: Record<string, number> = {};

  override open(wanted: ReadonlyMap<string, number>): ReturnType<AnswerShelf['open']> {
    this.wanted = Object.fromEntries(wanted);
    return super.open(wanted);
  }
}

function opened(ai: object, threads = 1): readonly [providers: string[], stores: Record<string, number>] {
  const answers = new Shelf();
  const config = documentSchema.parse({ ai: { enabled: true, ...ai } });
  const caches = aiCaches(config, { answers, threads, recorder: new MetricsRecorder(), tellUsage: () => {} });
  return [[...caches.keys()], answers.wanted];
}

test('providers share a store, or have one of their own, or none; threads divide the memory', () => {
  assert.deepEqual(opened({}), [[], {}]);
  assert.deepEqual(opened({ cache: {}, enabled: false }), [[], {}]);
  const cache = { max_memory: 8_000_000 };
  assert.deepEqual(opened({ cache }, 2), [['claude', 'chatgpt'], { ai: 4_000_000 }]);
  const own = { providers: { claude: { cache: { max_memory: 80_000 } }, chatgpt: { cache: false } } };
  assert.deepEqual(opened({ cache, ...own }), [['claude'], { 'ai/claude': 80_000 }]);
});

test('what the stores of a thread hold is told in its metrics', () => {
  const recorder = new MetricsRecorder();
  const store = countedAnswers(recorder)
    .open(new Map([['ai', 80_000]]))
    .get('ai')!;
  store.put('k', { fields: [], body: new Uint8Array(9), isStream: false, keptAtMs: 0, model: '', used: null });
  const told = recorder.definitions.map(({ name, slot }) => [name, recorder.slots[slot]]);
  assert.deepEqual(told, [
    ['sluice_ai_cache_bytes', store.bytes],
    ['sluice_ai_cache_answers', 1],
  ]);
});
