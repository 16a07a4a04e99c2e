// How the cache does, and purging it. Rule: what is purged is told when it is gone on every thread; everything is purged only by somebody who says so twice.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { CacheStatsAnswer, PurgedAnswer } from '../../../src/control/admin-answers.ts';
import { Bar } from '../components/bar.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Figures } from '../components/tile.tsx';
import { formatBytes, formatCount, formatPercent } from '../format.ts';
import { askJson } from '../state/api.ts';
import { textIn, useDeed } from '../state/deed.ts';
import { usePolled } from '../state/polled.ts';

const LOOK_EVERY_MS = 2000;

const WAYS = [
  ['url', 'Address'],
  ['prefix', 'Begins with'],
  ['pattern', 'Host pattern'],
  ['tag', 'Tag'],
  ['all', 'Everything'],
] as const;

export function CacheCard(): JSX.Element {
  const { data, error, again } = usePolled<CacheStatsAnswer>('/api/v1/cache/stats', LOOK_EVERY_MS);
  const stats = data.value;
  return (
    <section class="card cache">
      <h2>Cache</h2>
      <ErrorNotice error={error.value} />
      {stats !== null && (
        <>
          <Figures
            figures={[
              { name: 'hit ratio', value: stats.hit_ratio === null ? '–' : formatPercent(stats.hit_ratio) },
              { name: 'answers kept', value: formatCount(stats.entries) },
              { name: 'hits', value: formatCount(stats.hits) },
              { name: 'misses', value: formatCount(stats.misses) },
              { name: 'shared a fetch', value: formatCount(stats.coalesced) },
              { name: 'given stale', value: formatCount(stats.stale) },
              { name: 'evicted', value: formatCount(stats.evictions) },
            ]}
          />
          <p class="quiet">
            {formatBytes(stats.bytes)} of {formatBytes(stats.max_bytes)} of memory, {formatBytes(stats.disk_bytes)} on
            the disk
          </p>
          <Bar
            share={stats.max_bytes === 0 ? 0 : stats.bytes / stats.max_bytes}
            label={`${formatBytes(stats.bytes)} of ${formatBytes(stats.max_bytes)}`}
          />
        </>
      )}
      <Purge onPurged={again} />
    </section>
  );
}

function Purge({ onPurged }: { readonly onPurged: () => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const way = useSignal<string>('url');
  const purged = useSignal<PurgedAnswer | null>(null);
  const deed = useDeed(onPurged);
  const isAll = way.value === 'all';
  const purge = (event: Event): void => {
    event.preventDefault();
    const given = new FormData(form.current ?? undefined);
    const query = new URLSearchParams({ [way.value]: isAll ? 'true' : textIn(given, 'what') });
    if (given.has('soft')) query.set('soft', 'true');
    purged.value = null;
    void deed.run(async () => {
      purged.value = await askJson<PurgedAnswer>(`/api/v1/cache?${query.toString()}`, { method: 'DELETE' });
    });
  };
  return (
    <form ref={form} class="add-member" aria-label="Purge" onSubmit={purge}>
      <label>
        Purge by
        <select value={way.value} onChange={(event) => (way.value = event.currentTarget.value)}>
          {WAYS.map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {isAll ? (
        <label>
          Sure
          <span class="actions">
            <input type="checkbox" required aria-label="Yes, everything" />
            yes, everything
          </span>
        </label>
      ) : (
        <label class="wide">
          What
          <input name="what" required autocomplete="off" placeholder="https://example.com/logo.png" />
        </label>
      )}
      <label>
        Softly
        <span class="actions">
          <input name="soft" type="checkbox" aria-label="Softly: it counts as stale" />
          counts as stale
        </span>
      </label>
      <button type="submit" disabled={deed.isRunning.value}>
        Purge
      </button>
      <span role="status">{purged.value !== null && `${formatCount(purged.value.purged)} purged`}</span>
      <ErrorNotice error={deed.error.value} />
    </form>
  );
}
