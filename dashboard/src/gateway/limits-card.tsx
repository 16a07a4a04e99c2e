// What is limited, and who has run into it. Rule: the latest first; what nobody has hit says so, so that quiet is told apart from unknown.
import type { JSX } from 'preact';
import type { LimitsAnswer } from '../../../src/control/gateway-answers.ts';
import { Chip } from '../components/chip.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatCount, formatFromNow } from '../format.ts';
import { usePolled } from '../state/polled.ts';

const LOOK_EVERY_MS = 3000;

export function LimitsCard(): JSX.Element {
  const { data, error } = usePolled<LimitsAnswer>('/api/v1/limits', LOOK_EVERY_MS);
  const { limits = [], hits = [] } = data.value ?? {};
  return (
    <section class="card limits">
      <h2>Limits</h2>
      <ErrorNotice error={error.value} />
      {data.value !== null && limits.length === 0 && (
        <p class="quiet">Nothing is limited: see sluice config explain policies.rate_limit</p>
      )}
      <ul class="settings">
        {limits.map(({ place, kind, settings }) => (
          <li key={`${place} ${kind}`}>
            <code>{place}</code> <span class="quiet">{wordsOf(settings)}</span>
          </li>
        ))}
      </ul>
      {hits.length > 0 && <Hits hits={hits} />}
      {limits.length > 0 && hits.length === 0 && <p class="quiet">Nobody has run into one since the start.</p>}
    </section>
  );
}

function wordsOf(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function Hits({ hits }: { readonly hits: LimitsAnswer['hits'] }): JSX.Element {
  return (
    <table class="plain-table">
      <thead>
        <tr>
          <th scope="col">Limit</th>
          <th scope="col">Where</th>
          <th scope="col">User</th>
          <th scope="col" class="right">
            Times
          </th>
          <th scope="col">Last</th>
        </tr>
      </thead>
      <tbody>
        {hits.map(({ limit, door, route, user, times, last_at: lastAt, now }) => (
          <tr key={`${limit} ${door ?? ''} ${route ?? ''} ${user ?? ''}`}>
            <th scope="row">
              <code>{limit}</code>
            </th>
            <td>{[door, route].filter((word) => word !== null).join(' ')}</td>
            <td>{user ?? '–'}</td>
            <td class="right">{formatCount(times)}</td>
            <td>
              {formatFromNow(lastAt)} {now && <Chip tone="warn">now</Chip>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
